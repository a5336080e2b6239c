"""The vector kernels of the host: bit for bit, and inside their buffers under the sanitizers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kernel_cases import SANITIZED, WARNINGS, Case, includes, run_cases, sources
from test_dsp_kernels import MAKERS, cases_of_instance, dsp_cases

from tinycc import ops
from tinycc.ops.examples import ExampleMaker
from tinycc.target import load_target, missing_features
from tinycc.toolchain.process import run_process

TARGETS = ("host-avx2", "host-vnni")
OPTIMISED = ("-O3", "-flto", "-fstrict-aliasing")


def flags_of(name: str) -> tuple[str, ...]:
    """The flags that turn a target's instructions on; skips where the processor lacks them."""
    missing = missing_features(load_target(name))
    if missing:
        pytest.skip(f"this processor has no {', '.join(sorted(missing))}")
    return load_target(name).compiler.cpu_flags


def cases_for(kind: str, seed: int, float_bias: bool = False) -> list[Case]:
    cases = dsp_cases(kind, seed, float_bias, "avx2")
    assert cases
    return cases


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", MAKERS)
def test_vector_kernels_equal_the_reference(target: str, kind: str, tmp_path: Path) -> None:
    cases = [case for float_bias in (False, True) for case in cases_for(kind, 11, float_bias)]
    assert run_cases(cases, tmp_path, (*SANITIZED, *flags_of(target))) == ""


@pytest.mark.parametrize("target", TARGETS)
def test_vector_sums_and_means_equal_the_reference(target: str, tmp_path: Path) -> None:
    cases = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        make = ExampleMaker(rng)
        for name in ("add", "sub", "average_pool2d"):
            for index, instance in enumerate(ops.get(name).examples(rng)):
                cases += cases_of_instance(instance, make, f"{name} {index}", "avx2")
    assert len({case.kernel.symbol for case in cases}) == 2
    assert run_cases(cases, tmp_path, (*SANITIZED, *flags_of(target))) == ""


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", range(12, 22))
def test_vector_kernels_equal_the_reference_on_many(target: str, seed: int, tmp_path: Path) -> None:
    cases = [case for kind in MAKERS for case in cases_for(kind, seed, seed % 2 == 0)]
    assert run_cases(cases, tmp_path, (*SANITIZED, *flags_of(target))) == ""


@pytest.mark.parametrize("target", TARGETS)
def test_every_operator_equals_the_reference_as_optimised(target: str, tmp_path: Path) -> None:
    """What the vectoriser makes of the portable kernels is judged too."""
    rng = np.random.default_rng(3)
    make = ExampleMaker(rng)
    cases = [case for kind in MAKERS for case in cases_for(kind, 23)]
    for op in ops.ALL:
        for index, instance in enumerate(op.examples(rng) if op.reference else ()):
            cases += cases_of_instance(instance, make, f"{op.name} {index}", "avx2")
    assert run_cases(cases, tmp_path, (*OPTIMISED, *flags_of(target))) == ""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_vector_kernels_are_strict_c(target: str, compiler: str, tmp_path: Path) -> None:
    """Compiled on any x86-64, whatever this processor has."""
    if "x86" not in run_process(["uname", "-m"], 10).stdout:
        pytest.skip("not an x86-64")
    files = [str(path) for path in sources() if path.stem.endswith("_x86")]
    words = [compiler, "-std=c99", "-O2", *load_target(target).compiler.cpu_flags, *WARNINGS]
    done = run_process([*words, *includes(), "-c", *files], 120, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
