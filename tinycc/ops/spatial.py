"""Geometry that convolutions and pools share: ONNX padding rules, windows, ROWS kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType
from tinycc.ops.foreign import Builder, ForeignNode
from tinycc.ops.op import Columns, RowRange, Window, window_rows

Pair = tuple[int, int]
Pads = tuple[int, int, int, int]  # top, left, bottom, right


class Sliding(Protocol):
    """Attributes of every operator that slides a window over rows and columns."""

    @property
    def strides(self) -> Pair: ...
    @property
    def pads(self) -> Pads: ...
    @property
    def dilations(self) -> Pair: ...


def output_extent(extent: int, kernel: int, stride: int, dilation: int, pads: int) -> int:
    """Output rows or columns of a sliding window; pads: both sides together."""
    return (extent + pads - dilation * (kernel - 1) - 1) // stride + 1


def slide_shape(attrs: Sliding, kernel: Pair, x: TensorType, channels: int) -> tuple[int, ...]:
    """The NHWC output shape of a sliding window."""
    top, left, bottom, right = attrs.pads
    height = output_extent(
        x.shape[1], kernel[0], attrs.strides[0], attrs.dilations[0], top + bottom
    )
    width = output_extent(x.shape[2], kernel[1], attrs.strides[1], attrs.dilations[1], left + right)
    return (1, height, width, channels)


def slide_rows(attrs: Sliding, kernel: Pair, instance: Instance, row: int) -> tuple[RowRange, ...]:
    """The input rows an output row needs."""
    height = instance.inputs[0].type.shape[1]
    return (
        window_rows(row, attrs.strides[0], attrs.pads[0], kernel[0], attrs.dilations[0], height),
    )


def slide_columns(attrs: Sliding, kernel: Pair, column: int) -> Columns:
    """The input columns under the window of an output column."""
    first = column * attrs.strides[1] - attrs.pads[1]
    return ((first, first + (kernel[1] - 1) * attrs.dilations[1]),)


def slide_window(attrs: Sliding, kernel: Pair) -> Window:
    """The row window of a ROWS kernel."""
    return Window((kernel[0] - 1) * attrs.dilations[0] + 1, attrs.strides[0], attrs.pads[0])


def windows(
    x: np.ndarray, attrs: Sliding, kernel: Pair, out: Sequence[int], fill: float
) -> np.ndarray:
    """All windows of a padded NHWC image: [out_h, out_w, kernel_h, kernel_w, channels] (a view).

    Padding beyond what the file states (ceil_mode) is filled too.
    """
    (stride_h, stride_w), (step_h, step_w) = attrs.strides, attrs.dilations
    top, left = attrs.pads[:2]
    reach_h = (out[0] - 1) * stride_h + (kernel[0] - 1) * step_h + 1
    reach_w = (out[1] - 1) * stride_w + (kernel[1] - 1) * step_w + 1
    _, height, width, channels = x.shape
    padded = np.full((max(reach_h, top + height), max(reach_w, left + width), channels), fill)
    padded[top : top + height, left : left + width] = x[0]
    row, column, channel = padded.strides
    return np.lib.stride_tricks.as_strided(
        padded,
        (out[0], out[1], kernel[0], kernel[1], channels),
        (row * stride_h, column * stride_w, row * step_h, column * step_w, channel),
        writeable=False,
    )


def windows_inside(
    attrs: Sliding, kernel: Pair, before: Sequence[int], after: Sequence[int]
) -> np.ndarray:
    """The different ways in which windows leave the image: [ways, kernel_h * kernel_w].

    True where a tap lies inside; `before` and `after` are the NHWC shapes of input and output.
    """
    sides = []
    for axis in (0, 1):
        start = np.arange(after[axis + 1]) * attrs.strides[axis] - attrs.pads[axis]
        at = start[:, np.newaxis] + np.arange(kernel[axis]) * attrs.dilations[axis]
        sides.append(np.unique((at >= 0) & (at < before[axis + 1]), axis=0))
    rows, columns = sides
    both = rows[:, np.newaxis, :, np.newaxis] & columns[np.newaxis, :, np.newaxis, :]
    return both.reshape(-1, kernel[0] * kernel[1])


def onnx_geometry(
    node: ForeignNode, build: Builder, extents: Pair, kernel: Pair
) -> tuple[Pair, Pads, Pair]:
    """Strides, pads and dilations of an ONNX node over (height, width); 1-D nodes as height 1."""
    strides = pair(node, build, "strides")
    dilations = pair(node, build, "dilations")
    mode = node.attributes.get("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        rows, columns = (
            same_padding(extent, k, s, d, mode == "SAME_LOWER")
            for extent, k, s, d in zip(extents, kernel, strides, dilations, strict=True)
        )
        return strides, (rows[0], columns[0], rows[1], columns[1]), dilations
    if mode not in ("NOTSET", "VALID", ""):
        raise build.fail(f"auto_pad {mode} is unknown", "use NOTSET with explicit pads")
    pads = [int(p) for p in node.attributes.get("pads", ())] if mode != "VALID" else []
    if not pads:
        return strides, (0, 0, 0, 0), dilations
    if len(pads) == 2:
        pads = [0, pads[0], 0, pads[1]]
    if len(pads) != 4 or min(pads) < 0:
        raise build.fail(f"pads {pads} are not four numbers >= 0")
    return strides, (pads[0], pads[1], pads[2], pads[3]), dilations


def pair(node: ForeignNode, build: Builder, name: str, default: int = 1) -> Pair:
    """An attribute of one number per spatial axis, as (height, width)."""
    values = [int(v) for v in node.attributes.get(name, ())] or [default, default]
    if len(values) == 1:
        values = [default, values[0]]
    if len(values) != 2 or min(values) < 1:
        raise build.fail(f"{name} {values} are not one or two numbers >= 1")
    return values[0], values[1]


def same_padding(extent: int, kernel: int, stride: int, dilation: int, lower: bool = False) -> Pair:
    """Padding before and after an axis whose output has ceil(extent / stride) values.

    The odd one is behind the axis, or before it where `lower`.
    """
    total = max(0, (-(-extent // stride) - 1) * stride + (kernel - 1) * dilation + 1 - extent)
    small, large = total // 2, total - total // 2
    return (large, small) if lower else (small, large)


def to_nhwc(build: Builder, name: str) -> tuple[str, int]:
    """A tensor in ONNX's NCHW (or NCW) layout as NHWC, with its original rank."""
    shape = build.type(name).shape
    if len(shape) == 3:
        name = build.reshape(name, (shape[0], shape[1], 1, shape[2]))
    elif len(shape) != 4:
        raise build.fail(f"input `{name}` has {len(shape)} axes", "1-D and 2-D images only")
    return build.transpose(name, (0, 2, 3, 1)), len(shape)


def from_nhwc(build: Builder, name: str, rank: int, output: str) -> None:
    """An NHWC result back in ONNX's layout, named as the model names it."""
    if rank == 4:
        build.transpose(name, (0, 3, 1, 2), output)
        return
    back = build.transpose(name, (0, 3, 1, 2))
    shape = build.type(back).shape
    build.reshape(back, (shape[0], shape[1], shape[3]), output)
