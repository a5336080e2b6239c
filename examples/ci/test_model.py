"""What the CI of a firmware team asserts of its network: copy and adapt.

    pip install tinycc-nn pytest
    pytest examples/ci

The fixture `tinycc_model` comes with tinycc. It takes a model file and the options of
`tinycc.build`, or a folder that `tinycc build` wrote; each is built once for all tests.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

DIGITS = Path(__file__).parents[1] / "digits"
needs_qemu = pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-gcc") and shutil.which("qemu-system-arm")),
    reason="sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
)


@pytest.fixture(scope="session")
def model(tinycc_model):
    """The network as the product ships it."""
    return tinycc_model(DIGITS / "digits.onnx", target="cortex-m7")


@pytest.fixture(scope="session")
def samples():
    """Pictures as the firmware feeds them (pixel - 128), and their digits."""
    with np.load(DIGITS / "samples.npz") as archive:
        return (archive["x"].astype(np.int16) - 128).astype(np.int8)[:, np.newaxis], archive["y"]


def test_accuracy(model, samples):
    pictures, digits = samples
    model.assert_accuracy(pictures, digits, at_least=0.97, on="host")


@needs_qemu
def test_memory(model):
    model.assert_bytes(sram=2_000, flash=14_000, stack=500)
    assert model.report["memory"]["sram"]["static"] == 0


@needs_qemu
def test_speed(model):
    model.assert_instructions(at_most=75_000)


@needs_qemu
def test_the_firmware_computes_what_this_machine_does(model, samples):
    pictures = samples[0][:10]
    model.assert_outputs(pictures, model.run(pictures, on="host"))
