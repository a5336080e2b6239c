"""The events of kernels for the M-profile vector extension (tinycc/ops/work.py)."""

from __future__ import annotations

import math
from collections import Counter
from typing import cast

from tinycc.ir.graph import Instance
from tinycc.ops.dense_work import inputs_of
from tinycc.ops.op import Work
from tinycc.ops.work import Slides, Taps, splits

_LANES, _GROUP = 16, 4


def _up(value: int, unit: int) -> int:
    return -(-value // unit)


def _tiles(count: int, inputs: int, channels: int, times: int) -> Counter[str]:
    """`times` runs over `count` vectors, two by two; four forms by the number of inputs."""
    vectors, odd = _up(inputs, _LANES), count % 2
    ragged = inputs > _LANES and inputs % _LANES > 0
    few = "few" if inputs <= 144 else "whole"
    kind = "short" if inputs <= _LANES else "ragged" if ragged else few
    pairs = times * (count // 2 + odd)
    groups = pairs * _up(channels, _GROUP)
    turns = vectors // 2 if kind == "whole" else vectors - 1 if ragged else 0
    return Counter(
        {
            "runs": times,
            "odd_runs": times * odd,
            f"tiles_{kind}": times * ((count > 1) + odd),
            f"pairs_{kind}": pairs,
            f"groups_{kind}": groups,
            f"vectors_{kind}": groups * vectors,
            f"turns_{kind}": groups * turns,
        }
    )


def run_work(instance: Instance, n: int) -> Work:
    """RUN: vectors of inputs two by two, output channels in fours."""
    inputs, channels = instance.inputs[0].type.shape[-1], instance.output.type.shape[-1]
    found: Counter[str] = Counter()
    for size, times in splits(math.prod(instance.output.type.shape[:-1]), n):
        found += Counter({"calls": times}) + _tiles(size, inputs, channels, times)
    return found


def single_work(instance: Instance, n: int) -> Work:
    """RUN: one vector at a time, output channels in fours."""
    inputs, shape = instance.inputs[0].type.shape[-1], instance.output.type.shape
    vectors = math.prod(shape[:-1])
    groups = vectors * _up(shape[-1], _GROUP)
    return {
        "calls": _up(vectors, n),
        "vectors": vectors,
        "groups": groups,
        "loads": groups * _up(inputs, _LANES),
    }


def window_work(instance: Instance, n: int) -> Work:
    """ROWS: windows are copied in batches, then multiplied as vectors are."""
    attrs = cast(Slides, instance.attrs)
    _, height, width, channels = instance.inputs[1].type.shape
    _, rows, columns, outputs = instance.output.type.shape
    taps = Taps(instance, (height, width))
    full = sum(count == height for count in taps.rows)
    step = _up(inputs_of(instance), _LANES) * _LANES
    few = 8 if step <= 128 else 4 if step <= 256 else 2
    batch = 32 if step <= 32 else 16 if step <= 64 else few
    dense = attrs.dilations[1] == 1
    found = Counter({"calls": rows, "call_rows": rows * height})
    for size, times in splits(columns, batch):
        found += _tiles(size, step, outputs, rows * times)
        found["batches"] += rows * times
    for at in range(0, columns, batch):
        inside = [dense and count == width for count in taps.columns[at : at + batch]]
        whole, clipped = sum(inside), len(inside) - sum(inside)
        calls = sum(
            now and not before for now, before in zip(inside, [False, *inside], strict=False)
        )
        found += _copies((height, width * channels), (rows, sum(taps.rows)), whole, calls)
        found["tried"] += rows * len(inside)
        found["fills"] += rows * clipped + (rows - full) * calls
        found["filled"] += (rows * clipped + (rows - full) * whole) * step // _LANES
        pieces = 1 if dense else width
        piece = (height, width * channels // pieces)
        found["clipped"] += rows * clipped
        found["pieces"] += rows * clipped * pieces
        found += _copies(piece, (rows, sum(taps.rows)), clipped * pieces, clipped * pieces)
    return found


def _copies(
    piece: tuple[int, int], counts: tuple[int, int], windows: int, calls: int
) -> Counter[str]:
    """Per output row `windows` copies of `piece` (rows, bytes) by so many calls.

    `counts`: output rows, and their window rows inside the image.
    """
    height, bytes_ = piece
    rows, present = counts
    size = "short" if bytes_ <= _LANES else "long"
    return Counter(
        {
            f"copies_{size}": rows * calls,
            f"copied_windows_{size}": rows * windows,
            f"copied_rows_{size}": rows * height * windows,
            f"copied_present_{size}": present * windows,
            f"copied_vectors_{size}": present * windows * _up(bytes_, _LANES),
        }
    )


def depthwise_work(instance: Instance, planes: int, vectors: int) -> Work:
    """ROWS: strips of a row x 16 channels: rows are interleaved, then pixels go two by two."""
    attrs = cast(Slides, instance.attrs)
    height = instance.inputs[1].type.shape[1]
    (_, _, in_width, in_channels), (_, rows, width, channels) = (
        instance.inputs[0].type.shape,
        instance.output.type.shape,
    )
    stride, blocks = attrs.strides[1], _up(channels, _LANES)
    repeated = channels > in_channels
    span = 2 * vectors if planes == 2 else 3 * attrs.dilations[1] + 1
    kind = "odd" if channels % _GROUP else "even"
    found = Counter({"calls": rows})
    for at in range(0, width, 16 // planes):
        pixels = min(16 // planes, width - at)
        pairs, left = _up(pixels, 2), at * stride - attrs.pads[1]
        all_columns = max(pixels - 1, 1) * stride + span
        inside = max(0, min(in_width - left, all_columns) - max(0, -left))
        found += Counter(
            {
                "strips": rows,
                "padded": rows * planes * (all_columns - inside),
                "blocks": rows * blocks,
                "repeated": rows * blocks * planes * repeated,
                "singles": rows * blocks * (pixels == 1),
                "odd_pixels": rows * blocks * (pixels % 2),
                f"pairs_{kind}": rows * blocks * pairs,
                f"groups_{kind}": rows * pairs * _up(channels, _GROUP),
            }
        )
        for plane in range(planes):
            tall = height - 4 * plane
            if tall > 0:
                size = 1 if tall == 1 else 3 if tall <= 3 else 4
                found[f"planes_{size}"] += rows * blocks
                found[f"columns_{size}"] += rows * blocks * inside
    return found
