"""What a quantisation is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from tinycc.errors import UsageError
from tinycc.quantize.observers import OBSERVERS
from tinycc.quantize.preprocess import Preprocessing

AUTO, MIN_MAX = "auto", "min-max"
OBSERVER_NAMES = (AUTO, *OBSERVERS)
BEST = "best"
EFFORTS = ("standard", BEST)


@dataclass(frozen=True)
class QuantizationOptions:
    """`observer`: how ranges of activations are found, or "auto" for the best one per tensor.

    `effort`: "best" also learns the rounding of weights. `preprocess`: what becomes of the
    calibration's numbers before the network sees them, as a formula of x. Raises UsageError.
    """

    observer: str = AUTO
    effort: str = "standard"
    preprocess: str | None = None

    def __post_init__(self) -> None:
        if self.preprocess is not None:
            Preprocessing(self.preprocess)
        for what, value, known in (
            ("observer", self.observer, OBSERVER_NAMES),
            ("quantize", self.effort, EFFORTS),
        ):
            if value not in known:
                raise UsageError(
                    f"{what} {value!r} is not known", hint=f"one of {', '.join(known)}"
                )
