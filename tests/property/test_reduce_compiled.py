"""Reduced random networks in C: the compiled network gives the bytes of the network as written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from planted_networks import PlantedNetwork

from tinycc.api.program import run_samples
from tinycc.api.samples import samples_of
from tinycc.pipeline import Options, compile_model

SEEDS = (3, 4, 8, 12, 20, 22, 30, 36)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_c_of_both_gives_the_same_bytes(seed: int, tmp_path: Path) -> None:
    path = PlantedNetwork(seed).build(8).save(tmp_path)
    written = compile_model(path, Options(without=("reduce",)))
    reduced = compile_model(path, Options())
    rng = np.random.default_rng(seed)
    arrays = {}
    for name in written.interface.inputs:
        type_ = written.interface.tensors[name].type
        info = np.iinfo(np.dtype(type_.dtype.value))
        drawn = rng.integers(info.min, info.max, (50, *type_.shape), endpoint=True)
        arrays[name] = drawn.astype(type_.dtype.numpy)
    samples = samples_of(written.interface, arrays)
    theirs, ours = (run_samples(compiled, samples)[0] for compiled in (written, reduced))
    assert {k: v.tobytes() for k, v in theirs.items()} == {k: v.tobytes() for k, v in ours.items()}
