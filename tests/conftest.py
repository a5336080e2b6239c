"""Fixtures of all tests. Its folder is on the import path, so tests share modules beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command import CommandLine


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flag that accepts what the compiler prints now."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the expected C and the expected error texts again (review the difference)",
    )


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The command line in a folder that holds a good model, m.onnx."""
    from command import CommandLine
    from onnx_models import small_convnet

    command = CommandLine(tmp_path, monkeypatch, capsys)
    small_convnet().save(command.folder)
    return command
