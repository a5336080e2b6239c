"""What the pools share: attributes from ONNX, reductions as pools, examples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance, Tensor
from tinycc.ir.types import TensorType
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, onnx_integers
from tinycc.ops.op import Columns, CountWork, Field, Params, RowRange, Window, Work
from tinycc.ops.spatial import (
    Pads,
    Pair,
    from_nhwc,
    onnx_geometry,
    output_extent,
    pair,
    slide_columns,
    slide_rows,
    slide_shape,
    slide_window,
    to_nhwc,
    windows,
)
from tinycc.ops.work import Taps, number


@dataclass(frozen=True)
class Pooling:
    """Geometry of a pool; pads are top, left, bottom, right, ceil_mode's extra ones included."""

    kernel: Pair
    strides: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)
    dilations: Pair = (1, 1)


def geometry(instance: Instance) -> Pooling:
    """A pool's attributes as far as all pools have them."""
    return cast(Pooling, instance.attrs)


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """NHWC output shape."""
    own = cast(Pooling, attrs)
    return slide_shape(own, own.kernel, types[0], types[0].shape[3])


def rows(instance: Instance, row: int) -> tuple[RowRange, ...]:
    """The input rows under the window."""
    return slide_rows(geometry(instance), geometry(instance).kernel, instance, row)


def columns(instance: Instance, column: int) -> Columns:
    """The input columns under the window."""
    return slide_columns(geometry(instance), geometry(instance).kernel, column)


def window(instance: Instance) -> Window:
    """The row window."""
    return slide_window(geometry(instance), geometry(instance).kernel)


def pooled(instance: Instance, x: np.ndarray, fill: float) -> np.ndarray:
    """All windows [out_h, out_w, kernel_h, kernel_w, channels], padding filled."""
    own = geometry(instance)
    return windows(x, own, own.kernel, instance.output.type.shape[1:3], fill)


def onnx_pooling(node: ForeignNode, build: Builder, x: str) -> tuple[Pooling, bool]:
    """The geometry of an ONNX pool over NHWC `x`, and whether ceil_mode enlarged the padding."""
    kernel = pair(node, build, "kernel_shape")
    height, width = build.type(x).shape[1:3]
    strides, pads, dilations = onnx_geometry(node, build, (height, width), kernel)
    extra: Pair = (0, 0)
    if int(node.attributes.get("ceil_mode", 0)):
        plain = Pooling(kernel, strides, pads, dilations)
        extra = _ceil_padding(plain, height, 0), _ceil_padding(plain, width, 1)
    top, left, bottom, right = pads
    full = (top, left, bottom + extra[0], right + extra[1])
    return Pooling(kernel, strides, full, dilations), any(extra)


