"""What convolutions and fully connected layers share: the constants of int8 dot products."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from tinycc.ir.graph import Instance, Tensor
from tinycc.ir.types import DType, TensorType
from tinycc.ops.numerics import (
    INT32_MAX,
    Requantization,
    channel_scales,
    exact_values,
    requantization,
)


@dataclass(frozen=True)
class DotConstants:
    """Requantisation of a layer; `bias` includes -zero_point(x) * sum(w) per channel."""

    requantization: Requantization
    bias: tuple[int, ...]


@lru_cache(maxsize=1024)
def dot_constants(
    x: TensorType, weights: Tensor, bias: Tensor | None, y: TensorType
) -> DotConstants:
    """bias, multiplier and shift per output channel (weights: int8, channels first)."""
    assert weights.data is not None
    channels = weights.type.shape[0]
    scales = channel_scales(weights.type, channels)
    multipliers = [x.scale * scale / y.scale for scale in scales]
    steps: list[Fraction] | None = None
    if bias is not None:
        assert bias.data is not None
        steps = [value / y.scale for value in exact_values(bias.data, bias.type)]
    found = requantization(multipliers, steps)
    sums = weights.data.reshape(channels, -1).astype(np.int64).sum(axis=1)
    folded = tuple(b - x.zero_point * int(s) for b, s in zip(found.bias, sums, strict=True))
    return DotConstants(found, folded)


def instance_constants(instance: Instance) -> DotConstants:
    """The constants of a node whose inputs are x, weights and an optional bias."""
    bias = instance.inputs[2] if len(instance.inputs) > 2 else None
    return dot_constants(instance.inputs[0].type, instance.inputs[1], bias, instance.output.type)


def accumulator_is_int32(instance: Instance) -> str | None:
    """no partial sum of an output may leave 32 bits, whatever the input"""
    weights = instance.inputs[1].data
    if weights is None or instance.output.type.is_float:
        return None
    try:
        constants = instance_constants(instance)
    except ValueError as error:
        return str(error)
    reach = np.abs(weights.reshape(weights.shape[0], -1).astype(np.int64)).sum(axis=1) * 128
    for channel, (bias, own, span) in enumerate(
        zip(constants.bias, constants.requantization.bias, reach, strict=True)
    ):
        largest = max(abs(bias), abs(own)) + int(span)
        if largest > INT32_MAX:
            return f"output channel {channel} can reach {largest}, more than {INT32_MAX}"
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
