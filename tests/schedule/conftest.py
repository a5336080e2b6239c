"""Makes the networks of tests/memory importable here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "memory"))
