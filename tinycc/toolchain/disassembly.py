"""The call graph of a linked Arm program and the stack that each function moves, from objdump.

The program itself is the judge: calls that the compiler adds (libgcc), assembly and tail calls are
all in it. Only what the instructions show is used, so the result holds for hand-written code too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tinycc.errors import ToolError
from tinycc.toolchain.process import first_lines, run_process

_HEADING = re.compile(r"^([0-9a-f]+) <(.+)>:$")
_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t(\S+)\s*([^;@]*)")
_BRANCH = re.compile(r"b|bl|blx|cbn?z|bl?[a-z]{2}")
_TARGET = re.compile(r"([0-9a-f]+) <")
_ELEMENT_BYTES = {"s": 4, "d": 8, "q": 16}


@dataclass
class Function:
    """One symbol of the program's text. `pushed_bytes` is None when sp moves by a variable."""

    name: str
    address: int
    calls: set[int] = field(default_factory=set)
    calls_through_pointer: bool = False
    pushed_bytes: int | None = 0
    runs_into_next: bool = True


def disassemble(elf: Path, objdump: str) -> dict[int, Function]:
    """All functions of a program by address, with the addresses they call or branch to."""
    command: list[str | Path] = [objdump, "--disassemble", "--no-show-raw-insn", "--wide", elf]
    done = run_process(command, 120)
    if done.code != 0:
        raise ToolError(f"`{objdump}` failed\n{first_lines(done.stderr)}")
    functions: dict[int, Function] = {}
    current = Function("", -1)
    for line in done.stdout.splitlines():
        heading = _HEADING.match(line)
        if heading:
            current = Function(heading[2], int(heading[1], 16))
            functions[current.address] = current
            continue
        match = _INSTRUCTION.match(line)
        if match and not match[2].startswith("."):  # `.word`: a literal pool
            _note(current, match[2], match[3].strip())
    return functions


def _note(function: Function, mnemonic: str, operands: str) -> None:
    """Adds what one instruction does to the control flow and to the stack."""
    base = mnemonic.removesuffix(".n").removesuffix(".w")
    if base != "nop":  # padding after the end
        function.runs_into_next = not _leaves(base, operands)
    target = _TARGET.search(operands)
    if target and _BRANCH.fullmatch(base):
        function.calls.add(int(target[1], 16))
    elif _jumps_through_pointer(base, operands):
        function.calls_through_pointer = True
    moved = _moved(base, operands)
    known = moved is not None and function.pushed_bytes is not None
    function.pushed_bytes = (function.pushed_bytes or 0) + (moved or 0) if known else None


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


def edges_of(functions: dict[int, Function]) -> Iterator[tuple[int, int]]:
    """Pairs (caller, callee): calls, and tail calls and branches that leave the function."""
    starts = sorted(functions)
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else None
        for address in functions[start].calls:
            if not start < address < (end or address + 1):
                yield start, _owner(starts, address)
        if functions[start].runs_into_next and end is not None:
            yield start, end


def _owner(starts: list[int], address: int) -> int:
    return starts[max(0, bisect_right(starts, address) - 1)]
