"""The buffers of a plan as JSON values: where they lie, how long they live, what they hold."""

from __future__ import annotations

from typing import Any

from tinycc.memory.plan import Buffer, Plan
from tinycc.ops.op import row_count
from tinycc.schedule.model import Schedule


def buffer_documents(plan: Plan) -> list[dict[str, Any]]:
    """One entry per buffer.

    `kind`: input, output, tensor, ring (the rows of a tensor that are still needed) or scratch.
    `rows`: of a ring, the rows kept and those of the tensor. `brief`: needed for a few turns of its
    region at a time, and so in bytes that others of the region use in between.
    """
    return [
        {
            "name": buffer.name,
            "kind": _kind(plan.schedule, buffer),
            "tensor": buffer.tensors[0] if buffer.tensors else None,
            "tensors": list(buffer.tensors),
            "offset": buffer.offset,
            "inside": dict(buffer.inside),
            "bytes": buffer.bytes,
            "rows": _rows(plan.schedule, buffer),
            "brief": bool(buffer.area),
            "first_step": buffer.first_step,
            "last_step": buffer.last_step,
            "region": buffer.region,
            "scratch_of": buffer.scratch_of,
        }
        for buffer in plan.buffers
    ]


def _kind(schedule: Schedule, buffer: Buffer) -> str:
    if buffer.scratch_of is not None:
        return "scratch"
    if _rows(schedule, buffer) is not None:
        return "ring"
    if not set(schedule.graph.outputs).isdisjoint(buffer.tensors):
        return "output"
    return "tensor" if set(schedule.graph.inputs).isdisjoint(buffer.tensors) else "input"


def _rows(schedule: Schedule, buffer: Buffer) -> dict[str, int] | None:
    """How many rows of its tensor a ring keeps; None for what is no ring."""
    rings = schedule.region_of(buffer.first_step).rings
    for name in buffer.tensors:
        if name in rings:
            return {"kept": rings[name], "of": row_count(schedule.graph.tensors[name].type)}
    return None
