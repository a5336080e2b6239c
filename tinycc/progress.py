"""How long work tells what it does."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told what happens next; `fraction` (0 to 1) where it is known how far that is."""

    def __call__(self, text: str, fraction: float | None = None, /) -> None: ...


def silent(text: str, fraction: float | None = None, /) -> None:
    """Progress that nobody looks at."""
