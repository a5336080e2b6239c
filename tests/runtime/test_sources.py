"""The runtime as C: compilers' warnings, one translation unit, no floats, short functions."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from kernel_cases import WARNINGS, cases_of, includes, run_cases, sources

from tinycc import ops
from tinycc.paths import RUNTIME_C

_FUNCTION = re.compile(r"^(?!typedef)\w[^;{}=]*?(\w+)\([^;{}]*\)\n\{\n(.*?)^\}", re.M | re.S)
FLOAT_FOLDERS = {"quantize", "dequantize"}
every_source = pytest.mark.parametrize("source", sources(), ids=lambda path: path.name)
installed = [name for name in ("gcc", "clang") if shutil.which(name)]


def _code(source: Path) -> str:
    """The text without comments."""
    return re.sub(r"/\*.*?\*/", "", source.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("compiler", installed)
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_no_compiler_warns(compiler: str, level: str, tmp_path: Path) -> None:
    files = [str(path) for path in sources()]
    command = [compiler, "-std=c99", level, *WARNINGS, *includes(), "-c", *files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_all_files_can_be_one_unit(tmp_path: Path) -> None:
    unit = tmp_path / "all.c"
    unit.write_text("".join(f'#include "{path}"\n' for path in sources()))
    command = ["cc", "-std=c99", *WARNINGS, *includes(), "-c", str(unit), "-o", "all.o"]
    subprocess.run(command, cwd=tmp_path, check=True)


def test_optimised_kernels_equal_the_reference(tmp_path: Path) -> None:
    """Without sanitizers, all operators in one program: what an optimiser may assume."""
    cases = [case for op in ops.ALL if op.reference for case in cases_of(op, seed=9)]
    assert run_cases(cases, tmp_path, ("-O3", "-flto", "-fstrict-aliasing")) == ""


@every_source
def test_the_integer_path_has_no_floats_and_no_allocation(source: Path) -> None:
    code = _code(source)
    assert not re.search(r"\b(malloc|calloc|alloca|errno|printf|double)\b", code)
    if source.parent.name not in FLOAT_FOLDERS and not source.stem.endswith("_f32"):
        assert not re.search(r"\bfloat\b", code)


@every_source
def test_functions_are_short_and_carry_the_prefix(source: Path) -> None:
    code = _code(source)
    for match in _FUNCTION.finditer(code):
        assert match.group(1).startswith("tinycc_")
        assert match.group(2).count("\n") <= 78, match.group(1)


def test_headers_state_a_contract() -> None:
    for header in RUNTIME_C.rglob("*.h"):
        assert header.read_text().startswith("/* ")
