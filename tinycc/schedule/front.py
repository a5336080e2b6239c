"""The front of peak bytes against extra instructions, and the choice of a point on it."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from tinycc.schedule.cost import graph_macs
from tinycc.schedule.model import Region, Schedule
from tinycc.schedule.regions import Candidate, Candidates
from tinycc.schedule.remake import remade
from tinycc.schedule.tiles import Tiles
from tinycc.schedule.twice import Block, blocks, run_twice
from tinycc.target import Target

ALLOWED = MappingProxyType({"speed": 0.0, "balanced": 0.03, "ram": 0.15})
"""What a goal may cost beyond the layer-by-layer schedule, as a part of its instructions."""

_PUSHED = 0.25
"""The same for `ram` where the caller pushes rows, because not even the input fits."""

_SHORT = 100_000
"""Instructions that `ram` may always add: a millisecond at 100 MHz."""

_WORTH = 0.1
"""How much of the arena `ram` wants for the work that it adds, both as parts of what was there."""

_MOST_AGAIN = 1000
"""No schedule repeats as much; keeps huge factors finite."""


@dataclass(frozen=True)
class Point:
    """A schedule of the front: its peak, the instructions it adds to those of the layers, and the

    multiply-accumulates that it does again. `order` is the number of the order it belongs to.
    """

    bytes: int
    extra: int
    regions: tuple[Region, ...]
    macs: int = 0
    order: int = 0


class Front:
    """All trade-offs of peak bytes against extra instructions over one order of steps.

    `points` go from the cheapest schedule (layer by layer) to the smallest. `recompute`: how many
    multiply-accumulates may be executed, over those of the network, where that makes the peak
    smaller than all else does: column tiles, and blocks that run twice.
    """

    def __init__(self, layers: Schedule, target: Target, recompute: float = 1.0) -> None:
        self.layers, self.recompute = layers, recompute
        self.orders = [Order(layers, target)]
        self.points = tuple(self.orders[0].points(1 << 60, 0))
        spare = int(min(recompute - 1, _MOST_AGAIN) * graph_macs(layers.network))
        if spare > 0 and self.points and layers.steps:
            self.points = _best_of([*self.points, *self._recomputed(target, spare)])

    def _recomputed(self, target: Target, spare: int) -> Iterator[Point]:
        """Points below the smallest peak without recomputation, block after block run twice.

        A map of no more than half the smallest peak so far is not what makes it so large.
        """
        limit = least = self.points[-1].bytes
        chosen: list[Block] = []
        pending = blocks(self.layers, target)
        while True:
            order, number = self.orders[-1], len(self.orders) - 1
            order.add_tiles(limit, spare - order.macs)
            for point in order.points(limit - 1, spare):
                least = min(least, point.bytes)
                yield replace(point, order=number)
            used = sum(block.macs for block in chosen)
            fitting = [b for b in pending if 2 * b.bytes > least and used + b.macs <= spare]
            if not fitting:
                return
            pending.remove(fitting[0])
            chosen.append(fitting[0])
            layers = run_twice(self.layers, chosen, target)
            cost = sum(block.cost for block in chosen)
            self.orders.append(Order(layers, target, used + fitting[0].macs, cost))

    def schedule(self, point: Point) -> Schedule:
        """The schedule of a point."""
        order = self.orders[point.order]
        return remade(order.layers, point.regions, order.candidates, order.tiles)

    def smallest(self, extra: int, allowed: Callable[[Candidate], bool]) -> Point | None:
        """The smallest schedule of some regions alone that adds at most so many instructions.

        Over the first of the orders; None where there is none.
        """
        edges = [[one for one in choices if allowed(one)] for choices in self.orders[0].edges]
        limits = sorted({one.bytes for choices in edges for one in choices})

        def cost(limit: int) -> float:
            path = cheapest_path(edges, limit)
            return math.inf if path is None else sum(one.extra for one in path)

        at = bisect_left(limits, True, key=lambda limit: cost(limit) <= extra)
        path = cheapest_path(edges, limits[at]) if at < len(limits) else None
        if path is None:
            return None
        peak, added = max(one.bytes for one in path), sum(one.extra for one in path)
        return Point(peak, added, tuple(one.region for one in path))

    @property
    def least(self) -> int:
        """Bytes that no schedule of these regions can be placed in less than."""
        return min(order.least() for order in self.orders)

    @property
    def instructions(self) -> float:
        """Predicted instructions of the cheapest schedule: every layer on its own."""
        return sum(costs[0] for costs in self.orders[0].candidates.alone_costs)

    def allowed(self, optimize: str) -> int:
        """Extra instructions that a goal may cost; any where `ram` may repeat products."""
        if optimize == "ram" and self.recompute > 1:
            return max(point.extra for point in self.points)
        if optimize == "ram" and self.layers.streamed is not None:
            return max(_SHORT, round(_PUSHED * self.instructions))
        least = _SHORT if optimize == "ram" else 0
        return max(least, round(ALLOWED[optimize] * self.instructions))

    def choose(self, optimize: str) -> Point:
        """The smallest point that a goal may cost; for `speed` the cheapest.

        `ram` leaves out those that save next to nothing.
        """
        best, most = self.points[0], self.allowed(optimize)
        work = max(self.instructions, _SHORT / ALLOWED["ram"])
        for point in self.points[1:]:
            added = (point.extra - best.extra) / work if optimize == "ram" else 0.0
            if point.extra <= most and 1 - point.bytes / best.bytes >= _WORTH * added:
                best = point
        return best

    def avoiding(self, point: Point, region: Region) -> Point | None:
        """The cheapest schedule of the point's order and peak in which one region is no region."""
        order = self.orders[point.order]
        found = next(order.points(point.bytes, point.macs, (region.first, region.last)), None)
        return None if found is None else replace(found, order=point.order)

    def closer(self, point: Point) -> dict[int, list[int]]:
        """Per region that is one layer under its dying input: forms with fewer rows per call."""
        found, alone = {}, self.orders[point.order].candidates.alone
        for at, region in enumerate(point.regions):
            if region.rolls or region.strips > 1 or not region.overlaps:
                continue
            forms = alone[region.first]
            now = forms[region.variants[0]]
            fewer = [
                number
                for number, form in enumerate(forms)
                if form.kernel is now.kernel and form.together < now.together
            ]
            if fewer:
                found[at] = fewer
        return found

    def exchanged(self, point: Point, forms: Mapping[int, int]) -> Point:
        """The point with other forms of some of its layers, by their place among the regions."""
        regions, extra = list(point.regions), point.extra
        candidates = self.orders[point.order].candidates
        for at, form in forms.items():
            index, old = regions[at].first, regions[at].variants[0]
            regions[at] = candidates.single(index, form).region
            costs = candidates.alone_costs[index]
            extra += round(costs[form] - costs[old])
        return replace(point, extra=extra, regions=tuple(regions))

    def saves(self, point: Point, at: int, forms: Sequence[int]) -> float:
        """Instructions that a layer's own form saves against the slowest of some others."""
        region = point.regions[at]
        costs = self.orders[point.order].candidates.alone_costs[region.first]
        return costs[forms[-1]] - costs[region.variants[0]]


