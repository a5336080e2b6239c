"""The model's border becomes the integer tensors behind its Quantize and Dequantize nodes.

input x: float32                              input x: int8
qx: int8 = quantize(x)                   ->   ...
y: float32 = dequantize(qy)                   output qy
output y
"""

from __future__ import annotations

from dataclasses import replace

from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.target import Target


def integer_border(graph: Graph, target: Target) -> Graph:
    """The graph whose inputs and outputs are integers wherever the model quantises them."""
    edit = Rewrite(graph)
    for name in graph.inputs:
        _strip_input(edit, name)
    for name in graph.outputs:
        producer = graph.producer.get(name)
        if producer is not None and producer.op == "dequantize" and not graph.consumers[name]:
            edit.redirect(name, producer.inputs[0])
    return edit.apply()


def _strip_input(edit: Rewrite, name: str) -> None:
    """Takes the input's name for the quantised tensor, when all readers quantise it alike."""
    graph = edit.graph
    readers = graph.consumers[name]
    kinds = {graph.tensors[reader.output].type for reader in readers if reader.op == "quantize"}
    if len(kinds) != 1 or any(r.op != "quantize" for r in readers) or name in graph.outputs:
        return
    quantized = graph.tensors[readers[0].output]
    edit.tensor(Tensor(name, quantized.type, source=quantized.source))
    for reader in readers:
        _drop(edit, reader, name)


def _drop(edit: Rewrite, reader: Node, name: str) -> None:
    edit.remove(reader)
    edit.redirect(reader.output, name)


def border_names(imported: Graph, final: Graph) -> Graph:
    """The final graph's border tensors by the names that the model file gives them."""
    renamed = [
        replace(final.tensors[now], name=original)
        for original, now in zip(
            (*imported.inputs, *imported.outputs), (*final.inputs, *final.outputs), strict=True
        )
    ]
    return Graph.build(imported.name, renamed, (), imported.inputs, imported.outputs)
