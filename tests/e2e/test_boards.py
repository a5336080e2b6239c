"""Parts with little or several kinds of memory: the network fits, and gives the same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from real_data import KWS, RESNET8, VWW, Model

import tinycc
from tinycc.api.network import run_samples
from tinycc.api.verify import verify
from tinycc.errors import DoesNotFitError
from tinycc.report.measure import build_firmware
from tinycc.toolchain.elf import read_elf

pytestmark = pytest.mark.qemu
RAM_START, MICROBIT_RAM = 0x20000000, 0x4000


def _require_cross_tools() -> None:
    for command in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed: `make test` installs it")


@pytest.mark.parametrize("model", [KWS, RESNET8], ids=["kws", "resnet8"])
def test_it_runs_inside_the_16_kib_of_a_microbit(model: Model, tmp_path: Path) -> None:
    """Arena, stack, variables, harness: everything lies in the emulated board's memory."""
    _require_cross_tools()
    network = tinycc.build(model.path, target="microbit", optimize="ram")
    network.check_budgets()
    samples = model.first_samples(2)
    outputs, result = run_samples(network.compiled, samples)
    expected, _ = run_samples(model.network("host").compiled, samples)
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
