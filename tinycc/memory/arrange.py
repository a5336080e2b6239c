"""Which schedule is taken, and where its buffers lie: orders, regions and placement together."""

from __future__ import annotations

from dataclasses import dataclass

from tinycc.ir.graph import Graph
from tinycc.memory.place import plan
from tinycc.memory.plan import Plan
from tinycc.schedule.climb import best_orders
from tinycc.schedule.front import Front, Point
from tinycc.schedule.inputs import outside, with_reason
from tinycc.schedule.layers import layer_schedule
from tinycc.schedule.model import Schedule
from tinycc.target import Target

ALTERNATIVES = 3  # cheaper points of the front that may be placed in fewer bytes than a smaller one
STACK_ROOM = 640  # bytes of a RAM budget that the arena leaves to the stack: 300 to 560 measured


@dataclass(frozen=True)
class Goal:
    """What a schedule is to be good at.

    `optimize`: ram, balanced or speed. `ram`: a budget in bytes. `input_memory`: arena, pushed or
    external. `recompute`: multiply-accumulates that may be executed, over those of the network.
    """

    optimize: str = "balanced"
    ram: int | None = None
    input_memory: str = "arena"
    recompute: float = 1.0


def arranged(graph: Graph, target: Target, goal: Goal) -> tuple[Plan, tuple[Point, ...]]:
    """The graph's steps in order and in regions, a place for every buffer, and the front.

    A RAM budget is met by the cheapest schedule that leaves room for the stack; where none is
    given, the target's memory is one for a schedule that would not fit there. A Concat that is
    written in place runs nothing, but its bytes are taken from its first operand on: where that
    makes the arena larger, and speed is not all that counts, its operands are copied.
    """
    limit = _arena_limit(target, goal)
    joined = _arranged(graph, target, goal, limit, join=True)
    enough = goal.optimize == "speed" or goal.ram is not None
    if limit is not None:
        enough = enough and joined[0].arena_bytes <= limit
    if enough or not joined[0].schedule.joined:
        return joined
    copied = _arranged(graph, target, goal, limit, join=False)
    return min(joined, copied, key=lambda one: one[0].arena_bytes)


def _arranged(
    graph: Graph, target: Target, goal: Goal, limit: int | None, join: bool
) -> tuple[Plan, tuple[Point, ...]]:
    """The best plan and the front for one way to treat every Concat."""
    fastest = goal.optimize == "speed"
    elsewhere, pushed = outside(graph, goal.input_memory)
    layers = layer_schedule(graph, target, fastest, join, elsewhere, pushed)
    if not Front(layers, target).points:  # no region can take pushed rows as they come
        layers = with_reason(layer_schedule(graph, target, fastest, join, pushed=pushed))
    found: list[tuple[Plan, tuple[Point, ...]]] = []
    for order in [layers] if fastest else best_orders(layers, lambda one: _peak(one, target, goal)):
        front = Front(order, target, goal.recompute)
        best = _best(front, target, goal)
        if limit is not None and (goal.ram is not None or best.arena_bytes > limit):
            best = _cheapest(front, target, limit)
        found.append((best, front.points))
        if best.arena_bytes <= front.choose(goal.optimize).bytes:
            break
    return min(found, key=lambda one: one[0].arena_bytes)


def _peak(order: Schedule, target: Target, goal: Goal) -> int:
    """What an order of the steps is worth, in bytes."""
    front = Front(order, target)
    return front.choose(goal.optimize).bytes if front.points else 1 << 60


def _arena_limit(target: Target, goal: Goal) -> int | None:
    """The bytes that are left to the arena; None where nobody has set a limit."""
    ram = target.sram_bytes if goal.ram is None else goal.ram
    return None if ram is None else ram - target.pointer_bytes - STACK_ROOM


def _best(front: Front, target: Target, goal: Goal) -> Plan:
    """The plan for what the compilation is to optimise."""
    chosen = front.points.index(front.choose(goal.optimize))
    least = chosen if goal.optimize == "speed" else max(0, chosen - ALTERNATIVES + 1)
    tried = range(least, chosen + 1)
    plans = [plan(front.schedule(front.points[i]), target.alignment) for i in tried]
    return min(plans, key=lambda one: one.arena_bytes)


def _cheapest(front: Front, target: Target, limit: int) -> Plan:
    """The first plan from the cheapest schedule on that meets a limit, else the smallest."""
    plans: list[Plan] = []
    for point in front.points:
        if point.bytes <= limit or point is front.points[-1]:
            plans.append(plan(front.schedule(point), target.alignment))
            if plans[-1].arena_bytes <= limit:
                return plans[-1]
    return min(plans, key=lambda one: one.arena_bytes)
