"""Channels that can go do go, those that cannot stay, and no output byte changes."""

from __future__ import annotations

import numpy as np
import pytest
from integer_nets import HOST, Net, same_outputs

from tinycc.ir.graph import Graph
from tinycc.ops.add import Add
from tinycc.ops.average_pool2d import AveragePool2d
from tinycc.ops.concat import Concat
from tinycc.ops.mul import Mul
from tinycc.ops.pad import Pad
from tinycc.ops.reshape import Reshape
from tinycc.ops.slice import Slice
from tinycc.ops.transpose import Transpose
from tinycc.ops.verify import faults
from tinycc.passes.check_supported import unsupported
from tinycc.passes.reduce.fold_constants import fold_constants
from tinycc.passes.reduce.remove_channels import remove_channels

RNG = np.random.default_rng(1)
BIG = 10**6


def weights(*shape: int) -> np.ndarray:
    """Weights without zeros, small enough for two to be added."""
    return (RNG.integers(1, 60, shape) * RNG.choice([-1, 1], shape)).astype(np.int8)


def reduced(net: Net, *outputs: str) -> Graph:
    """The graph without needless channels: sound, and the same to the outside."""
    before = net.graph(*outputs)
    after = remove_channels(before, HOST)
    assert faults(after) == []
    assert same_outputs(before, after)
    return after


def channels(graph: Graph, name: str) -> int:
    return graph.tensors[name].type.shape[-1] if name in graph.tensors else 0


def proofs(graph: Graph) -> dict[str, int]:
    return {removal.proof: removal.channels for removal in graph.removals}


def test_nothing_to_remove_gives_the_same_graph() -> None:
    net = Net()
    y = net.conv(net.conv(net.input((1, 4, 4, 3)), weights(4, 3, 3, 3)), weights(2, 1, 1, 4))
    before = net.graph(y)
    assert remove_channels(before, HOST) is before


def test_a_constant_channel_moves_into_the_bias_of_the_next_layer() -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3), 7), weights(4, 3, 3, 3), [0, -BIG, BIG, 0])
    after = reduced(net, net.conv(a, weights(2, 1, 1, 4), [5, -5]))
    assert channels(after, a) == 2
    assert proofs(after) == {"never opens": 1, "saturated": 1}


def test_a_constant_other_than_the_zero_point_stays_under_padding() -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3)), weights(4, 1, 1, 3), [0, -BIG, BIG, 0])
    after = reduced(net, net.conv(a, weights(2, 3, 3, 4), pads=(1, 1, 1, 1)))
    assert channels(after, a) == 4


def test_the_zero_point_goes_under_padding() -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3)), weights(4, 1, 1, 3), [0, -BIG, 0, 0], zero=-128)
    after = reduced(net, net.conv(a, weights(2, 3, 3, 4), pads=(1, 1, 1, 1)))
    assert channels(after, a) == 3


def test_a_constant_goes_where_padding_is_never_under_a_tap_with_weight() -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3)), weights(4, 1, 1, 3), [0, BIG, 0, 0])
    w = weights(2, 3, 3, 4)
    w[:, [0, 2], :, 1] = w[:, :, [0, 2], 1] = 0
    assert channels(reduced(net, net.conv(a, w, pads=(1, 1, 1, 1))), a) == 3


def test_padding_that_no_window_reaches_does_not_count() -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3)), weights(4, 1, 1, 3), [0, BIG, 0, 0])
    y = net.conv(a, weights(2, 2, 2, 4), pads=(0, 0, 1, 1), strides=(2, 2))
    assert channels(reduced(net, y), a) == 3


def test_channels_without_weight_behind_them_go() -> None:
    net = Net()
    w = weights(3, 1, 1, 4)
    w[..., 2] = 0
    a = net.conv(net.input((1, 4, 4, 3)), weights(4, 3, 3, 3))
    after = reduced(net, net.conv(a, w))
    assert (channels(after, a), proofs(after)) == (3, {"unused": 1})


def test_equal_channels_are_computed_once() -> None:
    net = Net()
    w = weights(4, 3, 3, 3)
    w[3] = w[1]
    a = net.conv(net.input((1, 6, 6, 3), 3), w, [1, 2, 3, 2])
    b = net.conv(a, [[[[3]]], [[[4]]], [[[5]]], [[[4]]]], groups=4)
    after = reduced(net, net.conv(b, weights(2, 3, 3, 4), pads=(1, 1, 1, 1)))
    assert (channels(after, a), channels(after, b)) == (3, 3)
    assert proofs(after) == {"copy": 1}


def test_equal_channels_stay_where_int8_cannot_hold_the_sum_of_their_weights() -> None:
    net = Net()
    w = weights(2, 1, 1, 3)
    w[1] = w[0]
    a = net.conv(net.input((1, 2, 2, 3)), w)
    assert channels(reduced(net, net.conv(a, [[[[100, 100]]]])), a) == 2


def test_residual_adds_tie_the_channels_of_both_operands() -> None:
    net = Net()
    x = net.conv(net.input((1, 4, 4, 3)), weights(4, 1, 1, 3), [0, -BIG, -BIG, 0], zero=-128)
    branch = net.conv(x, weights(4, 3, 3, 4), [0, -BIG, 0, 0], pads=(1, 1, 1, 1), zero=-128)
    total = net.node("add", Add(), [x, branch], 0.2, -128)
    after = reduced(net, net.conv(total, weights(2, 1, 1, 4)))
    assert [channels(after, name) for name in (x, branch, total)] == [3, 3, 3]


