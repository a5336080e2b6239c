"""What a region needs for a few turns at a time: single rows and scratch share one area."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.schedule.model import Step
from tinycc.schedule.order import aligned
from tinycc.schedule.rolling import Play


@dataclass(frozen=True)
class Brief:
    """Bytes of a region that are live at some turns only."""

    name: str
    bytes: int
    live: np.ndarray


def place_brief(items: Sequence[Brief]) -> tuple[dict[str, int], int]:
    """Offsets of brief items in an area of their own, and its bytes: first fit, largest first."""
    placed: list[tuple[Brief, int]] = []
    for item in sorted(items, key=lambda item: (-item.bytes, item.name)):
        others = [(o, at) for o, at in placed if bool((o.live & item.live).any())]
        spots = sorted({0, *(at + other.bytes for other, at in others)})
        spot = next(
            spot
            for spot in spots
            if all(spot + item.bytes <= at or at + o.bytes <= spot for o, at in others)
        )
        placed.append((item, spot))
    size = max((at + item.bytes for item, at in placed), default=0)
    return {item.name: at for item, at in placed}, size


def inside(
    played: Play,
    steps: Sequence[Step],
    kept: tuple[Mapping[str, int], Mapping[str, str]],
    ring_bytes: Callable[[str, int], int],
    alignment: int,
    scratch: bool = True,
) -> tuple[int, list[Brief]]:
    """Bytes that live as long as steps take turns, and those that live for a few turns only.

    `kept`: a region's rings and shared; `ring_bytes`: of so many rows of a tensor; `scratch`:
    that of kernels too.
    """
    rings, shared = kept
    lasting, brief = 0, []
    for position, step in enumerate(steps):
        name, size = step.node.output, aligned(step.scratch_bytes, alignment)
        if played.steps[position].accumulates:
            lasting += size
        elif size and scratch:
            brief.append(Brief(f"{name}.scratch", size, played.busy[position]))
        if name not in rings or name in shared:
            continue
        ring = ring_bytes(name, rings[name])
        if is_brief(name, rings, shared):
            live = played.held[position]
            for other, row in enumerate(played.steps[: len(steps)]):
                if shared.get(row.output) == name:
                    live = live | played.held[other]
            brief.append(Brief(name, ring, live))
        else:
            lasting += ring
    return lasting, brief


def is_brief(name: str, rings: Mapping[str, int], shared: Mapping[str, str]) -> bool:
    """True for a ring of one row: it is needed only for a few turns at a time."""
    return rings[name] == 1 and name not in shared
