"""How many rows of each tensor a rolling region keeps, and which rows share a ring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tinycc.ir.graph import Graph
from tinycc.ops.op import Window, row_count
from tinycc.schedule.rolling import Play

RingBytes = Callable[[str, int], int]
"""Bytes of so many rows of a tensor, aligned."""


def rings_of(
    graph: Graph, played: Play, inner: Sequence[int], ring_bytes: RingBytes
) -> tuple[dict[str, int], dict[str, str]]:
    """Rows to keep of the tensors made at some positions, and which take over others' rows."""
    rings: dict[str, int] = {}
    for position in inner:
        rings[played.steps[position].output] = played.ring_rows[position]
    shared: dict[str, str] = {}
    for y in inner:
        found = _take_over(graph, played, inner, y, rings, shared, ring_bytes)
        if found is not None:
            x, rows = found
            shared[played.steps[y].output] = x
            rings[x] = rings[played.steps[y].output] = rows
    return rings, shared


def handed_over(
    played: Play,
    windows: Sequence[Window | None],
    inner: Sequence[int],
    rings: dict[str, int],
    shared: dict[str, str],
) -> dict[str, tuple[int, int]]:
    """Single rows that a depthwise kernel writes over the first row of its window.

    They join the ring of their operand, which gets no larger. `windows`: of every step that has a
    kernel that is able to.
    """
    makers = {played.steps[position].output: position for position in inner}
    slots: dict[str, tuple[int, int]] = {}
    for y in inner:
        node = played.steps[y].step.node
        name, x = node.output, node.inputs[0]
        busy = {*shared, *shared.values()}
        if rings[name] > 1 or x not in makers or busy & {x, name}:
            continue
        window = windows[y]
        if window is None:
            continue
        if played.replaces(makers[x], y, window.stride, -window.pad, rings[x]):
            shared[name], slots[name] = x, (window.stride, -window.pad)
            rings[name] = rings[x]
    return slots


def brief_in_place(
    graph: Graph, played: Play, inner: Sequence[int], rings: dict[str, int], shared: dict[str, str]
) -> None:
    """Single rows that an in-place operator writes over the single row that it reads."""
    makers = {played.steps[position].output: position for position in inner}
    for y in inner:
        name = played.steps[y].output
        for other in played.steps[y].overwrites:
            busy = {*shared, *shared.values()}
            if other not in makers or rings[other] > 1 or rings[name] > 1 or busy & {other, name}:
                continue
            height = row_count(graph.tensors[name].type)
            if played.shared_rows(makers[other], y, height) == 1:
                shared[name] = other


def _take_over(
    graph: Graph,
    played: Play,
    inner: Sequence[int],
    y: int,
    rings: Mapping[str, int],
    shared: Mapping[str, str],
    ring_bytes: RingBytes,
) -> tuple[str, int] | None:
    """The operand whose ring an in-place operator should write into, and that ring's rows."""
    step = played.steps[y]
    best, saving = None, 0
    makers = {played.steps[x].output: x for x in inner} if step.overwrites else {}
    for name in step.overwrites:
        if name not in makers or name in shared or name in shared.values():
            continue
        x = makers[name]
        height = row_count(graph.tensors[name].type)
        rows = played.shared_rows(x, y, height)
        if rows is None:
            continue
        lasting = [r for r in (rings[name], rings[step.output]) if r > 1]
        saved = sum(ring_bytes(name, r) for r in lasting) - ring_bytes(name, rows)
        if lasting and saved > saving:
            best, saving = (name, min(rows, height)), saved
    return best
