"""Reads report.json back: of this version or an older one, of a build or of a benchmark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinycc.errors import ModelError
from tinycc.report.document import SCHEMA

FILE = "report.json"
_AGAIN = "build the model again"

# What a page and a summary need, with what stands for a key that an older version did not write.
# The one item of a list describes all of its items; the one of a tuple what may also be null.
_PORT = {"name": "", "shape": [0], "dtype": "", "scale": (0.0,), "zero_point": (0,)}
_SHAPE: dict[str, Any] = {
    "schema": SCHEMA,
    "tool_version": "",
    "model": {"name": "", "file": "", "sha256": "", "inputs": [_PORT], "outputs": [_PORT]},
    "target": {"name": "", "description": "", "isa": [""], "clock_hz": (0,)},
    "memory": {
        "sram": {
            "arena": 0,
            "input": 0,
            "input_memory": "arena",
            "input_ring": 0,
            "output": 0,
            "state": 0,
            "static": (0,),
            "stack": (0,),
            "total": 0,
            "lower_bound": 0,
            "optimal": False,
            "lower_bound_all": 0,
            "peak_step": 0,
            "techniques": [{"technique": "", "arena": 0, "saved": 0}],
        },
        "flash": {"weights": 0, "code": (0,), "code_estimate": 0, "total": 0, "available": (0,)},
        "memories": [
            {
                "name": "",
                "bytes": 0,
                "reserved": 0,
                "access_cost": 1.0,
                "arena": 0,
                "lower_bound": 0,
                "traffic_predicted": 0,
                "traffic": (0,),
            }
        ],
        "budgets": {"sram": (0,), "flash": (0,)},
    },
    "front": [{"bytes": 0, "extra_instructions": 0, "extra_macs": 0}],
    "compute": {
        "original_macs": 0,
        "macs": 0,
        "extra_macs": 0,
        "recompute": 1.0,
        "instructions_predicted": 0,
        "instructions": (0,),
        "cycles_estimate": (0,),
        "seconds_estimate": (0.0,),
    },
    "reduction": (
        {
            "macs_before": 0,
            "macs": 0,
            "weights_before": 0,
            "weights": 0,
            "arena_before": 0,
            "arena": 0,
            "removed": [{"nodes": [""], "proof": "", "channels": 0}],
            "proofs": {},
        },
    ),
    "steps": [
        {
            "index": 0,
            "op": "",
            "kernel": "",
            "nodes": [""],
            "tensor": "",
            "output": [0],
            "reads": [0],
            "inputs": [""],
            "macs": 0,
            "weights": 0,
            "sram_live": 0,
            "instructions_predicted": 0,
            "instructions": (0,),
            "cycles_estimate": (0,),
        }
    ],
    "regions": [{"first": 0, "last": 0}],
    "buffers": [
        {
            "name": "",
            "kind": "tensor",
            "tensor": ("",),
            "tensors": [""],
            "offset": 0,
            "bytes": 0,
            "rows": ({"kept": 0, "of": 0},),
            "brief": False,
            "first_step": 0,
            "last_step": 0,
            "region": "arena",
            "scratch_of": (0,),
        }
    ],
    "quantization": (
        {
            "layers": [
                {"tensor": "", "nodes": [""], "op": "", "end_to_end_db": (0.0,), "alone_db": (0.0,)}
            ]
        },
    ),
    "machine": ("",),
    "notes": [""],
}

_JSON_NAMES: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def read_report(place: Path) -> dict[str, Any]:
    """The report of a folder that `build` wrote, or of a file that `--json` was saved in.

    Keys that the version which wrote it did not know have neutral values. Raises ModelError for
    what is no report, one of a newer version, and one that contradicts itself.
    """
    path = place / FILE if place.is_dir() else place
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except FileNotFoundError as error:
        raise _missing(place) from error
    except OSError as error:
        raise ModelError(f"cannot read `{path}`: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"`{path}` is no report: {error}", hint=_AGAIN) from error
    if not isinstance(document, dict) or not isinstance(document.get("schema"), int):
        raise ModelError(f"`{path}` is no report: it has no `schema`", hint=_AGAIN)
    if document["schema"] > SCHEMA:
        raise ModelError(
            f"`{path}` has schema {document['schema']}, this version reads up to {SCHEMA}",
            hint="install a newer tinycc, or build the model again",
        )
    if "models" in document:
        raise ModelError(
            f"`{path}` is of several models that share an arena",
            hint="each of them has a report in a folder of its own there",
        )
    report: dict[str, Any] = _completed(document, _SHAPE, "", path)
    for fault in _contradictions(report):
        raise ModelError(f"`{path}` is damaged: {fault}", hint=_AGAIN)
    return report


def _missing(place: Path) -> ModelError:
    if not place.exists():
        return ModelError(f"there is no folder `{place}`")
    return ModelError(
        f"folder `{place}` holds no {FILE}",
        hint="give a folder that `tinycc build` wrote; a build that fails writes none",
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _completed(value: Any, shape: Any, key: str, path: Path) -> Any:
    """A value with neutral ones for its missing keys; ModelError where its kind is wrong."""
    if isinstance(shape, tuple):
        return None if value is None else _completed(value, shape[0], key, path)
    if value is None:
        return _neutral(shape)
    found, wanted = _JSON_NAMES[type(value)], _JSON_NAMES[type(shape)]
    if found != wanted or (type(value) is float and type(shape) is int):
        fact = f"{found}, not {wanted}" if found != wanted else f"{value}, not a whole number"
        raise ModelError(f"`{path}` is damaged: `{key}` is {fact}", hint=_AGAIN)
    if isinstance(shape, dict):
        below = f"{key}." if key else ""
        known = {
            name: _completed(value.get(name, _neutral(inner)), inner, f"{below}{name}", path)
            for name, inner in shape.items()
        }
        return {**value, **known}
    if isinstance(shape, list):
        return [_completed(item, shape[0], f"{key}[{i}]", path) for i, item in enumerate(value)]
    return value


def _neutral(shape: Any) -> Any:
    """What stands for a missing value: lists are empty, records have all their keys."""
    if isinstance(shape, dict):
        return {name: _neutral(inner) for name, inner in shape.items()}
    if isinstance(shape, list):
        return []
    return None if isinstance(shape, tuple) else shape


def _contradictions(report: dict[str, Any]) -> Iterator[str]:
    """References to steps that there are not."""
    count, steps = len(report["steps"]), report["steps"]
    for position, step in enumerate(steps):
        if step["index"] != position:
            yield f"step {position} has the number {step['index']}"
        if not all(0 <= read < position for read in step["reads"]):
            yield f"step {position} reads a step that does not come before it"
    if count and not 0 <= report["memory"]["sram"]["peak_step"] < count:
        yield "the peak is at no step"
    for one in report["regions"]:
        if not 0 <= one["first"] <= one["last"] < count:
            yield f"a region has the steps {one['first']} to {one['last']} of {count}"
    for one in report["buffers"]:
        if not 0 <= one["first_step"] <= one["last_step"] < max(1, count):
            yield f"a buffer lives from step {one['first_step']} to {one['last_step']} of {count}"
        if one["bytes"] < 0 or one["offset"] < 0:
            yield "a buffer has a negative place"
        if one["scratch_of"] is not None and not 0 <= one["scratch_of"] < count:
            yield f"a buffer is the scratch of step {one['scratch_of']} of {count}"
