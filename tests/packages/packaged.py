"""What tests of packages share: running tools, unpacking archives, the small network's answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ANSWER = 2  # the class that the small network sees in an input of zeros (checked in conftest.py)


def unpacked(folder: Path, suffix: str) -> Path:
    """The contents of the one archive in a folder, unpacked beside it."""
    (archive,) = folder.glob(f"*{suffix}")
    place = folder.parent / f"{folder.name}_unpacked"
    with zipfile.ZipFile(archive) as file:
        file.extractall(place)
    return place


def need(*tools: str) -> None:
    """Skips the test where a tool is missing."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def run(*words: str | Path, cwd: Path | None = None, **environment: str | Path) -> str:
    """What a command prints; the test fails where it does."""
    variables = {**os.environ, **{name: str(value) for name, value in environment.items()}}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr  # QEMU prints the firmware's console on stderr


def sources(folder: Path) -> list[Path]:
    """The C files of a library, as systems that compile whole folders find them."""
    return sorted(folder.rglob("*.c"))
