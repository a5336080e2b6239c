"""The report as a text of at most 80 columns."""

from __future__ import annotations

from typing import Any


def summary(report: dict[str, Any]) -> str:
    """What someone with a board wants to know first: does it fit, how large, how much work."""
    sram, flash, compute = (
        report["memory"]["sram"],
        report["memory"]["flash"],
        report["compute"],
    )
    measured = flash["code"] is not None
    code = flash["code"] if measured else flash["code_estimate"]
    lines = [
        f"{report['model']['name']} for {report['target']['name']}",
        f"  SRAM   {_bytes(sram['total'])}  arena {sram['arena']:,} ({_proof(sram)})",
        f"         {_parts(sram)}",
        *_memories(report["memory"]["memories"]),
        f"  flash  {_bytes(flash['total'])}  weights {flash['weights']:,}, code {code:,}"
        f" ({'measured' if measured else 'estimated'})",
        f"  work   {compute['macs']:,} multiply-accumulates in {len(report['steps'])} steps",
        f"         {_instructions(report)}",
    ]
    if compute["extra_macs"]:
        lines.append(
            f"         {compute['extra_macs']:,} multiply-accumulates are done again:"
            f" {compute['recompute']:.3f} x executed"
        )
    if report["reduction"] is not None and report["reduction"]["removed"]:
        lines += _reduction(report["reduction"])
    if report["steps"]:
        lines.append(f"  peak   step {sram['peak_step']}: {_peak(report)}")
    lines += [f"  note   {line}" for note in report["notes"] for line in note.splitlines()]
    return "\n".join(lines)


def _memories(memories: list[dict[str, Any]]) -> list[str]:
    """What lies in each memory, and how much of the traffic goes there; nothing to say of one."""
    lines = []
    for one in memories if len(memories) > 1 else ():
        kind = "traffic_predicted" if one["traffic"] is None else "traffic"
        moved = sum(other[kind] or 0 for other in memories)
        share = f"{100 * (one[kind] or 0) / max(1, moved):.1f} % of the traffic"
        free, cost = one["bytes"] - one["reserved"], f"access cost {one['access_cost']:g}"
        how = " (predicted)" if one["traffic"] is None else ""
        lines.append(
            f"  {one['name']:<6} {_bytes(one['arena'])}  of {free:,}; {share}{how}, {cost}"
        )
    return lines


def _reduction(found: dict[str, Any]) -> list[str]:
    """What of the model could never matter."""
    before, after = found["macs_before"], found["macs"]
    lines = []
    if after < before:
        lines.append(f"         {before:,} in the file, {_share(before, after)} of them needless")
    before, after = found["weights_before"], found["weights"]
    if after < before:
        share = _share(before, after)
        lines.append(f"         {share} of the file's {before:,} bytes of weights can never matter")
    return lines


def _share(before: int, after: int) -> str:
    return f"{100 * (before - after) / max(1, before):.0f} %"


def _bytes(count: int) -> str:
    return f"{count:>9,} B"


def _proof(sram: dict[str, Any]) -> str:
    if sram["optimal"]:
        return "optimal for this schedule"
    return f"at least {sram['lower_bound']:,} for this schedule"


def _parts(sram: dict[str, Any]) -> str:
    stack = "not measured" if sram["stack"] is None else f"{sram['stack']:,}"
    static = "not measured" if sram["static"] is None else f"{sram['static']:,}"
    return f"{_input(sram)}; stack {stack}, static {static}"


def _input(sram: dict[str, Any]) -> str:
    """Where the input lies."""
    if sram["input_memory"] == "external":
        return "the input is the caller's"
    if sram["input_memory"] == "pushed" and not sram["input"]:
        return f"input pushed, {sram['input_ring']:,} B of earlier rows in the arena"
    return f"in the arena: input {sram['input']:,}"


def _instructions(report: dict[str, Any]) -> str:
    compute = report["compute"]
    if compute["instructions"] is None:
        return f"about {compute['instructions_predicted']:,} instructions (predicted)"
    return f"{compute['instructions']:,} instructions on {report['machine']} (executed)"


def _peak(report: dict[str, Any]) -> str:
    step = report["steps"][report["memory"]["sram"]["peak_step"]]
    name = step["nodes"][-1] if step["nodes"] else step["kernel"]
    return name if len(name) <= 55 else f"...{name[-52:]}"
