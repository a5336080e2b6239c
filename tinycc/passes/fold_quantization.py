"""Operators between dequantize and quantize become integer operators.

    a: float32 = dequantize(qx)                        qy: int8 = conv2d(qx, w, b)
    b: float32 = conv2d(a, w, b)                  ->
    qy: int8 = quantize(b)

Four rules, until none applies:
1. an operator that only moves or selects values works on the integers as it is, and the
   dequantize moves below it;
2. any other operator whose result is quantised takes that quantisation for its output;
3. quantize(dequantize(x)) is x, or a table where the quantisations differ;
4. quantize moves above transposes and reshapes, to the operator that computes the values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.lookup import Lookup
from tinycc.ops.numerics import Clamp, quantize_real, real_values
from tinycc.ops.op import Scale
from tinycc.passes.fold_clamp import clamp_of
from tinycc.target import Target

_BORDER = frozenset({"quantize", "dequantize", "recentre"})


def fold_quantization(graph: Graph, target: Target) -> Graph:
    """The graph with every operator that the model quantises computed in integers."""
    while True:
        edit, touched = Rewrite(graph), set[str]()
        for node in graph.nodes:
            region = {node.output, *node.inputs}
            if touched.isdisjoint(region) and (changed := _fold(edit, node)):
                touched |= region | set(changed)
        after = edit.apply()
        if after is graph:
            return graph
        graph = after


def _fold(edit: Rewrite, node: Node) -> Iterable[str]:
    """Applies one rule at a node; the names of the tensors it touched, empty when none fits."""
    graph = edit.graph
    if node.op == "quantize":
        return _cancel(edit, node) or _above(edit, node)
    if node.op in _BORDER or not graph.tensors[node.output].type.is_float:
        return ()
    stored = [_stored(graph, name) for name in node.inputs]
    if any(tensor is None for tensor in stored):
        return ()
    inputs = [tensor for tensor in stored if tensor is not None]
    if ops.get(node.op).scale is Scale.SAME or _keeps_values(node):
        kinds = {tensor.type.quantization for tensor in inputs if not tensor.is_constant}
        if len(kinds) == 1:
            return _below(edit, node, inputs)
    return _retype(edit, node, inputs)


def _stored(graph: Graph, name: str) -> Tensor | None:
    """The integers behind a dequantize, or a constant; None for values that exist only in float."""
    tensor, producer = graph.tensors[name], graph.producer.get(name)
    if tensor.is_constant:
        return tensor
    if producer is not None and producer.op == "dequantize":
        return graph.tensors[producer.inputs[0]]
    return None


def _keeps_values(node: Node) -> bool:
    """Relu picks values that the input's quantisation already holds: zero is always exact."""
    return clamp_of(node) == Clamp(0.0)


def _cancel(edit: Rewrite, node: Node) -> Iterable[str]:
    graph = edit.graph
    stored = _stored(graph, node.inputs[0])
    output = graph.tensors[node.output]
    if stored is None or stored.is_constant:
        return ()
    if stored.type == output.type and node.output not in graph.outputs:
        edit.remove(node)
        edit.merge(node.output, stored.name)
        return (stored.name,)
    origin = (*graph.producer[node.inputs[0]].origin, *node.origin)
    edit.node(Node(node.name, "lookup", Lookup("identity"), (stored.name,), node.output, origin))
    return (stored.name,)


def _above(edit: Rewrite, node: Node) -> Iterable[str]:
    """quantize(move(x)) becomes move(quantize(x))."""
    graph = edit.graph
    move = graph.producer.get(node.inputs[0])
    if move is None or move.op not in ("transpose", "reshape"):
        return ()
    x, y = graph.tensors[move.inputs[0]], graph.tensors[node.output]
    name = edit.tensor(Tensor(edit.fresh(f"{x.name}.quantized"), y.type.with_shape(x.type.shape)))
    edit.node(Node(f"{node.name}.moved", "quantize", node.attrs, (x.name,), name, node.origin))
    edit.node(Node(node.name, move.op, move.attrs, (name,), node.output, move.origin))
    return (name, x.name)


def _below(edit: Rewrite, node: Node, inputs: list[Tensor]) -> Iterable[str]:
    """op(dequantize(x)) becomes dequantize(op(x))."""
    graph = edit.graph
    quantization = next(t.type.quantization for t in inputs if not t.is_constant)
    old = graph.tensors[node.output]
    type_ = TensorType(old.type.shape, DType.INT8, quantization)
    name = edit.tensor(Tensor(edit.fresh(f"{node.output}.quantized"), type_))
    operands = tuple(_constant_as(edit, tensor, quantization) for tensor in inputs)
    edit.node(replace(node, inputs=operands, output=name))
    edit.node(Node(f"{node.name}.dequantize", "dequantize", _dequantize(), (name,), old.name, ()))
    return (name, *operands)


def _retype(edit: Rewrite, node: Node, inputs: list[Tensor]) -> Iterable[str]:
    """The output takes the quantisation of the quantize nodes that read it."""
    graph = edit.graph
    readers = graph.consumers[node.output]
    if not readers or node.output in graph.outputs or any(r.op != "quantize" for r in readers):
        return ()
    moves = ops.get(node.op).scale is Scale.SAME
    for reader in readers:
        output = graph.tensors[reader.output]
        operands = (
            tuple(_requantized(edit, tensor, output.type) for tensor in inputs)
            if moves
            else tuple(_operand(edit, node, tensor) for tensor in inputs)
        )
        origin = (*node.origin, *(o for o in reader.origin if o not in node.origin))
        edit.node(Node(node.name, node.op, node.attrs, operands, reader.output, origin))
    edit.remove(node)
    return tuple(reader.output for reader in readers)


def _requantized(edit: Rewrite, tensor: Tensor, type_: TensorType) -> str:
    if tensor.is_constant:
        return _constant_as(edit, tensor, type_.quantization)
    if tensor.type.quantization == type_.quantization:
        return tensor.name
    wanted = TensorType(tensor.type.shape, DType.INT8, type_.quantization)
    name = edit.tensor(Tensor(edit.fresh(f"{tensor.name}.requantized"), wanted))
    edit.node(Node(name, "lookup", Lookup("identity"), (tensor.name,), name, ()))
    return name


def _operand(edit: Rewrite, node: Node, tensor: Tensor) -> str:
    """Float constants of elementwise operators get a symmetric quantisation of their own."""
    if not tensor.is_constant or not tensor.type.is_float or node.op not in ("add", "sub", "mul"):
        return tensor.name
    assert tensor.data is not None
    largest = float(np.abs(tensor.data).max(initial=0.0)) or 1.0
    return _constant_as(edit, tensor, Quantization.per_tensor(largest / 127, 0))


def _constant_as(edit: Rewrite, tensor: Tensor, quantization: Quantization | None) -> str:
    """A constant stored with the given quantisation; run-time tensors stay as they are."""
    if tensor.data is None or quantization is None or tensor.type.quantization == quantization:
        return tensor.name
    type_ = TensorType(tensor.type.shape, DType.INT8, quantization)
    values = real_values(tensor.data, tensor.type).reshape(-1)
    stored = np.array([quantize_real(float(value), type_) for value in values], np.int8)
    name = edit.fresh(f"{tensor.name}.quantized")
    return edit.tensor(Tensor(name, type_, stored.reshape(tensor.type.shape)))


def _dequantize() -> object:
    return ops.get("dequantize").attrs()
