"""Copies in slow memory of tensors that wait, where a plan with them costs less, or fits at all."""

from __future__ import annotations

from tinycc.memory.choose import Limits, choose, penalty
from tinycc.memory.plan import Plan
from tinycc.memory.traffic import traffic
from tinycc.schedule.cost import step_costs
from tinycc.schedule.front import Front
from tinycc.schedule.spill import Wait, waits, with_copy
from tinycc.target import CostTable, Target

MOST_COPIES = 2
MOST_TRIED = 2  # of each; every one is planned

Price = tuple[bool, float]
"""Whether a plan does not fit, then instructions and slow accesses: less is better."""


def with_copies(best: Plan, front: Front, target: Target, limits: Limits) -> tuple[Plan, Front]:
    """The plan and its front, or those of the same steps with copies."""
    for _ in range(MOST_COPIES if penalty(best) else 0):
        tried = [(best, front)]
        for wait in _slow_waits(best, front)[:MOST_TRIED]:
            other = Front(with_copy(front.layers, wait, target), target, front.recompute)
            tried.append((choose(other, limits), other))
        cheapest = min(tried, key=lambda one: _price(one[0], limits, target.cost))
        if cheapest[0] is best:
            break
        best, front = cheapest
    return best, front


def _slow_waits(placed: Plan, front: Front) -> list[Wait]:
    """Tensors in slow memory that wait, those first that are used most before it.

    Only where that is more than the copy itself reads and writes.
    """
    slow = {arena.memory for arena in placed.arenas if arena.price > 1}
    tensors, counted = front.layers.graph.tensors, traffic(placed.schedule)
    saved: dict[Wait, int] = {}
    for wait in waits(front.layers):
        if wait.tensor not in placed.home or placed.home[wait.tensor].region not in slow:
            continue
        early = sum(
            count
            for (name, step), count in counted.items()
            if name == wait.tensor and step <= wait.last
        )
        saved[wait] = early - 2 * tensors[wait.tensor].type.bytes
    useful = (wait for wait, less in saved.items() if less > 0)
    return sorted(useful, key=lambda wait: (-saved[wait], wait.tensor))


def _price(placed: Plan, limits: Limits, costs: CostTable) -> Price:
    return not limits.allow(placed), sum(step_costs(placed.schedule, costs)) + penalty(placed)
