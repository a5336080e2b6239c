"""Memories for blocks: the least cost there is, places that are valid, and an end in any case."""

import itertools
from dataclasses import replace

import pulp
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import layers, networks, residual, uneven_scratch
from packings import crowd, faults, fits, overlapping

from tinycc.errors import InternalError
from tinycc.memory import milp
from tinycc.memory.assign import Assignment, Room, assign
from tinycc.memory.checker import check
from tinycc.memory.fit import Block
from tinycc.memory.place import plan
from tinycc.memory.plan import Plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulp")  # of PuLP 3 for 4

rooms_lists = st.lists(
    st.builds(
        lambda size, cost: Room(f"of {size}", size, cost),
        st.integers(1, 12),
        st.sampled_from([1.0, 1.5, 4.0]),
    ),
    min_size=2,
    max_size=3,
)


def part(blocks, separations, members):
    """Some blocks with what they may share, numbered anew."""
    place = {i: number for number, i in enumerate(members)}
    own = {(place[i], place[j]): d for (i, j), d in separations.items() if {i, j} <= place.keys()}
    return [blocks[i] for i in members], own


def least_cost(blocks, traffic, rooms, separations):
    """By trying all assignments, each with its best placement; None where none fits."""

    def cost(chosen):
        return sum(t * rooms[k].cost for t, k in zip(traffic, chosen, strict=True))

    for chosen in sorted(itertools.product(range(len(rooms)), repeat=len(blocks)), key=cost):
        groups = [[i for i, k in enumerate(chosen) if k == room] for room in range(len(rooms))]
        parts = [part(blocks, separations, members) for members in groups]
        pairs = zip(parts, rooms, strict=True)
        if all(fits(found, own, room.bytes) for (found, own), room in pairs):
            return cost(chosen)
    return None


def assert_valid(found: Assignment, blocks, rooms, separations):
    for number, room in enumerate(rooms):
        members = [i for i, k in enumerate(found.rooms) if k == number]
        inside, own = part(blocks, separations, members)
        assert not faults(inside, [found.offsets[i] for i in members], own)
        top = max((found.offsets[i] + blocks[i].size for i in members), default=0)
        assert found.bounds[number] <= top == found.heights[number]
        assert top <= room.bytes or not found.fits


@given(overlapping(), rooms_lists, st.data())
@settings(max_examples=60, deadline=None)
def test_nothing_costs_less_than_what_it_finds(problem, rooms, data):
    blocks, separations = problem
    traffic = [data.draw(st.integers(0, 20)) for _ in blocks]
    found = assign(blocks, traffic, rooms, separations)
    assert_valid(found, blocks, rooms, separations)
    least = least_cost(blocks, traffic, rooms, separations)
    assert found.fits == (least is not None)
    if least is not None and found.optimal:
        assert found.cost == pytest.approx(least, abs=1e-6)
    assert not found.fits or found.optimal


def test_blocks_that_fragmentation_keeps_out_are_cut_off():
    """All sets of six blocks have their live bytes within the room, but one cannot be placed."""
    blocks = [Block(3, 0, 1), Block(2, 0, 0), Block(2, 1, 2), Block(3, 2, 3), Block(3, 3, 4)]
    blocks += [Block(2, 4, 5), Block(3, 1, 1), Block(2, 2, 2), Block(2, 3, 3)]
    rooms = [Room("fast", 8), Room("slow", 40, 2.0)]
    traffic = [100] * len(blocks)
    found = assign(blocks, traffic, rooms)
    assert_valid(found, blocks, rooms, {})
    assert found.optimal
    assert found.cost == least_cost(blocks, traffic, rooms, {})


@pytest.mark.parametrize("seed", range(6))
def test_crowded_rooms_are_filled_as_well_as_can_be(seed):
    blocks = crowd(seed, 8)
    rooms = [Room("fast", 11), Room("slow", 30, 3.0)]
    traffic = [block.size * (1 + i % 3) for i, block in enumerate(blocks)]
    found = assign(blocks, traffic, rooms)
    assert_valid(found, blocks, rooms, {})
    assert found.cost == pytest.approx(least_cost(blocks, traffic, rooms, {}))


def test_one_room_is_enough_where_it_costs_no_more():
    blocks = [Block(4, 0, 1), Block(4, 1, 2)]
    found = assign(blocks, [9, 9], [Room("a", 6), Room("b", 8), Room("c", 80, 2.0)])
    assert (found.rooms, found.heights, found.optimal) == ((1, 1), (0, 8, 0), True)


class Broken:
    """A solver that does not do what it should."""

    name = "BROKEN"

    def __init__(self, *values: float | None, fails: bool = False) -> None:
        self.values, self.fails = values, fails

    def actualSolve(self, problem: pulp.LpProblem) -> int:  # noqa: N802 (PuLP's name)
        if self.fails:
            raise RuntimeError("out of licences")
        for variable, value in zip(problem.variables(), itertools.cycle(self.values), strict=False):
            variable.varValue = value
        problem.assignStatus(pulp.LpStatusOptimal, pulp.LpSolutionOptimal)
        return pulp.LpStatusOptimal


