"""Layers that make their last rows first: how near their input they may lie, and their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_networks import RandomNetwork

from tinycc.api.program import run_samples
from tinycc.api.samples import samples_of
from tinycc.errors import InternalError
from tinycc.memory.checker import check
from tinycc.memory.place import plan
from tinycc.memory.plan import Plan
from tinycc.pipeline import Compiled, Options, compile_model
from tinycc.schedule.model import Overlap

ALIGNMENT = 4


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Compiled]:
    """Random networks, every step a layer."""
    folder = tmp_path_factory.mktemp("networks")
    options = Options(target="cortex-m4", optimize="speed", without=("reduce",))
    paths = (RandomNetwork(seed).build(8).save(folder, f"{seed}.onnx") for seed in range(40))
    return [compile_model(path, options) for path in paths]


def _pairs(one: Compiled) -> Iterator[tuple[int, Overlap]]:
    for region in one.plan.schedule.regions:
        for pair in region.overlaps:
            if pair.above is not None:
                yield region.first, pair


def _spread(placed: Plan, step: int, pair: Overlap, above: int) -> Plan:
    """All buffers far apart, but the output of a step so far above its input, made backwards."""
    schedule = placed.schedule
    steps = [replace(s, backwards=s.index == step) for s in schedule.steps]
    room = 4 * max(buffer.bytes for buffer in placed.buffers) // ALIGNMENT * ALIGNMENT
    homes = {n: i for i, buffer in enumerate(placed.buffers, 1) for n in buffer.tensors}
    moved = [replace(buffer, offset=i * room) for i, buffer in enumerate(placed.buffers, 1)]
    moved[homes[pair.growing] - 1] = replace(
        moved[homes[pair.growing] - 1], offset=homes[pair.dying] * room + above
    )
    size = (len(moved) + 2) * room
    schedule = replace(schedule, steps=tuple(steps))
    return replace(placed, schedule=schedule, buffers=tuple(moved), arena_bytes=size)


def test_a_place_nearer_to_the_input_is_found(compiled: list[Compiled]) -> None:
    mutants = 0
    for one in compiled:
        placed = plan(one.plan.schedule, ALIGNMENT)
        for step, pair in _pairs(one):
            assert pair.above is not None
            check(_spread(placed, step, pair, pair.above))
            type_ = one.plan.schedule.graph.tensors[pair.dying].type
            is_pad = one.plan.schedule.graph.producer[pair.growing].op == "pad"
            if type_.bytes >= ALIGNMENT * type_.shape[1] and not is_pad:
                mutants += 1
                with pytest.raises(InternalError, match="memory checker"):
                    check(_spread(placed, step, pair, pair.above - ALIGNMENT))
    assert mutants >= 20


def test_a_layer_that_lies_too_high_must_be_made_backwards(compiled: list[Compiled]) -> None:
    found = 0
    for one in compiled:
        steps = [replace(step, backwards=False) for step in one.plan.schedule.steps]
        if any(step.backwards for step in one.plan.schedule.steps):
            found += 1
            schedule = replace(one.plan.schedule, steps=tuple(steps))
            with pytest.raises(InternalError, match="memory checker"):
                check(replace(one.plan, schedule=schedule))
    assert found >= 3


def test_backwards_gives_the_bytes_of_forwards(compiled: list[Compiled]) -> None:
    turned = [one for one in compiled if any(step.backwards for step in one.plan.schedule.steps)]
    for one in turned[:3]:
        name = one.interface.inputs[0]
        shape = one.interface.tensors[name].type.shape
        values = np.random.default_rng(1).normal(0, 4, (2, *shape)).astype(np.float32)
        samples = samples_of(one.interface, {name: values})
        path = Path(str(one.source.path))
        results = []
        for optimize in ("speed", "ram"):
            again = compile_model(path, replace(one.options, target="host", optimize=optimize))
            results.append([a.tobytes() for a in run_samples(again, samples)[0].values()])
        assert results[0] == results[1]
