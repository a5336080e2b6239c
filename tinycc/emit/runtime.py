"""Which files of the kernel library a plan needs."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from tinycc.ir.graph import Graph
from tinycc.ops.op import Drive
from tinycc.paths import RUNTIME_C
from tinycc.schedule.model import Schedule, Step
from tinycc.schedule.rolling import row_step

ABI_HEADER = "tinycc_runtime.h"
_DRIVER = "tinycc_each_row.c"
_BACKWARDS = "tinycc_each_row_backwards.c"
_RUNNER = "tinycc_each_run.c"
_ROLLER = "tinycc_roll.c"
_WEIGHTS = "tinycc_weights.c"


@dataclass(frozen=True)
class RuntimeFiles:
    """Paths under runtime_c/: sources to compile, headers the model includes, all headers."""

    sources: tuple[Path, ...]
    headers: tuple[str, ...]
    all_headers: tuple[Path, ...]


def runtime_files(schedule: Schedule, separate: bool = False) -> RuntimeFiles:
    """The kernels of a schedule and everything they include, nothing else.

    `separate`: with the check of weights that lie in a file of their own.
    """
    sources = with_parts({RUNTIME_C / step.kernel.source for step in schedule.steps})
    own = {header for source in sources for header in _included(source)}
    rolled = [region for region in schedule.regions if region.rolls]
    layers = [s for s in schedule.steps if not any(r.first <= s.index <= r.last for r in rolled)]
    for step in layers:
        if step.kernel.drive is Drive.ROWS:
            sources.add(RUNTIME_C / (_BACKWARDS if step.backwards else _DRIVER))
    if any(splits(schedule.graph, step) for step in layers):
        sources.add(RUNTIME_C / _RUNNER)
    if rolled:
        sources.add(RUNTIME_C / _ROLLER)
        own.add(RUNTIME_C / _ROLLER.replace(".c", ".h"))
    if separate:
        sources.add(RUNTIME_C / _WEIGHTS)
        own.add((RUNTIME_C / _WEIGHTS).with_suffix(".h"))
    headers = {RUNTIME_C / ABI_HEADER}
    pending = [*sources]
    while pending:
        fresh = set(_included(pending.pop())) - headers
        headers |= fresh
        pending.extend(fresh)
    return RuntimeFiles(
        tuple(sorted(sources)),
        tuple(sorted({path.name for path in own} | {ABI_HEADER})),
        tuple(sorted(headers)),
    )


def splits(graph: Graph, step: Step) -> bool:
    """True for a kernel that makes its output at once, but could do so row by row."""
    rows = row_step(graph, step)
    return step.kernel.drive is Drive.RUN and rows is not None and rows.turns > 1


def runtime_abi() -> int:
    """The ABI number that generated code asserts."""
    text = (RUNTIME_C / ABI_HEADER).read_text()
    found = re.search(r"#define TINYCC_RUNTIME_ABI (\d+)", text)
    assert found is not None
    return int(found.group(1))


def with_parts(sources: Set[Path]) -> set[Path]:
    """Kernels with what they share: a source that includes x.h needs x.c where there is one."""
    found = set(sources)
    pending = [*sources]
    while pending:
        parts = {header.with_suffix(".c") for header in _included(pending.pop())}
        fresh = {part for part in parts if part.is_file()} - found
        found |= fresh
        pending.extend(fresh)
    return found


def _included(path: Path) -> list[Path]:
    """The headers that a file includes by name; they lie beside it or at the library's top."""
    names = re.findall(r'^#include "([\w.]+)"', path.read_text(), re.MULTILINE)
    return [next(p for p in (path.parent / n, RUNTIME_C / n) if p.is_file()) for n in names]
