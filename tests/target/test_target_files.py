"""targets/*.toml are read completely, and every mistake in one is named."""

from pathlib import Path

import pytest

from tinycc.errors import UsageError
from tinycc.paths import TARGETS
from tinycc.target import FEATURES, list_targets, load_target, machine

CORES = [
    "cortex-m0",
    "cortex-m0plus",
    "cortex-m3",
    "cortex-m4",
    "cortex-m7",
    "cortex-m33",
    "cortex-m55",
    "rv32imc",
]

SMALL = """
extends = "cortex-m4"
description = "a board"
"""


def write(folder: Path, text: str, name: str = "board.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def message(path: Path | str) -> str:
    with pytest.raises(UsageError) as caught:
        load_target(path)
    return caught.value.render()


def test_the_promised_targets_are_there():
    assert {"host", "host-avx2", "host-vnni", "stm32f405", "esp32c3", *CORES} <= set(list_targets())


@pytest.mark.parametrize("name", list_targets())
def test_every_target_loads_and_its_files_exist(name):
    target = load_target(name)
    assert target.name == name
    assert target.isa <= FEATURES.keys()
    support = [*target.compiler.support, target.compiler.linker_script or "tinycc_port.h"]
    assert all((TARGETS / "support" / file).is_file() for file in support)


def test_a_board_inherits_from_its_core_and_adds_its_memories():
    board, core = load_target("stm32f405"), load_target("cortex-m4")
    assert board.compiler == core.compiler
    assert board.isa == core.isa
    assert (board.flash_bytes, board.sram_bytes) == (1 << 20, 192 << 10)
    assert (core.flash_bytes, core.sram_bytes) == (None, None)


def test_a_target_may_be_a_file_of_the_user(tmp_path):
    target = load_target(write(tmp_path, SMALL))
    assert (target.name, target.description) == ("board", "a board")
    assert target.cost == load_target("cortex-m4").cost


def test_a_target_may_extend_a_file_beside_it(tmp_path):
    write(tmp_path, SMALL)
    derived = write(tmp_path, 'extends = "./board.toml"\nclock_hz = 8_000_000', "fast.toml")
    assert load_target(derived).clock_hz == 8_000_000


def test_an_unknown_name_lists_near_misses():
    text = message("cortexm4")
    assert text.startswith("error: unknown target `cortexm4`")
    assert "did you mean `cortex-m4`" in text


def test_a_hopeless_name_lists_what_there_is():
    assert "known are cortex-m0, " in message("xyzzy")


def test_a_missing_file_is_named(tmp_path):
    assert "there is no target file" in message(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("memroies = []", "unknown key `memroies`"),
        ("memroies = []", "did you mean `memories`?"),
        ("[compiler]\nflag = []", "did you mean `flags`"),
        ('isa = ["dps"]', "unknown isa feature `dps`"),
        ('isa = "dsp"', "expected an array, found 'dsp'"),
        ("isa = [4]", "expected text, found 4"),
        ('pointer_bytes = "4"', "expected int, found '4'"),
        ("compiler = 3", "expected a table, found 3"),
        ('[[memories]]\nname = "a"\nkind = "flash"', "missing key `address`"),
        (
            '[[memories]]\nname = "a"\nkind = "rom"\naddress = 0\nbytes = 1',
            "unknown memory kind `rom`",
        ),
        ("runners = []", "at least one runner"),
        ("clock_hz = ", "cannot read the target"),
    ],
)
def test_mistakes_are_named_with_file_and_hint(tmp_path, text, expected):
    path = write(tmp_path, 'extends = "cortex-m4"\n' + text)
    shown = message(path)
    assert expected in shown
    assert str(path) in shown


def memory(name: str = "a", address: int = 0, size: int = 4096, more: str = "") -> str:
    keys = (f'name = "{name}"', 'kind = "sram"', f"address = {address}", f"bytes = {size}", more)
    return "\n".join(["[[memories]]", *keys, ""])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (memory(size=0), "memory `a`: 0 bytes at 0x0 are no place"),
        (memory(size=-4), "-4 bytes at 0x0 are no place"),
        (memory(address=-8), "4096 bytes at -0x8 are no place"),
        (memory(more="reserved = 4096"), "4096 bytes reserved of 4096: nothing would be left"),
        (memory(more="reserved = -1"), "-1 bytes reserved"),
        (memory(more="cost = 0"), "the cost of an access is 0.0; it must be above 0"),
        (memory(more="cost = nan"), "the cost of an access is nan"),
        (memory("fast-ram"), "memory `fast-ram`: the name must be letters, digits and `_`"),
        (memory(more="section = 'a b'"), "`a b` is not the name of a linker section"),
        (memory() + memory("b", 4095), "memory `b`: it overlaps `a`"),
        (memory() + memory("A", 8192), "memory `A`: there are two of that name"),
        (
            memory(more="section = '.x'") + memory("b", 8192, more="section = '.x'"),
            "memory `b`: it has the section `.x` of `a`",
        ),
    ],
)
def test_a_memory_that_cannot_be_is_named(tmp_path, text, expected):
    shown = message(write(tmp_path, SMALL + text))
    assert expected in shown
    assert "board.toml" in shown


def test_memories_have_a_section_and_a_cost(tmp_path):
    text = SMALL + memory("dtcm") + memory("slow", 8192, 8192, "section = '.sdram'\ncost = 4")
    target = load_target(write(tmp_path, text))
    assert [ram.linker_section for ram in target.rams] == [".bss.tinycc_dtcm", ".sdram"]
    assert target.rams[1].cost == 4.0


def test_a_target_without_a_base_must_be_complete(tmp_path):
    assert "missing key" in message(write(tmp_path, 'description = "nothing else"'))


def test_a_circle_of_extends_is_an_error(tmp_path):
    write(tmp_path, 'extends = "./two.toml"', "one.toml")
    two = write(tmp_path, 'extends = "./one.toml"', "two.toml")
    assert "extends itself" in message(two)


def test_native_is_the_fastest_host_that_runs_here(monkeypatch):
    def native(*features):
        monkeypatch.setattr(machine, "machine_features", lambda: frozenset(features))
        return load_target("native").name

    assert native() == "host"
    assert native("avx2") == "host-avx2"
    assert native("avx2", "avx512vnni") == "host-vnni"
    assert native("avx512vnni") == "host"  # its programs need AVX2 as well
