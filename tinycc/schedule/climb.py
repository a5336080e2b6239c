"""Other orders of the steps: the best one layer by layer is not always the best one to roll.

`order` finds the order with the lowest peak of whole tensors. Which steps may take turns, and what
lives across a region, depends on the order too. From there one step at a time is moved; real
networks have few orders, most of them only one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import replace

from tinycc.ir.rewrite import topological
from tinycc.schedule.model import Schedule

Order = tuple[int, ...]

MOST_TRIED = 80
"""Orders looked at: 400 random graphs of up to 8 steps then end at most 5 % above the best of all
their orders (tests/schedule/test_brute_force.py)."""

MOST_WORK = 60_000
"""Orders times cubed steps: rolling out every region of an order takes about that long."""

PLACED = 4
"""Orders that are placed: gaps may keep the best of them from being placed in its peak."""


def best_orders(layers: Schedule, peak: Callable[[Schedule], int]) -> list[Schedule]:
    """The schedule with its steps in the best orders found, the lowest peak first.

    `peak` says how many bytes an order needs. Best first: of all orders whose neighbours were not
    looked at yet, the one with the lowest peak is next, so a hill or a plateau does not end the
    search. The order of the schedule itself comes first among equals.
    """
    count = len(layers.steps)
    most = min(MOST_TRIED, MOST_WORK // max(1, count**3))
    needs = _needs(layers)
    own = tuple(range(count))
    if most < 2 or not _has_choice(needs):
        return [layers]
    seen = {own: peak(layers)}
    open_orders = [(seen[own], 0, own)]
    while open_orders and len(seen) < most:
        _, _, order = heapq.heappop(open_orders)
        for moved in _moves(order, needs):
            if moved not in seen and len(seen) < most:
                seen[moved] = peak(reordered(layers, moved))
                heapq.heappush(open_orders, (seen[moved], len(seen), moved))
    lowest = sorted(seen, key=lambda order: seen[order])[:PLACED]
    return [layers if order == own else reordered(layers, order) for order in lowest]


def reordered(layers: Schedule, order: Order) -> Schedule:
    """A layer schedule with its steps in another order, which must respect what each step reads."""
    steps = [layers.steps[index] for index in order]
    running = [step.node for step in steps]
    outputs = {node.output for node in running}
    resting = [node for node in layers.graph.nodes if node.output not in outputs]
    graph = replace(layers.graph, nodes=tuple(topological([*resting, *running])))
    numbered = tuple(replace(step, index=index) for index, step in enumerate(steps))
    return replace(layers, graph=graph, steps=numbered)


def _needs(layers: Schedule) -> list[frozenset[int]]:
    """Per step those that must run before it, directly or behind views."""
    numbers = {step.node.output: step.index for step in layers.steps}
    makers: dict[str, frozenset[int]] = {}
    needs = [frozenset[int]()] * len(numbers)
    for node in layers.graph.nodes:
        before = frozenset().union(*(makers.get(name, frozenset()) for name in node.inputs))
        number = numbers.get(node.output)
        makers[node.output] = before if number is None else frozenset({number})
        if number is not None:
            needs[number] = before
    return needs


def _has_choice(needs: list[frozenset[int]]) -> bool:
    return any(index - 1 not in before for index, before in enumerate(needs) if index)


def _moves(order: Order, needs: list[frozenset[int]]) -> Iterator[Order]:
    """The orders in which one step stands elsewhere, and after all that it needs."""
    place = {step: position for position, step in enumerate(order)}
    for position, step in enumerate(order):
        rest = order[:position] + order[position + 1 :]
        first = max((place[before] + 1 for before in needs[step]), default=0)
        readers = (place[s] for s in order if step in needs[s])
        last = min(readers, default=len(order)) - 1
        for target in range(first, last + 1):
            if target != position:
                yield (*rest[:target], step, *rest[target:])
