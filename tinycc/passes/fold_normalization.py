"""A normalisation of the input (x / 255, minus a mean, divided by a deviation) becomes one step.

    a: float32 = dequantize(x)                     a: float32 = dequantize(x)
    b: float32 = lookup(a) affine 1/255, 0         c: float32 = lookup(a) affine 1/51, -2.1
    c: float32 = sub(b, 0.42), mul(.., 5)     ->
    qc: int8 = quantize(c)                         qc: int8 = quantize(c)

which is a table of 256 entries once it is quantised. Means per channel give a 1x1 depthwise
convolution. A float input is quantised first, over the values that become int8 behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.conv2d import Conv2d, affine_weights
from tinycc.ops.conversion import Conversion
from tinycc.ops.lookup import Lookup
from tinycc.ops.numerics import INT8_MAX, INT8_MIN, real_values
from tinycc.ops.transpose import Transpose
from tinycc.target import Target


@dataclass(frozen=True)
class _Affine:
    """y = x * factor + offset; arrays of one value, or of one per index of `axis`."""

    factor: np.ndarray
    offset: np.ndarray
    axis: int | None = None

    def then(self, other: _Affine) -> _Affine | None:
        """This one followed by another; None where both have axes that differ."""
        if None not in (self.axis, other.axis) and self.axis != other.axis:
            return None
        axis = other.axis if self.axis is None else self.axis
        return _Affine(self.factor * other.factor, self.offset * other.factor + other.offset, axis)


def fold_normalization(graph: Graph, target: Target) -> Graph:
    """The graph with chains of sums and products with constants at the input as one operator."""
    edit = Rewrite(graph)
    for name in (*graph.inputs, *(n.output for n in graph.nodes if n.op == "dequantize")):
        if graph.tensors[name].type.is_float:
            _fold(edit, name)
    return edit.apply()


def _fold(edit: Rewrite, start: str) -> None:
    graph = edit.graph
    found, chain = _Affine(np.ones(1), np.zeros(1)), list[Node]()
    node = graph.only_consumer(start)
    while node is not None:
        step = _affine(graph, node, chain[-1].output if chain else start)
        joined = None if step is None else found.then(step)
        if joined is None:
            break
        found = joined
        chain.append(node)
        node = graph.only_consumer(node.output)
    if not chain or not (np.isfinite(found.factor) & np.isfinite(found.offset)).all():
        return
    start = _quantized_input(edit, start, chain, found)
    if found.axis is None:
        values = float(found.factor[0]), float(found.offset[0])
        _replace(edit, chain, Node("", "lookup", Lookup("affine", values), (start,), ""))
    else:
        _per_channel(edit, start, chain, found)


def _affine(graph: Graph, node: Node, x: str) -> _Affine | None:
    """What a node does to x, where that is a sum or product with a constant."""
    shape = graph.tensors[x].type.shape
    if (
        getattr(node.attrs, "clamp", None) is not None
        or graph.tensors[node.output].type.shape != shape
    ):
        return None
    if node.op == "lookup":
        attrs = cast(Lookup, node.attrs)
        if attrs.function != "affine":
            return None
        factor, offset = (np.array([value]) for value in attrs.parameters)
        return _Affine(factor, offset)
    if node.op not in ("add", "sub", "mul"):
        return None
    operand = graph.tensors[node.inputs[1 if node.inputs[0] == x else 0]]
    if operand.data is None:
        return None
    long = [axis for axis, extent in enumerate(operand.type.shape) if extent > 1]
    if len(long) > 1 or (long and (len(shape) != 4 or long[0] not in (1, 3))):
        return None
    values = real_values(operand.data, operand.type).reshape(-1)
    axis = long[0] if long else None
    if node.op == "mul":
        return _Affine(values, np.zeros(1), axis)
    if node.op == "add":
        return _Affine(np.ones(1), values, axis)
    first = node.inputs[0] == x
    return _Affine(np.array([1.0 if first else -1.0]), -values if first else values, axis)


def _replace(edit: Rewrite, chain: Sequence[Node], made: Node) -> None:
    """One node in place of a chain, under the name of its last."""
    last = chain[-1]
    for node in chain[:-1]:
        edit.remove(node)
    origin = tuple(dict.fromkeys(name for node in chain for name in node.origin))
    edit.node(replace(made, name=last.name, output=last.output, origin=origin))


def _quantized_input(edit: Rewrite, start: str, chain: Sequence[Node], found: _Affine) -> str:
    """A float input as int8 over the values that the normalisation maps into the first quantize.

    Returns the name of its real values; `start` where that is no input or no quantize follows.
    """
    graph = edit.graph
    reader = graph.only_consumer(chain[-1].output)
    if start not in graph.inputs or reader is None or reader.op != "quantize":
        return start
    y = graph.tensors[reader.output].type
    ends = [(limit - y.zero_point) * float(y.scale) for limit in (INT8_MIN, INT8_MAX)]
    if not found.factor.all():
        return start
    limits = np.stack([(end - found.offset) / found.factor for end in ends])
    low, high = min(float(limits.min()), 0.0), max(float(limits.max()), 0.0)
    scale = (high - low) / (INT8_MAX - INT8_MIN)
    quantization = Quantization.per_tensor(scale, round(INT8_MIN - low / scale))
    real = graph.tensors[start].type
    type_ = TensorType(real.shape, DType.INT8, quantization)
    stored = edit.tensor(Tensor(edit.fresh(f"{start}.quantized"), type_))
    again = edit.tensor(Tensor(edit.fresh(f"{start}.real"), real))
    edit.node(Node(f"{start}.quantize", "quantize", Conversion(), (start,), stored))
    edit.node(Node(f"{start}.dequantize", "dequantize", Conversion(), (stored,), again))
    return again


def _per_channel(edit: Rewrite, start: str, chain: Sequence[Node], found: _Affine) -> None:
    """A 1x1 depthwise convolution over NHWC."""
    graph, last = edit.graph, chain[-1]
    shape = graph.tensors[last.output].type.shape
    channels = shape[found.axis or 0]
    factor, offset = (np.broadcast_to(v, (channels,)) for v in (found.factor, found.offset))
    data, type_ = affine_weights(factor)
    weights = edit.tensor(Tensor(edit.fresh(f"{last.output}.factor"), type_, data))
    bias = offset.astype(np.float32)
    kind = TensorType(bias.shape, DType.FLOAT32)
    offsets = edit.tensor(Tensor(edit.fresh(f"{last.output}.offset"), kind, bias))
    attrs = Conv2d(groups=channels)
    if found.axis == 3:
        _replace(edit, chain, Node("", "conv2d", attrs, (start, weights, offsets), ""))
        return
    image = TensorType((shape[0], shape[2], shape[3], shape[1]), DType.FLOAT32)
    x, y = (
        edit.tensor(Tensor(edit.fresh(f"{last.output}.{n}"), image)) for n in ("nhwc", "normal")
    )
    edit.node(Node(f"{last.name}.nhwc", "transpose", Transpose((0, 2, 3, 1)), (start,), x))
    edit.node(Node(f"{last.name}.normal", "conv2d", attrs, (x, weights, offsets), y, last.origin))
    _replace(edit, chain, Node("", "transpose", Transpose((0, 3, 1, 2)), (y,), ""))
