"""What convolutions and fully connected layers share: the constants of int8 dot products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Protocol, cast

import numpy as np

from tinycc.ir.graph import Instance, Tensor
from tinycc.ir.types import DType, TensorType
from tinycc.ops.activation import bound_fields, output_bounds
from tinycc.ops.bounds import Bounds
from tinycc.ops.numerics import (
    INT32_MAX,
    MULTIPLIER_BITS,
    Requantization,
    channel_scales,
    exact_values,
    fixed_requantization,
    requantization,
    round_half_up,
    unclamped,
)
from tinycc.ops.op import Array, Field, Params

_WHOLE = Fraction(1, 1024)
_SCALE_ERROR = Fraction(1, 2**22)  # the scale of an int32 bias is a product rounded to float32
_MOST_FRACTION = 10


class Precise(Protocol):
    """Attributes of every operator of dot products.

    `precision` is None, or fixed by a pass that removed channels: the accumulator's fraction bits
    (minus the shift), which would otherwise follow from the channels that are left. The bias is
    then int32 in units of the accumulator, so that constant inputs can be added to it exactly.
    `sum_bits` is 16 where every partial sum of products is proved to fit 16 bits.
    """

    @property
    def precision(self) -> int | None: ...
    @property
    def sum_bits(self) -> int: ...


def fixed_precision(instance: Instance) -> int | None:
    """The precision that a pass has fixed, if one has."""
    return cast(Precise, instance.attrs).precision


@dataclass(frozen=True)
class DotConstants:
    """Requantisation of a layer, per output channel.

    `bias` includes -zero_point(x) * sum(w); `reach` bounds the sum of products.
    """

    requantization: Requantization
    bias: tuple[int, ...]
    reach: tuple[int, ...]

    def overflow(self) -> str | None:
        """Why an accumulator could leave int32, if one could."""
        found = self.requantization
        for channel, span in enumerate(self.reach):
            bias = max(abs(self.bias[channel]), abs(found.bias[channel]))
            largest = (span << found.fraction) + bias
            if largest > INT32_MAX:
                return f"output channel {channel} can reach {largest}, more than {INT32_MAX}"
        return None


@lru_cache(maxsize=1024)
def dot_constants(
    x: TensorType,
    weights: Tensor,
    bias: Tensor | None,
    y: TensorType,
    precision: int | None = None,
) -> DotConstants:
    """bias, multiplier and shift per output channel (weights: int8, channels first)."""
    assert weights.data is not None
    channels = weights.type.shape[0]
    multipliers = [x.scale * scale / y.scale for scale in channel_scales(weights.type, channels)]
    if precision is not None:
        assert bias is not None and bias.data is not None
        fixed = fixed_requantization(multipliers, bias.data.tolist(), precision)
        return _with_weights(fixed, x, weights)
    steps: list[Fraction] | None = None
    if bias is not None:
        assert bias.data is not None
        steps = [value / y.scale for value in exact_values(bias.data, bias.type)]
    for fraction in range(_bias_fraction(multipliers, steps), -1, -1):
        constants = _with_weights(requantization(multipliers, steps, fraction), x, weights)
        if fraction == 0 or constants.overflow() is None:
            break
    return constants


def _with_weights(found: Requantization, x: TensorType, weights: Tensor) -> DotConstants:
    flat = cast(np.ndarray, weights.data).reshape(weights.type.shape[0], -1).astype(np.int64)
    sums, reach = flat.sum(axis=1), 128 * np.abs(flat).sum(axis=1)
    folded = tuple(
        own - (x.zero_point * int(total) << found.fraction)
        for own, total in zip(found.bias, sums, strict=True)
    )
    return DotConstants(found, folded, tuple(reach.tolist()))


def _bias_fraction(multipliers: list[Fraction], steps: list[Fraction] | None) -> int:
    """The fraction bits for biases that are no whole number of sums (float ones, in QDQ files).

    Rounding such a bias shifts all results of a channel by up to M / 2 output steps: onnxruntime,
    which adds it in float, then differs in 0.1 % of all values. q bits divide that by 2**q, but
    multiply the multiplier's own error, of about 32 steps / (M * 2**33), by 2**q: both are equal
    at 2**q = M * 2**14.
    """
    if steps is None:
        return 0
    sums = [step / multiplier for step, multiplier in zip(steps, multipliers, strict=True)]
    if all(abs(v - round_half_up(v)) <= _WHOLE + abs(v) * _SCALE_ERROR for v in sums):
        return 0
    typical = sorted(multipliers)[len(multipliers) // 2]
    return max(0, min(_MOST_FRACTION, round(math.log2(typical)) + 14))


def instance_constants(instance: Instance) -> DotConstants:
    """The constants of a node whose inputs are x, weights and an optional bias.

    They are the same for any width and height, and so are found once for all strips of a map.
    """
    bias = instance.inputs[2] if len(instance.inputs) > 2 else None
    x, y = (tensor.type.with_shape(()) for tensor in (instance.inputs[0], instance.output))
    return dot_constants(x, instance.inputs[1], bias, y, fixed_precision(instance))


def contract(instance: Instance, sums: np.ndarray) -> np.ndarray:
    """int8 results of sums of products [..., channels] (float64 holds them exactly)."""
    constants, y = instance_constants(instance), instance.output.type
    acc = (sums.astype(np.int64) << constants.requantization.fraction) + np.array(constants.bias)
    return constants.requantization.apply(acc, y.zero_point, output_bounds(instance))


def real_bias(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray | float:
    """The bias in real numbers, whatever its units."""
    if len(values) < 3 or fixed_precision(instance) is None:
        return values[2] if len(values) > 2 else 0.0
    found, y = instance_constants(instance).requantization, instance.output.type
    unit = float(y.scale) * 2.0 ** (found.shift - MULTIPLIER_BITS)
    return np.asarray(values[2] * found.multiplier * unit)


def contract_bounds(instance: Instance, sums: Bounds) -> Bounds:
    """The limits of the results from the limits of the sums of products (one per channel).

    A multiplier is positive, so that requantisation never decreases. Python integers: sums that
    leave int32 are limited too, which proves channels with huge biases constant.
    """
    constants = instance_constants(instance)
    found, zero, clamp = constants.requantization, instance.output.type.zero_point, output_bounds
    low, high = clamp(instance)
    bias, multiplier = (np.array(v, object) for v in (constants.bias, found.multiplier.tolist()))

    def results(limits: np.ndarray) -> np.ndarray:
        acc = limits.astype(object) * 2**found.fraction + bias
        steps = unclamped(acc, multiplier, found.shift, zero)
        return np.asarray(np.minimum(np.maximum(steps, low), high)).astype(np.int64)

    return sums.mapped(results)


def sum_limits(weights: np.ndarray, x: Bounds) -> Bounds:
    """The limits of sums of weights * x over the last axis; x broadcasts against the weights."""
    w = weights.astype(np.int64)
    least = np.where(w >= 0, w * x.low, w * x.high).sum(axis=-1)
    return Bounds(least, np.where(w >= 0, w * x.high, w * x.low).sum(axis=-1))


def dense_fields(instance: Instance) -> tuple[Field, ...]:
    """The members that all parameter structs of dot products end with."""
    constants, weights = instance_constants(instance), instance.inputs[1]
    return (
        Field("out_zero", instance.output.type.zero_point),
        *bound_fields(instance),
        Field("shift", constants.requantization.shift),
        Field("fraction", constants.requantization.fraction),
        Field("weights", Array("int8_t", cast(np.ndarray, weights.data), weights.name)),
        Field("bias", Array("int32_t", np.array(constants.bias, np.int32))),
        Field("multiplier", Array("int32_t", constants.requantization.multiplier)),
    )


def dense_params(instance: Instance) -> Params:
    """The fields of `tinycc_conv1x1_s8_params`: dot products over the last axis."""
    return Params(
        "tinycc_conv1x1_s8_params",
        (
            Field("in_channels", instance.inputs[0].type.shape[-1]),
            Field("out_channels", instance.output.type.shape[-1]),
            *dense_fields(instance),
        ),
    )


def has_constants(instance: Instance) -> bool:
    """False where the scales are too far apart for any multiplier and shift."""
    try:
        instance_constants(instance)
    except ValueError:
        return False
    return True


def accumulator_is_int32(instance: Instance) -> str | None:
    """no partial sum of an output may leave 32 bits, whatever the input"""
    weights = instance.inputs[1].data
    if weights is None or instance.output.type.is_float:
        return None
    try:
        return instance_constants(instance).overflow()
    except ValueError as error:
        return str(error)


def bias_is_a_vector(instance: Instance) -> str | None:
    """a bias must have one value per output channel"""
    channels = instance.inputs[1].type.shape[:1]
    for tensor in instance.inputs[2:]:
        if tensor.type.shape != channels:
            return f"`{tensor.name}` has the shape {list(tensor.type.shape)}, not {list(channels)}"
    return None


def weights_are_constant(instance: Instance) -> str | None:
    """weights and bias must be constants of the model"""
    for tensor in instance.inputs[1:]:
        if not tensor.is_constant:
            return f"`{tensor.name}` is computed at run time"
    return None


def weights_are_int8(instance: Instance) -> str | None:
    """weights must be int8 with zero point 0 (uint8 with zero point 128 is the same)"""
    type_ = instance.inputs[1].type
    if instance.output.type.is_float:
        return None
    if type_.dtype is not DType.INT8 or type_.quantization is None:
        return f"weights are {type_.dtype.value}"
    if any(type_.quantization.zero_point):
        return f"a weight's zero point is {max(type_.quantization.zero_point, key=abs)}"
    return None
