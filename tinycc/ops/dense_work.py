"""The events of dot-product kernels (tinycc/ops/work.py): blocks of pixels x groups of channels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import cast

from tinycc.ir.graph import Instance
from tinycc.ops.activation import output_bounds
from tinycc.ops.dense import instance_constants
from tinycc.ops.numerics import INT8_MAX, INT8_MIN
from tinycc.ops.op import Work
from tinycc.ops.work import Slides, Taps, blocks_of, copy_work, splits


def inputs_of(instance: Instance) -> int:
    """Products of one output."""
    weights = instance.inputs[1].type
    return weights.elements // weights.shape[0]


def is_shifted(instance: Instance) -> bool:
    """Whether accumulators get fraction bits or a shift before the multiplication."""
    found = instance_constants(instance).requantization
    return bool(found.fraction or found.shift)


def is_clamped(instance: Instance) -> bool:
    """Whether the output's bounds are narrower than int8."""
    return output_bounds(instance) != (INT8_MIN, INT8_MAX)


def dot_work(instance: Instance, size: int, count: int, group: int) -> Counter[str]:
    """`count` blocks of `size` pixels: all outputs of each from its widened inputs."""
    channels, quads = instance.output.type.shape[-1], -(-inputs_of(instance) // 4)
    groups = -(-channels // group)
    looped = quads - (size == 4)  # the first quad of four pixels is made before the loop
    found = Counter(
        {
            f"blocks_{size}": count,
            f"groups_{size}": count * (channels // group),
            f"last_groups_{size}": count * (channels % group > 0),
            f"rounds_{size}": count * groups * max(1, -(-looped // 4)),
            f"quads_{size}": count * groups * quads,
            f"odd_channels_{size}": count * (channels % group),
        }
    )
    if is_shifted(instance):
        found[f"shifted_{size}"] = count * groups
    if is_clamped(instance):
        found["clamped_words"] = count * (size * channels // 4)
        found["clamped_bytes"] = count * (size * channels % 4)
        found["clamped"] = count * size * channels
    return found


def dot_rv32_work(instance: Instance, size: int, count: int, _: int) -> Counter[str]:
    """tinycc_dot_s8_rv32: eight channels at once, the last four or fewer on their own."""
    channels, inputs = instance.output.type.shape[-1], inputs_of(instance)
    eights, fours = (channels + 3) // 8, (channels + 3) % 8 // 4
    found = Counter(
        {
            f"blocks_{size}": count,
            "outputs": count * size * channels,
            "stores": count * size * -(-channels // 4),
            "shifted": count * size * -(-channels // 4) * is_shifted(instance),
        }
    )
    for at_once, groups in ((8, eights), (4, fours)):
        found[f"groups_{size}x{at_once}"] = count * groups
        found[f"quads_{size}x{at_once}"] = count * groups * (inputs // 4)
        found[f"odd_inputs_{size}x{at_once}"] = count * groups * (inputs % 4)
    return found


Dots = Callable[[Instance, int, int, int], Counter[str]]
"""Counts all outputs of so many blocks of so many pixels, so many channels at once."""


def run_work(instance: Instance, n: int, groups: Mapping[int, int], dots: Dots = dot_work) -> Work:
    """RUN kernels: blocks of neighbouring vectors; `groups`: their sizes, and channels at once."""
    inputs = instance.inputs[0].type.shape[-1]
    found: Counter[str] = Counter()
    for run, times in splits(math.prod(instance.output.type.shape[:-1]), n):
        found["calls"] += times
        if inputs % 4:
            found.update(copy_work(times, inputs))
        for size, count in blocks_of(run, groups):
            found += dots(instance, size, times * count, groups[size])
            found[f"widened_{size}"] += times * count * -(-inputs // 4)
            found["odd_inputs"] += times * count * size * (inputs % 4)
    return found


def plain_vector_work(instance: Instance, n: int, group: int) -> Work:
    """RUN kernels that read vectors where they lie, one at a time."""
    inputs, found = instance.inputs[0].type.shape[-1], Counter[str]()
    for run, times in splits(math.prod(instance.output.type.shape[:-1]), n):
        found["calls"] += times
        found += dot_work(instance, 1, times * run, group)
    groups = found["groups_1"] + found["last_groups_1"]
    found["fours"], found["odd_inputs"] = groups * (inputs // 4), groups * (inputs % 4)
    return found


def window_work(instance: Instance, groups: Mapping[int, int], dots: Dots = dot_work) -> Work:
    """ROWS kernels that gather the windows of a block before its dot products.

    A block (or a pixel) inside the row takes the taps of a row at once, others one by one.
    """
    attrs = cast(Slides, instance.attrs)
    _, height, width, channels = instance.inputs[1].type.shape
    rows, out_width = instance.output.type.shape[1:3]
    taps = Taps(instance, (height, width))
    full, present = sum(count == height for count in taps.rows), sum(taps.rows)
    found = Counter({"calls": rows, "zeroed": rows * channels * (channels % 4 == 0)})
    dense, by_bytes = attrs.dilations[1] == 1, max(groups.values()) > 2
    at = 0
    for size, count in blocks_of(out_width, groups):
        found += dots(instance, size, rows * count, groups[size])
        for _ in range(count):
            columns = taps.columns[at : at + size]
            at += size
            inside = [dense and column == width for column in columns]
            if by_bytes or channels % 4 == 0:
                found += _gathered(channels, (height, width), (rows, present), size, inside)
            else:
                found[f"packed_{size}"] += rows * -(-inputs_of(instance) // 4)
                found += _copied(instance, (rows, full, present), at - size, size, all(inside))
            if by_bytes:
                clipped = sum(n for n, all_ in zip(columns, inside, strict=True) if not all_)
                found += _widened(channels, width, present * sum(inside), present * clipped)
    return found


def direct_work(instance: Instance, group: int) -> Work:
    """ROWS kernels that take the parts of a window where they lie, one pixel at a time."""
    found = Counter(window_work(instance, {1: group}))
    found["parts"] = found["segments_1"] * -(-instance.output.type.shape[-1] // group)
    del found["widened_1"]
    return found


def _gathered(
    channels: int,
    kernel: tuple[int, int],
    counts: tuple[int, int],
    size: int,
    inside: list[bool],
) -> Counter[str]:
    """One block in every row; `counts`: output rows, and their window rows inside the image."""
    height, width = kernel
    rows, present = counts
    absent = rows * height - present
    pixels = sum(inside)
    segments = present + absent * width if all(inside) else rows * height * width
    return Counter(
        {
            f"segments_{size}": segments,
            f"widened_{size}": -(-channels // 4) * width * height * rows,
            "pixel_rows": present * pixels,
            "pixel_taps": (rows * height * size - present * pixels) * width,
            "gathered": rows * height * width * size * (channels % 4),
            "filled": absent * width * size * channels,
        }
    )


def _widened(channels: int, width: int, rows: int, taps: int) -> Counter[str]:
    """Rows of `width` taps that are copied at once, and taps that are copied one by one."""
    return Counter(
        {
            "row_words": rows * (width * channels // 4),
            "row_rest": rows * (width * channels % 4),
            "inside_taps": taps,
            "tap_words": taps * (channels // 4),
            "tap_rest": taps * (channels % 4),
        }
    )


def _copied(
    instance: Instance, counts: tuple[int, int, int], first: int, size: int, inside: bool
) -> Counter[str]:
    """Channels that are no whole words: the windows of a block are copied as bytes first.

    In three words per row where that fits, in words where enough of the row lies behind, else byte
    by byte. `counts`: output rows, those without padding, and all window rows inside the image.
    """
    attrs = cast(Slides, instance.attrs)
    _, height, width, channels = instance.inputs[1].type.shape
    rows, full, present = counts
    row_bytes, stride = width * channels, attrs.strides[1]
    last = instance.inputs[0].type.shape[2] - width - (2 + channels) // channels
    lefts = [(first + i) * stride - attrs.pads[1] for i in range(size)]
    three = 8 < row_bytes <= 12 and inside and lefts[-1] <= last
    slow_rows = rows - full if three else rows
    slow_present = present - full * height if three else present
    words = sum(0 <= left <= last and attrs.dilations[1] == 1 for left in lefts)
    edges = size - words
    return Counter(
        {
            "copied_three": full * height * size if three else 0,
            "copied_rows": slow_rows * height * words,
            "copied_words": slow_present * words * -(-row_bytes // 4),
            "copied_fill": (slow_rows * height - slow_present) * words * row_bytes,
            "copied_taps": slow_rows * height * edges * width,
            "copied_bytes": slow_rows * height * edges * row_bytes,
        }
    )


def dot_rows_work(instance: Instance, n: int) -> Work:
    """RUN kernels that make the outputs of a vector one by one, or four by four."""
    shape, inputs = instance.output.type.shape, inputs_of(instance)
    vectors = math.prod(shape[:-1])
    fours = vectors * -(-shape[-1] // 4)
    return {
        "calls": -(-vectors // n),
        "vectors": vectors,
        "outputs": vectors * shape[-1],
        "shifted": vectors * shape[-1] * is_shifted(instance),
        "products": vectors * shape[-1] * inputs,
        "fours": fours,
        "quads": fours * (inputs // 4),
        "odd_inputs": fours * (inputs % 4),
    }


def gathered_work(instance: Instance, n: int) -> Work:
    """ROWS: per pixel and group of channels a window is copied tap by tap."""
    _, height, width, channels = instance.inputs[1].type.shape
    shape, groups = instance.output.type.shape, instance.inputs[0].type.shape[3] // channels
    pixels, taps = shape[1] * shape[2], height * width
    return {
        "calls": shape[1],
        "windows": pixels * groups,
        "window_rows": pixels * groups * height,
        "taps": pixels * groups * taps,
        "words": pixels * groups * taps * (channels // 4),
        "bytes": pixels * groups * taps * channels,
        "outputs": pixels * shape[3],
        "shifted": pixels * shape[3] * is_shifted(instance),
        "products": pixels * shape[3] * taps * channels,
    }
