"""The report as a text, by default of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len

from tinycc.emit.names import printable
from tinycc.report.bars import FITS, TOO_LARGE, UNKNOWN, Bar, bars, verdict
from tinycc.report.picture import legend, picture
from tinycc.report.text import duration

_INDENT = 9
_VERDICTS = {FITS: "it fits", TOO_LARGE: "it does not fit", UNKNOWN: "a core, of no memory size"}
_BAR = 32  # characters of a bar where there is room


def summary(report: dict[str, Any], width: int = 80, next_step: str = "") -> str:
    """What someone with a board wants to know first: does it fit, how large, how much work.

    Lines are broken at `width` columns, of which it needs about 30. `next_step`: what to do now.
    """
    title = f"{_name(report['model']['name'], width)} for {_name(report['target']['name'], width)}"
    found = _VERDICTS[verdict(report)]
    lines = _broken(f"{title}: {found}", width)
    for label, text in _lines(report, width):
        lines += _wrapped(label, text, width)
    drawn = picture(report, width)
    if drawn:
        lines += _wrapped("memory", legend(report), width)
        lines += drawn
    for note in report["notes"]:
        lines += _wrapped("note", note, width)
    if next_step:
        lines += _wrapped("next", next_step, width)
    return "\n".join(lines)


def _wrapped(label: str, text: str, width: int) -> list[str]:
    """A text with its label, continued below itself; names and numbers stay whole if they can."""
    begin, indent, lines = f"  {printable(label)[:16]:<6} ", " " * _INDENT, list[str]()
    for line in text.splitlines() or [""]:
        lines += _broken(printable(line), width, begin, indent)
        begin = indent
    return lines


def _broken(text: str, width: int, begin: str = "", indent: str = "") -> list[str]:
    """A text in lines of so many columns; some letters take two."""
    for characters in range(max(24, width), 11, -1):
        wrapper = textwrap.TextWrapper(
            characters, initial_indent=begin, subsequent_indent=indent, break_on_hyphens=False
        )
        lines = wrapper.wrap(text)
        if all(cell_len(line) <= width for line in lines):
            break
    return lines


def _lines(report: dict[str, Any], width: int) -> Iterator[tuple[str, str]]:
    """Labels and texts, the most important first."""
    sram, flash = report["memory"]["sram"], report["memory"]["flash"]
    *rams, rom = bars(report)
    yield "SRAM", f"{sram['total']:,} B{_of(rams[0]) if len(rams) == 1 else ''}"
    if len(rams) == 1 and rams[0].capacity:
        yield "", _drawn(rams[0], width)
    yield "", f"arena {sram['arena']:,} ({_proof(sram)}); {_parts(sram)}"
    yield from _memories(report["memory"]["memories"])
    measured = flash["code"] is not None
    code = flash["code"] if measured else flash["code_estimate"]
    yield "flash", f"{flash['total']:,} B{_of(rom)}"
    if rom.capacity:
        yield "", _drawn(rom, width)
    yield "", f"weights {flash['weights']:,}, code {code:,}{'' if measured else ' (estimated)'}"
    yield from _work(report)
    yield from _reduction(report["reduction"])
    if report["steps"]:
        peak = report["steps"][sram["peak_step"]]
        yield "peak", f"{peak['sram_live']:,} B live at step {sram['peak_step']}: {_node(peak)}"


def _of(bar: Bar) -> str:
    return f" of {bar.capacity:,} ({bar.share:.3g} %)" if bar.capacity else ""


def _drawn(bar: Bar, width: int) -> str:
    """The used part of a memory; more than all of it ends in a mark."""
    room = max(8, min(_BAR, width - _INDENT - 3))
    used = round(room * min(1.0, bar.share / 100))
    full = "#" * max(1 if bar.used else 0, used)
    return f"[{full:-<{room}}{'' if bar.share <= 100 else '>'}]"


def _memories(memories: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """What lies in each memory, and how much of the traffic goes there; nothing to say of one."""
    for one in memories if len(memories) > 1 else ():
        kind = "traffic_predicted" if one["traffic"] is None else "traffic"
        moved = sum(other[kind] or 0 for other in memories)
        share = f"{100 * (one[kind] or 0) / max(1, moved):.1f} % of the traffic"
        free, cost = one["bytes"] - one["reserved"], f"access cost {one['access_cost']:g}"
        how = " (predicted)" if one["traffic"] is None else ""
        yield one["name"], f"{one['arena']:,} B of {free:,}; {share}{how}, {cost}"


def _work(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Instructions, time, and multiply-accumulates."""
    compute = report["compute"]
    if compute["instructions"] is None:
        work = f"about {compute['instructions_predicted']:,} instructions (predicted)"
    else:
        work = f"{compute['instructions']:,} instructions on {report['machine']} (executed)"
    clock, seconds = report["target"]["clock_hz"], compute["seconds_estimate"]
    if clock and seconds is not None:
        work += f"; roughly {' '.join(duration(seconds))} at {clock / 1e6:g} MHz"
    yield "work", work
    yield "", f"{compute['macs']:,} multiply-accumulates in {len(report['steps'])} steps"
    if compute["extra_macs"]:
        yield (
            "",
            f"{compute['extra_macs']:,} multiply-accumulates are done again:"
            f" {compute['recompute']:.3f} x executed",
        )


def _reduction(found: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    """What of the model could never matter."""
    if found is None or not found["removed"]:
        return
    before, after = found["macs_before"], found["macs"]
    if after < before:
        yield "", f"{before:,} in the file, {_share(before, after)} of them needless"
    before, after = found["weights_before"], found["weights"]
    if after < before:
        share = _share(before, after)
        yield "", f"{share} of the file's {before:,} bytes of weights can never matter"


def _share(before: int, after: int) -> str:
    return f"{100 * (before - after) / max(1, before):.0f} %"


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


def _node(step: dict[str, Any]) -> str:
    return _name(step["nodes"][-1] if step["nodes"] else step["kernel"], 58)


def _name(name: str, width: int) -> str:
    """The end of a name, in so many columns at most."""
    shown = printable(name)
    if cell_len(shown) <= width:
        return shown
    while cell_len(shown) > width - 3:
        shown = shown[max(1, (cell_len(shown) - width) // 2) :]
    return f"...{shown}"
