"""Families of cores, and the cores that CMSIS-Pack knows."""

from __future__ import annotations

from tinycc.target import Target, load_target

ARM, RISCV, X86, PORTABLE = "arm", "riscv", "x86", "portable"

_FAMILIES = {"thumb": ARM, "rv32im": RISCV, "avx2": X86}

# Dcore and what else tells it apart (PACK.xsd 1.7.32), and the target whose code all of them run.
_CMSIS_CORES: tuple[tuple[str, dict[str, str], str], ...] = (
    ("Cortex-M0", {}, "cortex-m0"),
    ("Cortex-M0+", {}, "cortex-m0plus"),
    ("Cortex-M1", {}, "cortex-m0"),
    ("Cortex-M23", {}, "cortex-m0"),
    ("Cortex-M3", {}, "cortex-m3"),
    ("Cortex-M33", {"Ddsp": "NO_DSP"}, "cortex-m3"),
    ("Cortex-M35P", {"Ddsp": "NO_DSP"}, "cortex-m3"),
    ("Cortex-M4", {}, "cortex-m4"),
    ("Cortex-M7", {}, "cortex-m7"),
    ("Cortex-M33", {"Ddsp": "DSP"}, "cortex-m33"),
    ("Cortex-M35P", {"Ddsp": "DSP"}, "cortex-m33"),
    ("Cortex-M52", {"Dmve": "NO_MVE"}, "cortex-m33"),
    ("Cortex-M52", {"Dmve": "MVE"}, "cortex-m55"),
    ("Cortex-M52", {"Dmve": "FP_MVE"}, "cortex-m55"),
    ("Cortex-M55", {"Dmve": "NO_MVE"}, "cortex-m33"),
    ("Cortex-M55", {"Dmve": "MVE"}, "cortex-m55"),
    ("Cortex-M55", {"Dmve": "FP_MVE"}, "cortex-m55"),
    ("Cortex-M85", {"Dmve": "NO_MVE"}, "cortex-m33"),
    ("Cortex-M85", {"Dmve": "MVE"}, "cortex-m55"),
    ("Cortex-M85", {"Dmve": "FP_MVE"}, "cortex-m55"),
)
_COMPILED = frozenset({"fpu"})  # the compiler makes do without it


def family(target: Target) -> str:
    """Whose code a target's is; portable C where it asks for no core."""
    found = (_FAMILIES[feature] for feature in _FAMILIES if feature in target.isa)
    return next(found, PORTABLE)


def cmsis_cores(target: Target) -> list[dict[str, str]]:
    """The cores that run a target's code, as the attributes of an <accept>."""
    needed = target.isa - _COMPILED
    return [
        {"Dcore": core, **more}
        for core, more, like in _CMSIS_CORES
        if needed <= load_target(like).isa
    ]
