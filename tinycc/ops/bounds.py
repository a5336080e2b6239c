"""What the values of a tensor can be: proved limits in exact integer arithmetic.

Every operator's `bounds` maps the limits of its inputs to limits of its output, so that whatever
the model's input, each value lies between them. They come from weights, tables and clamps, and
never from data that was merely observed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType


@dataclass(frozen=True, eq=False)
class Bounds:
    """low <= value <= high, inclusive, as stored; both broadcast to the tensor's shape.

    int64, or float64 (infinities included) for float tensors.
    """

    low: np.ndarray
    high: np.ndarray

    def per_channel(self, channels: int) -> Bounds:
        """The limits of each index of the last axis: vectors."""
        return Bounds(
            _along_last(self.low, channels, np.minimum),
            _along_last(self.high, channels, np.maximum),
        )

    def mapped(self, change: Callable[[np.ndarray], np.ndarray]) -> Bounds:
        """The limits after a movement of values, or a function that never decreases."""
        return Bounds(change(self.low), change(self.high))

    @property
    def fixed(self) -> np.ndarray:
        """True where only one value is possible; broadcasts like the limits."""
        return np.asarray(self.low == self.high)


def _along_last(limits: np.ndarray, channels: int, fold: np.ufunc) -> np.ndarray:
    rows = limits.reshape(-1, limits.shape[-1] if limits.ndim else 1)
    return np.broadcast_to(fold.reduce(rows, axis=0), (channels,))


def hull(parts: Sequence[Bounds]) -> Bounds:
    """Limits that hold for each of the given ones; they broadcast against each other."""
    low = reduce(np.minimum, [part.low for part in parts])
    return Bounds(low, reduce(np.maximum, [part.high for part in parts]))


def exactly(data: np.ndarray) -> Bounds:
    """The limits of a known value."""
    kind = np.float64 if np.issubdtype(data.dtype, np.floating) else np.int64
    return Bounds(data.astype(kind), data.astype(kind))


def anything(type_: TensorType) -> Bounds:
    """The limits that the element type alone gives."""
    one = (1,) * len(type_.shape)
    if type_.is_float:
        return Bounds(np.full(one, -np.inf), np.full(one, np.inf))
    info = np.iinfo(np.dtype(type_.dtype.value))
    return Bounds(np.full(one, info.min, np.int64), np.full(one, info.max, np.int64))


def on_last_axis(bounds: Bounds, rank: int) -> Bounds:
    """Vectors of limits per channel, for a tensor of this rank."""
    shape = (1,) * (rank - 1) + (-1,) if rank else ()
    return bounds.mapped(lambda limits: limits.reshape(shape))


def per_channel(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """`bounds` of an operator that picks values and keeps the channels apart (Resize)."""
    rank, channels = len(instance.output.type.shape), instance.output.type.shape[-1]
    return on_last_axis(hull([part.per_channel(channels) for part in given]), rank)


def moved(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """`bounds` of an operator that puts the values of input 0 into other places."""
    one, x = (1,) * len(instance.output.type.shape), given[0]
    return Bounds(x.low.min().reshape(one), x.high.max().reshape(one))
