"""Padding that the next operator does by itself is not written to memory.

a: int8 1x10x10x4 = pad(x: 1x8x8x4) {zero point}
b: int8 1x8x8x4 = conv2d(a, w)                      ->    b = conv2d(x, w) {pads=(1, 1, 1, 1)}
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from tinycc.ir.graph import Graph, Node
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.average_pool2d import AveragePool2d
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.max_pool2d import MaxPool2d
from tinycc.ops.numerics import INT8_MIN, quantize_real
from tinycc.ops.pad import Pad
from tinycc.ops.spatial import Pads
from tinycc.target import Target


def fold_pads(graph: Graph, target: Target) -> Graph:
    """The graph without padding of rows and columns that only windows of one operator see."""
    edit, touched = Rewrite(graph), set[str]()
    for node in graph.nodes:
        pad = graph.producer.get(node.inputs[0]) if node.inputs else None
        if pad is None or pad.op != "pad" or graph.only_consumer(pad.output) is not node:
            continue
        attrs = _padded(graph, pad, node)
        if attrs is not None and pad.inputs[0] not in touched:
            edit.remove(pad)
            origin = (*pad.origin, *node.origin)
            inputs = (pad.inputs[0], *node.inputs[1:])
            edit.node(replace(node, attrs=attrs, inputs=inputs, origin=origin))
            touched.add(node.output)
    return edit.apply()


def _padded(graph: Graph, pad: Node, node: Node) -> object | None:
    """The attributes of the operator that pads by itself, if that is the same."""
    amounts = _rows_and_columns(pad)
    type_ = graph.tensors[pad.output].type
    if amounts is None or type_.is_float or node.inputs.count(pad.output) != 1:
        return None
    value, attrs = quantize_real(cast(Pad, pad.attrs).value, type_), node.attrs
    if isinstance(attrs, MaxPool2d):  # ignores its padding, which -128 does too
        return replace(attrs, pads=_sum(amounts, attrs.pads)) if value == INT8_MIN else None
    if value != type_.zero_point:
        return None
    if isinstance(attrs, AveragePool2d):
        if any(attrs.pads) and not attrs.count_include_pad:
            return None  # its own padding does not count, the other does
        return replace(attrs, pads=_sum(amounts, attrs.pads), count_include_pad=True)
    return replace(attrs, pads=_sum(amounts, attrs.pads)) if isinstance(attrs, Conv2d) else None


def _rows_and_columns(pad: Node) -> Pads | None:
    pads = cast(Pad, pad.attrs).pads
    if len(pads) != 4 or pads[0] != (0, 0) or pads[3] != (0, 0):
        return None
    (top, bottom), (left, right) = pads[1:3]
    return top, left, bottom, right


def _sum(first: Pads, second: Pads) -> Pads:
    top, left, bottom, right = (a + b for a, b in zip(first, second, strict=True))
    return top, left, bottom, right
