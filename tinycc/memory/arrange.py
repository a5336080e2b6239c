"""Which schedule is taken, and where its buffers lie: orders, regions and placement together."""

from __future__ import annotations

from dataclasses import dataclass

from tinycc.ir.graph import Graph
from tinycc.memory.assign import Room
from tinycc.memory.choose import Limits, choose
from tinycc.memory.copies import with_copies
from tinycc.memory.plan import Plan
from tinycc.schedule.climb import best_orders
from tinycc.schedule.front import Front
from tinycc.schedule.inputs import outside, with_reason
from tinycc.schedule.layers import layer_schedule
from tinycc.schedule.model import Schedule
from tinycc.target import Target

STACK_ROOM = 768  # bytes of a RAM budget that the arena leaves to the stack: 250 to 710 measured


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


def budget(arena_bytes: int, target: Target) -> int:
    """The RAM budget that allows an arena of this size."""
    return arena_bytes + target.pointer_bytes + STACK_ROOM


def arranged(graph: Graph, target: Target, goal: Goal) -> tuple[Plan, Front]:
    """The graph's steps in order and in regions, a place for every buffer, and the front.

    A RAM budget is met by the cheapest schedule that leaves room for the stack; where none is
    given, the target's memory is one for a schedule that would not fit there. A Concat that is
    written in place runs nothing, but its bytes are taken from its first operand on: where that
    makes the arena larger, and speed is not all that counts, its operands are copied.
    """
    limits = _limits(target, goal)
    joined, front = _arranged(graph, target, goal, limits, join=True)
    enough = (goal.optimize == "speed" or limits.asked) and limits.allow(joined)
    if enough or not joined.schedule.joined:
        return joined, front
    copied, other = _arranged(graph, target, goal, limits, join=False)
    return min((joined, front), (copied, other), key=lambda one: limits.rank(one[0]))


def _arranged(
    graph: Graph, target: Target, goal: Goal, limits: Limits, join: bool
) -> tuple[Plan, Front]:
    """The best plan and the front for one way to treat every Concat."""
    fastest = goal.optimize == "speed"
    elsewhere, pushed = outside(graph, goal.input_memory)
    layers = layer_schedule(graph, target, fastest, join, elsewhere, pushed)
    if pushed and not Front(layers, target).points:  # no region takes pushed rows as they come
        layers = with_reason(layer_schedule(graph, target, fastest, join, pushed=pushed))
    found: list[tuple[Plan, Front]] = []
    for order in [layers] if fastest else best_orders(layers, lambda one: _peak(one, target, goal)):
        front = Front(order, target, goal.recompute)
        best = choose(front, limits)
        best, front = with_copies(best, front, target, limits)
        found.append((best, front))
        if best.arena_bytes <= front.choose(goal.optimize).bytes or best.arenas:
            break
    return min(found, key=lambda one: limits.rank(one[0]))


def _peak(order: Schedule, target: Target, goal: Goal) -> int:
    """What an order of the steps is worth, in bytes."""
    front = Front(order, target)
    return front.choose(goal.optimize).bytes if front.points else 1 << 60


def _limits(target: Target, goal: Goal) -> Limits:
    """What the arenas may take of the target's memories, and of a budget."""
    rooms = _rooms(target)
    limit = rooms[0].bytes if len(rooms) == 1 else None
    if goal.ram is not None:
        asked = goal.ram - budget(0, target)
        limit = asked if limit is None else min(asked, limit)
    return Limits(goal.optimize, target.alignment, limit, goal.ram is not None, rooms)


def _rooms(target: Target) -> tuple[Room, ...]:
    """What arenas may take of each memory; stack and variables lie in the first."""
    firmware = [STACK_ROOM + len(target.rams) * target.pointer_bytes] + [0] * len(target.rams)
    return tuple(
        Room(ram.name, max(0, ram.bytes - ram.reserved - less), ram.cost, ram.linker_section)
        for ram, less in zip(target.rams, firmware, strict=False)
    )
