"""A whole program around a network: what a package's example needs to run on its target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinycc.pipeline import Compiled
from tinycc.toolchain.compile import SUPPORT, arena_scripts, linker_symbols
from tinycc.toolchain.run import emulation

_IMAGE = "@IMAGE@"


@dataclass(frozen=True)
class Firmware:
    """Start-up code, console and linker script by path below `support/`, and their use.

    `symbols`: the linker's, with their values; `run`: the words that run it, before and behind the
    image's path.
    """

    texts: Mapping[str, str]
    sources: tuple[str, ...]
    linker_script: str | None
    symbols: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    run: tuple[str, str]


def firmware(compiled: Compiled) -> Firmware:
    """For the largest machine that runs the target's programs."""
    target = compiled.target
    compiler, runner = target.compiler, target.runners[-1]
    folders = {(SUPPORT / source).parent for source in compiler.support}
    paths = [SUPPORT / "tinycc_port.h", *(SUPPORT / source for source in compiler.support)]
    paths += [header for folder in folders for header in folder.glob("*.h")]
    scripts: Mapping[str, str] = {}
    if compiler.linker_script is not None:
        paths.append(SUPPORT / compiler.linker_script)
        scripts = arena_scripts(target, runner)
    texts = {path.relative_to(SUPPORT).as_posix(): path.read_text() for path in sorted(paths)}
    words = [_IMAGE]
    if target.emulator is not None:
        words = emulation(target.emulator, runner.machine, _IMAGE)
    before, _, behind = " ".join(words).partition(_IMAGE)
    return Firmware(
        {**texts, **scripts},
        compiler.support,
        compiler.linker_script,
        linker_symbols(runner) if compiler.linker_script is not None else (),
        (*compiler.cpu_flags, *(flag for flag in compiler.flags if flag.startswith("-f"))),
        (before, behind),
    )
