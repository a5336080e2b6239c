"""tinycc: compiles trained neural networks into plain C for microcontrollers."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinycc.api import LoadedNetwork, Network, Together, build, build_together, load

__version__ = "0.1.0"
_FACE = ("LoadedNetwork", "Network", "Together", "build", "build_together", "load")
__all__ = [
    "LoadedNetwork",
    "Network",
    "Together",
    "__version__",
    "build",
    "build_together",
    "load",
]


def __getattr__(name: str) -> object:
    """`tinycc.build` on first use, so that importing a part does not load all of onnxruntime."""
    if name in _FACE:
        return getattr(importlib.import_module("tinycc.api"), name)
    raise AttributeError(f"module 'tinycc' has no attribute {name!r}")
