"""Accuracy of int8: our quantiser (scored by its compiled C) beside float and onnxruntime's.

    python bench/quantization.py [MODEL ...]     # of kws, resnet8, vww, ad; prints a Markdown table

Needs the public models and data (TINYCC_SHARED, or ../shared). The ratio is that of the outputs
in decibels; agreement is that of the largest output with float's.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "quantize"), str(ROOT / "tests" / "e2e")]

from float_models import MODELS, FloatModel  # noqa: E402

from tinycc import build  # noqa: E402
from tinycc.api.score import score  # noqa: E402
from tinycc.interp.original import Session  # noqa: E402
from tinycc.ops.numerics import real_values  # noqa: E402

OURS = (("min-max", "standard"), ("auto", "standard"), ("auto", "best"))
THEIRS = ("MinMax", "Percentile", "Entropy")


class Reader(CalibrationDataReader):  # type: ignore[misc]
    """Calibration samples one by one, as onnxruntime takes them."""

    def __init__(self, name: str, samples: np.ndarray) -> None:
        self._samples = iter({name: one[np.newaxis]} for one in samples)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next sample; None at the end."""
        return next(self._samples, None)


def session_outputs(model: Path | bytes, samples: np.ndarray) -> np.ndarray:
    """Outputs of an ONNX model, [samples, values]."""
    session = Session(model, None)
    (name,), (output,) = session.inputs, session.outputs
    rows = [session.run({name: one[np.newaxis]}, [output])[output] for one in samples]
    return np.concatenate(rows).reshape(len(samples), -1)


def compiled_outputs(model: FloatModel, observer: str, effort: str) -> np.ndarray:
    """Real outputs of our compiled C on the host."""
    data = model.calibration()
    network = build(model.path, calibration=data, observer=observer, quantize=effort)
    interface = network.compiled.interface
    (stored,) = network.run(model.samples()).values()
    real = real_values(stored, interface.tensors[interface.outputs[0]].type)
    return real.reshape(len(stored), -1)


def their_outputs(model: FloatModel, method: str) -> np.ndarray:
    """Outputs of onnxruntime's quantize_static, int8 per channel, in onnxruntime."""
    (name,) = Session(model.path, None).inputs
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = Path(folder) / "q.onnx"
        quantize_static(
            str(model.path),
            str(path),
            Reader(name, model.calibration()),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=getattr(CalibrationMethod, method),
        )
        return session_outputs(path, model.samples())


def ratio(wanted: np.ndarray, found: np.ndarray) -> float:
    """Signal to noise in decibels."""
    noise = ((wanted.astype(np.float64) - found) ** 2).sum()
    return float(10 * np.log10((wanted.astype(np.float64) ** 2).sum() / noise))


def row(model: FloatModel, label: str, exact: np.ndarray, found: np.ndarray, seconds: float) -> str:
    """One line of the table."""
    one = score(model.samples(), found, model.labels())
    points = f"{one.value * one.samples:.0f} of {one.samples}"
    shown = points if one.metric == "top-1" else f"AUC {one.value:.4f}"
    if found is exact:
        return f"| {model.name} | {label} | {shown} | | | |"
    same = float((exact.argmax(axis=1) == found.argmax(axis=1)).mean())
    agreement = f"{same:.3f}" if one.metric == "top-1" else ""
    return (
        f"| {model.name} | {label} | {shown} | {ratio(exact, found):.2f} | {agreement} "
        f"| {seconds:.0f} |"
    )


def main() -> None:
    """Prints the table."""
    logging.disable(logging.WARNING)
    print("| model | quantised by | score | dB | agreement | s |\n|---|---|--:|--:|--:|--:|")
    for model in MODELS:
        if sys.argv[1:] and model.name not in sys.argv[1:]:
            continue
        exact = session_outputs(model.path, model.samples())
        print(row(model, "(float)", exact, exact, 0.0))
        for method in THEIRS:
            start = time.monotonic()
            found = their_outputs(model, method)
            label = f"onnxruntime {method}"
            print(row(model, label, exact, found, time.monotonic() - start), flush=True)
        for observer, effort in OURS:
            start = time.monotonic()
            found = compiled_outputs(model, observer, effort)
            label = f"tinycc {observer}" + (" best" if effort == "best" else "")
            print(row(model, label, exact, found, time.monotonic() - start), flush=True)


if __name__ == "__main__":
    main()
