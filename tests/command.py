"""Runs the command line inside this process, and shows what it leaves in a folder."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tinycc.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command said: exit code, stdout, stderr."""

    code: int
    stdout: str
    stderr: str


class CommandLine:
    """The command `tinycc` in a folder of its own, which is the working directory."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder / "work"
        self._temporary = folder / "temporary"
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self.folder.mkdir()
        self._temporary.mkdir()
        monkeypatch.chdir(self.folder)
        monkeypatch.setattr(tempfile, "tempdir", str(self._temporary))
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.delenv("CC", raising=False)

    def run(self, *arguments: str | Path) -> Answer:
        """Runs a command; the folder's absolute path is shown as `.`."""
        self._monkeypatch.setattr(sys, "argv", ["tinycc", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        said = self._capsys.readouterr()
        return Answer(code, self._plain(said.out), self._plain(said.err))

    def files(self) -> list[str]:
        """Everything in the working directory and in the folder for temporary files."""
        root = self.folder.parent
        found = [path for top in (self.folder, self._temporary) for path in top.rglob("*")]
        return sorted(str(path.relative_to(root)) for path in found)

    def tools(self, *names: str) -> None:
        """Leaves only these tools on the PATH."""
        place = self.folder.parent / "tools"
        place.mkdir()
        for name in names:
            found = shutil.which(name)
            if found is None:
                pytest.skip(f"{name} is not installed")
            (place / name).symlink_to(found)
        self._monkeypatch.setenv("PATH", str(place))

    def _plain(self, text: str) -> str:
        return text.replace(str(self.folder), ".")


def written(arguments: Sequence[str]) -> str:
    """A command line as a user would type it."""
    return " ".join(["tinycc", *(f"'{a}'" if set(a) & set(" $*") else a for a in arguments)])
