"""Targeted numbers of single operators: bounds that their files promise, special values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from kernel_cases import Case, exact_steps, run_cases

from tinycc import ops
from tinycc.ir.graph import Instance, Tensor
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.add import sum_constants
from tinycc.ops.average_pool2d import AveragePool2d, counts
from tinycc.ops.conversion import Conversion
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.functions import FUNCTIONS
from tinycc.ops.lookup import Lookup, table
from tinycc.ops.numerics import INT32_MAX, real_values
from tinycc.ops.softmax import Softmax


def tensor(shape: tuple[int, ...], scale: float, zero: int = 0) -> Tensor:
    """A run-time int8 tensor."""
    return Tensor("x", TensorType(shape, DType.INT8, Quantization.per_tensor(scale, zero)))


def instance(
    op: str, attrs: object, inputs: Sequence[Tensor], scale: float, zero: int = 0
) -> Instance:
    """A node with an output of the given quantisation."""
    make = ExampleMaker(np.random.default_rng(0))
    quantization = Quantization.per_tensor(scale, zero)
    return make.instance(op, attrs, inputs, ops.get(op).infer, quantization)


@pytest.mark.parametrize("length", [1, 2, 12, 1000, 65535])
@pytest.mark.parametrize("out_scale", [1 / 256, 1 / 255, 2.0**-16 * 1.0001, 0.01, 1.0])
@pytest.mark.parametrize("in_scale", [1e-6, 0.01, 0.1, 3.0])
def test_softmax_is_the_rounded_real_value(length: int, out_scale: float, in_scale: float) -> None:
    rng = np.random.default_rng(length)
    node = instance("softmax", Softmax(), [tensor((1, length), in_scale)], out_scale, -128)
    for x in (
        rng.integers(-128, 128, (1, length)).astype(np.int8),
        np.full((1, length), 7, np.int8),
        np.where(rng.random((1, length)) < 0.01, 127, -128).astype(np.int8),
    ):
        y = ops.get("softmax").reference(node, [x])  # type: ignore[misc]
        exact = ops.get("softmax").real(node, [real_values(x, node.inputs[0].type)])
        assert np.abs(y - exact_steps(exact, node.output.type)).max() <= 0.51


def test_softmax_of_the_largest_terms_fits_its_registers(tmp_path: Path) -> None:
    """All terms 2**31 and the finest scale: the bounds in the file's comment are reached."""
    node = instance("softmax", Softmax(), [tensor((1, 65535), 1e-9)], 2.0**-16 * 1.00002, -128)
    cases = []
    for x in (np.zeros((1, 65535), np.int8), np.arange(65535).astype(np.int8).reshape(1, -1)):
        expected = ops.get("softmax").reference(node, [x])  # type: ignore[misc]
        kernel = ops.get("softmax").kernels[0]
        cases.append(Case("softmax", node, kernel, (x,), expected))
    assert run_cases(cases, tmp_path) == ""


@pytest.mark.parametrize("pads", [(0, 0, 0, 0), (1, 1, 1, 1), (2, 0, 1, 3)])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
def test_pools_count_only_real_pixels(
    pads: tuple[int, int, int, int], strides: tuple[int, int]
) -> None:
    attrs = AveragePool2d((3, 2), strides, pads)
    node = instance("average_pool2d", attrs, [tensor((1, 5, 6, 1), 0.1)], 0.1)
    found = counts(node)[..., 0]
    for row, column in np.ndindex(*found.shape):
        top, left = row * strides[0] - pads[0], column * strides[1] - pads[1]
        inside = [
            (y, x)
            for y in range(top, top + 3)
            for x in range(left, left + 2)
            if 0 <= y < 5 and 0 <= x < 6
        ]
        assert found[row, column] == len(inside)


