"""Transposes and reshapes as one notion: a movement puts the same values into another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from tinycc.ir.graph import Graph, Node, Source
from tinycc.ops.reshape import Reshape
from tinycc.ops.transpose import Transpose

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Movement:
    """`permutation` for a transpose, None for a reshape; shapes before and after."""

    before: Shape
    after: Shape
    permutation: Shape | None

    @property
    def is_free(self) -> bool:
        """True when the bytes stay where they are."""
        return self.permutation is None or moves_only_ones(self.before, self.permutation)

    @property
    def changes_only_ones(self) -> bool:
        """True for a reshape that adds or drops axes of extent 1 and nothing else."""
        kept = [[extent for extent in shape if extent != 1] for shape in (self.before, self.after)]
        return self.permutation is None and kept[0] == kept[1]

    def node(self, name: str, source: str, output: str, origin: tuple[str, ...]) -> Node:
        """This movement as a node."""
        if self.permutation is None:
            return Node(name, "reshape", Reshape(self.after), (source,), output, origin)
        return Node(name, "transpose", Transpose(self.permutation), (source,), output, origin)

    def axis(self, axis: int) -> int | None:
        """The axis before the movement that became `axis`; None when there is no such axis."""
        if self.permutation is not None:
            return self.permutation[axis]
        return _matching_axes(self.before, self.after).get(axis)

    def undo(self, data: np.ndarray) -> np.ndarray | None:
        """A constant that broadcasts against the value after, made to do so before; or None."""
        if data.ndim > len(self.after):
            return None
        data = data.reshape((1,) * (len(self.after) - data.ndim) + data.shape)
        if self.permutation is not None:
            return data.transpose(np.argsort(self.permutation))
        if data.shape == self.after:
            return data.reshape(self.before)
        axes = _matching_axes(self.before, self.after)
        shape = [1] * len(self.before)
        for axis, extent in enumerate(data.shape):
            if extent == 1:
                continue
            if axis not in axes:
                return None
            shape[axes[axis]] = extent
        return data.reshape(shape)


def movement(graph: Graph, name: str) -> Movement | None:
    """The movement that makes a tensor, if a transpose or reshape does."""
    node = graph.producer.get(name)
    if node is None or node.op not in ("transpose", "reshape"):
        return None
    before, after = graph.tensors[node.inputs[0]].type.shape, graph.tensors[name].type.shape
    if node.op == "reshape":
        return Movement(before, after, None)
    return Movement(before, after, cast(Transpose, node.attrs).permutation)


def moves_only_ones(shape: Shape, permutation: Sequence[int]) -> bool:
    """True when a transpose keeps the order of all axes longer than 1."""
    kept = [axis for axis in permutation if shape[axis] != 1]
    return kept == sorted(kept)


def _matching_axes(before: Shape, after: Shape) -> dict[int, int]:
    """For each axis after a reshape the same axis before, as far as only ones came or went.

    The last axis of a true reshape matches too when its extent is kept.
    """
    found: dict[int, int] = {}
    at = 0
    for axis, extent in enumerate(after):
        while at < len(before) and before[at] == 1 and extent != 1:
            at += 1
        if at < len(before) and before[at] == extent:
            found[axis] = at
            at += 1
        elif extent != 1:
            break
    else:
        if all(extent == 1 for extent in before[at:]):
            return found
    last = before and after and before[-1] == after[-1]
    return {len(after) - 1: len(before) - 1} if last else {}


def source_before(source: Source | None, movement: Movement) -> Source | None:
    """The source of the value before a movement, given that of the value after it."""
    if source is None or movement.permutation is None:
        return source
    shown = _in_shape(source, movement.after)
    if shown is None:
        return None
    order = np.argsort(movement.permutation)
    return Source(shown.name, shown.shape, tuple(shown.permutation[i] for i in order))


def _in_shape(source: Source, shape: Shape) -> Source | None:
    """The source with axes of extent 1 added or dropped so that its value has `shape`."""
    real = [axis for axis in source.permutation if source.shape[axis] != 1]
    if [source.shape[axis] for axis in real] != [extent for extent in shape if extent != 1]:
        return None
    order = sorted(real)
    extents = [source.shape[axis] for axis in order]
    permutation, ones = [], len(order)
    pending = iter(real)
    for extent in shape:
        if extent == 1:
            permutation.append(ones)
            ones += 1
        else:
            permutation.append(order.index(next(pending)))
    filled = tuple(extents) + (1,) * (ones - len(order))
    assert math.prod(filled) == math.prod(shape)
    return Source(source.name, filled, tuple(permutation))
