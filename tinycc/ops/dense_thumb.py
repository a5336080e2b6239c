"""Kernels for Armv6-M: dot products of two channels per multiplication (tinycc_dot_s8_thumb.h)."""

from __future__ import annotations

from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.dense import instance_constants
from tinycc.ops.dense_dsp import Layout, fraction_bits, in_groups, keeps_int32, padded_weights
from tinycc.ops.dense_dsp import quads_of as quads
from tinycc.ops.numerics import INT8_MAX, INT8_MIN

_CHANNELS = 4  # at once
_STARTS = 2**15  # of the sum of a pair of inputs
_MOST = 2**47 - 2**41  # the result of a requantisation fits 16 bits, before it is shifted

THUMB = frozenset({"thumb"})


def _packed(instance: Instance) -> np.ndarray:
    weights = padded_weights(instance, _CHANNELS).transpose(0, 2, 1).astype(np.int64) + 128
    words = np.ascontiguousarray(weights.astype(np.uint8)).view("<i4")[..., 0]
    return np.concatenate([words, _constants(instance)], axis=1).astype(np.int32)


def _constants(instance: Instance) -> np.ndarray:
    """[channels / 4, 8] int32: bias, multiplier of each; the lower sums started above zero."""
    constants = instance_constants(instance)
    multiplier = in_groups(constants.requantization.multiplier, _CHANNELS)
    bias = in_groups(started_bias(instance), _CHANNELS).astype(np.int64)
    bias[:, :2] -= 2 * quads(instance) * _STARTS << fraction_bits(instance)
    return np.stack([wrapped(bias), multiplier], axis=2).reshape(len(bias), -1)


def wrapped(values: np.ndarray) -> np.ndarray:
    """int64 modulo 2**32, as int32."""
    return values.astype(np.uint64).astype(np.uint32).view(np.int32)


def started_bias(instance: Instance) -> np.ndarray:
    """The bias in units of the accumulator after the shift."""
    constants = instance_constants(instance)
    bias = np.array(constants.bias, np.int64) << constants.requantization.shift
    return bias.astype(np.int32)


def narrow_results(instance: Instance) -> bool:
    """Whether no result of a requantisation leaves 16 bits before it saturates."""
    weights = cast(np.ndarray, instance.inputs[1].data)
    bias, fraction = started_bias(instance).astype(np.int64), fraction_bits(instance)
    low, high = _sum_limits(weights.reshape(len(weights), -1))
    furthest = np.maximum(abs((low << fraction) + bias), abs((high << fraction) + bias))
    multiplier = instance_constants(instance).requantization.multiplier
    return keeps_int32(instance) and bool((furthest.astype(float) * multiplier).max() < _MOST)


def narrow_pairs(instance: Instance) -> bool:
    """Whether the products of two neighbouring inputs of any channel fit 16 bits together."""
    pairs = padded_weights(instance, 1)
    low, high = _sum_limits(pairs.reshape(-1, 2))
    return bool(low.min() >= -(2**15) and high.max() < 2**15)


def _sum_limits(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest sums of products with any inputs, over the last axis."""
    ends = weights.astype(np.int64) * INT8_MIN, weights.astype(np.int64) * INT8_MAX
    return np.minimum(*ends).sum(axis=-1), np.maximum(*ends).sum(axis=-1)


def _takes(instance: Instance) -> bool:
    return narrow_results(instance) and narrow_pairs(instance)


def _strip(instance: Instance, pixels: int) -> int:
    return 32 * quads(instance) * pixels


def _strip_and_padding(instance: Instance, pixels: int) -> int:
    channels = instance.inputs[0].type.shape[3]
    return _strip(instance, pixels) + channels + (4 * quads(instance) if channels % 2 else 0)


THUMB_LAYOUT = Layout(
    "thumb", THUMB, (1,), _packed, _strip, _strip_and_padding, takes=_takes, group=_CHANNELS
)
