"""The second stage: what runs, in which order, with which kernel. Places come later (memory)."""

from __future__ import annotations

from dataclasses import dataclass

from tinycc.ir.graph import Graph, Instance, Node
from tinycc.ops.op import Kernel


@dataclass(frozen=True)
class Step:
    """One kernel run over all rows of its output. Views (reshape) have no step.

    `scratch_bytes` are live during this step only.
    """

    index: int
    node: Node
    kernel: Kernel
    scratch_bytes: int


@dataclass(frozen=True)
class Schedule:
    """The steps in execution order; `graph.nodes` is in the same order, views included.

    `notes` are sentences for the user (a search that was capped, a machine that was replaced).
    """

    graph: Graph
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    def instance(self, step: Step) -> Instance:
        """A step's node with its tensors."""
        return self.graph.instance(step.node)
