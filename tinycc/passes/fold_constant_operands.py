"""Arithmetic with constants becomes cheaper operators with the same contract.

y = add(x, 0.5)                     ->   y = lookup(x) {affine 1, 0.5}
y = mul(x, c) with c per channel    ->   y = conv2d(x, c) 1x1 depthwise, exact scales
"""

from __future__ import annotations

from typing import cast

import numpy as np

from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.add import Add
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.lookup import Lookup
from tinycc.ops.numerics import Clamp, real_values
from tinycc.target import Target

_UNIT = 64  # weight that stands for the factor 1; a power of two keeps its scale exact


def fold_constant_operands(graph: Graph, target: Target) -> Graph:
    """The graph without add, sub or mul of a constant scalar or a constant per channel."""
    edit = Rewrite(graph)
    for node in graph.nodes:
        if node.op in ("add", "sub", "mul") and not graph.tensors[node.output].type.is_float:
            constants = [graph.tensors[name].is_constant for name in node.inputs]
            if constants.count(True) == 1:
                _fold(edit, node, constants.index(True))
    return edit.apply()


def _fold(edit: Rewrite, node: Node, index: int) -> None:
    graph = edit.graph
    constant, x = graph.tensors[node.inputs[index]], graph.tensors[node.inputs[1 - index]]
    y = graph.tensors[node.output]
    if x.type.shape != y.type.shape:
        return
    data = real_values(cast(np.ndarray, constant.data), constant.type)
    scale, offset = _affine(node.op, index, data)
    clamp = cast(Add, node.attrs).clamp
    if data.size == 1:
        attrs = Lookup("affine", (float(scale.item()), float(offset.item())), clamp)
        edit.node(Node(node.name, "lookup", attrs, (x.name,), y.name, node.origin))
    elif data.ndim and data.shape[-1] == data.size and data.size == y.type.shape[-1]:
        _per_channel(edit, node, x, scale, offset, clamp)


def _affine(op: str, index: int, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factor and offset of y = x * factor + offset."""
    one, zero = np.ones_like(data), np.zeros_like(data)
    if op == "mul":
        return data, zero
    if op == "add":
        return one, data
    return (one, -data) if index == 1 else (-one, data)


def _per_channel(
    edit: Rewrite,
    node: Node,
    x: Tensor,
    factor: np.ndarray,
    offset: np.ndarray,
    clamp: Clamp | None,
) -> None:
    graph, y = edit.graph, edit.graph.tensors[node.output]
    if len(x.type.shape) != 4:
        return
    factor, offset = factor.reshape(-1), offset.reshape(-1)
    channels = len(factor)
    weights = (np.sign(factor) * _UNIT).astype(np.int8).reshape(channels, 1, 1, 1)
    scales = tuple(float(abs(f)) / _UNIT if f else 1.0 for f in factor)
    quantization = Quantization(scales, (0,) * channels, 0)
    base = node.inputs[0] if graph.tensors[node.inputs[0]].is_constant else node.inputs[1]
    w = Tensor(
        edit.fresh(f"{base}.factor"), TensorType(weights.shape, DType.INT8, quantization), weights
    )
    bias = offset.astype(np.float32)
    b = Tensor(edit.fresh(f"{base}.offset"), TensorType(bias.shape, DType.FLOAT32), bias)
    inputs = (x.name, edit.tensor(w), edit.tensor(b))
    attrs = Conv2d(groups=channels, clamp=clamp)
    edit.node(Node(node.name, "conv2d", attrs, inputs, y.name, node.origin))
