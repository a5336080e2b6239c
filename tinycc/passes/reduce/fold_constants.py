"""Values that are proved never to change are computed now.

    a: int8 = conv2d(x, w)      always 3           const a = 3
    b: int8 = add(a, y)                      ->    b: int8 = add(const a, y)
    c: int8 = max_pool2d(const k)                  const c

A model output that is constant is written by a `constant` node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.bounds import exactly
from tinycc.ops.constant import Constant
from tinycc.ops.numerics import quantize_real, real_values
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
    op, operands = ops.get(instance.node.op), [t.data for t in instance.inputs]
    values = [data for data in operands if data is not None]
    if op.reference is None or len(values) < len(operands):
        return None
    if not is_sound(instance) and instance.node.op != "dequantize":
        return None
    if not op.border and instance.inputs[0].type.is_float:
        return _from_reals(instance, values)
    return np.asarray(op.reference(instance, values), order="C")


def _from_reals(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The quantised result of constants that the model stores as real numbers."""
    operands = [real_values(v, t.type) for v, t in zip(values, instance.inputs, strict=True)]
    type_ = instance.output.type
    results = ops.get(instance.node.op).real(instance, operands).reshape(-1)
    stored = [quantize_real(float(value), type_) for value in results]
    return np.array(stored, type_.dtype.numpy).reshape(type_.shape)


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
