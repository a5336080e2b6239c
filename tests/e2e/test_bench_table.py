"""The committed table of instructions is what this tree executes: no count has risen."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from real_data import SHARED

from tinycc.toolchain.doctor import doctor

BENCH = Path(__file__).resolve().parents[2] / "bench"
SUBSET = (
    ("ad", "cortex-m0"),
    ("kws", "cortex-m3"),
    ("kws", "cortex-m4"),
    ("ad", "cortex-m4"),
    ("ad", "cortex-m55"),
    ("ad", "rv32imc"),
)


def _bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCH)
    spec = importlib.util.spec_from_file_location("bench_run", BENCH / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for annotations
    spec.loader.exec_module(module)
    return module


def _require_the_tools_of_the_table() -> None:
    versions = {tool.name: tool.version for tool in doctor()}
    made_by = (BENCH / "results.md").read_text()
    for name in ("arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"):
        version = versions[name]
        if version is None or version not in made_by:
            pytest.skip(f"the table was not made with this {name} ({version or 'not installed'})")


@pytest.mark.qemu
@pytest.mark.parametrize(("model", "target"), SUBSET)
def test_no_count_is_more_than_one_percent_above_the_table(
    model: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _require_the_tools_of_the_table()
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    bench = _bench(monkeypatch)
    path = SHARED / "models" / bench.MODELS[model]
    if not path.is_file():
        pytest.skip(f"no {path.name}: the public models are not here")
    table = json.loads((BENCH / "results.json").read_text())
    key = (model, target, "balanced")
    (committed,) = (r["figures"] for r in table if (r["model"], r["target"], r["form"]) == key)
    now = bench.measured(model, path, target).figures
    assert now["instructions"] <= 1.01 * committed["instructions"]
