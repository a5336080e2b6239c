"""Packs blocks into a given capacity, or proves that they do not fit: for hard instances.

A depth-first search of our own over canonical packings (the idea that minimalloc showed to work:
Moffitt 2023, known to us by its description). If there is a packing, there is one whose offsets add
up to the least: in it, every block lies at 0 or on top of another. The search looks for that one.

Time is cut into sections, the maximal sets of blocks that are live together. For every block not
yet placed we keep the lowest offset it may still take, so the lowest of these is the floor of a
section. One section is chosen, and the search branches on what lies on its floor: one of the blocks
that can, or nothing, which raises the floor to the next offset that something could support.
Pruned are sections whose floor and remaining blocks exceed the capacity, packings with a hole into
which a later block could drop, and equal blocks in another order. Blocks that time has separated
from the others are packed alone. The section with the fewest choices comes first; as its order
matters more than anything else, many short walks with other rules and orders are made.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.memory.fit import Block, Offsets, height

Ints = np.ndarray
NEVER = 1 << 62
"""An offset that nothing reaches."""

CYCLE = 6
"""Walks with each rule for sections and each order of blocks."""

WALK_NODES = 1_000
"""Nodes of the shortest walks, those of the first two cycles.

A successful walk hardly turns back: on minimalloc's 11 hard instances it has 158 to 930 nodes for
154 to 454 blocks, so that many short walks do better than a few long ones.
"""


ROUND_NODES = 20_000
"""Nodes for the first try at the bound: about three seconds for 200 blocks."""


class UndecidedError(Exception):
    """The search ran out of nodes or time."""


@dataclass
class Budget:
    """What a search may use: nodes, which any machine counts alike, and process time in seconds."""

    nodes: int
    until: float = float("inf")

    def take(self) -> None:
        """One node less; UndecidedError when none is left."""
        self.nodes -= 1
        if self.nodes < 0 or (self.nodes % 64 == 0 and time.process_time() > self.until):
            raise UndecidedError


def minimise(
    blocks: Sequence[Block], start: Offsets, bound: int, enough: int, until: float, rounds: int = 9
) -> tuple[Offsets, int]:
    """The lowest packing found from a known one, and the bound, raised by what was proved.

    Each round tries the bound, or `enough` if that is higher, and then bisects with an eighth of
    the nodes for each capacity; the next has four times as many. Done when the best is the bound or
    not above `enough`, or at `until`, in seconds of process time.
    """
    unit, best = _unit(blocks), start
    for number in range(rounds):
        nodes = ROUND_NODES << 2 * number
        low = target = max(bound, enough // unit * unit)
        while target < height(blocks, best):
            try:
                found = pack(blocks, target, Budget(nodes, until))
            except UndecidedError:
                if time.process_time() > until:
                    return best, bound
                low = target + unit
            else:
                best = found or best
                if found is None:
                    low = bound = target + unit
            target = low + (height(blocks, best) - low) // unit // 2 * unit
            nodes = max(ROUND_NODES << 2 * number >> 3, CYCLE * WALK_NODES)
        if height(blocks, best) <= max(bound, enough):
            break
    return best, bound


def _unit(blocks: Sequence[Block]) -> int:
    """What all sizes are multiples of, and so all heights of packings that are worth trying."""
    return int(np.gcd.reduce([block.size for block in blocks]))


def pack(blocks: Sequence[Block], capacity: int, budget: Budget) -> Offsets | None:
    """Offsets within the capacity, None when there are none; UndecidedError without an answer.

    Blocks may not overlap (no separations). Deterministic for a budget without a time.
    """
    unit = _unit(blocks)
    problem = _Problem.of(blocks, unit, capacity // unit)
    number = 0
    while True:
        limit = WALK_NODES * _luby(1 + number // CYCLE)
        share = Budget(min(limit, budget.nodes), budget.until)
        budget.nodes -= share.nodes
        walk = _Walk(problem, number, share)
        try:
            return tuple(unit * int(o) for o in walk.offsets) if walk.fits() else None
        except UndecidedError:
            if budget.nodes <= 0 or time.process_time() > budget.until:
                raise
        number += 1


def _luby(number: int) -> int:
    """1 1 2 1 1 2 4 ...: restarts for unknown luck (Luby, Sinclair & Zuckerman 1993)."""
    power = (number + 1).bit_length() - 1
    if number + 1 == 1 << power:
        return 1 << (power - 1)
    return _luby(number + 1 - (1 << power))


@dataclass(frozen=True)
class _Problem:
    """The blocks in units of their greatest common divisor, with lives in sections."""

    capacity: int
    size: Ints
    first: Ints
    last: Ints
    covers: np.ndarray  # sections x blocks: live there
    meets: np.ndarray  # blocks x blocks: live together, and not the same
    kind: Ints  # the same number for equal blocks

    @classmethod
    def of(cls, blocks: Sequence[Block], unit: int, capacity: int) -> _Problem:
        covers = _sections(blocks)
        first = covers.argmax(axis=0)
        last = len(covers) - 1 - covers[::-1].argmax(axis=0)
        size = np.array([block.size // unit for block in blocks], np.int64)
        meets = (first[None, :] <= last[:, None]) & (first[:, None] <= last[None, :])
        np.fill_diagonal(meets, False)
        kind = np.unique(np.stack([first, last, size]), axis=1, return_inverse=True)[1].ravel()
        return cls(capacity, size, first, last, covers, meets, kind)


def _sections(blocks: Sequence[Block]) -> np.ndarray:
    """Which blocks are live in each maximal set: one row per set, in order of time.

    The set of live blocks is maximal where the last birth is followed by a death. Two blocks are
    live together exactly when they are in one maximal set, so that no other times matter.
    """
    births = sorted({block.first for block in blocks})
    deaths = np.array(sorted({block.last for block in blocks}))
    died = np.append(np.searchsorted(deaths, births), len(deaths))  # before each birth; at the end
    steps = np.array(births)[died[1:] > died[:-1]]
    return np.array([[block.first <= step <= block.last for block in blocks] for step in steps])


@dataclass(frozen=True)
class _Part:
    """Blocks still to be placed, in order of birth, that are connected in time.

    `low`: the lowest offset that each may take; `support`: the top of what is placed below it.
    Where `low` is higher, nothing placed so far can be what the block comes to lie on.
    """

    left: Ints
    low: Ints
    support: Ints


class _View:
    """A part, section by section: rows are its sections, columns its blocks."""

    def __init__(self, problem: _Problem, part: _Part) -> None:
        self.size = problem.size[part.left]
        rows = slice(problem.first[part.left[0]], problem.last[part.left].max() + 1)
        self.covers = problem.covers[rows, part.left]
        self.floor = np.where(self.covers, part.low, NEVER).min(axis=1)
        rest = self.covers @ self.size
        self.active = rest > 0
        self.slack = np.where(self.active, problem.capacity - self.floor - rest, 0)
        self.on_floor = self.covers & (part.low == self.floor[:, None])
        self.can_lie = self.on_floor & (part.support == part.low)

    def has_hole(self, part: _Part) -> bool:
        """True when some block has room between what is placed and all that is to come.

        Everything to come is at or above the floor. Moving the block down there would lower the sum
        of the offsets, so this is not the packing that is looked for.
        """
        above = np.where(self.covers, self.floor[:, None], NEVER).min(axis=0)
        return bool((above >= part.support + self.size).any())

    def open_sections(self, part: _Part) -> np.ndarray:
        """Where all that could lie on the floor is settled: no block left can come below it.

        Such sections always exist: those with the lowest floor of all are.
        """
        lowest_top = np.where(self.covers, part.low + self.size, NEVER).min(axis=1)
        tops = np.where(self.covers, lowest_top[:, None], NEVER).min(axis=0)
        return np.asarray(self.active & ~(self.on_floor & (tops <= part.low)).any(axis=1))


class _Walk:
    """One depth-first search with an order of blocks and a rule for sections of its own."""

    def __init__(self, problem: _Problem, number: int, budget: Budget) -> None:
        self.problem, self.budget = problem, budget
        self.from_below = number % 2 == 1
        self.preference = _preference(problem, number)
        self.offsets = np.zeros(len(problem.size), np.int64)

    def fits(self) -> bool:
        """True with `offsets` set, or False when there is no packing; UndecidedError otherwise.

        An explicit stack instead of recursion. A frame has options, each of which is a list of
        parts that must all fit; when one of them does not, the next option is tried.
        """
        none = np.zeros(len(self.problem.size), np.int64)
        root = _Part(np.argsort(self.problem.first, kind="stable"), none, none)
        stack: list[_Frame] = [_Frame(iter([self._split(root)]))]
        while stack:
            frame = stack[-1]
            if frame.parts:
                stack.append(_Frame(self._options(frame.parts.pop())))
            elif frame.parts is not None:
                stack.pop()  # all parts of an option fit
            else:
                frame.parts = next(frame.options, None)
                if frame.parts is None:
                    stack.pop()  # no option is left
                    if not stack:
                        return False
                    stack[-1].parts = None
        return True

    def _split(self, part: _Part) -> list[_Part]:
        """The parts that no block connects in time, the smallest last."""
        if not len(part.left):
            return []
        reach = np.maximum.accumulate(self.problem.last[part.left])
        cuts = np.flatnonzero(self.problem.first[part.left][1:] > reach[:-1]) + 1
        if not len(cuts):
            return [part]
        edges = [0, *cuts.tolist(), len(part.left)]
        slices = [slice(start, end) for start, end in itertools.pairwise(edges)]
        parts = [_Part(part.left[s], part.low[s], part.support[s]) for s in slices]
        return sorted(parts, key=lambda each: -len(each.left))

    def _options(self, part: _Part) -> Iterator[list[_Part]]:
        """The ways to go on: each block that can lie on the floor of one section, or none."""
        self.budget.take()
        lying, raised = self._branches(part)
        tried = set()
        for column in sorted(lying, key=lambda c: -self.preference[part.left[c]]):
            kind = self.problem.kind[part.left[column]]
            if kind not in tried:
                tried.add(kind)
                yield self._place(part, column)
        if raised is not None:
            yield [_Part(part.left, raised, part.support)]

    def _branches(self, part: _Part) -> tuple[list[int], Ints | None]:
        """Which blocks can lie on the floor of one section; the lowest offsets if none does."""
        view = _View(self.problem, part)
        if view.slack.min() < 0 or view.has_hole(part):
            return [], None
        section = self._choose(view, part)
        lying = np.flatnonzero(view.can_lie[section]).tolist()
        return lying, self._raised(view, part, section)

    def _choose(self, view: _View, part: _Part) -> int:
        """The section to branch on: by choices, then by slack; or by floor, then by choices.

        The first rule goes where the capacity is tight, the second fills from below.
        """
        choices = view.can_lie.sum(axis=1) + (view.slack > 0)
        if self.from_below:
            score = view.floor + choices / (len(part.left) + 2.0)
        else:
            score = choices + view.slack / (self.problem.capacity + 1.0)
        return int(np.where(view.open_sections(part), score, np.inf).argmin())

    def _place(self, part: _Part, column: int) -> list[_Part]:
        """One block at its lowest offset; all that meet it come above."""
        index = int(part.left[column])
        self.offsets[index] = part.low[column]
        top = part.low[column] + self.problem.size[index]
        keep = np.arange(len(part.left)) != column
        left = part.left[keep]
        above = np.where(self.problem.meets[index, left], top, 0)
        return self._split(
            _Part(left, np.maximum(part.low[keep], above), np.maximum(part.support[keep], above))
        )

    def _raised(self, view: _View, part: _Part, section: int) -> Ints | None:
        """The lowest offsets when nothing lies on the floor of a section; None: it cannot be.

        A block that could have lain there then lies on one that is not placed yet: on one from
        elsewhere, whose top is at least low + size, or on another of those that were passed over,
        the lowest of which lies on one from elsewhere.
        """
        if view.slack[section] <= 0:
            return None
        passed = np.flatnonzero(view.on_floor[section])
        near = self.problem.meets[part.left[passed]][:, part.left] & ~view.on_floor[section]
        lows = np.where(near, part.low + view.size, NEVER).min(axis=1)
        if len(passed) > 1:
            smallest, second = np.partition(view.size[passed], 1)[:2]
            other = np.where(view.size[passed] == smallest, second, smallest)
            lows = np.minimum(lows, lows.min() + other)
        raised = part.low.copy()
        raised[passed] = lows
        floor = raised[view.covers[section]].min()
        fits = floor - view.floor[section] <= view.slack[section] and lows.max() < NEVER
        return raised if fits else None


@dataclass
class _Frame:
    options: Iterator[list[_Part]]
    parts: list[_Part] | None = None  # of the current option, those still to be packed


def _preference(problem: _Problem, number: int) -> Ints:
    """Which block to try first: three orders, from the second cycle on shaken by up to 30 %."""
    life, size = problem.last - problem.first + 1, problem.size
    orders = (life * size, life * 1000 + size, size * 1000 + life)
    noise = np.array([random.Random(f"{number} {i}").random() for i in range(len(size))])
    scale = 1.0 if number < CYCLE else 0.7 + 0.6 * noise
    return np.asarray(orders[number // 2 % len(orders)] * scale)
