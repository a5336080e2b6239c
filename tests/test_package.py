"""A wheel in an environment of its own, outside the checkout, compiles and runs a model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx_models import small_convnet

ROOT = Path(__file__).resolve().parents[1]
NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def _run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without another download: hatchling is a development dependency."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (path,) = folder.glob("tinycc_nn-*.whl")
    return path


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment with the wheel in it and nothing of the checkout.

    The dependencies come from the environment of the tests, through a .pth file that leads to
    them: downloading them again would test the network.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    bin_ = folder / "bin"
    _run(bin_ / "python", "-m", "pip", "install", "--no-deps", "--no-index", wheel, cwd=folder)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return bin_


def test_the_wheel_comes_without_the_checkout(scripts: Path, tmp_path: Path) -> None:
    code = "import tinycc.paths as p; print(p.__file__, p.TARGETS, p.TEMPLATES, p.RUNTIME_C)"
    done = _run(scripts / "python", "-c", code, cwd=tmp_path)
    for path in done.stdout.split():
        assert Path(path).exists()
        assert Path(path).is_relative_to(scripts.parent)


def test_an_installed_wheel_compiles_and_runs_a_model(scripts: Path, tmp_path: Path) -> None:
    small_convnet().save(tmp_path)
    np.save(tmp_path / "x.npy", np.zeros((3, 2, 8, 8), np.float32))
    tinycc = scripts / "tinycc"
    built = _run(tinycc, "build", "m.onnx", "--target", "host", "-o", "out", "--json", cwd=tmp_path)
    assert json.loads(built.stdout)["schema"] == 1
    assert (tmp_path / "out" / "m.c").is_file()
    _run(tinycc, "run", "out", "--input", "x.npy", "-o", "y.npy", cwd=tmp_path)
    assert np.load(tmp_path / "y.npy").shape == (3, 3)


def test_the_source_distribution_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=ROOT)
    (archive,) = tmp_path.glob("tinycc_nn-*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    source = tmp_path / archive.name.removesuffix(".tar.gz")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=source)
    (again,) = tmp_path.glob("*.whl")
    assert _contents(again) == _contents(wheel)
    assert any(name.startswith("tinycc/_data/targets/") for name, _ in _contents(wheel))


def _contents(wheel: Path) -> set[tuple[str, int]]:
    with zipfile.ZipFile(wheel) as archive:
        return {(entry.filename, entry.CRC) for entry in archive.infolist()}


@pytest.mark.slow
def test_an_empty_environment_gets_all_it_needs(wheel: Path, tmp_path: Path) -> None:
    """As pipx does it: the wheel and its dependencies, nothing else."""
    venv.create(tmp_path / "venv", with_pip=True)
    bin_ = tmp_path / "venv" / "bin"
    done = subprocess.run(
        [bin_ / "python", "-m", "pip", "install", "--quiet", wheel], capture_output=True, text=True
    )
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip(f"no package index: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    small_convnet().save(tmp_path)
    _run(bin_ / "tinycc", "analyze", "m.onnx", "--target", "cortex-m4", cwd=tmp_path)
    _run(bin_ / "tinycc", "verify", "m.onnx", "--samples", "2", cwd=tmp_path)
    assert "build and analyze work" in _run(bin_ / "tinycc", "doctor", cwd=tmp_path).stdout
    assert "_TINYCC_COMPLETE" in _run(bin_ / "tinycc", "completion", "bash", cwd=tmp_path).stdout
