"""Column strips: a run of steps for some columns of its last output, halos made again.

A strip is made of ordinary nodes on narrower tensors: the same operators, with the padding that is
left of the image's edges. Which columns of each tensor it needs follows from the operators'
records, from the last step back to the first. What a step reads may be some columns of a tensor
that has more of them; then a slice stands between, which is a view and costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import cast

from tinycc import ops
from tinycc.ir.graph import Graph, Instance, Node, Tensor
from tinycc.ops.spatial import Sliding

Range = tuple[int, int]
"""First and last column."""


@dataclass(frozen=True)
class Read:
    """What a strip's node reads of a tensor: these columns."""

    tensor: str
    columns: Range


@dataclass(frozen=True)
class StripNode:
    """A node for some columns: its attributes, what it reads (None: a constant), what it makes."""

    node: Node
    attrs: object
    reads: tuple[Read | None, ...]
    columns: Range


def strip_nodes(
    graph: Graph, nodes: Sequence[Node], columns: Range
) -> tuple[StripNode, ...] | None:
    """The nodes, in order, for some columns of the last one's output; None where they cannot."""
    needed: dict[str, Range] = {nodes[-1].output: columns}
    found: list[StripNode] = []
    for node in reversed(nodes):
        if node.output not in needed:
            return None  # made for somebody behind the strip
        one = _strip_node(graph.instance(node), needed[node.output])
        if one is None:
            return None
        found.append(one)
        for read in filter(None, one.reads):
            first, last = needed.get(read.tensor, read.columns)
            needed[read.tensor] = min(first, read.columns[0]), max(last, read.columns[1])
    return tuple(replace(one, columns=needed[one.node.output]) for one in reversed(found))


def _strip_node(instance: Instance, columns: Range) -> StripNode | None:
    record = ops.get(instance.node.op)
    first, last = (record.columns(instance, column) for column in columns)
    if first is None or last is None:
        return None
    reads: list[Read] = []
    outside = (0, 0)
    for tensor, (start, _), (_, end) in zip(instance.activations, first, last, strict=True):
        width = tensor.type.shape[2] if len(tensor.type.shape) == 4 else 1
        inside = max(0, start), min(width - 1, end)
        if inside[0] > inside[1]:
            return None  # nothing but padding
        outside = max(0, -start), max(0, end - width + 1)
        reads.append(Read(tensor.name, inside))
    attrs = instance.attrs
    if hasattr(attrs, "pads"):
        top, _, bottom, _ = cast(Sliding, attrs).pads
        attrs = replace(attrs, pads=(top, outside[0], bottom, outside[1]))  # type: ignore[type-var]
    elif any(outside):
        return None
    left = iter(reads)
    by_operand = tuple(None if tensor.is_constant else next(left) for tensor in instance.inputs)
    return StripNode(instance.node, attrs, by_operand, columns)


def strip_tensor(tensor: Tensor, columns: Range, name: str) -> Tensor:
    """Some columns of a tensor, as one of their own."""
    shape = tensor.type.shape
    if len(shape) != 4:
        return tensor
    batch, height, _, channels = shape
    narrow = (batch, height, columns[1] - columns[0] + 1, channels)
    return Tensor(name, replace(tensor.type, shape=narrow))


def strip_instance(graph: Graph, strip: StripNode) -> Instance:
    """A strip's node with its narrow tensors under the names of the whole ones."""
    inputs = tuple(
        graph.tensors[name]
        if read is None
        else strip_tensor(graph.tensors[name], read.columns, name)
        for name, read in zip(strip.node.inputs, strip.reads, strict=True)
    )
    output = graph.tensors[strip.node.output]
    node = replace(strip.node, attrs=strip.attrs)
    return Instance(node, strip.attrs, inputs, strip_tensor(output, strip.columns, output.name))


def evenly(width: int, count: int) -> list[Range]:
    """So many columns in so many parts."""
    cuts = [round(index * width / count) for index in range(count + 1)]
    return [(first, last - 1) for first, last in pairwise(cuts)]
