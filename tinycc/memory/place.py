"""The plan of a schedule: places for all buffers, and how far they are from the lower bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tinycc.memory import fit
from tinycc.memory.assign import Room, assign
from tinycc.memory.plan import Arena, Buffer, Plan
from tinycc.memory.solve import Solution, solve
from tinycc.memory.storage import buffers, members
from tinycc.memory.traffic import of_buffer, traffic
from tinycc.schedule.model import Schedule
from tinycc.schedule.order import aligned

SOLVER_SECONDS = 0.8  # per plan, of which `analyze` makes a few; real networks take 0.1


def plan(schedule: Schedule, alignment: int, rooms: Sequence[Room] = ()) -> Plan:
    """A schedule with a place for every buffer; all offsets are multiples of `alignment`.

    Where there are several `rooms`, memories to choose from, buffers go where their traffic costs
    least. One room or none is one arena of any size.

    The lower bound counts the live bytes of the worst step, sizes rounded up to the alignment, less
    what a dying input and a growing output can share, or is what a solver proved; the arena is
    optimal when it equals the bound.
    """
    unplaced = buffers(schedule)
    blocks = [_block(buffer, alignment) for buffer in unplaced]
    separations = _separations(schedule, unplaced)
    peak = int(fit.live_bytes(blocks, separations).argmax())
    if len(rooms) > 1:
        return _spread(schedule, unplaced, blocks, separations, rooms, peak, alignment)
    solution = _solved(blocks, separations, _separations(schedule, unplaced, backwards=False))
    pairs = zip(unplaced, solution.offsets, strict=True)
    placed = [replace(buffer, offset=offset) for buffer, offset in pairs]
    return Plan(
        _turned(schedule, placed),
        _inside(schedule, placed),
        arena_bytes=solution.height,
        lower_bound=solution.bound,
        peak_step=peak,
        alignment=alignment,
    )


def _solved(
    blocks: Sequence[fit.Block], separations: fit.Separations, forwards: fit.Separations
) -> Solution:
    """A placement, without layers that start with their last rows where these gain nothing."""
    bound = fit.lower_bound(blocks, separations)
    simple = Solution(fit.construct(blocks, forwards), blocks, bound)
    if simple.is_optimal:
        return simple
    found = solve(blocks, separations, seconds=SOLVER_SECONDS)
    return replace(found, offsets=simple.offsets) if simple.height <= found.height else found


def _inside(schedule: Schedule, placed: Iterable[Buffer]) -> tuple[Buffer, ...]:
    """The buffers, and instead of each area of a rolling region what lies in it."""
    return tuple(
        inner
        for buffer in placed
        for inner in (members(schedule, buffer) if buffer.area else (buffer,))
    )


def _spread(
    schedule: Schedule,
    unplaced: Sequence[Buffer],
    blocks: Sequence[fit.Block],
    separations: fit.Separations,
    rooms: Sequence[Room],
    peak: int,
    alignment: int,
) -> Plan:
    """The plan over several memories."""
    found = traffic(schedule)
    moved = [of_buffer(found, schedule, buffer) for buffer in unplaced]
    chosen = assign(blocks, moved, rooms, separations, SOLVER_SECONDS)
    placed = [
        replace(buffer, offset=offset, region=rooms[room].name)
        for buffer, offset, room in zip(unplaced, chosen.offsets, chosen.rooms, strict=True)
    ]
    arenas = [
        Arena(
            room.name,
            chosen.heights[number],
            chosen.bounds[number],
            room.bytes,
            sum(m for m, where in zip(moved, chosen.rooms, strict=True) if where == number),
            room.cost,
            room.section,
        )
        for number, room in enumerate(rooms)
        if number in chosen.rooms
    ]
    bound = fit.lower_bound(blocks, separations)
    if len(arenas) == 1:
        bound = max(bound, arenas[0].lower_bound)
    return Plan(
        _turned(schedule, placed),
        _inside(schedule, placed),
        arena_bytes=sum(chosen.heights),
        lower_bound=bound,
        peak_step=peak,
        alignment=alignment,
        arenas=tuple(arenas),
        cheapest=chosen.optimal,
        notes=chosen.notes,
    )


def _block(buffer: Buffer, alignment: int) -> fit.Block:
    return fit.Block(aligned(buffer.bytes, alignment), buffer.first_step, buffer.last_step)


def _separations(
    schedule: Schedule, found: Sequence[Buffer], backwards: bool = True
) -> dict[tuple[int, int], int]:
    """How far below a dying input what grows in its region has to start, or how far above it where

    its last rows come first. Not where that is an operand of a Concat that is made in place: the
    input lies beside all of that.
    """
    index = {name: i for i, b in enumerate(found) for name in (b.name, *b.tensors)}
    separations = {}
    for region in schedule.regions:
        for pair in region.overlaps:
            growing, dying = index[pair.growing], index[pair.dying]
            alone = schedule.joined.isdisjoint(found[growing].tensors)
            if growing != dying and alone:
                separations[growing, dying] = pair.distance
                if backwards and pair.above is not None:
                    separations[dying, growing] = pair.above
    return separations


def _turned(schedule: Schedule, placed: Sequence[Buffer]) -> Schedule:
    """The schedule; layers whose output lies too high to be made from its first row on start with

    the last one.
    """
    homes = {name: buffer for buffer in placed for name in buffer.tensors}
    steps = list(schedule.steps)
    for region in schedule.regions:
        for pair in (pair for pair in region.overlaps if pair.above is not None):
            x, y = homes[pair.dying], homes[pair.growing]
            above = y.offset - x.offset
            if x.region == y.region and -pair.distance < above < x.bytes:
                steps[region.first] = replace(steps[region.first], backwards=True)
    return replace(schedule, steps=tuple(steps))
