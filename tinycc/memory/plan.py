"""The third stage: every buffer has a place in the arena and a life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tinycc.schedule.model import Schedule


@dataclass(frozen=True)
class Buffer:
    """Bytes [offset, offset + bytes) of the arena, live during steps first_step .. last_step.

    `tensors` share the bytes (in place or as views), oldest first; empty for scratch, which is that
    of step `scratch_of`. `inside`: where those tensors begin that do not begin at byte 0, because
    they are an operand of a Concat that has no step. Model inputs are live from step 0, outputs to
    the last step. Buffers of a rolling region live from its first step to its last. Those with an
    `area` are needed for a few turns at a time and may share bytes with others of that area.
    """

    name: str
    tensors: tuple[str, ...]
    bytes: int
    first_step: int
    last_step: int
    offset: int = 0
    region: str = "arena"
    scratch_of: int | None = None
    area: str = ""
    inside: Mapping[str, int] = field(default_factory=dict)

    def offset_of(self, tensor: str) -> int:
        """The arena offset of one of its tensors."""
        return self.offset + self.inside.get(tensor, 0)


@dataclass(frozen=True)
class Plan:
    """A placed schedule. `lower_bound`: the most bytes that are live at one step.

    All offsets are multiples of `alignment`, and sizes count rounded up to it.
    """

    schedule: Schedule
    buffers: tuple[Buffer, ...]
    arena_bytes: int
    lower_bound: int
    peak_step: int
    alignment: int = 1

    @cached_property
    def offsets(self) -> Mapping[str, int]:
        """The arena offset of every run-time tensor."""
        return {name: b.offset_of(name) for b in self.buffers for name in b.tensors}

    def scratch_offset(self, step: int) -> int | None:
        """The arena offset of a step's scratch, None when it needs none."""
        for buffer in self.buffers:
            if buffer.scratch_of == step:
                return buffer.offset
        return None
