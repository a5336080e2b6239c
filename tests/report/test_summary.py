"""The summary and the picture of the memory map: any report, any width, any terminal."""

from __future__ import annotations

import io
import json
import string
from pathlib import Path

import pytest
from command import CommandLine
from golden_models import named
from onnx_models import small_convnet
from reports import REPORTS, RIGHT_TO_LEFT, of_model
from rich.cells import cell_len
from rich.console import Console

from tinycc.cli import output
from tinycc.report.picture import picture
from tinycc.report.stored import read_report
from tinycc.report.summary import summary


@pytest.mark.parametrize("width", [30, 40, 80])
@pytest.mark.parametrize("name", REPORTS)
def test_no_line_is_wider_than_the_terminal(name: str, width: int, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(REPORTS[name]()))
    text = summary(read_report(tmp_path), width, "look at " + "数" * 99)
    assert max(map(cell_len, text.splitlines())) <= width
    assert all(c.isprintable() or c == "\n" for c in text)


def test_the_first_line_says_whether_it_fits() -> None:
    report = of_model(target="stm32f405")
    assert summary(report).splitlines()[0] == "m for stm32f405: it fits"
    report["memory"]["budgets"]["sram"] = 10
    assert summary(report).splitlines()[0] == "m for stm32f405: it does not fit"
    bare = summary(of_model(target="cortex-m4")).splitlines()[0]
    assert "fit" not in bare


def test_all_that_is_asked_for_is_there() -> None:
    report = of_model(target="stm32f405")
    text = summary(report, next_step="do this")
    sram, flash = report["memory"]["sram"], report["memory"]["flash"]
    for number in (sram["total"], flash["total"], report["compute"]["instructions_predicted"]):
        assert f"{number:,}" in text
    assert "at 168 MHz" in text
    assert f"live at step {sram['peak_step']}" in text
    assert text.splitlines()[-1] == "  next   do this"


def test_the_picture_shows_every_band_of_every_step() -> None:
    report = of_model(optimize="speed")
    lines = picture(report, 80)
    rows = [line.split("|")[1] for line in lines if "|" in line]
    assert len(rows) == 8 and len(set(map(len, rows))) == 1
    each = len(rows[0]) // len(report["steps"])
    top = max(one["offset"] + one["bytes"] for one in report["buffers"])
    for number, row in enumerate(reversed(rows)):
        low, high = number * top // 8, (number + 1) * top // 8
        for step in range(len(report["steps"])):
            live = any(
                one["offset"] < high and one["offset"] + one["bytes"] > low
                for one in report["buffers"]
                if not one["brief"] and one["first_step"] <= step <= one["last_step"]
            )
            mark = row[step * each]
            assert (mark != ".") >= live
            assert mark in string.ascii_letters + "+."
    assert (
        lines[-1].index("^")
        == lines[0].index("|") + 1 + each * (report["memory"]["sram"]["peak_step"])
    )


def test_many_steps_share_columns_and_the_peak_is_among_them() -> None:
    report = REPORTS["many"]()
    report["steps"][250]["sram_live"] = 10**9
    lines = picture(report, 60)
    assert max(map(len, lines)) <= 60
    assert lines[-1].strip() == "^"


@pytest.mark.parametrize("command_name", ["build", "analyze"])
def test_commands_end_with_the_next_step(
    command_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = CommandLine(tmp_path, monkeypatch, capsys)
    small_convnet().save(command.folder, "a model.onnx")
    answer = command.run(command_name, "a model.onnx")
    lines = answer.stdout.splitlines()
    last = next(i for i, line in enumerate(lines) if line.startswith("  next "))
    assert last > len(lines) - 4
    assert "'a model.onnx'" in " ".join(lines[last:])
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in answer.stdout
    if command_name == "build":
        assert (command.folder / "a_model_host" / "report.html").is_file()


def test_a_hostile_model_is_built_summed_up_and_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = CommandLine(tmp_path, monkeypatch, capsys)
    names = (f"{RIGHT_TO_LEFT}{'n' * 300}", "</script><b>", "\x1b[31m\u202ered\u2066")
    named(*names).save(command.folder)
    for words in (("build", "m.onnx", "-o", "built"), ("report", "built")):
        answer = command.run(*words)
        assert answer.code == 0, answer.stderr
        assert all(c.isprintable() or c == "\n" for c in answer.stdout + answer.stderr)
    text = (command.folder / "built" / "report.html").read_text(encoding="utf-8")
    assert names[1] not in text
    assert "\u202e" not in text and "\x1b" not in text


def test_a_narrow_table_of_steps_loses_no_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    report = of_model(target="stm32f405")
    screen = io.StringIO()
    monkeypatch.setattr(output, "Console", lambda **_: Console(file=screen, width=40))
    output.step_table(report)
    digits = sorted(c for c in screen.getvalue() if c.isdigit())
    for step in report["steps"]:
        for number in (step["macs"], step["sram_live"], step["instructions_predicted"]):
            for digit in str(number):
                digits.remove(digit)
    assert max(map(len, screen.getvalue().splitlines())) <= 40
