"""What a quantisation is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from tinycc.errors import UsageError
from tinycc.quantize.observers import OBSERVERS

AUTO, MIN_MAX = "auto", "min-max"
OBSERVER_NAMES = (AUTO, *OBSERVERS)
BEST = "best"
EFFORTS = ("standard", BEST)


@dataclass(frozen=True)
class QuantizationOptions:
    """`observer`: how ranges of activations are found, or "auto" for the best one per tensor.

    `effort`: "best" also learns the rounding of weights. Raises UsageError for other names.
    """

    observer: str = AUTO
    effort: str = "standard"

    def __post_init__(self) -> None:
        for what, value, known in (
            ("observer", self.observer, OBSERVER_NAMES),
            ("quantize", self.effort, EFFORTS),
        ):
            if value not in known:
                raise UsageError(
                    f"{what} {value!r} is not known", hint=f"one of {', '.join(known)}"
                )
