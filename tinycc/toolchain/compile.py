"""Compiles and links an image for a target: the model's C, a harness, support code."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tinycc.errors import DoesNotFitError, ToolError
from tinycc.paths import TARGETS
from tinycc.target import Memory, Runner, Target
from tinycc.toolchain.compiler import CompilerCommand, Family, find_compiler
from tinycc.toolchain.install import install_command
from tinycc.toolchain.process import first_lines, run_process

SUPPORT = TARGETS / "support"
WORKERS = 2
COMPILE_SECONDS = 300.0
# A vector table of the 16 system exceptions is 64 bytes; VTOR wants it aligned to 128.
VECTORS_BYTES = 128


class Part(StrEnum):
    """Whose code an object file holds: only `MODEL` counts as the model's."""

    MODEL = "model"
    HARNESS = "harness"
    SUPPORT = "support"


@dataclass(frozen=True)
class ObjectFile:
    """A compiled source file; `stack_usage` is the compiler's .su file (absent for assembly)."""

    source: Path
    path: Path
    part: Part

    @property
    def stack_usage(self) -> Path:
        return self.path.with_suffix(".su")


@dataclass(frozen=True)
class Image:
    """A linked program, its map and objects, and the runner whose memories it was linked for.

    `map` is GNU ld's; None where another linker was at work.
    """

    target: Target
    runner: Runner
    elf: Path
    map: Path | None
    objects: tuple[ObjectFile, ...]
    note: str = ""
    warnings: str = ""


@dataclass(frozen=True)
class _Job:
    source: Path
    part: Part
    object_path: Path


def build_image(
    target: Target,
    sources: Sequence[Path],
    include: Sequence[Path],
    out_dir: Path,
    harness: Sequence[Path] = (),
    defines: Sequence[str] = (),
    optimization: str | None = None,
    extra_flags: Sequence[str] = (),
) -> Image:
    """A linked image in `out_dir`; the first of the target's runners that is large enough is taken.

    `sources` is the model (generated code and runtime), `harness` the program around it. Raises
    ToolError when the compiler is missing, fails or takes too long, DoesNotFitError when no runner
    has enough memory.
    """
    compiler = find_compiler(target.compiler)
    out_dir.mkdir(parents=True, exist_ok=True)
    jobs = _jobs(target, sources, harness, out_dir)
    flags = [f"-I{path}" for path in (*include, SUPPORT)] + [f"-D{define}" for define in defines]
    level = optimization or target.compiler.optimization

    def compile_job(job: _Job) -> str:
        return _compile(target, compiler, job, level, flags, extra_flags)

    with ThreadPoolExecutor(WORKERS) as pool:
        warnings = "".join(pool.map(compile_job, jobs))
    objects = tuple(ObjectFile(job.source, job.object_path, job.part) for job in jobs)
    return _link(target, compiler, objects, out_dir, extra_flags, warnings)


def _jobs(
    target: Target, sources: Sequence[Path], harness: Sequence[Path], out_dir: Path
) -> list[_Job]:
    """One per source file; numbered, as two folders may hold files of one name."""
    support = [SUPPORT / name for name in target.compiler.support]
    parts = [(Part.MODEL, sources), (Part.HARNESS, harness), (Part.SUPPORT, support)]
    pairs = [(part, source) for part, group in parts for source in group]
    return [
        _Job(source, part, out_dir / f"{index:03d}_{source.stem}.o")
        for index, (part, source) in enumerate(pairs)
    ]


def _compile(
    target: Target,
    compiler: CompilerCommand,
    job: _Job,
    level: str,
    flags: Sequence[str],
    extra_flags: Sequence[str],
) -> str:
    """Compiles one file; answers its warnings."""
    command = [*compiler.words, *compiler.flags(target), *target.compiler.flags, *flags]
    if job.part is Part.MODEL:
        command += [level, *_only_gcc(target, compiler, "-fstack-usage"), *extra_flags]
    else:
        # Small, and with its loops kept: they must not become calls of memset, which would be the
        # only library code in an otherwise empty image and be missing from the model's account.
        command += [
            "-Os",
            "-ffreestanding",
            *_only_gcc(target, compiler, "-fno-tree-loop-distribute-patterns"),
        ]
        command += [flag for flag in extra_flags if flag.startswith(("-fsanitize", "-g"))]
    done = run_process([*command, "-c", job.source, "-o", job.object_path], COMPILE_SECONDS)
    if done.code != 0:
        raise _compiler_error(target, job.source, done.stderr)
    return done.stderr


def _only_gcc(target: Target, compiler: CompilerCommand, flag: str) -> list[str]:
    """The flag for cross compilers that are gcc."""
    return [] if target.is_native or compiler.family is not Family.GCC else [flag]


