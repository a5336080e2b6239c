"""How an operator's channels (indices of the last axis) hang together, so that some can go.

A channel of a tensor can only be dropped together with those that it is tied to: an Add needs the
same channels in both operands and the result. Convolutions and fully connected layers weigh their
input's channels: each can be dropped on its own, with a column of the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.ir.graph import Instance


@dataclass(frozen=True, eq=False)
class Tie:
    """Channel inner[i] of input `input` exists exactly when channel outer[i] of the output does."""

    input: int
    inner: np.ndarray
    outer: np.ndarray


@dataclass(frozen=True)
class Channels:
    """`ties` of run-time inputs; inputs in `whole` are needed with all of their channels.

    `alike`: every output channel is the same function of the channels tied to it.
    """

    ties: tuple[Tie, ...] = ()
    whole: tuple[int, ...] = ()
    alike: bool = False


@dataclass(frozen=True, eq=False)
class Kept:
    """Which channels of each input (None: a constant) and of the output remain: boolean vectors."""

    inputs: tuple[np.ndarray | None, ...]
    output: np.ndarray


Select = Callable[[Instance, Kept], object]
"""The attributes of a node once only the kept channels are there."""


def same_attributes(instance: Instance, kept: Kept) -> object:
    """`select` of an operator whose attributes do not mention channels."""
    return instance.attrs


def same_channels(instance: Instance) -> Channels:
    """`channels` of an operator that works on each channel by itself, all of them alike.

    An operand that broadcasts along the channels has only one, which is always needed.
    """
    count = last_extent(instance.output.type.shape)
    every = np.arange(count)
    ties, whole = [], []
    for index, tensor in enumerate(instance.inputs):
        if tensor.is_constant:
            continue
        if last_extent(tensor.type.shape) == count:
            ties.append(Tie(index, every, every))
        else:
            whole.append(index)
    return Channels(tuple(ties), tuple(whole), alike=True)


def grouped_channels(groups: int, per_input: int, per_output: int) -> Channels:
    """`channels` of a grouped convolution: all channels of a group stay or go together."""
    inner, outer = [], []
    for group in range(groups):
        first_in, first_out = group * per_input, group * per_output
        inner += [*range(first_in, first_in + per_input), *[first_in] * per_output]
        outer += [*[first_out] * per_input, *range(first_out, first_out + per_output)]
    return Channels((Tie(0, np.array(inner), np.array(outer)),))


def last_extent(shape: Sequence[int]) -> int:
    """Channels of a tensor: the extent of its last axis, 1 for a scalar."""
    return shape[-1] if shape else 1
