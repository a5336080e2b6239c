"""What is to be known about an instruction set to read its programs."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field

from tinycc.toolchain.elf import Elf, Relocation


@dataclass
class Function:
    """One symbol of the program's text. `pushed_bytes` is None when sp moves by a variable."""

    name: str
    address: int
    calls: set[int] = field(default_factory=set)
    calls_through_pointer: bool = False
    pushed_bytes: int | None = 0
    runs_into_next: bool = True

    def push(self, moved: int | None) -> None:
        """Adds the bytes by which an instruction lowers sp, None when they are unknown."""
        known = moved is not None and self.pushed_bytes is not None
        self.pushed_bytes = (self.pushed_bytes or 0) + (moved or 0) if known else None


@dataclass(frozen=True)
class MachineCode:
    """How objdump shows an instruction set, and what its relocations mean.

    `note` adds what one instruction (mnemonic, operands with objdump's comment) does to the control
    flow and to the stack. `referred`: which of the functions that start at some addresses one
    relocated place may put into a pointer.
    """

    note: Callable[[Function, str, str], None]
    referred: Callable[[Elf, Relocation, Set[int]], Set[int]]
