"""A target is data: what a processor can do, its memories, and how to build and run for it."""

from tinycc.target.load import NATIVE, list_targets, load_target
from tinycc.target.machine import missing_features, runs_here
from tinycc.target.target import FEATURES, Compiler, CostTable, Emulator, Memory, Runner, Target

__all__ = [
    "FEATURES",
    "NATIVE",
    "Compiler",
    "CostTable",
    "Emulator",
    "Memory",
    "Runner",
    "Target",
    "list_targets",
    "load_target",
    "missing_features",
    "runs_here",
]
