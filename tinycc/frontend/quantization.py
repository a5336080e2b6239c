"""Scales and zero points of QuantizeLinear and DequantizeLinear, and who shares them.

A tensor of the IR knows what its integers stand for. In ONNX only the Q and DQ nodes know, so
integer tensors that are only moved between them (`Reshape` on the int8 graph input, `Clip` before
a DequantizeLinear) get the parameters of the Q or DQ at the other end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tinycc.frontend.constants import Constant
from tinycc.frontend.tensor_data import type_name
from tinycc.frontend.wording import FactError, quoted
from tinycc.ir.types import Quantization
from tinycc.ops.foreign import ForeignNode

# Operators that move or select values: on integers they mean the same as on real numbers.
# The inputs that share the output's quantisation; None: all of them.
_MOVES_FIRST_INPUT = (
    "DepthToSpace Dropout Expand Flatten Gather GlobalMaxPool Identity MaxPool ReduceMax ReduceMin "
    "Reshape Resize Slice SpaceToDepth Split Squeeze Tile Transpose Unsqueeze Upsample"
)
MOVES: Mapping[str, tuple[int, ...] | None] = {
    **dict.fromkeys(_MOVES_FIRST_INPUT.split(), (0,)),
    "Clip": (0, 1, 2),
    "Concat": None,
    "Max": None,
    "Min": None,
    "Pad": (0, 2),
}

_FOUR_BIT_NOTE = "quantise the activations to int8 or uint8"


@dataclass(frozen=True)
class Parameters:
    """Scale and zero point of one node; `dtype` is the zero point's type where it has one.

    `axis` is as in the file (it may be negative), None for one scale per tensor. `steps` are the
    scales in the file's own float type, for arithmetic that has to equal onnxruntime's.
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    dtype: str | None
    axis: int | None
    steps: np.ndarray

    def quantization(self, shape: tuple[int, ...], unsigned: bool) -> Quantization:
        """For a tensor of some shape, as the IR stores it: uint8 re-centred to int8."""
        shift = 128 if unsigned else 0
        zeros = tuple(zero - shift for zero in self.zero_point)
        if self.axis is None:
            return Quantization(self.scale, zeros)
        if not -len(shape) <= self.axis < len(shape):
            raise FactError(f"axis {self.axis} of a tensor with {len(shape)} axes")
        axis = self.axis % len(shape)
        if shape[axis] != len(self.scale):
            raise FactError(
                f"there are {len(self.scale)} scales for {shape[axis]} channels on axis {axis}"
            )
        return Quantization(self.scale, zeros, axis)


def read_parameters(node: ForeignNode, constants: Mapping[str, object]) -> Parameters:
    """The parameters of a QuantizeLinear or DequantizeLinear node.

    Raises FactError: not constant, not positive and finite, shapes or types that differ.
    """
    if node.attributes.get("block_size", 0):
        raise FactError("scales per block (block_size) are not supported")
    scale = _constant(node.input(1), "scale", constants)
    steps = scale.ravel()
    if steps.dtype.kind != "f" or scale.ndim > 1 or not steps.size:
        raise FactError(
            f"scale {quoted(node.input(1))} is {steps.dtype} of shape {list(scale.shape)}, "
            "one float or a list of floats is needed"
        )
    values = steps.astype(np.float64)
    bad = values[~(np.isfinite(values) & (values > 0))]
    if bad.size:
        raise FactError(
            f"scale {quoted(node.input(1))} is {bad[0]:g}; scales must be finite and above zero",
            "calibrate again with data that excite this layer",
        )
    zeros, dtype = _zero_points(node, constants, steps.size)
    per_tensor = steps.size == 1
    axis = None if per_tensor else int(node.attributes.get("axis", 1))
    return Parameters(tuple(values.tolist()), zeros, dtype, axis, steps)


def _zero_points(
    node: ForeignNode, constants: Mapping[str, object], count: int
) -> tuple[tuple[int, ...], str | None]:
    name = node.input(2)
    if not name:
        declared = int(node.attributes.get("output_dtype", 0))
        quantizes = node.op_type == "QuantizeLinear"
        dtype = type_name(declared) if declared else "uint8"
        return (0,) * count, dtype if quantizes else None
    array = _constant(name, "zero point", constants)
    if array.size != count:
        raise FactError(f"there are {count} scales but {array.size} zero points in {quoted(name)}")
    if not array.dtype.name.removeprefix("u").startswith("int"):
        raise FactError(f"zero point {quoted(name)} is {array.dtype}, not an integer")
    return tuple(int(zero) for zero in array.ravel()), array.dtype.name


