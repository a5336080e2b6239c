"""Constant operands that repeat along rows and columns are stored once: flash instead of a map.

y: 1x8x8x4 = add(x, const 1x8x8x4 of 4 values)     ->     y = add(x, const 1x1x1x4)
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycc.ir.graph import Graph, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.target import Target

_BROADCASTING = frozenset({"add", "sub", "mul"})


def shrink_operands(graph: Graph, target: Target) -> Graph:
    """The graph whose elementwise operators broadcast the constants that they can."""
    edit = Rewrite(graph)
    for node in graph.nodes:
        operands = [graph.tensors[name] for name in node.inputs]
        shape = graph.tensors[node.output].type.shape
        if node.op not in _BROADCASTING or not any(_has_shape(t, shape) for t in operands):
            continue
        smaller = [_once(tensor) for tensor in operands]
        if any(small is not tensor for small, tensor in zip(smaller, operands, strict=True)):
            names = [
                tensor.name if small is tensor else _added(edit, small)
                for small, tensor in zip(smaller, operands, strict=True)
            ]
            edit.node(replace(node, inputs=tuple(names)))
    return edit.apply()


def _has_shape(tensor: Tensor, shape: tuple[int, ...]) -> bool:
    return not tensor.is_constant and tensor.type.shape == shape


def _once(tensor: Tensor) -> Tensor:
    """The constant with one row and column where all are equal, else the same tensor."""
    data = tensor.data
    if data is None or data.ndim < 2 or data.size == data.shape[-1]:
        return tensor
    first = np.ascontiguousarray(data[(slice(0, 1),) * (data.ndim - 1)])
    if not (data == first).all():
        return tensor
    return replace(tensor, type=tensor.type.with_shape(first.shape), data=first)


def _added(edit: Rewrite, tensor: Tensor) -> str:
    return edit.tensor(replace(tensor, name=edit.fresh(f"{tensor.name}.once")))
