"""Kernels for cores with the DSP extension: dot products, and how their weights are packed.

The layout is stated in runtime_c/conv2d/tinycc_dot_s8_dsp.h.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.activation import bound_fields
from tinycc.ops.dense import instance_constants
from tinycc.ops.numerics import INT32_MAX
from tinycc.ops.op import Array, Drive, Field, Kernel, Params, Window, vectors

DSP = frozenset({"dsp", "unaligned"})
BLOCKS = (4, 2, 1)  # pixels at once: fewer need less scratch and more instructions


def keeps_int32(instance: Instance) -> bool:
    """Whether accumulators stay in int32 when they are shifted before the multiplication.

    That makes a shift (M >= 1/4) the same as fraction bits.
    """
    constants = instance_constants(instance)
    shift = constants.requantization.shift
    pairs = zip(constants.reach, constants.bias, strict=True)
    return shift == 0 or max((reach + abs(bias)) << shift for reach, bias in pairs) <= INT32_MAX


def fraction_bits(instance: Instance) -> int:
    """How far a sum of products is shifted before the bias' low bits are added."""
    found = instance_constants(instance).requantization
    return found.fraction or found.shift


def split_bias(instance: Instance) -> tuple[np.ndarray, np.ndarray]:
    """Per channel what a sum starts from, and the low bits that are added after the shift."""
    constants = instance_constants(instance)
    bias = np.array(constants.bias, np.int64)
    fraction = constants.requantization.fraction
    start = bias >> fraction
    return start.astype(np.int32), (bias - (start << fraction)).astype(np.int32)


def _quads(instance: Instance) -> int:
    weights = instance.inputs[1].type
    return -(-weights.elements // weights.shape[0] // 4)


def _packed(instance: Instance) -> np.ndarray:
    """[channels / 2][words] int32: starts, weights, rests where there are any, multipliers."""
    weights = cast(np.ndarray, instance.inputs[1].data)
    channels, quads = len(weights), _quads(instance)
    flat = weights.reshape(channels, -1)
    pairs = -(-channels // 2)
    padded = np.zeros((2 * pairs, 4 * quads), np.int8)
    padded[:channels, : flat.shape[1]] = flat
    # [pair, channel, quad, high bit of the input, low bit] -> one word per low bit
    words = padded.reshape(pairs, 2, quads, 2, 2).transpose(0, 2, 4, 3, 1)
    products = np.ascontiguousarray(words).reshape(pairs, -1).view("<i4")
    start, rest = split_bias(instance)
    multiplier = instance_constants(instance).requantization.multiplier
    parts = [_by_two(start), products]
    parts += [_by_two(rest)] if fraction_bits(instance) else []
    return np.concatenate([*parts, _by_two(multiplier)], axis=1).astype(np.int32)


def _by_two(values: np.ndarray) -> np.ndarray:
    """[channels / 2][2], a zero behind an odd last one."""
    padded = np.zeros(len(values) + len(values) % 2, np.int32)
    padded[: len(values)] = values
    return padded.reshape(-1, 2)


def _pixels(instance: Instance, most: int) -> int:
    """The largest block that is not above `most` and has neighbours: in a row, or in a run."""
    shape, kernel = instance.output.type.shape, instance.inputs[1].type.shape[1:-1]
    width = math.prod(shape[:-1]) if math.prod(kernel) == 1 else shape[2]
    return next(block for block in BLOCKS if block <= min(most, width))


def _dot_fields(instance: Instance, most: int) -> tuple[Field, ...]:
    low, high = bound_fields(instance)
    return (
        Field("dot.quads", _quads(instance)),
        Field("dot.channels", instance.output.type.shape[-1]),
        Field("dot.constant", 2 * instance.output.type.zero_point + 1),
        Field("dot.fraction", fraction_bits(instance)),
        Field("dot.low", low.value),
        Field("dot.high", high.value, high.note),
        Field("dot.pixels", _pixels(instance, most), "at once"),
        Field("packed", Array("int32_t", _packed(instance), f"{instance.inputs[1].name}, packed")),
    )


def _conv1x1(most: int, when: Callable[[Instance], bool]) -> Kernel:
    def params(instance: Instance) -> Params:
        channels = Field("in_channels", instance.inputs[0].type.shape[-1])
        return Params("tinycc_conv1x1_s8_dsp_params", (channels, *_dot_fields(instance, most)))

    def scratch(instance: Instance) -> int:
        last = 4 * _quads(instance) if instance.inputs[0].type.shape[-1] % 4 else 0
        return 8 * _quads(instance) * _pixels(instance, most) + last

    def fits(instance: Instance) -> bool:
        channels = instance.inputs[0].type.shape[-1]
        return channels > 1 and when(instance) and keeps_int32(instance)

    symbol = "tinycc_conv1x1_s8_dsp"
    source = f"conv2d/{symbol}.c"
    return Kernel(
        symbol, source, Drive.RUN, params, isa=DSP, when=fits, scratch=scratch, units=vectors
    )


def _always(_: Instance) -> bool:
    return True


def conv1x1_kernels_dsp(when: Callable[[Instance], bool] = _always) -> tuple[Kernel, ...]:
    """Vectors of channels, the fastest first, the one with the least scratch last."""
    return tuple(_conv1x1(most, when) for most in BLOCKS)


Geometry = Callable[[Instance], Params]
"""The parameters of the portable convolution, which the fast kernels share in part."""

_GEOMETRY = (
    "in_width",
    "in_channels",
    "out_width",
    "kernel_height",
    "kernel_width",
    "stride",
    "pad_left",
    "dilation_height",
    "dilation_width",
    "in_zero",
)


def geometry_fields(plain: Params) -> tuple[Field, ...]:
    """The members that say where a window lies."""
    return tuple(field for field in plain.fields if field.name in _GEOMETRY)


def _conv2d(most: int, plain: Geometry, window: Callable[[Instance], Window]) -> Kernel:
    def params(instance: Instance) -> Params:
        fields = (*geometry_fields(plain(instance)), *_dot_fields(instance, most))
        return Params("tinycc_conv2d_s8_dsp_params", fields)

    def scratch(instance: Instance) -> int:
        pixels, quads = _pixels(instance, most), _quads(instance)
        channels = instance.inputs[0].type.shape[3]
        gathered = pixels * (4 * quads + 4) if channels % 4 else channels
        return 8 * quads * pixels + gathered

    def fits(instance: Instance) -> bool:
        whole = instance.inputs[1].type.shape[3] == instance.inputs[0].type.shape[3]
        return whole and keeps_int32(instance)

    symbol = "tinycc_conv2d_s8_dsp"
    source = f"conv2d/{symbol}.c"
    return Kernel(
        symbol, source, Drive.ROWS, params, isa=DSP, when=fits, scratch=scratch, window=window
    )


def conv2d_kernels_dsp(
    plain: Geometry,
    window: Callable[[Instance], Window],
    pointwise: Callable[[Instance], bool],
) -> tuple[Kernel, ...]:
    """Convolutions of one group, the fastest first, the one with the least scratch last."""
    windows = tuple(_conv2d(most, plain, window) for most in BLOCKS)
    return (*conv1x1_kernels_dsp(pointwise), *windows)
