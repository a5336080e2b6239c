"""Kernels for the M-profile vector extension: dot products, and the packing that all share.

A tile is 2 vectors (pixels) x 4 output channels; see runtime_c/conv2d/tinycc_tile_mve.h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.dense import dense_params, instance_constants
from tinycc.ops.numerics import INT32_MAX
from tinycc.ops.op import Array, Drive, Field, Kernel, Params, vectors
from tinycc.ops.work_mve import run_work, single_work

MVE = frozenset({"mve", "lob"})
CHANNELS = 4  # output channels of a tile
LANES = 16  # bytes of a vector
_MOST_CHANNELS = 2**16 - CHANNELS  # offsets within a tile's two outputs have 16 bits


def rounded_up(value: int, unit: int) -> int:
    """The least multiple of `unit` that is not below the value."""
    return -(-value // unit) * unit


def fits_tile(instance: Instance) -> bool:
    """Whether accumulators stay in int32 when they are shifted before the multiplication.

    A shift (M >= 1/4) is applied to sum and bias instead of to the 64-bit product, which MVE
    does not have.
    """
    constants = instance_constants(instance)
    shift = constants.requantization.shift
    pairs = zip(constants.reach, constants.bias, strict=True)
    largest = max((reach + abs(bias)) << shift for reach, bias in pairs)
    channels = instance.output.type.shape[-1]
    return (shift == 0 or largest <= INT32_MAX) and channels <= _MOST_CHANNELS


def packed_constants(instance: Instance) -> np.ndarray:
    """[channels / 4][2][4] int32: the biases of four channels, then their multipliers."""
    constants = instance_constants(instance)
    bias = np.array(constants.bias, np.int64) << constants.requantization.shift
    both = np.stack([bias, constants.requantization.multiplier.astype(np.int64)])
    count = rounded_up(both.shape[1], CHANNELS)
    padded = np.zeros((2, count), np.int32)
    padded[:, : both.shape[1]] = both
    return np.ascontiguousarray(padded.reshape(2, -1, CHANNELS).transpose(1, 0, 2))


def packed_weights(weights: np.ndarray) -> np.ndarray:
    """[channels / 4][inputs / 16][4][16] of [channels, inputs], rounded up with zeros."""
    channels, inputs = weights.shape
    padded = np.zeros((rounded_up(channels, CHANNELS), rounded_up(inputs, LANES)), np.int8)
    padded[:channels, :inputs] = weights
    blocks = padded.reshape(-1, CHANNELS, padded.shape[1] // LANES, LANES)
    return np.ascontiguousarray(blocks.transpose(0, 2, 1, 3))


def with_packed(
    plain: Callable[[Instance], Params], pack: Callable[[Instance], np.ndarray]
) -> Callable[[Instance], Params]:
    """A portable kernel's parameters with packed weights and constants."""

    def params(instance: Instance) -> Params:
        name = instance.inputs[1].name
        constants = Array("int32_t", packed_constants(instance), "biases, multipliers")
        replaced: dict[str, Field] = {
            "weights": Field("weights", Array("int8_t", pack(instance), name)),
            "bias": Field("bias", constants),
            "multiplier": Field("multiplier", None, "with the biases"),
        }
        own = plain(instance)
        return replace(own, fields=tuple(replaced.get(f.name, f) for f in own.fields))

    return params


def _matrix(instance: Instance) -> np.ndarray:
    weights = cast(np.ndarray, instance.inputs[1].data)
    return packed_weights(weights.reshape(len(weights), -1))


def dense_kernel_mve(
    symbol: str,
    drive: Drive,
    plain: Callable[[Instance], Params] = dense_params,
    when: Callable[[Instance], bool] = lambda _: True,
    **more: Callable[..., object],
) -> Kernel:
    """A kernel of runtime_c/conv2d that multiplies with packed weights."""
    return Kernel(
        symbol,
        f"conv2d/{symbol}.c",
        drive,
        with_packed(plain, _matrix),
        isa=MVE,
        when=lambda instance: when(instance) and fits_tile(instance),
        **more,  # type: ignore[arg-type]
    )


def dense_kernels_mve(
    stem: str,
    drive: Drive,
    plain: Callable[[Instance], Params] = dense_params,
    when: Callable[[Instance], bool] = lambda _: True,
    **more: Callable[..., object],
) -> tuple[Kernel, ...]:
    """The kernel for multiples of 4 output channels, then the one for any number."""

    def even(instance: Instance) -> bool:
        return when(instance) and instance.output.type.shape[-1] % CHANNELS == 0

    return (
        dense_kernel_mve(f"tinycc_{stem}_s8_mve", drive, plain, even, **more),
        dense_kernel_mve(f"tinycc_{stem}_odd_s8_mve", drive, plain, when, **more),
    )


FULLY_CONNECTED_MVE = (
    dense_kernel_mve(
        "tinycc_fully_connected_s8_mve",
        Drive.RUN,
        when=lambda i: vectors(i) == 1,
        units=vectors,
        work=single_work,
    ),
    *dense_kernels_mve("conv1x1", Drive.RUN, units=vectors, work=run_work),
)
