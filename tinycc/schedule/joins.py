"""Concat without a step: its operands are made where they lie in the joined tensor.

    c = concat(a, b) {axis=1}, 1x8x4x2 and 1x8x2x2 of NHWC rows: b lies 64 bytes behind a

That is so wherever all axes before the joined one have one element: every operand is then one run
of bytes. Along the channels of an image they interleave, and a copy of each row remains.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

from tinycc.ir.graph import Graph, Node
from tinycc.ops.concat import Concat
from tinycc.schedule.model import Schedule
from tinycc.schedule.order import is_view


def joined_in_place(graph: Graph, alignment: int) -> frozenset[str]:
    """The outputs of Concat nodes that nothing has to run for.

    Every operand must be made by a step, be an operand once and of one such Concat only, and lie at
    a multiple of the alignment. Inputs of the model stay out: their caller may hold them elsewhere.
    """
    base = _bases(graph)
    found: set[str] = set()
    inside: set[str] = set()
    for node in graph.nodes:
        roots = [base.get(name) for name in node.inputs]
        if (
            node.op == "concat"
            and _contiguous(graph, node)
            and None not in roots
            and len({*roots, *inside}) == len(roots) + len(inside)
            and all(offset % alignment == 0 for _, offset in parts(graph, node))
        ):
            inside.update(root for root in roots if root is not None)
            found.add(node.output)
    return frozenset(found)


def parts(graph: Graph, node: Node) -> Iterator[tuple[str, int]]:
    """The operands of a joined Concat, each with the byte of the output that it begins at."""
    offset = 0
    for name in node.inputs:
        yield name, offset
        offset += graph.tensors[name].type.bytes


def _contiguous(graph: Graph, node: Node) -> bool:
    axis = cast(Concat, node.attrs).axis
    return math.prod(graph.tensors[node.output].type.shape[:axis]) == 1


def _bases(graph: Graph) -> dict[str, str]:
    """Per tensor that a node makes the one whose bytes it is: itself, or what it is a view of.

    Views of constants and of the model's inputs are not there.
    """
    found: dict[str, str] = {}
    for node in graph.nodes:
        if not is_view(node):
            found[node.output] = node.output
        elif node.inputs[0] in found:
            found[node.output] = found[node.inputs[0]]
    return found


def roots(layers: Schedule) -> dict[str, str]:
    """The tensor whose bytes each run-time tensor is: itself, what it is a view of or a part of."""
    graph = layers.graph
    found = {name: name for name in graph.inputs}
    for node in graph.nodes:
        view = is_view(node) and node.inputs[0] in found
        found[node.output] = found[node.inputs[0]] if view else node.output
        if node.output in layers.joined:
            inside = {found[name] for name in node.inputs}
            found.update({name: node.output for name, root in found.items() if root in inside})
    return found
