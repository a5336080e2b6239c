"""What report.json says of steps and buffers beyond their sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from golden_models import GOLDEN

from tinycc.pipeline import Options, compile_model
from tinycc.report.document import report_document
from tinycc.report.measure import Measured


def _report(case: str, folder: Path, **options: Any) -> dict[str, Any]:
    model = GOLDEN[case]().save(folder)
    return report_document(compile_model(model, Options(**options)), Measured())


@pytest.mark.parametrize("case", sorted(GOLDEN))
@pytest.mark.parametrize("optimize", ["ram", "speed"])
def test_steps_read_earlier_steps_or_inputs(case: str, optimize: str, tmp_path: Path) -> None:
    report = _report(case, tmp_path, optimize=optimize)
    inputs = {port["name"] for port in report["model"]["inputs"]}
    for step in report["steps"]:
        assert step["reads"] or step["inputs"], step
        assert all(read < step["index"] for read in step["reads"])
        assert set(step["inputs"]) <= inputs


def test_branches_join_where_the_network_joins(tmp_path: Path) -> None:
    steps = _report("branches", tmp_path, optimize="speed")["steps"]
    read = [index for step in steps for index in step["reads"]]
    assert steps[0]["inputs"] == ["left", "right"]
    assert len(read) > len(set(read))  # the sum is read by the convolution and by the join


def test_buffers_say_what_they_are(tmp_path: Path) -> None:
    report = _report("classifier", tmp_path, optimize="ram")
    kinds = {buffer["kind"] for buffer in report["buffers"]}
    assert {"input", "output", "ring"} <= kinds <= {"input", "output", "ring", "tensor", "scratch"}
    assert all(region["first"] < region["last"] for region in report["regions"])
    for buffer in report["buffers"]:
        assert (buffer["kind"] == "scratch") == (buffer["scratch_of"] is not None)
        if buffer["kind"] == "ring":
            assert 0 < buffer["rows"]["kept"] <= buffer["rows"]["of"]


def test_time_is_estimated_where_a_clock_is_known(tmp_path: Path) -> None:
    compute = _report("classifier", tmp_path, target="stm32f405")["compute"]
    least = compute["instructions_predicted"] / 168e6
    assert least < compute["seconds_estimate"] < 2 * least
    assert _report("classifier", tmp_path)["compute"]["seconds_estimate"] is None
