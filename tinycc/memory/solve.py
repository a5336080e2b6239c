"""The smallest placement that can be found: heuristics, the search or the MILP, and their proof."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tinycc.errors import InternalError
from tinycc.memory import fit, milp, search
from tinycc.memory.core import completed, core
from tinycc.memory.fit import APART, Block, Offsets, Separations

METHODS = ("auto", "heuristics", "search", "milp")


@dataclass(frozen=True)
class Solution:
    """A valid placement; none at all is lower than `bound`.

    `notes`: what kept the result from being better, for the report. `seconds`: process time.
    """

    offsets: Offsets
    blocks: Sequence[Block] = field(repr=False)
    bound: int
    method: str = "heuristics"
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def height(self) -> int:
        """The bytes that the placement needs."""
        return fit.height(self.blocks, self.offsets)

    @property
    def is_optimal(self) -> bool:
        return self.height == self.bound

    def meets(self, capacity: int) -> bool:
        """True when nothing is left to gain: optimal, or not above the capacity."""
        return self.height <= max(self.bound, capacity)

    def after(self, method: str, offsets: Offsets, bound: int = 0) -> Solution:
        """This, or what another method found if that is lower; the higher of the bounds."""
        bound = max(bound, self.bound)
        if fit.height(self.blocks, offsets) < self.height:
            return replace(self, offsets=offsets, method=method, bound=bound)
        return replace(self, bound=bound)


def solve(
    blocks: Sequence[Block],
    separations: Separations = APART,
    *,
    capacity: int = 0,
    seconds: float = 10.0,
    method: str = "auto",
) -> Solution:
    """The lowest placement found; done when it meets the bound or is not above the capacity.

    Constructions first. Where they miss, the blocks that decide (`core`) are placed on their own,
    and the others then find a place. Without separations by the search, which is exact too, needs
    no solver and, until its `seconds` are up, finds the same on any machine; then, and for blocks
    that may overlap, by the MILP where it is small enough (it takes a tenth of a second on
    networks, where the climb that comes last takes one). `method` (one of METHODS) allows one of
    them only. Every result is checked in integers: InternalError rather than a wrong one.
    """
    start = time.process_time()
    bound = fit.lower_bound(blocks, separations)
    best = Solution(fit.construct(blocks, separations), blocks, bound)
    deciding, rest = core(blocks, separations, max(bound, capacity))
    if rest and not best.meets(capacity):
        best = _from_core(best, separations, (deciding, rest), capacity, seconds, method)
    elif not best.meets(capacity):
        best = _searched(best, separations, capacity, seconds, method)
    if not fit.is_valid(blocks, best.offsets, separations):
        raise InternalError(f"placement by {best.method} is not valid", hint="a bug of tinycc")
    return replace(best, seconds=time.process_time() - start)


def _from_core(
    best: Solution,
    separations: Separations,
    split: tuple[list[int], list[int]],
    capacity: int,
    seconds: float,
    method: str,
) -> Solution:
    """The deciding blocks as low as can be found, the rest among them."""
    deciding, rest = split
    number = {index: place for place, index in enumerate(deciding)}
    own = {
        (number[i], number[j]): distance
        for (i, j), distance in separations.items()
        if i in number and j in number
    }
    blocks, enough = [best.blocks[i] for i in deciding], max(best.bound, capacity)
    found = solve(blocks, own, capacity=enough, seconds=seconds, method=method)
    placed = dict(zip(deciding, found.offsets, strict=True))
    offsets = completed(best.blocks, separations, placed, rest)
    return replace(best.after(found.method, offsets, found.bound), notes=found.notes)


def _searched(
    best: Solution, separations: Separations, capacity: int, seconds: float, method: str
) -> Solution:
    """What search, MILP and climb make of a placement."""
    blocks, start, bound = best.blocks, time.process_time(), best.bound
    if method in ("auto", "search") and not separations and not best.meets(capacity):
        offsets, bound = search.minimise(blocks, best.offsets, bound, capacity, start + seconds)
        best = best.after("search", offsets, bound)
    if method in ("auto", "milp") and not best.meets(capacity):
        best = _by_milp(best, separations, seconds)
    if separations and method != "milp" and not best.meets(capacity):
        best = best.after("heuristics", fit.place(blocks, separations))
    return best


def _by_milp(best: Solution, separations: Separations, seconds: float) -> Solution:
    result = milp.minimise(best.blocks, best.offsets, best.bound, separations, seconds)
    after = best.after("MILP", result.offsets)
    bound = after.height if result.optimal else best.bound
    return replace(after, bound=bound, notes=(result.note,) if result.note else ())
