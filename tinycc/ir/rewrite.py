"""Edits of an immutable graph: collected by a pass, applied in one go."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable
from dataclasses import replace

from tinycc.ir.graph import Graph, Node, Removal, Tensor


class Rewrite:
    """Collects changes to a graph; `apply` returns the new graph (the same one when unchanged).

    Nodes are keyed by their output tensor. `redirect(old, new)` makes all readers of `old`, graph
    outputs included, read `new`.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._nodes = {node.output: node for node in graph.nodes}
        self._tensors = dict(graph.tensors)
        self._redirects: dict[str, str] = {}
        self._removals: list[Removal] = []
        self._changed = False

    def tensor(self, tensor: Tensor) -> str:
        """Adds or replaces a tensor and returns its name."""
        self._tensors[tensor.name] = tensor
        self._changed = True
        return tensor.name

    def fresh(self, base: str) -> str:
        """A tensor name that is not taken yet, derived from `base`."""
        name, number = base, 1
        while name in self._tensors:
            number += 1
            name = f"{base}.{number}"
        return name

    def node(self, node: Node) -> None:
        """Adds a node, in place of the one that made the same output, if any."""
        self._nodes[node.output] = node
        self._changed = True

    def remove(self, node: Node) -> None:
        """Drops a node; its output must be redirected, made by another node, or unused."""
        self._nodes.pop(node.output, None)
        self._changed = True

    def redirect(self, old: str, new: str) -> None:
        """All readers of `old` read `new` instead."""
        self._redirects[old] = new
        self._changed = True

    def merge(self, old: str, new: str) -> None:
        """All readers of `old` read `new`, which holds the same bytes; it keeps a source."""
        same, source = self._tensors[new], self._tensors[old].source
        if same.source is None and source is not None:
            self._tensors[new] = replace(same, source=source)
        self.redirect(old, new)

    def record(self, nodes: Iterable[str], proof: str, channels: int = 0) -> None:
        """Notes for the report what this edit removes, and why that is exact."""
        self._removals.append(Removal(tuple(nodes), proof, channels))

    def apply(self) -> Graph:
        """The edited graph, dead nodes dropped, in a deterministic topological order."""
        if not self._changed:
            return self.graph
        nodes = [self._redirected(node) for node in self._nodes.values()]
        outputs = tuple(self._resolve(name) for name in self.graph.outputs)
        nodes = topological(_alive(nodes, outputs))
        built = Graph.build(
            self.graph.name,
            list(self._tensors.values()),
            nodes,
            self.graph.inputs,
            outputs,
            self.graph.origin,
        )
        return replace(built, removals=(*self.graph.removals, *self._removals))

    def _resolve(self, name: str) -> str:
        while name in self._redirects:
            name = self._redirects[name]
        return name

    def _redirected(self, node: Node) -> Node:
        inputs = tuple(self._resolve(name) for name in node.inputs)
        if inputs == node.inputs:
            return node
        return Node(node.name, node.op, node.attrs, inputs, node.output, node.origin)


def topological(nodes: Iterable[Node]) -> list[Node]:
    """The nodes with every producer before its readers; as close to the given order as possible.

    Raises graphlib.CycleError when there is none.
    """
    made = {node.output: node for node in nodes}
    sorter = graphlib.TopologicalSorter(
        {name: [i for i in node.inputs if i in made] for name, node in made.items()}
    )
    sorter.prepare()
    rank = {name: index for index, name in enumerate(made)}
    ready: list[str] = []
    order: list[Node] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=rank.__getitem__)
        name = ready.pop(0)
        order.append(made[name])
        sorter.done(name)
    return order


def _alive(nodes: list[Node], outputs: tuple[str, ...]) -> list[Node]:
    made = {node.output: node for node in nodes}
    pending, seen = list(outputs), set(outputs)
    while pending:
        node = made.get(pending.pop())
        if node is None:
            continue
        fresh = set(node.inputs) - seen
        seen |= fresh
        pending.extend(fresh)
    return [node for node in nodes if node.output in seen]
