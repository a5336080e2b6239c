"""What may lie in the bytes of a dying input: its rows go from the top, others take their place.

A grower is an output of a region, or a ring, sums or brief bytes that live inside it. Some part of
the input is dead before the grower's first byte is written, more goes while it grows. So it may end
at most `room` bytes above the start of the input, and never holds what is still needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tinycc.ir.graph import Graph, Tensor
from tinycc.ops.op import row_count
from tinycc.schedule.model import Overlap
from tinycc.schedule.order import aligned
from tinycc.schedule.rolling import Play, RowStep


@dataclass(frozen=True)
class Grower:
    """`bytes` (aligned); `writes`: from which time of a play on how many may have been written."""

    name: str
    bytes: int
    writes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Ring:
    """`bytes` (aligned) that nobody reads or writes after time `end` of a play."""

    name: str
    bytes: int
    end: int


@dataclass(frozen=True)
class Sharing:
    """Pairs that may share bytes, the bytes `saved` if they stack up as assumed, and the most that

    any placement can save by them.
    """

    pairs: tuple[Overlap, ...] = ()
    saved: int = 0
    most: int = 0


def over_tail(output: Grower, rings: Iterable[Ring], alignment: int) -> Sharing:
    """The rings that may lie over the end of a growing output.

    The early rings of a region are dead before its last output rows are written. They are stacked
    up from the first byte on that is not written before, those that die first lowest.
    """
    found: list[Overlap] = []
    top = total = 0
    for ring in sorted(rings, key=lambda ring: (ring.end, ring.name)):
        written = max((count for time, count in output.writes if time <= ring.end), default=0)
        start = max(top, aligned(written, alignment))
        if start >= output.bytes:
            break
        found.append(Overlap(ring.name, output.name, aligned(written, alignment)))
        top, total = start + ring.bytes, total + ring.bytes
    return Sharing(tuple(found), output.bytes + total - max(output.bytes, top), total)


def overlaps(
    played: Play, dying: Iterable[Tensor], growers: Iterable[Grower], alignment: int
) -> Sharing:
    """The pairs that may share bytes; saved: where the growers of each input stack up."""
    found: list[Overlap] = []
    left, saved, most = list(growers), 0, 0
    for x in dying:
        rooms = {g.name: _room(played, x, g, alignment) for g in left}
        pairs = [Overlap(x.name, g.name, g.bytes - rooms[g.name]) for g in left if rooms[g.name]]
        found += pairs
        stack = _stack([(rooms[g.name], g) for g in left if rooms[g.name]])
        saved += sum(covered for covered, _ in stack)
        covering = sum(min(rooms[grower.name], grower.bytes) for grower in left)
        most += min(aligned(x.type.bytes, alignment), covering)
        taken = {grower.name for _, grower in stack}
        left = [grower for grower in left if grower.name not in taken]
    return Sharing(tuple(found), saved, most)


def either_way(found: Sharing, row: RowStep, graph: Graph, alignment: int) -> Sharing:
    """The pair of a layer that may make its rows from the last one on too.

    A call from row `low` on and those after it need rows below `end` of the input: what
    it writes must begin above these.
    """
    (pair,) = found.pairs
    x, y = graph.tensors[pair.dying].type, graph.tensors[pair.growing].type
    x_row, y_row = x.bytes // row_count(x), y.bytes // row_count(y)
    ends = list(itertools.accumulate((last + 1 for _, last in row.needs[0]), max))
    x_bytes, y_bytes = aligned(x.bytes, alignment), aligned(y.bytes, alignment)
    above = -y_bytes
    for high in range(row.turns, 0, -row.step.together):
        low, end = max(0, high - row.step.together), ends[high - 1]
        if end > 0:
            above = max(above, aligned(end * x_row - low * y_row, alignment))
    start = max(above, min(0, x_bytes - y_bytes))
    saved = max(0, min(x_bytes, start + y_bytes) - max(0, start))
    pairs = (replace(pair, above=above),)
    return Sharing(pairs, max(found.saved, saved), max(found.most, saved))


def _room(played: Play, x: Tensor, grower: Grower, alignment: int) -> int:
    """How far above the start of the input a grower may end, in whole alignments; 0: not at all."""
    height = row_count(x.type)
    row_bytes = x.type.bytes // height
    ahead = (written - played.dead(x.name, t, height) * row_bytes for t, written in grower.writes)
    return max(0, grower.bytes - aligned(max(ahead), alignment))


def _stack(choices: list[tuple[int, Grower]]) -> list[tuple[int, Grower]]:
    """The bytes of an input that each grower of a good stack covers: those with least room lowest.

    The lowest may begin below the input; whether that pays is tried.
    """
    ordered = sorted(choices, key=lambda choice: (choice[0], choice[1].name))
    stacks = [list(_piled(ordered))]
    for index, (room, lowest) in enumerate(ordered):
        if room < lowest.bytes:
            stacks.append([(room, lowest), *_piled(ordered[index + 1 :], room)])
    return max(stacks, key=lambda stack: sum(covered for covered, _ in stack))


def _piled(choices: Iterable[tuple[int, Grower]], base: int = 0) -> Iterator[tuple[int, Grower]]:
    for room, grower in choices:
        if base + grower.bytes <= room:
            base += grower.bytes
            yield grower.bytes, grower
