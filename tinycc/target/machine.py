"""What the processor of this machine can do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tinycc.target.target import Target

# The feature of ours, and what Linux calls all that the target's programs need.
_FLAGS = {
    "avx2": {"avx2", "bmi1", "bmi2", "fma", "movbe", "f16c"},
    "avx512vnni": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512_vnni"},
}
_CPUINFO = Path("/proc/cpuinfo")


@cache
def machine_features() -> frozenset[str]:
    """The optional ISA features of this processor; none where nobody tells (other than Linux)."""
    text = _CPUINFO.read_text(encoding="utf-8") if _CPUINFO.is_file() else ""
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    flags = set(line.partition(":")[2].split())
    return frozenset(feature for feature, needed in _FLAGS.items() if needed <= flags)


def missing_features(target: Target) -> frozenset[str]:
    """The features that a native target's programs use and this processor lacks."""
    return (target.isa & _FLAGS.keys()) - machine_features() if target.is_native else frozenset()


def runs_here(target: Target) -> bool:
    """Whether a native target's programs run on this machine."""
    return target.is_native and not missing_features(target)
