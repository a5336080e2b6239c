"""Float operators between quantised ones (int8 where a range is proved) and at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx_models import OnnxModel

import tinycc
from tinycc.errors import ModelError

Tail = Callable[[OnnxModel, str], str]


def _network(folder: Path, middle: Tail, quantized: bool) -> Path:
    """A quantised convolution, then `middle`, then a quantised fully connected layer or the end."""
    rng = np.random.default_rng(0)
    m = OnnxModel(opset=14)
    x = m.qdq(m.input("x", [1, 2, 6, 6]), 0.05, 3)
    y = m.qdq(m.conv(x, 0.05, (4, 2, 3, 3), rng), 0.04, 5)
    y = middle(m, y)
    if quantized:
        y = m.qdq(m.node("Flatten", [y]), 0.05, -20)
        y = m.node(
            "MatMul",
            [
                y,
                m.weights(
                    rng.integers(-127, 128, (_size(m, y), 3)).astype(np.int8), [0.01, 0.02, 0.01], 1
                ),
            ],
        )
        y = m.qdq(y, 0.2, 0)
    m.output(m.node("Identity", [y], "y"))
    return m.save(folder)


def _size(m: OnnxModel, y: str) -> int:
    """Values per channel are averaged by every middle part, or all 4x4 are kept."""
    return 4 if any(node.op_type == "GlobalAveragePool" for node in m.nodes) else 64


def _gate(m: OnnxModel, y: str) -> str:
    return m.node("Mul", [y, m.node("HardSigmoid", [y])])


def _mean_of_hard_swish(m: OnnxModel, y: str) -> str:
    return m.node("GlobalAveragePool", [m.node("HardSwish", [y])])


def _twice(m: OnnxModel, y: str) -> str:
    return m.node("Add", [m.node("Sigmoid", [y]), m.node("Tanh", [y])])


@pytest.mark.parametrize("middle", [_gate, _mean_of_hard_swish, _twice])
def test_a_gap_between_quantised_values_is_computed_in_int8(middle: Tail, tmp_path: Path) -> None:
    path = _network(tmp_path, middle, quantized=True)
    network = tinycc.build(path)
    assert all(
        not t.type.is_float for t in network.compiled.graph.tensors.values() if not t.is_constant
    )
    _assert_close(network, path, 0.45)  # two steps of the output


def _softmax(m: OnnxModel, y: str) -> str:
    return m.node("Softmax", [m.node("Flatten", [y])], axis=1)


def _gemm(m: OnnxModel, y: str) -> str:
    rng = np.random.default_rng(1)
    w = m.weights(rng.integers(-127, 128, (5, 64)).astype(np.int8), [0.01] * 5)
    bias = m.constant(rng.normal(0, 1, 5), np.float32)
    return m.node("Relu", [m.node("Gemm", [m.node("Flatten", [y]), w, bias], transB=1)])


def _sigmoid(m: OnnxModel, y: str) -> str:
    return m.node("Reshape", [m.node("Sigmoid", [y]), m.constant([1, -1], np.int64)])


@pytest.mark.parametrize("end", [_softmax, _gemm, _sigmoid])
def test_a_float_end_is_computed_in_float32(end: Tail, tmp_path: Path) -> None:
    path = _network(tmp_path, end, quantized=False)
    network = tinycc.build(path)
    (output,) = network.compiled.interface.outputs
    assert network.compiled.interface.tensors[output].type.is_float
    _assert_close(network, path, 0.05)  # a step of the layer before may differ


@pytest.mark.qemu
def test_the_report_tells_what_a_float_end_costs_without_an_fpu(tmp_path: Path) -> None:
    path = _network(tmp_path, _softmax, quantized=False)
    (note,) = [n for n in tinycc.build(path, target="cortex-m3").report["notes"] if "float32" in n]
    assert (
        note
        == "64 by softmax_float are float32; without an FPU that takes about 14,080 instructions"
    )
    assert not [n for n in tinycc.build(path, target="cortex-m4").report["notes"] if "float32" in n]


def _conv_then_pool(m: OnnxModel, y: str) -> str:
    y = m.conv(y, 0.04, (4, 4, 1, 1), np.random.default_rng(2), name="/unquantised")
    return m.node("GlobalAveragePool", [m.node("Sigmoid", [y])])


def test_a_convolution_without_a_scale_is_refused_by_its_edge(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        tinycc.build(_network(tmp_path, _conv_then_pool, quantized=True))
    first = caught.value.problems[0].message
    assert first.startswith(
        "node `/unquantised` (conv2d): computes in float, because its output `conv"
    )
    assert first.endswith("which node `/Sigmoid_10` (lookup) reads, is not quantised")
    assert len(caught.value.problems) == 1


def _assert_close(network: tinycc.Network, path: Path, tolerance: float) -> None:
    """The compiled C against onnxruntime over random inputs, in real values."""
    session = onnxruntime.InferenceSession(path)
    rng = np.random.default_rng(3)
    x = (rng.integers(-131, 125, (10, 1, 2, 6, 6)) * 0.05).astype(np.float32)
    theirs = np.stack([session.run(None, {"x": one})[0] for one in x])
    found = network.run(x)
    real = np.asarray(next(iter(found.values())) if isinstance(found, dict) else found, np.float64)
    type_ = network.compiled.interface.tensors[network.compiled.interface.outputs[0]].type
    if not type_.is_float:
        real = (real - type_.zero_point) * float(type_.scale)
    assert np.abs(real.reshape(theirs.shape) - theirs).max() <= tolerance
