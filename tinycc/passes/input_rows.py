"""An input as a caller sees it who pushes it row by row: the layout of the network, not the file.

    input x: 1x3x96x96                        input x: 1x3x96x96
    a: 1x3x96x96 = quantize(x)       ->       x': 1x96x96x3 = transpose(x) (0,2,3,1)
    b: 1x96x96x3 = transpose(a)               b: 1x96x96x3 = quantize(x')

The caller pushes x' and the transpose has no step. The network for the interpreter keeps it.
"""

from __future__ import annotations

from dataclasses import replace

from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.op import row_count
from tinycc.passes.movement import Movement, movement
from tinycc.target import Target

_ELEMENTWISE = frozenset({"lookup", "quantize", "dequantize", "recentre"})


def pushed_input(graph: Graph) -> str:
    """The input to push: the largest, the first of equals. The others are set before."""
    return max(graph.inputs, key=lambda name: graph.tensors[name].type.bytes)


def movements_first(graph: Graph, target: Target) -> Graph:
    """The graph whose pushed input is transposed or reshaped, once, before anything is computed."""
    while True:
        after = _raised(_merged(graph, pushed_input(graph)), pushed_input(graph))
        if after is graph:
            return graph
        graph = after


def as_pushed(graph: Graph) -> Graph:
    """The graph whose input is what the caller pushes: behind transposes and reshapes to rows."""
    given = pushed_input(graph)
    found = name = given
    while (node := graph.only_consumer(name)) is not None and movement(graph, node.output):
        name = node.output
        if row_count(graph.tensors[name].type) > 1:
            found = name
    if found == given:
        return graph
    skipped = {given}
    for node in graph.nodes:
        if node.inputs and node.inputs[0] in skipped and node.output != found:
            skipped.add(node.output)
    nodes = [n for n in graph.nodes if n.output != found and n.output not in skipped]
    inputs = [found if name == given else name for name in graph.inputs]
    tensors = list(graph.tensors.values())
    fed = Graph.build(graph.name, tensors, nodes, inputs, graph.outputs, graph.origin)
    return replace(fed, removals=graph.removals)


def _only_movement(graph: Graph, name: str) -> Movement | None:
    """The movement that is all that happens to a tensor, if there is one."""
    moves = {movement(graph, node.output) for node in graph.consumers[name]}
    return moves.pop() if len(moves) == 1 and name not in graph.outputs else None


def _merged(graph: Graph, name: str) -> Graph:
    """One node for equal movements of an input."""
    readers = graph.consumers[name]
    if len(readers) < 2 or _only_movement(graph, name) is None:
        return graph
    edit = Rewrite(graph)
    for node in readers[1:]:
        if node.output in graph.outputs:
            return graph
        edit.remove(node)
        edit.redirect(node.output, readers[0].output)
    return edit.apply()


def _raised(graph: Graph, name: str) -> Graph:
    """The movement behind the first elementwise node that has one, before that node."""
    for node in graph.consumers[name]:
        move = _only_movement(graph, node.output)
        if node.op in _ELEMENTWISE and len(node.inputs) == 1 and move is not None:
            return _swapped(graph, node, move)
    return graph


def _swapped(graph: Graph, node: Node, move: Movement) -> Graph:
    edit = Rewrite(graph)
    first, *others = graph.consumers[node.output]
    moved = edit.fresh(f"{node.inputs[0]}.rows")
    edit.tensor(Tensor(moved, graph.tensors[node.inputs[0]].type.with_shape(move.after)))
    edit.node(move.node(first.name, node.inputs[0], moved, first.origin))
    edit.node(replace(node, inputs=(moved,), output=first.output))
    edit.remove(node)
    for other in others:
        edit.remove(other)
        edit.redirect(other.output, first.output)
    return edit.apply()
