"""Kernels for cores with the DSP extension: dot products, and how their weights are packed.

The layout is stated in runtime_c/conv2d/tinycc_dot_s8_dsp.h.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.activation import bound_fields
from tinycc.ops.dense import instance_constants
from tinycc.ops.dense_work import Dots, dot_work, plain_vector_work, run_work, window_work
from tinycc.ops.numerics import INT32_MAX
from tinycc.ops.op import Array, Drive, Field, Kernel, Params, Window, Work, always, vectors

DSP = frozenset({"dsp", "unaligned"})


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


def quads_of(instance: Instance) -> int:
    """Inputs of an output in fours, rounded up."""
    weights = instance.inputs[1].type
    return -(-weights.elements // weights.shape[0] // 4)


@dataclass(frozen=True)
class Layout:
    """A family of kernels: tinycc_conv1x1_s8_<name> and tinycc_conv2d_s8_<name>.

    `blocks`: pixels at once, the fastest first; fewer need less scratch. `scratch` is in bytes, of
    an instance with so many pixels at once, for vectors and for windows.
    """

    name: str
    isa: frozenset[str]
    blocks: tuple[int, ...]
    pack: Callable[[Instance], np.ndarray]
    vector_scratch: Callable[[Instance, int], int]
    window_scratch: Callable[[Instance, int], int]
    least_inputs: int = 1  # of vectors
    takes: Callable[[Instance], bool] = keeps_int32
    group: int = 2  # output channels at once, and those of a single pixel where they are more
    lone_group: int = 2
    dots: Dots = dot_work


def _vector_scratch(instance: Instance, pixels: int) -> int:
    last = 4 * quads_of(instance) if instance.inputs[0].type.shape[-1] % 4 else 0
    return 8 * quads_of(instance) * pixels + last


def _window_scratch(instance: Instance, pixels: int) -> int:
    quads, channels = quads_of(instance), instance.inputs[0].type.shape[3]
    return 8 * quads * pixels + (pixels * (4 * quads + 4) if channels % 4 else channels)


def in_groups(values: np.ndarray, size: int) -> np.ndarray:
    """[channels / size][size], zeros behind the last channel."""
    padded = np.zeros(-(-len(values) // size) * size, np.int32)
    padded[: len(values)] = values
    return padded.reshape(-1, size)


def padded_weights(instance: Instance, size: int) -> np.ndarray:
    """[channels / size, size, 4 * quads] int8, zeros where there is nothing."""
    weights = cast(np.ndarray, instance.inputs[1].data)
    groups, flat = -(-len(weights) // size), weights.reshape(len(weights), -1)
    padded = np.zeros((groups * size, 4 * quads_of(instance)), np.int8)
    padded[: len(flat), : flat.shape[1]] = flat
    return padded.reshape(groups, size, -1)


def packed_groups(
    instance: Instance, products: np.ndarray, size: int, order: np.ndarray | None = None
) -> np.ndarray:
    """[channels / size][words] int32: starts, weights, rests where there are any, multipliers.

    `order`: the channels of the groups, when they are not simply 0, 1, 2, ...
    """
    constants = (*split_bias(instance), instance_constants(instance).requantization.multiplier)
    start, rest, multiplier = (v if order is None else v[order] for v in constants)
    parts = [in_groups(start, size), np.ascontiguousarray(products).view("<i4")]
    parts += [in_groups(rest, size)] if fraction_bits(instance) else []
    return np.concatenate([*parts, in_groups(multiplier, size)], axis=1).astype(np.int32)


def _packed(instance: Instance) -> np.ndarray:
    weights = padded_weights(instance, 2)
    pairs = len(weights)
    # [pair, channel, quad, high bit of the input, low bit] -> one word per low bit
    words = weights.reshape(pairs, 2, -1, 2, 2).transpose(0, 2, 4, 3, 1)
    return packed_groups(instance, words.reshape(pairs, -1), 2)


def _packed_wide(instance: Instance) -> np.ndarray:
    weights = padded_weights(instance, 2)
    pairs = len(weights)
    # [pair, channel, quad, high bit of the input, low bit] -> int16 pairs of the high bit
    words = weights.reshape(pairs, 2, -1, 2, 2).transpose(0, 2, 4, 1, 3).astype("<i2")
    return packed_groups(instance, words.reshape(pairs, -1), 2)


DSP_LAYOUT = Layout(
    "dsp", DSP, (4, 2, 1), _packed, _vector_scratch, _window_scratch, least_inputs=2
)
W16_LAYOUT = Layout(
    "w16_dsp",
    DSP | {"wide_weights"},
    (4, 1),
    _packed_wide,
    _vector_scratch,
    _window_scratch,
    least_inputs=2,
    lone_group=4,
)


def _pixels(instance: Instance, layout: Layout, most: int) -> int:
    """The largest block that is not above `most` and has neighbours: in a row, or in a run."""
    shape, kernel = instance.output.type.shape, instance.inputs[1].type.shape[1:-1]
    width = math.prod(shape[:-1]) if math.prod(kernel) == 1 else shape[2]
    return next(block for block in layout.blocks if block <= min(most, width))


def _groups(instance: Instance, layout: Layout, most: int) -> dict[int, int]:
    """The blocks that the pixels of a call are cut into, and the channels of each at once."""
    pixels = _pixels(instance, layout, most)
    lone = max(layout.group, layout.lone_group)
    return {size: layout.group if size > 1 else lone for size in layout.blocks if size <= pixels}


def dot_fields(instance: Instance, layout: Layout, most: int) -> tuple[Field, ...]:
    """The members that the parameter structs of fast dot products end with."""
    low, high = bound_fields(instance)
    packed = Array("int32_t", layout.pack(instance), f"{instance.inputs[1].name}, packed")
    return (
        Field("dot.quads", quads_of(instance)),
        Field("dot.channels", instance.output.type.shape[-1]),
        Field("dot.constant", 2 * instance.output.type.zero_point + 1),
        Field("dot.fraction", fraction_bits(instance)),
        Field("dot.low", low.value),
        Field("dot.high", high.value, high.note),
        Field("dot.pixels", _pixels(instance, layout, most), "at once"),
        Field("packed", packed),
    )


def _conv1x1(layout: Layout, most: int, when: Callable[[Instance], bool]) -> Kernel:
    def params(instance: Instance) -> Params:
        channels = Field("in_channels", instance.inputs[0].type.shape[-1])
        fields = (channels, *dot_fields(instance, layout, most))
        return Params("tinycc_conv1x1_s8_dsp_params", fields)

    def fits(instance: Instance) -> bool:
        enough = instance.inputs[0].type.shape[-1] >= layout.least_inputs
        return enough and when(instance) and layout.takes(instance)

    def work(instance: Instance, n: int) -> Work:
        without_scratch = layout.vector_scratch(instance, 1) == 0  # then any number of pixels
        widest = layout.blocks[0] if without_scratch else most
        return run_work(instance, n, _groups(instance, layout, widest), layout.dots)

    symbol = f"tinycc_conv1x1_s8_{layout.name}"
    return Kernel(
        symbol,
        f"conv2d/{symbol}.c",
        Drive.RUN,
        params,
        isa=layout.isa,
        when=fits,
        scratch=lambda i: layout.vector_scratch(i, _pixels(i, layout, most)),
        units=vectors,
        work=work,
    )


def vector_kernels(layout: Layout, when: Callable[[Instance], bool] = always) -> tuple[Kernel, ...]:
    """Vectors of channels, the fastest first, the one with the least scratch last."""
    return tuple(_conv1x1(layout, most, when) for most in layout.blocks)


def plain_vectors(symbol: str, layout: Layout, when: Callable[[Instance], bool] = always) -> Kernel:
    """Vectors that are read where they lie, one at a time, without scratch."""
    plain = _conv1x1(layout, 1, when)

    def work(instance: Instance, n: int) -> Work:
        return plain_vector_work(instance, n, layout.group)

    source = f"conv2d/{symbol}.c"
    return replace(plain, symbol=symbol, source=source, scratch=lambda _: 0, work=work)


Geometry = Callable[[Instance], Params]
"""The parameters of the portable convolution, which the fast kernels share in part."""

GEOMETRY = (  # of them, what all fast convolutions take
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


def window_kernel(
    layout: Layout, most: int, plain: Geometry, window: Callable[[Instance], Window]
) -> Kernel:
    """A convolution of one group whose blocks have at most so many pixels."""

    def params(instance: Instance) -> Params:
        geometry = (field for field in plain(instance).fields if field.name in GEOMETRY)
        fields = (*geometry, *dot_fields(instance, layout, most))
        return Params("tinycc_conv2d_s8_dsp_params", fields)

    def fits(instance: Instance) -> bool:
        whole = instance.inputs[1].type.shape[3] == instance.inputs[0].type.shape[3]
        return whole and layout.takes(instance)

    symbol = f"tinycc_conv2d_s8_{layout.name}"
    return Kernel(
        symbol,
        f"conv2d/{symbol}.c",
        Drive.ROWS,
        params,
        isa=layout.isa,
        when=fits,
        scratch=lambda i: layout.window_scratch(i, _pixels(i, layout, most)),
        window=window,
        work=lambda i, n: window_work(i, _groups(i, layout, most), layout.dots),
    )


def convolution_kernels(
    layout: Layout,
    plain: Geometry,
    window: Callable[[Instance], Window],
    pointwise: Callable[[Instance], bool],
) -> tuple[Kernel, ...]:
    """Convolutions of one group, the fastest first, the one with the least scratch last."""
    windows = tuple(window_kernel(layout, most, plain, window) for most in layout.blocks)
    return (*vector_kernels(layout, pointwise), *windows)
