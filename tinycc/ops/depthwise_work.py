"""The events of depthwise kernels (tinycc/ops/work.py)."""

from __future__ import annotations

from collections import Counter
from typing import cast

from tinycc.ir.graph import Instance
from tinycc.ops.dense_work import is_clamped, is_shifted
from tinycc.ops.op import CountWork
from tinycc.ops.work import Slides, Taps, splits


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
                f"outputs_{stride[1]}_{pairs}": made * lines * outputs,
                f"rows_{stride[1]}_{pairs}": made * lines * outputs * height,
                f"rest_{stride[1]}_{width % 4}": made * lines * (width % 4 > 0),
                "clamped": times * size * width * channels * is_clamped(instance),
            }
        )
    return found


def tap_work(instance: Instance, twos: bool) -> Counter[str]:
    """ROWS kernels that find the taps of a pixel, then go over its channels.

    `twos`: neighbouring pixels inside the image are taken two by two for 3x3 windows of stride 1.
    """
    attrs = cast(Slides, instance.attrs)
    _, height, width, _ = instance.inputs[1].type.shape
    _, rows, columns, channels = instance.output.type.shape
    taps = Taps(instance, (height, width))
    paired = 0
    if twos and (height, width) == (3, 3) and attrs.strides[1] == attrs.dilations[1] == 1:
        paired = sum(count == height for count in taps.rows) * _pairs(instance, taps)
    pixels = rows * columns - 2 * paired
    found = Counter(
        {
            "calls": rows,
            "zeroed": rows * channels,
            "pixels": pixels,
            "pairs": paired,
            "pixel_rows": (pixels + paired) * height,
            "pixel_taps": (pixels + paired) * height * width,
            "outputs": pixels * channels,
            "paired_outputs": paired * channels,
            "products": pixels * channels * height * width,
            "inside": sum(taps.rows) * sum(taps.columns) * channels,
            "in_rows": sum(taps.rows) * columns * width * channels,
            "output_rows": pixels * channels * height,
        }
    )
    if is_shifted(instance) or is_clamped(instance):
        found["shifted"] = rows * columns * channels
    return found


def _pairs(instance: Instance, taps: Taps) -> int:
    """Pairs of a row without padding: two neighbours that are both inside, from the left."""
    attrs = cast(Slides, instance.attrs)
    in_width, found, column = instance.inputs[0].type.shape[2], 0, 0
    while column + 1 < len(taps.columns):
        left = column - attrs.pads[1]
        both = taps.columns[column] == 3 and left + 3 < in_width
        found += both
        column += 2 if both else 1
    return found


def row_tap_work(twos: bool) -> CountWork:
    """`tap_work` as `Kernel.work`."""
    return lambda instance, n: tap_work(instance, twos)
