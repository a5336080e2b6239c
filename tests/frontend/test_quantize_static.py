"""Small networks as onnxruntime's quantize_static writes them, under all of its options.

Each is compared with onnxruntime's run of the same file, operator by operator.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest
from against_onnxruntime import assert_compiled_equals_onnxruntime
from float_networks import FUNCTIONS, NETWORKS, OPSETS, FloatNetwork
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

_TYPES = {"U": QuantType.QUInt8, "I": QuantType.QInt8}


@dataclass(frozen=True)
class Choice:
    """Options of quantize_static; types of activations and weights as in "UI"."""

    types: str = "II"
    format: QuantFormat = QuantFormat.QDQ
    per_channel: bool = True
    extra: dict[str, object] = field(default_factory=dict)


CHOICES = {
    f"{form.name}_{types}_{'channel' if channel else 'tensor'}": Choice(types, form, channel)
    for form in QuantFormat
    for types in ("II", "UI", "UU")
    for channel in (True, False)
}
for _name, _extra in (
    ("symmetric", {"ActivationSymmetric": True}),
    ("dedicated", {"DedicatedQDQPair": True}),
    ("float_weights", {"AddQDQPairToWeight": True}),
    ("float_bias", {"QuantizeBias": False}),
    ("asymmetric_weights", {"WeightSymmetric": False}),
    ("relu_kept", {"QDQKeepRemovableActivations": True}),
    ("contrib", {"UseQDQContribOps": True}),
):
    for _types in ("II", "UI"):
        CHOICES[f"QDQ_{_types}_{_name}"] = Choice(_types, extra=_extra)


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, samples: np.ndarray) -> None:
        self._samples = iter({"x": one} for one in samples)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._samples, None)


def _quantized(
    name: str, choice: Choice, folder: Path, preprocessed: bool
) -> tuple[Path, np.ndarray]:
    """The file, and samples of its input."""
    net = FloatNetwork(OPSETS.get(name, 13))
    net.output((NETWORKS | FUNCTIONS)[name](net))
    path = net.save(folder)
    onnx.save(onnx.shape_inference.infer_shapes(onnx.load(path)), path)
    if preprocessed:
        quant_pre_process(str(path), str(path), skip_symbolic_shape=True)
    shape = [dim.dim_value or 1 for dim in net.inputs[0].type.tensor_type.shape.dim]
    samples = np.random.default_rng(0).normal(0, 1, (16, *shape)).astype(np.float32)
    with contextlib.redirect_stdout(io.StringIO()):
        quantize_static(
            str(path),
            str(folder / "q.onnx"),
            _Reader(samples),
            quant_format=choice.format,
            per_channel=choice.per_channel,
            activation_type=_TYPES[choice.types[0]],
            weight_type=_TYPES[choice.types[1]],
            extra_options=choice.extra,
        )
    return folder / "q.onnx", samples


def _check(name: str, choice: str, folder: Path, preprocessed: bool = True) -> None:
    path, samples = _quantized(name, CHOICES[choice], folder, preprocessed)
    reduced = assert_compiled_equals_onnxruntime(path, samples[:4])
    types = [t.type for t in reduced.tensors.values() if not t.is_constant]
    assert all(not type_.is_float for type_ in types)


_PAIRS = [
    (name, choice)
    for index, name in enumerate(NETWORKS)
    for choice in [list(CHOICES)[(3 * index + k) % len(CHOICES)] for k in range(3)]
]  # every option, over all kinds of networks


@pytest.mark.parametrize(("name", "choice"), _PAIRS)
def test_networks_of_all_kinds(name: str, choice: str, tmp_path: Path) -> None:
    _check(name, choice, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("preprocessed", [False, True])
@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_option_for_every_network(
    name: str, choice: str, preprocessed: bool, tmp_path: Path
) -> None:
    """Without its preprocessing, QOperator files keep BatchNormalization in float between scales:
    int8 there is another rounding, which two steps behind a hard swish show."""
    if name == "mobile" and CHOICES[choice].format is QuantFormat.QOperator and not preprocessed:
        pytest.skip("BatchNormalization in float")
    _check(name, choice, tmp_path, preprocessed)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_between_two_layers(name: str, tmp_path: Path) -> None:
    _check(name, "QDQ_II_channel", tmp_path)
