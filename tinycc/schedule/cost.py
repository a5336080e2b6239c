"""Predicted executed instructions: events of kernels, and of what calls them, times their costs.

The events are counted by each kernel's `work` (tinycc/ops/work.py), the costs are measured for each
core (targets/costs, made by bench/kernels/fit.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from tinycc import ops
from tinycc.ir.graph import Graph, Instance
from tinycc.ops.op import Drive, Kernel, Work, row_count
from tinycc.ops.work import plain_work
from tinycc.schedule.model import Schedule, Step
from tinycc.target import CostTable

LAYER, RUNS, ROLL = "tinycc_each_row", "tinycc_each_run", "tinycc_roll"
"""What calls kernels of rows and of runs layer by layer, and all kernels of a rolling region."""

_PER_MAC = 6.0  # of kernels that were not measured: load, load, multiply-accumulate, loop
_PER_OUTPUT = 20.0
_UNMEASURED = 0.4  # of the portable kernel's instructions: what special ones are made for
_TURN = {"turns": 60, "polls": 25, "pointers": 20}


def graph_macs(graph: Graph) -> int:
    """Multiply-accumulates of all nodes."""
    return sum(ops.get(node.op).macs(graph.instance(node)) for node in graph.nodes)


@lru_cache(maxsize=8192)
def kernel_cost(instance: Instance, kernel: Kernel, n: int, costs: CostTable) -> float:
    """Instructions of a kernel that makes a step's whole output, n rows or units per call."""
    known = costs.kernels.get(kernel.symbol)
    if known is None:
        portable = _measured_portable(instance, kernel, costs)
        if portable is not None:
            rank = ops.get(instance.node.op).kernels.index(kernel)  # the fastest first
            return (_UNMEASURED + rank / 1000) * kernel_cost(instance, portable, n, costs)
        macs = ops.get(instance.node.op).macs(instance)
        plain = _PER_MAC * macs + _PER_OUTPUT * instance.output.type.elements
        return plain * costs.portable_instructions
    return priced(kernel_work(instance, kernel, n), known)


def _measured_portable(instance: Instance, kernel: Kernel, costs: CostTable) -> Kernel | None:
    """The kernel without special instructions that could run instead of one, if it was measured."""
    return next(
        (
            other
            for other in ops.get(instance.node.op).kernels
            if kernel.isa and not other.isa and other.symbol in costs.kernels
            if other.drive is kernel.drive and other.when(instance)
        ),
        None,
    )


def kernel_work(instance: Instance, kernel: Kernel, n: int) -> Work:
    """The events of a kernel that makes n rows or units per call."""
    return (kernel.work or plain_work)(instance, n)


def step_cost(instance: Instance, step: Step, costs: CostTable) -> float:
    """Instructions of a layer: its kernel, and what calls it."""
    kernel, (caller, work) = step.kernel, layer_work(instance, step)
    units = step.together
    if kernel.drive is not Drive.ROWS:
        units = kernel.units(instance) if kernel.units else 1
    driver = priced(work, costs.kernels.get(caller, {}))
    return driver + kernel_cost(instance, kernel, units, costs)


def layer_work(instance: Instance, step: Step) -> tuple[str, Work]:
    """What calls the kernel of a layer, and the events of that."""
    rows = row_count(instance.output.type)
    if step.kernel.drive is not Drive.ROWS:
        operands = len(step.kernel.pointers(instance))
        return RUNS, {"steps": 1, "operands": operands} if _in_slices(instance, step) else {}
    assert step.kernel.window is not None
    window, calls = step.kernel.window(instance), -(-rows // step.together)
    pointers = calls * (window.rows - window.stride) + rows * window.stride
    return LAYER, {"steps": 1, "calls": calls, "pointers": pointers}


def _in_slices(instance: Instance, step: Step) -> bool:
    """Whether a layer that runs at once could stop after any row of its output."""
    rows = row_count(instance.output.type)
    if rows == 1 or step.kernel.units is None or step.kernel.units(instance) % rows:
        return False
    return None not in ops.get(instance.node.op).rows(instance, 0)


def turns_cost(instance: Instance, step: Step, costs: CostTable) -> float:
    """Instructions of a step of a rolling region."""
    driver = priced(turn_work(instance, step), costs.kernels.get(ROLL, _TURN))
    return driver + kernel_cost(instance, step.kernel, units_per_turn(instance, step), costs)


def turn_work(instance: Instance, step: Step) -> Work:
    """The events of tinycc_roll that a step causes.

    It is asked before each of its turns, and in vain about as often as there is a new row to read.
    """
    kernel, rows = step.kernel, row_count(instance.output.type)
    read = max((row_count(tensor.type) for tensor in instance.activations), default=rows)
    if kernel.drive is Drive.ACCUMULATE:
        rows = read
    pointers = len(kernel.pointers(instance))
    if kernel.drive is Drive.ROWS:
        assert kernel.window is not None
        pointers = kernel.window(instance).rows
    return {"turns": rows, "polls": rows + read, "pointers": rows * pointers}


def units_per_turn(instance: Instance, step: Step) -> int:
    """What a kernel of a rolling region makes per call: rows, or the units of a row."""
    if step.kernel.units is None:
        return 1
    return max(1, step.kernel.units(instance) // row_count(instance.output.type))


def step_costs(schedule: Schedule, costs: CostTable) -> list[float]:
    """Instructions of every step where it runs, taking turns included."""
    found = []
    for step in schedule.steps:
        region, instance = schedule.region_of(step.index), schedule.instance(step)
        if region.rolls:
            found.append(turns_cost(instance, step, costs))
        else:
            found.append(step_cost(instance, step, costs))
    return found


def priced(work: Work, costs: Mapping[str, float]) -> float:
    """Events times their costs."""
    return sum(count * costs.get(event, 0.0) for event, count in work.items())
