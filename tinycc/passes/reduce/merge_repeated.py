"""Nodes that compute what an earlier one has computed are dropped.

a: int8 = conv2d(x, w)                    a: int8 = conv2d(x, w)
b: int8 = conv2d(x, w)              ->    c: int8 = add(a, a)
c: int8 = add(a, b)
"""

from __future__ import annotations

from collections.abc import Hashable

from tinycc.ir.graph import Graph, Node
from tinycc.ir.rewrite import Rewrite
from tinycc.target import Target


def merge_repeated(graph: Graph, target: Target) -> Graph:
    """The graph with one node for each computation; model outputs keep theirs."""
    edit, same = Rewrite(graph), dict[str, str]()
    first: dict[Hashable, str] = {}
    for node in graph.nodes:
        earlier = first.setdefault(_computation(graph, node, same), node.output)
        if earlier == node.output or node.output in graph.outputs:
            continue
        same[node.output] = earlier
        edit.record(node.origin or (node.name,), "repeated")
        edit.remove(node)
        edit.redirect(node.output, earlier)
    return edit.apply()


def _computation(graph: Graph, node: Node, same: dict[str, str]) -> Hashable:
    operands = tuple(_operand(graph, same.get(name, name)) for name in node.inputs)
    return node.op, node.attrs, graph.tensors[node.output].type, operands


def _operand(graph: Graph, name: str) -> Hashable:
    tensor = graph.tensors[name]
    return name if tensor.data is None else (tensor.type, tensor.data.tobytes())
