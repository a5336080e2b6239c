"""The checker finds every way to spoil a plan that we could think of."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import Net, branches, layers, networks, residual, uneven_scratch

from tinycc.errors import InternalError
from tinycc.memory.checker import check, simulate
from tinycc.memory.place import plan
from tinycc.memory.plan import Buffer, Plan
from tinycc.schedule.model import Schedule

PLANS = [
    plan(layers(residual(3), uneven_scratch), 1),
    plan(layers(branches(3, 2), uneven_scratch), 1),
]


ROOM = 10_000


def edited(placed: Plan, buffer: Buffer, **changes: Any) -> Plan:
    """The plan with one buffer changed, and room for it."""
    return exchanged(placed, [buffer.name], replace(buffer, **changes))


def exchanged(placed: Plan, old: Sequence[str], *new: Buffer) -> Plan:
    """The plan with some buffers taken out, others put in, and room for them."""
    kept = [buffer for buffer in placed.buffers if buffer.name not in old]
    return replace(placed, buffers=(*kept, *new), arena_bytes=placed.arena_bytes + ROOM)


def holder(placed: Plan, tensor: str) -> Buffer:
    """The buffer that holds a tensor; "": that of the only scratch."""
    return next(b for b in placed.buffers if (tensor in b.tensors if tensor else not b.tensors))


def refused(placed: Plan, reason: str) -> None:
    with pytest.raises(InternalError, match=reason):
        check(placed)


def meet(a: Buffer, b: Buffer) -> bool:
    return a.first_step <= b.last_step and b.first_step <= a.last_step


def both_are_read_later(a: Buffer, b: Buffer) -> bool:
    """Strictly after the younger one is written."""
    return max(a.first_step, b.first_step) < min(a.last_step, b.last_step)


def pairs_live_together(placed: Plan) -> list[tuple[Buffer, Buffer]]:
    return [(a, b) for a, b in itertools.combinations(placed.buffers, 2) if meet(a, b)]


@pytest.mark.parametrize("placed", PLANS)
def test_moving_a_buffer_by_one_byte_into_a_live_one_is_found(placed):
    check(placed)
    for a, b in pairs_live_together(placed):
        refused(edited(placed, a, offset=b.offset + b.bytes - 1), "overlap")
        refused(edited(placed, b, offset=a.offset + a.bytes - 1), "overlap")


@pytest.mark.parametrize("placed", PLANS)
def test_shortening_a_life_is_found(placed):
    for buffer in placed.buffers:
        if buffer.first_step < buffer.last_step:
            refused(edited(placed, buffer, last_step=buffer.last_step - 1), "not live")
            refused(edited(placed, buffer, first_step=buffer.first_step + 1), "not live")


@pytest.mark.parametrize("placed", PLANS)
def test_swapping_two_live_offsets_is_found_when_sizes_differ(placed):
    """Swapped places are wrong unless they happen to be free: then the plan is as good."""
    found = 0
    for a, b in pairs_live_together(placed):
        swapped = edited(edited(placed, a, offset=b.offset), b, offset=a.offset)
        if any_overlap(swapped):
            refused(swapped, "overlap")
            found += 1
    assert found


def any_overlap(placed: Plan) -> bool:
    """By definition: two buffers share a byte at a step."""
    spans = {b.name: set(range(b.offset, b.offset + b.bytes)) for b in placed.buffers}
    return any(spans[a.name] & spans[b.name] for a, b in pairs_live_together(placed))


@given(networks(most_nodes=12), st.data())
@settings(max_examples=150, deadline=None)
def test_a_buffer_moved_anywhere_is_refused_exactly_when_it_hits_a_live_one(graph, data):
    placed = plan(layers(graph, uneven_scratch), 1)
    buffer = data.draw(st.sampled_from(placed.buffers))
    offset = data.draw(st.integers(0, placed.arena_bytes))
    moved = edited(placed, buffer, offset=offset)
    if any_overlap(moved):
        refused(moved, "overlap")
    else:
        check(moved)


@given(networks(most_nodes=12), st.data())
@settings(max_examples=150, deadline=None)
def test_bytes_shared_by_mistake_are_found_by_the_simulation(graph, data):
    """Two buffers made one, its life declared as long as needed: only the tags can tell.

    Both are written, then both are read.
    """
    placed = plan(layers(graph), 1)
    pairs = [(a, b) for a, b in pairs_live_together(placed) if both_are_read_later(a, b)]
    assume(pairs)
    a, b = data.draw(st.sampled_from(pairs))
    joined = replace(
        a,
        tensors=a.tensors + b.tensors,
        bytes=max(a.bytes, b.bytes),
        first_step=min(a.first_step, b.first_step),
        last_step=max(a.last_step, b.last_step),
        offset=placed.arena_bytes,
    )
    refused(exchanged(placed, [a.name, b.name], joined), "overwritten")


def sum_in_place() -> Plan:
    """t2 = t0 + t1 over the bytes of t0."""
    net = Net()
    x = net.input(1, 4, 4, 2)
    return plan(layers(net.graph(net.add(net.conv(x, 2), net.conv(x, 2)))), 1)


def conv_in_place(kernel: int) -> Plan:
    """A convolution made to write over its own input."""
    net = Net()
    placed = plan(layers(net.graph(net.conv(net.input(1, 4, 4, 2), 2, kernel))), 1)
    joined = replace(placed.buffers[0], tensors=("in0", "t0"))
    return replace(placed, buffers=(joined,))


def test_an_elementwise_sum_may_write_over_an_operand():
    placed = sum_in_place()
    check(placed)
    assert placed.offsets["t2"] == placed.offsets["t0"]


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_convolution_may_not_write_over_its_input(kernel):
    refused(conv_in_place(kernel), "while writing|overwritten")


def test_a_sum_may_not_write_a_little_beside_its_operand():
    """Ascending bytes would survive; whole words would not."""
    placed = sum_in_place()
    first = replace(holder(placed, "t0"), tensors=("t0",), last_step=2, offset=1000)
    second = replace(first, name="t2", tensors=("t2",), first_step=2, offset=1001)
    beside = exchanged(placed, ["t0"], first, second)
    refused(beside, "are live together and overlap")
    with pytest.raises(InternalError, match="`t0` were overwritten while writing"):
        simulate(beside)


def test_an_operand_that_is_read_later_may_not_be_overwritten():
    net = Net()
    a = net.conv(net.input(1, 4, 4, 2), 2)
    total = net.add(a, a)
    placed = plan(layers(net.graph(net.conv(a, 1), total)), 1)
    joined = replace(holder(placed, "t0"), tensors=("t0", "t1"), last_step=2)
    refused(exchanged(placed, ["t0", "t1"], joined), "`t0` were overwritten")


def test_a_view_elsewhere_than_its_base_is_found():
    net = Net()
    a = net.conv(net.input(1, 4, 4, 2), 2)
    placed = plan(layers(net.graph(net.conv(net.view(a, 1, 1, 16, 2), 1))), 1)
    alone = replace(holder(placed, "t0"), tensors=("t0",))
    view = replace(alone, name="t1", tensors=("t1",), offset=placed.arena_bytes)
    refused(exchanged(placed, ["t0"], alone, view), "overwritten")


def test_missing_or_small_scratch_is_found():
    net = Net()
    placed = plan(layers(net.graph(net.conv(net.input(1, 2, 2, 2), 2)), lambda node: 6), 1)
    scratch = holder(placed, "")
    refused(edited(placed, scratch, bytes=5), "scratch")
    refused(exchanged(placed, [scratch.name]), "scratch")


def test_scratch_over_anything_in_use_is_found_by_the_simulation():
    net = Net()
    graph = net.graph(net.conv(net.conv(net.input(1, 4, 4, 2), 2), 2), "t0")
    placed = plan(layers(graph, lambda node: 6 if node.output == "t1" else 0), 1)
    for tensor, byte, reason in [
        ("t0", 0, "`t0` were overwritten for row 0"),
        ("t0", 31, "`t0` were overwritten for row 3"),
        ("t1", 0, "scratch of step 1 was overwritten for row 0"),
        ("t1", 26, "scratch of step 1 was overwritten for row 3"),
    ]:
        offset = holder(placed, tensor).offset + byte
        with pytest.raises(InternalError, match=reason):
            simulate(edited(placed, holder(placed, ""), offset=offset))


def test_a_convolution_may_write_over_rows_that_nobody_needs_any_more():
    """Row-wise overlap: safe one output row or more behind the window, not closer."""
    net = Net()
    placed = plan(layers(net.graph(net.conv(net.input(1, 6, 4, 2), 2, 3))), 1)
    x, y = holder(placed, "in0"), holder(placed, "t0")
    for distance, safe in [(16, True), (15, False), (8, False), (0, False)]:
        behind = exchanged(
            placed, ["in0", "t0"], replace(x, offset=100), replace(y, offset=100 - distance)
        )
        if safe:
            simulate(behind)
            continue
        with pytest.raises(InternalError, match="`in0` were overwritten"):
            simulate(behind)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"offset": -4}, "outside the arena"),
        ({"offset": 30_000}, "outside the arena"),
        ({"offset": 1_002}, "not aligned"),
        ({"bytes": 1}, "cannot hold"),
        ({"last_step": 99}, "lives"),
        ({"tensors": ()}, "no buffer"),
    ],
)
def test_a_malformed_buffer_is_found(change, reason):
    placed = plan(layers(residual(1)), 4)
    refused(edited(placed, holder(placed, "t0"), **change), reason)


def test_a_bound_above_the_arena_is_found():
    placed = PLANS[0]
    refused(replace(placed, lower_bound=placed.arena_bytes + 1), "lower bound")


def spread(placed: Plan, schedule: Schedule) -> Plan:
    """Another schedule in the plan, with every tensor alone and live throughout."""
    end = len(schedule.steps) - 1
    alone = tuple(
        replace(buffer, first_step=0, last_step=end, offset=index * ROOM)
        for index, buffer in enumerate(placed.buffers)
        if buffer.tensors
    )
    return replace(placed, schedule=schedule, buffers=alone, arena_bytes=len(alone) * 2 * ROOM)


def test_a_missing_step_is_found():
    schedule = PLANS[0].schedule
    shorter = replace(schedule, steps=schedule.steps[:-1])
    refused(spread(PLANS[0], shorter), "steps are not")


def test_a_step_that_reads_too_early_is_found():
    graph = PLANS[0].schedule.graph
    swapped = replace(graph, nodes=(graph.nodes[1], graph.nodes[0], *graph.nodes[2:]))
    refused(spread(PLANS[0], layers(swapped)), "overwritten")
