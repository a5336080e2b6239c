"""Packages of a small network; tests/packages and tests/golden are on the import path."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))
sys.path.insert(0, str(Path(__file__).parent))

from onnx_models import small_convnet
from packaged import ANSWER

from tinycc import build
from tinycc.api.network import Network

Packager = Callable[..., Path]


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Network]:
    """Compiles a small classifier with integer ends: `network(target, input_memory, name)`."""
    model = small_convnet(seed=3, border="integer").save(tmp_path_factory.mktemp("model"))
    found: dict[tuple[str, ...], Network] = {}

    def compiled(target: str, input_memory: str = "arena", name: str = "m") -> Network:
        key = (target, input_memory, name)
        if key not in found:
            found[key] = build(model, target=target, input_memory=input_memory, name=name)
        return found[key]

    zeros = np.zeros((1, 2, 8, 8), np.int8)
    assert compiled("host").run(zeros)["y"].argmax() == ANSWER
    return compiled


@pytest.fixture
def package(network: Callable[..., Network], tmp_path: Path) -> Packager:
    """Writes a package: `package(ecosystem, target, input_memory, name)`; its folder."""

    def written(
        ecosystem: str, target: str = "host", input_memory: str = "arena", name: str = "m"
    ) -> Path:
        folder = tmp_path / f"{name}_{ecosystem}"
        network(target, input_memory, name).write(folder, ecosystem, "1.2.3")
        return folder

    return written
