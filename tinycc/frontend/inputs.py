"""The types of a model's inputs: batch 1, everything else fixed by the file or by --shape."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import onnx

from tinycc.errors import ModelError, Problem, UsageError
from tinycc.frontend.tensor_data import type_name
from tinycc.frontend.wording import FactError, extents, quoted, quoted_list
from tinycc.ir.types import DType, TensorType

MOST_ELEMENTS = 2**28  # far beyond any microcontroller; larger sizes are damage or attacks

_DTYPES = {
    onnx.TensorProto.FLOAT: DType.FLOAT32,
    onnx.TensorProto.INT8: DType.INT8,
    onnx.TensorProto.UINT8: DType.UINT8,
}


_FLOAT_HINTS = dict.fromkeys(
    ("float16", "bfloat16", "float64"),
    "export it in float32: model.float() before torch.onnx.export",
)


def input_types(
    inputs: Sequence[Any], shapes: Mapping[str, tuple[int, ...]], where: str
) -> dict[str, TensorType]:
    """The type of each input (without quantisation), with `shapes` in place of the file's.

    UsageError for shapes that fit no input; ModelError lists every input that cannot be used.
    """
    _check_names(inputs, shapes)
    types: dict[str, TensorType] = {}
    problems: list[Problem] = []
    for value in inputs:
        try:
            types[value.name] = _input_type(value, shapes.get(value.name))
        except FactError as error:
            problems.append(Problem(str(error), where, error.hint))
    if problems:
        raise ModelError.of(problems)
    return types


def _check_names(inputs: Sequence[Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    names = [value.name for value in inputs]
    for name in shapes:
        if name in names:
            continue
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {quoted(near[0])}?" if near else f"inputs: {quoted_list(names)}"
        raise UsageError(f"--shape: the model has no input {quoted(name)}", hint=hint)


def _input_type(value: Any, given: tuple[int, ...] | None) -> TensorType:
    kind = value.type.WhichOneof("value") if value.HasField("type") else None
    if kind != "tensor_type":
        raise FactError(f"input {quoted(value.name)} is no tensor ({kind or 'type missing'})")
    tensor = value.type.tensor_type
    if tensor.elem_type not in _DTYPES:
        raise FactError(
            f"input {quoted(value.name)} is {type_name(tensor.elem_type)}; "
            "float32, int8 and uint8 are supported",
            _FLOAT_HINTS.get(type_name(tensor.elem_type)),
        )
    shape = _given_shape(value, given) if given is not None else _file_shape(value)
    if math.prod(shape) > MOST_ELEMENTS:
        raise FactError(f"input {quoted(value.name)} has an absurd size: {extents(shape)}")
    return TensorType(shape, _DTYPES[tensor.elem_type])


def _given_shape(value: Any, given: tuple[int, ...]) -> tuple[int, ...]:
    name, tensor = quoted(value.name), value.type.tensor_type
    if tensor.HasField("shape") and len(tensor.shape.dim) != len(given):
        raise UsageError(
            f"--shape: input {name} has {len(tensor.shape.dim)} dimensions "
            f"({_declared(value)}), {extents(given)} has {len(given)}"
        )
    if any(extent < 1 for extent in given):
        raise UsageError(f"--shape: {extents(given)} for input {name}: sizes must be at least 1")
    if len(given) > 1 and given[0] != 1:
        raise UsageError(
            f"--shape: {extents(given)} for input {name}: the first dimension is the batch, "
            "and a microcontroller takes one sample at a time",
            hint=f"--shape {value.name}={extents((1, *given[1:]))}",
        )
    return tuple(given)


def _file_shape(value: Any) -> tuple[int, ...]:
    name, tensor = quoted(value.name), value.type.tensor_type
    if not tensor.HasField("shape"):
        raise FactError(
            f"the shape of input {name} is unknown", f"give it: --shape {value.name}=1x..."
        )
    shape = [max(0, dim.dim_value) for dim in tensor.shape.dim]  # 0, -1 or a name: unknown
    if shape and not shape[0]:
        shape[0] = 1
    if not all(shape):
        raise FactError(
            f"input {name} has no fixed shape: {_declared(value)}",
            f"give it: --shape {value.name}={_pattern(shape)}, numbers in place of N",
        )
    if len(shape) > 1 and shape[0] > 1:
        raise FactError(
            f"input {name} has a batch of {shape[0]} ({_declared(value)}); "
            "a microcontroller takes one sample at a time",
            f"set it to one: --shape {value.name}={extents((1, *shape[1:]))}",
        )
    return tuple(shape)


def _declared(value: Any) -> str:
    """The shape as the file declares it, names of symbolic dimensions included."""
    texts = [
        str(dim.dim_value) if dim.HasField("dim_value") else quoted(dim.dim_param or "?")
        for dim in value.type.tensor_type.shape.dim
    ]
    return "x".join(texts) or "scalar"


def _pattern(shape: Sequence[int]) -> str:
    return "x".join(str(extent) if extent else "N" for extent in shape)
