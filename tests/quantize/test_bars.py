"""What int8 may cost the public networks, scored by the compiled C on the public samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from float_models import AD, KWS, RESNET8, VWW, FloatModel

from tinycc import build
from tinycc.api.score import Score, score
from tinycc.interp.original import Session
from tinycc.ops.numerics import real_values


@dataclass(frozen=True)
class Bar:
    """The largest loss against float (in the score's unit), and what onnxruntime's static
    quantiser reaches per channel with its best calibrator (bench/quantization.py)."""

    model: FloatModel
    loss: float
    their_score: float
    their_decibels: float
    agreement: float = 0.0


BARS = (
    Bar(KWS, 0.005, 361 / 400, 29.93),
    Bar(RESNET8, 0.01, 0.89, 24.21, 0.95),
    Bar(VWW, 0.01, 219 / 250, 31.08, 0.97),
    Bar(AD, 0.01, 0.9333, 40.27),
)


@cache
def _outputs(model: FloatModel, effort: str) -> tuple[np.ndarray, np.ndarray]:
    """Float outputs, and the real ones of the compiled C."""
    session = Session(model.path, None)
    (name,), (output,) = session.inputs, session.outputs
    samples = model.samples()
    rows = [session.run({name: one[np.newaxis]}, [output])[output] for one in samples]
    network = build(model.path, calibration=model.calibration(), quantize=effort)
    interface = network.compiled.interface
    (stored,) = network.run(samples).values()
    real = real_values(stored, interface.tensors[interface.outputs[0]].type)
    exact = np.concatenate(rows).reshape(len(samples), -1)
    return exact, real.reshape(len(samples), -1)


@pytest.mark.slow
@pytest.mark.parametrize("effort", ["standard", "best"])
@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.model.name)
def test_int8_loses_no_more_than_its_bar(bar: Bar, effort: str) -> None:
    model = bar.model
    exact, found = _outputs(model, effort)
    wanted, got = (score(model.samples(), one, model.labels()) for one in (exact, found))
    one_sample = 1 / got.samples if got.metric == "top-1" else 0.01
    assert got.value >= wanted.value - bar.loss - 1e-9
    assert got.value >= bar.their_score - one_sample - 1e-9
    noise = ((exact - found) ** 2).sum()
    assert 10 * np.log10((exact**2).sum() / noise) >= bar.their_decibels
    if _is_classifier(got):
        assert (exact.argmax(axis=1) == found.argmax(axis=1)).mean() >= bar.agreement


def _is_classifier(found: Score) -> bool:
    return found.metric == "top-1"
