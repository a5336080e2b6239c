"""Random small instances of operators, for the tests that every operator gets for free."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tinycc.ir.graph import Instance, Node, Tensor
from tinycc.ir.types import DType, Quantization, TensorType

_SPECIAL_FLOATS = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 3e38, -3e38, 0.5, -1.5)

Infer = Callable[[object, Sequence[TensorType]], tuple[int, ...]]


class ExampleMaker:
    """Draws quantised tensors; output scales are chosen so that results spread over int8."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._count = 0

    def quantization(self, scale: float | None = None) -> Quantization:
        """A per-tensor scale and a zero point, the extreme ones included."""
        zero = self.rng.choice([-128, 127, 0, int(self.rng.integers(-128, 128))])
        drawn = float(np.float32(self.rng.uniform(0.005, 0.2)))
        return Quantization.per_tensor(scale or drawn, int(zero))

    def activation(
        self,
        shape: tuple[int, ...],
        quantization: Quantization | None = None,
        dtype: DType = DType.INT8,
    ) -> Tensor:
        """A tensor computed at run time, int8 by default."""
        if dtype is not DType.FLOAT32 and quantization is None:
            quantization = self.quantization()
        return Tensor(self._name("x"), TensorType(shape, dtype, quantization))

    def int8_constant(self, shape: tuple[int, ...]) -> Tensor:
        """A constant int8 operand."""
        data = self.rng.integers(-128, 128, shape).astype(np.int8)
        return self.constant(data, self.quantization())

    def constant(self, data: np.ndarray, quantization: Quantization | None = None) -> Tensor:
        """A constant of the data's own type."""
        type_ = TensorType(data.shape, DType(data.dtype.name), quantization)
        return Tensor(self._name("c"), type_, data)

    def values(self, type_: TensorType) -> np.ndarray:
        """Values over the full range of the element type, saturating ones among them."""
        if type_.is_float:
            normal = self.rng.normal(0, 4, type_.shape)
            special = self.rng.choice(_SPECIAL_FLOATS, type_.shape)
            return np.where(self.rng.random(type_.shape) < 0.2, special, normal).astype(np.float32)
        info = np.iinfo(np.dtype(type_.dtype.value))
        low, high = max(info.min, -(2**15)), min(info.max, 2**15)
        drawn = self.rng.integers(low, high, type_.shape, endpoint=True)
        if self.rng.random() < 0.15:
            drawn = np.where(drawn > (low + high) // 2, high, low)
        return drawn.astype(type_.dtype.numpy)

    def instance(
        self,
        op: str,
        attrs: object,
        inputs: Sequence[Tensor],
        infer: Infer,
        quantization: Quantization | None = None,
        dtype: DType = DType.INT8,
    ) -> Instance:
        """A node with an output of the inferred shape, int8 by default."""
        shape = infer(attrs, [tensor.type for tensor in inputs])
        output = self.activation(shape, quantization, dtype)
        node = Node(op, op, attrs, tuple(tensor.name for tensor in inputs), output.name)
        return Instance(node, attrs, tuple(inputs), output)

    def same(self, op: str, attrs: object, inputs: Sequence[Tensor], infer: Infer) -> Instance:
        """A node that keeps the quantisation of its first input."""
        return self.instance(op, attrs, inputs, infer, inputs[0].type.quantization)

    def dense(
        self,
        op: str,
        attrs: object,
        x: Tensor,
        weight_shape: tuple[int, ...],
        infer: Infer,
        fineness: float = 1.0,
    ) -> Instance:
        """A layer with int8 weights (channels first), int32 bias and per-channel scales.

        Some channels are nearly dead (tiny weight scale, large bias), as in real files.
        `fineness` divides the output scale: above 1, results saturate and M may need a shift.
        """
        channels = weight_shape[0]
        scales = self.rng.uniform(0.001, 0.02, channels)
        scales[self.rng.random(channels) < 0.1] *= 1e-7
        weights = self.rng.integers(-127, 128, weight_shape).astype(np.int8)
        stored = tuple(float(np.float32(s)) for s in scales)
        zeros = (0,) * channels
        w = self.constant(weights, Quantization(stored, zeros, 0))
        in_scale = float(x.type.scale)
        bias_scales = tuple(in_scale * s for s in stored)
        reach = np.minimum(2.0 / np.array(bias_scales), 1e8)
        drawn = (self.rng.uniform(-1, 1, channels) * reach).astype(np.int32)
        bias = self.constant(drawn, Quantization(bias_scales, zeros, 0))
        inputs = [x, w, bias] if self.rng.random() < 0.8 else [x, w]
        fan_in = weights.size // channels
        spread = 0.01 * in_scale * 74 * np.sqrt(fan_in) * 73 / 40
        out_scale = float(np.float32(spread / fineness * self.rng.uniform(0.3, 3)))
        quantization = Quantization.per_tensor(out_scale, int(self.rng.choice([-128, 0, 7])))
        return self.instance(op, attrs, inputs, infer, quantization)

    def _name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"
