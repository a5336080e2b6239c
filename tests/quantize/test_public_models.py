"""The public float networks, from the ONNX file and samples to int8 C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import KWS, MODELS, FloatModel

from tinycc import build
from tinycc.interp.original import Session
from tinycc.quantize.options import QuantizationOptions
from tinycc.quantize.quantizer import quantize_model

MIN_MAX = QuantizationOptions("min-max")


def _outputs(session: Session, samples: np.ndarray) -> np.ndarray:
    (name,) = session.inputs
    (output,) = session.outputs
    return np.concatenate([session.run({name: x[np.newaxis]}, [output])[output] for x in samples])


KWS_FIRST = pytest.mark.parametrize(
    "model",
    [KWS, *(pytest.param(model, marks=pytest.mark.slow) for model in MODELS[1:])],
    ids=lambda model: model.name,
)


@KWS_FIRST
def test_the_quantised_file_is_valid_and_close_to_the_float_one(model: FloatModel) -> None:
    quantized = quantize_model(model.path, model.calibration()[:16], MIN_MAX, {})
    onnx.checker.check_model(onnx.load_from_string(quantized.onnx), full_check=True)
    samples = model.samples()[:20]
    wanted = _outputs(Session(model.path, None), samples)
    found = _outputs(Session(quantized.onnx, None), samples)
    noise = float(((wanted - found) ** 2).sum())
    assert 10 * np.log10(float((wanted**2).sum()) / noise) > 15  # decibels


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_compiled_c_gives_what_the_quantised_file_gives(
    model: FloatModel, tmp_path: Path
) -> None:
    data = model.calibration()[:32]
    quantized = quantize_model(model.path, data, MIN_MAX, {})
    network = build(model.path, calibration=data, observer="min-max")
    samples = model.samples()[:10]
    (found,) = network.run(samples).values()
    (port,) = network.report["model"]["outputs"]
    real = (found.astype(np.float32) - port["zero_point"]) * np.float32(port["scale"])
    wanted = _outputs(Session(quantized.onnx, None), samples)
    # A step in one inner value (a tie in its rounding) moves the outputs by a few steps.
    assert float(np.abs(real.reshape(wanted.shape) - wanted).max()) <= 4 * port["scale"]
