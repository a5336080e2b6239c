"""Blocks that run twice: a gate from the mean of a map needs the whole map before its first row.

    d = depthwise(e); e = conv2d(x); g = gate(mean(d)); y = d * g      (squeeze and excite)

The map d has to wait for the gate. Run twice, it need not be kept: once only for its mean, and once
more, from the small x on, for the result. No barrier is left between x and y but the gate itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tinycc import ops
from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.schedule.cost import step_cost
from tinycc.schedule.kernels import accumulating_kernel
from tinycc.schedule.model import Part, Schedule, Step
from tinycc.schedule.rolling import row_step
from tinycc.target import CostTable, Target

MOST_STEPS = 6
"""Steps of a block that may run twice: expansion, depthwise and their activations are 2 to 4."""


@dataclass(frozen=True)
class Block:
    """The steps that make a map from smaller tensors, by their outputs, in order; the map last.

    `macs` and `cost`: multiply-accumulates and instructions of running them once more.
    """

    outputs: tuple[str, ...]
    macs: int
    cost: int
    bytes: int

    @property
    def map(self) -> str:
        """The tensor that a mean and something that depends on this mean both read."""
        return self.outputs[-1]


def blocks(layers: Schedule, target: Target) -> list[Block]:
    """What may run twice, the largest map first."""
    graph, found = layers.graph, []
    for name in dict.fromkeys(_averaged(layers, target)):
        if _waits(graph, name, target):
            block = _block(layers, name, target.cost)
            if block is not None:
                found.append(block)
    return sorted(found, key=lambda block: -block.bytes)


def _averaged(layers: Schedule, target: Target) -> list[str]:
    """Maps whose rows a step only adds up, made by a step."""
    made = {step.node.output for step in layers.steps}
    found = []
    for step in layers.steps:
        if _adds_up(layers.graph, step.node, target):
            found += [name for name in step.node.inputs if name in made]
    return found


def _adds_up(graph: Graph, node: Node, target: Target) -> bool:
    return accumulating_kernel(graph.instance(node), target) is not None


def _waits(graph: Graph, name: str, target: Target) -> bool:
    """True for a map that is read by something that depends on its mean."""
    means = [node for node in graph.consumers[name] if _adds_up(graph, node, target)]
    behind = {node.output for node in means}
    for node in graph.nodes:
        if not behind.isdisjoint(node.inputs):
            behind.add(node.output)
    others = [node for node in graph.consumers[name] if node not in means]
    return name not in graph.outputs and any(node.output in behind for node in others)


def _block(layers: Schedule, name: str, costs: CostTable) -> Block | None:
    """The steps back to where the fewest bytes have to wait; None where that saves nothing."""
    graph, maker = layers.graph, {step.node.output: step for step in layers.steps}
    joined = {x for node in graph.nodes if node.output in layers.joined for x in node.inputs}
    taken: list[Step] = []
    best: Block | None = None
    least, waiting = graph.tensors[name].type.bytes, [name]
    while waiting and len(taken) < MOST_STEPS:
        last = max(waiting, key=lambda x: maker[x].index if x in maker else -1)
        step = maker.get(last)
        if step is None or last in joined or row_step(graph, step) is None:
            break
        if layers.streamed in step.node.inputs:
            break  # rows that come only once
        taken.append(step)
        made = {one.node.output for one in taken}
        reads = [x.name for one in taken for x in graph.instance(one.node).activations]
        waiting = [x for x in dict.fromkeys(reads) if x not in made]
        held = sum(graph.tensors[x].type.bytes for x in waiting if x not in layers.outside)
        if held < least:
            least, best = held, _of(graph, taken, graph.tensors[name].type.bytes, costs)
    return best


def _of(graph: Graph, taken: Sequence[Step], size: int, costs: CostTable) -> Block:
    ordered = sorted(taken, key=lambda step: step.index)
    macs = sum(ops.get(step.node.op).macs(graph.instance(step.node)) for step in ordered)
    cost = round(sum(step_cost(graph.instance(step.node), step, costs) for step in ordered))
    return Block(tuple(step.node.output for step in ordered), macs, cost, size)


def run_twice(layers: Schedule, chosen: Sequence[Block], target: Target) -> Schedule:
    """The layers with some blocks a second time, right before the map is needed for its result."""
    graph, maker = layers.graph, {step.node.output: step for step in layers.steps}
    tensors, kernels = dict(graph.tensors), dict(maker)
    again: dict[str, str] = {}  # maps that were made a second time
    remade, nodes = dict(layers.remade), list[Node]()
    for node in graph.nodes:
        for block in chosen:
            reads = block.map in node.inputs and not _adds_up(graph, node, target)
            if not reads or block.map in again:
                continue
            names = {name: _fresh(tensors, name) for name in block.outputs}
            for old, new in names.items():
                tensors[new] = replace(tensors[old], name=new)
                remade[new] = layers.remade.get(old, Part(old))
                nodes.append(_renamed(maker[old].node, {**again, **names}, new))
                kernels[new] = maker[old]
            again[block.map] = names[block.map]
        firsts = {} if _adds_up(graph, node, target) else again
        nodes.append(_renamed(node, firsts, node.output))
    running = [node for node in nodes if node.output in kernels]
    steps = [replace(kernels[n.output], index=i, node=n) for i, n in enumerate(running)]
    built = Graph.build(
        graph.name, list(tensors.values()), nodes, graph.inputs, graph.outputs, graph.origin
    )
    return replace(
        layers,
        graph=replace(built, removals=graph.removals),
        steps=tuple(steps),
        source=layers.network,
        remade=remade,
    )


def _renamed(node: Node, names: dict[str, str], output: str) -> Node:
    """The node with other operands, and another name where it makes something else."""
    inputs = tuple(names.get(name, name) for name in node.inputs)
    name = node.name if output == node.output else output
    return replace(node, name=name, inputs=inputs, output=output)


def _fresh(tensors: Mapping[str, Tensor], name: str) -> str:
    found, number = f"{name}, again", 2
    while found in tensors:
        found, number = f"{name}, again ({number})", number + 1
    return found
