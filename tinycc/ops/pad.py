"""Surrounds a tensor with a constant, along its last three axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType
from tinycc.ops.bounds import Bounds, exactly, hull, on_last_axis
from tinycc.ops.channels import Channels, Kept, Tie, last_extent
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule, onnx_integers, onnx_scalar
from tinycc.ops.numerics import quantize_real
from tinycc.ops.op import (
    Drive,
    Field,
    Kernel,
    Op,
    Params,
    RowRange,
    Scale,
    Window,
    Work,
    row_count,
    window_rows,
)
from tinycc.ops.spatial import from_nhwc, to_nhwc
from tinycc.ops.work import copy_work


@dataclass(frozen=True)
class Pad:
    """Attributes: values added (before, after) each axis, and the real number they stand for."""

    pads: tuple[tuple[int, int], ...]
    value: float = 0.0


def _attrs(instance: Instance) -> Pad:
    return cast(Pad, instance.attrs)


def _around(instance: Instance) -> tuple[tuple[int, int], ...]:
    """Padding of rows, columns and channels; axes that a tensor lacks are not padded."""
    return (((0, 0),) * 3 + _attrs(instance).pads[-3:])[-3:]


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The extents with the padding added."""
    pads = cast(Pad, attrs).pads
    return tuple(e + sum(pad) for e, pad in zip(types[0].shape, pads, strict=True))


def rows(instance: Instance, row: int) -> tuple[RowRange, ...]:
    """One input row, or none."""
    height = instance.inputs[0].type.shape[1] if len(_attrs(instance).pads) == 4 else 1
    return (window_rows(row, 1, _around(instance)[0][0], 1, 1, height),)


def window(instance: Instance) -> Window:
    """One input row, shifted by the padding above."""
    return Window(pad=_around(instance)[0][0])


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """Padding is the integer that stands for the real value."""
    value = quantize_real(_attrs(instance).value, instance.output.type)
    return np.pad(values[0], _attrs(instance).pads, constant_values=value)


def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """Padding is the real value."""
    return np.pad(values[0], _attrs(instance).pads, constant_values=_attrs(instance).value)


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """The padding joins all channels that it is around, and is the others."""
    x, shape = instance.inputs[0].type, instance.output.type.shape
    value = np.int64(quantize_real(_attrs(instance).value, instance.output.type))
    inner = given[0].per_channel(last_extent(x.shape))
    if any(pad != (0, 0) for pad in _attrs(instance).pads[:-1]):
        inner = hull([inner, exactly(np.atleast_1d(value))])
    around = _around(instance)[2]
    return on_last_axis(
        inner.mapped(lambda v: np.pad(v, around, constant_values=value)), len(shape)
    )


def channels(instance: Instance) -> Channels:
    """The input's channels between those of the padding."""
    count = last_extent(instance.inputs[0].type.shape)
    every = np.arange(count)
    before, after = _around(instance)[2]
    return Channels((Tie(0, every, every + before),), alike=not before and not after)


def select(instance: Instance, kept: Kept) -> object:
    """Only the kept channels of the padding are added."""
    attrs, before = _attrs(instance), _around(instance)[2][0]
    count = last_extent(instance.inputs[0].type.shape)
    ends = int(kept.output[:before].sum()), int(kept.output[before + count :].sum())
    return replace(attrs, pads=(*attrs.pads[:-1], ends)) if attrs.pads else attrs


def params(instance: Instance) -> Params:
    """The fields of `tinycc_pad_s8_params`."""
    shape = (1, 1, *instance.inputs[0].type.shape)
    _, (left, right), (before, after) = _around(instance)
    fields = (
        Field("in_width", shape[-2]),
        Field("in_channels", shape[-1]),
        Field("left", left),
        Field("right", right),
        Field("before", before),
        Field("after", after),
        Field("value", quantize_real(_attrs(instance).value, instance.output.type)),
    )
    return Params("tinycc_pad_s8_params", fields)


