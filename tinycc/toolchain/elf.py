"""A reader for the parts of 32-bit little-endian ELF files that we need.

Source: Tool Interface Standard "Executable and Linking Format", version 1.2. Functions of Thumb
code have odd addresses there; here bit 0 is cleared.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tinycc.errors import ToolError

_SECTION_SYMTAB, _SECTION_RELA, _SECTION_NOBITS, _SECTION_REL = 2, 4, 8, 9
_FLAG_WRITE, _FLAG_ALLOC, _FLAG_EXECUTE = 1, 2, 4
_TYPE_OBJECT, _TYPE_FUNCTION = 1, 2
LABELS = ("$", ".L")


@dataclass(frozen=True)
class Section:
    """A piece of the file; `kind` is text, rodata, data, bss, or "" when it is not loaded."""

    name: str
    kind: str
    address: int
    content: bytes
    bytes: int
    info: int
    type: int


@dataclass(frozen=True)
class Symbol:
    """A named function or object."""

    name: str
    address: int
    bytes: int
    is_function: bool
    section: int


@dataclass(frozen=True)
class Relocation:
    """A place in a loaded section that refers to `address`; an addend is in it, or at the place."""

    place: int
    type: int
    address: int
    section: str


@dataclass(frozen=True)
class Elf:
    """The sections and symbols of a program, and its relocations when the linker kept them.

    `machine` is the header's e_machine. Labels of the compiler and the assembler are left out.
    """

    machine: int
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    relocations: tuple[Relocation, ...]

    @cached_property
    def functions(self) -> tuple[Symbol, ...]:
        """All functions by address; of several names for one address the first is kept."""
        found = {s.address: s for s in reversed(self.symbols) if s.is_function}
        return tuple(found[address] for address in sorted(found))

    @cached_property
    def _starts(self) -> list[int]:
        return [function.address for function in self.functions]

    def function_at(self, address: int) -> Symbol | None:
        """The function that holds an address."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        function = self.functions[index]
        return function if address < function.address + max(function.bytes, 2) else None

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of that name."""
        return next((symbol for symbol in self.symbols if symbol.name == name), None)

    def read(self, address: int, count: int) -> bytes:
        """Bytes of the program's initial memory."""
        for section in self.sections:
            offset = address - section.address
            if section.kind and section.content and 0 <= offset <= section.bytes - count:
                return section.content[offset : offset + count]
        return b""


def read_elf(path: Path) -> Elf:
    """Reads a linked program; ToolError when it is not a 32-bit little-endian ELF file."""
    data = path.read_bytes()
    if data[:6] != b"\x7fELF\x01\x01":
        raise ToolError(f"`{path.name}` is not a 32-bit little-endian ELF file")
    sections = _sections(data)
    tables = [section for section in sections if section.type == _SECTION_SYMTAB]
    entries = list(_symbols(tables[0], sections, data)) if tables else []
    named = tuple(symbol for symbol, kind in entries if kind in (0, _TYPE_OBJECT, _TYPE_FUNCTION))
    return Elf(
        int.from_bytes(data[18:20], "little"),
        sections,
        tuple(s for s in named if s.name and not s.name.startswith(LABELS)),
        tuple(_relocations(sections, entries)),
    )


def _sections(data: bytes) -> tuple[Section, ...]:
    offset, size, count, names = struct.unpack_from("<I10xHHH", data, 32)
    rows = [struct.unpack_from("<10I", data, offset + index * size) for index in range(count)]
    name_start = rows[names][4]
    return tuple(_section(data, row, name_start) for row in rows)


def _section(data: bytes, row: tuple[int, ...], names: int) -> Section:
    name, kind, flags, address, offset, size, _link, info = row[:8]
    content = b"" if kind == _SECTION_NOBITS else data[offset : offset + size]
    label = _section_kind(kind, flags)
    return Section(_text(data, names + name), label, address, content, size, info, kind)


def _section_kind(kind: int, flags: int) -> str:
    if not flags & _FLAG_ALLOC:
        return ""
    if flags & _FLAG_EXECUTE:
        return "text"
    if not flags & _FLAG_WRITE:
        return "rodata"
    return "bss" if kind == _SECTION_NOBITS else "data"


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode("utf-8", "replace")


def _symbols(
    table: Section, sections: tuple[Section, ...], data: bytes
) -> Iterator[tuple[Symbol, int]]:
    """Every entry of the symbol table (relocations refer to them by number) with its type."""
    # The string table of a symbol table is the only other STRTAB than the section names'.
    strings = next(section.content for section in sections if section.name == ".strtab")
    for row in struct.iter_unpack("<IIIBBH", table.content):
        name, value, size, info, _other, section = row
        kind = info & 15
        address = value & ~1 if kind == _TYPE_FUNCTION else value
        yield Symbol(_text(strings, name), address, size, kind == _TYPE_FUNCTION, section), kind


def _relocations(
    sections: tuple[Section, ...], symbols: list[tuple[Symbol, int]]
) -> Iterator[Relocation]:
    """Those of loaded sections, each with the address of the symbol it refers to."""
    for table in sections:
        layout = {_SECTION_REL: "<II", _SECTION_RELA: "<IIi"}.get(table.type)
        if layout is None or not sections[table.info].kind:
            continue
        for place, info, *addend in struct.iter_unpack(layout, table.content):
            symbol, _kind = symbols[info >> 8]
            address = symbol.address + sum(addend)
            yield Relocation(place, info & 255, address, sections[table.info].name)
