"""`--cc`: command lines of other compilers, how they are split, and which flags they are given."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from command import CommandLine
from onnx_models import small_convnet

from tinycc import build
from tinycc.errors import ToolError, UsageError
from tinycc.target import load_target
from tinycc.toolchain.compiler import Family, find_compiler, split, with_compiler

ZIG = f"{sys.executable} -m ziglang cc"


def _flags(target: str, command: str) -> tuple[str, ...]:
    chosen = with_compiler(load_target(target), command)
    return find_compiler(chosen.compiler).flags(chosen)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a program of a name that says what it is and hands everything else to a compiler."""

    def make(name: str, said: str, compiler: str = "true") -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            "#!/bin/sh\n"
            f'echo "$@" >> {tmp_path}/calls\n'
            f'case "$*" in *--version*) echo "{said}"; exit 0;; esac\n'
            'for word; do shift; case $word in --target=*) ;; *) set -- "$@" "$word";; esac; done\n'
            f'exec {compiler} "$@"\n'
        )
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
        return path

    return make


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("gcc", ("gcc",)),
        ("ccache  gcc -g", ("ccache", "gcc", "-g")),
        ("'/opt/my tools/cc' -O1", ("/opt/my tools/cc", "-O1")),
        (
            "python -m ziglang cc -target thumb-freestanding-eabi -mcpu=cortex_m4",
            (
                "python",
                "-m",
                "ziglang",
                "cc",
                "-target",
                "thumb-freestanding-eabi",
                "-mcpu=cortex_m4",
            ),
        ),
    ],
)
def test_a_command_line_is_split_as_a_shell_does(command: str, words: tuple[str, ...]) -> None:
    assert split(command) == words


@pytest.mark.parametrize("command", ["", "   ", "gcc 'unbalanced"])
def test_what_is_no_command_line_is_a_usage_error(command: str) -> None:
    with pytest.raises(UsageError):
        split(command)


@pytest.mark.parametrize(
    ("command", "hint"), [("zig cc", "pip install ziglang"), ("no-such-cc", "--cc takes a command")]
)
def test_a_compiler_that_is_missing_is_named(command: str, hint: str, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolError, match="is not installed") as caught:
        find_compiler(with_compiler(load_target("cortex-m4"), command).compiler)
    assert hint in str(caught.value)


def test_zig_is_told_the_processor_in_its_own_words(tool) -> None:
    tool("zig", "clang version 20")
    for target, expected in {
        "cortex-m0": ("-target", "thumb-freestanding-eabi", "-mcpu=cortex_m0"),
        "cortex-m4": ("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+dsp"),
        "cortex-m55": ("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m55+dsp+mve"),
        "rv32imc": ("-target", "riscv32-freestanding-none", "-mcpu=generic_rv32+m+c"),
        "host": (),
    }.items():
        assert _flags(target, "zig cc")[:3] == expected


def test_what_the_user_chooses_stays(tool) -> None:
    tool("zig", "clang version 20")
    flags = _flags("cortex-m4", "zig cc -target thumb-freestanding-eabi -mcpu=cortex_m3")
    assert not any(flag.startswith(("-target", "-mcpu")) for flag in flags)


def test_an_armclang_is_given_a_target_and_the_processor(tool) -> None:
    tool("armclang", "Component: Arm Compiler for Embedded 6.22 Tool: armclang")
    flags = _flags("cortex-m4", "armclang")
    assert flags[:2] == ("--target=arm-none-eabi", "-mcpu=cortex-m4")
    own = _flags("cortex-m4", "armclang --target=arm-arm-none-eabi")
    assert not any(flag.startswith("--target") for flag in own)
    assert "-mcpu=cortex-m4" in own


def test_a_gcc_of_another_name_is_a_gcc(tool) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    found = find_compiler(with_compiler(load_target("cortex-m4"), "arm-none-eabi-gcc -g").compiler)
    assert found.family is Family.GCC
    assert found.words[1:] == ("-g",)


@pytest.mark.qemu
def test_another_driver_compiles_links_and_runs(tool, tmp_path: Path) -> None:
    """Flags of clang reach a driver that is no gcc; what takes GNU ld's map is not measured."""
    if not all(map(shutil.which, ("arm-none-eabi-gcc", "qemu-system-arm"))):
        pytest.skip("arm-none-eabi-gcc and qemu-system-arm are not installed")
    tool("armclang", "Tool: armclang", "arm-none-eabi-gcc")
    model = small_convnet().save(tmp_path)
    network = build(model, target="cortex-m4", cc="armclang --target=arm-arm-none-eabi -g")
    x = np.random.default_rng(0).normal(0, 1, (2, 2, 8, 8)).astype(np.float32)
    (name,) = (expected := build(model).run(x))
    assert np.array_equal(network.run(x)[name], expected[name])
    assert network.report["memory"]["sram"]["stack"] is None
    assert any("not measured" in note for note in network.report["notes"])
    calls = (tmp_path / "calls").read_text()
    assert "--target=arm-arm-none-eabi -g -mcpu=cortex-m4" in calls
    assert "-fstack-usage" not in calls


def test_gcc_and_clang_run_on_this_machine_with_flags_of_their_own(tmp_path: Path) -> None:
    model = small_convnet().save(tmp_path)
    x = np.zeros((1, 2, 8, 8), np.float32)
    answers = []
    for compiler in ("gcc -fno-strict-aliasing", "clang -O1"):
        if shutil.which(compiler.split()[0]) is None:
            pytest.skip(f"{compiler} is not installed")
        answers.append(build(model, cc=compiler).run(x)["y"])
    assert np.array_equal(*answers)


def test_a_wrong_cc_is_an_error_of_the_command(command: CommandLine) -> None:
    np.save(command.folder / "x.npy", np.zeros((1, 2, 8, 8), np.float32))
    for cc, code in (("", 2), ("gcc 'x", 2), ("no-such-compiler -g", 1)):
        answer = command.run("run", "m.onnx", "--input", "x.npy", "--cc", cc)
        assert answer.code == code, answer.stderr
        assert answer.stderr.startswith("error: ")


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize(
    "target", ["host", "cortex-m0", "cortex-m4", "cortex-m33", "cortex-m55", "rv32imc"]
)
def test_zig_builds_what_runs_here_and_under_qemu(target: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("ziglang is not installed: pip install ziglang (100 MB)")
    emulator = load_target(target).emulator
    if emulator is not None and shutil.which(emulator.command) is None:
        pytest.skip(f"{emulator.command} is not installed")
    model = small_convnet().save(tmp_path)
    x = np.random.default_rng(0).normal(0, 1, (2, 2, 8, 8)).astype(np.float32)
    expected = build(model).run(x)["y"]
    assert np.array_equal(build(model, target=target, cc=ZIG).run(x)["y"], expected)


@pytest.mark.slow
@pytest.mark.qemu
def test_zig_takes_a_processor_of_the_users(tmp_path: Path) -> None:
    if importlib.util.find_spec("ziglang") is None or shutil.which("qemu-system-arm") is None:
        pytest.skip("ziglang or qemu-system-arm is not installed")
    network = build(
        small_convnet().save(tmp_path),
        target="cortex-m4",
        cc=f"{ZIG} -target thumb-freestanding-eabihf -mcpu=cortex_m4",
    )
    assert network.run(np.zeros((1, 2, 8, 8), np.float32))["y"].shape == (1, 3)
