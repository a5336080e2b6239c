"""A table behind a table is one table: of 256 entries, exact by construction.

a: int8 = lookup(x) {identity, another scale}
b: int8 = lookup(a) {sigmoid}                      ->    b: int8 = lookup(x) {256 entries}
"""

from __future__ import annotations

from typing import cast

from tinycc.ir.graph import Graph, Node
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.lookup import Lookup, table
from tinycc.ops.numerics import INT8_MIN
from tinycc.target import Target


def compose_tables(graph: Graph, target: Target) -> Graph:
    """The graph without tables that only another table reads."""
    while (after := _composed(graph)) is not graph:
        graph = after
    return graph


def _composed(graph: Graph) -> Graph:
    """The same for pairs of tables that have none in common."""
    edit, touched = Rewrite(graph), set[str]()
    for node in graph.nodes:
        before = graph.producer.get(node.inputs[0]) if node.inputs else None
        if node.op != "lookup" or before is None or before.op != "lookup":
            continue
        if before.output in touched or graph.only_consumer(before.output) is not node:
            continue
        tensors = [
            graph.tensors[name].type for name in (*before.inputs, before.output, node.output)
        ]
        if any(type_.is_float for type_ in tensors):
            continue
        inner = table(cast(Lookup, before.attrs), tensors[0], tensors[1])
        outer = table(cast(Lookup, node.attrs), tensors[1], tensors[2])
        entries = tuple(int(v) for v in outer[inner.astype(int) - INT8_MIN])
        name = " of ".join(cast(Lookup, n.attrs).function for n in (node, before))
        attrs = Lookup(name, entries=entries)
        edit.record(before.origin or (before.name,), "composed")
        edit.remove(before)
        origin = (*before.origin, *node.origin)
        edit.node(Node(node.name, "lookup", attrs, before.inputs, node.output, origin))
        touched.add(node.output)
    return edit.apply()