def _compiler_error(target: Target, source: Path, stderr: str) -> ToolError:
    hint = None
    missing = "No such file or directory" in stderr
    has_hint = missing and bool(target.compiler.packages)
    if has_hint and ("include <" in stderr or "spec file" in stderr):
        hint = install_command(target.compiler.packages)  # the C library is missing
    message = f"the compiler failed on `{source.name}` for {target.name}\n{first_lines(stderr)}"
    return ToolError(message, hint=hint)


def _link(
    target: Target,
    compiler: CompilerCommand,
    objects: tuple[ObjectFile, ...],
    out_dir: Path,
    extra_flags: Sequence[str],
    warnings: str,
) -> Image:
    """Links for the first runner whose memories hold the program."""
    elf = out_dir / "image.elf"
    map_file = out_dir / "image.map" if compiler.family is Family.GCC else None
    command: list[str | Path] = [*compiler.words, *compiler.flags(target), *extra_flags]
    command += [item.path for item in objects]
    command += [*target.compiler.link_flags, "-o", elf]
    stderr = ""
    for runner in target.runners:
        placed = _placement(target, runner, map_file, out_dir)
        done = run_process([*command, *placed], COMPILE_SECONDS)
        if done.code == 0:
            return Image(
                target, runner, elf, map_file, objects, runner.note, warnings + done.stderr
            )
        stderr = done.stderr
        if not _overflowed(stderr):
            raise ToolError(f"linking for {target.name} failed\n{first_lines(stderr)}")
    text = "\n".join(line for line in stderr.splitlines() if _overflowed(line))
    raise DoesNotFitError(
        f"the image does not fit {target.name} ({target.runners[-1].machine})\n{first_lines(text)}",
        hint="a smaller model, or a target with more memory",
    )


def _overflowed(stderr: str) -> bool:
    """Whether GNU ld says that a memory region is too small."""
    return "overflowed by" in stderr or "will not fit in region" in stderr


def _placement(
    target: Target, runner: Runner, map_file: Path | None, folder: Path
) -> list[str | Path]:
    """The linker script with the addresses of flash and RAM in it."""
    if target.compiler.linker_script is None:
        return []
    text = (SUPPORT / target.compiler.linker_script).read_text()
    for name, value in linker_symbols(runner):  # not as --defsym, which not every linker has
        text = text.replace(name, value)
    for name, lines in arena_scripts(target, runner).items():
        text = text.replace(f"INCLUDE {name}", lines)
    script = folder / "firmware.ld"
    script.write_text(text)
    if map_file is None:
        return ["-T", script, "-Wl,--entry=tinycc_reset"]  # not every driver minds ENTRY()
    # --emit-relocs: by them the stack bound finds the functions whose address is taken.
    return ["-T", script, f"-Wl,-Map={map_file}", "-Wl,--emit-relocs"]


def linker_symbols(runner: Runner) -> tuple[tuple[str, str], ...]:
    """The symbols that support/bare/firmware.ld takes, and their values for a machine."""
    flash, ram = _memory(runner, "flash"), _memory(runner, "sram")
    vectors = next((memory for memory in runner.memories if memory.kind == "vectors"), None)
    taken = 0 if vectors else VECTORS_BYTES
    symbols = {
        "__vectors_origin": vectors.address if vectors else flash.address,
        "__vectors_bytes": VECTORS_BYTES,
        "__flash_origin": flash.address + taken,
        "__flash_bytes": flash.bytes - taken,
        "__ram_origin": ram.address,
        "__ram_bytes": ram.bytes,
        "__stack_bytes": runner.stack_bytes,
    }
    return tuple((name, f"{value:#x}") for name, value in symbols.items())


def arena_scripts(target: Target, runner: Runner) -> dict[str, str]:
    """What the linker script includes: the memories beside the first, and the arenas' sections.

    An arena goes into the runner's memory of the same name, else, as every machine computes the
    same bytes, into its RAM.
    """
    first = _memory(runner, "sram")
    others = [memory for memory in runner.memories if memory.kind == "sram" and memory != first]
    regions = {first.name: "RAM"} | {memory.name: f"RAM_{memory.name}" for memory in others}
    memories = [
        f"{regions[one.name]} (rwx) : ORIGIN = {one.address:#x}, LENGTH = {one.bytes:#x}\n"
        for one in others
    ]
    arenas = [
        f".arena_{one.name} (NOLOAD) : ALIGN(8) {{ *({one.linker_section}) }} > "
        f"{regions.get(one.name, 'RAM')}\n"
        for one in target.rams
    ]
    return {"tinycc_memories.ld": "".join(memories), "tinycc_arenas.ld": "".join(arenas)}


def _memory(runner: Runner, kind: str) -> Memory:
    for memory in runner.memories:
        if memory.kind == kind:
            return memory
    raise ToolError(f"the runner `{runner.machine}` has no memory of kind `{kind}`")
