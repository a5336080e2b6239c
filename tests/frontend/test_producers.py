"""What certain tools write, beyond the options of onnxruntime's quantiser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from against_onnxruntime import assert_compiled_equals_onnxruntime
from float_networks import FloatNetwork
from onnx_models import OnnxModel

from tinycc import build
from tinycc.errors import ModelError
from tinycc.frontend import read_onnx
from tinycc.interp.original import Session


def _samples(*shape: int) -> list[np.ndarray]:
    return list(np.random.default_rng(3).normal(0, 1, (4, 1, *shape)).astype(np.float32))


def test_aimet_writes_float_weights_behind_pairs_and_pairs_around_reshapes(tmp_path: Path) -> None:
    """sim.to_onnx_qdq(): uint8 activations, int8 weights per channel, float biases."""
    net = FloatNetwork()

    def pair(x: str, scale: float, zero: int) -> str:
        return net.qdq(x, scale, zero, np.uint8)

    def weights(*shape: int) -> str:
        name = net.drawn(*shape)
        data = onnx.numpy_helper.to_array(net.initializers[-1])
        scales = np.abs(data).reshape(shape[0], -1).max(axis=1) / 127
        zeros = np.zeros(shape[0])
        stored = net.quantize(name, scales, zeros, np.int8, axis=0)
        return net.dequantize(stored, scales, zeros, np.int8, axis=0)

    x = pair(net.input("x", [1, 3, 8, 8]), 0.03, 121)
    y = net.node("Conv", [x, weights(6, 3, 3, 3), net.drawn(6)], strides=[2, 2])
    y = pair(net.node("Relu", [y]), 0.02, 0)
    y = net.node("Conv", [y, weights(6, 1, 3, 3), net.drawn(6)], group=6)
    y = pair(net.node("Clip", [y, net.floats(0.0), net.floats(6.0)]), 0.018, 0)
    y = pair(net.node("Reshape", [y, net.integers(1, 6)]), 0.018, 0)
    y = net.node("Gemm", [y, weights(4, 6), net.drawn(4)], transB=1)
    net.output(pair(y, 0.03, 90))
    graph = assert_compiled_equals_onnxruntime(net.save(tmp_path), _samples(3, 8, 8))
    assert "lookup" not in {node.op for node in graph.nodes}


def test_aimets_simulation_is_refused_with_what_to_do(tmp_path: Path) -> None:
    net = OnnxModel()
    x = net.input("x", [1, 4])
    net.output(net.node("QcQuantizeOp", [x], "y", domain="aimet.customop.cpu"))
    with pytest.raises(ModelError) as caught:
        read_onnx(net.save(tmp_path))
    assert "to_onnx_qdq()" in caught.value.render()


def test_a_float_model_beside_encodings_says_that_they_are_not_read(tmp_path: Path) -> None:
    net = FloatNetwork()
    net.output(net.dense(net.input("x", [1, 4]), 4, 3))
    path = net.save(tmp_path)
    path.with_suffix(".encodings").write_text("{}")
    with pytest.raises(ModelError) as caught:
        build(path)
    assert "--calibration" in caught.value.render()
    assert "m.encodings is not read" in caught.value.render()


def test_brevitas_agrees_with_its_float_network(shared_models: Path, tmp_path: Path) -> None:
    """The QONNX file with and without its Quant nodes, on inputs in the range of its scales."""
    path = shared_models / "dialects" / "brev_qonnx_w8a8.onnx"
    model = onnx.load(path)
    sources = {
        node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "Quant"
    }
    kept = [node for node in model.graph.node if node.op_type != "Quant"]
    for node in kept:
        node.input[:] = [sources.get(name, name) for name in node.input]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    session = Session(model.SerializeToString(), None)
    x = np.random.default_rng(1).uniform(0, 1, (100, 1, 28, 28)).astype(np.float32)
    (name,), (output,) = session.inputs, session.outputs
    wanted = np.concatenate([session.run({name: one[np.newaxis]}, [output])[output] for one in x])
    (found,) = build(path).run(x).values()
    same = found.reshape(wanted.shape).argmax(axis=1) == wanted.argmax(axis=1)
    assert same.mean() >= 0.95
