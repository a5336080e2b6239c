"""Thumb code: calls, returns and frames in the disassembly; relocations.

Source: "ELF for the Arm Architecture".
"""

from __future__ import annotations

import re
from collections.abc import Set

from tinycc.toolchain.elf import Elf, Relocation
from tinycc.toolchain.machine_code import Function, MachineCode

_BRANCH = re.compile(r"b|bl|blx|cbn?z|bl?[a-z]{2}")
_TARGET = re.compile(r"([0-9a-f]+) <")
_ELEMENT_BYTES = {"s": 4, "d": 8, "q": 16}
_ABS32, _TARGET1, _THUMB_MOVW = 2, 38, 47  # table 4-9


def note(function: Function, mnemonic: str, operands: str) -> None:
    """Adds what one instruction does to the control flow and to the stack."""
    operands = re.split("[;@]", operands)[0].strip()
    base = mnemonic.removesuffix(".n").removesuffix(".w")
    if base != "nop" and (base, operands) != ("movs", "r0, r0"):  # padding: of code, and zeros
        function.runs_into_next = not _leaves(base, operands)
    target = _TARGET.search(operands)
    if target and _BRANCH.fullmatch(base):
        function.calls.add(int(target[1], 16))
    elif _jumps_through_pointer(base, operands):
        function.calls_through_pointer = True
    function.push(_moved(base, operands))


def _leaves(base: str, operands: str) -> bool:
    """Whether the next instruction is not executed after this one."""
    pops_pc = base in ("pop", "ldmia") and re.search(r"\bpc\b", operands) is not None
    return base in ("b", "bx", "udf", "tbb", "tbh") or pops_pc or operands.startswith("pc,")


def _jumps_through_pointer(base: str, operands: str) -> bool:
    """Calls and tail calls of a register or of a word in memory; returns are neither."""
    if re.fullmatch(r"bl?x([a-z]{2})?", base):
        return operands != "lr"
    return base == "ldr" and operands.startswith("pc,") and "[sp]" not in operands


def _moved(base: str, operands: str) -> int | None:
    """Bytes by which an instruction lowers sp; 0 for all that raise it, None when unknown."""
    if base == "push" or (base.startswith("stmdb") and operands.startswith("sp!")):
        return 4 * _registers(operands)
    if base in ("vpush", "vstmdb"):
        return _vector_bytes(operands) if base == "vpush" or operands.startswith("sp!") else 0
    if base in ("sub", "subw", "subs", "sub.w") and operands.startswith("sp"):
        constant = re.search(r"#(\d+)$", operands)
        return int(constant[1]) if constant else None
    lowering = re.search(r"\[sp, #-(\d+)\]!", operands)
    if lowering:
        return int(lowering[1])
    if base.startswith("add") and operands.startswith("sp") and "#" not in operands:
        return None  # Armv6-M makes large frames by adding a negative register
    return 0


def _registers(operands: str) -> int:
    """How many registers `{r4, r6-r8, lr}` names."""
    listed = operands[operands.index("{") + 1 : operands.index("}")]
    return sum(_span(part.strip()) for part in listed.split(","))


def _span(part: str) -> int:
    numbers = [int(number) for number in re.findall(r"\d+", part)]
    return numbers[1] - numbers[0] + 1 if "-" in part else 1


def _vector_bytes(operands: str) -> int:
    listed = operands[operands.index("{") + 1 : operands.index("}")].strip()
    return _ELEMENT_BYTES.get(listed[0], 16) * _registers(operands)


def referred(elf: Elf, relocation: Relocation, starts: Set[int]) -> Set[int]:
    """The functions that one relocated place names; the linker has filled in the final address."""
    word = elf.read(relocation.place, 4)
    if relocation.type in (_ABS32, _TARGET1):
        return {int.from_bytes(word, "little") & ~1} & starts
    if relocation.type != _THUMB_MOVW:
        return set()
    first, second = int.from_bytes(word[:2], "little"), int.from_bytes(word[2:], "little")
    # MOVW T3: imm4 in bits 0-3 and i in bit 10 of the first half, imm3 and imm8 in the second.
    low = (first & 15) << 12 | (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 255
    return {start for start in starts if start & 0xFFFF == low & ~1}


ARM = MachineCode(note, referred)
