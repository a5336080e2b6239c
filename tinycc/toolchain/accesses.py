"""Bytes that one inference reads and writes in some ranges of addresses, counted under QEMU."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tinycc.errors import ToolError
from tinycc.toolchain.compile import SUPPORT, Image
from tinycc.toolchain.count import build_plugin
from tinycc.toolchain.run import RUN_SECONDS, execute

PLUGIN_SOURCE = SUPPORT / "qemu" / "count_accesses.c"
ACCESSES = "accesses.txt"


def count_accesses(
    image: Image, inputs: Sequence[bytes], ranges: Sequence[tuple[int, int]]
) -> tuple[int, ...]:
    """Bytes read and written in each range (address, bytes): two runs of a sample less one.

    `inputs` is one sample. Raises ToolError where QEMU or a host compiler is missing.
    """
    if image.target.emulator is None:
        raise ToolError("accesses are counted under QEMU", hint="take a target that runs there")
    plugin = build_plugin(image.target.emulator, PLUGIN_SOURCE)
    once, twice = (_counted(image, plugin, inputs, ranges, repeats) for repeats in (1, 2))
    return tuple(more - less for more, less in zip(twice, once, strict=True))


def _counted(
    image: Image,
    plugin: Path,
    inputs: Sequence[bytes],
    ranges: Sequence[tuple[int, int]],
    repeats: int,
) -> list[int]:
    options = [str(plugin).replace(",", ",,"), f"out={ACCESSES}"]
    options += [f"range={address:#x}:{size}" for address, size in ranges]
    with tempfile.TemporaryDirectory(prefix="tinycc-count-") as name:
        folder = Path(name)
        execute(image, folder, inputs, 1, repeats, RUN_SECONDS, ",".join(options))
        counts = folder / ACCESSES
        if not counts.is_file():
            raise ToolError("QEMU wrote no counts: it must be built with TCG plugins (Debian's is)")
        lines = counts.read_text(encoding="ascii").splitlines()
    return [sum(map(int, line.split())) for line in lines]
