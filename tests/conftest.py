"""Fixtures of all tests. Its folder is on the import path, so tests share modules beside it."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flag that accepts what the compiler prints now."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the expected C and the expected error texts again (review the difference)",
    )
