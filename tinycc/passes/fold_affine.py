"""A scale and offset per channel (BatchNormalization) becomes part of the convolution before it.

a: float32 = conv2d(x, w)                           b: float32 = conv2d(x, w * s, bias * s + t)
b: float32 = conv2d(a, s, t) 1x1 depthwise     ->
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Graph, Instance, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.numerics import channel_scales, real_values
from tinycc.passes.fold_bias import DENSE
from tinycc.target import Target


def fold_affine(graph: Graph, target: Target) -> Graph:
    """The graph with per-channel scales behind float layers merged into their weights' scales."""
    edit, touched = Rewrite(graph), set[str]()
    for node in graph.nodes:
        layer = graph.producer.get(node.inputs[0]) if node.inputs else None
        if layer is None or layer.output in touched or not is_affine(graph.instance(node)):
            continue
        if _fold(edit, layer, node):
            touched.add(node.output)
    return edit.apply()


def is_affine(instance: Instance) -> bool:
    """True for a 1x1 depthwise convolution that leaves every pixel where it is, in float."""
    if instance.node.op != "conv2d" or not instance.output.type.is_float:
        return False
    attrs, weights = cast(Conv2d, instance.attrs), instance.inputs[1].type.shape
    channels = instance.inputs[0].type.shape[-1]
    plain = attrs.strides == (1, 1) and not any(attrs.pads)
    return plain and attrs.groups == channels and weights == (channels, 1, 1, 1)


def _fold(edit: Rewrite, layer: Node, node: Node) -> bool:
    graph = edit.graph
    if layer.op not in DENSE or graph.only_consumer(layer.output) is not node:
        return False
    constants = [graph.tensors[name] for name in (*layer.inputs[1:], *node.inputs[1:])]
    if any(tensor.data is None for tensor in constants):
        return False
    if getattr(layer.attrs, "clamp", None) is not None:
        return False
    factor = _real(graph, node.inputs[1]).reshape(-1)
    weights = _scaled(graph.tensors[layer.inputs[1]], factor)
    if weights is None:
        return False
    offset = _real(graph, layer.inputs[2]) * factor if len(layer.inputs) > 2 else 0.0 * factor
    if len(node.inputs) > 2:
        offset = offset + _real(graph, node.inputs[2])
    bias = offset.astype(np.float32)
    names = (
        edit.tensor(replace(weights, name=edit.fresh(f"{weights.name}.scaled"))),
        edit.tensor(
            Tensor(edit.fresh(f"{node.output}.bias"), TensorType(bias.shape, DType.FLOAT32), bias)
        ),
    )
    attrs = replace(layer.attrs, clamp=cast(Conv2d, node.attrs).clamp)  # type: ignore[type-var]
    edit.remove(layer)
    origin = (*layer.origin, *node.origin)
    edit.node(Node(layer.name, layer.op, attrs, (layer.inputs[0], *names), node.output, origin))
    return True


def _real(graph: Graph, name: str) -> np.ndarray:
    tensor = graph.tensors[name]
    return real_values(cast(np.ndarray, tensor.data), tensor.type)


def _scaled(weights: Tensor, factor: np.ndarray) -> Tensor | None:
    """Weights times one factor per output channel; None where int8 cannot hold the sign."""
    data = cast(np.ndarray, weights.data)
    if weights.type.is_float:
        shape = (-1,) + (1,) * (data.ndim - 1)
        return replace(weights, data=(data * factor.reshape(shape)).astype(np.float32))
    old = weights.type.quantization
    if old is None or any(old.zero_point) or (len(old.scale) > 1 and old.axis != 0):
        return None
    sign = np.sign(factor).astype(np.int16).reshape((-1,) + (1,) * (data.ndim - 1))
    turned = data * sign
    if turned.max(initial=0) > 127:
        return None
    scales = tuple(
        float(scale) * abs(float(f)) if f else float(scale)
        for scale, f in zip(channel_scales(weights.type, len(factor)), factor, strict=True)
    )
    type_ = replace(weights.type, quantization=Quantization(scales, (0,) * len(scales), 0))
    return Tensor(weights.name, type_, turned.astype(np.int8))
