"""Tensors that wait are copied into slow memory where that costs less than to keep them there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_models import INT8, OnnxModel

from tinycc.api.program import run_samples
from tinycc.api.samples import samples_of
from tinycc.memory.choose import penalty
from tinycc.pipeline import Compiled, Options, compile_model, layered
from tinycc.schedule.cost import step_costs


def _with_skip(folder: Path) -> Path:
    """A map that a convolution reads at once, and a sum only after layers with larger maps."""
    net, rng = OnnxModel(), np.random.default_rng(0)
    x = net.dequantize(net.input("x", [1, 4, 16, 16], INT8), 0.05)
    skip = net.qdq(net.conv(x, 0.05, (16, 4, 3, 3), rng, pads=[1, 1, 1, 1]), 0.5)
    y = skip
    for before, after in ((16, 8), (8, 32), (32, 32), (32, 32), (32, 16)):
        y = net.qdq(net.conv(y, 0.5, (after, before, 3, 3), rng, pads=[1, 1, 1, 1]), 0.5)
    y = net.node("Add", [y, skip])
    net.output(net.quantize(y, 1.0, output="y"), [1, 16, 16, 16], INT8)
    return net.save(folder)


def _target(folder: Path, sizes: tuple[int, int], base: str = "cortex-m4") -> str:
    lines = [f'extends = "{base}"']
    for name, address, size, cost in (
        ("fast", 0x20000000, sizes[0], 1.0),
        ("slow", 0x20080000, sizes[1], 4.0),
    ):
        lines += ["[[memories]]", f'name = "{name}"', 'kind = "sram"']
        lines += [f"address = {address}", f"bytes = {size}", f"cost = {cost}"]
    path = folder / "board.toml"
    path.write_text("\n".join(lines))
    return str(path)


def _copies(compiled: Compiled) -> list[str]:
    return [node.output for node in compiled.plan.schedule.graph.nodes if node.op == "copy"]


def _built(folder: Path, optimize: str = "speed", base: str = "cortex-m4") -> Compiled:
    fast = 8_500 if base == "host" else 10_000  # kernels without scratch, and with it
    target = _target(folder, (fast, 64_000), base)
    return compile_model(_with_skip(folder), Options(target=target, optimize=optimize))


def test_a_map_that_waits_is_copied_into_slow_memory(tmp_path: Path) -> None:
    compiled = _built(tmp_path)
    (copy,) = _copies(compiled)
    home = compiled.plan.home
    assert home[copy].region == "slow"
    assert home[copy.removesuffix(", waiting")].region == "fast"
    assert compiled.plan.fits


def test_the_copy_costs_less_than_slow_accesses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def price(compiled: Compiled) -> float:
        costs = step_costs(compiled.plan.schedule, compiled.target.cost)
        return sum(costs) + penalty(compiled.plan)

    found = price(_built(tmp_path))
    monkeypatch.setattr("tinycc.memory.copies.MOST_COPIES", 0)
    assert found < price(_built(tmp_path))


def test_the_bytes_stay(tmp_path: Path) -> None:
    compiled = _built(tmp_path, base="host")
    assert _copies(compiled)
    name = compiled.interface.inputs[0]
    type_ = compiled.interface.tensors[name].type
    values = np.random.default_rng(1).integers(-128, 128, (3, *type_.shape)).astype(np.int8)
    samples = samples_of(compiled.interface, {name: values})
    found, _ = run_samples(compiled, samples)
    expected, _ = run_samples(layered(compiled), samples)
    for output, array in expected.items():
        np.testing.assert_array_equal(found[output], array)


def test_one_memory_gets_no_copies(tmp_path: Path) -> None:
    path = _with_skip(tmp_path)
    assert not _copies(compile_model(path, Options(target="cortex-m4", optimize="speed")))
