"""Values that are proved never to change are computed now.

    a: int8 = conv2d(x, w)      always 3           const a = 3
    b: int8 = add(a, y)                      ->    b: int8 = add(const a, y)
    c: int8 = max_pool2d(const k)                  const c

A model output that is constant is written by a `constant` node.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.bounds import exactly
from tinycc.ops.constant import Constant
from tinycc.passes.reduce.limits import given_limits, is_sound, node_limits
from tinycc.target import Target


def fold_constants(graph: Graph, target: Target) -> Graph:
    """The graph with every tensor that has only one possible value as a constant."""
    edit, limits = Rewrite(graph), given_limits(graph)
    known = {name: t.data for name, t in graph.tensors.items() if t.data is not None}
    for node in graph.nodes:
        instance = _with_known(graph.instance(node), known)
        value = _computed(instance)
        found = node_limits(instance, limits) if value is None else exactly(value)
        limits[node.output] = found
        if value is None and found.fixed.all():
            type_ = instance.output.type
            value = np.broadcast_to(found.low, type_.shape).astype(type_.dtype.numpy)
        if value is not None:
            known[node.output] = value
            _replace(edit, node, instance.output, value)
    return edit.apply()


def _with_known(instance: Instance, known: dict[str, np.ndarray]) -> Instance:
    inputs = tuple(
        t if t.is_constant or t.name not in known else replace(t, data=known[t.name])
        for t in instance.inputs
    )
    return replace(instance, inputs=inputs)


def _computed(instance: Instance) -> np.ndarray | None:
    """The output of a node all of whose operands are known."""
    reference, operands = ops.get(instance.node.op).reference, [t.data for t in instance.inputs]
    values = [data for data in operands if data is not None]
    if reference is None or len(values) < len(operands):
        return None
    if not is_sound(instance) and instance.node.op != "dequantize":
        return None
    return np.ascontiguousarray(reference(instance, values))


def _replace(edit: Rewrite, node: Node, output: Tensor, value: np.ndarray) -> None:
    if node.op == "constant":
        return
    edit.record(node.origin or (node.name,), "constant")
    if node.output not in edit.graph.outputs:
        edit.remove(node)
        edit.tensor(replace(output, data=value))
        return
    name = edit.fresh(f"{node.output}.value")
    edit.tensor(Tensor(name, output.type, value))
    edit.node(Node(node.name, "constant", Constant(), (name,), node.output, node.origin))
