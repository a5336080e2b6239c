"""Predicted executed instructions of steps and of taking turns."""

from __future__ import annotations

from tinycc import ops
from tinycc.ir.graph import Graph, Instance
from tinycc.ops.op import Kernel
from tinycc.schedule.model import Step

TURN = 150
"""Instructions of one turn of tinycc_roll beyond the kernel's own: finding the step, its rows."""

_PER_MAC = 6.0  # portable kernels: load, load, multiply-accumulate, loop
_PER_OUTPUT = 20.0


def graph_macs(graph: Graph) -> int:
    """Multiply-accumulates of all nodes."""
    return sum(ops.get(node.op).macs(graph.instance(node)) for node in graph.nodes)


def step_cost(graph: Graph, step: Step) -> float:
    """Instructions of a step that makes its whole output."""
    return kernel_cost(step.kernel, graph.instance(step.node))


def kernel_cost(kernel: Kernel, instance: Instance) -> float:
    """Instructions of a kernel that makes the whole output of an instance."""
    if kernel.cost is not None:
        return kernel.cost(instance)
    macs = ops.get(instance.node.op).macs(instance)
    return _PER_MAC * macs + _PER_OUTPUT * instance.output.type.elements
