"""Layer by layer: every step makes its whole output before the next one starts."""

from __future__ import annotations

from tinycc import ops
from tinycc.errors import InternalError
from tinycc.ir.graph import Graph, Node
from tinycc.ops.op import Alias, Kernel
from tinycc.schedule.kernels import choose_kernel
from tinycc.schedule.model import Schedule, Step
from tinycc.schedule.order import best_order
from tinycc.target import Target


def layer_schedule(graph: Graph, target: Target) -> Schedule:
    """Steps in the order with the smallest peak of live bytes."""
    kernels = {node.output: _kernel(graph, node, target) for node in graph.nodes if _runs(node)}

    def scratch(node: Node) -> int:
        kernel = kernels.get(node.output)
        return kernel.scratch(graph.instance(node)) if kernel else 0

    ordered, notes = best_order(graph, target.alignment, scratch)
    steps = [
        Step(index, node, kernels[node.output], scratch(node))
        for index, node in enumerate(node for node in ordered.nodes if _runs(node))
    ]
    return Schedule(ordered, tuple(steps), tuple(notes))


def _runs(node: Node) -> bool:
    return ops.get(node.op).alias is not Alias.VIEW


def _kernel(graph: Graph, node: Node, target: Target) -> Kernel:
    kernel = choose_kernel(graph.instance(node), target)
    if kernel is None:
        raise InternalError(f"no kernel for node `{node.name}` ({node.op})")
    return kernel
