"""Operators behind a last dequantize read the integers themselves and give float32.

a: float32 = dequantize(qx)            y: float32 = softmax_float(qx)
y: float32 = softmax(a)           ->
output y
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tinycc import ops
from tinycc.ir.graph import Graph, Node
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.op import Alias
from tinycc.target import Target

_FLOAT: Mapping[str, str] = {
    "fully_connected": "fully_connected_float",
    "lookup": "lookup_float",
    "softmax": "softmax_float",
}


def float_ends(graph: Graph, target: Target) -> Graph:
    """The graph with the integer-to-float form of operators whose results stay in float."""
    edit = Rewrite(graph)
    for node in graph.nodes:
        source = _integers(graph, node)
        if source is not None:
            inputs = (source, *node.inputs[1:])
            edit.node(replace(node, op=_FLOAT[node.op], inputs=inputs))
    return edit.apply()


def has_float_form(node: Node) -> bool:
    """True for operators that can end a network in float."""
    return node.op in _FLOAT


def moves_float(node: Node) -> bool:
    """True for conversions and moves that run on float as they are, and for views."""
    op = ops.get(node.op)
    return op.border or op.alias is Alias.VIEW


def _integers(graph: Graph, node: Node) -> str | None:
    """The int8 tensor that a node reads as float, where it has a form of its own for that."""
    if node.op not in _FLOAT or not graph.tensors[node.output].type.is_float:
        return None
    producer = graph.producer.get(node.inputs[0])
    if producer is None or producer.op != "dequantize":
        return None
    others = [graph.tensors[name] for name in node.inputs[1:]]
    return producer.inputs[0] if all(tensor.is_constant for tensor in others) else None
