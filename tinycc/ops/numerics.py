"""The arithmetic of the numeric contract, in exact rationals and numpy int64.

Every constant that reaches a kernel is computed here, from the exact float64 scales of the model,
so that interpreter and C share one definition.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tinycc.ir.types import DType, TensorType

INT8_MIN, INT8_MAX = -128, 127
INT32_MAX = 2**31 - 1
MULTIPLIER_BITS = 33  # multiplier = M * 2**33: `hi32` drops 32 bits, the rounding shift one more
SMALL_MULTIPLIER = 2**16  # below it, rounding the multiplier up and scaling the bias is exacter


def round_half_up(value: Fraction) -> int:
    """floor(value + 1/2), the rounding of the whole contract."""
    return math.floor(value + Fraction(1, 2))


@dataclass(frozen=True)
class Requantization:
    """Per channel: y = clamp(floor(acc * multiplier / 2**(33 - shift) + zero_point + 1/2)).

    acc = (sum << fraction) + bias: the fraction bits give a bias that is no whole number of sums
    its resolution. The shift is there for M >= 1/4. One of the two is always 0.
    """

    multiplier: np.ndarray  # int32 [channels], 1 .. 2**31 - 1
    bias: tuple[int, ...]  # Python integers, checked against int32 later
    shift: int
    fraction: int = 0

    def apply(self, acc: np.ndarray, zero_point: int, bounds: tuple[int, int]) -> np.ndarray:
        """int8 results of int64 accumulators [..., channels]."""
        return requantize(acc, self.multiplier, self.shift, zero_point, bounds)


def requantization(
    scales: Sequence[Fraction], biases: Sequence[Fraction] | None = None, fraction: int = 0
) -> Requantization:
    """The constants for real multipliers M (> 0) and biases given in output steps.

    The shift is the smallest p with max(M) / 2**p < 1/4 whose multipliers stay below 2**31.
    """
    shift = 0
    while True:
        multipliers = [_multiplier(scale / 2 ** (shift + fraction)) for scale in scales]
        if max(multipliers) <= INT32_MAX:
            break
        shift, fraction = shift + 1, 0
        if shift > 31:
            raise ValueError("the output scale is more than 2**29 times finer than the inputs'")
    unit = 2 ** (MULTIPLIER_BITS - shift)
    steps = biases or [Fraction(0)] * len(multipliers)
    bias = tuple(
        round_half_up(step * unit / multiplier)
        for step, multiplier in zip(steps, multipliers, strict=True)
    )
    stored = np.array(multipliers, np.int64).astype(np.int32)
    return Requantization(stored, bias, shift, fraction)


def fixed_requantization(
    scales: Sequence[Fraction], biases: Sequence[int], precision: int
) -> Requantization:
    """The constants where the precision is given and biases are in units of the accumulator.

    `precision` is the number of fraction bits of the accumulator, or minus the shift.
    """
    multipliers = [_multiplier(scale / Fraction(2) ** abs(precision)) for scale in scales]
    stored = np.array(multipliers, np.int64).astype(np.int32)
    return Requantization(stored, tuple(biases), max(0, -precision), max(0, precision))


def _multiplier(scale: Fraction) -> int:
    exact = scale * Fraction(2**MULTIPLIER_BITS)
    if exact < SMALL_MULTIPLIER:
        return max(1, math.ceil(exact))
    return round_half_up(exact)


def requantize(
    acc: np.ndarray,
    multiplier: np.ndarray | int,
    shift: int,
    zero_point: int,
    bounds: tuple[int, int],
) -> np.ndarray:
    """The contract's requantisation of int64 accumulators, clamped to int8 bounds.

    |acc| < 2**31 and multiplier < 2**31: the product fits int64. The clamp takes the lower bound
    first, as ONNX's Clip does where min > max.
    """
    value = unclamped(acc.astype(np.int64), np.asarray(multiplier, np.int64), shift, zero_point)
    clamped: np.ndarray = np.minimum(np.maximum(value, bounds[0]), bounds[1])
    return clamped.astype(np.int8)


def unclamped(acc: np.ndarray, multiplier: np.ndarray, shift: int, zero_point: int) -> np.ndarray:
    """Output steps before saturation; arrays of int64, or of Python integers of any size."""
    value: np.ndarray = (((acc * multiplier) >> (32 - shift)) + 2 * zero_point + 1) >> 1
    return value


@dataclass(frozen=True)
class Clamp:
    """Real bounds of a fused activation (Relu: 0 to infinity)."""

    low: float = -math.inf
    high: float = math.inf

    def then(self, other: Clamp) -> Clamp:
        """The clamp that equals this one followed by another (both low <= high)."""
        low = min(max(self.low, other.low), other.high)
        return Clamp(low, max(low, min(self.high, other.high)))


def clamp_real(values: np.ndarray, clamp: Clamp | None) -> np.ndarray:
    """Real values after a fused activation; the lower bound acts first."""
    if clamp is None:
        return values
    clamped: np.ndarray = np.minimum(np.maximum(values, clamp.low), clamp.high)
    return clamped


def integer_bounds(clamp: Clamp | None, type_: TensorType) -> tuple[int, int]:
    """A clamp in output steps: quantisation is monotone, so clamping after it is exact."""
    if clamp is None:
        return INT8_MIN, INT8_MAX
    return quantize_real(clamp.low, type_), quantize_real(clamp.high, type_)


def quantize_real(value: float, type_: TensorType) -> int:
    """The int8 value that stands for a real number: round half up, saturate."""
    if math.isinf(value):
        return INT8_MAX if value > 0 else INT8_MIN
    steps = round_half_up(Fraction(value) / type_.scale) + type_.zero_point
    return max(INT8_MIN, min(INT8_MAX, steps))


def real_values(data: np.ndarray, type_: TensorType) -> np.ndarray:
    """The real numbers (float64) that stored values stand for."""
    quantization = type_.quantization
    if quantization is None:
        return data.astype(np.float64)
    scale = np.array(quantization.scale, np.float64)
    zero = np.array(quantization.zero_point, np.float64)
    shape = [1] * data.ndim
    if len(scale) > 1:
        shape[quantization.axis or 0] = -1
    return np.asarray((data - zero.reshape(shape)) * scale.reshape(shape))


def channel_scales(type_: TensorType, channels: int) -> list[Fraction]:
    """The exact scale of every channel of a weight or bias tensor."""
    if type_.quantization is None:
        return [Fraction(1)] * channels
    scales = [Fraction(scale) for scale in type_.quantization.scale]
    return scales * channels if len(scales) == 1 else scales


def exact_values(data: np.ndarray, type_: TensorType) -> list[Fraction]:
    """The exact real numbers of a 1-D constant (a bias: float32, or int32 with scales)."""
    scales = channel_scales(type_, len(data))
    zero = type_.quantization.zero_point if type_.quantization else (0,)
    zeros = zero * len(data) if len(zero) == 1 else zero
    convert = float if type_.dtype is DType.FLOAT32 else int
    return [
        (Fraction(convert(value)) - z) * s for value, z, s in zip(data, zeros, scales, strict=True)
    ]
