"""Addresses for blocks of known size and life: quick heuristics, each held against a bound.

On real networks some heuristic meets the bound, which proves it optimal (design/8, 3.1).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

Offsets = tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """`size` bytes, live during steps `first` to `last` inclusive."""

    size: int
    first: int
    last: int

    def meets(self, other: Block) -> bool:
        """True when both are live at some step."""
        return self.first <= other.last and other.first <= self.last


def live_bytes(blocks: Sequence[Block]) -> np.ndarray:
    """The bytes that are live at each step; its maximum is a lower bound on any arena."""
    change = np.zeros(max((block.last for block in blocks), default=0) + 2, np.int64)
    for block in blocks:
        change[block.first] += block.size
        change[block.last + 1] -= block.size
    return change.cumsum()[:-1]


def height(blocks: Sequence[Block], offsets: Offsets) -> int:
    """The bytes that placed blocks need."""
    ends = (offset + block.size for block, offset in zip(blocks, offsets, strict=True))
    return max(ends, default=0)


def place(blocks: Sequence[Block], seed: int = 0) -> Offsets:
    """Offsets at which no two blocks meet, in as few bytes as the heuristics find.

    Stops at the first result that meets the bound. Deterministic. Sizes are kept as they are: round
    them up to the alignment and every offset is a multiple of it.
    """
    bound = int(live_bytes(blocks).max())
    table = _Neighbours(blocks)
    best = min(_until(bound, blocks, _constructions(table)), key=lambda o: height(blocks, o))
    if height(blocks, best) == bound:
        return best
    return min(_until(bound, blocks, _climb(table, best, seed)), key=lambda o: height(blocks, o))


def _until(bound: int, blocks: Sequence[Block], results: Iterator[Offsets]) -> Iterator[Offsets]:
    for offsets in results:
        yield offsets
        if height(blocks, offsets) == bound:
            return


class _Neighbours:
    """The blocks, and for each the indices of those that are live together with it."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks
        self.of = [
            [j for j, other in enumerate(blocks) if j != i and block.meets(other)]
            for i, block in enumerate(blocks)
        ]

    def gaps(self, index: int, offsets: dict[int, int]) -> Iterator[tuple[int, int | None]]:
        """Start and size of the free gaps during a block's life, upwards; None: endless."""
        taken = [(offsets[j], self.blocks[j].size) for j in self.of[index] if j in offsets]
        free = 0
        for offset, size in sorted(taken):
            if offset > free:
                yield free, offset - free
            free = max(free, offset + size)
        yield free, None


Fit = Callable[[_Neighbours, int, dict[int, int]], int]


def _first_fit(table: _Neighbours, index: int, offsets: dict[int, int]) -> int:
    """The lowest address with room."""
    size = table.blocks[index].size
    return next(start for start, gap in table.gaps(index, offsets) if gap is None or gap >= size)


def _best_fit(table: _Neighbours, index: int, offsets: dict[int, int]) -> int:
    """The tightest gap with room, the lowest of equals; on top when there is none."""
    size = table.blocks[index].size
    *gaps, (top, _) = table.gaps(index, offsets)
    fitting = [(gap, start) for start, gap in gaps if gap is not None and gap >= size]
    return min(fitting)[1] if fitting else top


def _in_order(table: _Neighbours, order: Sequence[int], fit: Fit) -> Offsets:
    offsets: dict[int, int] = {}
    for index in order:
        offsets[index] = fit(table, index, offsets)
    return tuple(offsets[index] for index in range(len(table.blocks)))


def _constructions(table: _Neighbours) -> Iterator[Offsets]:
    """First fit and best fit in eight orders, and the skyline: 17 results."""
    for order in _orders(table):
        yield _in_order(table, order, _first_fit)
        yield _in_order(table, order, _best_fit)
    yield _in_order(table, _skyline_order(table), _first_fit)


def _orders(table: _Neighbours) -> Iterator[list[int]]:
    """The orders that planners use: large, long-lived, early, late or crowded blocks first."""
    blocks, peak = table.blocks, int(live_bytes(table.blocks).argmax())
    keys: tuple[Callable[[int], tuple[int, ...]], ...] = (
        lambda i: (-blocks[i].size, blocks[i].first),
        lambda i: (-blocks[i].size, -blocks[i].last),
        lambda i: (blocks[i].first, -blocks[i].size),
        lambda i: (-blocks[i].last, -blocks[i].size),
        lambda i: (-_duration(blocks[i]), -blocks[i].size),
        lambda i: (-_duration(blocks[i]) * blocks[i].size, blocks[i].first),
        lambda i: (-sum(blocks[j].size for j in table.of[i]), -blocks[i].size),
        lambda i: (not blocks[i].first <= peak <= blocks[i].last, -blocks[i].size),
    )
    for key in keys:
        yield sorted(range(len(blocks)), key=key)


def _duration(block: Block) -> int:
    return block.last - block.first + 1


def _skyline_order(table: _Neighbours) -> list[int]:
    """Always next the block that comes to lie lowest on those before it, the largest of equals.

    After the best-fit skyline heuristic for strip packing (Burke, Kendall & Whitwell 2004), with
    the horizontal position, a life, given.
    """
    blocks = table.blocks
    skyline = np.zeros(max((block.last for block in blocks), default=0) + 1, np.int64)
    left, order = set(range(len(blocks))), []

    def rank(index: int) -> tuple[int, int, int]:
        block = blocks[index]
        rest = int(skyline[block.first : block.last + 1].max())
        return rest, -block.size * _duration(block), index

    while left:
        rest, _, index = min(map(rank, left))
        left.remove(index)
        order.append(index)
        skyline[blocks[index].first : blocks[index].last + 1] = rest + blocks[index].size
    return order


CLIMB_WORK = 4_000_000
"""Neighbours that the hill climb may look at: about a second."""


def _climb(table: _Neighbours, start: Offsets, seed: int) -> Iterator[Offsets]:
    """Hill climb over first-fit orders from a known result: topmost blocks move forward."""
    blocks, rng = table.blocks, random.Random(seed)
    order = sorted(range(len(blocks)), key=lambda i: (start[i], i))
    best = _in_order(table, order, _first_fit)
    yield min(start, best, key=lambda offsets: height(blocks, offsets))
    work = len(blocks) + sum(map(len, table.of))
    for _ in range(CLIMB_WORK // work):
        trial = _moved(blocks, order, best, rng)
        offsets = _in_order(table, trial, _first_fit)
        if height(blocks, offsets) <= height(blocks, best):
            order, best = trial, offsets
            yield best


def _moved(
    blocks: Sequence[Block], order: Sequence[int], offsets: Offsets, rng: random.Random
) -> list[int]:
    """The order with one block moved forward: every other time one of those at the top."""
    top = height(blocks, offsets)
    places = range(len(order))
    if rng.random() < 0.5:
        places_at_top = [p for p in places if offsets[order[p]] + blocks[order[p]].size == top]
        source = rng.choice(places_at_top)
    else:
        source = rng.choice(places)
    trial = list(order)
    trial.insert(rng.randrange(source + 1), trial.pop(source))
    return trial
