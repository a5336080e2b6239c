"""`tinycc report` on whatever lies in a folder: a page, or an error that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import CommandLine
from reports import REPORTS, of_model

from tinycc.errors import ModelError
from tinycc.report.page import page
from tinycc.report.stored import read_report
from tinycc.report.summary import summary


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The command line in a folder with `built`, in which a report.json lies."""
    command = CommandLine(tmp_path, monkeypatch, capsys)
    (command.folder / "built").mkdir()
    (command.folder / "built" / "report.json").write_text(json.dumps(of_model()))
    return command


def test_the_page_of_a_folder_is_drawn_again(command: CommandLine) -> None:
    answer = command.run("report", "built")
    assert (answer.code, answer.stderr) == (0, "wrote built/report.html\n")
    text = (command.folder / "built" / "report.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    assert answer.stdout.startswith("m ")
    command.run("report", "built", "-o", "again.html")
    assert (command.folder / "again.html").read_text(encoding="utf-8") == text


def test_the_page_of_a_saved_document_lies_beside_it(command: CommandLine) -> None:
    (command.folder / "bench.json").write_text(json.dumps(of_model()))
    answer = command.run("report", "bench.json", "--json")
    assert json.loads(answer.stdout)["schema"] == 1
    assert (command.folder / "bench.html").is_file()


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_summed_up_and_drawn(name: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(REPORTS[name]()))
    report = read_report(tmp_path)
    assert page(report) == page(report)
    assert summary(report)


def _broken(change: Callable[[dict[str, Any]], Any]) -> str:
    report = of_model()
    change(report)
    return json.dumps(report)


BROKEN = {
    "empty": "",
    "cut off": json.dumps(of_model())[:-50],
    "an array": "[]",
    "no schema": "{}",
    "several models": '{"schema": 1, "together": "both", "models": []}',
    "a newer schema": _broken(lambda report: report.update(schema=2)),
    "not a number": _broken(lambda report: report["compute"].update(macs=float("nan"))),
    "nested too deep": '{"schema":' + "[" * 100_000,
    "text for a size": _broken(lambda report: report["memory"]["sram"].update(arena="1")),
    "text for a memory": _broken(lambda report: report.update(memory="much")),
    "half a byte": _broken(lambda report: report["buffers"][0].update(bytes=1.5)),
    "a list of steps": _broken(lambda report: report["steps"].append([])),
    "steps in another order": _broken(lambda report: report["steps"].reverse()),
    "a step that reads itself": _broken(lambda report: report["steps"][1].update(reads=[1])),
    "a peak nowhere": _broken(lambda report: report["memory"]["sram"].update(peak_step=99)),
    "a region of no steps": _broken(
        lambda report: report.update(regions=[{"first": 2, "last": 99}])
    ),
    "an endless buffer": _broken(lambda report: report["buffers"][0].update(last_step=10**9)),
    "a negative place": _broken(lambda report: report["buffers"][0].update(offset=-1)),
    "a scratch of no step": _broken(lambda report: report["buffers"][0].update(scratch_of=99)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_report_is_an_error_and_writes_nothing(name: str, command: CommandLine) -> None:
    (command.folder / "built" / "report.json").write_text(BROKEN[name])
    before = command.files()
    answer = command.run("report", "built")
    assert answer.code == 1, answer.stderr
    assert answer.stderr.startswith("error: `built/report.json`")
    assert "hint: " in answer.stderr
    assert command.files() == before


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="is no report"):
        read_report(tmp_path)


@pytest.mark.parametrize("holder", ["model", "target", "compute", "steps", "buffers", "front"])
def test_any_missing_key_has_a_neutral_value(holder: str, tmp_path: Path) -> None:
    """Every key of every record left out once; what places a step or a buffer must be there."""
    full, needed = of_model("branches"), {"index", "last_step"}
    some = full[holder]
    for key in some[0] if isinstance(some, list) else some:
        report = json.loads(json.dumps(full))
        for one in report[holder] if isinstance(some, list) else [report[holder]]:
            del one[key]
        (tmp_path / "report.json").write_text(json.dumps(report))
        if key in needed:
            with pytest.raises(ModelError, match="is damaged"):
                read_report(tmp_path)
        else:
            assert page(read_report(tmp_path))
            assert summary(read_report(tmp_path))
