"""RISC-V code: calls, returns and frames in the disassembly; relocations.

Source: "RISC-V ABIs Specification", version 1.0, for the relocations and the registers' names.
"""

from __future__ import annotations

import re
from collections.abc import Set

from tinycc.toolchain.elf import Elf, Relocation
from tinycc.toolchain.machine_code import Function, MachineCode

_BRANCH = re.compile(r"j(al)?|b(eq|ne|lt|ge|gt|le)[uz]?|b(lt|ge|gt|le)uz?")
_TARGET = re.compile(r"([0-9a-f]+) <")
_RETURNS = ("ra", "t0")  # t0: the routines of -msave-restore
_LOWERED = re.compile(r"sp,sp,-(\d+)")
# Types that jump or only mark a place: those that make no pointer.
_NO_POINTER = {0, 16, 17, 18, 19, 24, 25, *range(33, 41), 43, 44, 45, 51, *range(52, 57)}


def note(function: Function, mnemonic: str, operands: str) -> None:
    """Adds what one instruction does to the control flow and to the stack."""
    if mnemonic not in ("nop", "unimp"):  # padding after the end
        function.runs_into_next = mnemonic not in ("j", "jr", "ret", "tail", "mret")
    target = _TARGET.search(operands)
    if target and (_BRANCH.fullmatch(mnemonic) or mnemonic in ("jalr", "jr")):
        function.calls.add(int(target[1], 16))  # of `jalr` in objdump's comment
    elif mnemonic in ("jalr", "jr") and operands not in _RETURNS:
        function.calls_through_pointer = True
    function.push(_moved(mnemonic, operands))


def _moved(mnemonic: str, operands: str) -> int | None:
    """Bytes by which an instruction lowers sp; 0 for all that raise it, None when unknown."""
    if not mnemonic.startswith(("add", "sub")) or not operands.startswith("sp,sp,"):
        return 0
    lowered = _LOWERED.match(operands)
    if lowered:
        return int(lowered[1])
    return 0 if re.match(r"sp,sp,\d", operands) else None


def referred(elf: Elf, relocation: Relocation, starts: Set[int]) -> Set[int]:
    """The functions that one relocated place names."""
    return set() if relocation.type in _NO_POINTER else {relocation.address} & starts


RISCV = MachineCode(note, referred)
