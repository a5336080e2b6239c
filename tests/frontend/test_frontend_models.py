"""Real models and what other tools write: every imported tensor equals onnxruntime's."""

from __future__ import annotations

from pathlib import Path

import pytest
from against_onnxruntime import assert_equals_onnxruntime

QUANTISED = (
    "mlperf_tiny/ad_i8",
    "mlperf_tiny/kws_i8",
    "mlperf_tiny/resnet8_i8",
    "mlperf_tiny/vww_i8",
    "mcunet_vww1_i8",
)
DIALECTS = (
    "ad_QDQ_I8I8_pc_MinMax",
    "brev_qcdq_w8a8",
    "float_dynamoTrue",
    "kws_QDQ_I8I8_pc_MinMax",
    "kws_QDQ_I8I8_pc_MinMax_DedicatedQDQPair_AddQDQPairToWeight",
    "kws_QDQ_I8I8_pc_MinMax_QuantizeBias",
    "kws_QDQ_U8I8_pc_MinMax",
    "kws_QDQ_U8U8_pc_MinMax",
    "kws_QOp_I8I8_pc_MinMax",
    "kws_QOp_U8I8_pc_MinMax",
    "pt2e",
    "resnet8_QDQ_I8I8_pc_MinMax",
    "vww_QDQ_I8I8_pc_MinMax",
)
FLOAT = ("ad_f32", "kws_f32", "resnet8_f32", "vww_f32")


@pytest.mark.parametrize("name", QUANTISED)
def test_a_quantised_model_equals_onnxruntime(name: str, shared_models: Path) -> None:
    assert_equals_onnxruntime(shared_models / f"{name}.onnx")


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_equals_onnxruntime(name: str, shared_models: Path) -> None:
    assert_equals_onnxruntime(shared_models / "dialects" / f"{name}.onnx")


@pytest.mark.parametrize("name", FLOAT)
def test_a_float_model_equals_onnxruntime(name: str, shared_models: Path) -> None:
    assert_equals_onnxruntime(shared_models / "mlperf_tiny" / f"{name}.onnx")
