"""The small exact reductions: repeated nodes, padding, tables, identities, idle clamps, sums."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from integer_nets import HOST, Net, same_outputs

from tinycc.ir.graph import Graph
from tinycc.ops.add import Add
from tinycc.ops.average_pool2d import AveragePool2d
from tinycc.ops.lookup import Lookup
from tinycc.ops.max_pool2d import MaxPool2d
from tinycc.ops.mul import Mul
from tinycc.ops.numerics import Clamp
from tinycc.ops.pad import Pad
from tinycc.ops.softmax import Softmax
from tinycc.ops.verify import faults
from tinycc.passes.drop_softmax import drop_softmax
from tinycc.passes.fold_pads import fold_pads
from tinycc.passes.reduce.compose_tables import compose_tables
from tinycc.passes.reduce.drop_inactive import drop_inactive
from tinycc.passes.reduce.fold_constants import fold_constants
from tinycc.passes.reduce.limits import limits_of
from tinycc.passes.reduce.mark_sums import largest_sum, mark_sums
from tinycc.passes.reduce.merge_repeated import merge_repeated
from tinycc.passes.reduce.shrink_operands import shrink_operands
from tinycc.target import Target

RNG = np.random.default_rng(2)
AROUND = ((0, 0), (1, 2), (2, 1), (0, 0))


def weights(*shape: int, reach: int = 127) -> np.ndarray:
    return RNG.integers(-reach, reach + 1, shape).astype(np.int8)


def after(one: Callable[[Graph, Target], Graph], net: Net, *outputs: str) -> Graph:
    """The graph after a pass: sound, and the same to the outside."""
    before = net.graph(*outputs)
    graph = one(before, HOST)
    assert faults(graph) == []
    assert same_outputs(before, graph)
    return graph


def operators(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def test_the_same_computation_twice_is_done_once_down_to_the_end() -> None:
    net, w = Net(), weights(3, 3, 3, 2)
    x = net.input((1, 5, 5, 2))
    ends = [net.node("lookup", Lookup("tanh"), [net.conv(x, w)]) for _ in (0, 1)]
    graph = after(merge_repeated, net, net.node("add", Add(), ends, 0.2))
    assert operators(graph) == ["conv2d", "lookup", "add"]


def test_nodes_with_other_weights_or_attributes_are_not_the_same() -> None:
    net, w = Net(), weights(3, 3, 3, 2)
    x = net.input((1, 5, 5, 2))
    ends = [net.conv(x, w), net.conv(x, w + np.int8(1)), net.conv(x, w, clamp=Clamp(0.0, 1.0))]
    sums = net.node("add", Add(), ends[:2], 0.2)
    before = net.graph(net.node("add", Add(), [sums, ends[2]], 0.3))
    assert merge_repeated(before, HOST) is before


def test_two_equal_outputs_of_the_model_stay_two() -> None:
    net, w = Net(), weights(3, 3, 3, 2)
    x = net.input((1, 5, 5, 2))
    before = net.graph(net.conv(x, w), net.conv(x, w))
    assert merge_repeated(before, HOST) is before


def test_zeros_around_an_image_become_padding_of_the_convolution() -> None:
    net = Net()
    padded = net.node("pad", Pad(AROUND), [net.input((1, 5, 5, 2), 3)], zero=3)
    graph = after(fold_pads, net, net.conv(padded, weights(3, 3, 3, 2), pads=(1, 0, 0, 0)))
    assert operators(graph) == ["conv2d"]


@pytest.mark.parametrize("pads", [(0, 0, 0, 0), (1, 1, 0, 0)])
@pytest.mark.parametrize("count", [True, False])
def test_zeros_around_an_average_are_counted(pads: tuple[int, ...], count: bool) -> None:
    net = Net()
    padded = net.node("pad", Pad(AROUND), [net.input((1, 5, 5, 2), 3)], zero=3)
    attrs = AveragePool2d((3, 3), (1, 1), pads, (1, 1), count)  # type: ignore[arg-type]
    graph = after(fold_pads, net, net.node("average_pool2d", attrs, [padded], zero=3))
    stays = any(pads) and not count
    assert operators(graph) == (["pad"] if stays else []) + ["average_pool2d"]


@pytest.mark.parametrize("zero", [-128, 5])
def test_only_the_smallest_value_is_padding_of_a_maximum(zero: int) -> None:
    net = Net()
    padded = net.node("pad", Pad(AROUND), [net.input((1, 5, 5, 2), zero)], zero=zero)
    graph = after(fold_pads, net, net.node("max_pool2d", MaxPool2d((2, 2)), [padded], zero=zero))
    assert operators(graph) == (["max_pool2d"] if zero == -128 else ["pad", "max_pool2d"])


def test_padding_that_is_not_zero_or_that_others_read_stays() -> None:
    net = Net()
    x = net.input((1, 5, 5, 2))
    one = net.node("pad", Pad(AROUND, 1.0), [x])
    read = net.node("pad", Pad(AROUND), [x])
    ends = [net.conv(name, weights(2, 3, 3, 2)) for name in (one, read)]
    before = net.graph(*ends, read)
    assert fold_pads(before, HOST) is before


def test_tables_in_a_row_become_one() -> None:
    net = Net()
    name = net.input((1, 9))
    for function in ("tanh", "square", "sigmoid"):
        name = net.node("lookup", Lookup(function), [name], 0.01)
    graph = after(compose_tables, net, name)
    graph = compose_tables(graph, HOST)
    assert operators(graph) == ["lookup"]
    assert same_outputs(net.graph(name), graph)


def test_a_rectifier_that_is_always_open_disappears() -> None:
    net = Net()
    shut = net.node("lookup", Lookup("sigmoid"), [net.input((1, 9))], 0.01)
    relu = net.node("lookup", Lookup("clamp", (0.0, math.inf)), [shut], 0.01)
    graph = after(drop_inactive, net, net.dense(relu, weights(3, 9)))
    assert operators(graph) == ["lookup", "fully_connected"]


def test_a_clamp_that_never_acts_is_dropped_and_one_that_may_act_stays() -> None:
    net = Net()
    x = net.node("lookup", Lookup("sigmoid"), [net.input((1, 1, 1, 4))], 0.01)
    idle = net.conv(x, np.ones((1, 1, 1, 4)), [0], clamp=Clamp(0.0, 6.0))
    busy = net.conv(x, np.full((1, 1, 1, 4), 127), [0], clamp=Clamp(0.0, 6.0))
    graph = after(drop_inactive, net, idle, busy)
    assert [node.attrs.clamp is None for node in graph.nodes[1:]] == [True, False]  # type: ignore[attr-defined]


@pytest.mark.parametrize("groups", [1, 3])
def test_a_convolution_that_copies_is_dropped(groups: int) -> None:
    net = Net()
    matrix = np.eye(3) if groups == 1 else np.ones((3, 1))
    scale = float(np.float32(0.02))
    w = (50 * matrix).reshape(3, 1, 1, -1)  # 50 * 0.02 is 1, nearly: at most half a step off
    assert abs(50 * scale - 1) < 1e-6
    same = net.conv(net.input((1, 4, 4, 3), 9), w, [0, 0, 0], zero=9, groups=groups)
    graph = after(drop_inactive, net, net.conv(same, weights(2, 1, 1, 3)))
    assert len(graph.nodes) == 1


def test_a_convolution_that_copies_only_some_values_stays() -> None:
    net = Net()
    w = np.array([49, 50, 50]).reshape(3, 1, 1, 1)
    y = net.conv(net.conv(net.input((1, 4, 4, 3)), w, [0, 0, 0], groups=3), weights(2, 1, 1, 3))
    before = net.graph(y)
    assert drop_inactive(before, HOST) is before


def test_sums_are_marked_by_what_they_can_reach() -> None:
    net = Net()
    x = net.input((1, 3, 3, 2))
    small, large = net.conv(x, weights(2, 3, 3, 2, reach=14)), net.conv(x, weights(2, 3, 3, 2))
    graph = after(mark_sums, net, small, large)
    assert [node.attrs.sum_bits for node in graph.nodes] == [16, 32]  # type: ignore[attr-defined]
    limits = limits_of(graph)
    for node in graph.nodes:
        instance = graph.instance(node)
        data = instance.inputs[1].data
        assert data is not None
        most = 128 * int(np.abs(data.astype(int)).reshape(2, -1).sum(axis=1).max())
        assert largest_sum(instance, limits[x]) == most


def test_a_branch_that_is_constant_leaves_an_add_of_a_constant() -> None:
    net = Net()
    x = net.input((1, 4, 4, 3))
    branch = net.conv(x, np.zeros((3, 1, 1, 3)), [7, 8, 9])
    branch = net.conv(branch, weights(3, 3, 3, 3), pads=(1, 1, 1, 1))
    graph = after(fold_constants, net, net.node("add", Add(), [x, branch], 0.2))
    assert operators(graph) == ["add"]


def test_a_constant_that_repeats_along_rows_and_columns_is_stored_once() -> None:
    net = Net()
    x, values = net.input((1, 4, 4, 3)), np.array([1, -2, 3])
    same = net.node("add", Add(), [x, net.constant(np.tile(values, (1, 4, 4, 1)))], 0.2)
    other = net.node("mul", Mul(), [net.constant(weights(1, 4, 4, 3)), same], 0.3)
    graph = after(shrink_operands, net, other)
    constants = [graph.tensors[name].type.shape for n in graph.nodes for name in n.inputs]
    assert (1, 1, 1, 3) in constants
    assert constants.count((1, 4, 4, 3)) == 3


def test_one_value_always_has_the_whole_of_a_softmax() -> None:
    net = Net()
    one = net.dense(net.input((1, 4)), weights(1, 4))
    graph = after(fold_constants, net, net.node("softmax", Softmax(), [one], 1 / 256, -128))
    assert operators(graph) == ["constant"]


def test_a_last_softmax_is_dropped_on_demand() -> None:
    net = Net()
    logits = net.dense(net.input((1, 4)), weights(3, 4))
    graph = drop_softmax(net.graph(net.node("softmax", Softmax(), [logits], 1 / 256, -128)), HOST)
    assert (operators(graph), graph.outputs) == (["fully_connected"], (logits,))


def test_a_softmax_that_something_else_reads_stays() -> None:
    net = Net()
    logits = net.dense(net.input((1, 4)), weights(3, 4))
    soft = net.node("softmax", Softmax(), [logits], 1 / 256, -128)
    before = net.graph(soft, net.dense(soft, weights(2, 3)))
    assert drop_softmax(before, HOST) is before