class Order:
    """All regions over one order of steps, which does some multiply-accumulates again already."""

    def __init__(self, layers: Schedule, target: Target, macs: int = 0, cost: int = 0) -> None:
        self.layers, self.macs, self.cost = layers, macs, cost
        self.candidates = Candidates(layers, target)
        self.tiles = Tiles(self.candidates, target)
        self._starts = range(len(layers.steps))
        self.edges = [list(self.candidates.from_start(start)) for start in self._starts]

    def add_tiles(self, limit: int, spare: int) -> None:
        """Regions over strips of columns that need fewer bytes than `limit` too."""
        for start in self._starts:
            if not self.candidates.awaits_rows(start):  # strips read all rows once more
                self.edges[start] += self.tiles.below(start, limit, spare)

    def least(self) -> int:
        """The fewest bytes that some path of regions needs at its worst one, placed at its best."""
        reached: list[float] = [0, *(math.inf for _ in self.edges)]
        for start, choices in enumerate(self.edges):
            for one in choices:
                end = one.region.last + 1
                worst = max(reached[start], one.bytes - one.spare)
                reached[end] = min(reached[end], worst)
        return 0 if math.isinf(reached[-1]) else int(reached[-1])

    def points(
        self, limit: int, spare: int, avoided: tuple[int, int] | None = None
    ) -> Iterator[Point]:
        """The cheapest schedules within `limit` bytes, each smaller than the one before.

        `avoided`: the first and last step of what must not be a region.
        """
        edges = self.edges
        if avoided is not None:
            edges = [
                [one for one in choices if (one.region.first, one.region.last) != avoided]
                for choices in edges
            ]
        while (path := cheapest_path(edges, limit, spare - self.macs)) is not None:
            peak = max((choice.bytes for choice in path), default=0)
            extra = self.cost + sum(choice.extra for choice in path)
            macs = self.macs + sum(choice.macs for choice in path)
            yield Point(peak, extra, tuple(choice.region for choice in path), macs)
            if not path:
                break
            limit = peak - 1