def _work(instance: Instance, n: int) -> Work:
    before = (1, 1, *instance.inputs[0].type.shape)
    rows, pixels = row_count(instance.output.type), math.prod(before[:-1])
    row_bytes = instance.output.type.elements // rows
    return {
        "calls": rows,
        "image_rows": math.prod(before[:-2]),
        "filled": rows * row_bytes,
        "filled_words": rows * (row_bytes // 4),
        "unaligned_rows": rows * (row_bytes % 4 > 0),
        **copy_work(pixels, before[-1], instance.output.type.shape[-1]),
    }


def _pads_an_image(instance: Instance) -> str | None:
    """only rows, columns and channels of one image can be padded, by amounts >= 0"""
    pads, shape = _attrs(instance).pads, instance.inputs[0].type.shape
    if any(amount < 0 for pad in pads for amount in pad):
        return f"pads {pads}"
    tall = 3 if len(shape) == 4 else 2  # only a 4-D tensor has rows
    if len(shape) > 4 or any(pad != (0, 0) for pad in pads[:-tall]):
        return f"pads {pads} of shape {shape}"
    return f"{len(shape)} axes" if any(extent != 1 for extent in shape[:-tall]) else None


def _from_onnx(node: ForeignNode, build: Builder) -> None:
    mode = node.attributes.get("mode", "constant")
    if mode != "constant":
        raise build.fail(f"mode {mode} is not supported, only constant")
    rank = len(build.type(node.input(0)).shape)
    pads = _amounts(node, build, rank)
    value = onnx_scalar(build, node.input(2)) if node.input(2) else 0.0
    if rank not in (3, 4):
        build.emit("pad", Pad(pads, value), [node.input(0)], node.outputs[0])
        return
    x, _ = to_nhwc(build, node.input(0))
    spatial = pads[2:] if rank == 4 else ((0, 0), pads[2])
    y = build.emit("pad", Pad((pads[0], *spatial, pads[1]), value), [x])
    from_nhwc(build, y, rank, node.outputs[0])


def _amounts(node: ForeignNode, build: Builder, rank: int) -> tuple[tuple[int, int], ...]:
    """(before, after) of every axis."""
    amounts = onnx_integers(node, build, 1, "pads") or []
    axes = onnx_integers(node, build, 3, "axes")
    axes = list(range(rank)) if axes is None else [axis % rank for axis in axes]
    if len(amounts) != 2 * len(axes) or min(amounts, default=0) < 0:
        raise build.fail(f"pads {amounts} are not two numbers >= 0 for each of {len(axes)} axes")
    found = [(0, 0)] * rank
    for axis, before, after in zip(axes, amounts, amounts[len(axes) :], strict=False):
        found[axis] = (before, after)
    return tuple(found)


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Rows, columns, channels, all, none; a value that saturates."""
    make = ExampleMaker(rng)
    cases: tuple[tuple[tuple[int, ...], tuple[tuple[int, int], ...]], ...] = (
        ((1, 3, 4, 2), ((0, 0), (1, 2), (0, 0), (0, 0))),
        ((1, 3, 4, 2), ((0, 0), (0, 0), (2, 1), (0, 0))),
        ((1, 3, 4, 2), ((0, 0), (0, 0), (0, 0), (1, 3))),
        ((1, 3, 4, 2), ((0, 0), (2, 1), (1, 1), (0, 2))),
        ((1, 1, 1, 1), ((0, 0), (0, 3), (2, 0), (0, 0))),
        ((1, 2, 2, 3), ((0, 0),) * 4),
        ((1, 5), ((0, 0), (1, 2))),
        ((1, 3, 5), ((0, 0), (1, 0), (0, 2))),
    )
    for shape, pads in cases:
        value = float(rng.choice([0.0, -1.0, 1000.0]))
        yield make.same("pad", Pad(pads, value), [make.activation(shape)], infer)


PAD = Op(
    name="pad",
    attrs=Pad,
    summary="Surrounds a tensor with a constant along rows, columns and channels.",
    infer=infer,
    reference=reference,
    real=real,
    rows=rows,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_pad_s8", "pad/tinycc_pad_s8.c", Drive.ROWS, params, window=window, work=_work
        ),
    ),
    onnx=(OnnxRule("Pad", _from_onnx, since=11),),
    requires=(_pads_an_image,),
    scale=Scale.SAME,
    bounds=bounds,
    channels=channels,
    select=select,
)
