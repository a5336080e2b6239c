"""Kernels for Armv7-M without the DSP extension: dot products (tinycc_dot_s8_thumb2.h)."""

from __future__ import annotations

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.dense_dsp import Layout, packed_groups, padded_weights, quads_of

_CHANNELS = 4  # at once


def _packed(instance: Instance) -> np.ndarray:
    weights = padded_weights(instance, _CHANNELS)
    by_input = weights.transpose(0, 2, 1)
    return packed_groups(instance, by_input.reshape(len(weights), -1), _CHANNELS)


def _scratch(instance: Instance, pixels: int) -> int:
    return 16 * quads_of(instance) * pixels


THUMB2 = frozenset({"thumb2", "umull"})
THUMB2_LAYOUT = Layout("thumb2", THUMB2, (2, 1), _packed, _scratch, _scratch, group=_CHANNELS)
