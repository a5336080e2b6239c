"""Adds of a constant per channel become the bias of the layer before them.

a: float32 1x12 = fully_connected(x, w)        b: float32 1x12 = fully_connected(x, w, bias)
b: float32 1x12 = add(a, bias)             ->
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.add import Add
from tinycc.ops.numerics import real_values
from tinycc.target import Target

DENSE = frozenset({"conv2d", "fully_connected"})


def fold_bias(graph: Graph, target: Target) -> Graph:
    """The graph with constant adds behind float layers merged into their biases."""
    edit, touched = Rewrite(graph), set[str]()
    for node in graph.nodes:
        if node.op in ("add", "sub") and graph.tensors[node.output].type.is_float:
            for index in (0, 1):
                producer = graph.producer.get(node.inputs[index])
                if producer and producer.output not in touched and _fold(edit, node, index):
                    touched.add(node.output)
                    break
    return edit.apply()


def _fold(edit: Rewrite, node: Node, index: int) -> bool:
    graph = edit.graph
    layer = graph.producer[node.inputs[index]]
    constant = graph.tensors[node.inputs[1 - index]]
    if layer.op not in DENSE or graph.only_consumer(layer.output) is not node:
        return False
    if getattr(layer.attrs, "clamp", None) is not None or (node.op == "sub" and index == 1):
        return False
    channels = graph.tensors[layer.output].type.shape[-1]
    bias = _per_channel(constant, channels)
    before, after = graph.tensors[layer.output].type, graph.tensors[node.output].type
    if bias is None or before.shape != after.shape:
        return False
    if len(layer.inputs) > 2 or node.op == "sub":
        bias = _sum(graph, layer, bias, -1.0 if node.op == "sub" else 1.0, channels)
    name = edit.tensor(replace(bias, name=edit.fresh(f"{constant.name}.bias")))
    attrs = replace(layer.attrs, clamp=cast(Add, node.attrs).clamp)  # type: ignore[type-var]
    edit.remove(layer)
    inputs = (*layer.inputs[:2], name)
    origin = (*layer.origin, *node.origin)
    edit.node(Node(layer.name, layer.op, attrs, inputs, node.output, origin))
    return True


def _per_channel(constant: Tensor, channels: int) -> Tensor | None:
    """The constant as a vector of one value per channel, its representation kept."""
    data = constant.data
    if data is None or data.size not in (1, channels):
        return None
    if data.ndim and data.shape[-1] != data.size:
        return None
    quantization = constant.type.quantization
    if quantization is not None and len(quantization.scale) > 1:
        quantization = Quantization(quantization.scale, quantization.zero_point, 0)
    vector = np.ascontiguousarray(np.broadcast_to(data.reshape(-1), (channels,)))
    return Tensor(constant.name, TensorType((channels,), constant.type.dtype, quantization), vector)


def _sum(graph: Graph, layer: Node, bias: Tensor, sign: float, channels: int) -> Tensor:
    total = sign * real_values(cast(np.ndarray, bias.data), bias.type)
    if len(layer.inputs) > 2:
        old = graph.tensors[layer.inputs[2]]
        total = total + real_values(cast(np.ndarray, old.data), old.type)
    return Tensor(bias.name, TensorType((channels,), DType.FLOAT32), total.astype(np.float32))
