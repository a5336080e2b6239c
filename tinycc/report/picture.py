"""The memory map over time in characters: a row for a band of bytes, a column for a step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from tinycc.report.page.timeline import life

_ROWS = 8
_GUTTER = 9  # for the bytes at the left
FREE, SCRATCH = ".", "+"


@dataclass(frozen=True)
class _Strip:
    """Bytes `start` .. `end` during steps `first` .. `last`, and their character."""

    start: int
    end: int
    first: int
    last: int
    mark: str


def picture(report: dict[str, Any], width: int = 80) -> list[str]:
    """Lines of at most `width` characters; none where there is nothing to see.

    Buffers are letters, rings of rows capital ones. Where many steps share a
    column, it shows the one with the most bytes live.
    """
    steps, buffers = report["steps"], report["buffers"]
    regions = list(dict.fromkeys(one["region"] for one in buffers))
    columns = _columns(steps, width - _GUTTER - 2)
    if not columns or not regions:
        return []
    marks = _marks(buffers)
    lines = []
    for region in regions:
        held = [
            _Strip(one["offset"], one["offset"] + one["bytes"], *life(one, steps), mark)
            for one, mark in zip(buffers, marks, strict=True)
            if one["region"] == region
        ]
        if len(regions) > 1:
            lines.append(f"{region}:")
        lines += _panel(held, columns)
    return [*lines, *_axis(columns, report["memory"]["sram"]["peak_step"])]


def legend(report: dict[str, Any]) -> str:
    """What the characters of the picture stand for, those that can be in it."""
    kinds = {one["kind"] for one in report["buffers"]}
    parts = ["a-z buffers"] if kinds - {"ring", "scratch"} else []
    parts += ["A-Z rings of rows"] if "ring" in kinds else []
    parts += [f"{SCRATCH} scratch"] if "scratch" in kinds else []
    return ", ".join([*parts, f"{FREE} free", "^ peak"])


def _columns(steps: list[dict[str, Any]], room: int) -> list[int]:
    """The step that each character of a row shows."""
    if not steps or room < len("^"):
        return []
    if len(steps) <= room:
        each = min(6, room // len(steps))
        return [step["index"] for step in steps for _ in range(each)]
    edges = [round(i * len(steps) / room) for i in range(room + 1)]
    live = [step["sram_live"] for step in steps]
    return [max(range(a, b), key=live.__getitem__) for a, b in pairwise(edges)]


def _marks(buffers: list[dict[str, Any]]) -> list[str]:
    """The character of every buffer."""
    marks, small, capital = [], 0, 0
    for one in buffers:
        if one["kind"] == "scratch":
            marks.append(SCRATCH)
        elif one["kind"] == "ring":
            marks.append(ascii_uppercase[capital % 26])
            capital += 1
        else:
            marks.append(ascii_lowercase[small % 26])
            small += 1
    return marks


def _panel(held: list[_Strip], columns: list[int]) -> list[str]:
    """The rows of one arena, the highest bytes first."""
    top = max(1, *(strip.end for strip in held))
    rows = min(_ROWS, top)
    lines = []
    for row in reversed(range(rows)):
        low, high = row * top // rows, (row + 1) * top // rows
        shown = {step: _mark(held, step, low, high) for step in set(columns)}
        cells = "".join(shown[step] for step in columns)
        lines.append(f"{high:>{_GUTTER},} |{cells}")
    return lines


def _mark(held: list[_Strip], step: int, low: int, high: int) -> str:
    """The buffer that has most of a band of bytes at a step."""
    found, most = FREE, 0
    for strip in held:
        if strip.first <= step <= strip.last:
            shared = min(high, strip.end) - max(low, strip.start)
            if shared > most:
                found, most = strip.mark, shared
    return found


def _axis(columns: list[int], peak: int) -> list[str]:
    """The first and the last step, and where the arena is fullest."""
    first, last = str(columns[0]), str(columns[-1])
    pointer = columns.index(peak) if peak in columns else None
    line = list(f"{'step':>{_GUTTER}}  {first}".ljust(_GUTTER + 2 + len(columns)))
    if len(columns) > len(first) + len(last) + 1:
        line[-len(last) :] = last
    below = "" if pointer is None else " " * (_GUTTER + 2 + pointer) + "^"
    return ["".join(line).rstrip(), below] if below else ["".join(line).rstrip()]
