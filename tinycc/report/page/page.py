"""What the page shows, from a completed report; how it looks is in templates/report."""

from __future__ import annotations

from typing import Any

from tinycc.emit.render import render_page
from tinycc.report.bars import TOO_LARGE, bars, verdict
from tinycc.report.page import network
from tinycc.report.page.front import front
from tinycc.report.page.timeline import instructions, timeline
from tinycc.report.text import TECHNIQUES, duration, large, percent, shape_text, short

PAGE = "report.html"

_WORST_DB, _BEST_DB = 0.0, 60.0  # the scale of signal-to-noise ratios


def page(report: dict[str, Any]) -> str:
    """The text of report.html for the contents of report.json (read_report completes them)."""
    steps = report["steps"]
    return render_page(
        "report/page.html.j2",
        {
            "report": report,
            "verdict": verdict(report),
            "too_large": TOO_LARGE,
            "figures": _figures(report),
            "bars": bars(report),
            "timeline": timeline(report),
            "network": network.drawing(steps),
            "node_size": (network.WIDTH, network.HEIGHT),
            "rows": _rows(report),
            "front": front(report),
            "techniques": _techniques(report["memory"]["sram"]["techniques"]),
            "layers": _layers(report["quantization"]),
            "reduction": _reduction(report["reduction"]),
            "counted": report["compute"]["instructions"] is not None,
            "data": _data(report),
        },
    )


def _figures(report: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What everyone asks first: label, number, unit, remark."""
    sram, flash, compute = (
        report["memory"]["sram"],
        report["memory"]["flash"],
        report["compute"],
    )
    counted = compute["instructions"]
    work = compute["instructions_predicted"] if counted is None else counted
    proof = "the arena is as small as this schedule allows" if sram["optimal"] else ""
    parts = f"arena {sram['arena']:,} B" + ("" if sram["stack"] is None else ", stack and state")
    found = [
        ("SRAM", f"{sram['total']:,}", "B", "; ".join(filter(None, (parts, proof)))),
        ("Flash", f"{flash['total']:,}", "B", f"weights {flash['weights']:,} B"),
        (
            "Instructions",
            *large(work),
            f"an inference, {'predicted' if counted is None else 'counted under QEMU'}",
        ),
    ]
    clock, seconds = report["target"]["clock_hz"], compute["seconds_estimate"]
    if clock and seconds is not None:
        note = f"an inference at {clock / 1e6:g} MHz, a rough estimate"
        found.append(("Time", *duration(seconds), note))
    return found


def _rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The table of steps."""
    total = sum(instructions(step) for step in report["steps"])
    most = max((instructions(step) for step in report["steps"]), default=0)
    return [
        {
            "index": step["index"],
            "op": step["op"] or step["kernel"].removeprefix("tinycc_"),
            "name": short(step["nodes"][0], 64) if step["nodes"] else "",
            "kernel": step["kernel"].removeprefix("tinycc_"),
            "shape": shape_text(step["output"]),
            "elements": _product(step["output"]),
            "macs": step["macs"],
            "instructions": instructions(step),
            "share": percent(instructions(step), total),
            "bar": percent(instructions(step), most),
            "weights": step["weights"],
            "live": step["sram_live"],
        }
        for step in report["steps"]
    ]


def _product(extents: list[int]) -> int:
    result = 1
    for extent in extents:
        result *= extent
    return result


def _techniques(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The arena after each technique; the width of a bar in per cent of the largest."""
    largest = max((stage["arena"] for stage in stages), default=0)
    return [
        {
            "label": TECHNIQUES.get(stage["technique"], stage["technique"]),
            "arena": stage["arena"],
            "saved": stage["saved"],
            "bar": percent(stage["arena"], largest),
        }
        for stage in stages
    ]


def _layers(quantization: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Signal-to-noise ratios, the worst first: decibels, and their place in per cent."""
    if quantization is None:
        return []
    return [
        {
            "name": short(layer["nodes"][0] if layer["nodes"] else layer["tensor"]),
            "op": layer["op"],
            "alone": (layer["alone_db"], _decibels(layer["alone_db"])),
            "end_to_end": (layer["end_to_end_db"], _decibels(layer["end_to_end_db"])),
        }
        for layer in quantization["layers"]
    ]


def _decibels(value: float | None) -> float:
    """The place of a ratio; nothing differs: the end of the scale."""
    if value is None:
        return 100.0
    return round(100 * min(1.0, max(0.0, (value - _WORST_DB) / (_BEST_DB - _WORST_DB))), 1)


def _reduction(reduction: dict[str, Any] | None) -> dict[str, Any] | None:
    """What was proved needless, by proof; None where nothing was or nobody knows."""
    if reduction is None or not reduction["removed"]:
        return None
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in reduction["removed"]:
        name = short(one["nodes"][0], 64) if one["nodes"] else "an unnamed node"
        groups.setdefault(one["proof"], []).append({"name": name, "channels": one["channels"]})
    changes = [
        (label, reduction[f"{key}_before"], reduction[key], unit)
        for label, key, unit in (
            ("Multiply-accumulates", "macs", ""),
            ("Weights", "weights", "B"),
            ("Arena", "arena", "B"),
        )
        if reduction[f"{key}_before"] != reduction[key]
    ]
    return {"groups": groups, "changes": changes, "proofs": reduction["proofs"]}


def _data(report: dict[str, Any]) -> dict[str, Any]:
    """What the script shows of the step or the buffer that is chosen: every name once, in full."""
    maker = {step["tensor"]: step["index"] for step in report["steps"]}
    return {
        "steps": [
            {
                "op": step["op"],
                "kernel": step["kernel"],
                "nodes": step["nodes"],
                "shape": shape_text(step["output"]),
                "macs": step["macs"],
                "weights": step["weights"],
                "live": step["sram_live"],
                "instructions": instructions(step),
                "reads": step["reads"],
            }
            for step in report["steps"]
        ],
        "buffers": [
            {
                "name": one["name"],
                "kind": one["kind"],
                "bytes": one["bytes"],
                "offset": one["offset"],
                "first": one["first_step"],
                "last": one["last_step"],
                "rows": one["rows"],
                "brief": one["brief"],
                "steps": _makers(one, maker),
                "also": [name for name in one["tensors"] if name != one["name"]][:3],
            }
            for one in report["buffers"]
        ],
        "counted": report["compute"]["instructions"] is not None,
    }


def _makers(buffer: dict[str, Any], maker: dict[str, int]) -> list[int]:
    """The steps whose outputs a buffer holds, or whose scratch it is."""
    if buffer["scratch_of"] is not None:
        return [buffer["scratch_of"]]
    return sorted({maker[name] for name in (buffer["name"], *buffer["tensors"]) if name in maker})
