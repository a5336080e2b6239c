"""networkx views of a graph, for analyses; never the store."""

from __future__ import annotations

import networkx as nx

from tinycc.ir.graph import Graph


def dataflow(graph: Graph) -> nx.DiGraph:
    """Nodes by output-tensor name; an edge where one node reads what another makes."""
    view = nx.DiGraph()
    for node in graph.nodes:
        view.add_node(node.output, node=node)
    for node in graph.nodes:
        for name in node.inputs:
            if name in graph.producer:
                view.add_edge(name, node.output)
    return view
