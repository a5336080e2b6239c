"""The compiler's command line: which program it is, and the flags it takes for a target."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from tinycc.errors import ToolError, UsageError
from tinycc.paths import TARGETS
from tinycc.target import Compiler, Target
from tinycc.toolchain.install import install_command
from tinycc.toolchain.process import run_process

_HEADERS = TARGETS / "support" / "freestanding"
_PROBE_SECONDS = 120.0  # zig builds what it needs of its own library first
_ZIG_HINT = "pip install ziglang, then --cc 'python -m ziglang cc'"


class Family(StrEnum):
    """Whose flags a compiler takes: what is neither gcc nor zig is taken for clang."""

    GCC = "gcc"
    CLANG = "clang"
    ZIG = "zig"


@dataclass(frozen=True)
class CompilerCommand:
    """The words that start a compiler: its path and the user's own flags."""

    words: tuple[str, ...]
    family: Family

    def flags(self, target: Target) -> tuple[str, ...]:
        """The flags that choose the target's processor, in this compiler's words.

        What the user's own words choose stays.
        """
        if target.is_native:
            return target.compiler.cpu_flags
        if self.family is Family.GCC:
            return target.compiler.cpu_flags
        found = _zig_flags(target) if self.family is Family.ZIG else _clang_flags(target)
        chosen = [flag for flag in found if not self._has(flag)]
        return (*_words(chosen), *_headers((*self.words, *_words(chosen))))

    def _has(self, flag: str) -> bool:
        name = re.split(r"[= ]", flag.lstrip("-"))[0]
        return any(word.lstrip("-").split("=")[0] == name for word in self.words[1:])


def with_compiler(target: Target, command: str | None) -> Target:
    """The target with a compiler of the user's, `--cc`; the target itself without."""
    if command is None:
        return target
    compiler = replace(target.compiler, command=command, alternatives=(), packages=())
    return replace(target, compiler=compiler)


def find_compiler(compiler: Compiler) -> CompilerCommand:
    """The command to use: for a target with alternatives `$CC` and then the first installed one.

    Raises ToolError when it is missing, UsageError for a command line that cannot be split.
    """
    names = [compiler.command]
    if compiler.alternatives:
        wanted = os.environ.get("CC")
        names = [wanted] if wanted else [compiler.command, *compiler.alternatives]
    for name in names:
        words = split(name)
        path = shutil.which(words[0])
        if path is not None:
            return CompilerCommand((path, *words[1:]), _family((path, *words[1:])))
    raise ToolError(f"`{split(names[0])[0]}` is not installed", hint=_hint(compiler, names[0]))


def split(command: str) -> tuple[str, ...]:
    """The words of a command line, as a shell splits them; backslashes stay on Windows."""
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise UsageError(f"the compiler `{command}` is no command line: {error}") from error
    if not words:
        raise UsageError("the compiler is an empty command line", hint=f"such as {_ZIG_HINT}")
    return tuple(word.strip('"') for word in words)


def _hint(compiler: Compiler, command: str) -> str:
    if compiler.packages:
        return install_command(compiler.packages)
    if "zig" in command:
        return _ZIG_HINT
    return "--cc takes a command on the PATH, with flags of its own where it needs some"


@lru_cache(maxsize=16)
def _family(words: tuple[str, ...]) -> Family:
    names = [Path(word).stem for word in words]
    if "cc" in names[1:] and {"zig", "ziglang"} & set(names):
        return Family.ZIG
    said = run_process([*words, "--version"], _PROBE_SECONDS).stdout
    is_gcc = "Free Software Foundation" in said and "clang" not in said
    return Family.GCC if is_gcc else Family.CLANG


def _clang_flags(target: Target) -> list[str]:
    triple = "riscv32-unknown-elf" if "rv32im" in target.isa else "arm-none-eabi"
    return [f"--target={triple}", *_without_specs(target)]


def _zig_flags(target: Target) -> list[str]:
    """Zig names processors in its own way: cortex_m4, and the float ABI in the target."""
    if "rv32im" in target.isa:
        return ["-target riscv32-freestanding-none", "-mcpu=generic_rv32+m+c"]
    flags = target.compiler.cpu_flags
    abi = "eabihf" if "-mfloat-abi=hard" in flags else "eabi"
    cpu = next(flag.partition("=")[2] for flag in flags if flag.startswith("-mcpu="))
    # Zig takes for granted only what every chip with that core has.
    more = "".join(f"+{feature}" for feature in ("dsp", "mve") if feature in target.isa)
    return [f"-target thumb-freestanding-{abi}", f"-mcpu={cpu.replace('-', '_')}{more}"]


def _without_specs(target: Target) -> list[str]:
    return [flag for flag in target.compiler.cpu_flags if not flag.startswith("--specs")]


def _words(flags: list[str]) -> tuple[str, ...]:
    return tuple(word for flag in flags for word in flag.split())


@lru_cache(maxsize=16)
def _headers(words: tuple[str, ...]) -> tuple[str, ...]:
    """Our <string.h>, where the compiler has none."""
    probe = _HEADERS / "probe.c"
    done = run_process([*words, "-fsyntax-only", probe], _PROBE_SECONDS)
    return () if done.code == 0 else ("-isystem", str(_HEADERS))
