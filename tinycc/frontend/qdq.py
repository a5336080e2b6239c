"""QuantizeLinear and DequantizeLinear: quantisation moves from nodes into tensor types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from tinycc import ops
from tinycc.frontend.builder import Activation, GraphBuilder, recentred
from tinycc.frontend.constants import Constant
from tinycc.frontend.quantization import (
    Parameters,
    check_activation,
    quantize_constant,
    read_parameters,
    zero_centred,
)
from tinycc.frontend.wording import FactError, quoted
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.foreign import ForeignNode


def quantize(node: ForeignNode, build: GraphBuilder) -> None:
    """float activation -> `quantize` node of int8; float constant -> int8 constant."""
    parameters = read_parameters(node, build.values)
    value = build.value(node.input(0))
    output = node.outputs[0]
    if isinstance(value, Constant):
        build.values[output] = Constant(value.name, quantize_constant(value.data, parameters))
        return
    check_activation(parameters.dtype)
    _per_tensor(parameters)
    type_ = value.tensor.type
    if not type_.is_float:
        message = f"input {quoted(node.input(0))} is {type_.dtype.value}, float is needed"
        raise FactError(message, "put a DequantizeLinear before the node")
    unsigned = parameters.dtype == "uint8"
    quantization = parameters.quantization(type_.shape, unsigned)
    made = TensorType(type_.shape, DType.INT8, quantization)
    attrs = ops.get("quantize").attrs()
    build.add_node("quantize", attrs, [value.tensor], made, output, unsigned)


def dequantize(node: ForeignNode, build: GraphBuilder) -> None:
    """int8 activation -> `dequantize` node; integer constant -> the constant with its scale."""
    parameters = read_parameters(node, build.values)
    value = build.value(node.input(0))
    if isinstance(value, Constant):
        build.values[node.outputs[0]] = dequantized_constant(value, parameters)
        return
    _check_stored(node.input(0), value, parameters)
    type_ = TensorType(value.tensor.type.shape, DType.FLOAT32)
    attrs = ops.get("dequantize").attrs()
    build.add_node("dequantize", attrs, [value.tensor], type_, node.outputs[0])


CONVERSIONS: Mapping[tuple[str, str], Callable[[ForeignNode, GraphBuilder], None]] = {
    (domain, op_type): convert
    for domain in ("", "com.microsoft")
    for op_type, convert in (("QuantizeLinear", quantize), ("DequantizeLinear", dequantize))
}
"""By (domain, operator): onnxruntime writes 16-bit and 4-bit pairs in its own domain."""


def explicit_padding(node: ForeignNode, build: GraphBuilder) -> ForeignNode:
    """Pad of an integer tensor without a value pads with the integer 0, which is not real 0."""
    value = build.values.get(node.input(0))
    integer = isinstance(value, Activation) and not value.tensor.type.is_float
    if node.op_type != "Pad" or not integer or node.input(2):
        return node
    assert isinstance(value, Activation)
    zero = np.array(-128 if value.unsigned else 0, np.int8)
    scalar = TensorType((), DType.INT8, value.tensor.type.quantization)
    name = build.add_constant(f"{node.outputs[0]}.padding", zero, scalar)
    return replace(node, inputs=(node.input(0), node.input(1), name, *node.inputs[3:]))


def _per_tensor(parameters: Parameters) -> None:
    if parameters.axis is not None:
        raise FactError(
            f"an activation has {len(parameters.scale)} scales, one per channel",
            "use one scale per activation tensor; weights may have one per channel",
        )


def _check_stored(name: str, value: Activation, parameters: Parameters) -> None:
    """The tensor must have been written with the scale and type it is read with."""
    type_ = value.tensor.type
    if type_.is_float:
        message = f"input {quoted(name)} is float32, an integer is needed"
        raise FactError(message)
    _per_tensor(parameters)
    written = "uint8" if value.unsigned else "int8"
    if parameters.dtype not in (None, written):
        raise FactError(
            f"input {quoted(name)} is {written}, but the zero point is {parameters.dtype}"
        )
    read = parameters.quantization(type_.shape, value.unsigned)
    if read != type_.quantization:
        shift = 128 if value.unsigned else 0
        raise FactError(
            f"{quoted(name)} was written with {_text(type_.quantization, shift)}, "
            f"but is read with {_text(read, shift)}",
            "requantise with a DequantizeLinear and a QuantizeLinear between them",
        )


def _text(quantization: Quantization | None, shift: int) -> str:
    if quantization is None:
        return "no scale"
    scale = np.float32(quantization.scale[0])
    return f"scale {scale} zero point {quantization.zero_point[0] + shift}"


def dequantized_constant(value: Constant, parameters: Parameters) -> Constant:
    """The same integers with their scales; uint8 re-centred, 4-bit widened to int8."""
    data, dtype = value.data, value.data.dtype.name
    if value.quantization is not None or dtype not in ("int8", "uint8", "int32", "int4", "uint4"):
        found = "float" if value.quantization is not None or data.dtype.kind == "f" else dtype
        message = f"constant {quoted(value.name)} is {found}; int8, uint8, int32 or int4 is needed"
        raise FactError(message)
    if parameters.dtype not in (None, dtype):
        raise FactError(
            f"constant {quoted(value.name)} is {dtype}, but the zero point is {parameters.dtype}"
        )
    quantization = parameters.quantization(data.shape, dtype == "uint8")
    if dtype == "int32":
        return Constant(value.name, data, quantization, value.source)
    stored = recentred(data) if dtype == "uint8" else data.astype("int8")
    stored, quantization = zero_centred(stored, quantization)
    return Constant(value.name, stored, quantization, value.source)
