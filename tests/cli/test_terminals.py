"""Narrow terminals, no colour, pipes, encodings that lack letters, and shells that complete."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import CommandLine
from golden_models import HOSTILE, hostile

COMMANDS = ("analyze m.onnx --steps", "targets", "ops", "doctor", "diff a b")


@pytest.mark.parametrize("words", COMMANDS)
def test_a_terminal_of_40_columns_is_enough(
    words: str, command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("a", "b") if words.startswith("diff") else ():
        command.run("build", "m.onnx", "-o", folder)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    answer = command.run(*words.split())
    assert answer.code == 0, answer.stderr
    assert "\x1b[3" not in answer.stdout  # no colour
    words_shown = answer.stdout.split()
    assert max(map(len, words_shown)) <= 80


def test_a_real_terminal_of_40_columns_gets_no_wider_table() -> None:
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "40", "TERM": "xterm"}
    done = subprocess.Popen(
        [sys.executable, "-m", "tinycc", "targets"], stdout=follower, env=environment
    )
    os.close(follower)
    text = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        text += part
        if not part:
            break
    assert done.wait() == 0
    plain = re.sub(r"\x1b\[[\d;]*m", "", text.decode())
    assert max(map(len, plain.splitlines())) <= 40
    assert "cortex-m4" in plain


def test_a_pipe_that_closes_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m tinycc ops | head -1", shell=True, capture_output=True, text=True
    )
    assert "operator" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["no_letters", "terminal", "very_long"])
def test_names_survive_an_encoding_without_their_letters(name: str, tmp_path: Path) -> None:
    assert name in HOSTILE
    model = hostile(name).save(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tinycc", "analyze", model, "--steps"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_the_shell_takes(
    shell: str, command: CommandLine, tmp_path: Path
) -> None:
    answer = command.run("completion", shell)
    assert answer.code == 0
    assert "_TINYCC_COMPLETE" in answer.stdout
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(answer.stdout)
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tinycc b", {"build", "bench"}),
        ("tinycc analyze m.onnx --targ", {"--target"}),
        ("tinycc analyze m.onnx --target stm32", {"stm32f405", "stm32h743"}),
        ("tinycc analyze m.onnx --optimize ", {"ram", "balanced", "speed"}),
    ],
)
def test_commands_options_and_targets_are_completed(
    line: str, expected: set[str], command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = line.split(" ")
    monkeypatch.setenv("_TINYCC_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    answer = command.run()
    assert {one.partition(",")[2] for one in answer.stdout.splitlines()} == expected
