"""The choices between the smallest arena and the fewest instructions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinycc.report.text import ticks

_HEIGHT, _MARGIN = 220, 14


@dataclass(frozen=True)
class Choice:
    """A schedule that could be had: a point of the drawing (left in per cent, top in px)."""

    bytes: int
    extra: int
    extra_percent: float
    macs: int
    left: float
    top: float


@dataclass(frozen=True)
class Front:
    """All choices, the fastest first; `taken`: where the arena of this build lies."""

    choices: tuple[Choice, ...]
    height: int
    across: tuple[tuple[int, float], ...]
    up: tuple[tuple[str, float], ...]
    taken: float
    budget: float | None


def front(report: dict[str, Any]) -> Front | None:
    """The drawing; None where there is no choice."""
    points = report["front"]
    if len(points) < 2:
        return None
    arena = report["memory"]["sram"]["arena"]
    base = max(1, report["compute"]["instructions_predicted"])
    widest: float = 1.06 * max(arena, *(point["bytes"] for point in points))
    # The scale runs to 0: how much smaller one choice is than another is to be seen.
    highest: float = max(1.0, *(100 * point["extra_instructions"] / base for point in points))

    def left(size: float) -> float:
        return round(100 * size / widest, 3)

    def top(percent: float) -> float:
        return round(_HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * percent / highest, 1)

    choices = []
    for point in points:
        extra = 100 * point["extra_instructions"] / base
        place = (left(point["bytes"]), top(extra))
        choices.append(
            Choice(point["bytes"], point["extra_instructions"], extra, point["extra_macs"], *place)
        )
    budget = report["memory"]["budgets"]["sram"]
    return Front(
        tuple(choices),
        _HEIGHT,
        tuple((tick, left(tick)) for tick in ticks(widest)),
        tuple((f"{tick} %", top(tick)) for tick in ticks(highest, 4)),
        left(arena),
        left(budget) if budget is not None and budget <= widest else None,
    )
