"""Not a rewrite: collects everything in the graph that no kernel can run, for one error."""

from __future__ import annotations

from tinycc import ops
from tinycc.errors import Problem
from tinycc.ir.graph import Graph, Instance, Node
from tinycc.passes.float_ends import moves_float


def unsupported(graph: Graph) -> list[Problem]:
    """One problem per node that stayed in float or that breaks a requirement of its record."""
    found: list[Problem] = []
    for node in graph.nodes:
        instance = graph.instance(node)
        if _is_float(instance) and not moves_float(node):
            found.append(_stayed_in_float(graph, node))
            continue
        for requirement in ops.get(node.op).requires:
            fact = requirement(instance)
            if fact is not None:
                found.append(_problem(graph, node, fact, requirement.__doc__ or ""))
    return found


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


def _stayed_in_float(graph: Graph, node: Node) -> Problem:
    unquantized = [
        name
        for name in node.inputs
        if graph.tensors[name].type.is_float
        and not graph.tensors[name].is_constant
        and getattr(graph.producer.get(name), "op", "") != "dequantize"
    ]
    edge = (
        f"its input `{unquantized[0]}` is not quantised"
        if unquantized
        else f"its output `{node.output}` is not quantised"
    )
    return Problem(
        f"{title(node)}: computes in float, because {edge}",
        _where(graph, node),
        "quantise the model (QuantizeLinear and DequantizeLinear around every operator), "
        "for example with onnxruntime.quantization.quantize_static",
    )