def test_depthwise_filters_go_with_their_channel() -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3)), weights(4, 1, 1, 3), [0, -BIG, 0, 0], zero=-128)
    b = net.conv(a, weights(8, 3, 3, 1), [0] * 8, pads=(1, 1, 1, 1), groups=4, zero=-128)
    after = reduced(net, net.conv(b, weights(2, 1, 1, 8)))
    assert (channels(after, a), channels(after, b)) == (3, 6)


def test_groups_go_as_a_whole() -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3)), weights(4, 1, 1, 3), [0, 0, -BIG, 0], zero=-128)
    b = net.conv(a, weights(4, 1, 1, 2), [0, 0, -BIG, -BIG], groups=2, zero=-128)
    after = reduced(net, net.conv(b, weights(2, 1, 1, 4)))
    assert (channels(after, a), channels(after, b)) == (2, 2)


def test_through_concat_pad_pool_reshape_and_slice() -> None:
    net = Net()
    x = net.input((1, 6, 6, 3))
    a = net.conv(x, weights(3, 1, 1, 3), [0, -BIG, 0], zero=-128)
    b = net.conv(x, weights(2, 1, 1, 3), [-BIG, -BIG], zero=-128)
    both = net.node("concat", Concat(3), [a, b], zero=-128)
    padded = net.node("pad", Pad(((0, 0), (1, 1), (0, 0), (0, 1))), [both], zero=-128)
    pooled = net.node("average_pool2d", AveragePool2d((2, 2), (2, 2)), [padded], zero=-128)
    part = net.node("slice", Slice((0, 0, 0, 1), (1, 4, 3, 4), (1, 1, 1, 1)), [pooled], zero=-128)
    flat = net.node("reshape", Reshape((1, 48)), [part], zero=-128)
    after = reduced(net, net.dense(flat, weights(3, 48)))
    assert channels(after, flat) == 12
    assert [channels(after, name) for name in (a, b, pooled, part)] == [1, 0, 1, 1]


def test_through_a_gate_per_channel() -> None:
    net = Net()
    x, g = net.input((1, 4, 4, 3)), net.input((1, 1, 1, 3))
    a = net.conv(x, weights(3, 1, 1, 3), [0, -BIG, 0], zero=-128)
    gate = net.conv(g, weights(3, 1, 1, 3), [0, 0, 0])
    product = net.node("mul", Mul(), [a, gate], 0.3)
    after = reduced(net, net.conv(product, weights(2, 1, 1, 3)))
    assert [channels(after, name) for name in (a, gate, product)] == [2, 2, 2]


def test_a_moved_channel_axis_keeps_all_channels() -> None:
    net = Net()
    a = net.conv(net.input((1, 3, 3, 3)), weights(3, 1, 1, 3), [0, -BIG, 0], zero=-128)
    turned = net.node("transpose", Transpose((0, 3, 1, 2)), [a], zero=-128)
    before = net.graph(net.conv(turned, weights(2, 1, 1, 3)))
    assert remove_channels(before, HOST) is before


def test_a_channel_of_a_model_output_stays_although_it_is_constant() -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3)), weights(3, 1, 1, 3), [0, -BIG, 0])
    y = net.conv(a, weights(2, 1, 1, 3))
    after = reduced(net, a, y)
    assert channels(after, a) == 3


def test_all_channels_of_a_layer_in_the_middle_die() -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3)), weights(2, 1, 1, 3), [-BIG, BIG])
    before = net.graph(net.conv(a, weights(2, 3, 3, 2), [7, 8], pads=(1, 1, 1, 1)))
    after = remove_channels(fold_constants(before, HOST), HOST)
    assert [node.op for node in after.nodes] == ["constant"]
    assert same_outputs(before, after)


def test_a_layer_keeps_its_multipliers_and_fraction_bits() -> None:
    """The precision of a layer follows from all of its channels: it must not change with them."""
    net = Net()
    x = net.input((1, 3, 3, 3), scale=0.05)
    w = weights(6, 3, 3, 3)
    a = net.conv(x, w, [0, 0, -BIG, -BIG, -BIG, -BIG], zero=-128, scale=0.0004)
    after = reduced(net, net.conv(a, weights(2, 1, 1, 6), scale=0.003))
    assert channels(after, a) == 2


@pytest.mark.parametrize("zero", [-128, 0, 127])
def test_a_network_that_is_constant_as_a_whole_is_one_constant(zero: int) -> None:
    net = Net()
    a = net.conv(net.input((1, 4, 4, 3)), np.zeros((2, 1, 1, 3)), [5, 9], zero=zero)
    before = net.graph(net.conv(a, weights(2, 3, 3, 2), pads=(1, 1, 1, 1)))
    after = fold_constants(before, HOST)
    assert [node.op for node in after.nodes] == ["constant"]
    assert same_outputs(before, after)


def test_a_channel_whose_sums_leave_32_bits_goes_where_it_is_constant() -> None:
    """Its bias is far beyond what a kernel could add; nothing has to add it."""
    net = Net()
    w = weights(2, 1, 1, 3)
    a = net.conv(net.input((1, 4, 4, 3)), w, [0, 2**31 - 1], zero=-128)
    before = net.graph(net.conv(a, weights(2, 1, 1, 2)))
    assert unsupported(before)
    after = remove_channels(before, HOST)
    assert channels(after, a) == 1
    assert not unsupported(after)


def test_a_channel_that_varies_and_may_leave_32_bits_is_refused_as_before() -> None:
    net = Net()
    x = net.input((1, 4, 4, 3))
    a = net.conv(x, weights(3, 1, 1, 3), [0, 2**31 - 1, -BIG], scale=2e6, zero=-128)
    before = net.graph(net.conv(a, weights(2, 1, 1, 3)))
    assert unsupported(before) == unsupported(remove_channels(before, HOST))
