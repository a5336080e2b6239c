"""The CMake package is built as its README says, for a Cortex-M4, and runs under QEMU."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from golden_models import GOLDEN
from packaged import ANSWER, need, run

import tinycc

Packager = Callable[..., Path]

_MEMORIES = ["arena", *(pytest.param(m, marks=pytest.mark.slow) for m in ("pushed", "external"))]


def _built(source: Path, build: Path, *options: str | Path) -> str:
    """Configures and builds the target `run`; what it says."""
    run("cmake", "-S", source, "-B", build, *options)
    return run("cmake", "--build", build, "--target", "run")


@pytest.mark.qemu
@pytest.mark.parametrize("memory", _MEMORIES)
def test_its_example_runs_under_qemu(package: Packager, tmp_path: Path, memory: str) -> None:
    need("cmake", "arm-none-eabi-gcc", "qemu-system-arm")
    folder = package("cmake", "cortex-m4", memory)
    toolchain = folder / "toolchain.cmake"
    said = _built(folder / "example", tmp_path / "build", "--toolchain", toolchain)
    assert f"m: {ANSWER}\n" in said


@pytest.mark.qemu
@pytest.mark.parametrize(
    "target",
    ["cortex-m4", *(pytest.param(t, marks=pytest.mark.slow) for t in ("microbit", "stm32h743"))],
)
def test_its_makefile_runs_it_under_qemu(package: Packager, target: str) -> None:
    need("make", "arm-none-eabi-gcc", "qemu-system-arm")
    folder = package("cmake", target)
    assert run("make", "-s", "-C", folder / "example", "run") == f"m: {ANSWER}\n"


@pytest.mark.slow
@pytest.mark.qemu
def test_it_runs_on_risc_v(package: Packager, tmp_path: Path) -> None:
    need("cmake", "riscv64-unknown-elf-gcc", "qemu-system-riscv32")
    folder = package("cmake", "rv32imc")
    toolchain = folder / "toolchain.cmake"
    said = _built(folder / "example", tmp_path / "build", "--toolchain", toolchain)
    assert f"m: {ANSWER}\n" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "prefix", "target"),
    [("test", "test", "test_network"), ("string", "string_net", "string_net")],
)
def test_a_project_finds_it_whatever_its_name(
    package: Packager, tmp_path: Path, name: str, prefix: str, target: str
) -> None:
    """`test` is a target that CMake makes itself, <string.h> a header of C."""
    need("cmake", "cc")
    folder = package("cmake", "host", name=name)
    project = tmp_path / "project"
    project.mkdir()
    (project / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\n"
        "project(user C)\n"
        f"find_package({target} CONFIG REQUIRED)\n"
        f"add_executable(user {folder}/example/main.c {folder}/example/support/host/port.c)\n"
        f"target_include_directories(user PRIVATE {folder}/example/support)\n"
        f"target_link_libraries(user PRIVATE {target})\n"
    )
    run("cmake", "-S", project, "-B", tmp_path / "build", f"-D{target}_DIR={folder}")
    run("cmake", "--build", tmp_path / "build")
    assert run(tmp_path / "build" / "user") == f"{prefix}: {ANSWER}\n"


@pytest.mark.slow
def test_two_networks_link_into_one_program(package: Packager, tmp_path: Path) -> None:
    need("cmake", "cc")
    first, second = package("cmake", name="first"), package("cmake", name="second")
    project = tmp_path / "project"
    project.mkdir()
    (project / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\n"
        "project(user C)\n"
        f"add_subdirectory({first} first)\n"
        f"add_subdirectory({second} second)\n"
        "add_executable(user main.c)\n"
        "target_link_libraries(user PRIVATE first second)\n"
    )
    (project / "main.c").write_text(
        '#include "first.h"\n#include "second.h"\n'
        "static uint8_t arena[2][FIRST_ARENA_BYTES + SECOND_ARENA_BYTES] FIRST_ALIGN;\n"
        "int main(void)\n{\n"
        "    first_t a = first_init(arena[0]);\n"
        "    second_t b = second_init(arena[1]);\n"
        "    first_run(&a);\n"
        "    second_run(&b);\n"
        "    return first_argmax(&a) != second_argmax(&b);\n}\n"
    )
    run("cmake", "-S", project, "-B", tmp_path / "build")
    run("cmake", "--build", tmp_path / "build")
    run(tmp_path / "build" / "user")


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["arena", "pushed", "external"])
@pytest.mark.parametrize("name", GOLDEN)
def test_the_example_suits_any_network(name: str, memory: str, tmp_path: Path) -> None:
    """Several inputs and outputs, no classes, names that break C: no warning, and an answer."""
    need("make", "cc")
    model = GOLDEN[name]().save(tmp_path)
    folder = tmp_path / "package"
    tinycc.build(model, input_memory=memory, name=name).write(folder, "cmake")
    said = run("make", "-s", "-C", folder / "example", "run", "CC=cc -Wall -Wextra -Werror")
    assert re.fullmatch(rf"{name}: -?\d+\n", said)
