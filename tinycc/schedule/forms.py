"""The forms of a step: each of its kernels, alone or taking turns, with so many rows per call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tinycc.ir.graph import Graph
from tinycc.ops.op import Drive
from tinycc.schedule.cost import step_cost, turns_cost
from tinycc.schedule.kernels import accumulating_kernel, kernel_choices
from tinycc.schedule.layers import layer_step
from tinycc.schedule.model import Step
from tinycc.target import Target


def layer_forms(graph: Graph, layer: Step, target: Target) -> list[Step]:
    """A step as a layer with each of its kernels, and with fewer rows per call; fastest first."""
    instance = graph.instance(layer.node)
    found: list[Step] = []
    for kernel in kernel_choices(instance, target):
        step = layer_step(graph, layer.index, layer.node, kernel)
        while step.together > 1:
            found.append(step)
            step = replace(step, together=step.together // 2)
        found.append(step)
    return sorted(found, key=lambda step: step_cost(instance, step, target.cost))


def turning_forms(graph: Graph, layer: Step, target: Target) -> list[Step]:
    """A step that takes turns with others, with each of its kernels; fastest first."""
    instance = graph.instance(layer.node)
    sums = accumulating_kernel(instance, target)
    kernels = [sums] if sums else kernel_choices(instance, target)
    steps = [
        replace(layer, kernel=kernel, scratch_bytes=kernel.scratch(instance), together=1)
        for kernel in kernels
    ]
    return sorted(steps, key=lambda step: turns_cost(instance, step, target.cost))


def form_costs(
    graph: Graph, alone: Sequence[Sequence[Step]], turning: Sequence[Sequence[Step]], target: Target
) -> tuple[list[list[float]], list[list[float]]]:
    """Instructions of forms as layers, and of those that take turns."""
    layers, turns = [], []
    for forms, others in zip(alone, turning, strict=True):
        instance = graph.instance(forms[0].node)
        layers.append([step_cost(instance, step, target.cost) for step in forms])
        turns.append([turns_cost(instance, step, target.cost) for step in others])
    return layers, turns


def passing_scratch(step: Step) -> int:
    """Bytes of scratch that only a turn of the step itself needs."""
    return 0 if step.kernel.drive is Drive.ACCUMULATE else step.scratch_bytes


def form_choices(
    needs: Sequence[Sequence[int]], least: int
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Bytes at the worst turn, and the fastest forms that get along with them; most bytes first.

    `needs`: bytes during a turn of each step in each of its forms; `least`: at other times.
    """
    least = max([least, *map(min, needs)])
    forms = [0] * len(needs)
    now = [need[0] for need in needs]
    while True:
        used = max(now)
        yield max(least, used), tuple(forms)
        if used <= least:
            return
        for step, need in enumerate(needs):
            if now[step] == used:
                forms[step] = next(form for form, n in enumerate(need) if n < used)
                now[step] = need[forms[step]]
