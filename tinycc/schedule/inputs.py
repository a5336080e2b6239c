"""Where the inputs of a network lie: in the arena, or with the caller, whole or row by row."""

from __future__ import annotations

from dataclasses import replace

from tinycc.errors import ModelError
from tinycc.ir.graph import Graph
from tinycc.passes.input_rows import pushed_input
from tinycc.schedule.model import Schedule
from tinycc.schedule.order import with_views
from tinycc.schedule.rolling import row_step

MEMORIES = ("arena", "pushed", "external")


def outside(graph: Graph, memory: str | None) -> tuple[frozenset[str], str | None]:
    """The tensors that the caller holds, and of those the one that it pushes row by row.

    ModelError where one of them is a result.
    """
    if memory not in ("pushed", "external"):
        return frozenset(), None
    pushed = pushed_input(graph) if memory == "pushed" else None
    found = with_views(graph, [pushed] if pushed is not None else graph.inputs)
    for name in graph.outputs:
        if name in found:
            raise ModelError(
                f"output `{name}` is an input as it came, which --input-memory {memory} leaves "
                "where it is",
                graph.origin,
                hint="--input-memory arena copies it, or take the output out of the model",
            )
    return found, pushed


def with_reason(layers: Schedule) -> Schedule:
    """A schedule that collects the pushed rows, with a note why."""
    assert layers.pushed is not None
    names = with_views(layers.graph, [layers.pushed])
    readers = [step.index for step in layers.steps if not names.isdisjoint(step.node.inputs)]
    why = "nothing reads it"
    if readers:
        early = layers.steps[: readers[-1] + 1]
        barriers = [step for step in early if row_step(layers.graph, step) is None]
        node = (barriers or [layers.steps[readers[0]]])[0].node
        why = f"node `{(node.origin or (node.name,))[-1]}` does not work row by row"
    note = f"the rows of input `{layers.pushed}` are collected in the arena: {why}"
    return replace(layers, notes=(*layers.notes, note))