@pytest.mark.parametrize(
    ("solver", "note"),
    [
        (None, "no MILP solver"),
        (Broken(fails=True), "BROKEN failed: out of licences"),
        (Broken(None), "BROKEN found no assignment"),
        (Broken(0.2, 0.3), "BROKEN found no assignment"),
        (Broken(1.0), "no assignment to memories that can be placed in"),
    ],
)
def test_without_a_solver_that_works_blocks_are_taken_one_by_one(solver, note, monkeypatch):
    monkeypatch.setattr(milp, "available_solver", lambda seconds: solver)
    blocks = crowd(3, 8)
    rooms = [Room("fast", 11), Room("slow", 40, 3.0)]
    traffic = [block.size for block in blocks]
    found = assign(blocks, traffic, rooms)
    assert_valid(found, blocks, rooms, {})
    assert found.fits and not found.optimal
    assert found.cost < 3 * sum(traffic)
    assert note in found.notes[0] and "one buffer after the other" in found.notes[0]


def test_no_time_is_as_good_as_no_solver():
    blocks, rooms = crowd(3, 8), [Room("fast", 11), Room("slow", 40, 3.0)]
    found = assign(blocks, [block.size for block in blocks], rooms, seconds=0.0)
    assert_valid(found, blocks, rooms, {})
    assert found.fits and "ran out of time" in found.notes[0]


@given(networks(most_nodes=12), st.data())
@settings(max_examples=60, deadline=None)
def test_every_plan_over_several_memories_passes_the_checker(graph, data):
    schedule = layers(graph, uneven_scratch)
    whole = plan(schedule, 4).arena_bytes
    sizes = data.draw(st.lists(st.integers(1, whole + 8), min_size=1, max_size=2))
    rooms = [Room(f"m{i}", size, 1.0) for i, size in enumerate(sizes)]
    rooms.append(Room("last", 2 * whole + 64, 3.0))
    placed = plan(schedule, 4, rooms)
    check(placed)
    assert placed.fits
    assert sum(arena.bytes for arena in placed.arenas) == placed.arena_bytes
    assert all(buffer.region in placed.sizes for buffer in placed.buffers)


def two_memories() -> Plan:
    schedule = layers(residual(2), uneven_scratch)
    placed = plan(schedule, 4, [Room("fast", 1500), Room("slow", 20_000, 4.0)])
    check(placed)
    assert len(placed.arenas) == 2
    return placed


def test_a_buffer_in_the_wrong_memory_is_found():
    """Moved to the same offset of the other memory: it lies on something, or outside."""
    placed = two_memories()
    other = {"fast": "slow", "slow": "fast"}
    found = 0
    for buffer in placed.buffers:
        moved = replace(buffer, region=other[buffer.region])
        rest = tuple(b for b in placed.buffers if b is not buffer)
        if not free(placed, moved):
            found += 1
            with pytest.raises(InternalError, match="memory checker"):
                check(replace(placed, buffers=(*rest, moved)))
    assert found >= 3


def free(placed: Plan, moved) -> bool:
    """By definition: within the arena, and disjoint from all that is live at the same time."""
    others = [b for b in placed.buffers if b.name != moved.name and b.region == moved.region]
    together = [
        b for b in others if b.first_step <= moved.last_step and moved.first_step <= b.last_step
    ]
    mine = range(moved.offset, moved.offset + moved.bytes)
    inside = mine.stop <= placed.sizes[moved.region]
    return inside and not any(
        set(mine) & set(range(b.offset, b.offset + b.bytes)) for b in together
    )


@pytest.mark.parametrize(
    ("region", "reason"),
    [("nowhere", "where no arena is"), ("arena", "where no arena is")],
)
def test_a_buffer_in_no_memory_is_found(region, reason):
    placed = two_memories()
    first, *rest = placed.buffers
    with pytest.raises(InternalError, match=reason):
        check(replace(placed, buffers=(replace(first, region=region), *rest)))


def test_arenas_that_are_not_the_plans_bytes_are_found():
    placed = two_memories()
    with pytest.raises(InternalError, match="are not the"):
        check(replace(placed, arena_bytes=placed.arena_bytes - 4))
    smaller = replace(placed.arenas[0], bytes=placed.arenas[0].bytes - 4)
    shrunk = (smaller, *placed.arenas[1:])
    with pytest.raises(InternalError, match="outside the arena"):
        check(replace(placed, arenas=shrunk, arena_bytes=placed.arena_bytes - 4))


@given(networks(most_nodes=8))
@settings(max_examples=20, deadline=None)
def test_rooms_too_small_for_anything_still_give_a_plan_that_says_so(graph):
    schedule = layers(graph)
    assume(plan(schedule, 4).arena_bytes > 8)
    placed = plan(schedule, 4, [Room("a", 4), Room("b", 4, 2.0)])
    check(placed)
    assert not placed.fits
