"""What commands print when all is well: results on stdout, talk on stderr, names as they are."""

from __future__ import annotations

import json

import numpy as np
import pytest
from command import CommandLine
from golden_models import HOSTILE, hostile

MODEL = ("m.onnx", "--target", "host")


@pytest.mark.parametrize("command_name", ["build", "analyze", "verify"])
def test_json_is_one_document_on_stdout(command_name: str, command: CommandLine) -> None:
    answer = command.run(command_name, *MODEL, "--json")
    assert answer.code == 0, answer.stderr
    assert isinstance(json.loads(answer.stdout), dict)


def test_run_json_holds_the_outputs(command: CommandLine) -> None:
    np.save(command.folder / "x.npy", np.zeros((2, 2, 8, 8), np.float32))
    answer = command.run("run", *MODEL, "--input", "x.npy", "--json")
    assert np.shape(json.loads(answer.stdout)["outputs"]["y"]) == (2, 3)


@pytest.mark.parametrize("command_name", ["targets", "ops", "doctor"])
def test_lists_come_as_json_too(command_name: str, command: CommandLine) -> None:
    assert len(json.loads(command.run(command_name, "--json").stdout)) > 3
    assert len(command.run(command_name).stdout.splitlines()) > 3


def test_the_list_of_operators_shows_square_brackets(command: CommandLine) -> None:
    records = json.loads(command.run("ops", "--json").stdout)
    shown = command.run("ops").stdout.split()
    for record in records:
        assert set(record["summary"].split()) <= set(shown), record["name"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_a_table(name: str, command: CommandLine) -> None:
    hostile(name).save(command.folder)
    for words in (("analyze", *MODEL, "--steps"), ("verify", *MODEL, "--samples", "1")):
        answer = command.run(*words)
        assert answer.code == 0, answer.stderr
        assert all(c.isprintable() or c == "\n" for c in answer.stdout + answer.stderr)


def test_a_failed_save_leaves_nothing(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(command.folder / "x.npy", np.zeros((1, 2, 8, 8), np.float32))
    before = command.files()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    answer = command.run("run", *MODEL, "--input", "x.npy", "-o", "y.npy")
    assert answer.code == 1
    assert "No space left on device" in answer.stderr
    assert command.files() == before
