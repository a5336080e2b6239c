"""Arduino, PlatformIO and CMSIS-Pack: their specifications' rules hold, and the examples run."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from library_rules import arduino_faults, platformio_faults
from pack_rules import pack_faults
from packaged import ANSWER, need, run, sources, unpacked

import tinycc
from tinycc.errors import ModelError

Packager = Callable[..., Path]

# Names that mean something in an ecosystem, that are as long as they get, and plain ones.
NAMES = ["m", "arduino_kws", "a_name_of_forty_letters_is_the_longest_ok", "t"]
_MORE_MEMORIES = [pytest.param(m, marks=pytest.mark.slow) for m in ("pushed", "external")]

# Enough of Arduino.h for a sketch that prints; the sketch runs once.
_ARDUINO_H = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct Printer {
    void begin(long) {}
    void print(const char *text) { fputs(text, stdout); }
    void println(int number) { printf("%d\\n", number); }
};
static Printer Serial;
static void delay(long) { exit(0); }
"""
_ARDUINO_MAIN = "int main() { setup(); for (;;) loop(); }\n"


def _arduino_library(folder: Path) -> Path:
    """The library's root: the one folder in the zip."""
    (root,) = unpacked(folder, ".zip").iterdir()
    return root


@pytest.mark.parametrize("name", NAMES)
def test_an_arduino_library_keeps_the_rules(package: Packager, name: str) -> None:
    assert arduino_faults(_arduino_library(package("arduino", name=name))) == []


def test_the_arduino_rules_find_faults(package: Packager) -> None:
    library = _arduino_library(package("arduino", "host"))
    manifest = library / "library.properties"
    text = manifest.read_text()
    for right, wrong in (
        ("name=m", "name=Arduino m"),
        ("version=1.2.3", "version=1.2.3.4"),
        ("category=Data Processing", "category=Networks"),
        ("includes=m.h", "includes=n.h"),
        ("url=https", "url=tel"),
    ):
        assert right in text
        manifest.write_text(text.replace(right, wrong))
        assert len(arduino_faults(library)) == 1, wrong


@pytest.mark.parametrize("memory", ["arena", *_MORE_MEMORIES])
def test_the_arduino_sketch_compiles_and_runs(
    package: Packager, tmp_path: Path, memory: str
) -> None:
    """As the IDE does it: only src/ is searched for headers, all C below it is compiled."""
    need("cc", "g++")
    library = _arduino_library(package("arduino", "host", memory))
    (sketch,) = library.rglob("*.ino")
    (tmp_path / "Arduino.h").write_text(_ARDUINO_H)
    main = tmp_path / "sketch.cpp"
    main.write_text(f"#include <Arduino.h>\n{sketch.read_text()}\n{_ARDUINO_MAIN}")
    assert _as_cpp(main, library / "src", tmp_path, f"-I{tmp_path}") == f"m: {ANSWER}\n"


def _as_cpp(main: Path, source: Path, build: Path, *flags: str) -> str:
    """What a C++ main prints that is linked with a library's C."""
    objects = []
    for path in sources(source):
        objects.append(build / f"{path.stem}.o")
        run("cc", "-O1", "-Wall", "-Werror", f"-I{source}", "-c", path, "-o", objects[-1])
    program = build / "program"
    run("g++", "-Wall", "-Wextra", f"-I{source}", *flags, main, *objects, "-o", program)
    return run(program)


@pytest.mark.parametrize("name", NAMES)
def test_a_platformio_library_keeps_the_rules(package: Packager, name: str) -> None:
    assert platformio_faults(package("platformio", name=name)) == []


def test_the_platformio_rules_find_faults(package: Packager) -> None:
    library = package("platformio")
    manifest = library / "library.json"
    right = json.loads(manifest.read_text())
    for wrong in (
        {"name": "my_net"},
        {"version": "1"},
        {"headers": "n.h"},
        {"description": "x" * 256},
        {"build": {"srcDir": "source", "includeDir": "src"}},
    ):
        manifest.write_text(json.dumps({**right, **wrong}))
        assert len(platformio_faults(library)) == 1, wrong


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["arena", "pushed", "external"])
def test_the_platformio_example_compiles_and_runs(
    package: Packager, tmp_path: Path, memory: str
) -> None:
    need("cc", "g++")
    library = package("platformio", "host", memory)
    (main,) = library.rglob("main.cpp")
    assert _as_cpp(main, library / "src", tmp_path) == f"m: {ANSWER}\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_keeps_the_rules(package: Packager, name: str) -> None:
    folder = package("cmsis-pack", "cortex-m4", name=name)
    (archive,) = folder.glob("*.pack")
    assert pack_faults(archive.name, unpacked(folder, ".pack")) == []


