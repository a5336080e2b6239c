"""Executed instructions of one inference under QEMU: total, by function, and by step."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tinycc.errors import ToolError
from tinycc.target import Emulator
from tinycc.toolchain.compile import SUPPORT, Image, Part
from tinycc.toolchain.elf import Elf, read_elf
from tinycc.toolchain.process import first_lines, require_tool, run_process
from tinycc.toolchain.run import RUN_SECONDS, execute
from tinycc.toolchain.sizes import contributions, piece_at

PLUGIN_SOURCE = SUPPORT / "qemu" / "count_blocks.c"
PLUGIN_COMPILER_PACKAGES = ("gcc", "libc6-dev")
COUNTS = "counts.txt"
PROFILE_DEFINE = "TINYCC_PROFILE=tinycc_profile_step"


@dataclass(frozen=True)
class Count:
    """Executed instructions, and cycles as a Cortex-M4 without wait states would take."""

    instructions: int = 0
    cycles: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.instructions + other.instructions, self.cycles + other.cycles)

    def __sub__(self, other: Count) -> Count:
        return Count(self.instructions - other.instructions, self.cycles - other.cycles)

    def __mul__(self, times: int) -> Count:
        return Count(self.instructions * times, self.cycles * times)


@dataclass(frozen=True)
class InstructionCounts:
    """Of one inference: two runs of the first sample less one, the harness's own code left out.

    `by_symbol` holds functions of the model and of the libraries; `by_step` is by step number,
    without the cost of the hooks, and empty unless the image was built with `PROFILE_DEFINE`. The
    total of such an image contains the hooks: take totals from an image without them.
    """

    instructions: int
    cycles: int
    by_symbol: Mapping[str, Count]
    by_step: Mapping[int, Count]
    machine: str
    note: str


@dataclass(frozen=True)
class _Raw:
    """What one run counted, by address of the block and by step."""

    blocks: Mapping[int, Count]
    steps: Mapping[int, Count]


def count_instructions(
    image: Image, inputs: Sequence[bytes], timeout_seconds: float = RUN_SECONDS
) -> InstructionCounts:
    """Counts one inference; `inputs` is one sample: the bytes of each input tensor.

    Deterministic. Raises ToolError for native targets, or when QEMU or a host compiler (for the
    plugin) is missing.
    """
    if image.target.emulator is None:
        raise ToolError(
            f"instructions are counted under QEMU; `{image.target.name}` runs natively",
            hint="take a target that runs under QEMU",
        )
    elf = read_elf(image.elf)
    plugin = build_plugin(image.target.emulator)

    def counted(repeats: int) -> _Raw:
        return _run_counted(image, elf, plugin, inputs, repeats, timeout_seconds)

    with ThreadPoolExecutor(2) as pool:
        once, twice = pool.map(counted, (1, 2))
    by_symbol = _by_symbol(image, elf, _difference(twice.blocks, once.blocks))
    total = sum(by_symbol.values(), Count())
    return InstructionCounts(
        instructions=total.instructions,
        cycles=total.cycles,
        by_symbol=by_symbol,
        by_step=_steps(_difference(twice.steps, once.steps)),
        machine=image.runner.machine,
        note=image.note,
    )


def build_plugin(emulator: Emulator, source: Path = PLUGIN_SOURCE) -> Path:
    """The compiled QEMU plugin, made on first use and kept in the user's cache folder."""
    api = _plugin_api(require_tool(emulator.command, emulator.packages))
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    plugin = _cache_folder() / f"{source.stem}-{digest}-{api}.so"
    if plugin.is_file():
        return plugin
    command: list[str | Path] = [require_tool("cc", PLUGIN_COMPILER_PACKAGES), "-std=gnu99", "-O2"]
    command += ["-shared", "-fPIC", f"-DQEMU_PLUGIN_API={api}", source, "-o"]
    with tempfile.TemporaryDirectory(dir=plugin.parent) as folder:
        made = Path(folder) / plugin.name
        done = run_process([*command, made], 60)
        if done.code != 0:
            raise ToolError(f"cannot compile the QEMU plugin\n{first_lines(done.stderr)}")
        made.replace(plugin)  # at once, as another process may be doing the same
    return plugin


