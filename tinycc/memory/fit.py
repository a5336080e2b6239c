"""Addresses for blocks of known size and life: quick heuristics, each held against a bound.

On real networks some heuristic meets the bound, which proves it optimal (design/8, 3.1). Blocks
that may overlap (a dying input with the output that grows over it) say so by a smaller separation;
`tinycc.memory.solve` goes on where the heuristics miss the bound.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

Offsets = tuple[int, ...]
Separations = Mapping[tuple[int, int], int]
"""How far above block i block j must start when it is the upper of the two: {(i, j): bytes}.

Of two blocks i and j that are live together, one is above: o_j >= o_i + sep(i, j) or o_i >= o_j +
sep(j, i). Pairs that are not listed keep apart: sep(i, j) = size_i. An output Y that may start d
bytes below its dying input X has sep(Y, X) = d; where Y is made from its end and may end d bytes
above X, sep(X, Y) = size_X - size_Y + d, which may be negative (design/4, "Overlap").
"""

APART: Separations = MappingProxyType({})
"""No two blocks may overlap."""


@dataclass(frozen=True)
class Block:
    """`size` bytes, live during steps `first` to `last` inclusive."""

    size: int
    first: int
    last: int

    def meets(self, other: Block) -> bool:
        """True when both are live at some step."""
        return self.first <= other.last and other.first <= self.last


def live_bytes(blocks: Sequence[Block], separations: Separations = APART) -> np.ndarray:
    """Bytes that no arena can do without, at each step.

    An arena holds the union of the live blocks. Laid down one after the other, each adds its size
    less what it may share with those before it, and never less than nothing; pairs that are not
    listed share nothing. That holds for every order, so the higher of two counts: from the blocks
    born first on, and from those born last on. It is the exact span of a step in which each block
    is in at most one listed pair.
    """
    change = np.zeros(max((block.last for block in blocks), default=0) + 2, np.int64)
    for block in blocks:
        change[block.first] += block.size
        change[block.last + 1] -= block.size
    born = sorted(range(len(blocks)), key=lambda i: (blocks[i].first, i))
    shared = _shared(blocks, separations, born)
    live = change.cumsum() - np.minimum(shared, _shared(blocks, separations, born[::-1]))
    return np.asarray(live[:-1])


def _shared(blocks: Sequence[Block], separations: Separations, order: Sequence[int]) -> np.ndarray:
    """The most bytes, at each step, that blocks laid down in some order share with earlier ones."""
    place = {index: position for position, index in enumerate(order)}
    found = np.zeros(max((block.last for block in blocks), default=0) + 2, np.int64)
    own: dict[int, np.ndarray] = {}
    for i, j in {(min(pair), max(pair)) for pair in separations}:
        first, last = max(blocks[i].first, blocks[j].first), min(blocks[i].last, blocks[j].last)
        if first <= last:
            later = own.setdefault(max(i, j, key=lambda index: place[index]), np.zeros_like(found))
            later[first : last + 1] += shareable(blocks, separations, i, j)
    for index, shares in own.items():
        found += np.minimum(shares, blocks[index].size)
    return found


def lower_bound(blocks: Sequence[Block], separations: Separations = APART) -> int:
    """Bytes that no arena can do without: the worst step, and at least the largest block."""
    largest = max((block.size for block in blocks), default=0)
    return max(int(live_bytes(blocks, separations).max()), largest)


def shareable(blocks: Sequence[Block], separations: Separations, i: int, j: int) -> int:
    """The most bytes that two blocks may have in common.

    At distance t = o_j - o_i they share min(size_i, t + size_j) - max(0, t) bytes: all of the
    smaller one while it lies within the larger, less the further t is from there.
    """
    size_i, size_j = blocks[i].size, blocks[j].size
    inside = min(0, size_i - size_j), max(0, size_i - size_j)
    upper = max(separation(blocks, separations, i, j), inside[0])
    lower = min(-separation(blocks, separations, j, i), inside[1])
    return max(0, *(min(size_i, t + size_j) - max(0, t) for t in (upper, lower)))


def separation(blocks: Sequence[Block], separations: Separations, i: int, j: int) -> int:
    """How far above block i block j must start when it is the upper one."""
    return separations.get((i, j), blocks[i].size)


def height(blocks: Sequence[Block], offsets: Offsets) -> int:
    """The bytes that placed blocks need."""
    ends = (offset + block.size for block, offset in zip(blocks, offsets, strict=True))
    return max(ends, default=0)


def is_valid(
    blocks: Sequence[Block], offsets: Sequence[int], separations: Separations = APART
) -> bool:
    """True when no offset is negative and every two blocks that meet are as far apart as they must.

    In integers, from the definition alone: this judges what solvers return.
    """
    if len(offsets) != len(blocks) or any(offset < 0 for offset in offsets):
        return False
    for j, late in enumerate(blocks):
        for i, early in enumerate(blocks[:j]):
            distance = offsets[j] - offsets[i]
            above = distance >= separation(blocks, separations, i, j)
            below = -distance >= separation(blocks, separations, j, i)
            if early.meets(late) and not above and not below:
                return False
    return True


def place(blocks: Sequence[Block], separations: Separations = APART, seed: int = 0) -> Offsets:
    """Offsets that keep all separations, in as few bytes as the heuristics find.

    Stops at the first result that meets the bound. Deterministic. Sizes and separations are kept as
    they are: round them up to the alignment and every offset is a multiple of it.
    """
    table, bound = Neighbours(blocks, separations), lower_bound(blocks, separations)
    best = construct(blocks, separations, table)
    if height(blocks, best) == bound:
        return best
    return _lowest(blocks, bound, _climb(table, best, seed))


def construct(
    blocks: Sequence[Block], separations: Separations = APART, table: Neighbours | None = None
) -> Offsets:
    """The best of the constructions alone: `place` without the second that its climb may take."""
    table = table or Neighbours(blocks, separations)
    return _lowest(blocks, lower_bound(blocks, separations), _constructions(table))


def _lowest(blocks: Sequence[Block], bound: int, results: Iterator[Offsets]) -> Offsets:
    """The first result that meets the bound, else the first of the lowest."""
    best = next(results)
    least = height(blocks, best)
    for offsets in results:
        if least == bound:
            break
        top = height(blocks, offsets)
        if top < least:
            best, least = offsets, top
    return best


class Neighbours:
    """The blocks, and for each (j, sep(i, j), sep(j, i)) for every j that it must keep clear of."""

    def __init__(self, blocks: Sequence[Block], separations: Separations = APART) -> None:
        self.blocks, self.separations = blocks, separations
        self.of = [list(self._near(index)) for index in range(len(blocks))]

    def _near(self, i: int) -> Iterator[tuple[int, int, int]]:
        for j, other in enumerate(self.blocks):
            if j != i and self.blocks[i].meets(other):
                below = separation(self.blocks, self.separations, i, j)
                above = separation(self.blocks, self.separations, j, i)
                if below + above > 0:
                    yield j, below, above

    def forbidden(self, index: int, offsets: dict[int, int]) -> list[tuple[int, int]]:
        """The places strictly between which the block may not lie, for each placed neighbour.

        One at o forbids all between o - sep(index, it) and o + sep(it, index).
        """
        return [
            (offsets[j] - below, offsets[j] + above)
            for j, below, above in self.of[index]
            if j in offsets
        ]

    def spots(self, index: int, offsets: dict[int, int]) -> Iterator[tuple[int, int | None]]:
        """The lowest place in each free range, upwards, and the room above it; None: endless."""
        free = 0
        for low, high in sorted(self.forbidden(index, offsets)):
            if free <= low:
                yield free, low - free
            free = max(free, high)
        yield free, None


Fit = Callable[[Neighbours, int, dict[int, int]], int]


def _first_fit(table: Neighbours, index: int, offsets: dict[int, int]) -> int:
    """The lowest address with room: the first of `spots`, found without looking at the others."""
    free = 0
    for low, high in sorted(table.forbidden(index, offsets)):
        if free <= low:
            break
        if high > free:
            free = high
    return free


def _best_fit(table: Neighbours, index: int, offsets: dict[int, int]) -> int:
    """The tightest gap with room, the lowest of equals; on top when there is none."""
    *gaps, (top, _) = table.spots(index, offsets)
    return min(((room, start) for start, room in gaps if room is not None), default=(0, top))[1]


def _in_order(table: Neighbours, order: Sequence[int], fit: Fit) -> Offsets:
    offsets: dict[int, int] = {}
    for index in order:
        offsets[index] = fit(table, index, offsets)
    return tuple(offsets[index] for index in range(len(table.blocks)))


def _constructions(table: Neighbours) -> Iterator[Offsets]:
    """First fit and best fit in eight orders and that of the skyline: 18 results.

    With separations each order is tried twice, the second time with the lower block of every pair
    that may overlap before the upper one, which alone can then come to lie over it.
    """
    for order in (*_orders(table), _skyline_order(table)):
        yield _in_order(table, order, _first_fit)
        yield _in_order(table, order, _best_fit)
        if table.separations:
            yield _in_order(table, _lower_first(table, order), _first_fit)
            yield _in_order(table, _lower_first(table, order), _best_fit)


def _lower_first(table: Neighbours, order: Sequence[int]) -> list[int]:
    """The order with the lower block of each overlap just before the upper one, if it was after."""
    changed = list(order)
    for (lower, upper), distance in table.separations.items():
        if distance < table.blocks[lower].size and changed.index(lower) > changed.index(upper):
            changed.remove(lower)
            changed.insert(changed.index(upper), lower)
    return changed


def _orders(table: Neighbours) -> Iterator[list[int]]:
    """The orders that planners use: large, long-lived, early, late or crowded blocks first."""
    blocks, peak = table.blocks, int(live_bytes(table.blocks, table.separations).argmax())
    keys: tuple[Callable[[int], tuple[int, ...]], ...] = (
        lambda i: (-blocks[i].size, blocks[i].first),
        lambda i: (-blocks[i].size, -blocks[i].last),
        lambda i: (blocks[i].first, -blocks[i].size),
        lambda i: (-blocks[i].last, -blocks[i].size),
        lambda i: (-_duration(blocks[i]), -blocks[i].size),
        lambda i: (-_duration(blocks[i]) * blocks[i].size, blocks[i].first),
        lambda i: (-sum(blocks[j].size for j, _, _ in table.of[i]), -blocks[i].size),
        lambda i: (not blocks[i].first <= peak <= blocks[i].last, -blocks[i].size),
    )
    for key in keys:
        yield sorted(range(len(blocks)), key=key)


def _duration(block: Block) -> int:
    return block.last - block.first + 1


def _skyline_order(table: Neighbours) -> list[int]:
    """Always next the block that comes to lie lowest on those before it, the largest of equals.

    After the best-fit skyline heuristic for strip packing (Burke, Kendall & Whitwell 2004), with
    the horizontal position, a life, given.
    """
    blocks = table.blocks
    rest, order = [0] * len(blocks), []
    left = set(range(len(blocks)))

    def rank(index: int) -> tuple[int, int, int]:
        return rest[index], -blocks[index].size * _duration(blocks[index]), index

    while left:
        index = min(left, key=rank)
        left.remove(index)
        order.append(index)
        for j, below, _ in table.of[index]:
            rest[j] = max(rest[j], rest[index] + below)
    return order


CLIMB_WORK, CLIMB_MOVES = 4_000_000, 100
"""What the hill climb may do: neighbours to look at, about a second; and moves for every block."""


def _climb(table: Neighbours, start: Offsets, seed: int) -> Iterator[Offsets]:
    """Hill climb over first-fit orders from a known result: topmost blocks move forward."""
    blocks, rng = table.blocks, random.Random(seed)
    yield start
    order = sorted(range(len(blocks)), key=lambda i: (start[i], i))
    best = _in_order(table, order, _first_fit)
    yield best
    work = len(blocks) + sum(map(len, table.of))
    top = height(blocks, best)
    for _ in range(min(CLIMB_WORK // work, CLIMB_MOVES * len(blocks))):
        trial = _moved(blocks, order, best, top, rng)
        offsets = _again(table, trial, order, best, top)
        if offsets is not None:
            order, best, top = trial, offsets, height(blocks, offsets)
            yield best


def _again(
    table: Neighbours, trial: Sequence[int], order: Sequence[int], known: Offsets, top: int
) -> Offsets | None:
    """First fit in an order that begins like another one, whose offsets are known.

    Given up, None, at the first block that would end above `top`.
    """
    pairs = enumerate(zip(trial, order, strict=True))
    same = next((place for place, (one, other) in pairs if one != other), len(order))
    offsets = {index: known[index] for index in trial[:same]}
    for index in trial[same:]:
        offsets[index] = _first_fit(table, index, offsets)
        if offsets[index] + table.blocks[index].size > top:
            return None
    return tuple(offsets[index] for index in range(len(table.blocks)))


def _moved(
    blocks: Sequence[Block], order: Sequence[int], offsets: Offsets, top: int, rng: random.Random
) -> list[int]:
    """The order with one block moved forward: every other time one of those at the top."""
    places = range(len(order))
    if rng.random() < 0.5:
        places_at_top = [p for p in places if offsets[order[p]] + blocks[order[p]].size == top]
        source = rng.choice(places_at_top)
    else:
        source = rng.choice(places)
    trial = list(order)
    trial.insert(rng.randrange(source + 1), trial.pop(source))
    return trial
