"""Which tensors share bytes, and when those bytes are live."""

import pytest
from networks import Net, layers

from tinycc.errors import InternalError
from tinycc.memory.storage import buffers


def shared(graph, scratch=lambda node: 0):
    """Buffer contents and lives: "a+b 0-3"."""
    found = buffers(layers(graph, scratch))
    return [f"{'+'.join(b.tensors) or b.name} {b.first_step}-{b.last_step}" for b in found]


def test_a_chain_of_convolutions_shares_nothing():
    net = Net()
    y = net.conv(net.conv(net.input(1, 4, 4, 2), 2), 2)
    assert shared(net.graph(y)) == ["in0 0-0", "t0 0-1", "t1 1-1"]


def test_a_sum_overwrites_its_first_dying_operand():
    net = Net()
    x = net.input(1, 4, 4, 2)
    a, b = net.conv(x, 2), net.conv(x, 2)
    assert shared(net.graph(net.add(a, b))) == ["in0 0-1", "t0+t2 0-2", "t1 1-2"]


def test_a_sum_overwrites_its_second_operand_when_the_first_lives_on():
    net = Net()
    a = net.conv(net.input(1, 4, 4, 2), 2)
    b = net.conv(a, 2)
    total = net.add(a, b)
    assert shared(net.graph(net.conv(total, 1), a))[1:3] == ["t0 0-3", "t1+t2 1-3"]


def test_a_broadcast_operand_is_not_overwritten():
    net = Net()
    x, gate = net.input(1, 4, 4, 2), net.input(1, 1, 1, 2)
    assert shared(net.graph(net.add(gate, x))) == ["in0+t0 0-0", "in1 0-0"]


def test_a_model_input_may_be_overwritten():
    net = Net()
    x = net.input(1, 4, 4, 2)
    assert shared(net.graph(net.add(x, x))) == ["in0+t0 0-0"]


def test_a_graph_output_is_not_overwritten():
    net = Net()
    a = net.conv(net.input(1, 4, 4, 2), 2)
    b = net.add(a, a)
    assert shared(net.graph(a, b)) == ["in0 0-0", "t0 0-1", "t1 1-1"]


def test_a_view_keeps_its_base_alive():
    net = Net()
    a = net.conv(net.input(1, 4, 4, 2), 2)
    flat = net.view(a, 1, 32)
    b = net.add(a, a)
    c = net.conv(b, 1)
    back = net.view(flat, 1, 4, 4, 2)
    assert shared(net.graph(net.add(back, c))) == [
        "in0 0-0", "t0+t1+t4+t5 0-3", "t2 1-2", "t3 2-3",
    ]  # fmt: skip


def test_a_view_that_is_an_output_keeps_its_base_to_the_end():
    net = Net()
    a = net.conv(net.input(1, 4, 4, 2), 2)
    flat = net.view(a, 1, 32)
    b = net.conv(net.add(a, a), 1)
    assert shared(net.graph(flat, b)) == ["in0 0-0", "t0+t1 0-2", "t2 1-2", "t3 2-2"]


def test_two_outputs_may_be_views_of_the_same_bytes():
    net = Net()
    a = net.conv(net.input(1, 4, 4, 2), 2)
    graph = net.graph(a, net.view(a, 1, 32), net.view(a, 32))
    assert shared(graph) == ["in0 0-0", "t0+t1+t2 0-0"]


def test_a_sum_of_a_tensor_and_a_view_of_other_rows_is_not_in_place():
    net = Net()
    x = net.input(1, 4, 4, 2)
    assert shared(net.graph(net.add(x, net.view(x, 4, 4, 2)))) == ["in0+t0 0-0", "t1 0-0"]


def test_a_graph_without_steps_holds_its_inputs():
    net = Net()
    x, unread = net.input(1, 2, 2, 2), net.input(1, 2)
    assert shared(net.graph(x)) == ["in0 0-0", "in1 0-0"]
    assert shared(net.graph(net.view(x, 8), unread)) == ["in0+t0 0-0", "in1 0-0"]


def test_scratch_lives_for_its_step_and_an_unread_output_too():
    net = Net()
    x = net.input(1, 2, 2, 2)
    net.conv(x, 1)
    graph = net.graph(net.conv(x, 3))
    sizes = {"t1": 7}
    assert shared(graph, lambda node: sizes.get(node.output, 0)) == [
        "in0 0-1", "t0 0-0", "t1 1-1", "t1.scratch 1-1",
    ]  # fmt: skip


def test_a_view_of_a_constant_is_refused():
    net = Net()
    net.conv(net.input(1, 2, 2, 2), 1)
    flat = net.view("w0", 2)
    with pytest.raises(InternalError, match="view of a constant"):
        buffers(layers(net.graph(flat)))
