"""What each object file contributes to an image, from the linker's map and the symbol table."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tinycc.toolchain.compile import Image, Part
from tinycc.toolchain.elf import Elf, read_elf

_KINDS = {
    ".vectors": "rodata",
    ".text": "text",
    ".rodata": "rodata",
    ".ARM.exidx": "rodata",
    ".data": "data",
    ".bss": "bss",
}
# ` .text.name  0xADDRESS  0xSIZE file`, where a long section name stands on a line of its own.
_INPUT_SECTION = re.compile(r"^ \S+\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$", re.MULTILINE)
_LIBRARY = "library"


@dataclass(frozen=True)
class PartSize:
    """Bytes by kind; constants are in `rodata`, initialised variables in `data`."""

    text: int = 0
    rodata: int = 0
    data: int = 0
    bss: int = 0

    @property
    def flash(self) -> int:
        """Bytes of flash: initialised variables are there too."""
        return self.text + self.rodata + self.data

    @property
    def static(self) -> int:
        """Bytes of SRAM taken for the whole life of the program."""
        return self.data + self.bss


@dataclass(frozen=True)
class SymbolSize:
    """One function or object of the image and the object file it is from."""

    name: str
    kind: str
    bytes: int
    object: str
    part: str


@dataclass(frozen=True)
class ImageSizes:
    """`model` is all that the model adds to an empty image: generated code, runtime, and the

    library functions they call. `static` of `model` should be 0. Alignment gaps between objects
    belong to nobody; they are in `total` only.
    """

    model: PartSize
    harness: PartSize
    support: PartSize
    library: PartSize
    total: PartSize
    by_object: dict[str, PartSize]
    symbols: tuple[SymbolSize, ...]


@dataclass(frozen=True)
class Contribution:
    """A stretch of the image that one object file fills; `part` is a `Part` or "library"."""

    address: int
    bytes: int
    kind: str
    object: str
    part: str


def image_sizes(image: Image) -> ImageSizes | None:
    """The sizes of an image by part, object and symbol; None if it is native or has no map."""
    if image.target.is_native or image.map is None:
        return None
    pieces = contributions(image)
    elf = read_elf(image.elf)
    library = _sum(piece for piece in pieces if piece.part == _LIBRARY)
    names = sorted({piece.object for piece in pieces})
    return ImageSizes(
        model=_sum(piece for piece in pieces if piece.part in (Part.MODEL, _LIBRARY)),
        harness=_sum(piece for piece in pieces if piece.part == Part.HARNESS),
        support=_sum(piece for piece in pieces if piece.part == Part.SUPPORT),
        library=library,
        total=_total(elf),
        by_object={name: _sum(p for p in pieces if p.object == name) for name in names},
        symbols=tuple(_symbols(elf, pieces)),
    )


def contributions(image: Image) -> tuple[Contribution, ...]:
    """The pieces of the image by address, from the linker's map."""
    if image.map is None:
        return ()
    text = image.map.read_text(encoding="utf-8", errors="replace")
    memory_map = text.partition("\nLinker script and memory map\n")[2]
    parts = {str(item.path): (item.source.name, item.part.value) for item in image.objects}
    pieces: list[Contribution] = []
    for section in re.split(r"\n(?=[.\w/])", memory_map):
        kind = _KINDS.get(section.split(maxsplit=1)[0] if section.strip() else "")
        if kind is not None:
            pieces.extend(_inputs(section, kind, parts))
    return _without_overlaps(sorted(pieces, key=lambda piece: piece.address))


def _without_overlaps(pieces: list[Contribution]) -> tuple[Contribution, ...]:
    """Each piece cut where the next one starts: equal strings are stored once but listed twice."""
    following = [*(piece.address for piece in pieces[1:]), sys.maxsize]
    cut = (
        replace(piece, bytes=min(piece.bytes, end - piece.address))
        for piece, end in zip(pieces, following, strict=True)
    )
    return tuple(piece for piece in cut if piece.bytes > 0)


def _inputs(section: str, kind: str, parts: dict[str, tuple[str, str]]) -> Iterator[Contribution]:
    joined = re.sub(r"^( \S+)\n\s+(?=0x)", r"\1 ", section, flags=re.MULTILINE)
    for match in _INPUT_SECTION.finditer(joined):
        address, count, file = int(match[1], 16), int(match[2], 16), match[3]
        name, part = parts.get(file, (Path(file).name, _LIBRARY))
        if count > 0:
            yield Contribution(address, count, kind, name, part)


def _sum(pieces: Iterable[Contribution]) -> PartSize:
    sizes = dict.fromkeys(("text", "rodata", "data", "bss"), 0)
    for piece in pieces:
        sizes[piece.kind] += piece.bytes
    return PartSize(**sizes)


def _total(elf: Elf) -> PartSize:
    """From the sections, the reserved stack left out."""
    sizes = dict.fromkeys(("text", "rodata", "data", "bss"), 0)
    for section in elf.sections:
        if section.kind and section.name in _KINDS:
            sizes[_KINDS[section.name]] += section.bytes
    return PartSize(**sizes)


def _symbols(elf: Elf, pieces: tuple[Contribution, ...]) -> Iterator[SymbolSize]:
    """Every symbol that has a size, largest first."""
    sized = sorted((s for s in elf.symbols if s.bytes), key=lambda s: (-s.bytes, s.name))
    for symbol in sized:
        piece = piece_at(pieces, symbol.address)
        if piece is not None:
            yield SymbolSize(symbol.name, piece.kind, symbol.bytes, piece.object, piece.part)


def piece_at(pieces: tuple[Contribution, ...], address: int) -> Contribution | None:
    """The piece that holds an address."""
    for piece in pieces:
        if piece.address <= address < piece.address + piece.bytes:
            return piece
    return None
