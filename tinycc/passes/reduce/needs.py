"""Which channels of every tensor have to exist: a liveness analysis over channels.

Channels that are tied together (both operands of an Add and its result) form a class, which exists
as a whole when anything needs one of its members: a model output, an operator that needs all of its
input, or a layer with a weight for it that cannot be folded away.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance, Node
from tinycc.ops.channels import Channels, last_extent
from tinycc.passes.reduce.limits import is_sound
from tinycc.passes.reduce.weighing import Weighing

Kept = dict[str, np.ndarray]
"""By run-time tensor: True for the channels that must exist."""


def kept_channels(graph: Graph, layers: Mapping[str, Weighing]) -> Kept:
    """The smallest sets of channels that the graph can be computed with.

    `layers`: the analysis of every weighing node, by output.
    """
    return _Needs(graph, layers).solve()


def relation_of(instance: Instance) -> Channels | None:
    """How a node's channels hang together; None where all are needed."""
    record = ops.get(instance.node.op)
    return record.channels(instance) if record.channels and is_sound(instance) else None


class _Needs:
    def __init__(self, graph: Graph, layers: Mapping[str, Weighing]) -> None:
        self.graph, self.layers = graph, layers
        self.relations = {n.output: relation_of(graph.instance(n)) for n in graph.nodes}
        names = [name for name, tensor in graph.tensors.items() if not tensor.is_constant]
        sizes = [last_extent(graph.tensors[name].type.shape) for name in names]
        starts = np.cumsum([0, *sizes])
        self.slots = {
            name: np.arange(start, start + size)
            for name, start, size in zip(names, starts, sizes, strict=False)
        }
        self.parent = np.arange(starts[-1])
        self.needed = np.zeros(starts[-1], bool)  # by class

    def solve(self) -> Kept:
        for node in self.graph.nodes:
            self._tie(node, self.relations[node.output])
        self.roots = np.array([self._root(slot) for slot in range(len(self.parent))], np.int64)
        for name in (*self.graph.inputs, *self.graph.outputs):
            if name in self.slots:
                self.needed[self.roots[self.slots[name]]] = True
        before = -1
        while before != (before := int(self.needed.sum())):
            for node in reversed(self.graph.nodes):
                self._propagate(node)
        return {name: self._kept(name) for name in self.slots}

    def _tie(self, node: Node, relation: Channels | None) -> None:
        outer = self.slots[node.output]
        for tie in relation.ties if relation else ():
            inner = self.slots[node.inputs[tie.input]]
            for a, b in zip(inner[tie.inner].tolist(), outer[tie.outer].tolist(), strict=True):
                first, second = self._root(a), self._root(b)
                self.parent[max(first, second)] = min(first, second)

    def _root(self, slot: int) -> int:
        while self.parent[slot] != slot:
            self.parent[slot] = self.parent[self.parent[slot]]
            slot = int(self.parent[slot])
        return slot

    def _kept(self, name: str) -> np.ndarray:
        return np.asarray(self.needed[self.roots[self.slots[name]]])

    def _need(self, name: str, channels: np.ndarray | slice) -> None:
        if name in self.slots:
            self.needed[self.roots[self.slots[name][channels]]] = True

    def _propagate(self, node: Node) -> None:
        kept = self._kept(node.output)
        if not kept.any():
            return
        relation = self.relations[node.output]
        if relation is None:
            self._need(node.output, slice(None))
        for index, name in enumerate(node.inputs):
            if relation is None or index in relation.whole:
                self._need(name, slice(None))
        layer = self.layers.get(node.output)
        if layer is not None:
            self._need(node.inputs[0], layer.needs[kept].any(axis=0))
        if node.op != "concat":
            self._need_one(node)

    def _need_one(self, node: Node) -> None:
        """An operator that runs needs an input; the next round finds its output constant."""
        for name in node.inputs:
            if name in self.slots and not self._kept(name).any():
                self._need(name, np.array([0]))
