"""Layer by layer: every step makes its whole output before the next one starts."""

from __future__ import annotations

from tinycc import ops
from tinycc.errors import InternalError
from tinycc.ir.graph import Graph, Node
from tinycc.ops.op import Alias, Kernel
from tinycc.schedule.joins import joined_in_place
from tinycc.schedule.kernels import choose_kernel, lean_kernel
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
    """Steps in the order with the smallest peak of live bytes.

    Not `fastest`: a layer that makes a single vector (fully connected) gets the kernel with the
    least scratch where scratch beside its tensors would be more than any layer's tensors. Its copy
    of the input serves one vector only and is not worth a larger arena. `join`: a Concat whose
    operands can be made where they lie in its output has no step. `outside`: tensors that the
    caller holds; `pushed`: the one that it hands over row by row.
    """
    running = [node for node in graph.nodes if _runs(node)]
    room = max((_tensor_bytes(graph, node, outside) for node in running), default=0)
    if fastest:
        room = 1 << 60
    kernels = {node.output: _kernel(graph, node, target, room, outside) for node in running}

    def scratch(node: Node) -> int:
        kernel = kernels.get(node.output)
        return kernel.scratch(graph.instance(node)) if kernel else 0

    ordered, notes = best_order(graph, target.alignment, scratch, outside=outside)
    joined = joined_in_place(ordered, target.alignment) if join else frozenset()
    nodes = [node for node in ordered.nodes if _runs(node) and node.output not in joined]
    steps = [
        Step(index, node, kernels[node.output], scratch(node)) for index, node in enumerate(nodes)
    ]
    return Schedule(
        ordered, tuple(steps), tuple(notes), joined=joined, outside=outside, pushed=pushed
    )


def _runs(node: Node) -> bool:
    return ops.get(node.op).alias is not Alias.VIEW


def _tensor_bytes(graph: Graph, node: Node, outside: frozenset[str]) -> int:
    instance = graph.instance(node)
    held = [x for x in (*instance.activations, instance.output) if x.name not in outside]
    return sum(x.type.bytes for x in held)


def _kernel(graph: Graph, node: Node, target: Target, room: int, outside: frozenset[str]) -> Kernel:
    instance = graph.instance(node)
    kernel = choose_kernel(instance, target)
    lean = lean_kernel(instance, target, alike=False)
    if kernel is None or lean is None:
        raise InternalError(f"no kernel for node `{node.name}` ({node.op})")
    single = kernel.units is not None and kernel.units(instance) == 1
    fits = _tensor_bytes(graph, node, outside) + kernel.scratch(instance) <= room
    return lean if single and not fits else kernel
