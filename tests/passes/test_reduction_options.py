"""Reduction from the outside: constant outputs in C, --without reduce, --head, --input-range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_models import OnnxModel

from tinycc.api.network import Network
from tinycc.errors import UsageError
from tinycc.pipeline import Options, compile_model

SHUT = np.array([-(10**6)] * 3, np.int32)


def conv(net: OnnxModel, x: str, weights: np.ndarray, bias: np.ndarray) -> str:
    """Conv, Relu, Quantize; x and the result have scale 0.05."""
    scale = float(np.float32(0.01))
    w = net.weights(weights.astype(np.int8), [scale] * len(weights))
    unit = scale * float(np.float32(0.05))
    zeros = np.zeros(len(bias), np.int32)
    b = net.dequantize(net.constant(bias), [unit] * len(bias), zeros, np.int32, axis=0)
    return net.qdq(net.node("Relu", [net.node("Conv", [x, w, b])]), 0.05, -128)


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(-127, 128, shape)


def network(net: OnnxModel, folder: Path, **options: object) -> Network:
    """The compiled model, for this machine."""
    return Network(compile_model(net.save(folder), Options(**options)))  # type: ignore[arg-type]


def inputs(count: int = 5) -> np.ndarray:
    return np.random.default_rng(4).integers(-128, 128, (count, 1, 2, 4, 4)).astype(np.int8)


def constant_model() -> OnnxModel:
    """Both convolutions stay at 0 and at 3 whatever the input."""
    net = OnnxModel()
    x = net.qdq(net.input("x", (1, 2, 4, 4)), 0.05, 0)
    y = conv(
        net,
        conv(net, x, weights(3, 2, 3, 3), SHUT),
        weights(2, 3, 1, 1),
        np.array([0, 6000], np.int32),
    )
    net.output(y)
    return net


def test_a_constant_network_runs_in_c_and_says_so(tmp_path: Path) -> None:
    reduced = network(constant_model(), tmp_path)
    written = network(constant_model(), tmp_path, without=("reduce",))
    assert "the output does not depend on the input" in reduced.report["notes"]
    assert [step["macs"] for step in reduced.report["steps"]] == [0]
    (ours,), (theirs,) = reduced.run(inputs()).values(), written.run(inputs()).values()
    assert ours.tobytes() == theirs.tobytes()
    assert len(np.unique(ours)) == 2


def test_one_of_two_outputs_is_constant(tmp_path: Path) -> None:
    def model() -> OnnxModel:
        net = constant_model()
        net.output(conv(net, net.nodes[1].output[0], weights(4, 2, 2, 2), np.zeros(4, np.int32)))
        return net

    reduced = network(model(), tmp_path)
    written = network(model(), tmp_path, without=("reduce",))
    assert any("does not depend on the input" in note for note in reduced.report["notes"])
    ours, theirs = reduced.run(inputs()), written.run(inputs())
    assert [v.tobytes() for v in ours.values()] == [v.tobytes() for v in theirs.values()]


def test_without_reduce_the_network_is_built_as_written(tmp_path: Path) -> None:
    written = network(constant_model(), tmp_path, without=("reduce",))
    assert written.report["compute"]["macs"] == written.report["compute"]["original_macs"]
    assert written.report["reduction"]["removed"] == []


def test_the_report_explains_what_was_removed(tmp_path: Path) -> None:
    reduction = network(constant_model(), tmp_path).report["reduction"]
    assert reduction["macs"] == 0 < reduction["macs_before"]
    assert {one["proof"] for one in reduction["removed"]} <= set(reduction["proofs"])


def test_a_reduced_network_survives_its_folder(tmp_path: Path) -> None:
    reduced = network(constant_model(), tmp_path)
    reduced.write(tmp_path / "out")
    reopened = Network(compile_model(tmp_path / "out", Options()))
    (ours,), (theirs,) = reduced.run(inputs()).values(), reopened.run(inputs()).values()
    assert ours.tobytes() == theirs.tobytes()


def classifier() -> OnnxModel:
    net = OnnxModel()
    x = net.qdq(net.input("x", (1, 8)), 0.05, 0)
    w = net.weights(weights(5, 8).astype(np.int8), [0.01] * 5)
    logits = net.qdq(net.node("Gemm", [x, w], transB=1), 0.1, 10)
    net.output(net.qdq(net.node("Softmax", [logits]), 1 / 256, -128))
    return net


def test_a_last_softmax_is_reported_and_goes_on_demand(tmp_path: Path) -> None:
    x = np.random.default_rng(5).integers(-128, 128, (50, 1, 8)).astype(np.int8)
    full, bare = network(classifier(), tmp_path), network(classifier(), tmp_path, head="argmax")
    assert any("--head argmax" in note for note in full.report["notes"])
    assert not any("--head argmax" in note for note in bare.report["notes"])
    (shares,), (logits,) = full.run(x).values(), bare.run(x).values()
    best = np.take_along_axis(shares, logits.argmax(axis=-1)[..., np.newaxis], -1)[..., 0]
    assert (best == shares.max(axis=-1)).all()


def ranged_model() -> OnnxModel:
    """Channels open only for inputs above 3.2 (bias -3.2 times the weight)."""
    net = OnnxModel()
    x = net.qdq(net.input("x", (1, 2, 4, 4)), 0.05, 0)
    w = np.zeros((3, 2, 1, 1))
    w[0, 0] = w[1, 1] = w[2, 0] = 100
    y = conv(net, x, w, np.array([-6400, -6400, 0], np.int32))
    net.output(conv(net, y, weights(2, 3, 1, 1), np.zeros(2, np.int32)))
    return net


@pytest.mark.parametrize(
    ("ranges", "kept"),
    [(((-1.0, 3.0),), 1), (((-1.0, 3.0), (-1.0, 6.0)), 2), (((-1.0, 6.0),), 3)],
)
def test_a_promise_about_the_input_proves_more(
    ranges: tuple[tuple[float, float], ...], kept: int, tmp_path: Path
) -> None:
    promised = network(ranged_model(), tmp_path, input_ranges={"x": ranges})
    written = network(ranged_model(), tmp_path)
    layers = [step for step in promised.report["steps"] if step["macs"]]
    assert layers[0]["output"][-1] == kept
    assert any("input x is from" in note for note in promised.report["notes"])
    steps = [(round(low / 0.05), round(high / 0.05)) for low, high in ranges * (3 - len(ranges))]
    rng = np.random.default_rng(6)
    parts = [rng.integers(low, high, (20, 1, 1, 4, 4), endpoint=True) for low, high in steps]
    x = np.concatenate(parts, axis=2).astype(np.int8)
    (ours,), (theirs,) = promised.run(x).values(), written.run(x).values()
    assert ours.tobytes() == theirs.tobytes()


def test_bad_promises_are_usage_errors(tmp_path: Path) -> None:
    for ranges in ({"y": ((0.0, 1.0),)}, {"x": ((1.0, 0.0),)}, {"x": ((0.0, 1.0),) * 5}):
        with pytest.raises(UsageError):
            network(ranged_model(), tmp_path, input_ranges=ranges)
