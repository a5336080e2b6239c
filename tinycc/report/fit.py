"""Does it fit: budgets and the target's memories against the report."""

from __future__ import annotations

from typing import Any

from tinycc.errors import DoesNotFitError
from tinycc.pipeline import Compiled


def check_budgets(compiled: Compiled, report: dict[str, Any]) -> None:
    """Raises DoesNotFitError that names the peak step, the largest steps and what would help."""
    sram, flash = report["memory"]["sram"], report["memory"]["flash"]
    ram_limit, ram_origin = _limit(compiled.options.ram, compiled.target.sram_bytes, "--ram")
    if ram_limit is not None and sram["total"] > ram_limit:
        help_ = _ram_help(compiled, report)
        raise _does_not_fit("SRAM", sram["total"], ram_limit, ram_origin, help_)
    limit, origin = _limit(compiled.options.flash, compiled.target.flash_bytes, "--flash")
    if limit is not None and flash["total"] > limit:
        raise _does_not_fit("flash", flash["total"], limit, origin, _flash_help(report))


def _limit(budget: int | None, target: int | None, option: str) -> tuple[int | None, str]:
    if budget is not None:
        return budget, option
    return target, "the target"


def _does_not_fit(what: str, needed: int, limit: int, origin: str, help_: str) -> DoesNotFitError:
    return DoesNotFitError(
        f"does not fit: {needed:,} bytes of {what} needed, {limit:,} available ({origin})",
        hint=help_,
    )


def _ram_help(compiled: Compiled, report: dict[str, Any]) -> str:
    smallest = min(point.bytes for point in compiled.front)
    steps, sram = report["steps"], report["memory"]["sram"]
    worst = sorted(steps, key=lambda step: -step["sram_live"])[:3]
    names = "; ".join(f"step {s['index']} ({_name(s)}) {s['sram_live']:,} B" for s in worst)
    return (
        f"the arena is {sram['arena']:,} B, fullest at step {sram['peak_step']}; largest: {names}; "
        f"no schedule of this network takes less than {smallest:,} B. "
        "A smaller input or fewer channels in these layers would help"
    )


def _flash_help(report: dict[str, Any]) -> str:
    flash = report["memory"]["flash"]
    worst = sorted(report["steps"], key=lambda step: -step["weights"])[:3]
    names = "; ".join(f"step {s['index']} ({_name(s)}) {s['weights']:,} B" for s in worst)
    return f"weights are {flash['weights']:,} B; largest: {names}"


def _name(step: dict[str, Any]) -> str:
    return str(step["nodes"][0] if step["nodes"] else step["kernel"])
