"""Every bad input gives one clear error: the exact texts are in errors.txt.

Refresh them with TINYCC_UPDATE=1 and review the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bad_models import CASES, SHAPES

from tinycc.errors import TinyccError
from tinycc.frontend import read_onnx

TEXTS = Path(__file__).with_name("errors.txt")


def _expected() -> dict[str, str]:
    sections = TEXTS.read_text().split("=== ")[1:] if TEXTS.exists() else []
    return {name: text for name, _, text in (part.partition("\n") for part in sections)}


def _update(name: str, text: str) -> None:
    texts = {**_expected(), name: text}
    kept = [f"=== {case}\n{texts[case]}" for case in CASES if case in texts]
    TEXTS.write_text("".join(kept))


@pytest.mark.parametrize("name", CASES)
def test_bad_input_gives_exactly_this_error(name: str, tmp_path: Path) -> None:
    path = CASES[name](tmp_path)
    with pytest.raises(TinyccError) as caught:
        read_onnx(path, SHAPES.get(name, {}))
    text = f"exit {caught.value.exit_code}\n{caught.value.render()}\n\n"
    if os.environ.get("TINYCC_UPDATE"):
        _update(name, text)
    assert text == _expected().get(name)


def test_every_text_belongs_to_a_case() -> None:
    assert set(_expected()) <= set(CASES)
