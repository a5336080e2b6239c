"""Every example runs as its README says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from real_data import SHARED

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def _run(*words: str | Path, cwd: Path = EXAMPLES) -> str:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr  # QEMU prints the firmware's console on stderr


def _firmware(example: str, build: Path) -> str:
    """What the firmware of an example prints; nothing may be said by the compilers."""
    for tool in ("make", "arm-none-eabi-gcc", "arm-none-eabi-g++", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: `make test` installs it")
    settings = [f"BUILD={build}", f"SHARED={SHARED}", f"PYTHON={sys.executable}"]
    said = _run("make", "-s", "-C", EXAMPLES / example, "run", *settings)
    assert "warning" not in said
    return said.splitlines()[-1]


def _need_shared() -> None:
    if not (SHARED / "models").is_dir():
        pytest.skip(f"no {SHARED}: set TINYCC_SHARED to a folder with models/ and data/")


@pytest.mark.qemu
def test_cpp(tmp_path: Path) -> None:
    assert _firmware("cpp", tmp_path) == "right: 49 of 50 pictures"


@pytest.mark.slow
@pytest.mark.qemu
def test_keyword_spotting_holds_no_recording(tmp_path: Path) -> None:
    _need_shared()
    said = _firmware("keyword_spotting", tmp_path)
    found = re.fullmatch(r"right: 19 of 20 words, with (\d+) bytes of arena", said)
    assert found is not None, said
    assert int(found[1]) < 6_000


@pytest.mark.slow
@pytest.mark.qemu
def test_person_detection_holds_no_picture(tmp_path: Path) -> None:
    _need_shared()
    said = _firmware("person_detection", tmp_path)
    pattern = r"right: 8 of 10 pictures, with (\d+) bytes of arena for pictures of 27648"
    found = re.fullmatch(pattern, said)
    assert found is not None, said
    assert int(found[1]) < 15_000


@pytest.mark.slow
@pytest.mark.qemu
def test_two_models_share_an_arena(tmp_path: Path) -> None:
    _need_shared()
    said = _firmware("two_models", tmp_path)
    assert said.startswith("right: 6 of 6 pictures; right: 3 of 3 words; one arena of ")


@pytest.mark.slow
def test_the_notebook_runs_from_end_to_end() -> None:
    pytest.importorskip("sklearn")
    said = _run(sys.executable, EXAMPLES / "quantise" / "notebook.py")
    assert "int8, best: 0.9" in said
    assert "wrote digits-1.0.0.zip" in said


def test_every_example_has_its_line_in_the_readme_and_a_readme() -> None:
    index = (EXAMPLES / "README.md").read_text()
    for folder in (path for path in EXAMPLES.iterdir() if path.is_dir()):
        assert f"[{folder.name}]({folder.name})" in index
        assert (folder / "README.md").is_file()
