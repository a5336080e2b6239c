"""Every report is what docs/spec/report.schema.json says, and everything said there occurs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from golden_models import GOLDEN
from onnx_models import small_convnet
from pages import DOCS, check_page
from real_data import SHARED
from schema_page import schema_page
from small_models import conv_net, samples

from tinycc import build, build_together
from tinycc.api.network import Network
from tinycc.errors import ModelError

SCHEMA = json.loads((DOCS / "spec" / "report.schema.json").read_text())
TOGETHER = json.loads((DOCS / "spec" / "together.schema.json").read_text())
BUILDS: dict[str, dict[str, Any]] = {
    "host": {},
    "core": {"target": "cortex-m4"},
    "several memories": {"target": "stm32h743"},
    "pushed": {"input_memory": "pushed", "optimize": "ram", "target": "rv32imc"},
    "external": {"input_memory": "external", "without": ("reduce",)},
}


@cache
def _validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


def _faults(report: dict[str, Any]) -> list[str]:
    plain = json.loads(json.dumps(report))
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(plain)]


def _small(folder: Path, **options: Any) -> Network:
    return build(small_convnet().save(folder), **options)


def _calibrated(folder: Path) -> Network:
    return build(conv_net(folder), calibration=samples(8))


def _reopened(folder: Path) -> Network:
    _small(folder).write(folder / "out")
    return build(folder / "out")


@pytest.mark.parametrize("options", BUILDS.values(), ids=BUILDS)
def test_reports_of_all_kinds_of_builds_are_as_documented(
    options: dict[str, Any], tmp_path: Path
) -> None:
    assert not _faults(_small(tmp_path, **options).report)


@pytest.mark.parametrize("make", [_calibrated, _reopened])
def test_reports_without_a_quantised_file_are_as_documented(
    make: Callable[[Path], Network], tmp_path: Path
) -> None:
    assert not _faults(make(tmp_path).report)


def test_the_report_of_a_branched_model_is_as_documented(tmp_path: Path) -> None:
    assert not _faults(build(GOLDEN["branches"]().save(tmp_path)).report)


def test_what_bench_prints_is_as_documented(command: Any) -> None:
    answer = command.run("bench", "m.onnx", "--target", "stm32h743", "--json")
    if "not installed" in answer.stderr:
        pytest.skip(answer.stderr)
    assert answer.code == 0, answer.stderr
    assert not _faults(json.loads(answer.stdout))


@pytest.mark.slow
def test_reports_of_the_public_models_are_as_documented() -> None:
    files = sorted((SHARED / "models").rglob("*.onnx")) if SHARED.is_dir() else []
    if not files:
        pytest.skip(f"no models in {SHARED}")
    for file in files:
        try:
            network = build(file, target="cortex-m4", calibration="random")
        except ModelError:
            network = build(file, target="cortex-m4")
        assert not _faults(network.report), file


def test_a_key_that_is_not_documented_is_found(tmp_path: Path) -> None:
    report = json.loads(json.dumps(_small(tmp_path).report))
    report["memory"]["sram"]["heap"] = 0
    report["steps"][0]["colour"] = "red"
    assert len(_faults(report)) == 2


def test_the_report_of_networks_that_share_an_arena_is_as_documented(tmp_path: Path) -> None:
    paths = [small_convnet().save(tmp_path, f"{name}.onnx") for name in ("left", "right")]
    report = build_together(paths, target="cortex-m4").report
    jsonschema.validate(json.loads(json.dumps(report)), TOGETHER)


@pytest.mark.parametrize("schema", [SCHEMA, TOGETHER])
def test_every_key_has_its_meaning_and_every_object_is_closed(schema: dict[str, Any]) -> None:
    for path, part in _objects(schema, "$"):
        assert part.get("additionalProperties") is not None, path
        for key, one in part.get("properties", {}).items():
            assert one.get("description") or "$ref" in one, f"{path}.{key}"


def _objects(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    if "object" in schema.get("type", ()):
        yield path, schema
    for group in ("properties", "$defs"):
        for key, one in schema.get(group, {}).items():
            yield from _objects(one, f"{path}.{key}")
    yield from _objects(schema.get("items"), f"{path}[]")


def test_the_page_of_the_report_is_current(pytestconfig: pytest.Config) -> None:
    check_page("spec/report.md", schema_page(SCHEMA, "report"), pytestconfig)


def test_the_page_of_the_report_of_several_networks_is_current(pytestconfig: pytest.Config) -> None:
    check_page("spec/together.md", schema_page(TOGETHER, "together"), pytestconfig)
