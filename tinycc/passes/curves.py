"""Float values that are a function of one int8 value, whatever it is computed with.

a: float32 = dequantize(qx)
b: float32 = lookup(a) sigmoid                256 real numbers
c: float32 = mul(a, b)                        256 real numbers
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.lookup import Lookup, entries_of
from tinycc.ops.numerics import INT8_MAX, INT8_MIN, real_values

_ELEMENTWISE = frozenset({"add", "lookup", "mul", "sub"})
_STORED = np.arange(INT8_MIN, INT8_MAX + 1).astype(np.int8)


@dataclass(frozen=True)
class Curve:
    """`values`: the 256 real numbers, by the int8 values of `source` from -128 on.

    `nodes` compute them, in the graph's order; none for a dequantize.
    """

    source: str
    values: np.ndarray
    nodes: tuple[Node, ...] = ()

    def table(self, quantization: Quantization) -> Lookup:
        """The function as a table of int8 values."""
        steps = entries_of(self.values, TensorType((256,), DType.INT8, quantization))
        name = " of ".join(_title(node) for node in reversed(self.nodes))
        return Lookup(name, entries=steps)


def curves(graph: Graph) -> dict[str, Curve]:
    """The float tensors that are such a function, by name."""
    found: dict[str, Curve] = {}
    for node in graph.nodes:
        if node.op == "dequantize":
            type_ = graph.tensors[node.inputs[0]].type
            values = real_values(_STORED, type_.with_shape(_STORED.shape))
            found[node.output] = Curve(node.inputs[0], values)
        elif node.op in _ELEMENTWISE and graph.tensors[node.output].type.is_float:
            curve = _function(graph, node, found)
            if curve is not None:
                found[node.output] = curve
    return found


def _function(graph: Graph, node: Node, found: Mapping[str, Curve]) -> Curve | None:
    """The curve of an operator all of whose operands are curves of one tensor, or scalars."""
    operands = [found.get(name) or _scalar(graph.tensors[name]) for name in node.inputs]
    parts = [one for one in operands if isinstance(one, Curve)]
    shape = graph.tensors[node.output].type.shape
    if any(one is None for one in operands) or len({one.source for one in parts}) != 1:
        return None
    if graph.tensors[parts[0].source].type.shape != shape:
        return None
    given = [one.values if isinstance(one, Curve) else one for one in operands]
    values = ops.get(node.op).real(graph.instance(node), [v for v in given if v is not None])
    nodes = dict.fromkeys(one.output for part in parts for one in part.nodes)
    made = (*(graph.producer[name] for name in nodes), node)
    return Curve(parts[0].source, np.broadcast_to(values, _STORED.shape), made)


def _scalar(tensor: Tensor) -> np.ndarray | None:
    if tensor.data is None or tensor.data.size != 1:
        return None
    return real_values(tensor.data, tensor.type).reshape(())


def _title(node: Node) -> str:
    return node.attrs.function if isinstance(node.attrs, Lookup) else node.op
