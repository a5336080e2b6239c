"""A rolling region as C: tables of its tensors, operands and steps for tinycc_roll."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tinycc.emit.literals import ArrayPool
from tinycc.emit.names import comment
from tinycc.emit.weights import Fixed, PrintedKernel
from tinycc.ir.graph import Graph, Instance, Tensor
from tinycc.memory.plan import Plan
from tinycc.ops.op import Array, Drive, Window, row_count
from tinycc.schedule.model import Region, Step

Constant = Callable[[Tensor, str], Fixed]
"""A constant operand, stored under a suggested name."""


@dataclass
class _Tables:
    """Lines of the three tables under construction, and the number of each tensor."""

    tensors: list[str] = field(default_factory=list)
    operands: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)


class RegionPrinter:
    """Prints the tables of one region; `step_name` is what the names of a step begin with.

    `bases`: the number, in the table that tinycc_roll gets, of what lies outside the arenas, which
    come first; `file_base`: that of the weights, where they are no part of the code.
    """

    def __init__(
        self,
        plan: Plan,
        region: Region,
        step_name: Callable[[Step], str],
        constant: Constant,
        kernel: Callable[[Step], PrintedKernel],
        pool: ArrayPool,
        bases: Mapping[str, int],
        file_base: int,
    ) -> None:
        self.bases, self.file_base = bases, file_base
        self.arenas = {region: number for number, region in enumerate(plan.sizes)}
        self.plan, self.region, self.pool = plan, region, pool
        self.graph: Graph = plan.schedule.graph
        self.steps = plan.schedule.steps[region.first : region.last + 1]
        self.makers = {step.node.output: i for i, step in enumerate(self.steps)}
        self.step_name, self.constant, self.kernel = step_name, constant, kernel
        self.last_readers = self._last_readers()
        self.name = f"roll_{region.first}"
        streamed = plan.schedule.streamed
        self.pushed = streamed if streamed in region.rings else None

    def _last_readers(self) -> dict[int, int]:
        """Per step that others of the region read the last one of these."""
        operands = ((i, x) for i, step in enumerate(self.steps) for x, _ in self._operands(step))
        return {self._maker(tensor): reader for reader, tensor in operands}

    def _maker(self, tensor: Tensor) -> int:
        """The step of the region that makes a tensor, or what it is a part of; -1: it is there."""
        part = self.plan.schedule.within.get(tensor.name)
        whole = self.makers.get(part.tensor, -1) if part else -1
        return self.makers.get(tensor.name, whole)

    @property
    def pointers(self) -> int:
        """The most rows that a step reads."""
        return max(sum(window.rows for _, window in self._operands(s)) for s in self.steps)

    def tables(self, title: Callable[[Instance], str]) -> tuple[str, ...]:
        """The definitions of the tables; `title` describes a step."""
        found = _Tables()
        for step in self.steps:
            first = len(found.operands)
            operands = self._operands(step)
            for tensor, window in operands:
                found.operands.append(self._operand(found, step, tensor, window))
            output = self._number(found, step, self.graph.tensors[step.node.output])
            head = f"    /* {step.index}: {comment(title(self.graph.instance(step.node)))} */\n"
            found.steps.append(head + self._step(step, first, len(operands), output))
        name = self.name
        pushed = ""
        if self.pushed is not None:
            number, newest = found.numbers[self.pushed], self.bases[self.pushed]
            pushed = f"    .pushed = &{name}_tensors[{number}],\n    .newest = {newest},\n"
        return (
            _table("tinycc_roll_tensor", f"{name}_tensors", found.tensors),
            _table("tinycc_roll_operand", f"{name}_operands", found.operands),
            _table("tinycc_roll_step", f"{name}_steps", found.steps),
            f"static const tinycc_roll_region {name} = {{\n"
            f"    .tensors = {name}_tensors,\n    .steps = {name}_steps,\n{pushed}"
            f"    .step_count = {len(self.steps)},\n    .number = {self.region.first},\n}};",
        )

    def _operands(self, step: Step) -> list[tuple[Tensor, Window]]:
        """What a step reads per turn: rows under a window, or one row of each operand."""
        instance = self.graph.instance(step.node)
        inputs = [instance.inputs[index] for index in step.kernel.pointers(instance)]
        if step.kernel.drive is Drive.ROWS:
            assert step.kernel.window is not None
            return [(inputs[0], step.kernel.window(instance))]
        return [(x, Window(stride=int(_rows(x) > 1))) for x in inputs]

    def _operand(self, found: _Tables, step: Step, tensor: Tensor, window: Window) -> str:
        first = "NULL"
        if window.first is not None:
            rows = Array("uint16_t", np.array(window.first, np.uint16))
            first = self.pool.add(f"{self.step_name(step)}_first", rows).name
        number = self._number(found, step, tensor)
        return (
            f"    {{.first = {first}, .tensor = {number}, .window = {window.rows}, "
            f".stride = {window.stride}, .pad = {window.pad}}},"
        )

    def _number(self, found: _Tables, step: Step, tensor: Tensor) -> int:
        """The tensor's place in the table, added where it is new."""
        if tensor.name in found.numbers:
            return found.numbers[tensor.name]
        height, part = _rows(tensor), self.plan.schedule.within.get(tensor.name)
        whole = self.graph.tensors[part.tensor] if part else tensor
        kept = self.region.rings.get(whole.name, height)
        pitch, (stride, shift) = whole.type.bytes // height, (1, 0)
        if tensor.name in self.region.slots:
            ring = self.graph.tensors[self.region.shared[tensor.name]]
            pitch, (stride, shift) = ring.type.bytes // _rows(ring), self.region.slots[tensor.name]
        fixed, offset, base = "NULL", 0, 0
        if tensor.is_constant:
            found_at = self.constant(tensor, f"{self.step_name(step)}_operand")
            fixed, offset = found_at.name, found_at.offset
            base = self.file_base if found_at.in_file else 0
        elif tensor.name in self.plan.home:
            base = self.arenas[self.plan.home[tensor.name].region]
            offset = self.plan.offsets[tensor.name]
        elif tensor.name != self.pushed:
            base = self.bases[whole.name]
            if part:
                offset = part.first * (whole.type.bytes // (height * whole.type.shape[2]))
        note = f"{tensor.name}, a ring" if kept < height else tensor.name
        found.tensors.append(
            f"    {{.fixed = {fixed}, .offset = {offset}, "
            f".row_bytes = {pitch}, .height = {height}, .kept = {kept}, "
            f".maker = {self._maker(tensor)}, .base = {base}, "
            f".stride = {stride}, .shift = {shift % max(kept, 1)}}}, "
            f"/* {comment(note)} */"
        )
        found.numbers[tensor.name] = len(found.tensors) - 1
        return found.numbers[tensor.name]

    def _step(self, step: Step, first: int, count: int, output: int) -> str:
        kernel = self.kernel(step)
        instance = self.graph.instance(step.node)
        rows, units = _rows(instance.output), 1
        accumulates = step.kernel.drive is Drive.ACCUMULATE
        if step.kernel.units is not None:
            units = step.kernel.units(instance) // rows
        turns = _rows(instance.activations[0]) if accumulates else rows
        scratch = self.plan.scratch(step.index)
        place = -1 if scratch is None else scratch.offset
        base = 0 if scratch is None else self.arenas[scratch.region]
        index = step.index - self.region.first
        return (
            f"    {{.kernel = {kernel.function}, .params = {kernel.argument},\n"
            f"     .operands = &{self.name}_operands[{first}], .operand_count = {count}, "
            f".output = {output},\n"
            f"     .scratch = {place}, .n = {units}, .turns = {turns}, "
            f".last_reader = {self.last_readers.get(index, index)}, "
            f".accumulates = {int(accumulates)}, .base = {base}}},"
        )


def _rows(tensor: Tensor) -> int:
    return row_count(tensor.type)


def _table(ctype: str, name: str, lines: Sequence[str]) -> str:
    return "\n".join([f"static const {ctype} {name}[] = {{", *lines, "};"])