def test_sums_never_leave_32_bits() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        a, b, y = (float(2.0 ** rng.uniform(-6, 6)) for _ in range(3))
        zeros = [int(z) for z in rng.choice([-128, 0, 127], 3)]
        operands = [tensor((1, 4), a, zeros[0]), tensor((1, 4), b, zeros[1])]
        found = sum_constants(instance("add", ops.get("add").attrs(), operands, y, zeros[2]), 1)
        first, second = found.multipliers
        assert 128 * (abs(first) + abs(second)) + abs(found.constant) <= INT32_MAX
        assert 10 <= found.shift <= 30


def test_a_sum_with_scales_too_far_apart_is_refused() -> None:
    node = instance("add", ops.get("add").attrs(), [tensor((1, 2), 1e6), tensor((1, 2), 1.0)], 1.0)
    facts = [fact for need in ops.get("add").requires if (fact := need(node))]
    assert facts == ["an input's scale is 1e+06 times the output's"]


def test_operands_that_broadcast_in_stripes_are_refused() -> None:
    a, b = tensor((2, 3, 2, 3), 0.1), tensor((1, 3, 1, 3), 0.1)
    node = instance("mul", ops.get("mul").attrs(), [a, b], 0.1)
    facts = [fact for need in ops.get("mul").requires if (fact := need(node))]
    assert facts == ["2x3x2x3 and 1x3x1x3 need 4 nested loops"]


def test_a_table_between_equal_types_is_the_identity() -> None:
    type_ = tensor((1,), 0.1, 5).type
    assert table(Lookup("identity"), type_, type_).tolist() == list(range(-128, 128))


def test_ties_in_a_table_round_up() -> None:
    x, y = tensor((1,), 0.1).type, tensor((1,), 0.2).type
    halves = table(Lookup("identity"), x, y)
    assert [int(halves[128 + v]) for v in (-3, -1, 1, 3)] == [-1, 0, 1, 2]


@pytest.mark.parametrize("name", [name for name, entry in FUNCTIONS.items() if entry.exact])
def test_exact_functions_agree_with_their_float64_form(name: str) -> None:
    parameters = {"clamp": (-1.0, math.inf), "affine": (0.5, -3.0), "hard_sigmoid": (0.2, 0.5)}
    attrs = Lookup(name, parameters.get(name, (0.3,) * len(FUNCTIONS[name].parameters)))
    node = instance("lookup", attrs, [tensor((1, 256), 0.0625, 3)], 0.03125, -7)
    x = np.arange(-128, 128, dtype=np.int8).reshape(1, -1)
    y = ops.get("lookup").reference(node, [x])  # type: ignore[misc]
    exact = ops.get("lookup").real(node, [real_values(x, node.inputs[0].type)])
    assert np.abs(y - exact_steps(exact, node.output.type)).max() <= 0.5


def test_quantize_is_onnx_for_every_kind_of_float(tmp_path: Path) -> None:
    """Ties to even, saturation, infinities, NaN as 0; the C kernel has the same bits."""
    scale, zero = float(np.float32(0.1)), 5
    ties = (np.arange(-300, 300) + 0.5) * 0.25
    numbers = [*ties, np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, 3e38, -3e38]
    cases = []
    for steps in (scale, 0.25, 1e-38, 1e38):
        x = np.array([numbers], np.float32)
        source = Tensor("x", TensorType(x.shape, DType.FLOAT32))
        node = instance("quantize", Conversion(), [source], float(np.float32(steps)), zero)
        y = ops.get("quantize").reference(node, [x])  # type: ignore[misc]
        cases.append(Case("quantize", node, ops.get("quantize").kernels[0], (x,), y))
    assert run_cases(cases, tmp_path) == ""
    quarter = cases[1].expected[0].astype(int)
    found = dict(zip([(-300 + i) + 0.5 for i in range(600)], quarter, strict=False))
    assert [found[v] for v in (0.5, 1.5, 2.5, -0.5, -1.5)] == [5, 7, 7, 5, 3]
    assert quarter[600:603].tolist() == [5, 127, -128]
