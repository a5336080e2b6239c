"""Does it fit: budgets and the target's memories against the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinycc.errors import DoesNotFitError
from tinycc.pipeline import Compiled


def check_budgets(compiled: Compiled, report: dict[str, Any]) -> None:
    """Raises DoesNotFitError that names the peak step, the largest steps and what would help."""
    flash = report["memory"]["flash"]
    for needed, available, origin in _ram_needs(compiled, report):
        if needed > available:
            help_ = _ram_help(compiled, report)
            raise _does_not_fit("SRAM", needed, available, origin, help_)
    limit, origin = _limit(compiled.options.flash, compiled.target.flash_bytes, "--flash")
    if limit is not None and flash["total"] > limit:
        raise _does_not_fit("flash", flash["total"], limit, origin, _flash_help(report))


def _ram_needs(compiled: Compiled, report: dict[str, Any]) -> Iterator[tuple[int, int, str]]:
    """Bytes needed and available: of the budget, and of each memory of the target.

    What is no arena lies in the first memory, with what its firmware reserves.
    """
    sram, memories = report["memory"]["sram"], report["memory"]["memories"]
    if compiled.options.ram is not None:
        yield sram["total"], compiled.options.ram, "--ram"
    free = {one["name"]: one["bytes"] - one["reserved"] for one in memories}
    if len(memories) > 1:
        parts = ", ".join(f"{name} {size:,}" for name, size in free.items())
        yield sram["total"], sum(free.values()), f"the target: {parts}"
    rest = sram["total"] - sram["arena"]
    for one in memories:
        origin = "the target" if len(memories) == 1 else f"the target's memory {one['name']}"
        yield one["arena"] + rest, free[one["name"]], origin
        rest = 0


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
    steps, sram = report["steps"], report["memory"]["sram"]
    smallest = min(sram["arena"], *(point.bytes for point in compiled.front.points))
    worst = sorted(steps, key=lambda step: -step["sram_live"])[:3]
    names = "; ".join(f"step {s['index']} ({_name(s)}) {s['sram_live']:,} B" for s in worst)
    elsewhere = ""
    if sram["input"]:
        elsewhere = f"; --input-memory external leaves {sram['input']:,} B to the caller"
    return (
        f"the arena is {sram['arena']:,} B, fullest at step {sram['peak_step']}; largest: {names}; "
        f"no schedule of this network takes less than {smallest:,} B. "
        f"A smaller input or fewer channels in these layers would help{elsewhere}"
    )


def _flash_help(report: dict[str, Any]) -> str:
    flash = report["memory"]["flash"]
    worst = sorted(report["steps"], key=lambda step: -step["weights"])[:3]
    names = "; ".join(f"step {s['index']} ({_name(s)}) {s['weights']:,} B" for s in worst)
    return f"weights are {flash['weights']:,} B; largest: {names}"


def _name(step: dict[str, Any]) -> str:
    """The first of the ONNX nodes that became one; of names that a converter joined the last."""
    name = str(step["nodes"][0] if step["nodes"] else step["kernel"])
    return name.rsplit(";", 1)[-1]
