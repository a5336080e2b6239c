"""Rolling regions: which row is made when, and how many rows of each tensor have to be kept.

A region runs several steps in turns. The rule of the generated code is: make ONE row of the LAST
step whose next row has all its inputs; stop when there is none. This module plays that rule through
at compile time. What a region [a, b) does does not depend on where it ends: steps that come later
only add rows in between. So one play from each start serves all ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance
from tinycc.ops.op import Drive, row_count
from tinycc.schedule.model import Step
from tinycc.schedule.order import overwritable


@dataclass(frozen=True)
class RowStep:
    """A step as the row machine sees it.

    `needs[operand][row]` are the first and last row of each run-time operand. An accumulating
    step takes one turn per input row, and its only output row is there after the last. An in-place
    operator may write over the operands in `overwrites`.
    """

    step: Step
    operands: tuple[str, ...]
    output: str
    turns: int
    needs: tuple[tuple[tuple[int, int], ...], ...]
    accumulates: bool = False
    overwrites: tuple[str, ...] = ()

    def made(self, turns: int) -> int:
        """Output rows that are there after so many turns."""
        return int(turns == self.turns) if self.accumulates else turns


def row_step(graph: Graph, step: Step) -> RowStep | None:
    """The step as a row processor, or None when it is a barrier."""
    instance = graph.instance(step.node)
    output = instance.output
    operands = tuple(tensor.name for tensor in instance.activations)
    if len(output.type.shape) != 4 or not operands:
        return None
    if step.kernel.drive is Drive.ACCUMULATE:
        turns = row_count(instance.activations[0].type)
        each = tuple((row, row) for row in range(turns))
        return RowStep(step, operands, output.name, turns, (each,), accumulates=True)
    if not _makes_rows(instance, step):
        return None
    rows = [ops.get(step.node.op).rows(instance, row) for row in range(row_count(output.type))]
    if any(found is None for ranges in rows for found in ranges):
        return None
    needs = tuple(
        tuple(found for ranges in rows if (found := ranges[operand]) is not None)
        for operand in range(len(operands))
    )
    over = overwritable(instance)
    return RowStep(step, operands, output.name, len(rows), needs, overwrites=over)


def _makes_rows(instance: Instance, step: Step) -> bool:
    """True for window kernels, and for runs that split into rows."""
    if any(len(tensor.type.shape) != 4 for tensor in instance.activations):
        return False
    if step.kernel.drive is Drive.ROWS:
        return True
    rows = row_count(instance.output.type)
    return step.kernel.units is not None and step.kernel.units(instance) % rows == 0


def _needs_of(step: RowStep, tensor: str) -> list[tuple[tuple[int, int], ...]]:
    return [n for name, n in zip(step.operands, step.needs, strict=True) if name == tensor]


@dataclass(eq=False)
class Play:
    """The turns of all steps from one start on: `turns[position]` holds the times of its turns.

    Positions count from the start; times count turns of all steps.
    """

    steps: Sequence[RowStep]
    readers: Mapping[str, tuple[int, ...]]
    heights: Mapping[str, int]
    turns: list[list[int]] = field(default_factory=list)
    shareable: dict[tuple[int, int], int | None] = field(default_factory=dict)
    replaceable: dict[tuple[int, int, int], bool] = field(default_factory=dict)
    marks: list[int] = field(default_factory=list)

    @cached_property
    def length(self) -> int:
        """Turns of all steps."""
        return sum(len(turns) for turns in self.turns)

    def dead(self, tensor: str, time: int, height: int) -> int:
        """Rows of a tensor that no step needs any more for its turn at `time` or a later one."""
        least = height
        for position in self.readers.get(tensor, ()):
            step = self.steps[position]
            done = bisect_left(self.turns[position], time)
            if done == step.turns:
                continue
            for operand, name in enumerate(step.operands):
                if name == tensor:
                    least = min(least, step.needs[operand][done][0])
        return least

    @cached_property
    def ring_rows(self) -> tuple[int, ...]:
        """Rows to keep of the tensor that each step makes."""
        return tuple(self._ring_rows(position) for position in range(len(self.steps)))

    def _ring_rows(self, position: int) -> int:
        step, kept = self.steps[position], 1
        height = self.heights[step.output]
        for row, time in enumerate(() if step.accumulates else self.turns[position]):
            kept = max(kept, row + 1 - self.dead(step.output, time, height))
        return min(kept, height)

    def earlier_rows(self, pushed: str) -> int:
        """Rows to keep of a pushed tensor besides the newest one, which the caller holds."""
        height = self.heights[pushed]
        times = enumerate(self.marks, 1)
        return max(rows - self.dead(pushed, time, height) for rows, time in times)

    def shared_rows(self, x: int, y: int, height: int) -> int | None:
        """Rows of one ring in which step y overwrites, row by row, what step x made; found once."""
        if (x, y) not in self.shareable:
            self.shareable[x, y] = self._shared_rows(x, y, height)
        return self.shareable[x, y]

    def _shared_rows(self, x: int, y: int, height: int) -> int | None:
        """Rows of one ring in which step y overwrites, row by row, what step x made.

        Row r of both lies in the same place. None where a row of x is still needed by another
        step when y makes that row.
        """
        kept = 1
        x_name, y_name = self.steps[x].output, self.steps[y].output
        for row, time in enumerate(self.turns[y]):
            if self.dead(x_name, time + 1, height) <= row:
                return None
            kept = max(kept, row + 1 - self.dead(y_name, time, height))
        for row, time in enumerate(self.turns[x]):
            oldest = min(self.dead(x_name, time, height), self.dead(y_name, time, height))
            kept = max(kept, row + 1 - oldest)
        return kept

    def replaces(self, x: int, y: int, stride: int, shift: int, kept: int) -> bool:
        """Whether row r of step y can be written where row r * stride + shift of step x lies.

        That is the first row of its window, and in the ring of `kept` rows of x: no row may be
        written over one that is still needed, but for that very one. Found once.
        """
        key = x, y, kept
        if key not in self.replaceable:
            self.replaceable[key] = self._replaces(x, y, stride, shift, kept)
        return self.replaceable[key]

    def _replaces(self, x: int, y: int, stride: int, shift: int, kept: int) -> bool:
        names = self.steps[x].output, self.steps[y].output
        turns = [(time, 0, row) for row, time in enumerate(self.turns[x])]
        turns += [(time, 1, row) for row, time in enumerate(self.turns[y])]
        slots: dict[int, tuple[int, int]] = {}
        for time, who, row in sorted(turns):
            place = row * stride + shift if who else row
            owner, old = slots.get(place % kept, (who, -1))
            own = who == 1 and owner == 0 and old == place
            if self.dead(names[owner], time + own, self.heights[names[owner]]) <= old:
                return False
            slots[place % kept] = who, row
        return True

    @cached_property
    def busy(self) -> tuple[np.ndarray, ...]:
        """When each step works: bool [length] over the clock."""
        found = np.zeros((len(self.steps), self.length), bool)
        for position, turns in enumerate(self.turns):
            found[position, turns] = True
        return tuple(found)

    @cached_property
    def held(self) -> tuple[np.ndarray, ...]:
        """When a row of each step's output that was made waits or is read: bool [length]."""
        return tuple(self._held(position) for position in range(len(self.steps)))

    def _held(self, position: int) -> np.ndarray:
        step, length = self.steps[position], self.length
        found = np.zeros(length, bool)
        for row, made in enumerate(self.turns[position]):
            last = made
            for reader in self.readers.get(step.output, ()):
                for needs in _needs_of(self.steps[reader], step.output):
                    using = bisect_right(needs, (row, length), key=lambda n: (n[0], length)) - 1
                    if using >= 0 and needs[using][1] >= row:
                        last = max(last, self.turns[reader][using])
            found[made : last + 1] = True
        return found


