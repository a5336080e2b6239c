"""What is installed of the tools that tinycc calls, and how to install the rest."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycc.errors import ToolError
from tinycc.target import Target, list_targets, load_target
from tinycc.toolchain.compiler import find_compiler
from tinycc.toolchain.count import PLUGIN_COMPILER_PACKAGES
from tinycc.toolchain.install import install_command, this_system
from tinycc.toolchain.process import run_process


@dataclass(frozen=True)
class ToolStatus:
    """One tool: `path` is None when it is missing, and `install` says how to get it."""

    name: str
    purpose: str
    path: str | None
    version: str | None
    install: str

    @property
    def is_installed(self) -> bool:
        return self.path is not None


def doctor() -> tuple[ToolStatus, ...]:
    """The state of every tool that some target needs, each tool once."""
    found: dict[str, ToolStatus] = {}
    for name in list_targets():
        for status in _tools_of(load_target(name)):
            found.setdefault(status.name, status)
    plugin = _status("cc", "builds QEMU's instruction counter", PLUGIN_COMPILER_PACKAGES)
    found.setdefault(plugin.name, plugin)
    return tuple(found.values())


def advice(states: Sequence[ToolStatus]) -> tuple[str, ...]:
    """Sentences for a newcomer: what works now, and the next command."""
    missing = [state for state in states if not state.is_installed]
    lines = ["build and analyze work as they are: they need no other program"]
    if not missing:
        return (*lines, "run, verify and bench work for every target")
    lines.append(f"to run networks, install on {this_system()}:")
    lines += dict.fromkeys(f"  {state.install}" for state in missing)
    if any("compiles" in state.purpose for state in missing):
        lines.append("or, for a compiler without an installation, for this machine and Cortex-M:")
        lines += ["  pip install ziglang", "  tinycc run MODEL --cc 'python -m ziglang cc' ..."]
    return tuple(lines)


def missing_tools(target: Target) -> tuple[ToolStatus, ...]:
    """The tools that compiling and running for one target lacks."""
    return tuple(status for status in _tools_of(target) if not status.is_installed)


def _tools_of(target: Target) -> list[ToolStatus]:
    compiler = target.compiler
    purpose = f"compiles for {_machines(target)}"
    tools = [_compiler_status(target, purpose)]
    if compiler.objdump is not None:
        tools.append(_status(compiler.objdump, "bounds the stack", compiler.packages))
        tools.append(_library_status(target))
    if target.emulator is not None:
        emulator = target.emulator
        tools.append(_status(emulator.command, "runs firmware images", emulator.packages))
    return tools


def _machines(target: Target) -> str:
    """What a compiler of several targets makes programs for."""
    if target.is_native:
        return "this machine"
    return "RISC-V" if "rv32im" in target.isa else "Cortex-M"


def _compiler_status(target: Target, purpose: str) -> ToolStatus:
    """With `$CC` and the alternatives that the target allows."""
    try:
        path = find_compiler(target.compiler).words[0]
    except ToolError:
        return _status(target.compiler.command, purpose, target.compiler.packages)
    name = target.compiler.command
    install = install_command(target.compiler.packages)
    return ToolStatus(name, purpose, path, _version(path), install)


def _status(command: str, purpose: str, packages: Sequence[str]) -> ToolStatus:
    path = shutil.which(command)
    version = _version(path) if path else None
    return ToolStatus(command, purpose, path, version, install_command(packages))


def _library_status(target: Target) -> ToolStatus:
    """The C library: the compilers' packages only recommend those that bring it."""
    compiler, name = target.compiler, f"C library of {target.compiler.command}"
    path = None
    if shutil.which(compiler.command) is not None:
        done = run_process([compiler.command, f"-print-file-name={compiler.library}"], 30)
        answer = Path(done.stdout.strip())
        path = str(answer.resolve()) if answer.is_file() else None
    purpose = "string.h, memcpy, memset"
    return ToolStatus(name, purpose, path, None, install_command(compiler.packages))


def _version(path: str) -> str | None:
    """The first line of `--version`; None when the tool does not answer."""
    try:
        done = run_process([path, "--version"], 30)
    except ToolError:
        return None
    lines = done.stdout.splitlines()
    return lines[0].strip() if done.code == 0 and lines else None
