"""A normalisation in front of the first QuantizeLinear costs nothing, or one small integer step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto
from onnx_models import UINT8, OnnxModel

import tinycc

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def _network(folder: Path, kind: str, layout: str = "nchw") -> Path:
    """Pixels or floats, normalised, then a quantised convolution."""
    rng = np.random.default_rng(0)
    m = OnnxModel()
    shape = (1, 3, 8, 8) if layout == "nchw" else (1, 8, 8, 3)
    if kind == "float":
        x = m.input("x", shape)
        x = m.node(
            "Sub", [m.node("Div", [x, m.constant(127.5, np.float32)]), m.constant(1.0, np.float32)]
        )
        scale, zero = 1 / 127.5, 0.5
        x = m.qdq(m.node("Add", [x, m.constant(zero / 127.5, np.float32)]), np.float32(scale), 0)
    else:
        x = m.node("Cast", [m.input("x", shape, UINT8)], to=TensorProto.FLOAT)
        x = m.node("Mul", [x, m.constant(1 / 255, np.float32)])
        per = MEAN.size if kind == "channels" else 1
        form = (1, per, 1, 1) if layout == "nchw" else (per,)
        x = m.node("Sub", [x, m.constant(MEAN[:per].reshape(form), np.float32)])
        x = m.node(
            "Div" if per == 1 else "Mul",
            [
                x,
                m.constant(
                    (DEVIATION if per == 1 else 1 / DEVIATION)[:per].reshape(form), np.float32
                ),
            ],
        )
        scale = 0.0187
        x = m.qdq(x, scale, -14)
    if layout == "nhwc":
        x = m.node("Transpose", [x], perm=[0, 3, 1, 2])
    y = m.conv(x, scale, (4, 3, 3, 3), rng, pads=[1, 1, 1, 1])
    m.output(m.dequantize(m.quantize(y, 0.03, 5), 0.03, 5, output="y"))
    return m.save(folder)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("kind", ["scalar", "channels", "float"])
def test_a_normalised_input_is_compiled_to_integers(kind: str, layout: str, tmp_path: Path) -> None:
    path = _network(tmp_path, kind, layout)
    network = tinycc.build(path)
    graph = network.compiled.graph
    assert not [t.name for t in graph.tensors.values() if t.type.is_float and not t.is_constant]
    kinds = [node.op for node in graph.nodes]
    assert kinds.count("lookup") == (kind != "channels")
    assert kinds.count("conv2d") == 1 + (kind == "channels")
    rng = np.random.default_rng(1)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options)
    shape = tuple(session.get_inputs()[0].shape)
    pixels = rng.integers(0, 256, (6, *shape)).astype(np.float32 if kind == "float" else np.uint8)
    theirs = np.stack([session.run(None, {"x": one})[0] for one in pixels])
    (found,) = network.run(pixels).values()
    assert found.dtype == np.int8
    steps = np.abs((found.reshape(theirs.shape) - 5.0) * 0.03 - theirs) / 0.03
    assert steps.max() <= (3.01 if kind == "channels" else 1.01)
    assert steps.mean() <= (0.5 if kind == "channels" else 0.01)
