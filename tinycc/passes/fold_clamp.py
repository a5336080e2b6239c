"""Relu and Clip become the saturation bounds of the operator before them.

    a: float32 = conv2d(x, w)                      b: float32 = conv2d(x, w) {clamp=0..inf}
    b: float32 = lookup(a) {clamp 0..inf}      ->

Between integers (a: int8, b: int8) the same is exact when both have one quantisation, because
quantisation is monotone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from tinycc.ir.graph import Graph, Node
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.lookup import Lookup
from tinycc.ops.numerics import Clamp
from tinycc.target import Target

_CLAMPING = frozenset(
    {"conv2d", "fully_connected", "add", "sub", "mul", "lookup", "average_pool2d"}
)


def fold_clamp(graph: Graph, target: Target) -> Graph:
    """The graph without clamps that the operator before them can do."""
    edit, touched = Rewrite(graph), set[str]()
    for node in graph.nodes:
        clamp = clamp_of(node)
        producer = graph.producer.get(node.inputs[0]) if node.inputs else None
        if clamp is None or producer is None or producer.output in touched:
            continue
        if producer.op in _CLAMPING and _fits(graph, producer, node):
            own = cast(Clamp | None, getattr(producer.attrs, "clamp", None))
            attrs = replace(  # type: ignore[type-var]
                producer.attrs, clamp=own.then(clamp) if own else clamp
            )
            edit.remove(producer)
            origin = (*producer.origin, *node.origin)
            edit.node(Node(producer.name, producer.op, attrs, producer.inputs, node.output, origin))
            touched.add(node.output)
    return edit.apply()


def clamp_of(node: Node) -> Clamp | None:
    """The bounds of a lookup that is a clamp and nothing else."""
    if node.op != "lookup":
        return None
    attrs = cast(Lookup, node.attrs)
    plain = attrs.function == "clamp" and attrs.clamp is None
    return Clamp(*attrs.parameters) if plain else None


def _fits(graph: Graph, producer: Node, node: Node) -> bool:
    before, after = graph.tensors[producer.output].type, graph.tensors[node.output].type
    return before == after and graph.only_consumer(producer.output) is node
