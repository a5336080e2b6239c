"""Sum of two tensors, with numpy broadcasting; sub is the same with a negative multiplier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType
from tinycc.ops.activation import activated, bound_fields, output_bounds
from tinycc.ops.bounds import Bounds
from tinycc.ops.channels import same_channels
from tinycc.ops.elementwise import (
    binary_examples,
    binary_rule,
    broadcasts_simply,
    infer,
    line_work,
    rows,
    units,
    walk_fields,
)
from tinycc.ops.elementwise_mve import with_vectors
from tinycc.ops.elementwise_thumb2 import with_sum
from tinycc.ops.numerics import INT32_MAX, Clamp, round_half_up
from tinycc.ops.op import Alias, Drive, Field, Kernel, Op, Params, all_inputs, same_column

_MOST_SHIFT = 30
_LEAST_SHIFT = 10  # |x - zero| <= 255: both roundings of m together stay below 1/4 step


@dataclass(frozen=True)
class Add:
    """Attributes: the fused activation."""

    clamp: Clamp | None = None


@dataclass(frozen=True)
class SumConstants:
    """y = clamp((x1 * multipliers[0] + x2 * multipliers[1] + constant) >> shift)."""

    multipliers: tuple[int, int]
    constant: int
    shift: int


def sum_constants(instance: Instance, sign: int) -> SumConstants:
    """The constants with the largest shift whose partial sums all stay in int32.

    ValueError where the scales are too far apart for 32 bits.
    """
    first, second = instance.inputs[0].type, instance.inputs[1].type
    return _sum_constants(first, second, instance.output.type, sign)


@lru_cache(maxsize=1024)
def _sum_constants(a: TensorType, b: TensorType, y: TensorType, sign: int) -> SumConstants:
    ratios = (a.scale / y.scale, sign * b.scale / y.scale)
    for shift in range(_MOST_SHIFT, _LEAST_SHIFT - 1, -1):
        first, second = (round_half_up(ratio * 2**shift) for ratio in ratios)
        half = (2 * y.zero_point + 1) << (shift - 1)
        constant = half - a.zero_point * first - b.zero_point * second
        if 128 * (abs(first) + abs(second)) + abs(constant) <= INT32_MAX:
            return SumConstants((first, second), constant, shift)
    largest = float(max(abs(ratio) for ratio in ratios))
    raise ValueError(f"an input's scale is {largest:.3g} times the output's")


def sum_fits(sign: int) -> Callable[[Instance], str | None]:
    """The requirement that the constants exist."""

    def scales_are_close(instance: Instance) -> str | None:
        """no input's scale may be more than about 8000 times the output's"""
        if instance.output.type.is_float:
            return None
        try:
            sum_constants(instance, sign)
        except ValueError as error:
            return str(error)
        return None

    return scales_are_close


def sum_reference(sign: int) -> Callable[[Instance, Sequence[np.ndarray]], np.ndarray]:
    """The integer result of a sum (1) or difference (-1)."""

    def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
        found = sum_constants(instance, sign)
        a, b = (v.astype(np.int64) * m for v, m in zip(values, found.multipliers, strict=True))
        low, high = output_bounds(instance)
        steps = (a + b + found.constant) >> found.shift
        clamped: np.ndarray = np.minimum(np.maximum(steps, low), high)
        return clamped.astype(np.int8)

    return reference


def sum_bounds(sign: int) -> Callable[[Instance, Sequence[Bounds]], Bounds]:
    """The limits of a sum (1) or difference (-1)."""

    def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
        a, b = given
        flip = sign < 0
        compute = sum_reference(sign)
        low = compute(instance, (a.low, b.high if flip else b.low))
        high = compute(instance, (a.high, b.low if flip else b.high))
        return Bounds(low.astype(np.int64), high.astype(np.int64))

    return bounds


def sum_real(sign: int) -> Callable[[Instance, Sequence[np.ndarray]], np.ndarray]:
    """The real sum (1) or difference (-1)."""

    def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
        return activated(instance, values[0] + sign * values[1])

    return real


def sum_kernel(sign: int) -> Kernel:
    """The C kernel of a sum (1) or difference (-1)."""

    def params(instance: Instance) -> Params:
        found = sum_constants(instance, sign)
        fields = (
            *walk_fields(instance),
            Field("multiplier1", found.multipliers[0]),
            Field("multiplier2", found.multipliers[1]),
            Field("constant", found.constant, "zero points and the rounding half"),
            Field("shift", found.shift),
            *bound_fields(instance),
        )
        return Params("tinycc_add_s8_params", fields)

    source = "elementwise/tinycc_add_s8.c"
    return Kernel(
        "tinycc_add_s8",
        source,
        Drive.RUN,
        params,
        units=units,
        pointers=all_inputs,
        work=line_work,
    )


def sum_scale(first: float, second: float) -> float:
    """An output scale that most sums fit into, for examples."""
    return float(Fraction(first) + Fraction(second))


ADD = Op(
    name="add",
    attrs=Add,
    summary="Sum of two tensors with broadcasting.",
    infer=infer,
    reference=sum_reference(1),
    real=sum_real(1),
    rows=rows,
    examples=binary_examples("add", Add, sum_scale),
    kernels=with_sum(with_vectors(sum_kernel(1))),
    onnx=(binary_rule("Add", "add", Add()),),
    requires=(broadcasts_simply, sum_fits(1)),
    alias=Alias.IN_PLACE,
    bounds=sum_bounds(1),
    channels=same_channels,
    columns=same_column,
)
