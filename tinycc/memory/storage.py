"""Which run-time tensors share bytes, and during which steps those bytes are live."""

from __future__ import annotations

from dataclasses import dataclass, field

from tinycc.errors import InternalError
from tinycc.ir.graph import Graph, Node
from tinycc.memory.plan import Buffer
from tinycc.schedule.model import Schedule, Step
from tinycc.schedule.order import is_view, overwritable


def buffers(schedule: Schedule) -> tuple[Buffer, ...]:
    """The unplaced buffers of a schedule: inputs, then outputs and scratch in order of execution.

    A view shares the bytes of what it views. An output takes over the bytes of an input that its
    operator may overwrite when this step is the last to read them; model inputs are no exception.
    Buffers of tensors are named after their oldest tensor. Raises InternalError for a view of a
    constant, which a pass should have folded.
    """
    graph, last_use = schedule.graph, _last_uses(schedule)
    step_of = {step.node.output: step for step in schedule.steps}
    storages = _Storages(last_use)
    for name in graph.inputs:
        storages.open(name, graph.tensors[name].type.bytes, 0)
    for node in graph.nodes:
        if is_view(node):
            storages.join(_viewed(graph, node), node.output)
        else:
            _add_step(storages, graph, step_of[node.output])
    end = max(0, len(schedule.steps) - 1)
    return tuple(storage.buffer(end) for storage in storages.opened)


@dataclass
class _Storage:
    """Bytes under construction; `last_step` may lie after the last step: live to the end."""

    name: str
    bytes: int
    first_step: int
    last_step: int
    tensors: list[str] = field(default_factory=list)

    def buffer(self, end: int) -> Buffer:
        """The finished buffer; `end` is the last step of the schedule."""
        last = min(self.last_step, end)
        return Buffer(self.name, tuple(self.tensors), self.bytes, self.first_step, last)


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

    def open_scratch(self, step: Step) -> None:
        """New bytes for the scratch of a step."""
        name = f"{step.node.output}.scratch"
        self.opened.append(_Storage(name, step.scratch_bytes, step.index, step.index))

    def join(self, owner: str, name: str) -> None:
        """Another tensor in the bytes of one that has some."""
        storage = self.of[name] = self.of[owner]
        storage.tensors.append(name)
        storage.last_step = max(storage.last_step, self._last_use[name])


def _add_step(storages: _Storages, graph: Graph, step: Step) -> None:
    instance = graph.instance(step.node)
    dying = [name for name in overwritable(instance) if storages.of[name].last_step == step.index]
    if dying:
        storages.join(dying[0], step.node.output)
    else:
        storages.open(step.node.output, instance.output.type.bytes, step.index)
    if step.scratch_bytes:
        storages.open_scratch(step)


def _viewed(graph: Graph, node: Node) -> str:
    name = node.inputs[0]
    if graph.tensors[name].is_constant:
        raise InternalError(f"memory: `{node.output}` is a view of a constant", graph.origin)
    return name


def _last_uses(schedule: Schedule) -> dict[str, int]:
    """The last step that reads each tensor or a view of it; -1: none, graph outputs: past the end.

    A view counts as a use of its base wherever it stands, so that nothing overwrites the base
    while a view that comes later in the graph still needs it.
    """
    graph = schedule.graph
    last = dict.fromkeys(graph.tensors, -1)
    for name in graph.outputs:
        last[name] = len(schedule.steps)
    for step in schedule.steps:
        for name in step.node.inputs:
            last[name] = max(last[name], step.index)
    for node in reversed(graph.nodes):
        if is_view(node):
            base = node.inputs[0]
            last[base] = max(last[base], last[node.output])
    return last
