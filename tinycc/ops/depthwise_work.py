"""The events of depthwise kernels (tinycc/ops/work.py)."""

from __future__ import annotations

from collections import Counter
from typing import cast

from tinycc.ir.graph import Instance
from tinycc.ops.dense_work import is_clamped, is_shifted
from tinycc.ops.work import Slides, Taps, copy_work, splits


def expanding_work(
    instance: Instance, n: int, pairs: int, pitch: int, doubled: bool
) -> Counter[str]:
    """tinycc_dw_s8_dsp: per call and four channels the rows of the first window are expanded,

    for each further output row those that it has not in common with the one before. `pairs` of
    weights per row, `pitch` words per expanded row.
    """
    attrs = cast(Slides, instance.attrs)
    (_, _, in_width, in_channels), (_, rows, width, channels) = (
        instance.inputs[0].type.shape,
        instance.output.type.shape,
    )
    height, stride = instance.inputs[1].type.shape[1], attrs.strides
    fours, outputs = -(-in_channels // 4), -(-width // 4)
    lines = 4 * (channels // in_channels)
    pad_right = width + 2 - in_width - attrs.pads[1]
    flat = (in_width + max(attrs.pads[1], pad_right) + 1) // 2 * 2  # columns, rows made as one
    found: Counter[str] = Counter()
    for size, times in splits(rows, n):
        expanded = times * fours * (height + (size - 1) * min(height, stride[0]))
        made = times * fours * size
        found += Counter(
            {
                "calls": times,
                "pitch": times * height * pitch,
                "fours": times * fours,
                "slides": times * fours * (size - 1),
                "expanded_rows": expanded,
                "expanded_pairs": expanded * (in_width // 2),
                "expanded_odd": expanded * (in_width % 2),
                "doubled": 4 * expanded * in_width * doubled,
                "lines": made,
                "line_rows": made * height,
                "repeats": made * (lines // 4) * (lines > 4),
                f"channels_{stride[1]}": made * lines,
                "flat": times * fours * lines * -(-size * flat // 4),
                "made_pixels": made * width,
                f"outputs_{stride[1]}_{pairs}": made * lines * outputs,
                f"rows_{stride[1]}_{pairs}": made * lines * outputs * height,
                f"rest_{stride[1]}_{width % 4}": made * lines * (width % 4 > 0),
                "clamped": times * size * width * channels * is_clamped(instance),
            }
        )
    return found


def columns_work(instance: Instance, n: int) -> Counter[str]:
    """tinycc_dwconv3x3_columns_s8_dsp, which makes one row per call."""
    (_, _, in_width, channels), (_, rows, width, _) = (
        instance.inputs[0].type.shape,
        instance.output.type.shape,
    )
    fours = rows * -(-channels // 4)
    return Counter(
        {
            "calls": rows,
            "padding": rows * (width + 2 - in_width),
            "rest": rows * (channels % 4 > 0),
            "fours": fours,
            "columns": fours * in_width,
            "outputs": 4 * fours * width,
            "lines": 4 * fours,
            "threes": 4 * fours * -(-width // 3),
            "clamped": rows * width * channels * is_clamped(instance),
        }
    )


def thin_work(instance: Instance, pairs: int, pitch: int) -> Counter[str]:
    """tinycc_dwconv2d_thin_s8_dsp: one row per call, all rows under the window for two channels."""
    (_, _, in_width, _), (_, rows, width, channels) = (
        instance.inputs[0].type.shape,
        instance.output.type.shape,
    )
    height, stride = instance.inputs[1].type.shape[1], cast(Slides, instance.attrs).strides[1]
    outputs = rows * channels * -(-width // 4)
    return Counter(
        {
            "calls": rows,
            "call_rows": rows * height,
            "pitch": rows * height * pitch,
            "twos": rows * channels // 2,
            "expanded_rows": rows * channels // 2 * height,
            "expanded": rows * channels // 2 * height * in_width,
            f"channels_{stride}": rows * channels,
            f"outputs_{stride}_{pairs}": outputs,
            f"rows_{stride}_{pairs}": outputs * height,
            f"rest_{stride}_{width % 4}": rows * channels * (width % 4 > 0),
            "clamped": rows * width * channels * is_clamped(instance),
        }
    )


def tap_work(instance: Instance, n: int) -> Counter[str]:
    """ROWS kernels that look for every tap of every output."""
    _, height, width, _ = instance.inputs[1].type.shape
    _, rows, columns, channels = instance.output.type.shape
    taps = Taps(instance, (height, width))
    outputs = rows * columns * channels
    return Counter(
        {
            "calls": rows,
            "zeroed": rows * channels,
            "pixels": rows * columns,
            "outputs": outputs,
            "output_rows": outputs * height,
            "products": outputs * height * width,
            "inside": sum(taps.rows) * sum(taps.columns) * channels,
            "in_rows": sum(taps.rows) * columns * width * channels,
            "shifted": outputs * (is_shifted(instance) or is_clamped(instance)),
        }
    )


def channel_work(instance: Instance, n: int, slots: int, pitch: int) -> Counter[str]:
    """tinycc_dw_s8_thumb: channel by channel rows are expanded into a ring of `slots` rows.

    `pitch`: words of a row; outputs are made two by two.
    """
    attrs = cast(Slides, instance.attrs)
    (_, _, in_width, in_channels), (_, rows, width, channels) = (
        instance.inputs[0].type.shape,
        instance.output.type.shape,
    )
    _, height, columns, _ = instance.inputs[1].type.shape
    stride, several = attrs.strides, channels > in_channels
    found: Counter[str] = Counter()
    for size, times in splits(rows, n):
        expanded = times * in_channels * (slots + (size - 1) * min(slots, stride[0]))
        made, pairs = times * size * channels, -(-width // 2)
        loads = made if several else times * in_channels
        found += Counter(
            {
                "calls": times,
                "channels": times * in_channels,
                "emptied": times * in_channels * slots * pitch,
                "moves": times * in_channels * (size - 1),
                "expanded_rows": expanded,
                "expanded_pixels": expanded * in_width,
                "loads": loads,
                "loaded": loads * height * columns,
                "lines": made,
                f"pairs_{stride[1]}": made * pairs,
                f"pair_rows_{stride[1]}": made * pairs * height,
                f"pair_taps_{stride[1]}": made * pairs * height * columns,
                "odd": made * (width % 2),
                "clamped": made * width * is_clamped(instance),
            }
        )
    return found


def pair_work(instance: Instance, n: int) -> Counter[str]:
    """tinycc_dw3x3_s8_thumb2: two pixels at once, from copies of up to 64 channels at the edges."""
    attrs = cast(Slides, instance.attrs)
    _, rows, width, channels = instance.output.type.shape
    in_width, stride = instance.inputs[0].type.shape[2], attrs.strides[1]
    full = Taps(instance, (3, 3)).rows.count(3)
    lefts = [at * stride - attrs.pads[1] for at in range(0, width, 2)]
    inside = sum(left >= 0 and left + 3 + stride <= in_width for left in lefts)
    pairs, whole = rows * len(lefts), full * inside
    edges = pairs - whole
    found = Counter(
        {
            "calls": rows,
            "pairs": pairs,
            "edges": edges,
            f"channels_{stride}": pairs * channels,
            "single_channels": rows * (width % 2) * channels,
            "shifted": pairs * channels * is_shifted(instance),
            "clamped": rows * width * channels * is_clamped(instance),
        }
    )
    for count, times in splits(channels, 64):
        columns = edges * times * 3 * (3 + stride)
        found["edge_blocks"] += edges * times
        found.update(copy_work(columns, count))
    return found