def _best_of(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points that no other one beats in bytes and instructions, the cheapest first."""
    found: list[Point] = []
    for point in sorted(points, key=lambda one: (one.extra, one.bytes, one.macs)):
        if not found or point.bytes < found[-1].bytes:
            found.append(point)
    return tuple(found)


@dataclass(frozen=True)
class _Path:
    """Regions from the first step on: what they add, and what they need at the worst of them."""

    extra: int = 0
    macs: int = 0
    bytes: int = 0
    regions: int = 0
    last: Candidate | None = None
    before: _Path | None = None

    def and_then(self, choice: Candidate) -> _Path:
        """This path with one more region."""
        return _Path(
            self.extra + choice.extra,
            self.macs + choice.macs,
            max(self.bytes, choice.bytes),
            self.regions + 1,
            choice,
            self,
        )

    def choices(self) -> list[Candidate]:
        """Its regions in order."""
        found: list[Candidate] = []
        path = self
        while path.last is not None and path.before is not None:
            found.append(path.last)
            path = path.before
        return found[::-1]

    @property
    def cost(self) -> tuple[int, int, int]:
        """Least extra is best, then fewest bytes, then fewest regions."""
        return self.extra, self.bytes, self.regions


def cheapest_path(
    edges: Sequence[Sequence[Candidate]], limit: int, spare: int = 0
) -> list[Candidate] | None:
    """Regions from the first step to the last, each within `limit` bytes, which do at most `spare`

    multiply-accumulates again: least extra, then fewest bytes at the worst of them, then fewest
    regions. None where there is none. Of the paths to a step all are kept that are better than the
    others in cost or in what they do again.
    """
    reached: list[list[_Path]] = [[_Path()], *([] for _ in edges)]
    for start, choices in enumerate(edges):
        for path in reached[start]:
            for choice in choices:
                if choice.bytes <= limit and path.macs + choice.macs <= spare:
                    _keep(reached[choice.region.last + 1], path.and_then(choice))
    return min(reached[-1], key=lambda one: one.cost).choices() if reached[-1] else None


def _keep(known: list[_Path], path: _Path) -> None:
    """Adds a path to those that end at the same step, unless one of them is as good in all."""
    if any(one.cost <= path.cost and one.macs <= path.macs for one in known):
        return
    known[:] = [one for one in known if one.cost < path.cost or one.macs < path.macs]
    known.append(path)
