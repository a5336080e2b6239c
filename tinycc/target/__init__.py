"""A target is data: what a processor can do, its memories, and how to build and run for it."""

from tinycc.target.load import list_targets, load_target
from tinycc.target.target import FEATURES, Compiler, CostTable, Emulator, Memory, Runner, Target

__all__ = [
    "FEATURES",
    "Compiler",
    "CostTable",
    "Emulator",
    "Memory",
    "Runner",
    "Target",
    "list_targets",
    "load_target",
]
