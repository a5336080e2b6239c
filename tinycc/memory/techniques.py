"""What each technique contributes to an arena.

Layer by layer first, then one technique after the other joins those before it. Each stage is the
smallest schedule that adds no more instructions than the one that was chosen, and it is placed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tinycc.memory.place import plan
from tinycc.memory.plan import Plan
from tinycc.schedule.cost import step_costs
from tinycc.schedule.front import Front
from tinycc.schedule.regions import Candidate
from tinycc.target import CostTable


@dataclass(frozen=True)
class Stage:
    """A technique, and the arena with it and all before it.

    `layers`: every step on its own in its fastest form, no two tensors share bytes (what the worst
    step needs; pushed rows are collected). `overlap`: a dying input lies under the output, or is
    it. `regions`: steps take turns, rows in rings. `kernels`: slower kernels of less scratch and
    fewer rows per call where it matters. `recompute`: strips of columns, blocks that run twice.
    """

    technique: str
    arena: int


def _fastest(one: Candidate) -> bool:
    return one.region.strips == 1 and not any(one.region.variants)


_STAGES: tuple[tuple[str, Callable[[Candidate], bool]], ...] = (
    ("overlap", lambda one: _fastest(one) and not one.region.rolls),
    ("regions", _fastest),
    ("kernels", lambda one: one.region.strips == 1),
)


def stages(front: Front, chosen: Plan, costs: CostTable) -> tuple[Stage, ...]:
    """The stages up to a plan, which is the last one.

    Those that no schedule is left for are not there. More techniques may be placed worse: then the
    arena of the stage before stands.
    """
    last = "kernels" if chosen.schedule.source is None else "recompute"
    found: list[Stage] = []
    for technique, arena in _arenas(front, chosen, costs, last):
        found.append(Stage(technique, min(arena, found[-1].arena) if found else arena))
    return (*found, Stage(last, chosen.arena_bytes))


def _arenas(front: Front, chosen: Plan, costs: CostTable, last: str) -> Iterator[tuple[str, int]]:
    layers = front.orders[0]
    yield "layers", max(map(layers.candidates.apart, range(len(layers.layers.steps))), default=0)
    extra = round(sum(step_costs(chosen.schedule, costs)) - front.instructions)
    for technique, allowed in _STAGES:
        if technique == last:
            return
        point = front.smallest(extra, allowed)
        if point is not None:
            yield technique, plan(front.schedule(point), chosen.alignment).arena_bytes
