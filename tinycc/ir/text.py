"""Prints a graph: one line per node, as read in dumps, pass cases and bug reports."""

from __future__ import annotations

import dataclasses

from tinycc.ir.graph import Graph, Node


def graph_text(graph: Graph) -> str:
    """The graph as text: inputs, one line per node with its output type, outputs."""
    lines = [f"graph {graph.name}"]
    lines += [f"input  {name}: {graph.tensors[name].type}" for name in graph.inputs]
    lines += [_node_text(graph, node) for node in graph.nodes]
    lines += [f"output {name}" for name in graph.outputs]
    return "\n".join(lines) + "\n"


def _node_text(graph: Graph, node: Node) -> str:
    inputs = ", ".join(_operand(graph, name) for name in node.inputs)
    attrs = _attrs_text(node.attrs)
    return f"{node.output}: {graph.tensors[node.output].type} = {node.op}({inputs}){attrs}"


def _operand(graph: Graph, name: str) -> str:
    tensor = graph.tensors[name]
    return f"const {tensor.type}" if tensor.is_constant else name


def _attrs_text(attrs: object) -> str:
    if not dataclasses.is_dataclass(attrs):
        return ""
    shown = [
        f"{field.name}={getattr(attrs, field.name)}"
        for field in dataclasses.fields(attrs)
        if getattr(attrs, field.name) != field.default
    ]
    return f" {{{', '.join(shown)}}}" if shown else ""
