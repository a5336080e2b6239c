"""What the command line says when something is wrong, word by word: the texts are in commands.txt.

`pytest tests/errors --update-golden` writes them again; review the difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from bad_models import CASES as BAD_MODELS
from bad_models import SHAPES
from command import CommandLine, written
from onnx_models import INT8, OnnxModel

TEXTS = Path(__file__).with_name("commands.txt")
IMPORT_TEXTS = Path(__file__).parents[1] / "frontend" / "errors.txt"


@dataclass(frozen=True)
class Case:
    """A command line that must fail; `prepare` sets the scene."""

    arguments: tuple[str, ...]
    prepare: Callable[[CommandLine], None] = lambda command: None


def _array(name: str, array: np.ndarray) -> Callable[[CommandLine], None]:
    return lambda command: np.save(command.folder / name, array)


def _text(name: str, text: str = "hello\n") -> Callable[[CommandLine], None]:
    def prepare(command: CommandLine) -> None:
        path = command.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return prepare


def _two_inputs(command: CommandLine) -> None:
    """Adds two.onnx, which takes `left` and `right`, and arrays for them."""
    net = OnnxModel()
    left, right = (
        net.dequantize(net.input(name, [1, 4], INT8), 0.1, 0) for name in ("left", "right")
    )
    total = net.quantize(net.node("Add", [left, right]), 0.2, 0, output="total")
    net.output(total, [1, 4], INT8)
    net.save(command.folder, "two.onnx")
    np.save(command.folder / "x.npy", np.zeros((1, 4), np.int8))
    np.save(command.folder / "xx.npy", np.zeros((2, 4), np.int8))


def _pickled(command: CommandLine) -> None:
    np.save(command.folder / "x.npy", np.array([{"a": 1}], object))


def _archive(command: CommandLine) -> None:
    np.savez(command.folder / "x.npz", x=np.zeros(3))
    (command.folder / "x.npz").rename(command.folder / "x.npy")


def _data_without_x(command: CommandLine) -> None:
    np.savez(command.folder / "data.npz", pictures=np.zeros((2, 2, 8, 8), np.float32))


def _uneven_folder(command: CommandLine) -> None:
    (command.folder / "data").mkdir()
    np.save(command.folder / "data" / "0.npy", np.zeros((2, 8, 8), np.float32))
    np.save(command.folder / "data" / "1.npy", np.zeros((2, 8, 9), np.float32))


def _link(command: CommandLine) -> None:
    (command.folder / "elsewhere").mkdir()
    (command.folder / "out").symlink_to("elsewhere")


def _empty_folder(command: CommandLine) -> None:
    (command.folder / "out").mkdir()


def _only(*tools: str) -> Callable[[CommandLine], None]:
    return lambda command: command.tools(*tools)


def _without_qemu(command: CommandLine) -> None:
    _array("x.npy", GOOD)(command)
    command.tools("arm-none-eabi-gcc", "arm-none-eabi-objdump", "cc")


def _without_cross_compiler(command: CommandLine) -> None:
    _array("x.npy", GOOD)(command)
    command.tools("cc", "qemu-system-arm")


def _without_host_compiler(command: CommandLine) -> None:
    _array("x.npy", GOOD)(command)
    command.tools()


GOOD = np.zeros((1, 2, 8, 8), np.float32)
RUN = ("run", "m.onnx", "--input")
BUILD = ("build", "m.onnx", "-o", "out")
CASES = {
    # The command line itself
    "no_such_target": Case(("build", "m.onnx", "--target", "cortex-m5")),
    "target_far_from_any": Case(("build", "m.onnx", "--target", "z80")),
    "target_that_is_a_path": Case(("build", "m.onnx", "--target", "../targets/host")),
    "package_without_such_cores": Case(
        ("build", "m.onnx", "--target", "cortex-m4", "--package", "esp-idf")
    ),
    "package_for_this_machine": Case(("build", "m.onnx", "--package", "cmsis-pack")),
    "package_version": Case(("build", "m.onnx", "--package", "cmake", "--package-version", "1.2")),
    "package_of_several": Case(
        ("build", "m.onnx", "m.onnx", "--share-arena", "--package", "cmake")
    ),
    "package_unknown": Case(("build", "m.onnx", "--package", "conan")),
    "verify_no_samples": Case(("verify", "m.onnx", "--samples", "0")),
    # Memory
    "too_little_ram": Case(("build", "m.onnx", "--ram", "100")),
    "too_little_flash": Case(("build", "m.onnx", "--flash", "1kB")),
    "analyze_too_little_ram": Case(("analyze", "m.onnx", "--ram", "100")),
    # Folders as models
    "folder_that_is_no_model": Case(("build", "."), _text("note.txt")),
    "report_of_nothing": Case(("report", "nowhere")),
    "report_of_a_folder_without_one": Case(("report", "."), _text("note.txt")),
    "report_that_is_damaged": Case(
        ("report", "."), _text("report.json", '{"schema": 1, "steps": 3}')
    ),
    "report_of_a_newer_version": Case(("report", "."), _text("report.json", '{"schema": 99}')),
    "damaged_archive": Case(("build", "folder"), _text("folder/model.tnn")),
    # Inputs
    "input_missing": Case((*RUN, "x.npy")),
    "input_of_another_shape": Case((*RUN, "x.npy"), _array("x.npy", np.zeros((2, 9, 9), "f4"))),
    "input_of_another_rank": Case((*RUN, "x.npy"), _array("x.npy", np.zeros(128, "f4"))),
    "input_of_another_type": Case((*RUN, "x.npy"), _array("x.npy", np.zeros(GOOD.shape, "i2"))),
    "input_with_nan": Case((*RUN, "x.npy"), _array("x.npy", np.full(GOOD.shape, np.nan, "f4"))),
    "input_without_samples": Case((*RUN, "x.npy"), _array("x.npy", np.zeros((0, 2, 8, 8), "f4"))),
    "input_that_is_text": Case((*RUN, "x.npy"), _text("x.npy")),
    "input_that_is_empty": Case((*RUN, "x.npy"), _text("x.npy", "")),
    "input_that_is_pickled": Case((*RUN, "x.npy"), _pickled),
    "input_that_is_an_archive": Case((*RUN, "x.npy"), _archive),
    "input_of_no_such_name": Case((*RUN, "y=x.npy"), _array("x.npy", GOOD)),
    "input_name_left_out": Case(("run", "two.onnx", "--input", "x.npy"), _two_inputs),
    "input_left_out": Case(("run", "two.onnx", "--input", "left=x.npy"), _two_inputs),
    "input_given_twice": Case(
        ("run", "two.onnx", "--input", "left=x.npy", "--input", "left=x.npy"), _two_inputs
    ),
    "inputs_of_different_counts": Case(
        ("run", "two.onnx", "--input", "left=x.npy", "--input", "right=xx.npy"), _two_inputs
    ),
    "data_without_x": Case(("verify", "m.onnx", "--data", "data.npz"), _data_without_x),
    "data_missing": Case(("verify", "m.onnx", "--data", "data.npz")),
    "data_folder_with_other_files": Case(("verify", "m.onnx", "--data", "."), _text("note.txt")),
    "data_folder_of_uneven_files": Case(("verify", "m.onnx", "--data", "data"), _uneven_folder),
    # Where results go
    "output_is_a_file": Case(BUILD, _text("out")),
    "output_is_below_a_file": Case(("build", "m.onnx", "-o", "file/out"), _text("file")),
    "output_cannot_be_made": Case(("build", "m.onnx", "-o", "/proc/tinycc/out")),
    "output_is_a_link": Case(BUILD, _link),
    "output_holds_other_files": Case(BUILD, _text("out/main.c")),
    "output_is_half_of_a_build": Case(BUILD, _text("out/m.c")),
    "run_output_cannot_be_made": Case((*RUN, "x.npy", "-o", "no/y.npy"), _array("x.npy", GOOD)),
    # Tools
    "no_host_compiler": Case((*RUN, "x.npy"), _without_host_compiler),
    "no_cross_compiler": Case((*RUN, "x.npy", "--target", "cortex-m4"), _without_cross_compiler),
    "no_qemu": Case((*RUN, "x.npy", "--target", "cortex-m4"), _without_qemu),
    "bench_without_qemu": Case(("bench", "m.onnx", "--target", "cortex-m4"), _without_qemu),
    "bench_on_the_host": Case(("bench", "m.onnx")),
}


# Click words these; only what it is told by us, or must name, is compared.
USAGE = {
    "build": "MODEL",
    "compile m.onnx": "compile",
    "build m.onnx --tagret host": "--target",
    "analyze m.onnx --recompute 0.5": "'0.5' is not a factor of 1 or more, such as 1.1",
    "analyze m.onnx --recompute nan": "'nan' is not a factor of 1 or more, such as 1.1",
    "analyze m.onnx --recompute abc": "'abc' is not a factor of 1 or more, such as 1.1",
    "build m.onnx --ram 64Q": "'64Q' is not a size; write 65536, 64K or 64kB",
    "build m.onnx --flash 0": "'0' is not a size; write 65536, 64K or 64kB",
    "build m.onnx --shape 1x2x8x8": "'1x2x8x8' is not NAME=1x49x10x1",
    "build m.onnx --shape x=1x0x8": "'x=1x0x8' is not NAME=1x49x10x1",
    "build m.onnx --without fold_bias": "fold_bias",
    "build m.onnx --dump-after fold": "fold_bias",
    "build m.onnx --io double": "double",
    "run m.onnx": "--input",
}


def _sections(path: Path) -> dict[str, str]:
    parts = path.read_text().split("=== ")[1:] if path.exists() else []
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}


def _updated(name: str, text: str) -> None:
    texts = {**_sections(TEXTS), name: text}
    TEXTS.write_text("".join(f"=== {case}\n{texts[case]}" for case in CASES if case in texts))


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_command_says_exactly_this_and_leaves_nothing(
    name: str, command: CommandLine, pytestconfig: pytest.Config
) -> None:
    case = CASES[name]
    case.prepare(command)
    before = command.files()
    answer = command.run(*case.arguments)
    # The estimate of code changes with every edit of a kernel.
    said = re.sub(r"[\d,]+ (?=bytes of flash needed)", "N ", answer.stderr)
    text = f"$ {written(case.arguments)}\nexit {answer.code}\n{said}\n"
    if pytestconfig.getoption("update_golden"):
        _updated(name, text)
    assert text == _sections(TEXTS).get(name)
    assert answer.code in (1, 2)
    assert answer.stdout == ""
    assert command.files() == before


@pytest.mark.parametrize("arguments", USAGE)
def test_wrong_usage_is_exit_code_2_and_names_the_cause(
    arguments: str, command: CommandLine
) -> None:
    before = command.files()
    answer = command.run(*arguments.split())
    assert answer.code == 2
    assert USAGE[arguments] in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""
    assert command.files() == before


def test_every_text_belongs_to_a_case() -> None:
    assert list(_sections(TEXTS)) == list(CASES)


@pytest.mark.parametrize("name", sorted(BAD_MODELS.keys() - {"folder_given"}))
def test_build_of_a_bad_model_prints_its_error_and_leaves_nothing(
    name: str, command: CommandLine
) -> None:
    model = BAD_MODELS[name](command.folder)
    shapes = [
        f"--shape={tensor}={'x'.join(map(str, shape))}"
        for tensor, shape in SHAPES.get(name, {}).items()
    ]
    before = command.files()
    answer = command.run("build", model, *shapes)
    assert f"exit {answer.code}\n{answer.stderr}\n" == _sections(IMPORT_TEXTS)[name]
    assert answer.code in (1, 2)
    assert command.files() == before


def test_a_full_disk_leaves_the_old_folder_as_it_was(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command.run("build", "m.onnx", "-o", "out").code == 0
    before = _times(command)

    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    answer = command.run("build", "m.onnx", "-o", "out")
    assert answer.code == 1
    assert "No space left on device" in answer.stderr
    assert _times(command) == before


def _times(command: CommandLine) -> dict[str, int]:
    """When each file was last written."""
    paths = [command.folder.parent / name for name in command.files()]
    return {str(path): path.stat().st_mtime_ns for path in paths if path.is_file()}


def test_build_replaces_its_own_folder_and_fills_an_empty_one(command: CommandLine) -> None:
    _empty_folder(command)
    assert command.run("build", "m.onnx", "-o", "out").code == 0
    once = command.files()
    assert command.run("build", "m.onnx", "-o", "out").code == 0
    assert command.files() == once
