"""Joins tensors along one axis."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType
from tinycc.ops.bounds import Bounds, hull, on_last_axis
from tinycc.ops.channels import Channels, Tie, same_channels
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule
from tinycc.ops.op import (
    Array,
    Columns,
    Drive,
    Field,
    Kernel,
    Op,
    Params,
    RowRange,
    Scale,
    Work,
    all_inputs,
    all_rows,
    same_column,
    same_row,
)
from tinycc.ops.work import copy_work


@dataclass(frozen=True)
class Concat:
    """Attributes: the axis, >= 0."""

    axis: int


def _axis(instance: Instance) -> int:
    return cast(Concat, instance.attrs).axis


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The extents along the axis added up."""
    axis, shape = cast(Concat, attrs).axis, types[0].shape
    total = sum(type_.shape[axis] for type_ in types)
    return (*shape[:axis], total, *shape[axis + 1 :])


def joined(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The values side by side: integers and reals alike."""
    return np.concatenate(values, axis=_axis(instance))


def rows(instance: Instance, row: int) -> tuple[RowRange, ...]:
    """Rows stay rows unless they are what is joined."""
    return same_row(instance, row) if _axis(instance) >= 2 else all_rows(instance, row)


def columns(instance: Instance, column: int) -> Columns:
    """Columns stay columns unless they, or rows, are what is joined."""
    return same_column(instance, column) if _axis(instance) == 3 else None


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """Side by side along the channels, else whatever holds for all operands."""
    rank = len(instance.output.type.shape)
    counts = [tensor.type.shape[-1] for tensor in instance.inputs]
    parts = [part.per_channel(count) for part, count in zip(given, counts, strict=True)]
    if _axis(instance) != rank - 1:
        return on_last_axis(hull(parts), rank)
    low, high = (
        np.concatenate(side) for side in zip(*((p.low, p.high) for p in parts), strict=True)
    )
    return on_last_axis(Bounds(low, high), rank)


def channels(instance: Instance) -> Channels:
    """One operand's channels behind the other's, or the same ones in all."""
    if _axis(instance) != len(instance.output.type.shape) - 1:
        return same_channels(instance)
    ties, start = [], 0
    for index, tensor in enumerate(instance.inputs):
        count = tensor.type.shape[-1]
        if not tensor.is_constant:
            ties.append(Tie(index, np.arange(count), np.arange(start, start + count)))
        start += count
    return Channels(tuple(ties))


def _units(instance: Instance) -> int:
    return math.prod(instance.output.type.shape[: _axis(instance)])


def params(instance: Instance) -> Params:
    """The fields of `tinycc_concat_s8_params`."""
    axis = _axis(instance)
    sizes = [math.prod(tensor.type.shape[axis:]) for tensor in instance.inputs]
    fields = (
        Field("inputs", len(sizes)),
        Field("bytes", Array("int32_t", np.array(sizes, np.int32))),
    )
    return Params("tinycc_concat_s8_params", fields)


def _work(instance: Instance, n: int) -> Work:
    units, axis = _units(instance), _axis(instance)
    sizes = [math.prod(tensor.type.shape[axis:]) for tensor in instance.inputs]
    found = Counter({"calls": -(-units // n), "units": units})
    for size in sizes:
        found.update(copy_work(units, size, sum(sizes)))
    return found


def _shapes_match(instance: Instance) -> str | None:
    """operands must have the same extents on all other axes"""
    axis = _axis(instance)
    shapes = [tensor.type.shape for tensor in instance.inputs]
    rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    return None if len(rests) == 1 else " and ".join("x".join(map(str, s)) for s in shapes)


def _from_onnx(node: ForeignNode, build: Builder) -> None:
    rank = len(build.type(node.input(0)).shape)
    axis = int(node.attributes.get("axis", 1))
    if not -rank <= axis < rank:
        raise build.fail(f"axis {axis} of a tensor with {rank} axes")
    if len(node.inputs) == 1:
        build.alias(node.input(0), node.outputs[0])
    else:
        build.emit("concat", Concat(axis % rank), node.inputs, node.outputs[0])


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Every axis of an image, two to four operands, a constant one, one operand twice."""
    make = ExampleMaker(rng)
    for axis in range(4):
        for count in (2, 4):
            first = make.activation((1, 4, 3, 5))
            inputs = [first]
            for _ in range(count - 1):
                shape = list(first.type.shape)
                shape[axis] = int(rng.integers(1, 4))
                inputs.append(make.activation(tuple(shape), first.type.quantization))
            yield make.same("concat", Concat(axis), inputs, infer)
    x = make.activation((1, 7))
    constant = make.constant(np.arange(3, dtype=np.int8).reshape(1, 3), x.type.quantization)
    yield make.same("concat", Concat(1), [x, constant, x], infer)


CONCAT = Op(
    name="concat",
    attrs=Concat,
    summary="Joins tensors along one axis.",
    infer=infer,
    reference=joined,
    real=joined,
    rows=rows,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_concat_s8",
            "concat/tinycc_concat_s8.c",
            Drive.RUN,
            params,
            units=_units,
            pointers=all_inputs,
            work=_work,
        ),
    ),
    onnx=(OnnxRule("Concat", _from_onnx),),
    requires=(_shapes_match,),
    scale=Scale.SAME,
    bounds=bounds,
    channels=channels,
    columns=columns,
)
