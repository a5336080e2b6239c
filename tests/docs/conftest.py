"""Makes the models of other folders and the command line of tests/errors importable here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parents[1]
_NEIGHBOURS = ("errors", "golden", "quantize", "e2e")
sys.path[:0] = [str(_TESTS / name) for name in _NEIGHBOURS]

from command import CommandLine  # noqa: E402
from onnx_models import small_convnet  # noqa: E402


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The command line in a folder that holds a good model, m.onnx."""
    command = CommandLine(tmp_path, monkeypatch, capsys)
    small_convnet().save(command.folder)
    return command
