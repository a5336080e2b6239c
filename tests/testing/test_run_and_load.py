"""Running in this process, loading an earlier build, and the assertions of the pytest plugin."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from golden_models import GOLDEN

import tinycc
from tinycc.api.program import run_samples
from tinycc.api.samples import samples_of
from tinycc.errors import ModelError, UsageError
from tinycc.report.measure import random_sample
from tinycc.testing.checks import CheckedNetwork

ROOT = Path(tinycc.__file__).parents[1]
pytest_plugins = ["tinycc.testing.plugin"]


def _build(name: str, folder: Path, **options: str) -> tinycc.Network:
    return tinycc.build(GOLDEN[name]().save(folder), name=name, **options)  # type: ignore[arg-type]


def _inputs(network: tinycc.Network, count: int = 3) -> dict[str, np.ndarray]:
    found = {}
    for index, name in enumerate(network.interface.inputs):
        type_ = network.interface.tensors[name].type
        drawn = [random_sample(network.compiled, seed)[index] for seed in range(count)]
        flat = np.frombuffer(b"".join(drawn), type_.dtype.numpy)
        found[name] = flat.reshape(count, *type_.shape)
    return found


def _assert_equal(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name].reshape(-1), values.reshape(-1))


@pytest.mark.parametrize("memory", ["arena", "pushed", "external"])
@pytest.mark.parametrize("name", ["audio", "branches"])
def test_in_this_process_as_in_its_own(name: str, memory: str, tmp_path: Path) -> None:
    network = _build(name, tmp_path, input_memory=memory)
    inputs = _inputs(network)
    wanted, _ = run_samples(network.compiled, samples_of(network.interface, inputs))
    for _ in range(2):
        _assert_equal(network.run(inputs), wanted)
    network.write(tmp_path / "out")
    _assert_equal(tinycc.load(tmp_path / "out", cc="gcc -O1").run(inputs), wanted)


def test_from_several_threads_and_networks(tmp_path: Path) -> None:
    """Two libraries with the same symbols, each used by two threads."""
    network = _build("classifier", tmp_path)
    network.write(tmp_path / "out")
    other = tinycc.load(tmp_path / "out")
    inputs, results = _inputs(network, 50), []
    wanted = network.run(inputs)
    threads = [
        threading.Thread(target=lambda one=one: results.append(one.run(inputs)))
        for one in (network, other, network, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        _assert_equal(result, wanted)


@pytest.mark.qemu
def test_a_loaded_network_runs_its_c_under_qemu_and_here(tmp_path: Path) -> None:
    _require("arm-none-eabi-gcc", "qemu-system-arm")
    network = _build("audio", tmp_path, target="cortex-m4", input_memory="pushed")
    network.write(tmp_path / "out")
    loaded = tinycc.load(tmp_path / "out")
    assert loaded.report == json.loads((tmp_path / "out" / "report.json").read_text())
    inputs = _inputs(network)
    wanted = network.run(inputs, on="host")
    _assert_equal(loaded.run(inputs), wanted)
    _assert_equal(loaded.run(inputs, on="host"), wanted)
    assert loaded.instructions == network.instructions > 0


def test_the_c_is_taken_as_it_is_in_the_folder(tmp_path: Path) -> None:
    network = _build("classifier", tmp_path)
    network.write(tmp_path / "out")
    source = tmp_path / "out" / "classifier.c"
    argmax = "return (const int8_t *)(const void *)(net->arena"
    text = source.read_text()
    assert argmax in text
    source.write_text(
        text.replace(
            argmax, "static const int8_t none[64];\n    " + "return none; (void)(net->arena"
        )
    )
    inputs = _inputs(network)
    assert not any(values.any() for values in tinycc.load(tmp_path / "out").run(inputs).values())


def test_networks_that_share_an_arena_are_loaded_one_by_one(tmp_path: Path) -> None:
    model = GOLDEN["classifier"]().save(tmp_path)
    tinycc.build_together({"one": model, "two": model}).write(tmp_path / "out")
    with pytest.raises(ModelError, match="several models that share an arena"):
        tinycc.load(tmp_path / "out")
    network = tinycc.build(model)
    inputs = _inputs(network)
    _assert_equal(tinycc.load(tmp_path / "out" / "two").run(inputs), network.run(inputs))


def test_wrong_folders_are_refused_with_the_reason(tmp_path: Path) -> None:
    _build("classifier", tmp_path).write(tmp_path / "out")
    (tmp_path / "empty").mkdir()

    def refused(change: str, text: str, folder: str = "bad") -> None:
        shutil.rmtree(tmp_path / "bad", ignore_errors=True)
        shutil.copytree(tmp_path / "out", tmp_path / "bad")
        if change:
            name, _, content = change.partition(":")
            if content:
                (tmp_path / "bad" / name).write_text(content)
            else:
                (tmp_path / "bad" / name).unlink()
        with pytest.raises(ModelError, match=text) as found:
            tinycc.load(tmp_path / folder)
        assert "hint:" in found.value.render() or not (tmp_path / folder).exists()

    refused("", r"holds no report\.json", "empty")
    refused("", "there is no folder", "not-there")
    refused("", "is no folder", "m.onnx")
    refused("report.json", r"holds no report\.json")
    refused("report.json:{", "is no report")
    refused("report.json:[1]", "is no report")
    old = (
        (tmp_path / "out" / "report.json").read_text().replace(f'"{tinycc.__version__}"', '"0.0.9"')
    )
    refused(f"report.json:{old}", r"written by tinycc 0\.0\.9, this is")
    refused("model.tnn", "holds no model.tnn")
    refused("model.tnn:no archive", "model.tnn")
    refused("classifier.c", "`classifier.c` is missing")
    refused("tinycc/tinycc_runtime.h", "`tinycc/tinycc_runtime.h` is missing")


def test_bad_arguments_of_run(tmp_path: Path) -> None:
    network = _build("classifier", tmp_path)
    with pytest.raises(UsageError, match="on='board'"):
        network.run(_inputs(network), on="board")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="has no input `none`"):
        network.run({"none": np.zeros(3)})


def test_assertions_hold_and_fail_with_figures(tmp_path: Path) -> None:
    network = _build("classifier", tmp_path)
    model, inputs = CheckedNetwork(network), _inputs(network, 20)
    outputs = network.run(inputs)
    labels = next(iter(outputs.values())).reshape(20, -1).argmax(1)
    model.assert_accuracy(inputs, labels, at_least=1.0)
    model.assert_outputs(inputs, outputs)
    arena = network.report["memory"]["sram"]["arena"]
    model.assert_bytes(arena=arena, flash=10**6)
    with pytest.raises(AssertionError, match=r"bytes of arena, at most 1 wanted .* fullest at"):
        model.assert_bytes(arena=1)
    with pytest.raises(AssertionError, match=r"top-1 0\..* on 20 samples, at least 1\.0 wanted"):
        model.assert_accuracy(inputs, (labels + 1) % 2, at_least=1.0)
    with pytest.raises(AssertionError, match=r"values of `.*` differ, the first at 0"):
        model.assert_outputs(inputs, {name: y + 1 for name, y in outputs.items()})
    with pytest.raises(AssertionError, match="stack not measured"):
        model.assert_bytes(stack=1000)


def test_the_fixture_builds_once_and_takes_folders(tinycc_model, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = GOLDEN["classifier"]().save(tmp_path)
    one = tinycc_model(path, target="host")
    assert tinycc_model(str(path), target="host") is one
    assert tinycc_model(path, target="host", optimize="ram") is not one
    one.network.write(tmp_path / "out")
    assert isinstance(tinycc_model(tmp_path / "out").network, tinycc.LoadedNetwork)


@pytest.mark.qemu
def test_the_example_for_ci_passes() -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p"]
    words += ["tinycc.testing.plugin", str(ROOT / "examples" / "ci")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def _require(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
