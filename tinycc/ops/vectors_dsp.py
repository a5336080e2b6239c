"""Kernels on cores with the DSP extension that read inputs where they lie: hardly any scratch.

How they work is said in runtime_c/conv2d/tinycc_vectors_dsp.h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.dense import instance_constants
from tinycc.ops.dense_dsp import (
    DSP,
    Geometry,
    Layout,
    fraction_bits,
    in_groups,
    keeps_int32,
    plain_vectors,
    quads_of,
    split_bias,
    window_kernel,
)
from tinycc.ops.dense_thumb import wrapped
from tinycc.ops.dense_work import direct_work
from tinycc.ops.numerics import INT8_MIN
from tinycc.ops.op import Kernel, Window, always

_CHANNELS = 4  # at once
_LEAST_INPUTS = 4
_SUM_BITS = 24  # of the upper one of two channels


def _quads(instance: Instance) -> np.ndarray:
    """[groups, channel, quads, 4] int16: the weights, with those of the last inputs not doubled."""
    weights = cast(np.ndarray, instance.inputs[1].data)
    count, inputs = len(weights), weights.size // len(weights)
    quads, first = quads_of(instance), inputs % 4 or 4
    found = np.zeros((-(-count // _CHANNELS) * _CHANNELS, 4 * quads), np.int16)
    found[:count, :first] = weights.reshape(count, -1)[:, :first]
    found[:count, 4:] = weights.reshape(count, -1)[:, first:]
    return found.reshape(-1, _CHANNELS, quads, 4)


def _words(quads: np.ndarray) -> np.ndarray:
    """[groups, 4 * quads] int32 of weights in the order of the kernels."""
    groups, _, count, _ = quads.shape
    # [group, pair, channel, quad, high bit of the input, low bit]: one word per low bit
    split = quads.astype(np.int8).reshape(groups, 2, 2, count, 2, 2).transpose(0, 3, 1, 5, 4, 2)
    return np.ascontiguousarray(split).reshape(groups, -1).view("<i4")


def _packed(instance: Instance, start: np.ndarray, quads: np.ndarray) -> np.ndarray:
    rest = in_groups(split_bias(instance)[1], _CHANNELS)
    multiplier = in_groups(instance_constants(instance).requantization.multiplier, _CHANNELS)
    parts = [start, _words(quads), *([rest] if fraction_bits(instance) else []), multiplier]
    return np.concatenate(parts, axis=1).astype(np.int32)


def _packed_any(instance: Instance) -> np.ndarray:
    return _packed(instance, in_groups(split_bias(instance)[0], _CHANNELS), _quads(instance))


def _packed_pairs(instance: Instance) -> np.ndarray:
    start = in_groups(split_bias(instance)[0], _CHANNELS).astype(np.int64)
    start[:, 1::2] = start[:, 1::2] * 256 + start[:, ::2]
    return _packed(instance, wrapped(start), _upper(instance))


def _upper(instance: Instance) -> np.ndarray:
    """The weights, less 1 for each upper one above a lower one that is negative."""
    quads = _quads(instance)
    quads[:, 1::2] -= quads[:, ::2] < 0
    return quads


def _are_pairs(instance: Instance) -> bool:
    """Whether weights less 1 are int8, and the sums of upper channels fit 24 bits."""
    constants = instance_constants(instance)
    starts = np.abs(split_bias(instance)[0].astype(np.int64))
    furthest = (np.array(constants.reach, np.int64) + starts)[1::2]
    weights = cast(np.ndarray, instance.inputs[1].data)
    upper = weights[1::2]
    lower = weights[::2][: len(upper)]
    narrow = not ((upper == INT8_MIN) & (lower < 0)).any()
    return narrow and bool((furthest < 2 ** (_SUM_BITS - 1)).all())


def _without_scratch(_: Instance, __: int) -> int:
    return 0


def _layout(
    name: str, pack: Callable[[Instance], np.ndarray], takes: Callable[[Instance], bool]
) -> Layout:
    none = _without_scratch
    return Layout(name, DSP, (1,), pack, none, none, _LEAST_INPUTS, takes, _CHANNELS)


_PAIRS = _layout("dsp", _packed_pairs, lambda i: keeps_int32(i) and _are_pairs(i))
_ANY = _layout("dsp", _packed_any, lambda i: keeps_int32(i) and not _are_pairs(i))


def plain_vector_kernels_dsp(when: Callable[[Instance], bool] = always) -> tuple[Kernel, ...]:
    """Vectors without scratch; the slower kernel takes what the other one does not."""
    return (
        plain_vectors("tinycc_vectors_s8_dsp", _PAIRS, when),
        plain_vectors("tinycc_vectors_any_s8_dsp", _ANY, when),
    )


def direct_kernel_dsp(plain: Geometry, window: Callable[[Instance], Window]) -> Kernel:
    """Windows of whole words of channels, one pixel at a time."""
    strips, symbol = window_kernel(_PAIRS, 1, plain, window), "tinycc_conv2d_direct_s8_dsp"

    def scratch(instance: Instance) -> int:
        _, height, width, channels = instance.inputs[1].type.shape
        return 12 * height * width + channels

    return replace(
        strips,
        symbol=symbol,
        source=f"conv2d/{symbol}.c",
        when=lambda i: i.inputs[0].type.shape[3] % 4 == 0 and strips.when(i),
        scratch=scratch,
        work=lambda i, _: direct_work(i, _CHANNELS),
    )
