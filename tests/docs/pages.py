"""Pages of docs/ that are written by the tests that check them."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def check_page(name: str, text: str, config: pytest.Config) -> None:
    """The page docs/`name` is `text`; `--update-golden` writes it."""
    path = DOCS / name
    if config.getoption("update_golden"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shown = path.read_text(encoding="utf-8") if path.is_file() else ""
    assert text == shown, f"docs/{name} is stale: pytest tests/docs --update-golden writes it"


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; cells may hold anything."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
