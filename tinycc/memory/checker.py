"""Proves a plan by running it over bytes that carry owner tags instead of values.

Shares no code with what made the plan. Every byte of every run-time tensor has a tag of its own;
writing a tensor puts its tags into the arena, and a read must find exactly them. Steps run row by
row, as the generated code does, with the rows that each operator's record says it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import cast

import numpy as np

from tinycc import ops
from tinycc.errors import InternalError
from tinycc.ir.graph import Instance, Tensor
from tinycc.memory.places import check_places
from tinycc.memory.plan import Buffer, Plan
from tinycc.memory.remade import check_remade
from tinycc.ops.concat import Concat
from tinycc.ops.op import Alias, Drive, row_count
from tinycc.ops.slice import Slice
from tinycc.schedule.model import Region, Step


def check(plan: Plan) -> None:
    """Raises InternalError unless the plan is as it says and every step reads what it should.

    Besides the simulation: all places lie in the arena and are multiples of its alignment, declared
    lives cover every access, buffers that are live together are disjoint, the lower bound is not
    above the arena, every step of the graph is there, and what is made again is what it stands for.
    """
    check_places(plan)
    _check_steps(plan)
    _check_outside(plan)
    check_remade(plan.schedule)
    simulate(plan)


def simulate(plan: Plan) -> None:
    """Runs the plan over tags; InternalError when a read finds a byte of anything else.

    This judges the bytes alone, not the declared lives (but every access must lie in one), so that
    buffers may overlap in time where the rows of their operators allow it.
    """
    machine = _Machine(plan)
    machine.fill_inputs()
    for region in plan.schedule.regions or _layers(plan):
        machine.run(region)
    machine.expect_outputs()


def _layers(plan: Plan) -> list[Region]:
    return [Region(step.index, step.index) for step in plan.schedule.steps]


def _fail(message: str) -> InternalError:
    return InternalError(f"memory checker: {message}", hint="this is a bug of tinycc")


def _check_steps(plan: Plan) -> None:
    graph, steps = plan.schedule.graph, plan.schedule.steps
    resting = {n.output for n in graph.nodes if ops.get(n.op).alias is Alias.VIEW}
    resting |= plan.schedule.joined
    resting |= {n.output for n in graph.nodes if plan.schedule.cuts(n) or plan.schedule.gathers(n)}
    expected = [node for node in graph.nodes if node.output not in resting]
    if [step.node for step in steps] != expected:
        raise _fail("the steps are not the graph's nodes in order")
    if [step.index for step in steps] != list(range(len(steps))):
        raise _fail("the steps are not numbered from 0")


def _check_outside(plan: Plan) -> None:
    """The caller holds inputs and views of them, which have no place here, and are no results.

    Of an input that it pushes row by row, earlier rows may have a place.
    """
    graph, outside = plan.schedule.graph, plan.schedule.outside
    allowed = set(graph.inputs)
    for node in graph.nodes:
        viewed = ops.get(node.op).alias is Alias.VIEW or plan.schedule.cuts(node)
        if viewed and node.inputs[0] in allowed:
            allowed.add(node.output)
    placed = {name for buffer in plan.buffers for name in buffer.tensors}
    placed -= {plan.schedule.streamed}
    for name in outside:
        if name not in allowed or name in placed or name in graph.outputs:
            raise _fail(f"the caller cannot hold `{name}`")


class _Machine:
    """A memory of tags for each arena: 0 for bytes nobody wrote, else one tag per byte of a tensor.

    Tags differ between tensors, so bytes of one memory never pass for those of another.
    """

    def __init__(self, plan: Plan) -> None:
        self.graph, self.steps = plan.schedule.graph, plan.schedule.steps
        self.end = max(0, len(self.steps) - 1)
        self.memory = {name: np.zeros(size, np.int64) for name, size in plan.sizes.items()}
        self.outside = plan.schedule.outside
        self.home = {name: buffer for buffer in plan.buffers for name in buffer.tensors}
        self.scratch = {b.scratch_of: b for b in plan.buffers if b.scratch_of is not None}
        self.kept = {n: rows for r in plan.schedule.regions for n, rows in r.rings.items()}
        self.slots = {n: slot for r in plan.schedule.regions for n, slot in r.slots.items()}
        self.ring = {n: x for r in plan.schedule.regions for n, x in r.shared.items()}
        self.within = {name: part.tensor for name, part in plan.schedule.within.items()}
        gathered = {node.output for node in self.graph.nodes if plan.schedule.gathers(node)}
        self.pushed, self.arrived = plan.schedule.streamed, 0
        self.tags = self._tags(plan.schedule.joined | gathered)

    def _tags(self, joined: Set[str]) -> Mapping[str, np.ndarray]:
        """The tags of every run-time tensor; a view has those of what it views.

        A Concat or slice that nothing runs for has those of its operands.
        """
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
            if name in joined or self._is_cut(name):
                instance = self.graph.instance(self.graph.producer[name])
                shaped = [tags[x.name].reshape(*x.type.shape, -1) for x in instance.inputs]
                if name in joined:
                    moved = np.concatenate(shaped, axis=cast(Concat, instance.attrs).axis)
                else:
                    moved = shaped[0][cast(Slice, instance.attrs).index]
                tags[name] = moved.reshape(-1)
        return tags

    def fill_inputs(self) -> None:
        """The caller writes all inputs before the first step, unless they lie in its own memory."""
        for name in self.graph.inputs:
            self._access(name, 0)
            if name not in self.outside:
                self._write(name, range(self._rows(name)))

    def expect_outputs(self) -> None:
        """The caller reads all outputs after the last step."""
        for name in self.graph.outputs:
            if not self.graph.tensors[name].is_constant:
                self._access(name, self.end)
                self._expect(name, range(self._rows(name)), "at the end")

    def run(self, region: Region) -> None:
        """Takes the turns of a region by its rule, as the generated code does.

        Where rows are pushed, they take turns until they have to wait for the next row. The caller
        holds the newest row, which joins the earlier ones when the turns have been taken, unless it
        is the last.
        """
        steps = self.steps[region.first : region.last + 1]
        for step in steps:
            instance = self.graph.instance(step.node)
            for tensor in (*instance.activations, instance.output):
                self._access(tensor.name, step.index)
        turns = dict.fromkeys((step.index for step in steps), 0)
        makers = {step.node.output: step for step in steps}
        pushed = self.pushed if self.pushed in region.rings else None
        for row in range(self._rows(pushed) if pushed else 1):
            self.arrived = row + 1 if pushed else 0
            while able := [s for s in steps if self._ready(s, turns, makers)]:
                turns[able[-1].index] += self._turn(able[-1], turns[able[-1].index])
            self.arrived = 0
            if pushed and region.rings[pushed] and row < self._rows(pushed) - 1:
                self._write(pushed, range(row, row + 1))
        if any(turns[step.index] != self._turns(step) for step in steps):
            raise _fail(f"steps {region.first} to {region.last} wait for each other")

    def _turns(self, step: Step) -> int:
        """Input rows of an accumulating step, else output rows."""
        instance = self.graph.instance(step.node)
        accumulates = step.kernel.drive is Drive.ACCUMULATE
        return row_count((instance.activations[0] if accumulates else instance.output).type)

    def _ready(self, step: Step, turns: Mapping[int, int], makers: Mapping[str, Step]) -> bool:
        turn = turns[step.index]
        if turn == self._turns(step):
            return False
        for name, last in self._awaited(step, turn):
            if name == self.pushed and last >= self.arrived:
                return False
            maker = makers.get(self.within.get(name, name))
            if maker is None:
                continue
            there = turns[maker.index]
            if maker.kernel.drive is Drive.ACCUMULATE:
                there = int(there == self._turns(maker))
            if last >= there:
                return False
        return True

    def _awaited(self, step: Step, turn: int) -> Iterator[tuple[str, int]]:
        """The last row of each operand that a turn waits for.

        The generated code also waits where the window is all bottom padding: until the operand's
        last row is there.
        """
        instance = self.graph.instance(step.node)
        if step.kernel.drive is Drive.ACCUMULATE:
            yield instance.activations[0].name, turn
            return
        ranges = ops.get(step.node.op).rows(instance, turn)
        for tensor, rows in zip(instance.activations, ranges, strict=True):
            yield tensor.name, self._rows(tensor.name) - 1 if rows is None else rows[1]

    def _turn(self, step: Step, turn: int) -> int:
        """Scratch, output rows and operands must all be intact once the rows are written.

        Only what an in-place operator overwrites at the very same place may be gone, as it reads
        each element before it writes it there; and the first row of a window, where the kernel has
        copied it before it writes its row there. The number of rows that the call makes.
        """
        instance = self.graph.instance(step.node)
        when = f"for row {turn} of step {step.index}"
        after = min(turn + step.together, self._turns(step))
        made = range(turn, after)
        if step.backwards:
            made = range(self._turns(step) - after, self._turns(step) - turn)
        needed = [need for row in made for need in self._needed(step, row)]
        accumulates = step.kernel.drive is Drive.ACCUMULATE
        scratch = self._scratch(step)
        mark = -1 - step.index
        if accumulates and turn > 0 and not np.all(scratch == mark):
            raise _fail(f"the sums of step {step.index} were overwritten {when}")
        scratch[:] = mark
        for tensor, rows in needed:
            self._expect(tensor.name, rows, when)
        if not accumulates or turn == self._turns(step) - 1:
            self._write(instance.output.name, range(1) if accumulates else made)
        for tensor, rows in needed:
            if self._over_first(step, tensor, turn):
                rows = rows[1:]
            if not self._replaced(instance, tensor):
                self._expect(tensor.name, rows, f"while writing, {when}")
        if not np.all(scratch == mark):
            raise _fail(f"scratch of step {step.index} was overwritten {when}")
        return after - turn

    def _needed(self, step: Step, turn: int) -> Iterator[tuple[Tensor, range]]:
        """The rows of each run-time operand that a turn depends on; none where all is padding."""
        instance = self.graph.instance(step.node)
        if step.kernel.drive is Drive.ACCUMULATE:
            yield instance.activations[0], range(turn, turn + 1)
            return
        ranges = ops.get(step.node.op).rows(instance, turn)
        for tensor, rows in zip(instance.activations, ranges, strict=True):
            if rows is None:
                yield tensor, range(self._rows(tensor.name))
                continue
            first = max(rows[0], 0)
            yield tensor, range(first, max(first, rows[1] + 1))

    def _over_first(self, step: Step, tensor: Tensor, turn: int) -> bool:
        """True where the row of a turn may lie on the first row of its window in the image."""
        name, instance = step.node.output, self.graph.instance(step.node)
        if name not in self.slots or self.ring[name] != tensor.name:
            return False
        first = ops.get(step.node.op).rows(instance, turn)[0]
        return step.kernel.over(instance) and first is not None and first[0] >= 0

    def _replaced(self, instance: Instance, tensor: Tensor) -> bool:
        alias = ops.get(instance.node.op).alias
        if alias is not Alias.IN_PLACE or tensor.name in self.outside:
            return False
        mine, output = self._place(tensor.name), self._place(instance.output.name)
        same_ring = self._kept(tensor.name) == self._kept(instance.output.name)
        same_size = tensor.type.bytes == instance.output.type.bytes
        same_rows = self._pitch(tensor.name) == self._pitch(instance.output.name)
        return mine == output and same_ring and same_size and same_rows

    def _scratch(self, step: Step) -> np.ndarray:
        """The scratch of a step."""
        if not step.scratch_bytes:
            return np.zeros(0, np.int64)
        buffer = self.scratch.get(step.index)
        if buffer is None or buffer.bytes < step.scratch_bytes:
            raise _fail(f"step {step.index} has no {step.scratch_bytes} bytes of scratch")
        return self.memory[buffer.region][buffer.offset : buffer.offset + buffer.bytes]

    def _home(self, name: str) -> Buffer:
        buffer = self.home.get(name)
        if buffer is None:
            raise _fail(f"tensor `{name}` has no buffer")
        return buffer

    def _start(self, name: str) -> int:
        return self._home(name).offset_of(name)

    def _place(self, name: str) -> tuple[str, int]:
        return self._home(name).region, self._start(name)

    def _access(self, name: str, step: int) -> None:
        """A tensor is read or written at a step: its buffer must be large enough and live."""
        if name in self.outside and not (name == self.pushed and self._kept(name)):
            return
        buffer, type_ = self._home(name), self.graph.tensors[name].type
        needed = (self._kept(name) - 1) * self._pitch(name) + type_.bytes // self._rows(name)
        end = buffer.offset + buffer.bytes
        if self._start(name) + needed > end or self._start(name) % type_.dtype.bytes:
            raise _fail(f"`{buffer.name}` cannot hold tensor `{name}`")
        if not buffer.first_step <= step <= buffer.last_step:
            raise _fail(f"`{buffer.name}` is not live at step {step}, which uses `{name}`")

    def _rows(self, name: str) -> int:
        return row_count(self.graph.tensors[name].type)

    def _is_cut(self, name: str) -> bool:
        """True for a slice that nothing runs for."""
        node = self.graph.producer.get(name)
        return node is not None and self.within.get(name) in node.inputs

    def _kept(self, name: str) -> int:
        return self.kept.get(self.within.get(name, name), self._rows(name))

    def _pitch(self, name: str) -> int:
        """Bytes from one row to the next."""
        whole = self.within.get(name, name)
        if name in self.slots:
            whole = self.ring[name]
        return self.graph.tensors[whole].type.bytes // self._rows(whole)

    def _write(self, name: str, rows: range) -> None:
        for cells, tags in self._cells(name, rows):
            cells[:] = tags

    def _expect(self, name: str, rows: range, when: str) -> None:
        for cells, tags in self._cells(name, rows):
            if not np.array_equal(cells, tags):
                raise _fail(
                    f"rows {rows.start} to {rows.stop - 1} of `{name}` were overwritten {when}"
                )

    def _cells(self, name: str, rows: range) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The memory and the tags of some rows, which lie in a ring or in the whole tensor.

        Nothing to look at where the caller holds them: nobody can write there.
        """
        if name == self.pushed and self.arrived:
            rows = range(rows.start, min(rows.stop, self.arrived - 1))
        if not rows or (name in self.outside and name != self.pushed):
            return
        memory = self.memory[self._home(name).region]
        start = self._start(name)
        size = self.graph.tensors[name].type.bytes // self._rows(name)
        kept, pitch = self._kept(name), self._pitch(name)
        if kept == self._rows(name) and pitch == size and name not in self.slots:
            span = slice(rows.start * size, rows.stop * size)
            yield memory[start:][span], self.tags[name][span]
            return
        for row in rows:
            stride, shift = self.slots.get(name, (1, 0))
            at = start + (row * stride + shift) % kept * pitch
            yield memory[at : at + size], self.tags[name][row * size : (row + 1) * size]
