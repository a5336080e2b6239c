"""What a convolution or fully connected layer needs of its input's channels, and what it can fold.

With v the only value of a constant channel and z the input's zero point, the channel adds
(v - z) * (the weights of the taps inside the image) to each sum. Where that is the same for all
windows, it moves into the bias. Columns of equal channels are added up where int8 holds the sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.bounds import Bounds
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.numerics import INT8_MAX, INT8_MIN
from tinycc.ops.spatial import windows_inside


@dataclass(frozen=True, eq=False)
class Weighing:
    """Per output and input channel: `needs`, and what the input adds to the sum when it is gone.

    `weights` [outputs, taps, inputs] have the columns of equal channels merged.
    """

    weights: np.ndarray
    needs: np.ndarray
    offsets: np.ndarray


def weighs(instance: Instance) -> bool:
    """True where every input channel has a column of weights for every output."""
    if instance.node.op == "conv2d":
        return cast(Conv2d, instance.attrs).groups == 1
    return instance.node.op == "fully_connected"


def weighing(instance: Instance, x: Bounds, copies: np.ndarray) -> Weighing:
    """The analysis of one layer; x: the limits of its input."""
    stored = cast(np.ndarray, instance.inputs[1].data).astype(np.int64)
    rows = stored.reshape(len(stored), -1, stored.shape[-1])
    limits = x.per_channel(rows.shape[2])
    weights = _merged(rows, np.where(limits.fixed, np.arange(len(copies)), copies))
    needs, offsets = (weights != 0).any(axis=1), np.zeros(weights[:, 0].shape, np.int64)
    constant = np.flatnonzero(limits.fixed)
    if len(constant):
        centred = limits.low[constant] - instance.inputs[0].type.zero_point
        shares = np.einsum("pt,oti->poi", _inside(instance), weights[:, :, constant]) * centred
        needs[:, constant] = (shares != shares[0]).any(axis=0)
        offsets[:, constant] = shares[0]
    return Weighing(weights, needs, offsets)


def _inside(instance: Instance) -> np.ndarray:
    """The ways in which windows leave the image [ways, taps], as 0 and 1."""
    if instance.node.op == "fully_connected":
        return np.ones((1, 1), np.int64)
    shape = instance.inputs[1].type.shape
    before, after = instance.inputs[0].type.shape, instance.output.type.shape
    attrs = cast(Conv2d, instance.attrs)
    return windows_inside(attrs, (shape[1], shape[2]), before, after).astype(np.int64)


def _merged(rows: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Columns of copies added to the first channel's, where int8 holds all of the sums."""
    merged = rows.copy()
    for channel in np.flatnonzero(copies != np.arange(len(copies))):
        first = copies[channel]
        total = merged[:, :, first] + merged[:, :, channel]
        if total.min() >= INT8_MIN and total.max() <= INT8_MAX:
            merged[:, :, first] = total
            merged[:, :, channel] = 0
    return merged