def test_the_pack_rules_find_faults(package: Packager) -> None:
    folder = package("cmsis-pack", "cortex-m4")
    place = unpacked(folder, ".pack")
    description = place / "tinycc.m.pdsc"
    text = description.read_text()
    for right, wrong in (
        ("<name>m</name>", "<name>m m</name>"),
        ('Dcore="Cortex-M4"', 'Dcore="Cortex-M5"'),
        ('Cversion="1.2.3" ', ""),
        ("<url>https://tinycc.invalid/</url>", ""),
        ('name="src/m.h"', 'name="src/n.h"'),
        ('condition="core"', 'condition="cores"'),
        ('category="doc"', 'category="documentation"'),
        ('Csub="m"', f'Csub="{"m" * 33}"'),
    ):
        assert right in text
        description.write_text(text.replace(right, wrong, 1))
        assert pack_faults("tinycc.m.1.2.3.pack", place), wrong


@pytest.mark.parametrize(
    ("target", "runs", "does_not"),
    [
        ("cortex-m0", {"Cortex-M0", "Cortex-M23", "Cortex-M3", "Cortex-M7"}, set()),
        ("cortex-m4", {"Cortex-M4", "Cortex-M7", "Cortex-M55"}, {"Cortex-M3", "Cortex-M23"}),
        ("cortex-m55", {"Cortex-M55", "Cortex-M85"}, {"Cortex-M33", "Cortex-M7"}),
    ],
)
def test_a_pack_accepts_the_cores_that_run_its_code(
    package: Packager, target: str, runs: set[str], does_not: set[str]
) -> None:
    place = unpacked(package("cmsis-pack", target), ".pack")
    accepted = {e.get("Dcore") for e in ET.parse(place / "tinycc.m.pdsc").iter("accept")}
    assert runs <= accepted
    assert not does_not & accepted


@pytest.mark.slow
def test_what_a_pack_lists_compiles_for_its_core(package: Packager, tmp_path: Path) -> None:
    need("arm-none-eabi-gcc")
    place = unpacked(package("cmsis-pack", "cortex-m4"), ".pack")
    files = list(ET.parse(place / "tinycc.m.pdsc").iter("file"))
    public = [f for f in files if f.get("category") == "header" and f.get("scope") is None]
    listed = [place / f.get("name", "") for f in files if f.get("category") == "source"]
    assert sorted(listed) == sorted(sources(place))
    includes = {f"-I{(place / f.get('name', '')).parent}" for f in public}
    program = tmp_path / "program.elf"
    words = ["-mcpu=cortex-m4", "-mthumb", "-O2", *includes, *listed, "--specs=nosys.specs"]
    run("arm-none-eabi-gcc", *words, "-o", program)


def test_archives_are_the_same_bytes_every_time(package: Packager, tmp_path: Path) -> None:
    for ecosystem in ("arduino", "cmsis-pack"):
        archives = []
        for _ in range(2):
            folder = package(ecosystem, "cortex-m4")
            archives.append(next(folder.glob("*1.2.3.*")).read_bytes())
            shutil.rmtree(folder)
        assert archives[0] == archives[1]


def test_archives_hold_plain_relative_paths(package: Packager) -> None:
    (archive,) = package("arduino", "cortex-m4").glob("*.zip")
    with zipfile.ZipFile(archive) as file:
        assert file.testzip() is None
        for name in file.namelist():
            assert re.fullmatch(r"m(/[\w.-]+)+", name)
            assert ".." not in name


def test_a_package_is_loaded_again_where_its_c_is_not_in_an_archive(package: Packager) -> None:
    zeros = np.zeros((1, 2, 8, 8), np.int8)
    assert tinycc.load(package("zephyr")).run(zeros)["y"].argmax() == ANSWER
    with pytest.raises(ModelError, match=r"`m-1\.2\.3\.zip` holds it"):
        tinycc.load(package("arduino"))


@pytest.mark.slow
def test_the_tools_of_the_ecosystems_take_them(package: Packager, tmp_path: Path) -> None:
    """`pip install platformio idf-component-manager`, where they are to be asked."""
    need("pio", "compote")
    run("pio", "pkg", "pack", package("platformio"), "-o", tmp_path / "m.tar.gz")
    folder = package("esp-idf", "esp32c3")
    run("compote", "component", "pack", "--name", "net", "--project-dir", folder)
    assert (folder / "dist" / "net_1.2.3.tgz").is_file()


@pytest.mark.slow
def test_an_esp_idf_component_compiles_for_its_core(package: Packager, tmp_path: Path) -> None:
    need("riscv64-unknown-elf-gcc")
    source = package("esp-idf", "esp32c3") / "src"
    flags = ["-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs", "-Os", f"-I{source}"]
    flags += ["-Wall", "-Wextra", "-Werror"]
    for path in sources(source):
        run("riscv64-unknown-elf-gcc", *flags, "-c", path, "-o", tmp_path / "object.o")
