"""--json: one document on stdout whatever happens, talk on stderr, the exit code kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from command import CommandLine

from tinycc.cli import command_line
from tinycc.memory.__main__ import main as placement

TALK_ONLY = {"completion"}  # prints a script

FAILURES = {
    "build nope.onnx --json": 1,
    "build m.onnx --ram 100 --json": 1,
    "build --json m.onnx --target cortex-m5": 2,
    "analyze m.onnx --ram 100 --json": 1,
    "analyze m.onnx --ram 64Q --json": 2,
    "analyze --json": 2,
    "run m.onnx --input x.npy --json": 1,
    "verify m.onnx --samples 0 --json": 2,
    "bench m.onnx --json": 1,
    "quantize m.onnx --calibration random --json": 1,
    "diff a b --json": 1,
    "targets --json --all": 2,
    "nothing --json": 2,
}


@pytest.mark.parametrize("words", FAILURES)
def test_a_failed_command_leaves_its_errors_as_a_document(words: str, command: CommandLine) -> None:
    answer = command.run(*words.split())
    document = json.loads(answer.stdout)
    assert answer.code == document["exit_code"] == FAILURES[words]
    assert document["errors"]
    for error in document["errors"]:
        assert set(error) == {"message", "where", "hint"}
        assert error["message"].splitlines()[0] in answer.stderr


def test_every_command_has_json() -> None:
    for name, one in command_line.commands.items():
        options = {option for parameter in one.params for option in parameter.opts}
        assert "--json" in options or name in TALK_ONLY or isinstance(one, click.Group), name


def test_talk_does_not_mix_with_the_document(command: CommandLine) -> None:
    np.save(command.folder / "x.npy", np.zeros((1, 2, 8, 8), np.float32))
    answer = command.run(
        "run", "m.onnx", "--input", "x.npy", "-o", "y.npy", "--dump-after", "fold_bias", "--json"
    )
    assert json.loads(answer.stdout)["samples"] == 1
    assert "wrote y.npy" in answer.stderr


def test_the_placer_answers_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = tmp_path / "p.csv"
    problem.write_text("id,lower,upper,size\na,0,2,4\nb,1,3,4\n")
    output = tmp_path / "o.csv"
    assert placement(["solve", str(problem), "--json", "-o", str(output)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["height"], found["solved"], found["optimal"]) == (8, True, True)
    assert sorted(found["offsets"]) == [0, 4]
    assert placement(["solve", str(problem), "--json", "--capacity", "7"]) == 1
    assert json.loads(capsys.readouterr().out)["solved"] is False
    assert placement(["solve", str(tmp_path / "none.csv"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["errors"]


def test_targets_list_their_memories(command: CommandLine) -> None:
    listed = {one["name"]: one for one in json.loads(command.run("targets", "--json").stdout)}
    sizes = {one["name"]: one["bytes"] for one in listed["stm32h743"]["memories"]}
    assert sizes == {"flash": 2 << 20, "dtcm": 128 << 10, "axi": 512 << 10, "d2": 288 << 10}
    assert listed["cortex-m4"]["memories"] == []
    assert "dtcm 128 KiB" in command.run("targets").stdout


def test_a_traceback_is_never_the_answer(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinycc.cli.lists.list_targets", lambda: 1 / 0)
    answer = command.run("targets", "--json")
    assert answer.code == json.loads(answer.stdout)["exit_code"] == 3
    assert "Traceback" not in answer.stdout + answer.stderr
    assert sys.exc_info() == (None, None, None)
