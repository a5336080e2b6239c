"""Addresses: known optima, exhaustive search, and the bound."""

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tinycc.memory import fit
from tinycc.memory.fit import Block

blocks_lists = st.lists(
    st.builds(
        lambda size, first, length: Block(size, first, first + length),
        st.integers(1, 6),
        st.integers(0, 5),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=6,
)


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
