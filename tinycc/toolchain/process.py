"""Runs the tools that are not ours, with a time limit, and says how to get the missing ones."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycc.errors import ToolError
from tinycc.toolchain.install import install_command

SHOWN_LINES = 12


@dataclass(frozen=True)
class Finished:
    """What a process left: its exit code (negative: the signal that ended it) and its text."""

    code: int
    stdout: str
    stderr: str


def require_tool(command: str, packages: Sequence[str]) -> str:
    """The path of a command; ToolError with the line that installs it when it is missing."""
    path = shutil.which(command)
    if path is None:
        raise ToolError(f"`{command}` is not installed", hint=install_command(packages))
    return path


def run_process(
    command: Sequence[str | Path],
    timeout_seconds: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Runs to the end; ToolError when the command cannot start or takes too long."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_seconds,
        )
    except subprocess.TimeoutExpired as error:
        message = f"`{words[0]}` did not finish within {timeout_seconds:g} s"
        raise ToolError(message, where=" ".join(words)) from error
    except OSError as error:
        raise ToolError(f"cannot start `{words[0]}`: {error}") from error
    return Finished(done.returncode, done.stdout, done.stderr)


def first_lines(text: str) -> str:
    """The beginning of a tool's output, where compilers put the cause."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    rest = len(lines) - SHOWN_LINES
    shown = lines[:SHOWN_LINES] + ([f"... {rest} more lines"] if rest > 0 else [])
    return "\n".join(shown)
