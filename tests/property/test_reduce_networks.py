"""Random networks with planted dead weight: reduction changes no byte, and bounds always hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted_networks import PlantedNetwork

from tinycc.frontend import read_onnx
from tinycc.interp.interpreter import run
from tinycc.ir.graph import Graph
from tinycc.ops import dense
from tinycc.ops.bounds import Bounds
from tinycc.passes.reduce.limits import limits_of
from tinycc.pipeline import Options, run_passes
from tinycc.target import load_target

HOST = load_target("host")
WRITTEN = Options(without=("reduce",))
SEEDS = range(100)
MANY = range(100, 1100)


def import_planted(seed: int, folder: Path) -> Graph:
    """A planted network as the frontend gives it."""
    rng = np.random.default_rng(seed)
    model = PlantedNetwork(seed).build(int(rng.integers(2, 12)))
    return read_onnx(model.save(folder))


def samples(graph: Graph, seed: int, count: int = 3) -> list[dict[str, np.ndarray]]:
    """Uniform inputs, and ones at the ends of the range."""
    rng, found = np.random.default_rng(seed), []
    for index in range(count):
        sample = {}
        for name in graph.inputs:
            type_ = graph.tensors[name].type
            if type_.is_float:
                sample[name] = rng.normal(0, 4, type_.shape).astype(np.float32)
                continue
            info = np.iinfo(np.dtype(type_.dtype.value))
            drawn = rng.integers(info.min, info.max, type_.shape, endpoint=True)
            ends = np.where(drawn > (info.min + info.max) // 2, info.max, info.min)
            sample[name] = (drawn if index else ends).astype(type_.dtype.numpy)
        found.append(sample)
    return found


def outputs(graph: Graph, inputs: dict[str, np.ndarray]) -> list[bytes]:
    """The bytes of all outputs."""
    values = run(graph, inputs)
    return [values[name].tobytes() for name in graph.outputs]


def differences(seeds: Sequence[int], folder: Path, io: str = "int") -> list[int]:
    """The networks whose outputs change when they are reduced."""
    found = []
    for seed in seeds:
        imported = import_planted(seed, folder)
        written, reduced = (
            run_passes(imported, replace(o, io=io), HOST) for o in (WRITTEN, Options())
        )
        inputs = samples(written, seed)
        if any(outputs(written, x) != outputs(reduced, x) for x in inputs):
            found.append(seed)
    return found


def test_reduced_networks_give_the_same_bytes(tmp_path: Path) -> None:
    assert differences(SEEDS, tmp_path) == []


def test_reduced_networks_with_float_borders_give_the_same_bytes(tmp_path: Path) -> None:
    assert differences(SEEDS[:40], tmp_path, "float") == []


@pytest.mark.slow
def test_a_thousand_reduced_networks_give_the_same_bytes(tmp_path: Path) -> None:
    assert differences(MANY, tmp_path) == []


def test_every_value_lies_within_its_bounds(tmp_path: Path) -> None:
    for seed in SEEDS:
        graph = run_passes(import_planted(seed, tmp_path), WRITTEN, HOST)
        limits = limits_of(graph)
        for inputs in samples(graph, seed):
            for name, value in run(graph, inputs).items():
                proved = limits[name]
                assert (proved.low <= value).all() and (value <= proved.high).all(), (seed, name)


@pytest.mark.parametrize("side", ["low", "high"])
def test_a_bound_that_is_off_by_one_is_caught(
    side: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What these tests are worth: they fail when a bound is one step too tight."""
    exact = dense.contract_bounds

    def too_tight(instance: object, sums: Bounds) -> Bounds:
        found = exact(instance, sums)  # type: ignore[arg-type]
        low, high = found.low, found.high
        if side == "low":
            return Bounds(np.minimum(low + 1, high), high)
        return Bounds(low, np.maximum(high - 1, low))

    for module in ("conv2d", "fully_connected"):
        monkeypatch.setattr(f"tinycc.ops.{module}.contract_bounds", too_tight)
    assert differences(SEEDS, tmp_path) != []
