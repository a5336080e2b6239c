"""The requantisation contract against exact rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.numerics import (
    INT32_MAX,
    SMALL_MULTIPLIER,
    Clamp,
    clamp_real,
    integer_bounds,
    quantize_real,
    real_values,
    requantization,
    requantize,
    round_half_up,
)

FULL = (-128, 127)
int32 = st.integers(-INT32_MAX, INT32_MAX)
scales = st.floats(1e-12, 2.0**20).map(Fraction)


@given(acc=int32, multiplier=st.integers(1, INT32_MAX), shift=st.integers(0, 31))
def test_requantisation_rounds_once_half_up(acc: int, multiplier: int, shift: int) -> None:
    for zero in (-128, -1, 0, 127):
        exact = Fraction((acc << shift) * multiplier, 2**33) + zero + Fraction(1, 2)
        expected = max(-128, min(127, math.floor(exact)))
        assert requantize(np.array([acc]), multiplier, shift, zero, FULL)[0] == expected


@given(scale=scales, steps=st.integers(-128, 127))
def test_a_multiplier_is_within_half_a_unit_of_the_real_one(scale: Fraction, steps: int) -> None:
    found = requantization([scale], [Fraction(steps)])
    multiplier = int(found.multiplier[0])
    exact = scale * 2 ** (33 - found.shift)
    assert 1 <= multiplier <= INT32_MAX
    if exact >= SMALL_MULTIPLIER:
        assert abs(multiplier - exact) <= Fraction(1, 2)
    else:
        assert multiplier == max(1, math.ceil(exact))
    in_steps = Fraction(found.bias[0] * multiplier, 2 ** (33 - found.shift))
    assert abs(in_steps - steps) <= Fraction(multiplier, 2 ** (34 - found.shift))


def test_one_shift_serves_all_channels() -> None:
    found = requantization([Fraction(1, 1000), Fraction(3)])
    assert found.shift == 4  # 3 / 2**4 < 1/4
    assert found.multiplier.tolist() == [
        round_half_up(Fraction(2**29, 1000)),
        3 * 2**29,
    ]


def test_a_multiplier_that_would_round_to_two_to_the_31_gets_a_shift() -> None:
    found = requantization([Fraction(1, 4) - Fraction(1, 2**60)])
    assert (found.shift, int(found.multiplier[0])) == (1, 2**30)


def test_scales_too_far_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="finer"):
        requantization([Fraction(2**30)])


def test_clip_with_min_above_max_gives_max() -> None:
    type_ = TensorType((1,), DType.INT8, Quantization.per_tensor(0.5, 0))
    clamp = Clamp(3.0, 1.0)
    low, high = integer_bounds(clamp, type_)
    assert (low, high) == (6, 2)
    acc = np.arange(-100, 100)
    assert set(requantize(acc, 2**30, 1, 0, (low, high)).tolist()) == {2}
    assert set(clamp_real(acc.astype(float), clamp).tolist()) == {1.0}


@given(
    a=st.tuples(st.floats(-4, 4), st.floats(-4, 4)).map(sorted),
    b=st.tuples(st.floats(-4, 4), st.floats(-4, 4)).map(sorted),
    x=st.floats(-5, 5),
)
def test_two_clamps_are_one(a: list[float], b: list[float], x: float) -> None:
    first, second = Clamp(*a), Clamp(*b)
    values = np.array([x])
    both = clamp_real(clamp_real(values, first), second)
    assert clamp_real(values, first.then(second)) == both


def test_real_bounds_round_half_up_and_saturate() -> None:
    type_ = TensorType((1,), DType.INT8, Quantization.per_tensor(0.5, 10))
    assert [quantize_real(v, type_) for v in (0.25, -0.25, 0.24, 1e9, -1e9, math.inf)] == [
        *(11, 10, 10, 127, -128, 127)
    ]


def test_real_values_follow_the_axis_of_the_scales() -> None:
    data = np.arange(6, dtype=np.int8).reshape(2, 3)
    type_ = TensorType((2, 3), DType.INT8, Quantization((1.0, 10.0, 100.0), (0, 1, 2), 1))
    assert real_values(data, type_).tolist() == [[0, 0, 0], [3, 30, 300]]
    scalar = TensorType((), DType.INT8, Quantization.per_tensor(0.5, 1))
    assert real_values(np.array(3, np.int8), scalar).shape == ()
