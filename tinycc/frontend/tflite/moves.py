"""TFLite operators that move values: shapes, padding, slices; and those that only convert types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tinycc.frontend.tflite.layers import Rule
from tinycc.ops.concat import Concat
from tinycc.ops.foreign import Builder, ForeignNode, onnx_integers, onnx_scalar
from tinycc.ops.pad import Pad
from tinycc.ops.resize_nearest import ResizeNearest
from tinycc.ops.slice import slice_of

OUTPUT_SHAPES = "output_shapes"
"""Attribute that the reader adds: the shapes of the outputs as the file declares them."""


def _integers(node: ForeignNode, build: Builder, index: int, what: str) -> list[int]:
    found = onnx_integers(node, build, index, what)
    if found is None:
        raise build.fail(f"its {what} are missing")
    return found


def _converted(node: ForeignNode, build: Builder) -> Sequence[str]:
    """QUANTIZE, DEQUANTIZE: the types of the tensors on both sides say everything."""
    return [node.input(0)]


def _reshape(node: ForeignNode, build: Builder) -> Sequence[str]:
    return [build.reshape(node.input(0), node.attributes[OUTPUT_SHAPES][0])]


def _transpose(node: ForeignNode, build: Builder) -> Sequence[str]:
    return [build.transpose(node.input(0), _integers(node, build, 1, "axes"))]


def _pad(node: ForeignNode, build: Builder) -> Sequence[str]:
    amounts = _integers(node, build, 1, "paddings")
    rank = len(build.type(node.input(0)).shape)
    if len(amounts) != 2 * rank or min(amounts, default=0) < 0:
        raise build.fail(f"paddings {amounts} are not two numbers >= 0 for each of {rank} axes")
    pads = tuple(zip(amounts[::2], amounts[1::2], strict=True))
    value = onnx_scalar(build, node.input(2)) if node.input(2) else 0.0
    return [build.emit("pad", Pad(pads, value), [node.input(0)])]


def _axis(build: Builder, axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise build.fail(f"axis {axis} of a tensor with {rank} axes")
    return axis % rank


def _concatenation(node: ForeignNode, build: Builder) -> Sequence[str]:
    if node.attributes["fused_activation_function"]:
        raise build.fail("a fused activation function is not supported here")
    axis = _axis(build, int(node.attributes["axis"]), len(build.type(node.input(0)).shape))
    return [_joined(build, node.inputs, axis)]


def _joined(build: Builder, inputs: Sequence[str], axis: int) -> str:
    return inputs[0] if len(inputs) == 1 else build.emit("concat", Concat(axis), inputs)


def _pack(node: ForeignNode, build: Builder) -> Sequence[str]:
    """Joined along a new axis."""
    shape = build.type(node.input(0)).shape
    axis = _axis(build, int(node.attributes["axis"]), len(shape) + 1)
    new = (*shape[:axis], 1, *shape[axis:])
    return [_joined(build, [build.reshape(name, new) for name in node.inputs], axis)]


def _split(node: ForeignNode, build: Builder) -> Sequence[str]:
    """SPLIT(axis, x): equal parts."""
    (axis,) = _integers(node, build, 0, "axis")
    shape = build.type(node.input(1)).shape
    axis, parts = _axis(build, axis, len(shape)), len(node.outputs)
    if not parts or shape[axis] % parts:
        raise build.fail(f"{shape[axis]} values of axis {axis} cannot be split into {parts} parts")
    return _parts(build, node.input(1), axis, [shape[axis] // parts] * parts)


def _split_v(node: ForeignNode, build: Builder) -> Sequence[str]:
    """SPLIT_V(x, sizes, axis): one size may be -1, for the rest."""
    sizes, (axis,) = _integers(node, build, 1, "sizes"), _integers(node, build, 2, "axis")
    shape = build.type(node.input(0)).shape
    axis = _axis(build, axis, len(shape))
    rest = shape[axis] - sum(size for size in sizes if size != -1)
    sizes = [rest if size == -1 else size for size in sizes]
    if sum(sizes) != shape[axis] or min(sizes) < 1 or len(sizes) != len(node.outputs):
        raise build.fail(f"{shape[axis]} values of axis {axis} cannot be split into {sizes}")
    return _parts(build, node.input(0), axis, sizes)


def _parts(build: Builder, x: str, axis: int, sizes: Sequence[int]) -> Sequence[str]:
    ranges = [range(extent) for extent in build.type(x).shape]
    ends = np.cumsum(sizes).tolist()
    found = []
    for size, end in zip(sizes, ends, strict=True):
        ranges[axis] = range(end - size, end)
        found.append(build.emit("slice", slice_of(ranges), [x]))
    return found


def _slice(node: ForeignNode, build: Builder) -> Sequence[str]:
    """SLICE(x, begin, size): a size of -1 takes all that is left."""
    shape = build.type(node.input(0)).shape
    begin, size = _integers(node, build, 1, "begin"), _integers(node, build, 2, "size")
    ranges = [
        range(extent)[b : extent if s == -1 else b + s]
        for extent, b, s in zip(shape, begin, size, strict=True)
    ]
    if not all(ranges) or min(begin) < 0:
        raise build.fail(f"begin {begin} and size {size} do not lie in {list(shape)}")
    return [build.emit("slice", slice_of(ranges), [node.input(0)])]


def _strided_slice(node: ForeignNode, build: Builder) -> Sequence[str]:
    shape, masks = build.type(node.input(0)).shape, node.attributes
    if masks["ellipsis_mask"] or masks["new_axis_mask"] or masks["offset"]:
        raise build.fail("ellipsis, new axes and offsets are not supported")
    begin, end, strides = (
        _integers(node, build, index, what)
        for index, what in ((1, "begin"), (2, "end"), (3, "strides"))
    )
    ranges = [range(extent) for extent in shape]
    for axis, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
        if masks["shrink_axis_mask"] >> axis & 1:
            place = _axis(build, first, shape[axis])
            ranges[axis] = range(place, place + 1)
            continue
        start = None if masks["begin_mask"] >> axis & 1 else first
        stop = None if masks["end_mask"] >> axis & 1 else last
        ranges[axis] = ranges[axis][start:stop:step]
    if not all(ranges):
        raise build.fail("the result is empty")
    block = build.emit("slice", slice_of(ranges), [node.input(0)])
    kept = [len(r) for axis, r in enumerate(ranges) if not masks["shrink_axis_mask"] >> axis & 1]
    return [block if len(kept) == len(shape) else build.reshape(block, kept)]


def _resize_nearest(node: ForeignNode, build: Builder) -> Sequence[str]:
    sizes = _integers(node, build, 1, "sizes")
    height, width = build.type(node.input(0)).shape[1:3]
    if len(sizes) != 2 or not all(1 <= size < 2**16 for size in sizes):
        raise build.fail(f"sizes {sizes} are not the height and width of an image")
    rows, columns = (
        _nearest(node, before, after) for before, after in zip((height, width), sizes, strict=True)
    )
    return [build.emit("resize_nearest", ResizeNearest(rows, columns), [node.input(0)])]


def _nearest(node: ForeignNode, before: int, after: int) -> tuple[int, ...]:
    """The source index of every output index, in float32 as TFLite's kernel computes it."""
    corners = bool(node.attributes["align_corners"])
    half = np.float32(0.5 if node.attributes["half_pixel_centers"] else 0.0)
    aligned = corners and after > 1
    scale = np.float32(before - aligned) / np.float32(after - aligned)
    places = (np.arange(after, dtype=np.float32) + half) * scale
    found = np.floor(places + np.float32(0.5)) if corners else np.floor(places)
    return tuple(int(v) for v in np.clip(found, 0, before - 1))


MOVES: Mapping[str, Rule] = {
    "CONCATENATION": _concatenation,
    "DEQUANTIZE": _converted,
    "EXPAND_DIMS": _reshape,
    "PACK": _pack,
    "PAD": _pad,
    "PADV2": _pad,
    "QUANTIZE": _converted,
    "RESHAPE": _reshape,
    "RESIZE_NEAREST_NEIGHBOR": _resize_nearest,
    "SLICE": _slice,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "SQUEEZE": _reshape,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
}
BY_SHAPE = frozenset({"EXPAND_DIMS", "RESHAPE", "SQUEEZE"})
"""Only the first operand counts: the shape is the output's, which the file declares."""