def play(steps: Sequence[RowStep], heights: Mapping[str, int], pushed: str | None = None) -> Play:
    """Plays the rule over steps whose other inputs are whole; `pushed` arrives row by row.

    `Play.marks` are the times at which everything had been done that a pushed row allows.
    """
    makers = {step.output: position for position, step in enumerate(steps)}
    readers: dict[str, tuple[int, ...]] = {}
    for position, step in enumerate(steps):
        for name in dict.fromkeys(step.operands):
            readers[name] = (*readers.get(name, ()), position)
    found = Play(steps, readers, heights, [[] for _ in steps])
    there = {name: heights[name] for step in steps for name in step.operands if name not in makers}
    there.update(dict.fromkeys(makers, 0))
    clock = 0

    def ready(position: int) -> bool:
        step, turn = steps[position], len(found.turns[position])
        return turn < step.turns and all(
            step.needs[operand][turn][1] < there[name] for operand, name in enumerate(step.operands)
        )

    def advance(position: int) -> None:
        """One turn, then everything below that it made possible, the last step first."""
        nonlocal clock
        found.turns[position].append(clock)
        clock += 1
        step = steps[position]
        there[step.output] = step.made(len(found.turns[position]))
        for reader in reversed(readers.get(step.output, ())):
            while ready(reader):
                advance(reader)

    def drain() -> None:
        while last := [position for position in range(len(steps)) if ready(position)]:
            advance(last[-1])

    if pushed is None:
        drain()
        return found
    for row in range(heights[pushed]):
        there[pushed] = row + 1
        drain()
        found.marks.append(clock)
    return found
