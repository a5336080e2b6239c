"""The best order: against brute force, on branched and wild networks, and its ties."""

import time

import pytest
from hypothesis import given, settings
from networks import Net, branches, layers, networks, no_scratch, residual, uneven_scratch, wild

from tinycc import ops
from tinycc.memory.place import plan
from tinycc.ops.op import Alias
from tinycc.schedule.order import best_order


def peak(graph, alignment=1, scratch=no_scratch):
    """The largest number of live bytes at a step, as the planner counts them."""
    return plan(layers(graph, scratch), alignment).lower_bound


def is_executable(graph):
    """Every node's run-time inputs are made before it."""
    made = {*graph.inputs, *(name for name, t in graph.tensors.items() if t.is_constant)}
    for node in graph.nodes:
        if not made.issuperset(node.inputs):
            return False
        made.add(node.output)
    return True


def smallest_peak(graph, scratch):
    """By trying all orders; written for clarity, from the definition of a peak."""
    base = {name: name for name in graph.tensors}
    for node in graph.nodes:
        if ops.get(node.op).alias is Alias.VIEW:
            base[node.output] = base[node.inputs[0]]
    steps = [n for n in graph.nodes if ops.get(n.op).alias is not Alias.VIEW]
    size = {n: t.type.bytes for n, t in graph.tensors.items() if not t.is_constant}
    kept = {base[name] for name in graph.outputs}

    def reads(node):
        return {base[name] for name in node.inputs if base[name] in size}

    def worst(live, left):
        if not left:
            return 0
        made = {node.output for node in left}
        return min(one(live, left, n) for n in left if not reads(n) & made)

    def one(live, left, node):
        rest = [other for other in left if other is not node]
        needed = kept.union(*(reads(other) for other in rest))
        shape = graph.tensors[node.output].type.shape
        in_place = ops.get(node.op).alias is Alias.IN_PLACE and any(
            base[name] not in needed and graph.tensors[name].type.shape == shape
            for name in node.inputs
        ) and all(
            size[name] != size[node.output] or graph.tensors[name].type.shape == shape
            for name in node.inputs
        )  # fmt: skip
        during = sum(size[name] for name in live) + scratch(node)
        during += 0 if in_place else size[node.output]
        after = {name for name in live | {node.output} if name in needed}
        return max(during, worst(after, rest))

    start = {base[name] for name in graph.inputs}
    return max(sum(size[name] for name in start), worst(start, steps))


@given(networks(most_nodes=7))
@settings(max_examples=200, deadline=None)
def test_no_order_of_a_small_network_has_a_smaller_peak(graph):
    ordered, notes = best_order(graph, 1, uneven_scratch)
    assert notes == ()
    assert is_executable(ordered)
    assert sorted(node.name for node in ordered.nodes) == sorted(node.name for node in graph.nodes)
    assert peak(ordered, 1, uneven_scratch) == smallest_peak(graph, uneven_scratch)


@given(networks(most_nodes=8))
@settings(max_examples=60, deadline=None)
def test_scratch_and_alignment_count(graph):
    ordered, _ = best_order(graph, 8, uneven_scratch)
    assert peak(ordered, 8, uneven_scratch) <= peak(graph, 8, uneven_scratch)
    again, _ = best_order(ordered, 8, uneven_scratch)
    assert again is ordered


def test_branches_are_run_one_after_the_other():
    graph = branches(4, 3)
    ordered, notes = best_order(graph, 1)
    assert notes == ()
    assert peak(graph) == 4 * 128 + 128 and peak(ordered) == 32 + 128 + 128 + 16


def test_a_graph_in_a_best_order_is_returned_as_it_is():
    graph = residual(3)
    assert best_order(graph, 4) == (graph, ())
    assert best_order(graph, 4)[0] is graph


def test_views_follow_what_they_view():
    net = Net()
    x = net.input(1, 4, 4, 2)
    a, b = net.conv(x, 32, name="a"), net.conv(x, 32, name="b")
    flat_a, flat_b = net.view(a, 1, 1, 16, 32, name="va"), net.view(b, 1, 1, 16, 32, name="vb")
    graph = net.graph(net.conv(flat_a, 1, name="ya"), net.conv(flat_b, 1, name="yb"))
    ordered, _ = best_order(graph, 1)
    assert [node.name for node in ordered.nodes] == ["a", "va", "ya", "b", "vb", "yb"]


@pytest.mark.parametrize("nodes", [0, 1])
def test_tiny_graphs_are_left_alone(nodes):
    net = Net()
    x = net.input(1, 2, 2, 2)
    net.input(1, 3, name="unread")
    graph = net.graph(net.conv(x, 1) if nodes else x)
    assert best_order(graph, 4)[0] is graph


def test_networks_of_150_nodes_take_a_few_seconds():
    start = time.process_time()
    for graph in (residual(37), branches(15, 10), branches(50, 2)):
        _, notes = best_order(graph, 4)
        assert notes == ()
    assert time.process_time() - start < 4


def test_a_capped_search_says_so_and_is_still_valid():
    graph = wild(seed=3, count=12, reach=6)
    exact, notes = best_order(graph, 1)
    assert notes == ()
    capped, notes = best_order(graph, 1, max_states=10)
    assert is_executable(capped)
    assert peak(exact) <= peak(capped) <= peak(graph)
    assert "stopped after 10 states" in notes[0]


def test_results_are_reproducible():
    graph = wild(seed=5, count=12, reach=6)
    orders = [[n.name for n in best_order(graph, 1)[0].nodes] for _ in range(2)]
    assert orders[0] == orders[1]
