"""What the front end's tests share: helper modules and the real models, where present."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_TESTS))


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The folder of public models; TINYCC_SHARED or ../shared beside the checkout."""
    shared = Path(os.environ.get("TINYCC_SHARED", _TESTS.parents[1] / "shared"))
    if not (shared / "models").is_dir():
        pytest.skip(f"no models in {shared}: set TINYCC_SHARED to the folder that holds models/")
    return shared / "models"
