"""Proves a plan by running it over bytes that carry owner tags instead of values.

Shares no code with what made the plan. Every byte of every run-time tensor has a tag of its own;
writing a tensor puts its tags into the arena, and a read must find exactly them. Steps run row by
row, as the generated code does, with the rows that each operator's record says it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tinycc import ops
from tinycc.errors import InternalError
from tinycc.ir.graph import Instance, Tensor
from tinycc.memory.plan import Buffer, Plan
from tinycc.ops.op import Alias, RowRange, row_count
from tinycc.schedule.model import Step

Span = tuple[int, int]
"""First byte within a tensor, and the byte after the last."""


def check(plan: Plan) -> None:
    """Raises InternalError unless the plan is as it says and every step reads what it should.

    Besides the simulation: all places lie in the arena and are multiples of its alignment, declared
    lives cover every access, buffers that are live together are disjoint, the lower bound is not
    above the arena, and every step of the graph is there.
    """
    _check_places(plan)
    _check_disjoint(plan)
    _check_steps(plan)
    simulate(plan)


def simulate(plan: Plan) -> None:
    """Runs the plan over tags; InternalError when a read finds a byte of anything else.

    This judges the bytes alone, not the declared lives (but every access must lie in one), so that
    buffers may overlap in time where the rows of their operators allow it.
    """
    machine = _Machine(plan)
    machine.fill_inputs()
    for step in plan.schedule.steps:
        machine.run(step)
    machine.expect_outputs()


def _fail(message: str) -> InternalError:
    return InternalError(f"memory checker: {message}", hint="this is a bug of tinycc")


def _check_places(plan: Plan) -> None:
    end = max(0, len(plan.schedule.steps) - 1)
    for buffer in plan.buffers:
        if buffer.offset < 0 or buffer.offset + buffer.bytes > plan.arena_bytes:
            raise _fail(f"`{buffer.name}` lies outside the arena of {plan.arena_bytes} bytes")
        if buffer.offset % plan.alignment:
            raise _fail(f"`{buffer.name}` at {buffer.offset} is not aligned to {plan.alignment}")
        if not 0 <= buffer.first_step <= buffer.last_step <= end:
            raise _fail(f"`{buffer.name}` lives {buffer.first_step} to {buffer.last_step} of {end}")
    if plan.lower_bound > plan.arena_bytes:
        raise _fail(f"lower bound {plan.lower_bound} above the arena of {plan.arena_bytes} bytes")


def _check_disjoint(plan: Plan) -> None:
    ordered = sorted(plan.buffers, key=lambda buffer: buffer.first_step)
    for index, late in enumerate(ordered):
        for early in ordered[:index]:
            lives_meet = late.first_step <= early.last_step
            starts_inside = late.offset < early.offset + early.bytes
            if lives_meet and starts_inside and early.offset < late.offset + late.bytes:
                raise _fail(f"`{early.name}` and `{late.name}` are live together and overlap")


def _check_steps(plan: Plan) -> None:
    graph, steps = plan.schedule.graph, plan.schedule.steps
    expected = [node for node in graph.nodes if ops.get(node.op).alias is not Alias.VIEW]
    if [step.node for step in steps] != expected:
        raise _fail("the steps are not the graph's nodes in order")
    if [step.index for step in steps] != list(range(len(steps))):
        raise _fail("the steps are not numbered from 0")


class _Machine:
    """A flat memory of tags: 0 for bytes nobody wrote, else one tag per byte of each tensor."""

    def __init__(self, plan: Plan) -> None:
        self.graph = plan.schedule.graph
        self.end = max(0, len(plan.schedule.steps) - 1)
        self.memory = np.zeros(plan.arena_bytes, np.int64)
        self.home = {name: buffer for buffer in plan.buffers for name in buffer.tensors}
        self.scratch = {b.first_step: b for b in plan.buffers if not b.tensors}
        self.tags = self._tags()

    def _tags(self) -> Mapping[str, np.ndarray]:
        """The tags of every run-time tensor; a view has those of what it views."""
        tags: dict[str, np.ndarray] = {}
        base_of = {
            node.output: node.inputs[0]
            for node in self.graph.nodes
            if ops.get(node.op).alias is Alias.VIEW
        }
        next_tag = 1
        for name in (*self.graph.inputs, *(node.output for node in self.graph.nodes)):
            size = self.graph.tensors[name].type.bytes
            tags[name] = tags.get(base_of.get(name, ""), np.arange(next_tag, next_tag + size))
            next_tag += size
        return tags

    def fill_inputs(self) -> None:
        """The caller writes all inputs before the first step."""
        for name in self.graph.inputs:
            self._access(name, 0)
            self._write(name, self._whole(name))

    def expect_outputs(self) -> None:
        """The caller reads all outputs after the last step."""
        for name in self.graph.outputs:
            if not self.graph.tensors[name].is_constant:
                self._access(name, self.end)
                self._expect(name, self._whole(name), "at the end")

    def run(self, step: Step) -> None:
        """Makes every output row from the rows it needs."""
        instance = self.graph.instance(step.node)
        for tensor in (*instance.activations, instance.output):
            self._access(tensor.name, step.index)
        for row in range(row_count(instance.output.type)):
            self._run_row(step, instance, row)

    def _run_row(self, step: Step, instance: Instance, row: int) -> None:
        """Scratch, output row and operands must all be intact once the row is written.

        Only what an in-place operator overwrites at the very same place may be gone: it reads each
        element before it writes it there.
        """
        when = f"for row {row} of step {step.index}"
        needed = list(_needed(instance, row))
        scratch = self._fill_scratch(step)
        for tensor, span in needed:
            self._expect(tensor.name, span, when)
        self._write(instance.output.name, _span(instance.output, (row, row)))
        for tensor, span in needed:
            if not self._replaced(instance, tensor):
                self._expect(tensor.name, span, f"while writing, {when}")
        if not np.all(scratch == -1):
            raise _fail(f"scratch of step {step.index} was overwritten {when}")

    def _replaced(self, instance: Instance, tensor: Tensor) -> bool:
        if ops.get(instance.node.op).alias is not Alias.IN_PLACE:
            return False
        same_place = self._home(tensor.name).offset == self._home(instance.output.name).offset
        return same_place and tensor.type.bytes == instance.output.type.bytes

    def _fill_scratch(self, step: Step) -> np.ndarray:
        """The scratch of a step, tagged -1; the kernel may write all of it before any row."""
        if not step.scratch_bytes:
            return self.memory[:0]
        buffer = self.scratch.get(step.index)
        if buffer is None or buffer.bytes < step.scratch_bytes:
            raise _fail(f"step {step.index} has no {step.scratch_bytes} bytes of scratch")
        scratch = self.memory[buffer.offset : buffer.offset + buffer.bytes]
        scratch[:] = -1
        return scratch

    def _home(self, name: str) -> Buffer:
        buffer = self.home.get(name)
        if buffer is None:
            raise _fail(f"tensor `{name}` has no buffer")
        return buffer

    def _access(self, name: str, step: int) -> None:
        """A tensor is read or written at a step: its buffer must be large enough and live."""
        buffer, size = self._home(name), self.graph.tensors[name].type
        if buffer.bytes < size.bytes or buffer.offset % size.dtype.bytes:
            raise _fail(f"`{buffer.name}` cannot hold tensor `{name}`")
        if not buffer.first_step <= step <= buffer.last_step:
            raise _fail(f"`{buffer.name}` is not live at step {step}, which uses `{name}`")

    def _whole(self, name: str) -> Span:
        return 0, self.graph.tensors[name].type.bytes

    def _write(self, name: str, span: Span) -> None:
        self._bytes(name, span)[:] = self.tags[name][slice(*span)]

    def _expect(self, name: str, span: Span, when: str) -> None:
        if not np.array_equal(self._bytes(name, span), self.tags[name][slice(*span)]):
            raise _fail(f"bytes {span[0]} to {span[1]} of `{name}` were overwritten {when}")

    def _bytes(self, name: str, span: Span) -> np.ndarray:
        offset = self._home(name).offset
        return self.memory[offset + span[0] : offset + span[1]]


def _needed(instance: Instance, row: int) -> Iterator[tuple[Tensor, Span]]:
    """The bytes of each run-time operand that an output row depends on."""
    ranges = ops.get(instance.node.op).rows(instance, row)
    for tensor, rows in zip(instance.activations, ranges, strict=True):
        yield tensor, _span(tensor, rows)


def _span(tensor: Tensor, rows: RowRange) -> Span:
    """The bytes of a range of rows; all bytes for None."""
    if rows is None:
        return 0, tensor.type.bytes
    row_bytes = tensor.type.bytes // row_count(tensor.type)
    start = max(rows[0], 0) * row_bytes
    return start, max(start, (rows[1] + 1) * row_bytes)  # empty where the window is all padding
