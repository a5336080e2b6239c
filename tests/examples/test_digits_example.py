"""The digits example works as its README says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinycc

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits"


def _run(*words: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr  # QEMU prints the firmware's console on stderr


def test_its_own_tests_pass() -> None:
    said = _run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", DIGITS)
    assert "passed" in said


@pytest.mark.qemu
def test_its_firmware_runs_under_qemu(tmp_path: Path) -> None:
    for tool in ("make", "arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: `make test` installs it")
    tinycc.build(DIGITS / "digits.onnx", target="cortex-m7").write(tmp_path / "digits")
    settings = [f"BUILD={tmp_path}", f"MODEL={tmp_path}/digits", f"PYTHON={sys.executable}"]
    settings.append(f"SUPPORT={ROOT / 'targets' / 'support'}")
    said = _run("make", "-s", "-C", DIGITS / "firmware", "run", *settings)
    assert said == "right: 197 of 200 pictures, accuracy 98.5 %\n"


def test_its_training_makes_a_model_that_compiles(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    said = _run(sys.executable, DIGITS / "train.py", "--epochs", "2", "--output", tmp_path)
    assert "float accuracy" in said
    network = tinycc.build(tmp_path / "digits.onnx")
    with np.load(tmp_path / "samples.npz") as samples:
        pictures = (samples["x"].astype(np.int16) - 128).astype(np.int8)[:, np.newaxis]
        scores = network.run(pictures)["scores"]
        assert np.mean(scores.argmax(1) == samples["y"]) > 0.7


def test_its_files_are_small() -> None:
    assert (DIGITS / "digits.onnx").stat().st_size < 60_000
    assert (DIGITS / "samples.npz").stat().st_size < 20_000
