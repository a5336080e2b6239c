"""The front of peak bytes against extra instructions, and the choice of a point on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tinycc.schedule.cost import step_cost
from tinycc.schedule.model import Region, Schedule
from tinycc.schedule.regions import Candidate, Candidates
from tinycc.target import Target

BALANCED = 0.03
"""What `balanced` may cost beyond the layer-by-layer schedule, as a part of its instructions."""


@dataclass(frozen=True)
class Point:
    """A schedule of the front: its peak, and the instructions that taking turns adds."""

    bytes: int
    extra: int
    regions: tuple[Region, ...]


class Front:
    """All trade-offs of peak bytes against extra instructions over one order of steps.

    `points` go from the cheapest schedule (layer by layer) to the smallest.
    """

    def __init__(self, layers: Schedule, target: Target) -> None:
        self.layers = layers
        self.candidates = Candidates(layers, target)
        count = len(layers.steps)
        self._edges = [list(self.candidates.from_start(start)) for start in range(count)]
        self.points = tuple(self._sweep())

    def _sweep(self) -> Iterator[Point]:
        limit = 1 << 60
        while (path := cheapest_path(self._edges, limit)) is not None:
            peak = max((choice.bytes for choice in path), default=0)
            extra = sum(choice.extra for choice in path)
            yield Point(peak, extra, tuple(choice.region for choice in path))
            if not path:
                break
            limit = peak - 1

    def schedule(self, point: Point) -> Schedule:
        """The schedule of a point."""
        regions = [self.candidates.settled(region) for region in point.regions]
        steps = [step for region in regions for step in self.candidates.steps_of(region)]
        return replace(self.layers, steps=tuple(steps), regions=tuple(regions))

    def choose(self, optimize: str) -> Point:
        """The point for a goal: `ram` the smallest, `speed` the cheapest, `balanced` the smallest

        that costs at most 3 % more than the cheapest.
        """
        if optimize == "speed":
            return self.points[0]
        if optimize == "ram":
            return self.points[-1]
        total = sum(step_cost(self.layers.graph, step) for step in self.layers.steps)
        return [p for p in self.points if p.extra <= BALANCED * total][-1]


def cheapest_path(edges: Sequence[Sequence[Candidate]], limit: int) -> list[Candidate] | None:
    """Regions from the first step to the last, each within `limit` bytes: least extra, then fewest

    bytes at the worst of them, then fewest regions. None where there is none.
    """
    best: list[tuple[int, int, int] | None] = [(0, 0, 0)] + [None] * len(edges)
    chosen: dict[int, Candidate] = {}
    for start, choices in enumerate(edges):
        before = best[start]
        for choice in choices if before is not None else ():
            assert before is not None
            end = choice.region.last + 1
            cost = (before[0] + choice.extra, max(before[1], choice.bytes), before[2] + 1)
            known = best[end]
            if choice.bytes <= limit and (known is None or cost < known):
                best[end] = cost
                chosen[end] = choice
    if best[-1] is None:
        return None
    path: list[Candidate] = []
    end = len(edges)
    while end > 0:
        path.append(chosen[end])
        end = path[-1].region.first
    return path[::-1]
