"""A block of a tensor, any step per axis (Slice, Split)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType, TensorType
from tinycc.ops.bounds import Bounds, on_last_axis
from tinycc.ops.channels import Channels, Kept, Tie
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule, onnx_integers
from tinycc.ops.op import Op, Params, Scale, all_rows
from tinycc.ops.strided import (
    MOST_AXES,
    byte_strides,
    in_bytes,
    merged,
    strided_kernel,
    strided_params,
)


@dataclass(frozen=True)
class Slice:
    """Index i of an output axis is index start + i * step of the input's; one entry per axis."""

    starts: tuple[int, ...]
    extents: tuple[int, ...]
    steps: tuple[int, ...]

    @property
    def index(self) -> tuple[np.ndarray, ...]:
        """What picks the block from an array."""
        axes = zip(self.starts, self.extents, self.steps, strict=True)
        return np.ix_(*(start + step * np.arange(extent) for start, extent, step in axes))


def _attrs(instance: Instance) -> Slice:
    return cast(Slice, instance.attrs)


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The block's extents."""
    return cast(Slice, attrs).extents


def sliced(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The block: integers and reals alike."""
    block: np.ndarray = values[0][_attrs(instance).index]
    return block


def _picked(instance: Instance) -> np.ndarray:
    """The input channel of each output channel."""
    attrs = _attrs(instance)
    return np.asarray(attrs.starts[-1] + attrs.steps[-1] * np.arange(attrs.extents[-1]))


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """Those of the channels in the block."""
    if not _attrs(instance).extents:
        return given[0]
    limits = given[0].per_channel(instance.inputs[0].type.shape[-1])
    found = limits.mapped(lambda v: v[_picked(instance)])
    return on_last_axis(found, len(instance.output.type.shape))


def channels(instance: Instance) -> Channels | None:
    """Those in the block; all, where it takes only every nth."""
    attrs = _attrs(instance)
    if not attrs.extents or attrs.steps[-1] != 1:
        return None
    return Channels((Tie(0, _picked(instance), np.arange(attrs.extents[-1])),))


def select(instance: Instance, kept: Kept) -> object:
    """The block of what remains of the channels."""
    attrs, before = _attrs(instance), kept.inputs[0]
    if before is None or not attrs.extents or attrs.steps[-1] != 1:
        return attrs
    start = int(before[: attrs.starts[-1]].sum())
    return replace(
        attrs,
        starts=(*attrs.starts[:-1], start),
        extents=(*attrs.extents[:-1], int(kept.output.sum())),
    )


def _strides(instance: Instance) -> tuple[int, ...]:
    strides = byte_strides(instance.inputs[0].type.shape)
    return tuple(a * b for a, b in zip(strides, _attrs(instance).steps, strict=True))


def params(instance: Instance) -> Params:
    """The fields of `tinycc_transpose_s8_params`."""
    strides = byte_strides(instance.inputs[0].type.shape)
    offset = sum(a * b for a, b in zip(strides, _attrs(instance).starts, strict=True))
    size = instance.output.type.dtype.bytes
    return strided_params(*in_bytes(instance, _strides(instance)), offset * size)


def _axes_are_few(instance: Instance) -> str | None:
    """a slice must need at most six axes once neighbours that stay together are merged"""
    axes = len(merged(*in_bytes(instance, _strides(instance)))[0])
    return f"it needs {axes}" if axes > MOST_AXES else None


def _from_slice(node: ForeignNode, build: Builder) -> None:
    shape = build.type(node.input(0)).shape
    ranges = [range(extent) for extent in shape]
    starts = onnx_integers(node, build, 1, "starts") or []
    ends = onnx_integers(node, build, 2, "ends") or []
    axes = onnx_integers(node, build, 3, "axes") or list(range(len(starts)))
    steps = onnx_integers(node, build, 4, "steps") or [1] * len(starts)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        ranges[axis] = ranges[axis][slice(start, end, step)]
    if not all(ranges):
        raise build.fail("the result is empty")
    build.emit("slice", slice_of(ranges), [node.input(0)], node.outputs[0])


def slice_of(ranges: Sequence[range]) -> Slice:
    """The attributes of a block: the indices of every axis."""
    return Slice(
        tuple(r.start for r in ranges), tuple(len(r) for r in ranges), tuple(r.step for r in ranges)
    )


def _from_split(node: ForeignNode, build: Builder) -> None:
    shape = build.type(node.input(0)).shape
    axis = int(node.attributes.get("axis", 0)) % len(shape)
    parts = len(node.outputs)
    even = -(-shape[axis] // parts)
    sizes = onnx_integers(node, build, 1, "split") or [
        min(even, shape[axis] - even * part) for part in range(parts)
    ]
    if len(sizes) != parts or sum(sizes) != shape[axis] or min(sizes) < 1:
        raise build.fail(f"{shape[axis]} values of axis {axis} cannot be split into {sizes}")
    first = 0
    for size, output in zip(sizes, node.outputs, strict=True):
        ranges = [range(extent) for extent in shape]
        ranges[axis] = range(first, first + size)
        first += size
        if output:
            build.emit("slice", slice_of(ranges), [node.input(0)], output)


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Every axis, steps, backwards, one value, everything."""
    make = ExampleMaker(rng)
    cases = (
        ((1, 5, 6, 3), (0, 1, 2, 0), (1, 3, 2, 3), (1, 1, 1, 1)),
        ((1, 5, 6, 3), (0, 4, 5, 2), (1, 5, 3, 3), (1, -1, -2, -1)),
        ((7, 9), (1, 2), (3, 4), (2, 2)),
        ((4,), (2,), (1,), (1,)),
        ((2, 3, 4), (0, 0, 0), (2, 3, 4), (1, 1, 1)),
    )
    for shape, starts, extents, steps in cases:
        yield make.same("slice", Slice(starts, extents, steps), [make.activation(shape)], infer)
    floats = make.activation((1, 5, 6, 3), None, DType.FLOAT32)
    attrs = Slice((0, 1, 2, 0), (1, 3, 2, 3), (1, 1, 2, 1))
    yield make.instance("slice", attrs, [floats], infer, None, DType.FLOAT32)


SLICE = Op(
    name="slice",
    attrs=Slice,
    summary="A block of a tensor, with a step per axis.",
    infer=infer,
    reference=sliced,
    real=sliced,
    rows=all_rows,
    examples=examples,
    kernels=(strided_kernel(params),),
    onnx=(OnnxRule("Slice", _from_slice, since=10), OnnxRule("Split", _from_split)),
    requires=(_axes_are_few,),
    scale=Scale.SAME,
    border=True,
    bounds=bounds,
    channels=channels,
    select=select,
)
