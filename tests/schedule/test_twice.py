"""Squeeze and excite run twice: the map does not wait for its gate, and the bytes stay the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gated_networks import GatedNetwork
from random_networks import RandomNetwork

from tinycc.api.program import run_samples
from tinycc.api.samples import samples_of
from tinycc.errors import InternalError
from tinycc.interp.interpreter import run
from tinycc.memory.checker import check
from tinycc.memory.place import plan
from tinycc.pipeline import Compiled, Options, compile_model
from tinycc.schedule.cost import graph_macs
from tinycc.schedule.front import Order
from tinycc.schedule.layers import layer_schedule
from tinycc.schedule.model import Part, Schedule
from tinycc.schedule.remake import remade
from tinycc.schedule.twice import blocks, run_twice

SLOW = [pytest.param(core, marks=pytest.mark.slow) for core in ("cortex-m0", "cortex-m55")]


def _gated(seed: int, folder: Path, recompute: float = 1.0, target: str = "host") -> Compiled:
    path = GatedNetwork(seed).network(24, 2).save(folder, f"gated_{seed}.onnx")
    options = Options(target, optimize="ram", recompute=recompute, without=("reduce",))
    return compile_model(path, replace(options, input_memory="external"))


def _bytes(compiled: Compiled) -> list[bytes]:
    name = compiled.interface.inputs[0]
    shape = compiled.interface.tensors[name].type.shape
    values = np.random.default_rng(1).normal(0, 4, (2, *shape)).astype(np.float32)
    outputs, _ = run_samples(compiled, samples_of(compiled.interface, {name: values}))
    return [array.tobytes() for array in outputs.values()]


def _all_twice(compiled: Compiled) -> Schedule | None:
    """Every block that can run twice does, and all regions are as long as they can be."""
    layers = layer_schedule(compiled.graph, compiled.target)
    found = blocks(layers, compiled.target)
    if not found:
        return None
    again = run_twice(layers, found, compiled.target)
    order = Order(again, compiled.target)
    regions = []
    while not regions or regions[-1].last < len(again.steps) - 1:
        start = regions[-1].last + 1 if regions else 0
        regions.append(list(order.candidates.from_start(start))[-1].region)
    return remade(again, regions, order.candidates, order.tiles)


def test_a_map_that_waits_for_its_gate_is_made_twice(tmp_path: Path) -> None:
    plain, twice = _gated(0, tmp_path), _gated(0, tmp_path, 2.0)
    schedule = twice.plan.schedule
    assert any(", again" in node.output for node in schedule.graph.nodes)
    assert graph_macs(schedule.graph) <= 2 * graph_macs(plain.graph)
    assert twice.plan.arena_bytes <= 0.7 * plain.plan.arena_bytes
    assert _bytes(twice) == _bytes(plain)


@pytest.mark.qemu
@pytest.mark.parametrize(
    "target",
    [
        *(pytest.param(core, marks=pytest.mark.slow) for core in ("cortex-m0", "cortex-m55")),
        "cortex-m4",
    ],
)
def test_twice_gives_the_same_bytes_under_qemu(target: str, tmp_path: Path) -> None:
    twice = _gated(1, tmp_path, 2.0, target)
    assert any(", again" in node.output for node in twice.plan.schedule.graph.nodes)
    assert _bytes(twice) == _bytes(_gated(1, tmp_path))


@pytest.mark.parametrize("seed", [27, 31, 40, 54, 60, 62])
def test_random_networks_with_gates_compute_the_same(seed: int, tmp_path: Path) -> None:
    path = RandomNetwork(seed).build(12).save(tmp_path)
    compiled = compile_model(path, Options(optimize="speed", without=("reduce",)))
    schedule = _all_twice(compiled)
    assert schedule is not None
    check(plan(schedule, 4))
    rng = np.random.default_rng(seed)
    inputs = {
        name: rng.integers(-128, 128, compiled.graph.tensors[name].type.shape).astype(np.int8)
        for name in compiled.graph.inputs
    }
    ours, theirs = run(schedule.graph, inputs), run(compiled.graph, inputs)
    for name in compiled.graph.outputs:
        assert ours[name].tobytes() == theirs[name].tobytes()


def test_a_second_run_of_something_else_is_found(tmp_path: Path) -> None:
    compiled = _gated(0, tmp_path)
    schedule = _all_twice(compiled)
    assert schedule is not None
    names = [name for name in schedule.remade if name.endswith(", again")]
    other = compiled.graph.nodes[0].output
    for name in names:
        swapped = replace(schedule, remade={**schedule.remade, name: Part(other)})
        with pytest.raises(InternalError, match="memory checker"):
            check(plan(swapped, 4))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 23))
@pytest.mark.parametrize("factor", [1.1, 1.4, 1.8])
def test_many_gated_networks_give_the_same_bytes(seed: int, factor: float, tmp_path: Path) -> None:
    plain, again = _gated(seed, tmp_path), _gated(seed, tmp_path, factor)
    assert graph_macs(again.plan.schedule.graph) <= factor * graph_macs(plain.graph)
    assert again.plan.arena_bytes <= plain.plan.arena_bytes
    assert _bytes(again) == _bytes(plain)
