"""The plan of a schedule: places for all buffers, and how far they are from the lower bound."""

from __future__ import annotations

from dataclasses import replace

from tinycc.memory import fit
from tinycc.memory.plan import Buffer, Plan
from tinycc.memory.storage import buffers
from tinycc.schedule.model import Schedule
from tinycc.schedule.order import aligned


def plan(schedule: Schedule, alignment: int) -> Plan:
    """A schedule with a place for every buffer; all offsets are multiples of `alignment`.

    The lower bound counts the live bytes of the worst step, sizes rounded up to the alignment; the
    arena is optimal when it equals the bound.
    """
    unplaced = buffers(schedule)
    blocks = [_block(buffer, alignment) for buffer in unplaced]
    offsets = fit.place(blocks)
    live = fit.live_bytes(blocks)
    placed = tuple(
        replace(buffer, offset=offset) for buffer, offset in zip(unplaced, offsets, strict=True)
    )
    return Plan(
        schedule,
        placed,
        arena_bytes=fit.height(blocks, offsets),
        lower_bound=int(live.max()),
        peak_step=int(live.argmax()),
        alignment=alignment,
    )


def _block(buffer: Buffer, alignment: int) -> fit.Block:
    return fit.Block(aligned(buffer.bytes, alignment), buffer.first_step, buffer.last_step)
