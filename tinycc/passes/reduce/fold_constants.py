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
from tinycc.passes.reduce.limits import Limits, given_limits, is_sound, node_limits
from tinycc.target import Target


def fold_constants(graph: Graph, target: Target) -> Graph:
    """The graph with every tensor that has only one possible value as a constant."""
    edit, limits = Rewrite(graph), given_limits(graph)
    known = {name: t.data for name, t in graph.tensors.items() if t.data is not None}
    for node in graph.nodes:
        instance = _with_known(graph.instance(node), known)
        value = _value(instance, limits)
        if value is None:
            limits[node.output] = node_limits(instance, limits)
            continue
        known[node.output], limits[node.output] = value, exactly(value)
        if node.op != "constant":
            _replace(edit, node, instance.output, value)
    return edit.apply()


def _with_known(instance: Instance, known: dict[str, np.ndarray]) -> Instance:
    inputs = tuple(
        t if t.is_constant or t.name not in known else replace(t, data=known[t.name])
        for t in instance.inputs
    )
    return replace(instance, inputs=inputs)


def _value(instance: Instance, limits: Limits) -> np.ndarray | None:
    """The value of a node's output, if there is only one."""
    if not is_sound(instance) or instance.output.type.is_float:
        return None
    operands = [tensor.data for tensor in instance.inputs if tensor.data is not None]
    reference, type_ = ops.get(instance.node.op).reference, instance.output.type
    if len(operands) == len(instance.inputs) and reference is not None:
        return np.ascontiguousarray(reference(instance, operands))
    found = node_limits(instance, limits)
    if not found.fixed.all():
        return None
    return np.broadcast_to(found.low, type_.shape).astype(type_.dtype.numpy)


def _replace(edit: Rewrite, node: Node, output: Tensor, value: np.ndarray) -> None:
    edit.record(node.origin or (node.name,), "constant")
    if node.output not in edit.graph.outputs:
        edit.remove(node)
        edit.tensor(replace(output, data=value))
        return
    name = edit.fresh(f"{node.output}.value")
    edit.tensor(Tensor(name, output.type, value))
    edit.node(Node(node.name, "constant", Constant(), (name,), node.output, node.origin))
