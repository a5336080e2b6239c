"""The worst-case stack of a function: frames along the deepest chain of calls.

Frames are the compiler's own (-fstack-usage). Code that has none, such as libgcc's helpers,
the C library's memcpy and assembly kernels, is read from the disassembly: everything it pushes on
any path, added up. The calls are those of the linked program. A call through a pointer may reach
every function whose address is taken. Interrupts are the firmware's: a handler's frame comes on
top.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from tinycc.toolchain.arm_code import ARM
from tinycc.toolchain.compile import Image, Part
from tinycc.toolchain.disassembly import disassemble, edges_of
from tinycc.toolchain.elf import Elf, read_elf
from tinycc.toolchain.machine_code import Function, MachineCode
from tinycc.toolchain.process import require_tool
from tinycc.toolchain.riscv_code import RISCV
from tinycc.toolchain.sizes import contributions, piece_at

# The e_machine of ELF headers.
_MACHINE_CODES = {40: ARM, 243: RISCV}


@dataclass(frozen=True)
class StackBound:
    """`bytes` below the caller's frame, or None with the `reason`; `chain` is the deepest one."""

    bytes: int | None
    reason: str = ""
    chain: tuple[tuple[str, int], ...] = ()


class _UnboundedError(Exception):
    """No bound; the message says why."""


@dataclass(frozen=True)
class _Program:
    """Frames (bytes, or why there is no bound) and callees of every function, by address."""

    functions: Mapping[int, Function]
    frames: Mapping[int, int | str]
    callees: Mapping[int, frozenset[int]]


def stack_bound(image: Image, function: str) -> StackBound:
    """Worst-case bytes that calling `function` takes; None with a reason when there is no bound.

    Raises ToolError when objdump is missing or fails.
    """
    if image.target.compiler.objdump is None:
        return StackBound(None, "the stack is bounded for cross-compiled targets only")
    objdump = require_tool(image.target.compiler.objdump, image.target.compiler.packages)
    elf = read_elf(image.elf)
    code = _MACHINE_CODES[elf.machine]
    program = _program(image, disassemble(image.elf, objdump, code), elf, code)
    start = [a for a, found in program.functions.items() if found.name == function]
    if not start:
        return StackBound(None, f"there is no function `{function}` in the image")
    try:
        chain = _deepest(program, start[0], {}, ())
    except _UnboundedError as error:
        return StackBound(None, str(error))
    return StackBound(sum(frame for _name, frame in chain), chain=chain)


def _program(image: Image, functions: dict[int, Function], elf: Elf, code: MachineCode) -> _Program:
    usage = _stack_usage(image)
    callees: dict[int, set[int]] = {address: set() for address in functions}
    for caller, callee in edges_of(functions):
        # The compiler ends its functions; only hand-written code runs into the next one.
        falls = callee not in functions[caller].calls and functions[caller].runs_into_next
        if not (falls and _usage_of(functions[caller].name, usage) is not None):
            callees[caller].add(callee)
    taken = _address_taken(image, elf, code) & functions.keys()
    for address, function in functions.items():
        if function.calls_through_pointer:
            callees[address] |= taken
    frames = {address: _frame(function, usage) for address, function in functions.items()}
    return _Program(functions, frames, {a: frozenset(found) for a, found in callees.items()})


def _stack_usage(image: Image) -> dict[str, int | str]:
    """The compiler's frames by function name; of equal names in several files the largest."""
    usage: dict[str, int | str] = {}
    for item in image.objects:
        if not item.stack_usage.is_file():
            continue
        for line in item.stack_usage.read_text(encoding="utf-8").splitlines():
            place, count, kind = line.split("\t")
            name = place.rsplit(":", 1)[1]
            bounded = kind == "static" or "bounded" in kind
            new = int(count) if bounded else f"`{name}` has a frame of variable size"
            usage[name] = _larger(usage.get(name, 0), new)
    return usage


def _larger(one: int | str, other: int | str) -> int | str:
    if isinstance(one, str) or isinstance(other, str):
        return one if isinstance(one, str) else other
    return max(one, other)


def _usage_of(name: str, usage: Mapping[str, int | str]) -> int | str | None:
    """A clone is `work.constprop.0` in the program and `work.constprop` in the compiler's file."""
    return usage.get(name, usage.get(re.sub(r"\.\d+$", "", name)))


def _frame(function: Function, usage: Mapping[str, int | str]) -> int | str:
    known = _usage_of(function.name, usage)
    if known is not None:
        return known
    if function.pushed_bytes is None:
        return f"`{function.name}` moves the stack pointer by a variable"
    return function.pushed_bytes


def _address_taken(image: Image, elf: Elf, code: MachineCode) -> set[int]:
    """Functions that a pointer may hold: those that data or code of model and harness refer to."""
    pieces = contributions(image)
    starts = {function.address for function in elf.functions}
    found: set[int] = set()
    for relocation in elf.relocations:
        piece = piece_at(pieces, relocation.place)
        if piece is None or piece.part != Part.SUPPORT:
            found |= code.referred(elf, relocation, starts)
    return found


def _deepest(
    program: _Program,
    address: int,
    known: dict[int, tuple[tuple[str, int], ...]],
    path: tuple[int, ...],
) -> tuple[tuple[str, int], ...]:
    """The chain of (function, frame bytes) from `address` down that adds up to most."""
    if address in known:
        return known[address]
    name = program.functions[address].name
    if address in path:
        names = [program.functions[item].name for item in path[path.index(address) :]]
        raise _UnboundedError("recursion: " + " -> ".join([*names, name]))
    frame = program.frames[address]
    if isinstance(frame, str):
        raise _UnboundedError(frame)
    below = [
        _deepest(program, callee, known, (*path, address))
        for callee in sorted(program.callees[address])
    ]
    deepest: tuple[tuple[str, int], ...] = reduce(_deeper, below, ())
    known[address] = ((name, frame), *deepest)
    return known[address]


def _deeper(
    one: tuple[tuple[str, int], ...], other: tuple[tuple[str, int], ...]
) -> tuple[tuple[str, int], ...]:
    return max(one, other, key=lambda chain: sum(frame for _name, frame in chain))