def _constant(name: str, what: str, constants: Mapping[str, object]) -> np.ndarray:
    value = constants.get(name)
    if not isinstance(value, Constant):
        raise FactError(
            f"its {what} {quoted(name)} is computed at run time"
            if name
            else f"its {what} is missing",
            "quantise statically, so that scales are constants",
        )
    return value.data


def check_activation(dtype: str | None) -> None:
    """int8 and uint8 are what activations may be; FactError names what is found."""
    if dtype in ("int8", "uint8"):
        return
    if dtype in ("int16", "uint16"):
        raise FactError(f"{dtype} activations are not supported yet", _FOUR_BIT_NOTE)
    raise FactError(f"{dtype} activations are not supported", _FOUR_BIT_NOTE)


def zero_centred(data: np.ndarray, quantization: Quantization) -> tuple[np.ndarray, Quantization]:
    """int8 data with zero point 0 where the shifted values fit int8, else unchanged."""
    if not any(quantization.zero_point):
        return data, quantization
    zeros = np.array(quantization.zero_point, np.int16)
    if quantization.axis is not None:
        zeros = zeros.reshape([-1 if i == quantization.axis else 1 for i in range(data.ndim)])
    shifted = data.astype(np.int16) - zeros
    if shifted.size and (shifted.min() < -128 or shifted.max() > 127):
        return data, quantization
    none = (0,) * len(quantization.zero_point)
    return shifted.astype(np.int8), Quantization(quantization.scale, none, quantization.axis)


def quantize_constant(data: np.ndarray, parameters: Parameters) -> np.ndarray:
    """QuantizeLinear of constants, in float32 and half to even, as onnxruntime computes it."""
    if parameters.dtype not in ("int8", "uint8"):
        raise FactError(f"constants quantised to {parameters.dtype} are not supported")
    dtype = np.dtype(parameters.dtype)
    scale = parameters.steps.astype(np.float32)
    zero = np.array(parameters.zero_point, np.float64)
    axis = parameters.quantization(data.shape, False).axis
    if axis is not None:
        shape = [-1 if i == axis else 1 for i in range(data.ndim)]
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    limits = np.iinfo(dtype)
    with np.errstate(over="ignore"):
        steps = np.rint(data.astype(np.float32) / scale).astype(np.float64) + zero
    clamped: np.ndarray = np.clip(steps, limits.min, limits.max)
    return clamped.astype(dtype).reshape(data.shape)


def shared_parameters(
    nodes: Iterable[ForeignNode], constants: Mapping[str, object]
) -> Mapping[str, Parameters]:
    """The parameters of every integer tensor that is tied to a Q or DQ by moves alone.

    Where several differ, the first wins; the others are found when their nodes are converted.
    """
    ties = _Ties()
    found: list[tuple[str, Parameters]] = []
    for node in nodes:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            integer = node.outputs[0] if node.op_type == "QuantizeLinear" else node.input(0)
            try:
                found.append((integer, read_parameters(node, constants)))
            except FactError:
                continue
        elif node.op_type in MOVES:
            moved = MOVES[node.op_type]
            indices = range(len(node.inputs)) if moved is None else moved
            for name in filter(None, [*map(node.input, indices), *node.outputs]):
                ties.join(name, node.outputs[0])
    first: dict[str, Parameters] = {}
    for name, parameters in found:
        first.setdefault(ties.root(name), parameters)
    return {name: first[ties.root(name)] for name in ties.names() if ties.root(name) in first}


class _Ties:
    """Union-find over value names."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, name: str) -> str:
        self._parent.setdefault(name, name)
        while self._parent[name] != name:
            self._parent[name] = self._parent[self._parent[name]]
            name = self._parent[name]
        return name

    def join(self, a: str, b: str) -> None:
        self._parent[self.root(a)] = self.root(b)

    def names(self) -> list[str]:
        return list(self._parent)
