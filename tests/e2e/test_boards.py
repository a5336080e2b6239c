"""Parts with little or several kinds of memory: the network fits, and gives the same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from real_data import KWS, MCUNET, VWW

import tinycc
from tinycc.api.program import run_samples
from tinycc.api.verify import verify
from tinycc.errors import DoesNotFitError
from tinycc.report.document import report_document
from tinycc.report.measure import build_firmware, measure_instructions, random_sample
from tinycc.report.summary import summary
from tinycc.toolchain.elf import read_elf

pytestmark = pytest.mark.qemu
RAM_START, MICROBIT_RAM = 0x20000000, 0x4000


def _require_cross_tools() -> None:
    for command in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed: `make test` installs it")


def test_kws_runs_inside_the_16_kib_of_a_microbit(tmp_path: Path) -> None:
    """Arena, stack, variables, harness: everything lies in the emulated board's memory."""
    _require_cross_tools()
    network = tinycc.build(KWS.path, target="microbit", optimize="ram")
    network.check_budgets()
    samples = KWS.first_samples(2)
    outputs, result = run_samples(network.compiled, samples)
    expected, _ = run_samples(KWS.network("host").compiled, samples)
    assert result.machine == "microbit"
    for name, array in outputs.items():
        np.testing.assert_array_equal(array, expected[name])
    elf = read_elf(build_firmware(network.compiled, tmp_path).elf)
    sections = {section.name: section for section in elf.sections}
    held = [sections[name] for name in (".stack", ".data", ".bss")]
    assert all(RAM_START <= s.address <= RAM_START + MICROBIT_RAM - s.bytes for s in held)
    assert sum(section.bytes for section in held) <= MICROBIT_RAM
    assert result.stack_used_bytes <= network.report["memory"]["sram"]["stack"]


def test_every_step_is_compared_for_a_microbit_too() -> None:
    """Layer by layer the arena is larger, and still every step runs."""
    _require_cross_tools()
    network = tinycc.build(KWS.path, target="microbit")
    result = verify(network.compiled, KWS.first_samples(2), None)
    assert result.first_difference is None
    assert not result.outputs.different


def test_the_size_of_the_part_is_a_budget() -> None:
    """The fastest schedule that the part has room for; no error before there is none."""
    sram = tinycc.build(KWS.path, target="microbit", optimize="speed").report["memory"]["sram"]
    assert 6_000 < sram["total"] <= MICROBIT_RAM
    with pytest.raises(DoesNotFitError, match="no schedule of this network takes less than"):
        tinycc.build(VWW.path, target="microbit").check_budgets()


@pytest.mark.parametrize(("board", "machine"), [("stm32h743", "mps2-an500")])
def test_boards_with_several_memories_give_the_bytes_of_the_host(board: str, machine: str) -> None:
    _require_cross_tools()
    network = tinycc.build(VWW.path, target=board)
    network.check_budgets()
    outputs, result = run_samples(network.compiled, VWW.first_samples(1))
    expected, _ = run_samples(VWW.network("host").compiled, VWW.first_samples(1))
    assert (result.machine, result.note) == (machine, "")
    for name, array in outputs.items():
        np.testing.assert_array_equal(array, expected[name])
    assert network.report["memory"]["memories"][0]["arena"] > 0


def test_the_traffic_that_is_counted_is_the_one_predicted(tmp_path: Path) -> None:
    _require_cross_tools()
    compiled = tinycc.build(KWS.path, target="stm32h743").compiled
    report = report_document(
        compiled, measure_instructions(compiled, tmp_path, random_sample(compiled))
    )
    dtcm, axi, _ = report["memory"]["memories"]
    assert dtcm["traffic"] == pytest.approx(dtcm["traffic_predicted"], rel=0.2)
    assert axi["traffic"] == 0
    assert "100.0 % of the traffic, access cost 1" in summary(report)


TWO_MEMORIES = """
extends = "cortex-m7"
description = "16 kB of fast and 256 kB of slow memory"

[[memories]]
name = "slow"
kind = "sram"
address = 0x20000000
bytes = 256000
cost = 3.0

[[memories]]
name = "fast"
kind = "sram"
address = 0x60000000
bytes = 16000
"""

# Two memories of the emulated board; 64 bytes are the harness's guards around the arena.
ITS_MACHINE = """
[[runners]]
kind = "qemu"
machine = "mps2-an500"
stack_bytes = 4096
memories = [
    { name = "flash", kind = "flash", address = 0x00000000, bytes = 0x400000 },
    { name = "slow", kind = "sram", address = 0x20000000, bytes = 256000 },
    { name = "fast", kind = "sram", address = 0x60000000, bytes = 16064 },
]
"""


def _two_memories(folder: Path, machine: str) -> str:
    path = folder / "two.toml"
    path.write_text(TWO_MEMORIES + machine)
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize("machine", [ITS_MACHINE, ""], ids=["its machine", "the core's machine"])
def test_mcunet_runs_from_16_kb_of_fast_and_256_kb_of_slow_memory(
    machine: str, tmp_path: Path
) -> None:
    _require_cross_tools()
    network = tinycc.build(MCUNET.path, target=_two_memories(tmp_path, machine))
    network.check_budgets()
    samples = MCUNET.first_samples(2)
    outputs, _ = run_samples(network.compiled, samples)
    expected, _ = run_samples(MCUNET.network("host").compiled, samples)
    for name, array in outputs.items():
        np.testing.assert_array_equal(array, expected[name])
    slow, fast = network.report["memory"]["memories"]
    assert (slow["name"], fast["name"]) == ("slow", "fast")
    assert 0 < fast["arena"] <= 16_000 and 0 < slow["arena"] <= 256_000
    assert fast["traffic_predicted"] > 20 * slow["traffic_predicted"] > 0
    if machine:
        elf = read_elf(build_firmware(network.compiled, tmp_path / "elf").elf)
        places = {symbol.name: symbol.address for symbol in elf.symbols}
        assert 0x20000000 <= places["arena_slow"] < 0x20000000 + 256_000
        assert places["arena_fast"] == 0x60000000


@pytest.mark.slow
def test_a_network_that_no_memory_holds_is_refused_with_numbers(tmp_path: Path) -> None:
    text = TWO_MEMORIES.replace("256000", "6000").replace("16000", "9000")
    (tmp_path / "small.toml").write_text(text)
    network = tinycc.build(MCUNET.path, target=str(tmp_path / "small.toml"))
    with pytest.raises(DoesNotFitError) as caught:
        network.check_budgets()
    shown = caught.value.render()
    assert "no schedule of this network takes less than" in shown
    assert "15,000 available (the target: slow 6,000, fast 9,000)" in shown
