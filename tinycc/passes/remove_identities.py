"""Drops tables that map every value to itself, such as a Relu that the zero point enforces.

a: int8 scale 0.1 zero -128 = conv2d(x, w)             a: int8 = conv2d(x, w)
b: int8 scale 0.1 zero -128 = lookup(a) clamp 0    ->
"""

from __future__ import annotations

from typing import cast

import numpy as np

from tinycc.ir.graph import Graph
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.lookup import Lookup, table
from tinycc.target import Target

_IDENTITY = np.arange(-128, 128, dtype=np.int8)


def remove_identities(graph: Graph, target: Target) -> Graph:
    """The graph without lookups that change nothing."""
    edit = Rewrite(graph)
    for node in graph.nodes:
        if node.op != "lookup" or graph.tensors[node.output].type.is_float:
            continue
        x, y = graph.tensors[node.inputs[0]].type, graph.tensors[node.output].type
        if x == y and np.array_equal(table(cast(Lookup, node.attrs), x, y), _IDENTITY):
            edit.remove(node)
            edit.merge(node.output, node.inputs[0])
    return edit.apply()
