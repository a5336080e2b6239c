"""A bar for each memory: what is in it, against what the target or a budget has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tinycc.report.text import percent

FITS, TOO_LARGE, UNKNOWN = "fits", "too large", "unknown"


@dataclass(frozen=True)
class Part:
    """Bytes of one kind in a memory; width in per cent of the bar."""

    label: str
    kind: str
    bytes: int
    width: float


@dataclass(frozen=True)
class Bar:
    """A memory. `capacity`: its size, or None where a target names none; `limit`: who says so."""

    name: str
    used: int
    capacity: int | None
    limit: str
    parts: tuple[Part, ...]

    @property
    def state(self) -> str:
        """Whether it fits, as far as sizes are known."""
        if self.capacity is None:
            return UNKNOWN
        return FITS if self.used <= self.capacity else TOO_LARGE

    @property
    def share(self) -> float:
        """The used part of the size in per cent."""
        return percent(self.used, self.capacity) if self.capacity else 0.0

    @property
    def mark(self) -> float:
        """Where the size ends in a bar that is too long for it, in per cent of the bar."""
        return min(100.0, percent(self.capacity or self.used, max(1, self.used)))


def bars(report: dict[str, Any]) -> list[Bar]:
    """SRAM (each memory of it), then flash."""
    return [*_srams(report), _flash(report)]


def verdict(report: dict[str, Any]) -> str:
    """Whether all of it fits; unknown where no size is."""
    states = [bar.state for bar in bars(report)]
    if TOO_LARGE in states:
        return TOO_LARGE
    return FITS if FITS in states else UNKNOWN


def _srams(report: dict[str, Any]) -> Iterator[Bar]:
    memory, budget = report["memory"], report["memory"]["budgets"]["sram"]
    sram, memories = memory["sram"], memory["memories"]
    rest = [("stack", "stack", sram["stack"]), ("static", "static", sram["static"])]
    rest.append(("state", "static", sram["state"]))
    if not memories or budget is not None:
        parts = [("arena", "arena", sram["arena"]), *rest]
        yield _bar("SRAM", parts, budget, "--ram" if budget is not None else "")
    for index, one in enumerate(memories):
        parts = [("arena", "arena", one["arena"]), *(rest if index == 0 else [])]
        parts.append(("reserved for the firmware", "reserved", one["reserved"]))
        name = "SRAM" if len(memories) == 1 or one["name"] == "sram" else f"SRAM {one['name']}"
        yield _bar(name, parts, one["bytes"], report["target"]["name"])


def _flash(report: dict[str, Any]) -> Bar:
    memory, flash = report["memory"], report["memory"]["flash"]
    budget = memory["budgets"]["flash"]
    code = flash["code_estimate"] if flash["code"] is None else flash["code"]
    label = "code (estimated)" if flash["code"] is None else "code"
    parts = [("weights", "weights", flash["weights"]), (label, "code", code)]
    limit = flash["available"] if budget is None else budget
    who = report["target"]["name"] if budget is None else "--flash"
    return _bar("Flash", parts, limit, who if limit is not None else "")


def _bar(
    name: str, parts: list[tuple[str, str, int | None]], capacity: int | None, limit: str
) -> Bar:
    known = [(label, kind, size) for label, kind, size in parts if size]
    used = sum(size for _, _, size in known)
    whole = max(1, used, capacity or 0)
    shown = (Part(label, kind, size, percent(size, whole)) for label, kind, size in known)
    return Bar(name, used, capacity, limit, tuple(shown))
