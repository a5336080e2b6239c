"""The judge of the kernels sees wrong bytes and bytes outside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from kernel_cases import Case, cases_of, run_cases

from tinycc import ops
from tinycc.ir.graph import Instance
from tinycc.ops.op import Params


def _case(op: str, index: int = 0) -> Case:
    return cases_of(ops.get(op))[index]


def test_a_wrong_byte_is_reported(tmp_path: Path) -> None:
    case = _case("conv2d")
    wrong = case.expected.copy()
    wrong.reshape(-1)[-1] ^= 1
    said = run_cases([replace(case, expected=wrong)], tmp_path)
    for way in ("whole", "unaligned", "by rows"):
        assert f", {way}: byte {wrong.size - 1} is" in said


def test_a_byte_outside_an_operand_is_reported(tmp_path: Path) -> None:
    """A parameter that claims one channel more than there is."""
    case = _case("max_pool2d")

    def one_more(instance: Instance) -> Params:
        params = case.kernel.params(instance)
        fields = [
            replace(f, value=instance.inputs[0].type.shape[3] + 1) if f.name == "channels" else f
            for f in params.fields
        ]
        return replace(params, fields=tuple(fields))

    said = run_cases([replace(case, kernel=replace(case.kernel, params=one_more))], tmp_path)
    assert "AddressSanitizer: heap-buffer-overflow" in said


def test_scratch_has_exactly_the_size_of_the_record(tmp_path: Path) -> None:
    case = next(c for c in cases_of(ops.get("conv2d")) if c.kernel.symbol == "tinycc_conv2d_s8")
    assert case.kernel.scratch(case.instance) > 0
    short = replace(case.kernel, scratch=lambda i: case.kernel.scratch(i) - 1)
    said = run_cases([replace(case, kernel=short)], tmp_path)
    assert "AddressSanitizer: heap-buffer-overflow" in said


def test_values_repeat_for_a_seed() -> None:
    first, second = _case("add").values, _case("add").values
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
