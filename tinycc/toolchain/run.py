"""Executes an image on samples, natively or under QEMU, and reads what the harness reports."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycc.errors import InternalError, ToolError
from tinycc.target import FEATURES, Emulator, Target, missing_features
from tinycc.toolchain.compile import Image
from tinycc.toolchain.elf import read_elf
from tinycc.toolchain.process import first_lines, require_tool, run_process

RUN_SECONDS = 300.0
INPUT, OUTPUT, REPORT = "input.bin", "output.bin", "report.txt"
TRACE = "trace.bin"  # written by harnesses that were made with a trace

# The exit codes of templates/harness.c.j2; 70 is the fault handler's in targets/support/bare.
_HARNESS_FAILURES = {
    64: "the harness was called with the wrong arguments",
    65: "the harness could not open its files",
    66: "the harness could not read all samples",
    67: "the harness could not write its results",
    68: "the code wrote below its arena",
    69: "the code wrote beyond its arena",
    71: "the code wrote into the caller's input",
    73: "the code did not take its own weights",
    72: "a call did not say what it should: more, done or ignored",
}
_FAULT = 70


@dataclass(frozen=True)
class RunResult:
    """What came out: per output the bytes of all samples, and how much memory was touched."""

    outputs: tuple[bytes, ...]
    arena_used_bytes: int
    stack_used_bytes: int | None
    state_bytes: int
    machine: str
    note: str


def run_image(
    image: Image,
    inputs: Sequence[bytes],
    samples: int,
    output_sizes: Sequence[int],
    repeats: int = 1,
    timeout_seconds: float = RUN_SECONDS,
) -> RunResult:
    """Runs all samples; `inputs` holds, per input tensor, the bytes of all its samples in a row.

    `output_sizes` are bytes per sample. `stack_used_bytes` is below `<name>_run` without the
    caller's frame, None where it cannot be measured. Raises ToolError when the program crashes,
    hangs, or writes outside its arena.
    """
    with tempfile.TemporaryDirectory(prefix="tinycc-run-") as name:
        folder = Path(name)
        execute(image, folder, inputs, samples, repeats, timeout_seconds)
        return _result(image, folder, samples, output_sizes)


def run_traced(
    image: Image,
    inputs: Sequence[bytes],
    samples: int,
    output_sizes: Sequence[int],
    step_sizes: Sequence[int],
    timeout_seconds: float = RUN_SECONDS,
) -> tuple[RunResult, tuple[bytes, ...]]:
    """As run_image, for an image with a tracing harness: also per step the output of all samples.

    `step_sizes` are the bytes of each step's output per sample.
    """
    with tempfile.TemporaryDirectory(prefix="tinycc-run-") as name:
        folder = Path(name)
        execute(image, folder, inputs, samples, 1, timeout_seconds)
        trace = (folder / TRACE).read_bytes() if step_sizes else b""
        result = _result(image, folder, samples, output_sizes)
    return result, _split_outputs(trace, samples, step_sizes)


def _result(image: Image, folder: Path, samples: int, output_sizes: Sequence[int]) -> RunResult:
    report = (folder / REPORT).read_text(encoding="ascii")
    return gathered(image, (folder / OUTPUT).read_bytes(), report, samples, output_sizes)


def gathered(
    image: Image, output: bytes, text: str, samples: int, output_sizes: Sequence[int]
) -> RunResult:
    """The result of what a harness wrote: the outputs of all samples, and its report."""
    report = _report(text)
    stack = report["stack_used"]
    return RunResult(
        outputs=_split_outputs(output, samples, output_sizes),
        arena_used_bytes=report["arena_used"],
        stack_used_bytes=None if image.target.is_native else stack,
        state_bytes=report["state_bytes"],
        machine=image.runner.machine,
        note=image.note,
    )


def execute(
    image: Image,
    folder: Path,
    inputs: Sequence[bytes],
    samples: int,
    repeats: int,
    timeout_seconds: float,
    plugin: str | None = None,
) -> None:
    """Runs the image in `folder`, where it leaves its result files; ToolError when it fails."""
    (folder / INPUT).write_bytes(interleaved(inputs, samples))
    arguments = [INPUT, OUTPUT, REPORT, str(samples), str(repeats)]
    command = _native_command if image.target.is_native else _qemu_command
    words = command(image, arguments, plugin)
    done = run_process(words, timeout_seconds, cwd=folder)
    if done.code != 0:
        raise failure(image, done.code, done.stdout + done.stderr)


def _native_command(image: Image, arguments: Sequence[str], plugin: str | None) -> list[str]:
    if plugin is not None:
        raise ToolError("instructions can be counted under QEMU only, not natively")
    check_machine(image.target)
    return [str(image.elf.resolve()), *arguments]


def check_machine(target: Target) -> None:
    """ToolError where this processor cannot run a native target's programs."""
    missing = sorted(missing_features(target))
    if missing:
        what = " and ".join(FEATURES[feature] for feature in missing)
        raise ToolError(f"this machine is not {what}", hint="take the target `host`")


