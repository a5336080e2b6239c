"""Operators that exporters leave in float between two quantised values get a scale of their own.

    a: float32 = dequantize(qx)                    a: float32 = dequantize(qx)
    b: float32 = lookup(a) hard_swish              b: float32 = lookup(a) hard_swish
    c: float32 = average_pool2d(b)           ->    qb: int8 = quantize(b)     the range of the table
    qy: int8 = quantize(c)                         d: float32 = dequantize(qb)
                                                   c: float32 = average_pool2d(d)
                                                   qy: int8 = quantize(c)

Only where the operands' scales prove what the results can be: PyTorch's PT2E leaves hardswish and
mean like that. A convolution could be anything; it stays in float and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.numerics import INT8_MAX, INT8_MIN, real_values
from tinycc.target import Target

Rule = Callable[[Instance, Sequence[Tensor]], Quantization | None]

_STEPS = INT8_MAX - INT8_MIN


def fill_gaps(graph: Graph, target: Target) -> Graph:
    """The graph with a quantisation behind every float operator whose range is known."""
    while True:
        edit = Rewrite(graph)
        for node in graph.nodes:
            quantization = _quantization(graph, node)
            if quantization is not None:
                _insert(edit, node, quantization)
                break
        after = edit.apply()
        if after is graph:
            return graph
        graph = after


def _insert(edit: Rewrite, node: Node, quantization: Quantization) -> None:
    """quantize and dequantize between a node and its readers."""
    old = edit.graph.tensors[node.output]
    type_ = TensorType(old.type.shape, DType.INT8, quantization)
    stored = edit.tensor(Tensor(edit.fresh(f"{old.name}.filled"), type_))
    again = edit.tensor(Tensor(edit.fresh(f"{old.name}.real"), old.type))
    for reader in edit.graph.consumers[old.name]:
        inputs = tuple(again if name == old.name else name for name in reader.inputs)
        edit.node(Node(reader.name, reader.op, reader.attrs, inputs, reader.output, reader.origin))
    quantize, dequantize = (ops.get(op).attrs() for op in ("quantize", "dequantize"))
    edit.node(Node(f"{node.name}.quantize", "quantize", quantize, (old.name,), stored, node.origin))
    edit.node(Node(f"{node.name}.real", "dequantize", dequantize, (stored,), again, ()))


def _quantization(graph: Graph, node: Node) -> Quantization | None:
    """What a float node between quantised values gets; None for all others."""
    rule = _RULES.get(node.op)
    if rule is None or not graph.tensors[node.output].type.is_float:
        return None
    if node.output in graph.outputs or not _is_quantized_later(graph, node):
        return None
    operands = [_stored(graph, name) for name in node.inputs]
    if any(tensor is None for tensor in operands):
        return None
    return rule(graph.instance(node), [tensor for tensor in operands if tensor is not None])


def _stored(graph: Graph, name: str) -> Tensor | None:
    """The integers behind a dequantize, or a constant."""
    tensor, producer = graph.tensors[name], graph.producer.get(name)
    if producer is not None and producer.op == "dequantize":
        return graph.tensors[producer.inputs[0]]
    return tensor if tensor.is_constant else None


def _is_quantized_later(graph: Graph, node: Node) -> bool:
    """True where a quantize follows, but not at once (the node then has its scale already)."""
    readers = graph.consumers[node.output]
    if all(reader.op == "quantize" for reader in readers):
        return False
    pending, seen = list(readers), set[str]()
    while pending:
        reader = pending.pop()
        if reader.op == "quantize":
            return True
        if reader.output not in seen and graph.tensors[reader.output].type.is_float:
            seen.add(reader.output)
            pending.extend(graph.consumers[reader.output])
    return False


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


def _table(instance: Instance, operands: Sequence[Tensor]) -> Quantization | None:
    stored = np.arange(INT8_MIN, INT8_MAX + 1).astype(np.int8)
    values = real_values(stored, operands[0].type.with_shape(stored.shape))
    results = ops.get("lookup").real(instance, (values,))
    return _over(float(results.min()), float(results.max()))


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


_RULES: Mapping[str, Rule] = {
    "add": _sum(1),
    "average_pool2d": _same,
    "lookup": _table,
    "mul": _product,
    "softmax": _shares,
    "sub": _sum(-1),
}
