"""`tinycc diff`: what two builds differ in, thresholds as exit codes, documents of every kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import CommandLine

HOSTILE_NAME = "a|b`c\n<img src=x> \u202e שלום " + "n" * 300


def _report(**changes: Any) -> dict[str, Any]:
    """The keys that a comparison reads, small figures in all of them."""
    report: dict[str, Any] = {
        "schema": 1,
        "tool_version": "0.1.0",
        "model": {"name": "m"},
        "target": {"name": "cortex-m4"},
        "memory": {
            "sram": {"arena": 1000, "state": 8, "static": 0, "stack": 200, "total": 1208},
            "flash": {"weights": 5000, "code": 3000, "code_estimate": 2000, "total": 8000},
        },
        "compute": {"macs": 100, "instructions_predicted": 900, "instructions": 1000},
        "steps": [
            {"nodes": ["conv"], "kernel": "k", "instructions": 700, "instructions_predicted": 600}
        ],
    }
    for path, value in changes.items():
        *keys, last = path.split("__")
        place = report
        for key in keys:
            place = place[key]
        place[last] = value
    return report


def _write(command: CommandLine, name: str, document: object) -> None:
    (command.folder / name).write_text(json.dumps(document))


def _diff(command: CommandLine, before: object, after: object, *more: str) -> dict[str, Any]:
    """The JSON document of a comparison; its exit code under `exit`."""
    _write(command, "a.json", before)
    _write(command, "b.json", after)
    answer = command.run("diff", "a.json", "b.json", "--json", *more)
    return {**json.loads(answer.stdout), "exit": answer.code, "stderr": answer.stderr}


def _figure(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in document["figures"] if one["name"] == name)


def test_folders_that_build_wrote_are_compared(command: CommandLine) -> None:
    for folder, goal in (("a", "speed"), ("b", "ram")):
        command.run("build", "m.onnx", "--optimize", goal, "-o", folder)
    answer = command.run("diff", "a", "b", "--json")
    found = json.loads(answer.stdout)
    reports = [json.loads((command.folder / x / "report.json").read_text()) for x in "ab"]
    arena = _figure(found, "arena")
    assert [arena["before"], arena["after"]] == [r["memory"]["sram"]["arena"] for r in reports]
    assert answer.code == 0
    assert "arena B" in command.run("diff", "a", "b").stdout


def test_equal_builds_keep_a_threshold_of_zero(command: CommandLine) -> None:
    found = _diff(command, _report(), _report(), "--fail-over", "sram=0", "--fail-over", "flash=0%")
    assert (found["exit"], found["failures"], found["steps"]) == (0, [], [])


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ("sram=2%", 1),
        ("sram=3%", 0),
        ("sram=29", 1),
        ("sram=30", 0),
        ("sram=1K", 0),
        ("arena=0", 1),
    ],
)
def test_a_threshold_decides_the_exit_code(limit: str, code: int, command: CommandLine) -> None:
    after = _report(memory__sram__arena=1030)
    found = _diff(command, _report(), after, "--fail-over", limit)
    assert found["exit"] == code
    assert bool(found["failures"]) == bool(code)
    assert ("error: " in found["stderr"]) == bool(code)


def test_getting_better_never_fails(command: CommandLine) -> None:
    after = _report(memory__sram__arena=10, compute__instructions=1)
    limits = ("--fail-over", "sram=0", "--fail-over", "instructions=0")
    assert _diff(command, _report(), after, *limits)["exit"] == 0


@pytest.mark.parametrize(("metric", "worse"), [("top-1", 0.89), ("mean squared error", 0.91)])
def test_accuracy_may_not_fall_nor_an_error_grow(
    metric: str, worse: float, command: CommandLine
) -> None:
    def scored(value: float) -> dict[str, Any]:
        return _report(scores={"C": {"metric": metric, "value": value, "samples": 100}})

    before = scored(0.9)
    assert _diff(command, before, scored(worse), "--fail-over", "accuracy=0.01")["exit"] == 0
    assert _diff(command, before, scored(worse), "--fail-over", "accuracy=0.005")["exit"] == 1
    better = scored(1.8 - worse)
    assert _diff(command, before, better, "--fail-over", "accuracy=0")["exit"] == 0


def test_what_verify_and_bench_printed_is_read_beside_the_report(command: CommandLine) -> None:
    for folder, value in (("a", 0.9), ("b", 0.8)):
        (command.folder / folder).mkdir()
        _write(command, f"{folder}/report.json", _report(compute__instructions=None))
        _write(command, f"{folder}/bench.json", _report(compute__instructions=1234))
        scores = {"C": {"metric": "top-1", "value": value, "samples": 10}}
        _write(command, f"{folder}/verify.json", {"scores": scores})
    found = json.loads(command.run("diff", "a", "b", "--json").stdout)
    assert _figure(found, "accuracy")["after"] == 0.8
    assert _figure(found, "instructions")["label"] == "instructions (executed)"


def test_like_is_compared_with_like(command: CommandLine) -> None:
    """One build was not benched and its stack not measured: only what both know is compared."""
    after = _report(compute__instructions=None, memory__sram__stack=None, memory__flash__code=None)
    found = _diff(command, _report(), after)
    assert _figure(found, "instructions")["after"] == 900
    assert _figure(found, "instructions")["difference"] == 0
    assert _figure(found, "sram")["difference"] == 0
    assert _figure(found, "flash")["before"] == 7000
    assert any("benched" in note for note in found["notes"])


def test_a_threshold_on_what_is_not_known_fails(command: CommandLine) -> None:
    found = _diff(command, _report(), _report(), "--fail-over", "accuracy=1%")
    assert found["exit"] == 1
    assert found["failures"] == ["accuracy=1%: the accuracy is not known of A and B"]


def test_steps_that_changed_are_listed_the_largest_first(command: CommandLine) -> None:
    step = {"nodes": ["new"], "kernel": "k2", "instructions": 5, "instructions_predicted": 5}
    slow = {"nodes": ["conv"], "kernel": "k", "instructions": 900, "instructions_predicted": 600}
    found = _diff(command, _report(), _report(steps=[slow, step]))
    assert [one["nodes"] for one in found["steps"]] == [["conv"], ["new"]]
    assert found["steps"][1]["before"] is None


OLD = {
    "no_steps": {"memory": {"sram": {"total": 5}}},
    "only_predicted": {"compute": {"instructions_predicted": 5}},
    "only_scores": {"scores": {"C": {"metric": "top-1", "value": 0.5, "samples": 2}}},
    "keys_of_other_types": {
        "memory": {"sram": [1], "flash": "many"},
        "compute": {"instructions": True, "macs": "12", "cycles_estimate": 1e400},
        "steps": {"a": 1},
        "scores": 3,
        "quantization": [],
    },
    "steps_of_other_types": {"compute": {}, "steps": [1, None, {"nodes": [1, {}]}, {"nodes": 3}]},
    "large_numbers": {"memory": {"sram": {"arena": 10**4000, "state": -5}}},
    "a_later_version": {**_report(), "schema": 99, "tool_version": "9.0"},
    "hostile_names": _report(
        model={"name": HOSTILE_NAME},
        steps=[{"nodes": [HOSTILE_NAME], "kernel": "k", "instructions": 5}],
    ),
}


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize("form", [(), ("--markdown",), ("--json",)])
def test_reports_of_other_versions_are_readable(
    name: str, form: tuple[str, ...], command: CommandLine
) -> None:
    _write(command, "a.json", OLD[name])
    _write(command, "b.json", _report())
    for pair in (("a.json", "b.json"), ("b.json", "a.json"), ("a.json", "a.json")):
        answer = command.run("diff", *pair, *form)
        assert answer.code == 0, answer.stderr
        assert all(c.isprintable() or c == "\n" for c in answer.stdout + answer.stderr)


def test_markdown_is_a_table_and_names_cannot_break_it(command: CommandLine) -> None:
    _write(command, "a.json", _report())
    _write(command, "b.json", OLD["hostile_names"])
    text = command.run("diff", "a.json", "b.json", "--markdown").stdout
    lines = text.splitlines()
    start = lines.index("|---|--:|--:|--:|")
    rows = [line for line in lines[start + 1 :] if line.startswith("| ") and "`" not in line]
    assert rows
    assert all(row.count("|") == 5 for row in rows)
    assert all("<img" not in line or "`" in line for line in lines)
    assert lines[0].startswith("### `a\\|b'c")


BROKEN = {
    "empty": b"",
    "text": b"hello",
    "list": b"[1]",
    "other": b'{"name": 1}',
    "deep": b"[" * 200_000,
    "binary": bytes(range(256)),
    "long_number": b'{"memory": ' + b"1" * 10_000 + b"}",
    "failed": b'{"errors": [{"message": "does not fit"}], "exit_code": 1}',
    "failed_without_reason": b'{"errors": [7]}',
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_report_is_an_error_that_says_so(name: str, command: CommandLine) -> None:
    (command.folder / "a.json").write_bytes(BROKEN[name])
    _write(command, "b.json", _report())
    answer = command.run("diff", "a.json", "b.json")
    assert answer.code == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("error: `a.json` is ")


def test_a_byte_order_mark_is_no_harm(command: CommandLine) -> None:
    (command.folder / "a.json").write_text("\ufeff" + json.dumps(_report()))
    assert command.run("diff", "a.json", "a.json").code == 0


def test_the_older_folder_of_a_user_needs_nothing_else(
    command: CommandLine, tmp_path: Path
) -> None:
    """A folder with a report and no model.tnn or C."""
    (command.folder / "old").mkdir()
    _write(command, "old/report.json", OLD["no_steps"])
    assert command.run("diff", "old", "old").code == 0
