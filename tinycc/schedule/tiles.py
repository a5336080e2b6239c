"""Column tiles: regions over strips of columns, one after the other, halos made again.

A strip keeps rings of its own width only. What it costs are the columns that neighbours both need
(design/8, 3.3: column tiles). The region's inputs must be whole, and so is its one output, into
whose rows the strips are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance
from tinycc.ops.op import row_count
from tinycc.schedule.brief import Brief, inside
from tinycc.schedule.cost import turns_cost
from tinycc.schedule.kernels import kernel_choices
from tinycc.schedule.model import Region, Step
from tinycc.schedule.order import aligned
from tinycc.schedule.regions import Candidate, Candidates
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
        return self._inside(scratch=True)

    @cached_property
    def kept(self) -> tuple[int, list[Brief]]:
        """The same without what the kernels need."""
        return self._inside(scratch=False)

    def _inside(self, scratch: bool) -> tuple[int, list[Brief]]:
        types = {one.instance.node.output: one.instance.output.type for one in self.steps}

        def ring_bytes(name: str, rows: int) -> int:
            return aligned(rows * (types[name].bytes // row_count(types[name])), self.alignment)

        steps = [one.step for one in self.steps]
        kept = self.rings, self.shared
        return inside(self.played, steps, kept, ring_bytes, self.alignment, scratch)


@dataclass(frozen=True)
class Laid:
    """A strip before its kernels are chosen: `forms` of every step, the fastest first.

    `beside`: bytes that are kept during the turns of each step; `least`: at most at any time.
    """

    forms: tuple[tuple[StripStep, ...], ...]
    beside: tuple[int, ...]
    least: int
    rings: Mapping[str, int]
    shared: Mapping[str, str]
    played: Play
    alignment: int

    @property
    def needs(self) -> set[int]:
        """Bytes during the turns of each step with each of its kernels."""
        pairs = zip(self.beside, self.forms, strict=True)
        return {beside + self._scratch(form) for beside, forms in pairs for form in forms}

    def within(self, room: int) -> tuple[StripStep, ...]:
        """The fastest kernels that get along with so many bytes, else those of least scratch."""
        pairs = zip(self.beside, self.forms, strict=True)
        return tuple(
            next((form for form in forms if beside + self._scratch(form) <= room), forms[-1])
            for beside, forms in pairs
        )

    def bytes(self, steps: Sequence[StripStep]) -> int:
        """What the strip needs at its worst turn with some choice of kernels."""
        pairs = zip(self.beside, steps, strict=True)
        return max([self.least, *(beside + self._scratch(step) for beside, step in pairs)])

    def _scratch(self, form: StripStep) -> int:
        return aligned(form.step.scratch_bytes, self.alignment)


class Tiles:
    """Regions over strips of columns, for the steps of some candidates."""

    def __init__(self, candidates: Candidates, target: Target) -> None:
        self.candidates, self.target = candidates, target
        self.graph: Graph = candidates.graph
        self._steps: dict[tuple[object, ...], tuple[StripStep, ...]] = {}
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

    def strips(self, region: Region) -> tuple[Strip, ...] | None:
        """The strips of a region; None where its steps cannot be made in strips."""
        steps = range(region.first, region.last + 1)
        found = self._laid(steps, region.strips, self._played(steps.start, steps.stop))
        if found is None:
            return None
        return tuple(
            Strip(one.within(region.room), one.rings, one.shared, one.played, one.alignment)
            for one in found
        )

    def _laid(self, steps: range, count: int, played: Play) -> tuple[Laid, ...] | None:
        nodes = [step.node for step in self.candidates.layers[steps.start : steps.stop]]
        found = []
        for columns in evenly(self.graph.tensors[nodes[-1].output].type.shape[2], count):
            parts = strip_nodes(self.graph, nodes, columns)
            if parts is None:
                return None
            found.append(self._strip(parts, played))
        return tuple(found)

    def _strip(self, parts: Sequence[StripNode], played: Play) -> Laid:
        inner = range(len(parts) - 1)
        key = tuple(part.node.output for part in parts)
        if key not in self._rings:
            self._rings[key] = self.candidates.rings(played, inner)
        rings, shared = self._rings[key]
        if any(not _alike(parts, y, x) for y, x in shared.items()):
            shared = {}
            rings = {played.steps[p].output: played.ring_rows[p] for p in inner}
        forms = tuple(map(self._forms, parts))
        fastest = tuple(choices[0] for choices in forms)
        alignment = self.candidates.alignment
        lasting, brief = Strip(fastest, rings, shared, played, alignment).kept
        rows = sum((b.bytes * b.live for b in brief), np.zeros(played.length, np.int64))
        beside = tuple(lasting + int(rows[turns].max()) for turns in played.turns[: len(parts)])
        return Laid(forms, beside, lasting + int(rows.max()), rings, shared, played, alignment)

    def _forms(self, part: StripNode) -> tuple[StripStep, ...]:
        key = (part.node.output, part.reads, part.columns)
        if key not in self._steps:
            self._steps[key] = tuple(self._made(part))
        return self._steps[key]

    def _made(self, part: StripNode) -> Iterator[StripStep]:
        instance = strip_instance(self.graph, part)
        for kernel in kernel_choices(instance, self.target):
            step = Step(0, part.node, kernel, kernel.scratch(instance))
            cost = turns_cost(instance, step, self.target.cost)
            yield StripStep(part, instance, step, cost)

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
        """Over two strips and more, with faster kernels and with those of less scratch."""
        layers = self.candidates.layers[steps.start : steps.stop]
        own = [self.graph.instance(step.node) for step in layers]
        cost = sum(costs[0] for costs in self.candidates.alone_costs[steps.start : steps.stop])
        for count in range(2, min(own[-1].output.type.shape[2], MOST_STRIPS) + 1):
            laid = self._laid(steps, count, played)
            if laid is None:
                return
            again = _macs([f[0].instance for one in laid for f in one.forms]) - _macs(own)
            if again > macs:
                return
            least = limit - whole
            for room in sorted(set[int]().union(*(one.needs for one in laid)), reverse=True):
                if room >= least:
                    continue
                chosen = [one.within(room) for one in laid]
                bytes_ = max(one.bytes(form) for one, form in zip(laid, chosen, strict=True))
                if bytes_ >= least:
                    break
                least = bytes_
                extra = sum(step.cost for form in chosen for step in form) - cost
                region = Region(steps.start, steps.stop - 1, strips=count, room=room)
                yield Candidate(region, whole + bytes_, max(0, round(extra)), again)


def _alike(parts: Sequence[StripNode], y: str, x: str) -> bool:
    """Whether the step that makes y reads just those columns of x that there are."""
    made = {part.node.output: part for part in parts}
    reads = [read for read in made[y].reads if read is not None and read.tensor == x]
    return all(read.columns == made[x].columns for read in reads)


def _macs(instances: Sequence[Instance]) -> int:
    return sum(ops.get(instance.node.op).macs(instance) for instance in instances)
