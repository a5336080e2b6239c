"""Where the input lies changes neither a byte of the result nor, where it is the caller's, it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx_models import INT8, OnnxModel
from random_networks import RandomNetwork
from real_data import MODELS, Model

import tinycc
from tinycc.api.program import run_samples
from tinycc.api.samples import Samples, samples_of
from tinycc.errors import ModelError, ToolError, UsageError
from tinycc.pipeline import Compiled, Options, compile_model
from tinycc.report.measure import random_sample

MEMORIES = ("arena", "external", "pushed")


def _samples(compiled: Compiled, count: int = 2) -> Samples:
    """Random inputs over their full range."""
    arrays = {}
    for index, name in enumerate(compiled.interface.inputs):
        type_ = compiled.interface.tensors[name].type
        drawn = b"".join(random_sample(compiled, seed)[index] for seed in range(count))
        arrays[name] = np.frombuffer(drawn, type_.dtype.numpy).reshape(count, *type_.shape)
    return samples_of(compiled.interface, arrays)


def _results(compiled: Compiled, stepped: bool = False) -> list[bytes]:
    outputs, _ = run_samples(compiled, _samples(compiled), stepped)
    return [array.tobytes() for array in outputs.values()]


def _in_memories(path: Path, **options: str) -> list[Compiled]:
    return [compile_model(path, Options(input_memory=m, **options)) for m in MEMORIES]  # type: ignore[arg-type]


def _random(seed: int, folder: Path) -> Path:
    layers = int(np.random.default_rng(seed).integers(1, 14))
    return RandomNetwork(seed).build(layers).save(folder)


@pytest.mark.parametrize("seed", range(500, 510))
def test_the_same_bytes_wherever_the_input_lies(seed: int, tmp_path: Path) -> None:
    optimize = ("ram", "speed")[seed % 2]
    held, *others = _in_memories(_random(seed, tmp_path), optimize=optimize)
    wanted = _results(held)
    assert _results(held, stepped=True) == wanted
    for other in others:
        assert _results(other) == wanted, f"seed {seed}"
        assert other.plan.arena_bytes <= held.plan.arena_bytes, f"seed {seed}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(510, 700))
def test_the_same_bytes_wherever_the_input_lies_in_many_networks(seed: int, tmp_path: Path) -> None:
    test_the_same_bytes_wherever_the_input_lies(seed, tmp_path)


def two_inputs() -> OnnxModel:
    """A sum of two inputs that die there, one of them also reshaped and multiplied."""
    rng = np.random.default_rng(6)
    net = OnnxModel()
    left = net.dequantize(net.input("left", [1, 4, 6, 6], INT8), 0.05, 0)
    right = net.dequantize(net.input("right", [1, 4, 6, 6], INT8), 0.03, 4)
    total = net.qdq(net.node("Add", [left, right]), 0.06, 1)
    net.output(net.quantize(net.node("Relu", [total]), 0.06, 1, output="sum"), [1, 4, 6, 6], INT8)
    flat = net.node("Flatten", [right])
    w = net.weights(rng.integers(-127, 128, (5, 144)).astype(np.int8), [0.01] * 5)
    dense = net.node("Gemm", [flat, w], transB=1)
    net.output(net.quantize(dense, 0.3, 0, output="scores"), [1, 5], INT8)
    return net


def test_several_inputs_are_passed_in_their_order(tmp_path: Path) -> None:
    held, external, _ = _in_memories(two_inputs().save(tmp_path))
    assert _results(external) == _results(held)
    header = external.code.texts["m.h"]
    assert "void m_run(m_t *net, const int8_t *left, const int8_t *right);" in header
    assert "m_input" not in header
    names = {tensor for buffer in external.plan.buffers for tensor in buffer.tensors}
    assert not names & set(external.graph.inputs)


def test_code_that_writes_into_the_callers_input_is_found(tmp_path: Path) -> None:
    _, external, _ = _in_memories(two_inputs().save(tmp_path))
    texts = dict(external.code.texts)
    texts["m.c"] = texts["m.c"].replace("    TINYCC_STEP(0);", "    ((int8_t *)right)[3]++;", 1)
    spoilt = _with_texts(external, texts)
    with pytest.raises(ToolError, match="wrote into the caller's input"):
        _results(spoilt)


def _with_texts(compiled: Compiled, texts: dict[str, str]) -> Compiled:
    return replace(compiled, code=replace(compiled.code, texts=texts))


def test_a_result_that_is_the_input_cannot_stay_outside(tmp_path: Path) -> None:
    net = OnnxModel()
    x = net.dequantize(net.input("x", [1, 8], INT8), 0.1, 0)
    net.output(net.quantize(x, 0.1, 0, output="y"), [1, 8], INT8)
    path = net.save(tmp_path)
    with pytest.raises(ModelError, match="is an input as it came"):
        compile_model(path, Options(input_memory="external"))
    compile_model(path, Options(input_memory="arena"))


def test_a_folder_remembers_where_its_input_lies(tmp_path: Path) -> None:
    network = tinycc.build(two_inputs().save(tmp_path), input_memory="external")
    network.write(tmp_path / "out")
    again = tinycc.build(tmp_path / "out")
    assert again.compiled.code.texts == network.compiled.code.texts
    assert again.report["memory"]["sram"]["input_memory"] == "external"
    held = tinycc.build(tmp_path / "out", input_memory="arena")
    assert held.report["memory"]["sram"]["input"] == 288


def test_an_unknown_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--input-memory foo"):
        tinycc.build(two_inputs().save(tmp_path), input_memory="foo")


def test_rows_that_no_region_can_take_are_collected(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    net = OnnxModel()
    x = net.dequantize(net.input("image", [1, 2, 6, 5], INT8), 0.05, 0)
    flat = net.node("Flatten", [x])
    w = net.weights(rng.integers(-127, 128, (4, 60)).astype(np.int8), [0.01] * 4)
    dense = net.node("Gemm", [flat, w], transB=1, name="/scores")
    net.output(net.quantize(dense, 0.3, 0, output="y"), [1, 4], INT8)
    path = net.save(tmp_path)
    pushed = compile_model(path, Options(input_memory="pushed"))
    assert "does not work row by row" in " ".join(pushed.plan.schedule.notes)
    assert _results(pushed) == _results(compile_model(path, Options()))


@pytest.mark.parametrize("border", ["int", "float"])
def test_pushed_rows_are_in_the_layout_of_the_network(border: str, tmp_path: Path) -> None:
    """The file's layout is NCHW, and there are two readers of the input."""
    rng = np.random.default_rng(3)
    net = OnnxModel()
    x = net.qdq(net.input("image", [1, 3, 8, 6]), 0.05, 0)
    left = net.qdq(net.conv(x, 0.05, (4, 3, 3, 3), rng, pads=[1, 1, 1, 1]), 0.4, 0)
    right = net.qdq(net.conv(x, 0.05, (4, 3, 1, 1), rng), 0.3, 3)
    net.output(net.qdq(net.node("Add", [left, right]), 0.5, 0), [1, 4, 8, 6])
    path = net.save(tmp_path)
    pushed = compile_model(path, Options(input_memory="pushed", io=border, without=("reduce",)))
    assert pushed.plan.schedule.streamed is not None
    assert "m_INPUT_ROWS 8".upper() in pushed.code.texts["m.h"]
    assert _results(pushed) == _results(compile_model(path, Options(io=border)))


@pytest.mark.qemu
@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_public_networks_read_the_callers_input(model: Model) -> None:
    samples = model.first_samples(2)
    results = []
    for memory in MEMORIES:
        options = Options("cortex-m4", optimize="ram", input_memory=memory)
        outputs, _ = run_samples(compile_model(model.path, options), samples)
        results.append([array.tobytes() for array in outputs.values()])
    assert results[0] == results[1] == results[2]
