"""The plan of a schedule: places for all buffers, and how far they are from the lower bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tinycc.memory import fit
from tinycc.memory.plan import Buffer, Plan
from tinycc.memory.solve import solve
from tinycc.memory.storage import buffers, members
from tinycc.schedule.model import Schedule
from tinycc.schedule.order import aligned

SOLVER_SECONDS = 2.0  # `analyze` answers within a few; real networks take 0.1


def plan(schedule: Schedule, alignment: int) -> Plan:
    """A schedule with a place for every buffer; all offsets are multiples of `alignment`.

    The lower bound counts the live bytes of the worst step, sizes rounded up to the alignment, less
    what a dying input and a growing output can share, or is what a solver proved; the arena is
    optimal when it equals the bound.
    """
    unplaced = buffers(schedule)
    blocks = [_block(buffer, alignment) for buffer in unplaced]
    separations = _separations(schedule, unplaced)
    solution = solve(blocks, separations, seconds=SOLVER_SECONDS)
    live = fit.live_bytes(blocks, separations)
    placed: list[Buffer] = []
    for buffer, offset in zip(unplaced, solution.offsets, strict=True):
        at = replace(buffer, offset=offset)
        placed += members(schedule, at) if buffer.area else [at]
    return Plan(
        schedule,
        tuple(placed),
        arena_bytes=solution.height,
        lower_bound=solution.bound,
        peak_step=int(live.argmax()),
        alignment=alignment,
    )


def _block(buffer: Buffer, alignment: int) -> fit.Block:
    return fit.Block(aligned(buffer.bytes, alignment), buffer.first_step, buffer.last_step)


def _separations(schedule: Schedule, found: Sequence[Buffer]) -> dict[tuple[int, int], int]:
    """How far below a dying input what grows in its region has to start.

    Not where that is an operand of a Concat that is made in place: the input lies beside all
    of that.
    """
    index = {name: i for i, b in enumerate(found) for name in (b.name, *b.tensors)}
    separations = {}
    for region in schedule.regions:
        for pair in region.overlaps:
            growing, dying = index[pair.growing], index[pair.dying]
            alone = schedule.joined.isdisjoint(found[growing].tensors)
            if growing != dying and alone:
                separations[growing, dying] = pair.distance
    return separations
