"""Column tiles: regions over strips of columns, one after the other, halos made again.

A strip keeps rings of its own width only. What it costs are the columns that neighbours both need
(design/8, 3.3: column tiles). The region's inputs must be whole, and so is its one output, into
whose rows the strips are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tinycc import ops
from tinycc.ir.graph import Graph, Instance
from tinycc.ops.op import row_count
from tinycc.schedule.cost import turns_cost
from tinycc.schedule.kernels import kernel_choices
from tinycc.schedule.model import Region, Step
from tinycc.schedule.order import aligned
from tinycc.schedule.regions import Brief, Candidate, Candidates, inside, most_bytes
from tinycc.schedule.rolling import Play, play
from tinycc.schedule.strips import StripNode, evenly, strip_instance, strip_nodes
from tinycc.target import Target

MOST_STRIPS = 12


@dataclass(frozen=True)
class StripStep:
    """A step of a strip; instance and node have the names of the whole tensors."""

    strip: StripNode
    instance: Instance
    step: Step
    cost: float


@dataclass(frozen=True)
class Strip:
    """One strip of a region and what it keeps, under the names of the whole tensors."""

    steps: tuple[StripStep, ...]
    rings: Mapping[str, int]
    shared: Mapping[str, str]
    played: Play
    alignment: int

    @cached_property
    def inside(self) -> tuple[int, list[Brief]]:
        """Bytes that live as long as the strip, and those that live for a few turns."""
        types = {one.instance.node.output: one.instance.output.type for one in self.steps}

        def ring_bytes(name: str, rows: int) -> int:
            return aligned(rows * (types[name].bytes // row_count(types[name])), self.alignment)

        steps = [one.step for one in self.steps]
        return inside(self.played, steps, (self.rings, self.shared), ring_bytes, self.alignment)


class Tiles:
    """Regions over strips of columns, for the steps of some candidates."""

    def __init__(self, candidates: Candidates, target: Target) -> None:
        self.candidates, self.target = candidates, target
        self.graph: Graph = candidates.graph
        self._steps: dict[tuple[object, ...], StripStep] = {}
        self._rings: dict[tuple[str, ...], tuple[Mapping[str, int], Mapping[str, str]]] = {}

    def below(self, start: int, limit: int, macs: int) -> Iterator[Candidate]:
        """Those that begin at a step, need fewer bytes than `limit` and add at most `macs`."""
        end = self._reach(start)
        if end - start < 2:
            return
        played = self._played(start, end)
        for stop in range(start + 2, end + 1):
            whole = self._whole(start, stop)
            if whole is not None and whole < limit:
                yield from self._tiled(range(start, stop), played, whole, limit, macs)

    def strips(self, region: Region, played: Play | None = None) -> tuple[Strip, ...] | None:
        """The strips of a region; None where its steps cannot be made in strips."""
        nodes = [step.node for step in self.candidates.layers[region.first : region.last + 1]]
        width = self.graph.tensors[nodes[-1].output].type.shape[2]
        played = played or self._played(region.first, region.last + 1)
        found = []
        for columns in evenly(width, region.strips):
            parts = strip_nodes(self.graph, nodes, columns)
            if parts is None:
                return None
            found.append(self._strip(parts, region.variants, played))
        return tuple(found)

    def _strip(self, parts: Sequence[StripNode], forms: Sequence[int], played: Play) -> Strip:
        inner = range(len(parts) - 1)
        key = tuple(part.node.output for part in parts)
        if key not in self._rings:
            self._rings[key] = self.candidates.rings(played, inner)
        rings, shared = self._rings[key]
        if any(not _alike(parts, y, x) for y, x in shared.items()):
            shared = {}
            rings = {played.steps[p].output: played.ring_rows[p] for p in inner}
        both = zip(parts, forms, strict=True)
        steps = tuple(
            self._step(part, form, len(parts) - 1 - at) for at, (part, form) in enumerate(both)
        )
        return Strip(steps, rings, shared, played, self.candidates.alignment)

    def _step(self, part: StripNode, form: int, after: int) -> StripStep:
        key = (part.node.output, part.reads, part.columns, form, after)
        if key not in self._steps:
            self._steps[key] = self._made(part, form, after)
        return self._steps[key]

    def _made(self, part: StripNode, form: int, after: int) -> StripStep:
        instance = strip_instance(self.graph, part)
        kernel = kernel_choices(instance, self.target)[form]
        step = Step(0, part.node, kernel, kernel.scratch(instance))
        cost = turns_cost(instance, step, after, self.target.cost)
        return StripStep(part, instance, step, cost)

    def _reach(self, start: int) -> int:
        """The first step from `start` on that takes no part in a strip."""
        end = self.candidates.reach(start)
        for index in range(start, end):
            row = self.candidates.rows[index]
            instance = self.graph.instance(self.candidates.layers[index].node)
            whole = ops.get(instance.node.op).columns(instance, 0) is None
            if row is None or row.accumulates or whole:
                return index
        return end

    def _played(self, start: int, stop: int) -> Play:
        rows = [row for row in self.candidates.rows[start:stop] if row is not None]
        return play(rows, self.candidates.heights)

    def _whole(self, start: int, stop: int) -> int | None:
        """Bytes of all tensors that live beside a strip; None unless there is just one output."""
        found = self.candidates
        output = found.layers[stop - 1].node.output
        before, after = found.live(start), found.live(stop)
        if after - before != {output}:
            return None
        return sum(map(found.size, before | after))

    def _tiled(
        self, steps: range, played: Play, whole: int, limit: int, macs: int
    ) -> Iterator[Candidate]:
        """Over two strips and more, with the best kernels and with those of least scratch."""
        layers = self.candidates.layers[steps.start : steps.stop]
        own = [self.graph.instance(step.node) for step in layers]
        cost = sum(costs[0] for costs in self.candidates.alone_costs[steps.start : steps.stop])
        for count in range(2, min(own[-1].output.type.shape[2], MOST_STRIPS) + 1):
            least = limit
            for form in (0, -1):
                variants = (form,) * len(layers)
                region = Region(steps.start, steps.stop - 1, variants=variants, strips=count)
                strips = self.strips(region, played)
                if strips is None:
                    return
                made = [step for strip in strips for step in strip.steps]
                again = _macs([step.instance for step in made]) - _macs(own)
                if again > macs:
                    return
                bytes_ = whole + max(most_bytes(*strip.inside) for strip in strips)
                if bytes_ < least:
                    extra = sum(step.cost for step in made) - cost
                    yield Candidate(region, bytes_, max(0, round(extra)), again)
                least = min(least, bytes_)


def _alike(parts: Sequence[StripNode], y: str, x: str) -> bool:
    """Whether the step that makes y reads just those columns of x that there are."""
    made = {part.node.output: part for part in parts}
    reads = [read for read in made[y].reads if read is not None and read.tensor == x]
    return all(read.columns == made[x].columns for read in reads)


def _macs(instances: Sequence[Instance]) -> int:
    return sum(ops.get(instance.node.op).macs(instance) for instance in instances)
