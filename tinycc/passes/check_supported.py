"""Not a rewrite: collects everything in the graph that no kernel can run, for one error."""

from __future__ import annotations

from tinycc import ops
from tinycc.errors import Problem
from tinycc.ir.graph import Graph, Instance, Node
from tinycc.ir.types import DType
from tinycc.passes.float_ends import moves_float
from tinycc.passes.fold_bias import DENSE


def unsupported(graph: Graph) -> list[Problem]:
    """One problem per edge that stayed in float, and per node that breaks a requirement.

    What would have a scale if its operands had one is not told besides.
    """
    found: list[Problem] = []
    edges: set[str] = set()
    for node in graph.nodes:
        instance = graph.instance(node)
        if _is_float(instance) and not moves_float(node):
            edge = _unquantized(graph, node)
            if edge not in edges:
                found.append(_stayed_in_float(graph, node, edge))
            edges.update((edge,) if node.op in DENSE else (edge, node.output))
            continue
        for requirement in (operands_have_scales, *ops.get(node.op).requires):
            fact = requirement(instance)
            if fact is not None:
                found.append(_problem(graph, node, fact, requirement.__doc__ or ""))
                break  # those behind it build on it
    return found


def operands_have_scales(instance: Instance) -> str | None:
    """integers must be dequantised before an operator computes with them"""
    for tensor in instance.inputs:
        if tensor.type.dtype is DType.INT8 and tensor.type.quantization is None:
            return f"`{tensor.name}` is int8 without a scale"
    return None


def _is_float(instance: Instance) -> bool:
    return instance.output.type.is_float or any(t.type.is_float for t in instance.activations)


def title(node: Node) -> str:
    """A node in the words of the model file."""
    names = ", ".join(f"`{name}`" for name in node.origin[:3]) or f"`{node.name}`"
    return f"node {names} ({node.op})"


def _where(graph: Graph, node: Node) -> str:
    inputs = ", ".join(
        f"`{name}` {graph.tensors[name].type}"
        for name in node.inputs
        if not graph.tensors[name].is_constant
    )
    return f"{graph.origin}, input {inputs}" if graph.origin else f"input {inputs}"


def _problem(graph: Graph, node: Node, fact: str, requirement: str) -> Problem:
    return Problem(f"{title(node)}: {fact}; {' '.join(requirement.split())}", _where(graph, node))


def _unquantized(graph: Graph, node: Node) -> str:
    """The float tensor that keeps a node in float: an operand, else what it makes."""
    for name in node.inputs:
        tensor, producer = graph.tensors[name], graph.producer.get(name)
        stored = tensor.is_constant or (producer is not None and producer.op == "dequantize")
        if tensor.type.is_float and not stored:
            return name
    return node.output


def _file_name(graph: Graph, name: str) -> str:
    """The tensor of the model file; NHWC copies are called after it and their operator."""
    source, producer = graph.tensors[name].source, graph.producer.get(name)
    if source is not None:
        return source.name
    return name if producer is None else name.removesuffix(f".{producer.op}")


def _stayed_in_float(graph: Graph, node: Node, edge: str) -> Problem:
    what = f"its {'output' if edge == node.output else 'input'} `{_file_name(graph, edge)}`"
    readers = [title(reader) for reader in graph.consumers[edge]] if edge == node.output else []
    to = f", which {readers[0]} reads," if readers else ""
    return Problem(
        f"{title(node)}: computes in float, because {what}{to} is not quantised",
        _where(graph, node),
        "quantise the model (QuantizeLinear and DequantizeLinear around every operator), "
        "for example with onnxruntime.quantization.quantize_static",
    )
