"""The steps of a schedule as JSON values: what each one is, what it reads and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinycc import ops
from tinycc.memory.plan import Plan
from tinycc.pipeline import Compiled
from tinycc.report.estimate import step_instructions
from tinycc.report.measure import Measured
from tinycc.schedule.model import Schedule


def step_documents(compiled: Compiled, measured: Measured) -> list[dict[str, Any]]:
    """One entry per step, in execution order.

    `reads` are the steps whose outputs it reads, `inputs` the model inputs; views and joins, which
    have no step, are seen through.
    """
    plan = compiled.plan
    predicted, number = step_instructions(compiled), _numbers(plan.schedule)
    found = []
    for step in plan.schedule.steps:
        instance = plan.schedule.instance(step)
        counted = measured.by_step.get(step.index)
        origins = set(_origins(plan.schedule, step.node.inputs, number))
        found.append(
            {
                "index": step.index,
                "op": step.node.op,
                "kernel": step.kernel.symbol,
                "nodes": list(step.node.origin),
                "tensor": step.node.output,
                "output": list(instance.output.type.shape),
                "reads": sorted(number[name] for name in origins if name in number),
                "inputs": sorted(name for name in origins if name not in number),
                "macs": ops.get(step.node.op).macs(instance),
                "weights": sum(t.type.bytes for t in instance.inputs if t.is_constant),
                "sram_live": _live(plan, step.index),
                "instructions_predicted": predicted[step.index],
                "instructions": counted.instructions if counted else None,
                "cycles_estimate": counted.cycles if counted else None,
            }
        )
    return found


def region_documents(schedule: Schedule) -> list[dict[str, int]]:
    """The regions whose steps take turns row by row: the first and the last step of each."""
    return [{"first": r.first, "last": r.last} for r in schedule.regions if r.rolls]


def _numbers(schedule: Schedule) -> dict[str, int]:
    """The step that makes each tensor; views and joins have none."""
    return {step.node.output: step.index for step in schedule.steps}


def _origins(schedule: Schedule, names: tuple[str, ...], number: dict[str, int]) -> Iterator[str]:
    """The tensors made by steps, and the model inputs, that tensors hold."""
    graph, ahead, seen = schedule.graph, list(names), set[str]()
    while ahead:
        name = ahead.pop()
        if name in seen or not name or graph.tensors[name].is_constant:
            continue
        seen.add(name)
        if name in number or name not in graph.producer:
            yield name
        else:
            ahead += graph.producer[name].inputs


def _live(plan: Plan, step: int) -> int:
    """Bytes of all arenas in use at a step; what buffers share counts once."""
    total = 0
    for region in plan.sizes:
        spans = sorted(
            (buffer.offset, buffer.offset + buffer.bytes)
            for buffer in plan.buffers
            if buffer.region == region and buffer.first_step <= step <= buffer.last_step
        )
        end = 0
        for start, stop in spans:
            total += max(0, stop - max(start, end))
            end = max(end, stop)
    return total
