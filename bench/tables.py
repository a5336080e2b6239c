"""The measured rows of bench/run.py as Markdown, beside the figures of other systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peers import MICRO, MICRO_ON_M4, OTHERS, RECORDS

HEADER = """# Measured: instructions, memory and flash

Made by `make bench` ({version}); do not edit. {tools}.

- instructions: executed in one inference under QEMU, with random input over the input's full range
- predicted: what `analyze` says without a compiler, relative to that; rows without it are older
- cycles: an estimate for a Cortex-M4 without wait states, from the classes of the instructions
- arena: activations, input and output included, and scratch; stack: bound over the call graph
- flash: everything the model adds to an empty image, weights included
- TFLM: TensorFlow Lite Micro with CMSIS-NN, and other systems (bench/peers.py): they compute the
  network as it is written; so do we with `--optimize speed --without reduce`. The default also
  leaves out what is proved needless. A ratio is ours to theirs: below 1 is less.
- B = bytes, M = 1,000,000. Weights and code are compiled with the flags of the target:

{flags}
"""
NAMES = {"whole": "as written", "int16": "speed, int16 weights"}

Row = dict[str, Any]


def document(
    version: str, tools: Sequence[str], flags: Mapping[str, str], rows: Sequence[Row]
) -> str:
    """results.md."""
    lines = "\n".join(f"  - {name}: `{text}`" for name, text in flags.items())
    models = dict.fromkeys(row["model"] for row in rows)
    parts = [HEADER.format(version=version, tools=", ".join(tools), flags=lines)]
    for model in models:
        own = {(row["target"], row["form"]): row for row in rows if row["model"] == model}
        parts += [_model(model, own), _choices(own), _peers(model, own)]
    return "\n".join([*parts, _records(rows)])


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table whose first columns are words, the others figures."""
    marks = ["---"] * words + ["--:"] * (len(heads) - words)
    found = [f"| {' | '.join(cells)} |" for cells in (heads, *lines)]
    return "\n".join([found[0], f"|{'|'.join(marks)}|", *found[1:], ""])


def _millions(value: float) -> str:
    return f"{value / 1e6:.3f} M"


def _model(model: str, rows: Mapping[tuple[str, str], Row]) -> str:
    own = [row for (_, form), row in rows.items() if form == "balanced"]
    macs = next((row["figures"]["macs"] for row in own if row["figures"]), 0)
    heads = ("core", "instructions", "predicted", "per MAC", "cycles", "arena B", "stack B")
    lines = [_line(row, heads) for row in own]
    title = f"## {model}: {macs:,} multiply-accumulates\n\n"
    return title + _table((*heads, "flash B", "QEMU machine"), lines)


def _line(row: Row, heads: Sequence[str]) -> list[str]:
    f = row["figures"]
    if f is None:
        return [row["target"], row["problem"], *[""] * len(heads)]
    return [
        row["target"],
        _millions(f["instructions"]),
        f"{f['predicted'] / f['instructions'] - 1:+.1%}" if "predicted" in f else "",
        f"{f['instructions'] / f['macs']:.2f}",
        _millions(f["cycles_estimate"]),
        f"{f['arena']:,}",
        "unbounded" if f["stack"] is None else f"{f['stack']:,}",
        f"{f['flash']:,}",
        f["machine"],
    ]


def _choices(rows: Mapping[tuple[str, str], Row]) -> str:
    """What the three goals cost on one core of each family."""
    heads = ["core"]
    forms = ("ram", "balanced", "speed")
    for form in forms:
        heads += [f"`{form}`: arena B", "instructions", "ratio to `speed`"]
    lines = []
    for target in dict.fromkeys(target for target, form in rows if form == "ram"):
        found = [rows[target, form]["figures"] for form in forms]
        if None in found:
            continue
        cells = [target]
        for f in found:
            ratio = f["instructions"] / found[-1]["instructions"]
            cells += [f"{f['arena']:,}", _millions(f["instructions"]), f"{ratio:.3f}"]
        lines.append(cells)
    return _table(heads, lines)


def _peers(model: str, rows: Mapping[tuple[str, str], Row]) -> str:
    """Other systems beside the network as it is written, and beside the default."""
    heads = ("system", "core", "instructions", "ours as written", "ratio", "by default", "ratio")
    lines = []
    micro = [("TFLM", core, known[model]) for core, known in MICRO.items() if model in known]
    for system, core, theirs in (*micro, *OTHERS[model]):
        cells = [system, core, f"{theirs:.3f} M"]
        for form in ("whole", "balanced"):
            f = rows[core, form]["figures"] if (core, form) in rows else None
            count = f["instructions"] if f else 0
            cells += [_millions(count), f"{count / theirs / 1e6:.3f}"] if f else ["", ""]
        lines.append(cells)
    return _table(heads, lines, words=2) + "\n" + _on_m4(model, rows)


def _on_m4(model: str, rows: Mapping[tuple[str, str], Row]) -> str:
    cycles, arena, flash = MICRO_ON_M4[model]
    lines = [["TFLM", f"{cycles:.3f} M", "", f"{arena:,}", "", f"{flash:,}", ""]]
    for form in ("whole", "balanced", "ram", "speed", "int16"):
        row = rows.get(("cortex-m4", form))
        if row is None or row["figures"] is None:
            continue
        f, cells = row["figures"], [NAMES.get(form, form)]
        for value, theirs in (
            ("cycles_estimate", cycles * 1e6),
            ("arena", arena),
            ("flash", flash),
        ):
            text = _millions(f[value]) if value == "cycles_estimate" else f"{f[value]:,}"
            cells += [text, f"{f[value] / theirs:.3f}"]
        lines.append(cells)
    heads = ("cortex-m4", "cycles", "ratio", "arena B", "ratio", "flash B", "ratio")
    return _table(heads, lines)


def _records(rows: Sequence[Row]) -> str:
    """The fewest cycles of any form beside the best that anyone has published."""
    lines = []
    for model, record in RECORDS.items():
        found = [
            (row["figures"]["cycles_estimate"], row["form"])
            for row in rows
            if (row["model"], row["target"]) == (model, "cortex-m4") and row["figures"]
        ]
        if found:
            cycles, form = min(found)
            name, ratio = NAMES.get(form, form), cycles / record / 1e6
            lines.append([model, name, f"{record:.2f} M", _millions(cycles), f"{ratio:.3f}"])
    heads = ("model", "form", "record", "ours", "ratio")
    title = "## Cycles beside the best latencies published for a NUCLEO-L4R5ZI\n\n"
    return title + _table(heads, lines, words=2)
