"""onnxruntime's side of a comparison: values in the IR's layout, refusals as our errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_models import UINT8, OnnxModel, small_convnet

from tinycc.errors import ModelError
from tinycc.frontend import expose_tensors, read_onnx
from tinycc.interp.original import OriginalModel, source_names


def test_inner_uint8_values_come_re_centred_and_the_border_as_it_is(tmp_path: Path) -> None:
    path = small_convnet(np.uint8, border="integer").save(tmp_path)
    graph = read_onnx(path)
    original = OriginalModel(expose_tensors(path, source_names(graph)), graph)
    found = original.run({"x": np.full((1, 2, 8, 8), 200, np.uint8)}, ["x", "x.int8", "y"])
    assert found["x"].dtype == np.uint8 and found["y"].dtype == np.uint8
    assert found["x.int8"].dtype == np.int8 and (found["x.int8"] == 72).all()


def test_permuted_tensors_come_in_their_own_layout(tmp_path: Path) -> None:
    path = small_convnet().save(tmp_path)
    graph = read_onnx(path)
    original = OriginalModel(expose_tensors(path, source_names(graph)), graph)
    conv = next(node for node in graph.nodes if node.op == "conv2d")
    channels_last = conv.inputs[0]
    assert channels_last in original.tensors
    file_name = graph.tensors[channels_last].source.name
    x = np.random.default_rng(0).normal(size=(1, 2, 8, 8)).astype(np.float32)
    found = original.run({"x": x}, [channels_last, file_name])
    assert (found[channels_last] == found[file_name].transpose(0, 2, 3, 1)).all()


def test_without_exposed_tensors_only_the_border_is_known(tmp_path: Path) -> None:
    path = small_convnet().save(tmp_path)
    original = OriginalModel(path, read_onnx(path))
    assert set(original.tensors) >= {"x", "y"}
    with pytest.raises(KeyError):
        original.run({"x": np.zeros((1, 2, 8, 8), np.float32)}, ["relu7"])


def test_an_input_of_the_wrong_type_is_an_error_of_the_data(tmp_path: Path) -> None:
    path = small_convnet().save(tmp_path)
    original = OriginalModel(path, read_onnx(path))
    with pytest.raises(ModelError, match="onnxruntime cannot run the model"):
        original.run({"x": np.zeros((1, 2, 8, 8), np.int8)})


def test_a_model_that_onnxruntime_refuses_is_an_error(tmp_path: Path) -> None:
    path = small_convnet().save(tmp_path)
    with pytest.raises(ModelError, match="onnxruntime cannot load the model"):
        OriginalModel(b"\x08\x08", read_onnx(path))


def test_exposed_bytes_hold_the_external_data(tmp_path: Path) -> None:
    net = OnnxModel()
    w = net.constant(np.arange(6, dtype=np.float32).reshape(2, 3), name="w")
    net.output(net.node("Gemm", [net.input("x", [1, 3]), w], "y", transB=1))
    path = tmp_path / "m.onnx"
    onnx.save(net.model(), path, save_as_external_data=True, location="m.data", size_threshold=0)
    data = expose_tensors(path, [])
    graph = read_onnx(path)
    (tmp_path / "m.data").unlink()
    found = OriginalModel(data, graph).run({"x": np.ones((1, 3), np.float32)})
    assert found["y"].tolist() == [[3.0, 12.0]]


def test_missing_external_data_are_an_error_when_tensors_are_exposed(tmp_path: Path) -> None:
    net = OnnxModel()
    w = net.constant(np.ones((2, 3), np.float32), name="w")
    net.output(net.node("Gemm", [net.input("x", [1, 3]), w], "y", transB=1))
    path = tmp_path / "m.onnx"
    onnx.save(net.model(), path, save_as_external_data=True, location="m.data", size_threshold=0)
    (tmp_path / "m.data").unlink()
    with pytest.raises(ModelError, match="external data of `w` are missing"):
        expose_tensors(path, [])


def test_names_that_are_inputs_or_unknown_are_left_out(tmp_path: Path) -> None:
    net = OnnxModel()
    net.output(net.dequantize(net.input("x", [1, 3], UINT8), 0.5, 3, np.uint8, "y"))
    model = onnx.load_model_from_string(expose_tensors(net.save(tmp_path), ["x", "y", "nobody"]))
    assert [value.name for value in model.graph.output] == ["y"]
