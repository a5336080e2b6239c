"""Which memory each block lies in, and where: the least traffic times the price of an access.

A mixed integer program chooses the memories by the bytes that are live at each step (design/4,
"Several regions of memory"); then the blocks of each memory are placed. Blocks that fragmentation
keeps from fitting into one may not all lie there again, and the program is solved once more. That
ends, because every round forbids an assignment for good; where it takes too long, or no solver is
there, blocks are taken one by one, those of the most traffic per byte first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pulp

from tinycc.memory import fit, milp
from tinycc.memory.fit import APART, Block, Offsets, Separations
from tinycc.memory.solve import Solution, solve

ROUNDS = 40
MOST_TRIED = 24  # blocks that are left out one by one to make a cut stronger
PLACE_SECONDS = 0.5  # for the blocks of one memory, where heuristics do not do


@dataclass(frozen=True)
class Room:
    """A memory: bytes that arenas may take, the price of an access (1 = the fastest), its section

    for the linker.
    """

    name: str
    bytes: int
    cost: float = 1.0
    section: str = ""


@dataclass(frozen=True)
class Assignment:
    """The number of each block's room, its offset there, and of each room the height and its bound.

    `cost` is traffic times price. `optimal`: proved to be the least. Where not `fits`, the blocks
    fit nowhere, or no way was found; one room then overflows.
    """

    rooms: tuple[int, ...]
    offsets: Offsets
    heights: tuple[int, ...]
    bounds: tuple[int, ...]
    cost: float
    optimal: bool = False
    fits: bool = True
    notes: tuple[str, ...] = ()


def assign(
    blocks: Sequence[Block],
    traffic: Sequence[int],
    rooms: Sequence[Room],
    separations: Separations = APART,
    seconds: float = 5.0,
) -> Assignment:
    """A room and an offset for every block; offsets are aligned as sizes and separations are.

    `traffic`: the bytes of each block that are read and written. `seconds`: processor time for all
    rounds together.
    """
    problem = _Problem(blocks, traffic, rooms, separations)
    for room in problem.by_cost:
        if rooms[room].cost == rooms[problem.by_cost[0]].cost:
            alone = problem.settled([room] * len(blocks))
            if alone.fits:
                return replace(problem.lowered(alone), optimal=True)
    found, note = _by_milp(problem, seconds)
    if found is None:
        found = problem.one_by_one()
        note = f"{note}: memories chosen one buffer after the other" if note else ""
    if found.fits:
        found = problem.lowered(found)
    return replace(found, notes=(note,) if note else ())


@dataclass(frozen=True)
class _Cut:
    """Blocks that cannot all lie in a room; `sure`: proved, not only tried."""

    room: int
    blocks: frozenset[int]
    sure: bool


class _Problem:
    """Blocks and rooms; what lies where in a room is worked out once for every set of blocks."""

    def __init__(
        self,
        blocks: Sequence[Block],
        traffic: Sequence[int],
        rooms: Sequence[Room],
        separations: Separations,
    ) -> None:
        self.blocks, self.traffic, self.rooms = blocks, traffic, rooms
        self.separations = separations
        self.by_cost = sorted(range(len(rooms)), key=lambda k: rooms[k].cost)
        self._placed: dict[tuple[int, tuple[int, ...]], Solution] = {}

    def part(self, members: Sequence[int]) -> tuple[list[Block], dict[tuple[int, int], int]]:
        """Some of the blocks, and their separations."""
        place = {block: number for number, block in enumerate(members)}
        own = {
            (place[i], place[j]): distance
            for (i, j), distance in self.separations.items()
            if i in place and j in place
        }
        return [self.blocks[i] for i in members], own

    def placed(self, members: Sequence[int], capacity: int) -> Solution:
        """The lowest placement of some blocks alone, or one within the capacity."""
        key = capacity, tuple(members)
        if key not in self._placed:
            found, own = self.part(members)
            method = "milp" if own else "auto"  # without the climb, which may take seconds
            self._placed[key] = solve(
                found, own, capacity=capacity, seconds=PLACE_SECONDS, method=method
            )
        return self._placed[key]

    def lowered(self, found: Assignment) -> Assignment:
        """The same rooms for all blocks, each room as low as can be."""
        lowest = self.settled(found.rooms, lowest=True)
        higher = zip(lowest.heights, found.heights, strict=True)
        if any(now > before for now, before in higher):
            return replace(found, bounds=lowest.bounds)
        return replace(lowest, optimal=found.optimal)

    def settled(self, chosen: Sequence[int], lowest: bool = False) -> Assignment:
        """The assignment of blocks to rooms with all offsets.

        Not `lowest`: what is within a room may be as high as it is.
        """
        offsets = [0] * len(self.blocks)
        heights, bounds = [], []
        for number, room in enumerate(self.rooms):
            members = [i for i, k in enumerate(chosen) if k == number]
            found = self.placed(members, 0 if lowest else room.bytes)
            for i, offset in zip(members, found.offsets, strict=True):
                offsets[i] = offset
            heights.append(found.height)
            bounds.append(found.bound)
        return Assignment(
            tuple(chosen),
            tuple(offsets),
            tuple(heights),
            tuple(bounds),
            self.cost(chosen),
            fits=all(h <= room.bytes for h, room in zip(heights, self.rooms, strict=True)),
        )

    def cost(self, chosen: Sequence[int]) -> float:
        """Traffic times price."""
        return sum(t * self.rooms[k].cost for t, k in zip(self.traffic, chosen, strict=True))

    def cuts(self, chosen: Sequence[int]) -> Iterator[_Cut]:
        """Why an assignment does not fit: for each room that overflows a set as small as possible.

        What is too much for a room is too much for a smaller one as well.
        """
        for number, room in enumerate(self.rooms):
            members = [i for i, k in enumerate(chosen) if k == number]
            if self.placed(members, room.bytes).height > room.bytes:
                few = self._least_overflowing(members, room.bytes)
                sure = self.placed(few, room.bytes).bound > room.bytes
                for other, smaller in enumerate(self.rooms):
                    if smaller.bytes <= room.bytes:
                        yield _Cut(other, frozenset(few), sure)

    def _least_overflowing(self, members: Sequence[int], capacity: int) -> list[int]:
        """Of blocks that overflow, few that still do: those of a short time, none to spare."""
        blocks = self.blocks
        ends = sorted({blocks[i].first for i in members})
        few = self._fewest(
            [[i for i in members if blocks[i].first <= end] for end in ends], capacity
        )
        starts = sorted({blocks[i].last for i in few}, reverse=True)
        few = self._fewest([[i for i in few if blocks[i].last >= one] for one in starts], capacity)
        for i in sorted(few, key=lambda i: blocks[i].size) if len(few) <= MOST_TRIED else ():
            rest = [j for j in few if j != i]
            if self.placed(rest, capacity).height > capacity:
                few = rest
        return few

    def _fewest(self, growing: Sequence[list[int]], capacity: int) -> list[int]:
        """The first of sets that contain each other that overflows; the last one does."""
        low, high = 0, len(growing) - 1
        while low < high:
            middle = (low + high) // 2
            if self.placed(growing[middle], capacity).height > capacity:
                high = middle
            else:
                low = middle + 1
        return growing[high]

    def one_by_one(self) -> Assignment:
        """Each block at the lowest place in the cheapest room that has one left for it.

        In several orders; of the results that fit the cheapest, else the smallest.
        """
        results = [self._in_order(order) for order in self._orders()]
        return min(
            results, key=lambda one: (not one.fits, one.cost if one.fits else sum(one.heights))
        )

    def _orders(self) -> Iterator[list[int]]:
        """The most traffic per byte first; the largest; the longest-lived."""
        blocks, traffic = self.blocks, self.traffic
        keys: tuple[Callable[[int], float], ...] = (
            lambda i: -traffic[i] / max(1, blocks[i].size),
            lambda i: -blocks[i].size,
            lambda i: -blocks[i].size * (blocks[i].last - blocks[i].first + 1),
        )
        for key in keys:
            yield sorted(range(len(blocks)), key=key)

    def _in_order(self, order: Iterable[int]) -> Assignment:
        table = fit.Neighbours(self.blocks, self.separations)
        largest = max(range(len(self.rooms)), key=lambda k: self.rooms[k].bytes)
        chosen = [0] * len(self.blocks)
        places: list[dict[int, int]] = [{} for _ in self.rooms]
        for i in order:
            for room in (*self.by_cost, largest):
                spot = self._lowest(table, i, places[room])
                if spot + self.blocks[i].size <= self.rooms[room].bytes:
                    break
            chosen[i], places[room][i] = room, spot
        return self._kept(chosen, places)

    def _lowest(self, table: fit.Neighbours, block: int, offsets: dict[int, int]) -> int:
        """The lowest place with room."""
        return next(start for start, _ in table.spots(block, offsets))

    def _kept(self, chosen: Sequence[int], places: Sequence[dict[int, int]]) -> Assignment:
        """The assignment at the places given, which may be higher than necessary but are there."""
        settled = self.settled(chosen)
        if settled.fits:
            return settled
        heights = tuple(
            max((at + self.blocks[i].size for i, at in place.items()), default=0)
            for place in places
        )
        if any(h > room.bytes for h, room in zip(heights, self.rooms, strict=True)):
            return settled
        offsets = tuple(places[room][i] for i, room in enumerate(chosen))
        return replace(settled, offsets=offsets, heights=heights, fits=True)


def _by_milp(problem: _Problem, seconds: float) -> tuple[Assignment | None, str]:
    """The cheapest assignment that can be placed, or why there is none that the solver knows."""
    end = time.process_time() + seconds
    cuts: list[_Cut] = []
    for _ in range(ROUNDS):
        left = end - time.process_time()
        solver = milp.available_solver(left)
        if left <= 0:
            return None, "the assignment to memories ran out of time"
        if solver is None:
            return None, "no MILP solver (HiGHS or CBC) is installed"
        answer = _solved(problem, cuts, solver)
        if answer.chosen is None:
            return None, answer.note
        more = list(problem.cuts(answer.chosen))
        if not more:
            found = problem.settled(answer.chosen)
            sure = answer.proved and all(cut.sure for cut in cuts)
            return replace(found, optimal=sure), answer.note
        cuts += more
    return None, f"no assignment to memories that can be placed in {ROUNDS} rounds"


@dataclass(frozen=True)
class _Answer:
    """The rooms that the solver chose; None where it found none, or failed."""

    chosen: tuple[int, ...] | None = None
    proved: bool = False
    note: str = ""


def _solved(problem: _Problem, cuts: Sequence[_Cut], solver: pulp.LpSolver) -> _Answer:
    model = _Model(problem, cuts)
    try:
        model.problem.solve(solver)
    except Exception as failure:  # whatever a solver's binding or process raises
        return _Answer(note=f"{solver.name} failed: {failure}")
    if model.problem.status == pulp.LpStatusInfeasible:
        return _Answer()
    chosen = model.chosen()
    if chosen is None:
        return _Answer(note=f"{solver.name} found no assignment to memories in its time")
    proved = model.problem.sol_status == pulp.LpSolutionOptimal
    note = "" if proved else f"{solver.name} ran out of time: memories may not be the best"
    return _Answer(chosen, proved, note)


@dataclass
class _Model:
    """min sum of traffic * price * x_ik; every block i in one room k; at each step each room holds

    the bytes live there, less what pairs that may overlap share when both are in it.
    """

    parts: _Problem
    cuts: Sequence[_Cut]
    problem: pulp.LpProblem = field(init=False)
    x: dict[tuple[int, int], pulp.LpVariable] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        blocks, rooms = self.parts.blocks, self.parts.rooms
        self.problem = pulp.LpProblem("memories", pulp.LpMinimize)
        for i, block in enumerate(blocks):
            for k, room in enumerate(rooms):
                if block.size <= room.bytes:
                    self.x[i, k] = pulp.LpVariable(f"x{i}_{k}", cat=pulp.LpBinary)
        prices = ((var, self._price(i, k)) for (i, k), var in self.x.items())
        self.problem += pulp.lpSum(price * var for var, price in prices)
        for i in range(len(blocks)):
            self.problem += pulp.lpSum(self._in(i, k) for k in range(len(rooms))) == 1
        for k in range(len(rooms)):
            shared = self._shared(k)
            for together in _crowds(blocks):
                self._limit(k, together, shared)
        for cut in self.cuts:
            self.problem += (
                pulp.lpSum(self._in(i, cut.room) for i in cut.blocks) <= len(cut.blocks) - 1
            )

    def _price(self, i: int, k: int) -> float:
        return (self.parts.traffic[i] + 1) * self.parts.rooms[k].cost

    def _in(self, i: int, k: int) -> pulp.LpVariable | int:
        return self.x.get((i, k), 0)

    def _shared(self, k: int) -> dict[tuple[int, int], pulp.LpAffineExpression]:
        """For each pair that may overlap the bytes that it shares in room k."""
        found = {}
        for i, j in sorted({(min(pair), max(pair)) for pair in self.parts.separations}):
            most = fit.shareable(self.parts.blocks, self.parts.separations, i, j)
            if most and (i, k) in self.x and (j, k) in self.x:
                both = pulp.LpVariable(f"y{i}_{j}_{k}", 0, 1)
                self.problem += both <= self.x[i, k]
                self.problem += both <= self.x[j, k]
                found[i, j] = most * both
        return found

    def _limit(
        self,
        k: int,
        together: frozenset[int],
        shared: dict[tuple[int, int], pulp.LpAffineExpression],
    ) -> None:
        """Blocks that are live together fit into room k by their bytes."""
        blocks, room = self.parts.blocks, self.parts.rooms[k]
        live = pulp.lpSum(blocks[i].size * self._in(i, k) for i in together)
        less = pulp.lpSum(one for pair, one in shared.items() if together.issuperset(pair))
        self.problem += live - less <= room.bytes

    def chosen(self) -> tuple[int, ...] | None:
        """The room of every block; None where the solver's values are no assignment."""
        found = []
        for i in range(len(self.parts.blocks)):
            values = {
                k: self.x[i, k].varValue for k in range(len(self.parts.rooms)) if (i, k) in self.x
            }
            best = max(values, key=lambda k: values[k] or 0.0, default=None)
            if best is None or not (values[best] or 0.0) > 0.5:
                return None
            found.append(best)
        return tuple(found)


def _crowds(blocks: Sequence[Block]) -> Iterator[frozenset[int]]:
    """The sets of blocks that are live at one step, without those inside another."""
    sets = {
        frozenset(i for i, block in enumerate(blocks) if block.first <= step <= block.last)
        for step in {block.first for block in blocks}
    }
    for one in sorted(sets, key=lambda members: (-len(members), sorted(members))):
        if not any(one < other for other in sets):
            yield one
