"""Builds small ONNX models for tests, node by node; quantised ones in QDQ form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT8, UINT8, INT32 = (
    TensorProto.FLOAT,
    TensorProto.INT8,
    TensorProto.UINT8,
    TensorProto.INT32,
)


class OnnxModel:
    """A model under construction; methods return the names of the values they make."""

    def __init__(self, opset: int = 13) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._count = 0

    def input(
        self, name: str, shape: Sequence[int | str | None] | None, element: int = FLOAT
    ) -> str:
        """A graph input; strings are symbolic dimensions, None is an unnamed one."""
        self.inputs.append(helper.make_tensor_value_info(name, element, shape))
        return name

    def output(
        self, name: str, shape: Sequence[int | str | None] | None = None, element: int = FLOAT
    ) -> str:
        """A graph output."""
        self.outputs.append(helper.make_tensor_value_info(name, element, shape))
        return name

    def constant(self, value: object, dtype: object = None, name: str | None = None) -> str:
        """An initialiser."""
        name = name or self._fresh("c")
        array = np.asarray(value, dtype)  # type: ignore[call-overload]
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def node(
        self,
        op: str,
        inputs: Sequence[str],
        output: str | Sequence[str] | None = None,
        **attributes: object,
    ) -> str:
        """A node named after its operator; returns its first output."""
        outputs = [output or self._fresh(op.lower())] if not isinstance(output, list) else output
        name = str(attributes.pop("name", f"/{op}_{len(self.nodes)}"))
        self.nodes.append(helper.make_node(op, inputs, outputs, name=name, **attributes))
        return str(outputs[0])

    def quantize(
        self,
        x: str,
        scale: object,
        zero: object = 0,
        dtype: object = np.int8,
        output: str | None = None,
        **attributes: object,
    ) -> str:
        """QuantizeLinear."""
        operands = [x, self.constant(scale, np.float32), self.constant(zero, dtype)]
        return self.node("QuantizeLinear", operands, output, **attributes)

    def dequantize(
        self,
        x: str,
        scale: object,
        zero: object = 0,
        dtype: object = np.int8,
        output: str | None = None,
        **attributes: object,
    ) -> str:
        """DequantizeLinear."""
        operands = [x, self.constant(scale, np.float32), self.constant(zero, dtype)]
        return self.node("DequantizeLinear", operands, output, **attributes)

    def qdq(self, x: str, scale: object, zero: object = 0, dtype: object = np.int8) -> str:
        """A QuantizeLinear / DequantizeLinear pair."""
        return self.dequantize(self.quantize(x, scale, zero, dtype), scale, zero, dtype)

    def weights(self, data: np.ndarray, scales: Sequence[float], axis: int = 0) -> str:
        """Integer weights with a scale per index of `axis`, dequantised."""
        zeros = np.zeros(len(scales), data.dtype)
        stored = self.constant(data)
        return self.dequantize(stored, list(scales), zeros, data.dtype, axis=axis)

    def conv(
        self,
        x: str,
        in_scale: float,
        shape: tuple[int, int, int, int],
        rng: np.random.Generator,
        **attributes: object,
    ) -> str:
        """Conv of a dequantised x with random int8 weights (OIHW) and an int32 bias."""
        channels = shape[0]
        scales = rng.uniform(0.002, 0.02, channels).astype(np.float32)
        w = self.weights(rng.integers(-127, 128, shape).astype(np.int8), scales.tolist())
        bias_scales = scales * np.float32(in_scale)
        bias = rng.integers(-2000, 2000, channels).astype(np.int32)
        b = self.dequantize(
            self.constant(bias), bias_scales, np.zeros(channels, np.int32), np.int32, axis=0
        )
        return self.node("Conv", [x, w, b], **attributes)

    def model(self) -> onnx.ModelProto:
        """The model; not checked, so that tests can build wrong ones."""
        graph = helper.make_graph(self.nodes, "test", self.inputs, self.outputs, self.initializers)
        imports = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=imports, ir_version=8)

    def save(self, folder: Path, name: str = "m.onnx") -> Path:
        """Writes the model into a folder."""
        path = folder / name
        path.write_bytes(self.model().SerializeToString())
        return path

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"


def small_convnet(dtype: type = np.int8, seed: int = 0, border: str = "float") -> OnnxModel:
    """Conv, Relu, MaxPool, Reshape and Gemm in QDQ form, 1x2x8x8 in, 1x3 out.

    `border`: "float", or "integer" for quantised graph input and output.
    """
    rng = np.random.default_rng(seed)
    zero = 10 if dtype is np.int8 else 138
    low = -128 if dtype is np.int8 else 0
    net = OnnxModel()
    if border == "float":
        x = net.qdq(net.input("x", ["batch", 2, 8, 8]), 0.05, zero, dtype)
    else:
        element = INT8 if dtype is np.int8 else UINT8
        x = net.dequantize(net.input("x", ["batch", 2, 8, 8], element), 0.05, zero, dtype)
    y = net.conv(x, 0.05, (4, 2, 3, 3), rng, pads=[1, 1, 1, 1])
    y = net.qdq(net.node("Relu", [y]), 0.04, low, dtype)
    y = net.qdq(net.node("MaxPool", [y], kernel_shape=[2, 2], strides=[2, 2]), 0.04, low, dtype)
    y = net.node("Reshape", [y, net.constant([-1, 64], np.int64)])
    w = net.weights(rng.integers(-127, 128, (3, 64)).astype(np.int8), [0.01, 0.02, 0.015])
    y = net.node("Gemm", [y, w], transB=1)
    if border == "float":
        y = net.quantize(y, 0.3, zero, dtype)
        net.output(net.dequantize(y, 0.3, zero, dtype, output="y"), ["batch", 3])
    else:
        element = INT8 if dtype is np.int8 else UINT8
        net.output(net.quantize(y, 0.3, zero, dtype, output="y"), ["batch", 3], element)
    return net
