"""Which steps may roll together, and what every candidate region costs.

The order of the steps is fixed. A region [a, b) holds its inputs and outputs whole, and rings of
everything between. The peak of a schedule is its dearest region; `front` chooses the cuts
(design/4, Choosing regions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinycc.ops.op import Drive, Kernel, Window, row_count
from tinycc.schedule.brief import Brief, inside, is_brief, place_brief
from tinycc.schedule.forms import (
    form_choices,
    form_costs,
    layer_forms,
    passing_scratch,
    turning_forms,
)
from tinycc.schedule.joins import roots
from tinycc.schedule.model import Region, Schedule, Step
from tinycc.schedule.order import aligned, overwritable
from tinycc.schedule.overlaps import Grower, Ring, Sharing, either_way, over_tail, overlaps
from tinycc.schedule.rings import brief_in_place, handed_over, rings_of
from tinycc.schedule.rolling import Play, play, row_step
from tinycc.target import Target

_ENDLESS = 1 << 60


@dataclass(frozen=True)
class Candidate:
    """A possible region, the bytes live in it, the instructions it adds to its layers', and how

    many multiply-accumulates of these are done again. No placement saves more than `spare` bytes.
    """

    region: Region
    bytes: int
    extra: int
    macs: int = 0
    spare: int = 0


class Candidates:
    """All regions of a layer schedule whose steps can take turns, and all single steps."""

    def __init__(self, layers: Schedule, target: Target) -> None:
        self.graph, self.alignment = layers.graph, target.alignment
        self._can_be_over: dict[tuple[int, Kernel], bool] = {}
        self.layers, self.outside = layers.steps, layers.outside
        self.streamed = layers.streamed
        self.alone = [layer_forms(self.graph, step, target) for step in layers.steps]
        self.turning = [turning_forms(self.graph, step, target) for step in layers.steps]
        self.alone_costs, self.turn_costs = form_costs(self.graph, self.alone, self.turning, target)
        self.over = [self._window_over(forms) for forms in self.turning]
        self.rows = [row_step(self.graph, forms[0]) for forms in self.turning]
        self.heights = {name: row_count(t.type) for name, t in self.graph.tensors.items()}
        self.roots = roots(layers)
        self.births, self.deaths = self._lives()

    def _is_over(self, step: Step) -> bool:
        """Whether a step's kernel may write its row over the first one of its window."""
        key = step.index, step.kernel
        if key not in self._can_be_over:
            self._can_be_over[key] = step.kernel.over(self.graph.instance(step.node))
        return self._can_be_over[key]

    def _window_over(self, forms: Sequence[Step]) -> Window | None:
        """The window of a step one of whose kernels may write its row over the first one of it."""
        for form in forms:
            if self._is_over(form) and form.kernel.window is not None:
                return form.kernel.window(self.graph.instance(form.node))
        return None

    def _lives(self) -> tuple[dict[str, int], dict[str, int]]:
        """Per root tensor: the step that makes it (-1: an input) and the last that reads it."""
        held = [name for name in self.graph.inputs if name not in self.outside]
        births, deaths = dict.fromkeys(held, -1), dict.fromkeys(self.graph.inputs, -1)
        deaths |= dict.fromkeys(held, 0)  # those that nobody reads are there at the first step
        for step in self.layers:
            root = self.roots[step.node.output]
            births.setdefault(root, step.index)
            deaths[root] = step.index
            for name in step.node.inputs:
                if name in self.roots:
                    deaths[self.roots[name]] = step.index
        for name in self.graph.outputs:
            if name in self.roots:
                deaths[self.roots[name]] = len(self.layers)
        return births, deaths

    def live(self, cut: int) -> set[str]:
        """Tensors that live across the cut before step `cut`."""
        return {r for r, born in self.births.items() if born < cut and self.deaths[r] >= cut}

    def size(self, name: str) -> int:
        """Bytes of a whole tensor, aligned."""
        return aligned(self.graph.tensors[name].type.bytes, self.alignment)

    def fills(self, name: str) -> bool:
        """True for a tensor that is all of the bytes it lies in, not one operand of a Concat."""
        whole = self.graph.tensors[self.roots[name]].type
        return self.graph.tensors[name].type.bytes == whole.bytes

    def from_start(self, start: int) -> Iterator[Candidate]:
        """The regions that begin at a step, shortest first."""
        if self.awaits_rows(start):
            if start == 0:
                yield from self._fed()
            return
        yield from self._singles(start)
        end = self.reach(start)
        if end - start < 2:
            return
        played = self._played(start, end)
        for stop in range(start + 2, end + 1):
            yield from self._rolled(start, stop, played)

    def awaits_rows(self, start: int) -> bool:
        """True where rows that the caller pushes are still to be read."""
        return self.streamed is not None and start <= max(0, self.deaths[self.streamed])

    def _fed(self) -> Iterator[Candidate]:
        """The first regions where rows are pushed: all that read them, and perhaps more steps.

        None where one of these is a barrier or reads a view of the rows, or nothing reads them.
        """
        assert self.streamed is not None
        end, needed = self.reach(0), self.deaths[self.streamed] + 1
        if not 0 < needed <= end or not self._read_as_it_is(self.streamed):
            return
        played = self._played(0, end)
        for stop in range(needed, end + 1):
            yield from self._rolled(0, stop, played)

    def _played(self, start: int, stop: int) -> Play:
        """The turns of some steps, which must all have rows."""
        rows = [row for row in self.rows[start:stop] if row is not None]
        return play(rows, self.heights, self.streamed if start == 0 else None)

    def steps_of(self, region: Region) -> list[Step]:
        """The steps of a region in the forms that they have there."""
        forms = self.turning if region.rolls else self.alone
        forms = forms[region.first : region.last + 1]
        variants = region.variants or (0,) * len(forms)
        return [steps[form] for steps, form in zip(forms, variants, strict=True)]

    def reach(self, start: int) -> int:
        """The first step that cannot take turns with those from `start` on."""
        made: set[str] = set()
        roots: set[str] = set()
        for index in range(start, len(self.rows)):
            row = self.rows[index]
            if row is None or any(self.roots[n] in roots and n not in made for n in row.operands):
                return index  # a barrier, or another view of bytes that are made row by row
            made.add(row.output)
            roots.add(self.roots[row.output])
        return len(self.rows)

    def _singles(self, index: int) -> Iterator[Candidate]:
        """One step on its own: in each of its forms that is smaller than the faster ones."""
        least = 1 << 60
        for number in range(len(self.alone[index])):
            found = self.single(index, number)
            if found.bytes < least:
                yield found
                least = found.bytes

    def single(self, index: int, number: int) -> Candidate:
        """A step on its own in one of its forms, the dying input perhaps under the output."""
        step = self.alone[index][number]
        before, after = self.live(index), self.live(index + 1) | {self.roots[step.node.output]}
        total = sum(map(self.size, before | after)) + aligned(step.scratch_bytes, self.alignment)
        instance = self.graph.instance(step.node)
        dying = before - self.live(index + 1)
        region = Region(index, index, variants=(number,))
        extra = round(self.alone_costs[index][number] - self.alone_costs[index][0])
        if any(self.roots[name] in dying and self.fills(name) for name in overwritable(instance)):
            return Candidate(region, total - self.size(step.node.output), extra)
        row = row_step(self.graph, step)
        if row is None:
            return Candidate(region, total, extra)
        played = play([row], self.heights)
        found = self._overlaps(played, dying, self._outputs(played, {step.node.output}))
        if found.pairs and step.kernel.drive is Drive.ROWS:
            found = either_way(found, row, self.graph, self.alignment)
        region, spare = replace(region, overlaps=found.pairs), found.most - found.saved
        return Candidate(region, total - found.saved, extra, spare=spare)

    def apart(self, index: int) -> int:
        """Bytes of a step on its own in its fastest form if no two tensors share any."""
        step = self.alone[index][0]
        live = self.live(index) | self.live(index + 1) | {self.roots[step.node.output]}
        if self.streamed is not None and self.awaits_rows(index):
            live = live | {self.streamed}
        return sum(map(self.size, live)) + aligned(step.scratch_bytes, self.alignment)

    def _rolled(self, start: int, stop: int, played: Play) -> Iterator[Candidate]:
        """A region in all choices of kernels that no other one beats in bytes and instructions."""
        before, after = self.live(start), self.live(stop)
        roots = [self.roots[played.steps[p].output] for p in range(stop - start)]
        inner = [position for position, root in enumerate(roots) if root not in after]
        rings, shared = self.rings(played, inner)
        if self.streamed is not None and start == 0:
            rings[self.streamed] = played.earlier_rows(self.streamed)
        slots = handed_over(played, self.over[start:stop], inner, rings, shared)
        brief_in_place(self.graph, played, inner, rings, shared)
        region = Region(start, stop - 1, rings, shared, slots)
        growers = [*self._outputs(played, after - before), *self._lasting(played, region)]
        dying = before - after
        found = self._overlaps(played, dying, growers)
        if not found.pairs:
            found = self._over_tail(played, after - before, region)
        whole = sum(map(self.size, before | after)) - found.saved
        region = replace(region, overlaps=found.pairs)
        most = found.most - found.saved
        beneath = sum(self.size(x) for x in dying if self._dies_by_rows(x))
        lasting, brief = self._inside(played, region, scratch=False)
        rows = sum((item.bytes * item.live for item in brief), np.zeros(played.length, np.int64))
        beside = [int(rows[turns].max()) for turns in played.turns[: stop - start]]
        layers = sum(costs[0] for costs in self.alone_costs[start:stop])
        needs = [
            [waiting + self._room(step, slots) for step in forms]
            for waiting, forms in zip(beside, self.turning[start:stop], strict=True)
        ]
        for room, variants in form_choices(needs, int(rows.max())):
            forms = zip(self.turn_costs[start:stop], variants, strict=True)
            cost = sum(costs[variant] for costs, variant in forms)
            chosen = replace(region, variants=variants)
            spare = most + min(room, beneath)  # what is brief may lie in a dying input too
            extra = max(1, round(cost - layers))  # the cheapest of all runs layer by layer
            yield Candidate(chosen, whole + lasting + room, extra, spare=spare)

    def _room(self, step: Step, slots: Mapping[str, tuple[int, int]]) -> int:
        """Bytes for a turn of a step; endless where its kernel cannot write into its slot."""
        if step.node.output in slots and not self._is_over(step):
            return _ENDLESS
        return aligned(passing_scratch(step), self.alignment)

    def _inside(
        self, played: Play, region: Region, scratch: bool = True
    ) -> tuple[int, list[Brief]]:
        """Bytes that live as long as a region, and those that live for a few turns only."""
        steps = self.steps_of(region)
        tables = (region.rings, region.shared)
        lasting, brief = inside(played, steps, tables, self.ring_bytes, self.alignment, scratch)
        if self.streamed is not None and self.streamed in region.rings:
            lasting += self.ring_bytes(self.streamed, region.rings[self.streamed])
        return lasting, brief

    def settled(self, region: Region) -> Region:
        """A chosen region with places for its brief bytes."""
        if not region.rolls:
            return region
        played = self._played(region.first, region.last + 1)
        _, brief = self._inside(played, region)
        places, size = place_brief(brief)
        ends = ((int(b.live.argmax()), places[b.name] + b.bytes) for b in brief)
        area = Grower(region.area, size, tuple(ends))
        dying = self.live(region.first) - self.live(region.last + 1)
        pairs = self._overlaps(played, dying, [area] if brief else []).pairs
        return replace(region, brief=places, brief_bytes=size, overlaps=(*region.overlaps, *pairs))

    def rings(self, played: Play, inner: Sequence[int]) -> tuple[dict[str, int], dict[str, str]]:
        """Rows to keep of the tensors made at some positions, and which take over others' rows."""
        return rings_of(self.graph, played, inner, self.ring_bytes)

    def ring_bytes(self, name: str, rows: int) -> int:
        """Bytes of so many rows of a tensor, aligned."""
        type_ = self.graph.tensors[name].type
        return aligned(rows * (type_.bytes // row_count(type_)), self.alignment)

    def _overlaps(self, played: Play, dying: set[str], growers: Iterable[Grower]) -> Sharing:
        """What may share bytes with a dying input of a region."""
        fit = [self.graph.tensors[x] for x in sorted(dying) if self._dies_by_rows(x)]
        return overlaps(played, fit, growers, self.alignment)

    def _over_tail(self, played: Play, growing: set[str], region: Region) -> Sharing:
        """Rings of a region over the end of the output that saves most."""
        rings = [
            Ring(name, self.ring_bytes(name, rows), self._end(played, name, region.shared))
            for name, rows in region.rings.items()
            if rows and name not in region.shared
            if name == self.streamed or not is_brief(name, region.rings, region.shared)
        ]
        options = (over_tail(y, rings, self.alignment) for y in self._outputs(played, growing))
        return max(options, key=lambda option: option.saved, default=Sharing())

    def _end(self, played: Play, name: str, shared: Mapping[str, str]) -> int:
        """The last time at which a ring is read or written, under any of its names."""
        names = {name, *(other for other, of in shared.items() if of == name)}
        users = (
            turns[-1]
            for row, turns in zip(played.steps, played.turns, strict=True)
            if row.output in names or not names.isdisjoint(row.operands)
        )
        return max(users)

    def _outputs(self, played: Play, growing: set[str]) -> Iterator[Grower]:
        """Outputs that are made row by row, or by calls of several rows."""
        for row, turns in zip(played.steps, played.turns, strict=True):
            if row.output in growing and self.roots[row.output] == row.output:
                type_ = self.graph.tensors[row.output].type
                row_bytes = type_.bytes // row_count(type_)
                writes = [
                    (time, row.made(min(turn + row.step.together, row.turns)) * row_bytes)
                    for turn, time in enumerate(turns)
                    if turn % row.step.together == 0
                ]
                yield Grower(row.output, self.size(row.output), tuple(writes))

    def _lasting(self, played: Play, region: Region) -> Iterator[Grower]:
        """The rings and sums of a region that are not brief."""
        for position, step in enumerate(self.steps_of(region)):
            name, begin = step.node.output, played.turns[position][0]
            if played.steps[position].accumulates and step.scratch_bytes:
                size = aligned(step.scratch_bytes, self.alignment)
                yield Grower(f"{name}.scratch", size, ((begin, size),))
            if name not in region.rings or name in region.shared:
                continue
            if not is_brief(name, region.rings, region.shared):
                size = self.ring_bytes(name, region.rings[name])
                yield Grower(name, size, ((begin, size),))

    def _dies_by_rows(self, x: str) -> bool:
        """True for an image that nothing reads but as its own rows."""
        image = len(self.graph.tensors[x].type.shape) == 4
        return image and x not in self.graph.outputs and self._read_as_it_is(x)

    def _read_as_it_is(self, name: str) -> bool:
        """True when no view of the tensor is read: rows would mean something else there."""
        return all(other == name for other, root in self.roots.items() if root == name)
