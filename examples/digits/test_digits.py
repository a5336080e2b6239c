"""What a firmware team's CI checks of a network, without a board: copy and adapt.

    pytest examples/digits/test_digits.py

The network's C runs on this machine and, where the cross compiler and QEMU are installed, as
firmware for a Cortex-M7. A pull request that costs accuracy, memory or time fails here.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import tinycc

HERE = Path(__file__).parent
needs_qemu = pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-gcc") and shutil.which("qemu-system-arm")),
    reason="sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
)


@pytest.fixture(scope="module")
def samples() -> tuple[np.ndarray, np.ndarray]:
    """Pictures as the firmware's main.c feeds them (pixel - 128), and their digits."""
    with np.load(HERE / "samples.npz") as archive:
        pixels = archive["x"].astype(np.int16) - 128
        return pixels.astype(np.int8)[:, np.newaxis], archive["y"]


def recognised(target: str, pictures: np.ndarray) -> np.ndarray:
    """The digits that the compiled C sees."""
    network = tinycc.build(HERE / "digits.onnx", target=target)
    return network.run(pictures)["scores"].argmax(axis=1)


def test_it_recognises_97_percent(samples: tuple[np.ndarray, np.ndarray]) -> None:
    pictures, digits = samples
    assert np.mean(recognised("host", pictures) == digits) >= 0.97


@needs_qemu
def test_the_firmware_sees_what_the_host_sees(samples: tuple[np.ndarray, np.ndarray]) -> None:
    pictures, _ = samples
    np.testing.assert_array_equal(
        recognised("cortex-m7", pictures[:20]), recognised("host", pictures[:20])
    )


@needs_qemu
def test_it_stays_within_its_share_of_the_chip() -> None:
    memory = tinycc.build(HERE / "digits.onnx", target="cortex-m7").report["memory"]
    assert memory["sram"]["total"] <= 2_000
    assert memory["sram"]["static"] == 0
    assert memory["flash"]["total"] <= 14_000


def test_the_input_is_quantised_as_main_c_expects() -> None:
    (image,) = tinycc.build(HERE / "digits.onnx").report["model"]["inputs"]
    assert image["dtype"] == "int8"
    assert image["scale"] == pytest.approx(1 / 255)
    assert image["zero_point"] == -128
