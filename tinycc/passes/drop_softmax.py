"""Where only the largest value matters (--head argmax), a final Softmax is not computed.

y: int8 scale 1/256 = softmax(x)                   output x
output y                                     ->

Softmax keeps the order of its inputs; where it rounds two of them to one value, x still tells them
apart.
"""

from __future__ import annotations

from dataclasses import replace

from tinycc.ir.graph import Graph, Node
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.target import Target

_BEHIND = frozenset({"reshape", "dequantize", "recentre"})


def drop_softmax(graph: Graph, target: Target) -> Graph:
    """The graph whose outputs are what a last Softmax would get."""
    edit = Rewrite(graph)
    for name in graph.outputs:
        path = final_softmax(graph, name)
        if path:
            _drop(edit, path)
    return edit.apply()


def final_softmax(graph: Graph, output: str) -> tuple[Node, ...]:
    """The Softmax that makes an output and what only moves or converts it; empty without one."""
    path: list[Node] = []
    node = graph.producer.get(output)
    while node is not None and node.op in _BEHIND:
        path.append(node)
        node = graph.producer.get(node.inputs[0])
    if node is None or node.op != "softmax" or node.inputs[0] in graph.inputs:
        return ()
    path.append(node)
    inner = (n.output for n in path[1:])
    if any(graph.only_consumer(name) is None for name in inner) or graph.consumers[output]:
        return ()
    return tuple(reversed(path))


def _drop(edit: Rewrite, path: tuple[Node, ...]) -> None:
    softmax, *behind = path
    x = edit.graph.tensors[softmax.inputs[0]]
    edit.record(softmax.origin or (softmax.name,), "softmax")
    edit.remove(softmax)
    edit.redirect(softmax.output, x.name)
    for node in behind:
        old = edit.graph.tensors[node.output]
        edit.tensor(replace(old, type=_retyped(old.type, x.type), source=None))


def _retyped(old: TensorType, x: TensorType) -> TensorType:
    """The type behind the Softmax with the quantisation before it."""
    if old.is_float:
        return old
    shift = 128 if old.dtype is DType.UINT8 else 0
    quantization = Quantization.per_tensor(float(x.scale), x.zero_point + shift)
    return replace(old, quantization=quantization)
