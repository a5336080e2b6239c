"""Layer by layer: every step makes its whole output before the next one starts."""

from __future__ import annotations

from tinycc import ops
from tinycc.errors import InternalError
from tinycc.ir.graph import Graph, Node
from tinycc.ops.op import Alias, Kernel
from tinycc.schedule.joins import joined_in_place
from tinycc.schedule.kernels import kernel_choices
from tinycc.schedule.model import Schedule, Step
from tinycc.schedule.order import best_order
from tinycc.target import Target


def layer_schedule(
    graph: Graph,
    target: Target,
    fastest: bool = True,
    join: bool = True,
    outside: frozenset[str] = frozenset(),
    pushed: str | None = None,
) -> Schedule:
    """Steps in the order with the smallest peak of live bytes, each with its cheapest kernel.

    Not `fastest`: the order is one for the kernels of least scratch. `join`: a Concat whose
    operands can be made where they lie in its output has no step. `outside`: tensors that the
    caller holds; `pushed`: the one that it hands over row by row.
    """
    running = [node for node in graph.nodes if _runs(node)]
    kernels = {node.output: _kernels(graph, node, target) for node in running}

    def scratch(node: Node) -> int:
        found = kernels.get(node.output, ())
        return found[0 if fastest else -1].scratch(graph.instance(node)) if found else 0

    ordered, notes = best_order(graph, target.alignment, scratch, outside=outside)
    joined = joined_in_place(ordered, target.alignment) if join else frozenset()
    nodes = [node for node in ordered.nodes if _runs(node) and node.output not in joined]
    steps = [
        layer_step(graph, index, node, kernels[node.output][0]) for index, node in enumerate(nodes)
    ]
    return Schedule(
        ordered, tuple(steps), tuple(notes), joined=joined, outside=outside, pushed=pushed
    )


def layer_step(graph: Graph, index: int, node: Node, kernel: Kernel) -> Step:
    """A step that makes as many rows per call as its kernel takes at once."""
    instance = graph.instance(node)
    together = kernel.window(instance).together if kernel.window else 1
    return Step(index, node, kernel, kernel.scratch(instance), together)


def _runs(node: Node) -> bool:
    return ops.get(node.op).alias is not Alias.VIEW


def _kernels(graph: Graph, node: Node, target: Target) -> tuple[Kernel, ...]:
    found = kernel_choices(graph.instance(node), target)
    if not found:
        raise InternalError(f"no kernel for node `{node.name}` ({node.op})")
    return found