def _qemu_command(image: Image, arguments: Sequence[str], plugin: str | None) -> list[str]:
    emulator = image.target.emulator
    if emulator is None:
        raise InternalError(f"target {image.target.name} has no emulator")
    require_tool(emulator.command, emulator.packages)
    machine, elf = image.runner.machine, str(image.elf.resolve())
    words = emulation(emulator, machine, elf, ("firmware", *arguments))
    return [*words, "-plugin", plugin] if plugin else words


def emulation(
    emulator: Emulator, machine: str, elf: str, arguments: Sequence[str] = ()
) -> list[str]:
    """The command that runs an image under QEMU; `arguments` are what main() gets."""
    semihosting = ["enable=on", "target=native", *(f"arg={argument}" for argument in arguments)]
    words = [emulator.command, "-M", machine]
    words += ["-display", "none", "-monitor", "none", "-serial", "none"]
    words += ["-semihosting-config", ",".join(semihosting)]
    return [*words, *(word.replace("{image}", elf) for word in emulator.load)]


def interleaved(inputs: Sequence[bytes], samples: int) -> bytes:
    """The file's layout: sample after sample, each holding all inputs in order."""
    sizes = []
    for data in inputs:
        if samples < 1 or len(data) % samples != 0:
            raise InternalError(f"{len(data)} input bytes are not {samples} samples")
        sizes.append(len(data) // samples)
    return b"".join(
        data[sample * size : (sample + 1) * size]
        for sample in range(samples)
        for data, size in zip(inputs, sizes, strict=True)
    )


def _split_outputs(data: bytes, samples: int, sizes: Sequence[int]) -> tuple[bytes, ...]:
    """The reverse of `interleaved`."""
    stride = sum(sizes)
    if len(data) != stride * samples:
        raise ToolError(f"the program wrote {len(data)} output bytes, not {stride * samples}")
    outputs, start = [], 0
    for size in sizes:
        starts = range(start, len(data), stride)
        outputs.append(b"".join(data[at : at + size] for at in starts))
        start += size
    return tuple(outputs)


def _report(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {name: int(value, 16) for name, value in pairs}


def failure(image: Image, code: int, text: str) -> ToolError:
    """The reason that the user can act on, from exit code and console."""
    where = f"{image.target.name} on {image.runner.machine}"
    if code in _HARNESS_FAILURES:
        return ToolError(_HARNESS_FAILURES[code], where=where)
    if code == _FAULT:
        return ToolError(_fault_text(image, text), where=where)
    reason = f"signal {-code}" if code < 0 else f"exit code {code}"
    return ToolError(f"the program crashed ({reason})\n{first_lines(text)}", where=where)


def _fault_text(image: Image, console: str) -> str:
    """What the fault handler printed, with the function's name instead of the address."""
    if "stack overflow" in console:
        return f"the program overflowed its stack of {image.runner.stack_bytes} bytes"
    match = re.search(r"pc 0x([0-9a-f]{8})", console)
    if match is None:
        return "the program crashed (processor fault)"
    address = int(match[1], 16)
    function = read_elf(image.elf).function_at(address)
    place = f"in `{function.name}`" if function else "outside of the program"
    return f"the program crashed (processor fault) at {address:#010x}, {place}"
