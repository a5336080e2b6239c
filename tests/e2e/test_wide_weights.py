"""`--optimize speed` with a flash budget takes weights as int16 where they fit; the bytes stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_models import INT8, OnnxModel

from tinycc.api.program import run_samples
from tinycc.api.samples import samples_of
from tinycc.pipeline import Compiled, Options, compile_model
from tinycc.report.measure import random_sample


def _network() -> OnnxModel:
    """One layer of 64 inputs and 64 outputs per pixel, 8x8 pixels."""
    net, rng = OnnxModel(), np.random.default_rng(0)
    x = net.dequantize(net.input("x", [1, 64, 8, 8], INT8), 0.05)
    y = net.conv(x, 0.05, (64, 64, 1, 1), rng)
    net.output(net.quantize(y, 4.0, output="y"), [1, 64, 8, 8], INT8)
    return net


def _compiled(folder: Path, optimize: str, flash: int | None) -> Compiled:
    path = _network().save(folder)
    return compile_model(path, Options(target="cortex-m4", optimize=optimize, flash=flash))


def _wide(compiled: Compiled) -> bool:
    return any("_w16_" in step.kernel.symbol for step in compiled.plan.schedule.steps)


@pytest.mark.parametrize(
    ("optimize", "flash", "wide"),
    [
        ("speed", 2**20, True),
        ("speed", 2**15, False),  # nothing is left to the weights
        ("speed", None, False),  # the size of a bare core's flash is not known
        ("balanced", 2**20, False),
    ],
)
def test_wide_weights_need_speed_and_room(
    optimize: str, flash: int | None, wide: bool, tmp_path: Path
) -> None:
    compiled = _compiled(tmp_path, optimize, flash)
    assert _wide(compiled) is wide
    assert "wide_weights" not in compiled.target.isa


@pytest.mark.qemu
def test_wide_weights_give_the_same_bytes(tmp_path: Path) -> None:
    plain, wide = (_compiled(tmp_path, "speed", flash) for flash in (None, 2**20))
    name = plain.interface.inputs[0]
    type_ = plain.interface.tensors[name].type
    sample = np.frombuffer(random_sample(plain, 3)[0], type_.dtype.numpy).reshape(1, *type_.shape)
    results = [
        run_samples(one, samples_of(one.interface, {name: sample}))[0] for one in (plain, wide)
    ]
    assert {k: v.tobytes() for k, v in results[0].items()} == {
        k: v.tobytes() for k, v in results[1].items()
    }
