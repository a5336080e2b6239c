"""Copies for tensors that wait: what is read soon and late may lie in two memories.

The first readers keep the tensor; those behind a long wait read a copy, which is a buffer of its
own and may lie in a slower memory. Which memory holds what is chosen later (memory/assign).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from tinycc import ops
from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.types import DType
from tinycc.ops.op import Alias
from tinycc.schedule.kernels import choose_kernel
from tinycc.schedule.layers import layer_step
from tinycc.schedule.model import Schedule, Step
from tinycc.target import Target

LEAST_WAIT = 3  # steps from one reader to the next, for which a copy may pay


@dataclass(frozen=True)
class Wait:
    """A tensor that nothing reads for some steps behind step `last`."""

    tensor: str
    last: int


def waits(layers: Schedule) -> Iterator[Wait]:
    """The longest wait of every tensor that is read before and after one.

    Only of tensors that are bytes of their own: no view, no part of a Concat, no end of the model.
    """
    graph = layers.graph
    for step in layers.steps:
        tensor = graph.tensors[step.node.output]
        readers = sorted({s.index for s in layers.steps if tensor.name in s.node.inputs})
        gaps = [(after - before, before) for before, after in pairwise(readers)]
        longest = max(gaps, default=(0, 0))
        if longest[0] >= LEAST_WAIT and _is_on_its_own(layers, tensor):
            yield Wait(tensor.name, longest[1])


def _is_on_its_own(layers: Schedule, tensor: Tensor) -> bool:
    graph, name = layers.graph, tensor.name
    joined = {x for node in graph.nodes if node.output in layers.joined for x in node.inputs}
    viewed = any(ops.get(node.op).alias is Alias.VIEW for node in graph.consumers[name])
    special = {*graph.outputs, *layers.outside, *layers.within, *layers.joined, *joined}
    return tensor.type.dtype is DType.INT8 and not viewed and name not in special


def with_copy(layers: Schedule, wait: Wait, target: Target) -> Schedule:
    """The layers with a copy behind the last reader before the wait, for those behind it."""
    graph, last = layers.graph, layers.steps[wait.last].node
    tensor = graph.tensors[wait.tensor]
    name = f"{tensor.name}, waiting"
    copy = Node(name, "copy", ops.get("copy").attrs(), (tensor.name,), name)
    nodes, behind = list[Node](), False
    for node in graph.nodes:
        inputs = tuple(name if behind and x == tensor.name else x for x in node.inputs)
        nodes.append(replace(node, inputs=inputs))
        if node is last:
            nodes.append(copy)
            behind = True
    tensors = [*graph.tensors.values(), replace(tensor, name=name)]
    built = Graph.build(graph.name, tensors, nodes, graph.inputs, graph.outputs, graph.origin)
    built = replace(built, removals=graph.removals)
    return replace(layers, graph=built, steps=tuple(_steps(layers, built, target)))


def _steps(layers: Schedule, graph: Graph, target: Target) -> Iterator[Step]:
    """The steps as they were, and one for the copy."""
    known = {step.node.output: step for step in layers.steps}
    index = 0
    for node in graph.nodes:
        if node.output in known:
            yield replace(known[node.output], index=index, node=node)
        elif node.op == "copy":
            kernel = choose_kernel(graph.instance(node), target)
            assert kernel is not None
            yield layer_step(graph, index, node, kernel)
        else:
            continue
        index += 1
