"""Random networks over several small memories: the same bytes as in one, on the host."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from random_networks import RandomNetwork

from tinycc.api.program import run_samples
from tinycc.api.samples import samples_of
from tinycc.memory.arrange import STACK_ROOM
from tinycc.pipeline import Options, compile_model

SHARES = ((0.35, 1.0), (0.6, 0.6), (0.3, 0.4, 0.7))


def _target(folder: Path, sizes: list[int]) -> Path:
    """The host with memories, of which each is dearer than the one before."""
    lines = ['extends = "host"']
    for index, size in enumerate(sizes):
        lines += ["[[memories]]", f'name = "m{index}"', 'kind = "sram"']
        lines += [f"address = {index << 20}", f"bytes = {size}", f"cost = {1 + 1.5 * index}"]
    path = folder / "memories.toml"
    path.write_text("\n".join(lines))
    return path


def _agree(seed: int, folder: Path) -> None:
    rng = np.random.default_rng(seed)
    path = RandomNetwork(seed).build(int(rng.integers(4, 14))).save(folder)
    optimize = str(rng.choice(["ram", "balanced", "speed"]))
    one = compile_model(path, Options(optimize=optimize))
    shares = SHARES[seed % len(SHARES)]
    sizes = [max(8, math.ceil(share * one.plan.arena_bytes) + 32) for share in shares]
    sizes[0] += STACK_ROOM + 8 * len(sizes)
    target = str(_target(folder, sizes))
    several = compile_model(path, Options(target=target, optimize=optimize))
    name = one.interface.inputs[0]
    shape = one.interface.tensors[name].type.shape
    values = np.random.default_rng(seed).normal(0, 4, (3, *shape)).astype(np.float32)
    samples = samples_of(one.interface, {name: values})
    found, _ = run_samples(several, samples)
    expected, _ = run_samples(one, samples)
    for output, array in expected.items():
        np.testing.assert_array_equal(found[output], array, err_msg=f"seed {seed}")
    for arena in several.plan.arenas:
        assert arena.bytes <= arena.capacity or not several.plan.fits


@pytest.mark.parametrize("seed", range(8))
def test_several_memories_give_the_bytes_of_one(seed: int, tmp_path: Path) -> None:
    _agree(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 150))
def test_several_memories_give_the_bytes_of_one_in_many_networks(seed: int, tmp_path: Path) -> None:
    _agree(seed, tmp_path)
