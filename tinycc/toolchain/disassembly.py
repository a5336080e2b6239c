"""The call graph of a linked program and the stack that each function moves, from objdump.

The program itself is the judge: calls that the compiler adds (libgcc), assembly and tail calls are
all in it. Only what the instructions show is used, so the result holds for hand-written code too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from tinycc.errors import ToolError
from tinycc.toolchain.elf import LABELS
from tinycc.toolchain.machine_code import Function, MachineCode
from tinycc.toolchain.process import first_lines, run_process

_HEADING = re.compile(r"^([0-9a-f]+) <(.+)>:$")
_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t(\S+)\s*(.*)")


def disassemble(elf: Path, objdump: str, code: MachineCode) -> dict[int, Function]:
    """All functions of a program by address, with the addresses they call or branch to."""
    command: list[str | Path] = [objdump, "--disassemble", "--no-show-raw-insn", "--wide", elf]
    done = run_process(command, 120)
    if done.code != 0:
        raise ToolError(f"`{objdump}` failed\n{first_lines(done.stderr)}")
    functions: dict[int, Function] = {}
    current = Function("", -1)
    for line in done.stdout.splitlines():
        heading = _HEADING.match(line)
        if heading and heading[2].startswith(LABELS):
            continue
        if heading:
            current = Function(heading[2], int(heading[1], 16))
            functions[current.address] = current
            continue
        match = _INSTRUCTION.match(line)
        if match and not match[2].startswith("."):  # `.word`: a literal pool
            code.note(current, match[2], match[3].strip())
    return functions


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
