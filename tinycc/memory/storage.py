"""Which run-time tensors share bytes, and during which steps those bytes are live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tinycc.errors import InternalError
from tinycc.ir.graph import Graph, Node
from tinycc.memory.plan import Buffer
from tinycc.ops.op import Drive, row_count
from tinycc.schedule.joins import parts
from tinycc.schedule.model import Region, Schedule, Step
from tinycc.schedule.order import is_view, overwritable


def buffers(schedule: Schedule) -> tuple[Buffer, ...]:
    """The unplaced buffers of a schedule: inputs, then outputs and scratch in order of execution.

    What the caller holds has none. A view shares the bytes of what it views, and the operands of a
    Concat without a step lie one behind the other in its output. An output takes over the bytes of
    an input that its operator may overwrite when this step is the last to read them; model inputs
    are no exception.
    Inside a rolling region everything lives from its first step to its last: whole tensors, rings,
    and one area for what is needed for a few turns at a time. Buffers of tensors are named after
    their oldest tensor. Raises InternalError for a view of a constant, which a pass should have
    folded.
    """
    graph, spans = schedule.graph, _spans(schedule)
    storages = _Storages(_last_uses(schedule, spans))
    step_of = {step.node.output: step for step in schedule.steps}
    for name in graph.inputs:
        if name not in schedule.outside:
            storages.open(name, graph.tensors[name].type.bytes, 0)
    for node in graph.nodes:
        if is_view(node):
            if node.output not in schedule.outside:
                storages.join(_viewed(graph, node), node.output)
            continue
        if node.output in schedule.joined:
            storages.unite(node.output, graph.tensors[node.output].type.bytes, parts(graph, node))
            continue
        if schedule.cuts(node):
            if node.inputs[0] in storages.of:  # else outside, or for a few turns only: see members
                storages.join(node.inputs[0], node.output, _column_offset(schedule, node.output))
            continue
        if schedule.gathers(node):
            continue
        step = step_of[node.output]
        region = spans[step.index]
        if step.index == 0 and schedule.streamed is not None:
            _add_pushed(storages, graph, schedule.streamed, region)
        if region.rolls:
            _add_turns(storages, schedule, step, region)
        else:
            _add_step(storages, graph, step)
    end = max(0, len(schedule.steps) - 1)
    return tuple(storage.buffer(end) for storage in storages.opened)


def members(schedule: Schedule, area: Buffer) -> tuple[Buffer, ...]:
    """The buffers inside a placed area of a rolling region."""
    region = schedule.region_of(area.first_step)
    found = []
    for step in schedule.steps[region.first : region.last + 1]:
        own = schedule.graph.tensors[step.node.output]
        scratch = f"{own.name}.scratch"
        if own.name in region.brief:
            size = own.type.bytes // row_count(own.type)
            rows = [own.name, *(y for y, x in region.shared.items() if x == own.name)]
            cut = [name for name, part in schedule.within.items() if part.tensor in rows]
            places = {name: _column_offset(schedule, name) for name in cut}
            row = _member(area, own.name, (*rows, *cut), size, region.brief[own.name])
            found.append(replace(row, inside=places))
        if scratch in region.brief:
            at = region.brief[scratch]
            found.append(_member(area, scratch, (), step.scratch_bytes, at, step.index))
    return tuple(found)


def _member(
    area: Buffer,
    name: str,
    tensors: tuple[str, ...],
    size: int,
    at: int,
    scratch_of: int | None = None,
) -> Buffer:
    return Buffer(
        name,
        tensors,
        size,
        area.first_step,
        area.last_step,
        area.offset + at,
        area.region,
        scratch_of,
        area.area,
    )


@dataclass
class _Storage:
    """Bytes under construction; `last_step` may lie after the last step: live to the end."""

    name: str
    bytes: int
    first_step: int
    last_step: int
    tensors: list[str] = field(default_factory=list)
    scratch_of: int | None = None
    area: str = ""
    inside: dict[str, int] = field(default_factory=dict)

    def buffer(self, end: int) -> Buffer:
        """The finished buffer; `end` is the last step of the schedule."""
        return Buffer(
            self.name,
            tuple(self.tensors),
            self.bytes,
            self.first_step,
            min(self.last_step, end),
            scratch_of=self.scratch_of,
            area=self.area,
            inside=self.inside,
        )


class _Storages:
    """The storages opened so far, and the one that holds each tensor."""

    def __init__(self, last_use: dict[str, int]) -> None:
        self.opened: list[_Storage] = []
        self.of: dict[str, _Storage] = {}
        self._last_use = last_use

    def open(self, name: str, size: int, step: int) -> None:
        """New bytes for a tensor that appears at a step."""
        last = max(step, self._last_use[name])
        self.of[name] = _Storage(name, size, step, last, [name])
        self.opened.append(self.of[name])

    def open_ring(self, name: str, size: int, region: Region) -> None:
        """New bytes for the rows of a tensor that lives only inside a region."""
        self.of[name] = _Storage(name, size, region.first, region.last, [name])
        self.opened.append(self.of[name])

    def open_scratch(self, step: Step, region: Region) -> None:
        """New bytes for the scratch of a step, live as long as its region."""
        name = f"{step.node.output}.scratch"
        self.opened.append(
            _Storage(name, step.scratch_bytes, region.first, region.last, scratch_of=step.index)
        )

    def open_area(self, region: Region) -> None:
        """New bytes for all that a region needs for a few turns at a time."""
        name = region.area
        area = _Storage(name, region.brief_bytes, region.first, region.last, area=name)
        self.opened.append(area)

    def join(self, owner: str, name: str, at: int = 0) -> None:
        """Another tensor in the bytes of one that has some, `at` bytes behind its first."""
        storage = self.of[name] = self.of[owner]
        storage.tensors.append(name)
        storage.last_step = max(storage.last_step, self._last_use[name])
        place = storage.inside.get(owner, 0) + at
        if place:
            storage.inside[name] = place

    def unite(self, name: str, size: int, parts: Iterable[tuple[str, int]]) -> None:
        """New bytes for a tensor in which others lie, each at its place: they move in whole."""
        offsets = {self.of[part].name: offset for part, offset in parts}
        olds = [old for old in self.opened if old.name in offsets]
        united = _Storage(name, size, min(old.first_step for old in olds), self._last_use[name])
        for old in olds:
            united.last_step = max(united.last_step, old.last_step)
            united.tensors += old.tensors
            places = {x: offsets[old.name] + old.inside.get(x, 0) for x in old.tensors}
            united.inside |= {tensor: place for tensor, place in places.items() if place}
        united.tensors.append(name)
        self.of.update(dict.fromkeys(united.tensors, united))
        self.opened[self.opened.index(olds[0])] = united
        self.opened = [old for old in self.opened if old not in olds]


def _add_step(storages: _Storages, graph: Graph, step: Step) -> None:
    instance = graph.instance(step.node)
    held = [name for name in overwritable(instance) if name in storages.of]
    dying = [
        name
        for name in held
        if storages.of[name].last_step == step.index
        and storages.of[name].bytes == instance.output.type.bytes
    ]
    if dying:
        storages.join(dying[0], step.node.output)
    else:
        storages.open(step.node.output, instance.output.type.bytes, step.index)
    if step.scratch_bytes:
        storages.open_scratch(step, Region(step.index, step.index))


def _add_pushed(storages: _Storages, graph: Graph, name: str, region: Region) -> None:
    """The earlier rows of an input that is pushed row by row."""
    type_ = graph.tensors[name].type
    if region.rings[name]:
        storages.open_ring(name, region.rings[name] * (type_.bytes // row_count(type_)), region)


def _add_turns(storages: _Storages, schedule: Schedule, step: Step, region: Region) -> None:
    """What a step of a rolling region needs: a ring, a whole output or its part of one, sums."""
    graph, name = schedule.graph, step.node.output
    type_ = graph.tensors[name].type
    if step.index == region.first and region.brief_bytes:
        storages.open_area(region)
    if step.kernel.drive is Drive.ACCUMULATE and step.scratch_bytes:
        storages.open_scratch(step, region)
    if name in region.brief or region.shared.get(name) in region.brief:
        return
    if name in region.shared:
        storages.join(region.shared[name], name)
    elif name in region.rings:
        size = region.rings[name] * (type_.bytes // row_count(type_))
        storages.open_ring(name, size, region)
    elif name in schedule.within:
        whole = schedule.within[name].tensor
        if whole not in storages.of:
            storages.open(whole, graph.tensors[whole].type.bytes, region.first)
        storages.join(whole, name, _column_offset(schedule, name))
    else:
        storages.open(name, type_.bytes, region.first)


def _column_offset(schedule: Schedule, name: str) -> int:
    """Where in a row of another tensor those of one that lies within it begin, in bytes."""
    part = schedule.within[name]
    whole = schedule.graph.tensors[part.tensor].type
    return part.first * (whole.bytes // (row_count(whole) * whole.shape[2]))


def _viewed(graph: Graph, node: Node) -> str:
    name = node.inputs[0]
    if graph.tensors[name].is_constant:
        raise InternalError(f"memory: `{node.output}` is a view of a constant", graph.origin)
    return name


def _spans(schedule: Schedule) -> Mapping[int, Region]:
    """The region of every step."""
    return {step.index: schedule.region_of(step.index) for step in schedule.steps}


def _last_uses(schedule: Schedule, spans: Mapping[int, Region]) -> dict[str, int]:
    """The last step that reads each tensor or a view of it; -1: none, graph outputs: past the end.

    A region reads until its last step. A view counts as a use of its base wherever it stands, so
    that nothing overwrites the base while a view that comes later in the graph still needs it; and
    so do a Concat without a step and a slice without one as uses of their operands.
    """
    graph = schedule.graph
    last = dict.fromkeys(graph.tensors, -1)
    for name in graph.outputs:
        last[name] = len(schedule.steps)
    for step in schedule.steps:
        for name in step.node.inputs:
            last[name] = max(last[name], spans[step.index].last)
    for node in reversed(graph.nodes):
        if is_view(node) or node.output in schedule.joined or schedule.cuts(node):
            for base in node.inputs:
                last[base] = max(last[base], last[node.output])
    return last
