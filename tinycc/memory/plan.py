"""The third stage: every buffer has a place in the arena and a life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tinycc.schedule.model import Schedule

ARENA = "arena"
"""The region of all buffers where a target has one memory, or none that is known."""


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
    region: str = ARENA
    scratch_of: int | None = None
    area: str = ""
    inside: Mapping[str, int] = field(default_factory=dict)

    def offset_of(self, tensor: str) -> int:
        """The arena offset of one of its tensors."""
        return self.offset + self.inside.get(tensor, 0)


@dataclass(frozen=True)
class Arena:
    """The bytes that a network takes of one memory; what lies there can do with `lower_bound`.

    `capacity`: what it may take. `traffic`: bytes that an inference reads and writes there, as
    predicted, at `price` each. `section`: that of the linker for it.
    """

    memory: str
    bytes: int
    lower_bound: int
    capacity: int
    traffic: int
    price: float
    section: str


@dataclass(frozen=True)
class Plan:
    """A placed schedule. `lower_bound`: the most bytes that are live at one step.

    All offsets are multiples of `alignment`, and sizes count rounded up to it. On targets with
    several memories `arenas` lists those in use, `arena_bytes` is their sum, and the region of a
    buffer is the name of its memory. `cheapest`: no other choice of memories costs less.
    """

    schedule: Schedule
    buffers: tuple[Buffer, ...]
    arena_bytes: int
    lower_bound: int
    peak_step: int
    alignment: int = 1
    arenas: tuple[Arena, ...] = ()
    cheapest: bool = True
    notes: tuple[str, ...] = ()

    @property
    def sizes(self) -> Mapping[str, int]:
        """The bytes of every arena, by the region of its buffers."""
        return {arena.memory: arena.bytes for arena in self.arenas} or {ARENA: self.arena_bytes}

    @property
    def fits(self) -> bool:
        """False where a memory is too small for its arena."""
        return all(arena.bytes <= arena.capacity for arena in self.arenas)

    @cached_property
    def offsets(self) -> Mapping[str, int]:
        """The arena offset of every run-time tensor."""
        return {name: b.offset_of(name) for b in self.buffers for name in b.tensors}

    @cached_property
    def home(self) -> Mapping[str, Buffer]:
        """The buffer of every run-time tensor that has one."""
        return {name: buffer for buffer in self.buffers for name in buffer.tensors}

    def scratch(self, step: int) -> Buffer | None:
        """The buffer of a step's scratch, None when it needs none."""
        return next((buffer for buffer in self.buffers if buffer.scratch_of == step), None)
