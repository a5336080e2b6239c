"""Random networks: onnxruntime, the integer reference and the compiled C agree on every step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from random_networks import RandomNetwork

from tinycc.api.samples import Samples, samples_of
from tinycc.api.verify import verify
from tinycc.pipeline import Compiled, Options, compile_model
from tinycc.target import load_target, missing_features


def _compiled(seed: int, folder: Path, target: str) -> tuple[Compiled, Path]:
    layers = int(np.random.default_rng(seed).integers(1, 14))
    path = RandomNetwork(seed).build(layers).save(folder)
    return compile_model(path, Options(target=target, optimize="ram")), path


def _samples(compiled: Compiled, seed: int) -> Samples:
    name = compiled.interface.inputs[0]
    shape = compiled.interface.tensors[name].type.shape
    values = np.random.default_rng(seed).normal(0, 4, (4, *shape)).astype(np.float32)
    return samples_of(compiled.interface, {name: values})


def _agree(seed: int, folder: Path, target: str) -> None:
    compiled, path = _compiled(seed, folder, target)
    found = verify(compiled, _samples(compiled, seed), path)
    assert found.first_difference is None, f"seed {seed}: {found.first_difference}"
    assert found.outputs.different == 0, f"seed {seed}: {compiled.plan.schedule.regions}"


@pytest.mark.parametrize("seed", range(30))
def test_every_step_agrees_on_the_host(seed: int, tmp_path: Path) -> None:
    _agree(seed, tmp_path, "host")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30, 500))
def test_every_step_agrees_on_the_host_in_many_networks(seed: int, tmp_path: Path) -> None:
    _agree(seed, tmp_path, "host")


@pytest.mark.parametrize("target", ["host-avx2", "host-vnni"])
@pytest.mark.parametrize("seed", range(2000, 2003))
def test_every_step_agrees_in_vector_code(seed: int, target: str, tmp_path: Path) -> None:
    missing = missing_features(load_target(target))
    if missing:
        pytest.skip(f"this processor has no {', '.join(sorted(missing))}")
    _agree(seed, tmp_path, target)


@pytest.mark.qemu
@pytest.mark.parametrize("target", ["cortex-m0", "cortex-m4", "cortex-m55", "rv32imc"])
@pytest.mark.parametrize("seed", range(1000, 1003))
def test_every_step_agrees_under_qemu(seed: int, target: str, tmp_path: Path) -> None:
    _agree(seed, tmp_path, target)
