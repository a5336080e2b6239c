"""The pages of the public models: small, without faults, and open to everyone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opened import Opened, serious_findings
from real_data import SHARED

from tinycc.pipeline import Options, compile_model
from tinycc.report.document import report_document
from tinycc.report.measure import Measured
from tinycc.report.page import page

MODELS = ["mcunet_vww1_i8.onnx", "mlperf_tiny/vww_i8.onnx", "mlperf_tiny/resnet8_i8.onnx"]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_public_model(
    name: str, scheme: str, tmp_path: Path, chromium: Any, axe: str
) -> None:
    model = SHARED / "models" / name
    if not model.is_file():
        pytest.skip(f"no {model}: set TINYCC_SHARED to a folder with models/ and data/")
    compiled = compile_model(model, Options("stm32f405"))
    place = tmp_path / "report.html"
    place.write_text(page(report_document(compiled, Measured())), encoding="utf-8")
    assert place.stat().st_size <= 1_500_000
    tab = Opened(chromium, place, scheme)
    tab.locator("#network [data-s='3']").press("Enter")
    assert serious_findings(tab, axe) == []
    assert tab.faults == []
    tab.context.close()
