"""Reports to draw: of small models, of many steps, of hostile names, of an older version."""

from __future__ import annotations

import copy
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from golden_models import GOLDEN

from tinycc.pipeline import Options, compile_model
from tinycc.report.document import report_document
from tinycc.report.measure import Measured

RIGHT_TO_LEFT = "شبكة/عصبية \u202eגב\u2066"
NAMES = ("</script><script>window.broken = 1</script>", RIGHT_TO_LEFT, "n" * 300)
MARKUP = "<img src=x onerror=window.broken=1> & \"quotes' \ud800 \x00 {{ 7 * 7 }}"


@cache
def _document(case: str, target: str, optimize: str) -> str:
    with tempfile.TemporaryDirectory(prefix="tinycc-") as folder:
        model = GOLDEN[case]().save(Path(folder))
        compiled = compile_model(model, Options(target, optimize=optimize))
    return json.dumps(report_document(compiled, Measured()))


def of_model(
    case: str = "classifier", target: str = "cortex-m4", optimize: str = "balanced"
) -> dict[str, Any]:
    """The report of a model of tests/golden, not measured."""
    report: dict[str, Any] = json.loads(_document(case, target, optimize))
    return report


def many(count: int = 500) -> dict[str, Any]:
    """So many steps with names of 300 characters and branches of all lengths."""
    report = of_model("branches")
    step, buffer = report["steps"][-1], report["buffers"][0]
    report["steps"], report["buffers"], report["regions"] = [], [], []
    for index in range(count):
        reads = {index - 1, index - 1 - index % 7, index - 1 - index * index % 31}
        name = f"t{index}" + "x" * 290
        report["steps"].append(
            {
                **copy.deepcopy(step),
                "index": index,
                "nodes": [f"/layers/{name}"],
                "tensor": name,
                "reads": sorted(read for read in reads if read >= 0),
                "instructions_predicted": 1000 + 7919 * index % 100_000,
            }
        )
        life = {"first_step": index, "last_step": min(count - 1, index + 1 + index % 3)}
        place = {"offset": 100 * (index % 11), "bytes": 64 + 8 * (index % 50)}
        report["buffers"].append({**buffer, "name": name, "tensors": [name], **life, **place})
    report["memory"]["sram"]["peak_step"] = count // 2
    return report


def hostile() -> dict[str, Any]:
    """Names that try to break out of a page, run to the left, or never end."""
    report = of_model("branches")
    for index, step in enumerate(report["steps"]):
        step["nodes"] = [NAMES[index % 3], MARKUP]
        step["tensor"] = f"{NAMES[index % 3]}{index}"
    for index, buffer in enumerate(report["buffers"]):
        buffer["name"] = NAMES[index % 3] + MARKUP
        buffer["tensors"] = [NAMES[(index + 1) % 3], MARKUP]
    for port in [*report["model"]["inputs"], *report["model"]["outputs"]]:
        port["name"] = NAMES[0] + NAMES[2]
    report["model"]["name"], report["model"]["file"] = MARKUP, NAMES[2]
    report["target"]["name"], report["notes"] = NAMES[0], [NAMES[1] + MARKUP + NAMES[2]]
    report["memory"]["memories"] = [
        {**memory, "name": NAMES[0]} for memory in report["memory"]["memories"]
    ]
    layer = {"tensor": "t", "nodes": [NAMES[2]], "op": MARKUP, "alone_db": 12.5}
    report["quantization"] = {"layers": [layer, {**layer, "alone_db": None, "nodes": []}]}
    removed = [{"nodes": [MARKUP], "proof": NAMES[0], "channels": 3}]
    report["reduction"] = {"removed": removed, "proofs": {NAMES[0]: MARKUP}}
    return report


def old() -> dict[str, Any]:
    """What the first version wrote: none of the keys that came later."""
    report = of_model()
    for key in ("front", "reduction", "quantization", "machine", "notes", "regions"):
        del report[key]
    for key in ("memories", "budgets"):
        del report["memory"][key]
    del report["target"]["clock_hz"], report["compute"]["seconds_estimate"]
    for step in report["steps"]:
        for key in ("op", "reads", "inputs", "tensor", "instructions_predicted"):
            del step[key]
    for buffer in report["buffers"]:
        for key in ("kind", "rows", "brief", "scratch_of", "tensors", "inside"):
            del buffer[key]
    return report


def empty() -> dict[str, Any]:
    """A network without steps."""
    report = of_model()
    report["steps"], report["buffers"], report["regions"], report["front"] = [], [], [], []
    return report


REPORTS = {
    "classifier": of_model,
    "branches": lambda: of_model("branches", "stm32h743", "ram"),
    "many": many,
    "hostile": hostile,
    "old": old,
    "empty": empty,
}
