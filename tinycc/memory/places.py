"""The part of the checker that looks at places alone: inside their arena, aligned, disjoint."""

from __future__ import annotations

from tinycc.errors import InternalError
from tinycc.memory.plan import Buffer, Plan


def check_places(plan: Plan) -> None:
    """Raises InternalError for a place outside its arena, or in use twice at a step."""
    _check_arenas(plan)
    _check_disjoint(plan)


def _fault(message: str) -> InternalError:
    return InternalError(f"memory checker: {message}", hint="this is a bug of tinycc")


def _check_arenas(plan: Plan) -> None:
    end = max(0, len(plan.schedule.steps) - 1)
    sizes = [arena.bytes for arena in plan.arenas]
    if plan.arenas and (sum(sizes) != plan.arena_bytes or len(plan.sizes) != len(sizes)):
        raise _fault(f"arenas of {sizes} bytes are not the {plan.arena_bytes} bytes of the plan")
    for buffer in plan.buffers:
        size = plan.sizes.get(buffer.region)
        if size is None:
            raise _fault(f"`{buffer.name}` lies in `{buffer.region}`, where no arena is")
        if buffer.offset < 0 or buffer.offset + buffer.bytes > size:
            raise _fault(f"`{buffer.name}` lies outside the arena of {size} bytes")
        if buffer.offset % plan.alignment:
            raise _fault(f"`{buffer.name}` at {buffer.offset} is not aligned to {plan.alignment}")
        if not 0 <= buffer.first_step <= buffer.last_step <= end:
            raise _fault(
                f"`{buffer.name}` lives {buffer.first_step} to {buffer.last_step} of {end}"
            )
    if plan.lower_bound > plan.arena_bytes:
        raise _fault(f"lower bound {plan.lower_bound} above the arena of {plan.arena_bytes} bytes")


def _check_disjoint(plan: Plan) -> None:
    ordered = sorted(plan.buffers, key=lambda buffer: buffer.first_step)
    for index, late in enumerate(ordered):
        for early in ordered[:index]:
            lives_meet = late.first_step <= early.last_step
            starts_inside = late.offset < early.offset + early.bytes
            if early.region != late.region:
                continue
            if (early.area and early.area == late.area) or _may_overlap(plan, early, late):
                continue  # the simulation alone judges these
            if lives_meet and starts_inside and early.offset < late.offset + late.bytes:
                raise _fault(f"`{early.name}` and `{late.name}` are live together and overlap")


def _may_overlap(plan: Plan, *pair: Buffer) -> bool:
    """True for a dying input of a region and what grows in it."""
    names = [{buffer.name, buffer.area, *buffer.tensors} for buffer in pair]
    for one in (one for region in plan.schedule.regions for one in region.overlaps):
        for dying, growing in (names, reversed(names)):
            if one.dying in dying and one.growing in growing:
                return True
    return False
