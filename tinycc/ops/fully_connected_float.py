"""Fully connected layer from int8 to float32, where a model's last layer is not quantised.

bias'[c] = round(bias[c] / (s_x * s_w[c])) - z_x * sum(w[c])
acc[c]   = sum of w[c] * x + bias'[c]                             int32
y[c]     = float32(acc[c]) * float32(s_x * s_w[c])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType, Quantization
from tinycc.ops.activation import fused_clamp
from tinycc.ops.dense import bias_is_a_vector, weights_are_constant
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.fully_connected import FullyConnected, infer, macs, real, weights_match
from tinycc.ops.numerics import (
    INT32_MAX,
    Clamp,
    channel_scales,
    exact_values,
    round_half_up,
)
from tinycc.ops.op import Array, Drive, Field, Kernel, Op, Params, same_row, vectors

_LARGEST = float(np.finfo(np.float32).max)


def _steps(instance: Instance) -> list[Fraction]:
    """What one unit of an accumulator stands for."""
    weights = instance.inputs[1].type
    scale = instance.inputs[0].type.scale
    return [scale * step for step in channel_scales(weights, weights.shape[0])]


def _bias(instance: Instance) -> list[int]:
    """bias' of every channel, as Python integers."""
    weights = cast(np.ndarray, instance.inputs[1].data).astype(np.int64)
    zero = instance.inputs[0].type.zero_point
    folded = [-zero * int(total) for total in weights.sum(axis=1)]
    if len(instance.inputs) < 3:
        return folded
    bias = instance.inputs[2]
    real_bias = exact_values(cast(np.ndarray, bias.data), bias.type)
    units = zip(folded, real_bias, _steps(instance), strict=True)
    return [own + round_half_up(value / step) for own, value, step in units]


def _scales(instance: Instance) -> np.ndarray:
    return np.array([float(step) for step in _steps(instance)], np.float32)


def _limits(instance: Instance) -> tuple[np.float32, np.float32]:
    clamp = fused_clamp(instance) or Clamp()
    return np.float32(max(clamp.low, -_LARGEST)), np.float32(min(clamp.high, _LARGEST))


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The definition above, the products exact."""
    products = values[0].astype(np.int64) @ values[1].T.astype(np.int64)
    sums = (products + np.array(_bias(instance))).astype(np.float32) * _scales(instance)
    low, high = _limits(instance)
    return np.asarray(np.minimum(np.maximum(sums, low), high), np.float32)


def params(instance: Instance) -> Params:
    """The fields of `tinycc_fully_connected_s8_f32_params`."""
    weights = instance.inputs[1]
    low, high = _limits(instance)
    fields = (
        Field("in_channels", weights.type.shape[1]),
        Field("out_channels", weights.type.shape[0]),
        Field("low", float(low)),
        Field("high", float(high)),
        Field("weights", Array("int8_t", cast(np.ndarray, weights.data), weights.name)),
        Field("bias", Array("int32_t", np.array(_bias(instance), np.int32))),
        Field("scale", Array("float", _scales(instance), "of one unit of the sum")),
    )
    return Params("tinycc_fully_connected_s8_f32_params", fields)


def _weights_are_int8(instance: Instance) -> str | None:
    """weights must be int8 with zero point 0"""
    type_ = instance.inputs[1].type
    if type_.dtype is not DType.INT8 or type_.quantization is None:
        return f"weights are {type_.dtype.value}"
    return "a weight has a zero point" if any(type_.quantization.zero_point) else None


def _accumulator_is_int32(instance: Instance) -> str | None:
    """no partial sum of an output may leave 32 bits, whatever the input"""
    if instance.inputs[1].data is None or _weights_are_int8(instance):
        return None
    reach = 128 * np.abs(instance.inputs[1].data.astype(np.int64)).sum(axis=1)
    sums = [abs(own) + int(span) for own, span in zip(_bias(instance), reach, strict=True)]
    worst = max(sums)
    return f"an output can reach {worst}" if worst > INT32_MAX else None


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """With and without bias and clamp, scales per tensor and per channel."""
    make = ExampleMaker(rng)
    for inputs, count in ((1, 1), (7, 4), (64, 3)):
        for clamp in (None, Clamp(0.0, 1.5)):
            x = make.activation((1, inputs))
            steps = [float(np.float32(v)) for v in rng.uniform(0.001, 0.1, count)]
            kind = Quantization(tuple(steps), (0,) * count, 0 if count > 1 else None)
            data = rng.integers(-128, 128, (count, inputs)).astype(np.int8)
            units = tuple(float(x.type.scale) * step for step in steps)
            bias = make.constant(
                rng.integers(-5000, 5000, count).astype(np.int32),
                Quantization(units, (0,) * count, 0 if count > 1 else None),
            )
            operands = [x, make.constant(data, kind), *([bias] if clamp is None else [])]
            attrs = FullyConnected(clamp)
            yield make.instance(
                "fully_connected_float", attrs, operands, infer, None, DType.FLOAT32
            )


FULLY_CONNECTED_FLOAT = Op(
    name="fully_connected_float",
    attrs=FullyConnected,
    summary="Dense layer with int8 operands and float32 results, at a model's end.",
    infer=infer,
    reference=reference,
    real=real,
    rows=same_row,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_fully_connected_s8_f32",
            "fully_connected_float/tinycc_fully_connected_s8_f32.c",
            Drive.RUN,
            params,
            units=vectors,
        ),
    ),
    requires=(
        weights_are_constant,
        bias_is_a_vector,
        _weights_are_int8,
        weights_match,
        _accumulator_is_int32,
    ),
    macs=macs,
    border=True,
)
