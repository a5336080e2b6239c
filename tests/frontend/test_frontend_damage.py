"""Damaged files: a clear error or a graph, never a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_models import small_convnet

from tinycc.errors import TinyccError
from tinycc.frontend import read_onnx
from tinycc.ir.graph import Graph

SEEDS = range(8)
DAMAGES_PER_SEED = 40


def _damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """A cut, some flipped bits, or some overwritten bytes."""
    kind, place = rng.integers(0, 3), int(rng.integers(0, len(data)))
    if kind == 0:
        return data[:place]
    changed = bytearray(data)
    if kind == 1:
        for _ in range(int(rng.integers(1, 4))):
            changed[int(rng.integers(0, len(data)))] ^= 1 << int(rng.integers(0, 8))
    else:
        changed[place : place + 4] = rng.bytes(len(data[place : place + 4]))
    return bytes(changed)


def _outcome(path: Path) -> Graph | str:
    try:
        return read_onnx(path)
    except TinyccError as error:
        return error.render()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_small_model_never_gives_a_traceback(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    data = small_convnet(seed=seed).model().SerializeToString()
    for index in range(DAMAGES_PER_SEED):
        path = tmp_path / f"seed{seed}_{index}.onnx"
        path.write_bytes(_damaged(data, rng))
        assert _outcome(path)


def test_a_damaged_real_model_never_gives_a_traceback(shared_models: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = (shared_models / "mlperf_tiny" / "kws_i8.onnx").read_bytes()
    for index in range(60):
        path = tmp_path / f"kws{index}.onnx"
        path.write_bytes(_damaged(data, rng))
        assert _outcome(path)
