"""The optimal placement as a mixed integer program, for the few blocks where heuristics miss.

Solved by HiGHS where highspy is installed, else by the CBC that comes with PuLP. A big-M model
proves about 30 hard blocks (design/8, 3.1), but many more where overlaps are what makes it hard.
Solvers compute in floating point: nothing that they return is used before an integer re-check.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulp

from tinycc.memory.fit import APART, Block, Offsets, Separations, height, is_valid, separation

MOST_PAIRS = 900
"""Pairs of blocks that meet, above which no solver is started.

Layer-wise overlap instances of 46 to 872 binaries take 0.1 to 13 s; of windows cut from the hard
set, those with 188 pairs and more end without a result within a minute (design/8, 3.1 and 3.4).
"""


@dataclass(frozen=True)
class Result:
    """The best placement known after solving; `optimal` where the solver proved it.

    `note` says what went wrong, if anything; the offsets are valid in any case.
    """

    offsets: Offsets
    optimal: bool
    note: str = ""


def minimise(
    blocks: Sequence[Block],
    start: Offsets,
    bound: int,
    separations: Separations = APART,
    seconds: float = 10.0,
) -> Result:
    """A lowest placement, or `start`, a valid one, where the solver finds none that is better.

    Groups of blocks that no block connects in time are solved one by one, each only if it is higher
    than the bound. When the time is over the best solution so far is kept.
    """
    solver = available_solver(seconds)
    if solver is None:
        return Result(start, False, "no MILP solver (HiGHS or CBC) is installed: heuristics only")
    result = Result(start, True)
    for group in groups(blocks):
        part = _Part.of(blocks, start, separations, group)
        if height(part.blocks, part.offsets) > bound:
            solved = _solve(part, bound, solver) if _is_small(part) else _too_large(part)
            offsets = list(result.offsets)
            for index, offset in zip(group, solved.offsets, strict=True):
                offsets[index] = offset
            note = result.note or solved.note
            result = Result(tuple(offsets), result.optimal and solved.optimal, note)
    return result


def groups(blocks: Sequence[Block]) -> Iterator[list[int]]:
    """The blocks cut at the times when nothing is live across."""
    group: list[int] = []
    end = -1
    for index in sorted(range(len(blocks)), key=lambda i: blocks[i].first):
        if group and blocks[index].first > end:
            yield group
            group = []
        group.append(index)
        end = max(end, blocks[index].last)
    if group:
        yield group


def available_solver(seconds: float) -> pulp.LpSolver | None:
    """HiGHS, else CBC, else None; without the relative gap that they allow by default."""
    highs = pulp.HiGHS(msg=False, timeLimit=seconds, gapRel=0, threads=1)
    if highs.available():
        return highs
    cbc = pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds, gapRel=0, threads=1)
    return cbc if cbc.available() else None


@dataclass(frozen=True)
class _Part:
    """Blocks that are solved together, a placement of theirs, and their separations."""

    blocks: Sequence[Block]
    offsets: Offsets
    separations: Separations

    @classmethod
    def of(
        cls, blocks: Sequence[Block], offsets: Offsets, separations: Separations, group: list[int]
    ) -> _Part:
        place = {index: number for number, index in enumerate(group)}
        own = {
            (place[i], place[j]): distance
            for (i, j), distance in separations.items()
            if i in place and j in place
        }
        return cls([blocks[i] for i in group], tuple(offsets[i] for i in group), own)

    def apart(self, i: int, j: int) -> int:
        """How far above block i block j must start when it is the upper one."""
        return separation(self.blocks, self.separations, i, j)

    @property
    def unit(self) -> int:
        """What all sizes and separations are multiples of: small numbers suit the solvers."""
        sizes = (block.size for block in self.blocks)
        return math.gcd(*sizes, *self.separations.values()) or 1


def _is_small(part: _Part) -> bool:
    return pairs(part.blocks) <= MOST_PAIRS


def pairs(blocks: Sequence[Block]) -> int:
    """How many binaries the model has: pairs of blocks that are live together."""
    return sum(one.meets(other) for one, other in itertools.combinations(blocks, 2))


def _too_large(part: _Part) -> Result:
    return Result(part.offsets, False, f"{pairs(part.blocks)} pairs are too many for the MILP")


def _solve(part: _Part, bound: int, solver: pulp.LpSolver) -> Result:
    """The part's own start where the solver fails, or what it returns is no better placement."""
    model = _Model(part, bound)
    try:
        model.problem.solve(solver)
    except Exception as failure:  # whatever a solver's binding or process raises
        return Result(part.offsets, False, f"{solver.name} failed: {failure}")
    proved = model.problem.sol_status == pulp.LpSolutionOptimal
    offsets = model.offsets()
    if offsets is None:
        return Result(part.offsets, False, f"{solver.name} found no placement in its time")
    if not is_valid(part.blocks, offsets, part.separations):
        return Result(part.offsets, False, f"{solver.name} returned no valid placement: ignored")
    if height(part.blocks, offsets) > height(part.blocks, part.offsets):
        return Result(part.offsets, False, f"{solver.name} returned a worse placement: ignored")
    return Result(offsets, proved, "" if proved else f"{solver.name} ran out of time")


