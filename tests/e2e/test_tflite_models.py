"""The official .tflite files: the bytes of their ONNX twins, and LiteRT's within one step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from real_data import AD, KWS, MCUNET, RESNET8, VWW, Model

from tinycc.api.program import run_samples
from tinycc.api.verify import compare_original

PAIRS = {
    "mlperf_tiny/kws_ref_model.tflite": KWS,
    "mlperf_tiny/ad01_int8.tflite": AD,
    "mlperf_tiny/pretrainedResnet_quant.tflite": RESNET8,
    "mlperf_tiny/vww_96_int8.tflite": VWW,
    "mcunet_vww1_i8.tflite": MCUNET,
}
SAMPLES = 20


def _model(file: str) -> Model:
    return replace(PAIRS[file], file=file)


@pytest.mark.parametrize("file", PAIRS)
def test_the_c_gives_the_bytes_of_the_onnx_twin(file: str) -> None:
    ours, twin = (
        run_samples(model.network("host").compiled, model.first_samples(SAMPLES))[0]
        for model in (_model(file), PAIRS[file])
    )
    for one, other in zip(ours.values(), twin.values(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("file", PAIRS)
def test_all_samples_give_the_bytes_of_the_onnx_twin(file: str) -> None:
    np.testing.assert_array_equal(_model(file).host_outputs(), PAIRS[file].host_outputs())


@pytest.mark.parametrize("file", PAIRS)
def test_no_operator_differs_from_litert_by_more_than_one_step(file: str) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT: pip install ai-edge-litert")
    model = _model(file)
    samples = model.first_samples(model.compared)
    compared = compare_original(model.network("host").compiled, samples, model.path)
    assert len(compared) >= 10
    assert max(one.largest for one in compared.values()) <= 1
