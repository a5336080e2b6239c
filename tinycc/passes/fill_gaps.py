"""Operators that exporters leave in float between two quantised values become int8.

    a: float32 = dequantize(qx)                    qb: int8 = lookup(qx)      the range of the table
    b: float32 = lookup(a) sigmoid                 d: float32 = dequantize(qb)
    c: float32 = mul(a, b)                 ->      e: float32 = average_pool2d(d)
    d: float32 = average_pool2d(c)                 qy: int8 = quantize(e)
    qy: int8 = quantize(d)

Whatever is a function of one int8 value is one table, of however many operators it is written.
Other operators get a scale of their own where those of their operands prove what the results can
be: PyTorch's PT2E leaves hardswish and mean like that. A convolution could be anything; it stays in
float and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.numerics import INT8_MAX, INT8_MIN, real_values
from tinycc.passes.curves import Curve, curves
from tinycc.passes.float_ends import has_float_form, moves_float
from tinycc.passes.fold_affine import is_affine
from tinycc.target import Target

Rule = Callable[[Instance, Sequence[Tensor]], Quantization | None]

_STEPS = INT8_MAX - INT8_MIN


def fill_gaps(graph: Graph, target: Target) -> Graph:
    """The graph with a quantisation behind every float operator whose range is known."""
    while True:
        edit, found = Rewrite(graph), curves(graph)
        if not any(_fill(edit, node, found) for node in graph.nodes):
            return graph
        graph = edit.apply()


def _fill(edit: Rewrite, node: Node, found: Mapping[str, Curve]) -> bool:
    graph, curve = edit.graph, found.get(node.output)
    if not graph.tensors[node.output].type.is_float or node.op == "dequantize":
        return False
    readers = graph.consumers[node.output]
    written = [reader for reader in readers if reader.op == "quantize"]
    if written and len(written) == len(readers) and (curve is None or len(curve.nodes) == 1):
        return False  # fold_quantization takes it as it is
    if curve is not None:
        return _fill_curve(edit, node, curve, found, written)
    operands = [tensor for name in node.inputs if (tensor := _stored(graph, name)) is not None]
    if len(operands) < len(node.inputs) or not (readers or node.output in graph.outputs):
        return False
    if written:
        _read_again(edit, node, written[0])
        return True
    rule = _RULES.get(node.op)
    if rule is None or (has_float_form(node) and _ends(graph, node)):
        return False
    quantization = rule(graph.instance(node), operands)
    if quantization is not None:
        _insert(edit, node, quantization)
    return quantization is not None


def _fill_curve(
    edit: Rewrite, node: Node, curve: Curve, found: Mapping[str, Curve], written: Sequence[Node]
) -> bool:
    """One table per quantisation that is written; one over the whole range for other readers."""
    graph = edit.graph
    for reader in written:
        quantization = graph.tensors[reader.output].type.quantization
        assert quantization is not None
        made = _tabulated(node, curve, quantization, reader.output)
        edit.node(replace(made, name=reader.name, origin=(*made.origin, *reader.origin)))
    if len(curve.nodes) == 1 and has_float_form(node) and _ends(graph, node):
        return bool(written)
    readers = [one for one in graph.consumers[node.output] if one.output not in found]
    quantization = _over(float(curve.values.min()), float(curve.values.max()))
    left = node.output in graph.outputs or len(readers) > len(written)
    if left and quantization is not None:
        _insert(edit, node, quantization, curve)
    return bool(written) or (left and quantization is not None)


def _read_again(edit: Rewrite, node: Node, written: Node) -> None:
    """The readers of a float value take it as it is once written, whichever reads it so."""
    old = edit.graph.tensors[node.output]
    real = edit.tensor(Tensor(edit.fresh(f"{old.name}.computed"), old.type))
    edit.node(replace(node, output=real))
    for reader in edit.graph.consumers[node.output]:
        if reader.op == "quantize":
            edit.node(replace(reader, inputs=(real,)))
    dequantize = ops.get("dequantize").attrs()
    edit.node(Node(f"{node.name}.real", "dequantize", dequantize, (written.output,), old.name, ()))


def _tabulated(node: Node, curve: Curve, quantization: Quantization, output: str) -> Node:
    origin = tuple(dict.fromkeys(name for one in curve.nodes for name in one.origin))
    return Node(node.name, "lookup", curve.table(quantization), (curve.source,), output, origin)


def _insert(
    edit: Rewrite, node: Node, quantization: Quantization, curve: Curve | None = None
) -> None:
    """quantize and dequantize behind a node; a table and dequantize in place of a curve."""
    old = edit.graph.tensors[node.output]
    type_ = TensorType(old.type.shape, DType.INT8, quantization)
    stored = edit.tensor(Tensor(edit.fresh(f"{old.name}.filled"), type_))
    quantize, dequantize = (ops.get(op).attrs() for op in ("quantize", "dequantize"))
    if curve is not None and len(curve.nodes) > 1:
        edit.node(_tabulated(node, curve, quantization, stored))
    else:
        real = edit.tensor(Tensor(edit.fresh(f"{old.name}.computed"), old.type))
        edit.node(replace(node, output=real))
        edit.node(Node(f"{node.name}.quantize", "quantize", quantize, (real,), stored, node.origin))
    edit.node(Node(f"{node.name}.real", "dequantize", dequantize, (stored,), old.name, ()))


def _stored(graph: Graph, name: str) -> Tensor | None:
    """The integers behind a dequantize, or a constant."""
    tensor, producer = graph.tensors[name], graph.producer.get(name)
    if producer is not None and producer.op == "dequantize":
        return graph.tensors[producer.inputs[0]]
    return tensor if tensor.is_constant else None


def _ends(graph: Graph, node: Node) -> bool:
    """True where nothing but quantize nodes and moves stands between a node and the outputs."""
    readers = [one for one in graph.consumers[node.output] if one.op != "quantize"]
    return (bool(readers) or node.output in graph.outputs) and all(
        moves_float(reader) and _ends(graph, reader) for reader in readers
    )


def _limits(tensor: Tensor) -> tuple[float, float]:
    """The least and largest real value of an operand."""
    if tensor.data is not None:
        values = real_values(tensor.data, tensor.type)
        return float(values.min()), float(values.max())
    zero, scale = tensor.type.zero_point, float(tensor.type.scale)
    return (INT8_MIN - zero) * scale, (INT8_MAX - zero) * scale


def _over(low: float, high: float) -> Quantization | None:
    """int8 over a range, with zero exact; None where that is no range."""
    low, high = min(low, 0.0), max(high, 0.0)
    if not np.isfinite(high - low) or high == low:
        return None
    scale = float(np.float32((high - low) / _STEPS))
    return Quantization.per_tensor(scale, round(INT8_MIN - low / scale)) if scale > 0 else None


def _sum(sign: int) -> Rule:
    def between(instance: Instance, operands: Sequence[Tensor]) -> Quantization | None:
        a, b = (_limits(tensor) for tensor in operands)
        b = b if sign > 0 else (-b[1], -b[0])
        return _over(a[0] + b[0], a[1] + b[1])

    return between


def _product(instance: Instance, operands: Sequence[Tensor]) -> Quantization | None:
    a, b = (_limits(tensor) for tensor in operands)
    corners = [first * second for first in a for second in b]
    return _over(min(corners), max(corners))


def _same(instance: Instance, operands: Sequence[Tensor]) -> Quantization | None:
    """A mean lies between its values."""
    return operands[0].type.quantization


def _shares(instance: Instance, operands: Sequence[Tensor]) -> Quantization | None:
    return Quantization.per_tensor(1 / 256, INT8_MIN)


def _normalized(instance: Instance, operands: Sequence[Tensor]) -> Quantization | None:
    """A factor and an offset per channel (BatchNormalization); other layers could be anything."""
    if not is_affine(instance):
        return None
    factor, *offset = (real_values(t.data, t.type) for t in operands[1:] if t.data is not None)
    ends = np.outer(_limits(operands[0]), factor.reshape(-1)) + (offset[0] if offset else 0.0)
    return _over(float(ends.min()), float(ends.max()))


_RULES: Mapping[str, Rule] = {
    "add": _sum(1),
    "average_pool2d": _same,
    "conv2d": _normalized,
    "mul": _product,
    "softmax": _shares,
    "sub": _sum(-1),
}