class _Model:
    """min H; 0 <= o_i <= H - s_i; for each pair that meets a binary says which one is above.

    The big M of each row is what the row can be short of within the best height known, U: o_i is at
    most U - s_i and o_j at least 0. Heights are rounded down to whole units: some lowest placement
    is whole, and no group need be lower than the bound. Offsets are continuous: with the binaries
    fixed all others are differences of whole numbers, and rounding is checked.
    """

    def __init__(self, part: _Part, bound: int) -> None:
        self.part, self.unit = part, part.unit
        blocks, top = part.blocks, height(part.blocks, part.offsets) // part.unit
        self.sizes = [block.size // self.unit for block in blocks]
        self.problem = pulp.LpProblem("placement", pulp.LpMinimize)
        self.height = pulp.LpVariable("height", bound // self.unit, top)
        self.places = [pulp.LpVariable(f"o{i}", 0, top - size) for i, size in enumerate(self.sizes)]
        self.problem += self.height
        for place, size in zip(self.places, self.sizes, strict=True):
            self.problem += place + size <= self.height
        for i, j in itertools.combinations(range(len(blocks)), 2):
            if blocks[i].meets(blocks[j]):
                self._keep_apart(i, j, top)
        self._break_symmetry()

    def _keep_apart(self, i: int, j: int, top: int) -> None:
        """o_j >= o_i + sep(i, j), or o_i >= o_j + sep(j, i)."""
        if self._interchangeable(i, j):
            self._above(i, j, top, 1)
        else:
            upper = pulp.LpVariable(f"b{i}_{j}", cat=pulp.LpBinary)
            self._above(i, j, top, upper)
            self._above(j, i, top, 1 - upper)

    def _above(self, i: int, j: int, top: int, chosen: pulp.LpAffineExpression | int) -> None:
        apart = self.part.apart(i, j) // self.unit
        short = top - self.sizes[i] + apart
        self.problem += self.places[j] >= self.places[i] + apart - short * (1 - chosen)

    def _interchangeable(self, i: int, j: int) -> bool:
        """Equal blocks: either may be the lower one."""
        special = {index for pair in self.part.separations for index in pair}
        same = self.part.blocks[i] == self.part.blocks[j]
        return same and i not in special and j not in special

    def _break_symmetry(self) -> None:
        """A packing upside down is one too: the largest block lies in the lower half.

        Not with separations, which have a direction.
        """
        if not self.part.separations:
            largest = max(range(len(self.sizes)), key=lambda i: self.sizes[i])
            self.problem += 2 * self.places[largest] + self.sizes[largest] <= self.height

    def offsets(self) -> Offsets | None:
        """The values of the solver, rounded to whole units; None when it has none."""
        values = [place.varValue for place in self.places]
        if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
            return None
        return tuple(self.unit * round(value) for value in values)
