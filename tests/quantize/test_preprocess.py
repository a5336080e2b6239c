"""What becomes of integer samples: formulas, and the commands that take them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_models import conv_net

from tinycc import build
from tinycc.errors import ModelError, UsageError
from tinycc.quantize.data import open_calibration
from tinycc.quantize.preprocess import Preprocessing

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 8)).astype(np.uint8)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x / 255", PIXELS / 255),
        ("x", PIXELS),
        ("(x - 83) * 0.585", (PIXELS - 83.0) * 0.585),
        ("-x / 2 + 1e-1", 0.1 - PIXELS / 2),
        ("(x - [124, 116, 104]) / [58, 57, -57.5]",
         (PIXELS - np.reshape([124, 116, 104], (3, 1, 1)))
         / np.reshape([58, 57, -57.5], (3, 1, 1))),
        ("3", np.full(PIXELS.shape, 3)),
    ],
)  # fmt: skip
def test_a_formula_of_x(text: str, wanted: np.ndarray) -> None:
    found = Preprocessing(text)(PIXELS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_a_list_lies_along_the_last_axis_where_it_fits() -> None:
    pictures = PIXELS.transpose(0, 2, 3, 1)
    found = Preprocessing("x * [1, 10, 100]")(pictures)
    np.testing.assert_allclose(found, pictures * [1.0, 10.0, 100.0])
    with pytest.raises(ModelError, match="a list of 2 numbers does not fit"):
        Preprocessing("x * [1, 2]")(pictures)


@pytest.mark.parametrize(
    "text",
    ["", "x /", "y / 2", "x ** 2", "x // 2", "abs(x)", "x.shape", "[x, 1]", "[[1, 2], [3]]", "[]",
     "True", "1j", "'x'", "x if x else 1", "__import__('os')", "(" * 150 + "x", "-" * 5000 + "x",
     "x\0", "lambda: x"],
)  # fmt: skip
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--preprocess"):
        Preprocessing(text)


def test_integers_calibrate_as_the_floats_that_they_stand_for(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "pixels.npz", x=PIXELS, y=np.arange(5))
    data = open_calibration(tmp_path / "pixels.npz", {"x": (1, 3, 8, 8)}, "x / 255")
    (batch,) = data.batches(8)
    np.testing.assert_allclose(batch["x"][:, 0], PIXELS / 255, rtol=1e-6)
    path = conv_net(tmp_path)
    ours = build(path, calibration=tmp_path / "pixels.npz", preprocess="x / 255", observer="mse")
    plain = build(path, calibration=np.float32(PIXELS / 255), observer="mse")
    assert ours.compiled.quantized is not None and plain.compiled.quantized is not None
    assert ours.compiled.quantized.onnx == plain.compiled.quantized.onnx
    with pytest.raises(ModelError, match="--preprocess 'x / 255'"):
        build(path, calibration=tmp_path / "pixels.npz")
    with pytest.raises(ModelError, match="sample 0 holds NaN or infinite"):
        build(path, calibration=tmp_path / "pixels.npz", preprocess="x / 0")
