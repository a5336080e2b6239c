"""What each technique contributes, and the bound over all schedules, on random networks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from branched_networks import branched
from random_networks import RandomNetwork

from tinycc.memory.place import plan
from tinycc.memory.techniques import stages
from tinycc.pipeline import Compiled, Options, compile_model

ORDER = ("layers", "overlap", "regions", "kernels", "recompute")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Compiled]:
    """Random networks in their smallest schedules."""
    folder = tmp_path_factory.mktemp("networks")
    options = Options(target="cortex-m4", optimize="ram")
    paths = [RandomNetwork(seed).build(8).save(folder, f"{seed}.onnx") for seed in range(9)]
    paths += [branched(seed).save(folder, f"branched{seed}.onnx") for seed in range(4)]
    return [compile_model(path, options) for path in paths]


def test_the_stages_lead_from_layers_to_the_arena(compiled: list[Compiled]) -> None:
    gained = set()
    for one in compiled:
        found = stages(one.front, one.plan, one.target.cost)
        arenas = [stage.arena for stage in found]
        named = [stage.technique for stage in found]
        assert named == [name for name in ORDER if name in named]
        assert arenas[:-1] == sorted(arenas[:-1], reverse=True)
        assert arenas[-1] == one.plan.arena_bytes
        gained |= {b.technique for a, b in pairwise(found) if b.arena < a.arena}
    assert gained == {"overlap", "regions", "kernels"}


def test_layer_by_layer_only_overlap_is_left(compiled: list[Compiled]) -> None:
    for one in compiled[:6]:
        again = compile_model(Path(str(one.source.path)), replace(one.options, optimize="speed"))
        found = {s.technique: s.arena for s in stages(again.front, again.plan, again.target.cost)}
        assert found["kernels"] == again.plan.arena_bytes <= found["overlap"] <= found["layers"]


@pytest.mark.parametrize("memory", ["arena", "pushed", "external"])
def test_no_schedule_is_placed_below_the_bound_over_all(
    compiled: list[Compiled], memory: str
) -> None:
    for one in compiled[:: 1 if memory == "arena" else 3]:
        options = replace(one.options, input_memory=memory)
        again = compile_model(Path(str(one.source.path)), options)
        for point in again.front.points:
            placed = plan(again.front.schedule(point), again.target.alignment)
            assert again.front.least <= placed.lower_bound <= placed.arena_bytes
