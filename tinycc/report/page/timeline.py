"""The memory map over time and the instructions below it, on one axis of steps.

Left and width are in per cent of the drawing, so that it takes any screen; top and height in px.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tinycc.report.text import percent, short, ticks

_MAP_PX, _LEAST_PX, _BARS_PX = 340, 90, 96
_LABEL_PX = 14  # the least height of a rectangle with its name in it
_USUAL_PX, _LETTER_PX = 1000, 6.8  # the width that names are cut for
_LEGEND = (
    (("tensor",), "tensor"),
    (("ring",), "ring: only the rows still needed"),
    (("scratch",), "scratch"),
    (("input", "output"), "input, output"),
)
_STEP_PX = 7  # the least width of a step, so that many of them scroll


@dataclass(frozen=True)
class Block:
    """A rectangle; `index` is that of its buffer or step."""

    index: int
    kind: str
    left: float
    width: float
    top: float
    height: float
    label: str = ""


@dataclass(frozen=True)
class Panel:
    """The bytes of one arena over all steps. `ticks`: bytes and their place."""

    name: str
    bytes: int
    height: int
    blocks: tuple[Block, ...]
    overlaps: tuple[Block, ...]
    ticks: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Timeline:
    """Everything on the axis of steps.

    `marks`: step numbers and the middle of their columns. `legend`: kinds of buffers and what they
    are.
    """

    panels: tuple[Panel, ...]
    bars: tuple[Block, ...]
    bars_height: int
    bar_ticks: tuple[tuple[int, float], ...]
    regions: tuple[Block, ...]
    peak: Block | None
    marks: tuple[tuple[int, float], ...]
    least_width: int
    legend: tuple[tuple[tuple[str, ...], str], ...]


def timeline(report: dict[str, Any]) -> Timeline:
    """The drawing of a completed report."""
    steps = report["steps"]
    count = max(1, len(steps))
    panels = tuple(_panels(report, count))
    kinds = {block.kind for panel in panels for block in panel.blocks}
    top = max((instructions(step) for step in steps), default=0)
    bars = tuple(_bar(step, count, top) for step in steps)
    regions = tuple(
        _column(r["first"], r["last"], count, f"rows in turns: steps {r['first']} to {r['last']}")
        for r in report["regions"]
    )
    peak = report["memory"]["sram"]["peak_step"]
    every = next(n for n in (1, 2, 5, 10, 20, 50, 100, 10**9) if count / n <= 12)
    return Timeline(
        panels,
        bars,
        _BARS_PX,
        tuple((tick, round(_BARS_PX * (1 - tick / top), 1)) for tick in ticks(top, 3)[1:]),
        regions,
        _column(peak, peak, count, "") if steps else None,
        tuple((step["index"], _middle(step["index"], count)) for step in steps[::every]),
        _STEP_PX * count,
        tuple(one for one in _LEGEND if kinds.intersection(one[0])),
    )


def instructions(step: dict[str, Any]) -> int:
    """The executed instructions of a step where they were counted, else the predicted ones."""
    counted = step["instructions"]
    return int(step["instructions_predicted"] if counted is None else counted)


def _panels(report: dict[str, Any], count: int) -> Iterator[Panel]:
    """One for every memory with an arena; the largest is the highest."""
    sram = report["memory"]["sram"]
    buffers = list(enumerate(report["buffers"]))
    regions = dict.fromkeys(one["region"] for _, one in buffers)
    sizes = {one["name"]: one["arena"] for one in report["memory"]["memories"]}
    largest = max((sizes.get(region) or sram["arena"] for region in regions), default=sram["arena"])
    for region in regions:
        held = [(index, one) for index, one in buffers if one["region"] == region]
        reach = max(one["offset"] + one["bytes"] for _, one in held)
        size = max(1, reach, sizes.get(region) or (sram["arena"] if len(regions) == 1 else 0))
        height = max(_LEAST_PX, round(_MAP_PX * size / max(1, largest)))
        columns = {index: life(one, report["steps"]) for index, one in held}
        blocks = [_block(index, one, columns[index], count, size, height) for index, one in held]
        overlaps = _overlaps(held, columns, count, size, height)
        marks = tuple((tick, round(height * (1 - tick / size), 1)) for tick in ticks(size))
        name = region if len(regions) > 1 else ""
        # Small rectangles last: they lie on top of what they share bytes with.
        blocks.sort(key=lambda block: -block.width * block.height)
        yield Panel(name, size, height, tuple(blocks), tuple(overlaps), marks)


def life(buffer: dict[str, Any], steps: list[dict[str, Any]]) -> tuple[int, int]:
    """The columns of a buffer; what is needed for a few turns of a region has those of its steps.

    Such buffers live as long as their region, in bytes that others use in between.
    """
    first, last = buffer["first_step"], buffer["last_step"]
    if not buffer["brief"]:
        return first, last
    if isinstance(buffer["scratch_of"], int):
        return buffer["scratch_of"], buffer["scratch_of"]
    makers = {s["index"] for s in steps[first : last + 1] if s["tensor"] in buffer["tensors"]}
    users = {s["index"] for s in steps[first : last + 1] if makers.intersection(s["reads"])}
    touched = makers | users or {first}
    return min(touched), max(touched)


def _block(
    index: int,
    buffer: dict[str, Any],
    life: tuple[int, int],
    count: int,
    size: int,
    height: int,
) -> Block:
    box = _box(life, buffer["offset"], buffer["bytes"], count, size, height)
    room = round((box[1] / 100 * _USUAL_PX - 12) / _LETTER_PX)
    name = "scratch" if buffer["kind"] == "scratch" else short(buffer["name"], room)
    label = name if box[3] >= _LABEL_PX and room >= 10 else ""
    return Block(index, buffer["kind"], *box, label)


def _box(
    life: tuple[int, int], offset: int, size: int, count: int, whole: int, height: int
) -> tuple[float, float, float, float]:
    """Left, width, top and height of bytes over columns; address 0 is at the bottom."""
    tall = max(2.0, height * size / whole)
    top = min(height - tall, height * (1 - (offset + size) / whole))
    left, width = percent(life[0], count), percent(life[1] + 1 - life[0], count)
    return left, width, round(top, 1), round(tall, 1)


def _overlaps(
    held: list[tuple[int, dict[str, Any]]],
    columns: dict[int, tuple[int, int]],
    count: int,
    size: int,
    height: int,
) -> Iterator[Block]:
    """Where two buffers have the same bytes at the same time: one grows as the other dies."""
    for position, (index, one) in enumerate(held):
        for other_index, other in held[position + 1 :]:
            low = max(one["offset"], other["offset"])
            high = min(one["offset"] + one["bytes"], other["offset"] + other["bytes"])
            (first, last), (start, end) = columns[index], columns[other_index]
            if low < high and max(first, start) <= min(last, end):
                life = (max(first, start), min(last, end))
                if not (one["brief"] and other["brief"]):
                    box = _box(life, low, high - low, count, size, height)
                    yield Block(index, "overlap", *box)


def _bar(step: dict[str, Any], count: int, top: int) -> Block:
    value, gap = instructions(step), 0.1
    tall = max(1.0, _BARS_PX * value / top) if top and value else 0.0
    left, width = percent(step["index"] + gap, count), percent(1 - 2 * gap, count)
    return Block(step["index"], "bar", left, width, round(_BARS_PX - tall, 1), round(tall, 1))


def _column(first: int, last: int, count: int, label: str) -> Block:
    left, width = percent(first, count), percent(last + 1 - first, count)
    return Block(first, "", left, width, 0, 0, label)


def _middle(index: int, count: int) -> float:
    return percent(index + 0.5, count)
