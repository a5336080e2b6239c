"""Makes the models of tests/golden importable here."""

from __future__ import annotations

import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS / "golden"), str(_TESTS / "report"), str(_TESTS / "errors")]
