"""The chosen arena against the best of all orders and regions of small branched networks."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest
from branched_networks import branched

from tinycc.memory.place import plan
from tinycc.pipeline import Compiled, Options, compile_model
from tinycc.schedule.climb import reordered
from tinycc.schedule.front import Front
from tinycc.schedule.layers import layer_schedule
from tinycc.schedule.model import Schedule
from tinycc.schedule.order import is_view

MOST_STEPS, MOST_ORDERS, PLACED = 8, 3_000, 8
OVER = 1.05


def _compiled(seed: int) -> Compiled:
    with tempfile.TemporaryDirectory() as folder:
        path = branched(seed).save(Path(folder))
        return compile_model(path, Options(target="cortex-m4", optimize="ram"))


def _orders(layers: Schedule) -> Iterator[tuple[int, ...]]:
    """All orders, found by networkx from the graph alone."""
    graph, readers = layers.graph, nx.DiGraph()
    readers.add_nodes_from(range(len(layers.steps)))
    numbers = {step.node.output: step.index for step in layers.steps}
    behind: dict[str, set[int]] = {}
    for node in graph.nodes:
        before = set().union(*(behind.get(name, set()) for name in node.inputs))
        if is_view(node) or node.output in layers.joined:
            behind[node.output] = before
        else:
            behind[node.output] = {numbers[node.output]}
            readers.add_edges_from((one, numbers[node.output]) for one in before)
    return itertools.islice(nx.all_topological_sorts(readers), MOST_ORDERS)


def _best(compiled: Compiled) -> int:
    """The smallest arena over all orders: regions of each by the exact search over cuts.

    With the instructions that `ram` may cost, for any order.
    """
    target = compiled.target
    layers = layer_schedule(compiled.graph, target, False)
    fronts = [Front(reordered(layers, order), target) for order in _orders(layers)]
    fronts.sort(key=lambda front: front.choose("ram").bytes)
    chosen = ((front, front.choose("ram")) for front in fronts[:PLACED])
    plans = (plan(front.schedule(point), target.alignment) for front, point in chosen)
    return min(one.arena_bytes for one in plans)


def _check(seed: int) -> bool:
    compiled = _compiled(seed)
    if len(compiled.plan.schedule.steps) > MOST_STEPS:
        return False
    best = _best(compiled)
    assert compiled.plan.arena_bytes <= OVER * best, f"seed {seed}: best {best}"
    return True


def test_the_arena_is_near_the_best_of_all_orders() -> None:
    assert sum(_check(seed) for seed in range(12)) >= 5


@pytest.mark.slow
def test_the_arena_is_near_the_best_of_all_orders_of_200_networks() -> None:
    assert sum(_check(seed) for seed in range(420)) >= 200
