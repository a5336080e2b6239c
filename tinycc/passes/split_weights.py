"""Weights of nine bits are two of eight: asymmetric uint8 weights stay what they are.

    y = conv2d(x, w)            c = concat(x, x)
                          ->    y = conv2d(c, (w1, w2))      w - zero point = w1 + w2

Weights of uint8 with a zero point of their own (onnxruntime's QUInt8 per tensor, old .tflite files)
are integers from -255 to 255 once the zero point is taken off. As a sum of int8 weights over the
same inputs, side by side, they run on the kernels there are, bit for bit, for twice the products.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization
from tinycc.ops.concat import Concat
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.numerics import INT8_MAX, INT8_MIN
from tinycc.ops.reshape import Reshape
from tinycc.target import Target

_LAYERS = frozenset({"conv2d", "fully_connected", "fully_connected_float"})


def split_weights(graph: Graph, target: Target) -> Graph:
    """The graph with all weights of layers symmetric."""
    edit = Rewrite(graph)
    for node in graph.nodes:
        if node.op in _LAYERS:
            x, weights = (graph.tensors[name] for name in node.inputs[:2])
            if x.type.dtype is DType.INT8 and weights.data is not None and _is_shifted(weights):
                _split(edit, node, x, weights)
    return edit.apply()


def _is_shifted(weights: Tensor) -> bool:
    quantization = weights.type.quantization
    return (
        weights.type.dtype is DType.INT8
        and quantization is not None
        and any(quantization.zero_point)
    )


def _split(edit: Rewrite, node: Node, x: Tensor, weights: Tensor) -> None:
    parts = _parts(weights)
    groups = node.attrs.groups if isinstance(node.attrs, Conv2d) else 1
    name = _repeated(edit, node, x, groups, len(parts))
    data = np.concatenate(parts, axis=-1)
    quantization = cast(Quantization, weights.type.quantization)
    none = replace(quantization, zero_point=(0,) * len(quantization.zero_point))
    type_ = replace(weights.type, shape=data.shape, quantization=none)
    stored = edit.tensor(Tensor(edit.fresh(f"{weights.name}.split"), type_, data))
    edit.node(replace(node, inputs=(name, stored, *node.inputs[2:])))


def _parts(weights: Tensor) -> list[np.ndarray]:
    """int8 arrays whose sum are the weights without their zero point."""
    quantization = cast(Quantization, weights.type.quantization)
    zero = np.array(quantization.zero_point, np.int16)
    shape = [1] * cast(np.ndarray, weights.data).ndim
    if zero.size > 1:
        shape[quantization.axis or 0] = -1
    rest = cast(np.ndarray, weights.data).astype(np.int16) - zero.reshape(shape)
    parts: list[np.ndarray] = []
    while rest.any() or not parts:
        parts.append(np.clip(rest, INT8_MIN, INT8_MAX).astype(np.int8))
        rest = rest - parts[-1]
    return parts


def _repeated(edit: Rewrite, node: Node, x: Tensor, groups: int, count: int) -> str:
    """x with the channels of every group `count` times, side by side."""
    if count == 1:
        return x.name
    *outer, channels = x.type.shape
    grouped = (*outer, groups, channels // groups) if groups > 1 else x.type.shape
    source = _reshaped(edit, node, x, grouped)
    wide = (*grouped[:-1], grouped[-1] * count)
    joined = Tensor(edit.fresh(f"{x.name}.repeated"), x.type.with_shape(wide))
    attrs = Concat(len(wide) - 1)
    inputs = (source.name,) * count
    edit.node(Node(f"{node.name}.repeated", "concat", attrs, inputs, edit.tensor(joined), ()))
    return _reshaped(edit, node, joined, (*outer, channels * count)).name


def _reshaped(edit: Rewrite, node: Node, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    if x.type.shape == shape:
        return x
    made = Tensor(edit.fresh(f"{x.name}.grouped"), x.type.with_shape(shape))
    attrs = Reshape(shape)
    edit.node(Node(f"{node.name}.grouped", "reshape", attrs, (x.name,), edit.tensor(made), ()))
    return made
