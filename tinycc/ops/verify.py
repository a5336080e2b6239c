"""The verifier: runs after every pass and says what that pass broke."""

from __future__ import annotations

from tinycc import ops
from tinycc.ir.graph import Graph, Instance
from tinycc.ir.types import DType
from tinycc.ops.op import Scale


def faults(graph: Graph) -> list[str]:
    """Everything that is wrong with a graph; empty for a sound one."""
    found = _structure(graph)
    if found:
        return found
    for node in graph.nodes:
        found += [f"node {node.name}: {fault}" for fault in _types(graph.instance(node))]
    return found


def _structure(graph: Graph) -> list[str]:
    found = []
    made = set(graph.inputs)
    made.update(name for name, tensor in graph.tensors.items() if tensor.is_constant)
    for node in graph.nodes:
        found += [f"node {node.name} reads {n}, not made yet" for n in node.inputs if n not in made]
        if node.output in made:
            found.append(f"node {node.name} makes {node.output} again")
        made.add(node.output)
    found += [f"nothing makes output {name}" for name in graph.outputs if name not in made]
    found += [f"tensor {name} belongs to nothing" for name in graph.tensors if name not in made]
    return found


def _types(instance: Instance) -> list[str]:
    op, output = ops.get(instance.node.op), instance.output.type
    if not isinstance(instance.attrs, op.attrs):
        return [f"attributes are {type(instance.attrs).__name__}"]
    shape = op.infer(instance.attrs, [tensor.type for tensor in instance.inputs])
    found = [] if shape == output.shape else [f"output is {output}, inferred {shape}"]
    if output.dtype is DType.INT8 and output.quantization is None:
        found.append("int8 output without quantisation")
    if op.scale is Scale.SAME and not output.is_float:
        kinds = {tensor.type.quantization for tensor in instance.inputs}
        if kinds != {output.quantization}:
            found.append("moves values between different quantisations")
    floats = {tensor.type.is_float for tensor in instance.activations} | {output.is_float}
    if len(floats) > 1 and not (op.border and op.scale is not Scale.SAME):
        found.append("mixes float and integer activations")
    return found