def _plugin_api(qemu: str) -> int:
    """The version of the plugin interface that this QEMU loads: 2 since QEMU 9.0."""
    version = re.search(r"version (\d+)", run_process([qemu, "--version"], 30).stdout)
    return 2 if version and int(version[1]) >= 9 else 1


def _cache_folder() -> Path:
    """`$XDG_CACHE_HOME/tinycc`, `~/.cache/tinycc`, or a private folder when neither can be written.

    Never a fixed name in a folder that others write to: QEMU executes what is found there.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = (Path(base) if base else Path.home() / ".cache") / "tinycc"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: the user has no home
        pass
    return Path(tempfile.mkdtemp(prefix="tinycc-cache-"))


def _run_counted(
    image: Image,
    elf: Elf,
    plugin: Path,
    inputs: Sequence[bytes],
    repeats: int,
    timeout_seconds: float,
) -> _Raw:
    options = [str(plugin).replace(",", ",,"), f"out={COUNTS}"]
    hook = Count()
    table = elf.symbol("tinycc_profile_table")
    if table is not None:
        options += [f"hook={table.address:#x}", f"hooks={table.bytes // 2}"]
        hook = Count(
            *(_number(elf, f"tinycc_profile_{what}") for what in ("instructions", "cycles"))
        )
    with tempfile.TemporaryDirectory(prefix="tinycc-count-") as name:
        folder = Path(name)
        execute(image, folder, inputs, 1, repeats, timeout_seconds, ",".join(options))
        counts = folder / COUNTS
        if not counts.is_file():
            raise ToolError("QEMU wrote no counts: it must be built with TCG plugins (Debian's is)")
        return _read_counts(counts.read_text(encoding="ascii"), hook)


def _number(elf: Elf, name: str) -> int:
    """The value of an absolute symbol."""
    symbol = elf.symbol(name)
    return symbol.address if symbol else 0


def _read_counts(text: str, hook: Count) -> _Raw:
    """`hook` is what telling a step costs."""
    blocks: dict[int, Count] = {}
    steps: dict[int, Count] = {}
    for line in text.splitlines():
        kind, *rest = line.split()
        key, instructions, cycles, times = (int(word) for word in rest)
        if kind == "step":
            steps[key] = Count(instructions, cycles) - hook * times
        else:  # an address comes several times when it was translated again
            blocks[key] = blocks.get(key, Count()) + Count(instructions, cycles) * times
    return _Raw(blocks, steps)


def _difference(more: Mapping[int, Count], less: Mapping[int, Count]) -> dict[int, Count]:
    keys = sorted(more.keys() | less.keys())
    found = {key: more.get(key, Count()) - less.get(key, Count()) for key in keys}
    return {key: count for key, count in found.items() if count != Count()}


def _steps(counted: dict[int, Count]) -> dict[int, Count]:
    """Without the last number, which marks the end of the run: what follows is the harness."""
    return {step: count for step, count in counted.items() if step != max(counted)}


def _by_symbol(image: Image, elf: Elf, blocks: Mapping[int, Count]) -> dict[str, Count]:
    """Counts per function, most instructions first, without harness and support."""
    pieces = contributions(image)
    found: dict[str, Count] = {}
    for address, count in blocks.items():
        piece = piece_at(pieces, address)
        if piece is not None and piece.part in (Part.HARNESS, Part.SUPPORT):
            continue
        function = elf.function_at(address)
        name = function.name if function else f"{address:#010x}"
        found[name] = found.get(name, Count()) + count
    return dict(sorted(found.items(), key=lambda item: (-item[1].instructions, item[0])))