def _ceil_padding(plain: Pooling, extent: int, axis: int) -> int:
    """Padding behind an axis that lets a last, partial window fit.

    A window that would start behind the image and its leading padding is dropped.
    """
    stride, reach = plain.strides[axis], (plain.kernel[axis] - 1) * plain.dilations[axis] + 1
    before, after = plain.pads[axis], plain.pads[axis + 2]
    count = -(-(extent + before + after - reach) // stride) + 1
    if (count - 1) * stride >= extent + before:
        count -= 1
    floor = output_extent(extent, plain.kernel[axis], stride, plain.dilations[axis], before + after)
    if count <= floor:
        return 0
    return (count - 1) * stride + reach - (extent + before + after)


def pool_fields(instance: Instance) -> tuple[Field, ...]:
    """The members that the parameter structs of all pools begin with."""
    x, y, own = instance.inputs[0].type, instance.output.type, geometry(instance)
    return (
        Field("in_width", x.shape[2]),
        Field("out_width", y.shape[2]),
        Field("channels", x.shape[3]),
        Field("kernel_height", own.kernel[0]),
        Field("kernel_width", own.kernel[1]),
        Field("stride", own.strides[1]),
        Field("pad_left", own.pads[1]),
        Field("dilation_height", own.dilations[0]),
        Field("dilation_width", own.dilations[1]),
    )


def pool_work(lanes: int) -> CountWork:
    """`work` of ROWS kernels that go over the taps of a pixel, so many channels at once."""
    return lambda instance, n: _work(instance, lanes)


def shifted_work(lanes: int, params: Callable[[Instance], Params]) -> CountWork:
    """The same for means, whose requantisation may shift."""

    def work(instance: Instance, n: int) -> Work:
        found = _work(instance, lanes)
        return {**found, "shifted": found["blocks"] * (number(params(instance), "shift") > 0)}

    return work


def _work(instance: Instance, lanes: int) -> Work:
    height, width = kernel = geometry(instance).kernel
    taps, shape = Taps(instance, kernel), instance.output.type.shape
    pixels, blocks = shape[1] * shape[2], -(-shape[3] // lanes)
    rows, inside = sum(taps.rows) * shape[2], sum(taps.rows) * sum(taps.columns)
    return {
        "calls": shape[1],
        "call_rows": shape[1] * height,
        "pixels": pixels,
        "clipped": shape[1] * sum(width - count for count in taps.columns),
        "pixel_rows": pixels * height,
        "pixel_taps": rows * width,
        "taps": inside,
        "channels": pixels * shape[3],
        "channel_words": pixels * (shape[3] // 4),
        "odd_channels": pixels * (shape[3] % 4),
        "blocks": pixels * blocks,
        "block_rows": pixels * blocks * height,
        "block_rows_inside": rows * blocks,
        "block_taps": inside * blocks,
    }


Emit = Callable[[Builder, str, Pooling], str]


def global_pool(emit: Emit) -> Callable[[ForeignNode, Builder], None]:
    """The rule of a pool over the whole image."""

    def convert(node: ForeignNode, build: Builder) -> None:
        x, rank = to_nhwc(build, node.input(0))
        height, width = build.type(x).shape[1:3]
        y = emit(build, x, Pooling((height, width)))
        from_nhwc(build, y, rank, node.outputs[0])

    return convert


def reduction(emit: Emit) -> Callable[[ForeignNode, Builder], None]:
    """The rule of a reduction over some axes, as a pool that covers them."""

    def convert(node: ForeignNode, build: Builder) -> None:
        x, shape = node.input(0), build.type(node.input(0)).shape
        axes = _reduced_axes(node, build, len(shape))
        if axes is None:
            build.alias(x, node.outputs[0])
            return
        kept = tuple(1 if axis in axes else extent for axis, extent in enumerate(shape))
        if not int(node.attributes.get("keepdims", 1)):
            kept = tuple(extent for axis, extent in enumerate(shape) if axis not in axes)
        long = {axis for axis in axes if shape[axis] != 1}
        spatial = long <= set(range(2, len(shape))) and len(shape) in (3, 4)
        y = (_reduce_space if spatial else reduce_block)(build, emit, x, long)
        build.reshape(y, kept, node.outputs[0])

    return convert


def _reduced_axes(node: ForeignNode, build: Builder, rank: int) -> set[int] | None:
    """The reduced axes; None when nothing is reduced (noop_with_empty_axes)."""
    axes = onnx_integers(node, build, 1, "axes") or []
    if not axes and int(node.attributes.get("noop_with_empty_axes", 0)):
        return None
    if any(not -rank <= axis < rank for axis in axes):
        raise build.fail(f"axes {axes} of a tensor with {rank} axes")
    return {axis % rank for axis in axes} or set(range(rank))


def _reduce_space(build: Builder, emit: Emit, name: str, axes: set[int]) -> str:
    """Over height, width or both of an image in ONNX's layout."""
    x, rank = to_nhwc(build, name)
    height, width = build.type(x).shape[1:3]
    rows, columns = (2, 3) if rank == 4 else (-1, 2)
    kernel = (height if rows in axes else 1, width if columns in axes else 1)
    return build.transpose(emit(build, x, Pooling(kernel, kernel)), (0, 3, 1, 2))


def reduce_block(build: Builder, emit: Emit, name: str, axes: set[int]) -> str:
    """Over neighbouring axes, as the columns of an image [before, block, after]."""
    shape = build.type(name).shape
    first, last = min(axes), max(axes)
    between = {axis for axis in range(first, last + 1) if shape[axis] != 1}
    if between != axes:
        raise build.fail(f"axes {sorted(axes)} of shape {shape} are not neighbours")
    before, after = math.prod(shape[:first]), math.prod(shape[last + 1 :])
    size = math.prod(shape[first : last + 1])
    x = build.reshape(name, (1, before, size, after))
    return emit(build, x, Pooling((1, size), (1, size)))


def pool_examples(make: ExampleMaker) -> Iterator[tuple[Tensor, Pooling]]:
    """Inputs and geometries: global, overlapping, partial and all-padding windows, one pixel."""
    cases: tuple[tuple[tuple[int, ...], Pooling], ...] = (
        ((1, 6, 6, 3), Pooling((2, 2), (2, 2))),
        ((1, 5, 7, 1), Pooling((3, 3), (2, 2), (1, 1, 1, 1))),
        ((1, 4, 5, 2), Pooling((2, 3), (1, 1), (0, 2, 1, 0))),
        ((1, 4, 5, 2), Pooling((2, 2), (1, 1), (3, 3, 3, 3))),  # windows of padding only
        ((1, 6, 7, 5), Pooling((6, 7))),
        ((1, 1, 1, 1), Pooling((1, 1))),
        ((1, 1, 9, 4), Pooling((1, 3), (1, 2))),
        ((1, 7, 8, 2), Pooling((3, 2), (1, 2), (2, 1, 0, 1), (2, 3))),
        ((1, 25, 5, 64), Pooling((25, 5))),
    )
    for shape, attrs in cases:
        yield make.activation(shape), attrs
