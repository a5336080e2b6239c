"""Predicted executed instructions of steps and of taking turns."""

from __future__ import annotations

from tinycc import ops
from tinycc.ir.graph import Graph
from tinycc.schedule.model import Step

TURN = 150
"""Instructions of one turn of tinycc_roll beyond the kernel's own: finding the step, its rows."""

_PER_MAC = 6.0  # portable kernels: load, load, multiply-accumulate, loop
_PER_OUTPUT = 20.0


def step_cost(graph: Graph, step: Step) -> float:
    """Instructions of a step that makes its whole output."""
    instance = graph.instance(step.node)
    if step.kernel.cost is not None:
        return step.kernel.cost(instance)
    macs = ops.get(step.node.op).macs(instance)
    return _PER_MAC * macs + _PER_OUTPUT * instance.output.type.elements
