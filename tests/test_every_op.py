"""The properties that every operator has for free, checked on its own examples."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from kernel_cases import cases_of, exact_steps, operands, portable, run_cases

from tinycc import ops
from tinycc.emit.runtime import with_parts
from tinycc.ir.graph import Instance
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.numerics import real_values
from tinycc.ops.op import Alias, Drive, Op, Scale, row_count
from tinycc.paths import RUNTIME_C

SEEDS = (0, 1, 2)
every_op = pytest.mark.parametrize("op", ops.ALL, ids=lambda op: op.name)
MOVING = {
    "concat",
    "copy",
    "max_pool2d",
    "recentre",
    "reshape",
    "resize_nearest",
    "slice",
    "transpose",
}


def examples(op: Op, seed: int) -> list[tuple[Instance, tuple[np.ndarray, ...]]]:
    rng = np.random.default_rng(seed)
    make = ExampleMaker(rng)
    return [(instance, operands(instance, make)) for instance in op.examples(rng)]


def result(op: Op, instance: Instance, values: tuple[np.ndarray, ...]) -> np.ndarray:
    assert op.reference is not None
    return op.reference(instance, values)


@every_op
def test_examples_satisfy_the_requirements(op: Op) -> None:
    for instance, _ in examples(op, 0):
        assert [need(instance) for need in op.requires if need(instance)] == []


@every_op
def test_requirements_and_records_are_documented(op: Op) -> None:
    assert op.summary.endswith(".")
    assert all(need.__doc__ and need.__doc__[0].islower() for need in op.requires)
    assert op.attrs.__doc__


@every_op
def test_inferred_shape_is_the_shape_of_the_result(op: Op) -> None:
    for instance, values in examples(op, 0):
        y = result(op, instance, values)
        assert y.shape == instance.output.type.shape
        assert y.dtype == instance.output.type.dtype.numpy
        assert op.infer(instance.attrs, [t.type for t in instance.inputs]) == y.shape
        reals = [real_values(v, t.type) for v, t in zip(values, instance.inputs, strict=True)]
        assert op.real(instance, reals).shape == y.shape


@every_op
@pytest.mark.parametrize("seed", SEEDS)
def test_integers_are_the_rounded_real_result(op: Op, seed: int) -> None:
    """Half a step from rounding, a fiftieth for the representation of multipliers."""
    tolerance = 1e-9 if op.name in MOVING else 0.52
    for instance, values in examples(op, seed):
        reals = [real_values(v, t.type) for v, t in zip(values, instance.inputs, strict=True)]
        exact, y = op.real(instance, reals), result(op, instance, values)
        if instance.output.type.is_float:
            np.testing.assert_allclose(y, exact, rtol=1e-6)
            continue
        worst = np.abs(y - exact_steps(exact, instance.output.type)).max(initial=0)
        assert worst <= tolerance, f"{instance.attrs} is off by {worst} steps"


@every_op
def test_an_output_row_depends_only_on_the_input_rows_it_names(op: Op) -> None:
    rng = np.random.default_rng(5)
    for instance, values in examples(op, 0):
        whole = result(op, instance, values)
        for row in range(row_count(instance.output.type)):
            changed = _scrambled_outside(op, instance, values, row, rng)
            if changed is None or len(whole.shape) != 4:
                continue
            other = result(op, instance, changed)
            assert np.array_equal(other[:, row], whole[:, row], equal_nan=True), (
                f"{instance.attrs}, row {row}"
            )


def _scrambled_outside(
    op: Op,
    instance: Instance,
    values: tuple[np.ndarray, ...],
    row: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, ...] | None:
    """The operands with other values in all rows that the output row does not need."""
    needed = iter(op.rows(instance, row))
    changed: dict[str, np.ndarray] = {}
    for tensor, value in zip(instance.inputs, values, strict=True):
        rows = None if tensor.is_constant else next(needed)
        if rows is None or row_count(tensor.type) == 1:
            changed.setdefault(tensor.name, value)
            continue
        noise = rng.integers(0, 255, value.shape).astype(np.uint8).view(np.int8)
        scrambled = noise.astype(value.dtype)
        scrambled[:, rows[0] : rows[1] + 1] = value[:, rows[0] : rows[1] + 1]
        changed.setdefault(tensor.name, scrambled)
    return tuple(changed[tensor.name] for tensor in instance.inputs)


@every_op
def test_row_windows_hold_the_rows_that_are_needed(op: Op) -> None:
    for instance, _ in examples(op, 0):
        for kernel in op.kernels:
            if kernel.drive is not Drive.ROWS or not kernel.when(instance):
                continue
            assert kernel.window is not None
            window = kernel.window(instance)
            for row in range(row_count(instance.output.type)):
                needed = op.rows(instance, row)[0]
                assert needed is not None
                first = window.first[row] if window.first else row * window.stride - window.pad
                last = min(first + window.rows, row_count(instance.inputs[0].type)) - 1
                assert needed == (max(0, first), last)


@every_op
def test_a_portable_kernel_exists_for_every_instance(op: Op) -> None:
    for instance, _ in examples(op, 0):
        assert portable(instance) or op.alias is Alias.VIEW


@every_op
def test_kernels_lie_where_the_record_says(op: Op) -> None:
    for kernel in op.kernels:
        source = RUNTIME_C / kernel.source
        header = source.parent / f"tinycc_{source.parent.name}.h"
        assert re.search(rf"\bvoid {kernel.symbol}\(", source.read_text())
        assert f"tinycc_kernel {kernel.symbol};" in header.read_text()
        assert source.stem == kernel.symbol


@every_op
def test_operators_that_move_values_keep_their_quantisation(op: Op) -> None:
    for instance, _ in examples(op, 0):
        if op.scale is Scale.SAME:
            before = {tensor.type.quantization for tensor in instance.inputs}
            assert before == {instance.output.type.quantization}


@every_op
@pytest.mark.parametrize("seed", SEEDS)
def test_kernels_in_c_equal_the_reference_bit_for_bit(op: Op, seed: int, tmp_path: Path) -> None:
    """Whole, in runs, row by row, in place, at any alignment, under the sanitizers."""
    cases = cases_of(op, seed)
    if cases:
        assert run_cases(cases, tmp_path) == ""


def test_names_are_unique_and_name_the_file() -> None:
    names = [op.name for op in ops.ALL]
    assert names == sorted(set(names))
    assert all((Path(ops.__file__).parent / f"{name}.py").is_file() for name in names)


def test_every_kernel_file_belongs_to_an_operator() -> None:
    kernels = {RUNTIME_C / kernel.source for op in ops.ALL for kernel in op.kernels}
    used = {path.relative_to(RUNTIME_C).as_posix() for path in with_parts(kernels)}
    files = {path.relative_to(RUNTIME_C).as_posix() for path in RUNTIME_C.glob("*/*.c")}
    assert files == used
