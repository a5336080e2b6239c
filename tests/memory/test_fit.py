"""Addresses: known optima, exhaustive search, and the bound."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packings import blocks_lists, faults, overlapping
from packings import optimum as exhaustive

from tinycc.memory import fit
from tinycc.memory.fit import Block


def overlaps(blocks, offsets):
    """Pairs that share a byte at some step, step by step and byte by byte."""
    cells = [
        {(step, offset + i) for step in range(b.first, b.last + 1) for i in range(b.size)}
        for b, offset in zip(blocks, offsets, strict=True)
    ]
    return [(i, j) for i, j in itertools.combinations(range(len(blocks)), 2) if cells[i] & cells[j]]


def optimum(blocks):
    """The smallest height: some order of lowest fit reaches it (drop blocks of any packing)."""

    def drop(order):
        ends = {}
        for i in order:
            below = [ends[j] for j in ends if blocks[i].meets(blocks[j])]
            ends[i] = max(below, default=0) + blocks[i].size
        return max(ends.values())

    return min(map(drop, itertools.permutations(range(len(blocks)))))


def bound(blocks):
    return int(fit.live_bytes(blocks).max())


def test_live_bytes_are_counted_per_step():
    blocks = [Block(4, 0, 1), Block(3, 1, 3), Block(2, 3, 3)]
    assert fit.live_bytes(blocks).tolist() == [4, 7, 3, 5]


def test_no_blocks_need_no_bytes():
    assert fit.place([]) == ()
    assert fit.height([], ()) == 0


def test_blocks_that_never_meet_share_address_zero():
    assert fit.place([Block(4, 0, 1), Block(9, 2, 2), Block(1, 3, 7)]) == (0, 0, 0)


def test_a_hole_is_used():
    blocks = [Block(4, 0, 9), Block(4, 0, 4), Block(4, 0, 9), Block(2, 5, 9), Block(2, 6, 9)]
    assert fit.height(blocks, fit.place(blocks)) == 12


@given(blocks_lists)
@settings(max_examples=150, deadline=None)
def test_small_placements_are_valid_and_optimal(blocks):
    offsets = fit.place(blocks)
    assert not overlaps(blocks, offsets)
    assert bound(blocks) <= fit.height(blocks, offsets) == optimum(blocks)


@given(st.integers(0, 10_000))
@settings(max_examples=5, deadline=None)
def test_larger_placements_are_valid_and_reproducible(seed):
    rng = random.Random(seed)
    starts = [rng.randrange(30) for _ in range(40)]
    blocks = [Block(8 * rng.randrange(1, 40), s, s + rng.randrange(12)) for s in starts]
    offsets = fit.place(blocks)
    assert not overlaps(
        [Block(b.size // 8, b.first, b.last) for b in blocks], [o // 8 for o in offsets]
    )
    assert all(offset % 8 == 0 for offset in offsets)
    assert offsets == fit.place(blocks)


def test_an_output_may_start_a_little_below_its_dying_input():
    blocks = [Block(8, 0, 1), Block(6, 1, 2)]
    ascending = {(1, 0): 2}  # the input at least 2 above the output
    assert fit.place(blocks, ascending) == (2, 0)
    assert fit.lower_bound(blocks, ascending) == 10
    assert fit.live_bytes(blocks, ascending).tolist() == [8, 10, 6]


def test_an_output_made_from_its_end_may_end_a_little_above_its_input():
    blocks = [Block(4, 0, 1), Block(10, 1, 2)]
    descending = {(0, 1): 4 - 10 + 3}  # o_Y + 10 >= o_X + 4 + 3
    offsets = fit.place(blocks, descending)
    assert fit.height(blocks, offsets) == 10 == fit.lower_bound(blocks, descending)
    assert not faults(blocks, offsets, descending)


def test_an_overlap_with_no_distance_at_all_costs_nothing():
    blocks = [Block(8, 0, 1), Block(8, 1, 2)]
    assert fit.height(blocks, fit.place(blocks, {(1, 0): 0})) == 8


def test_a_chain_of_overlaps_climbs_by_their_distances():
    blocks = [Block(10, step, step + 1) for step in range(5)]
    chain = {(step + 1, step): 1 for step in range(4)}
    offsets = fit.place(blocks, chain)
    assert fit.height(blocks, offsets) <= 14
    assert not faults(blocks, offsets, chain)


def test_only_a_listed_pair_overlaps():
    blocks = [Block(8, 0, 1), Block(6, 1, 2), Block(5, 1, 1)]
    offsets = fit.place(blocks, {(1, 0): 2})
    assert fit.height(blocks, offsets) == 15
    assert not faults(blocks, offsets, {(1, 0): 2})


def test_without_an_overlap_in_time_a_separation_changes_nothing():
    blocks = [Block(8, 0, 1), Block(6, 2, 3)]
    assert fit.place(blocks, {(1, 0): 2}) == (0, 0)
    assert fit.lower_bound(blocks, {(1, 0): 2}) == 8


@given(overlapping())
@settings(max_examples=200, deadline=None)
def test_small_placements_keep_all_separations(problem):
    blocks, separations = problem
    offsets = fit.place(blocks, separations)
    assert not faults(blocks, offsets, separations)
    assert fit.is_valid(blocks, offsets, separations)
    best = exhaustive(blocks, separations)
    assert fit.lower_bound(blocks, separations) <= best <= fit.height(blocks, offsets)


def test_small_placements_with_separations_are_nearly_always_optimal():
    rng = random.Random(1)
    missed = 0
    for _ in range(100):
        starts = [rng.randrange(5) for _ in range(6)]
        blocks = [Block(rng.randrange(1, 7), s, s + rng.randrange(3)) for s in starts]
        pairs = [(i, j) for i, j in itertools.permutations(range(6), 2) if rng.random() < 0.1]
        separations = {(i, j): rng.randrange(blocks[i].size + 1) for i, j in pairs}
        best = exhaustive(blocks, separations)
        missed += fit.height(blocks, fit.place(blocks, separations)) != best
    assert missed <= 2


@given(overlapping(), st.lists(st.integers(-1, 12), min_size=6, max_size=6))
@settings(max_examples=200, deadline=None)
def test_validity_is_judged_as_by_the_definition(problem, offsets):
    blocks, separations = problem
    offsets = offsets[: len(blocks)]
    assert fit.is_valid(blocks, offsets, separations) == (not faults(blocks, offsets, separations))


@pytest.mark.parametrize("offsets", [(), (0,), (0, 0, 0)])
def test_a_wrong_number_of_offsets_is_not_valid(offsets):
    assert not fit.is_valid([Block(1, 0, 0), Block(1, 1, 1)], offsets)


def test_blocks_in_a_dying_one_share_no_more_than_its_size() -> None:
    dying, growers = Block(100, 0, 1), [Block(80, 1, 1)] * 3
    shares = {(index, 0): 0 for index in (1, 2, 3)}
    assert fit.lower_bound([dying, *growers], shares) == 240
