"""Where the package's data folders lie: in a wheel under tinycc/_data, in a checkout at its top."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _data(folder: str) -> Path:
    installed = _PACKAGE / "_data" / folder
    return installed if installed.is_dir() else _PACKAGE.parent / folder


RUNTIME_C = _data("runtime_c")
TEMPLATES = _data("templates")
TARGETS = _data("targets")
