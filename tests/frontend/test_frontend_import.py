"""How ONNX becomes IR: names, constants, shapes, borders. Values are compared with onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from against_onnxruntime import assert_equals_onnxruntime
from onnx import TensorProto, numpy_helper
from onnx_models import INT8, UINT8, OnnxModel, small_convnet

from tinycc.frontend import read_onnx
from tinycc.ir.graph import Graph, Tensor
from tinycc.ir.types import DType, Quantization


def _only(graph: Graph, op: str) -> Tensor:
    """The output of the graph's only node of a kind."""
    (node,) = [node for node in graph.nodes if node.op == op]
    return graph.tensors[node.output]


@pytest.mark.parametrize("border", ["float", "integer"])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_a_small_network_equals_onnxruntime(dtype: type, border: str, tmp_path: Path) -> None:
    graph = assert_equals_onnxruntime(small_convnet(dtype, border=border).save(tmp_path))
    expected = DType.FLOAT32 if border == "float" else DType(np.dtype(dtype).name)
    assert {graph.tensors[name].type.dtype for name in ("x", "y")} == {expected}
    assert graph.inputs == ("x",) and graph.outputs == ("y",)
    assert graph.origin == "m.onnx, opset 13"


@pytest.mark.parametrize("opset", [13, 14, 18, 19, 21, 23, 25])
def test_the_network_means_the_same_in_every_opset(opset: int, tmp_path: Path) -> None:
    net = small_convnet(np.uint8)
    net.opset = opset
    assert_equals_onnxruntime(net.save(tmp_path))


@pytest.mark.parametrize("opset", [11, 12, onnx.defs.onnx_opset_version()])
def test_opsets_that_onnxruntime_may_refuse_are_read(opset: int, tmp_path: Path) -> None:
    net = small_convnet()
    net.opset = opset
    assert read_onnx(net.save(tmp_path)).origin == f"m.onnx, opset {opset}"


def test_tensors_keep_their_names_and_know_their_source(tmp_path: Path) -> None:
    net = small_convnet()
    graph = read_onnx(net.save(tmp_path))
    names = {name for node in net.nodes for name in node.output}
    for name in names & set(graph.tensors):
        source = graph.tensors[name].source
        assert source is not None and source.name == name
        assert source.shape == graph.tensors[name].type.shape
    assert all(node.origin and node.origin[0].startswith("/") for node in graph.nodes)


def test_weights_are_named_after_their_initialiser(tmp_path: Path) -> None:
    net = OnnxModel()
    w = net.constant(np.arange(12, dtype=np.int8).reshape(4, 3), name="layer.weight")
    w = net.dequantize(w, [0.1, 0.2, 0.3, 0.4], [0] * 4, axis=0)
    net.output(net.node("Gemm", [net.input("x", [1, 3]), w], "y", transB=1))
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    weights = graph.tensors["layer.weight"]
    assert weights.type.quantization == Quantization(
        tuple(float(np.float32(s)) for s in (0.1, 0.2, 0.3, 0.4)), (0, 0, 0, 0), 0
    )


# Quantisation


def test_an_integer_input_is_quantised_as_the_node_behind_a_reshape_says(tmp_path: Path) -> None:
    net = OnnxModel()
    x = net.node("Reshape", [net.input("x", ["n", 6], INT8), net.constant([1, 2, 3], np.int64)])
    net.output(net.node("Relu", [net.dequantize(x, 0.25, 7)], "y"))
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    assert graph.tensors["x"].type.quantization == Quantization.per_tensor(0.25, 7)


def test_an_integer_input_without_a_scale_stands_for_itself(tmp_path: Path) -> None:
    net = OnnxModel()
    x = net.input("x", [1, 6], INT8)
    net.output(net.node("Reshape", [x, net.constant([2, 3], np.int64)], "y"), None, INT8)
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    assert graph.tensors["x"].type.quantization == Quantization.per_tensor(1.0, 0)


def test_a_uint8_border_stays_uint8_and_the_inside_is_int8(tmp_path: Path) -> None:
    graph = read_onnx(small_convnet(np.uint8, border="integer").save(tmp_path))
    outside = {"x": (0.05, 138), "y": (0.3, 138)}
    for name, (scale, zero) in outside.items():
        type_ = graph.tensors[name].type
        stored = float(np.float32(scale))
        assert (type_.dtype, type_.quantization) == (
            DType.UINT8,
            Quantization.per_tensor(stored, zero),
        )
    assert [node.op for node in graph.nodes].count("recentre") == 2
    inside = [t for t in graph.tensors.values() if t.type.dtype is DType.UINT8]
    assert {tensor.name for tensor in inside} == {"x", "y"}


@pytest.mark.parametrize(("zero", "low", "kept"), [(128, 1, 0), (120, 40, 0), (100, 0, -28)])
def test_uint8_weights_get_zero_point_0_where_that_loses_nothing(
    zero: int, low: int, kept: int, tmp_path: Path
) -> None:
    data = np.array([[low, 128, 247], [90, 100, 247 if kept == 0 else 255]], np.uint8)
    net = OnnxModel()
    w = net.dequantize(net.constant(data, name="w"), 0.1, zero, np.uint8)
    net.output(net.node("Gemm", [net.input("x", [1, 3]), w], "y", transB=1))
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    assert graph.tensors["w"].type.zero_point == kept


def test_quantised_constants_fold_with_ties_to_even(tmp_path: Path) -> None:
    net = OnnxModel()
    values = np.array([[0.5, 1.5, 2.5, -0.5], [-1.5, 300.0, -300.0, 0.49]], np.float32)
    w = net.qdq(net.constant(values, name="w"), 1.0)
    net.output(net.node("Gemm", [net.input("x", [1, 4]), w], "y", transB=1))
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    assert graph.tensors["w"].data.tolist() == [[0, 2, 2, 0], [-2, 127, -128, 0]]


def test_integer_clip_takes_its_bounds_in_the_tensors_own_scale(tmp_path: Path) -> None:
    net = OnnxModel()
    q = net.quantize(net.input("x", [1, 50]), 0.02, 5)
    q = net.node("Clip", [q, net.constant(-7, np.int8), net.constant(7, np.int8)])
    net.output(net.dequantize(q, 0.02, 5, output="y"))
    assert_equals_onnxruntime(net.save(tmp_path))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_integer_pad_without_a_value_pads_with_the_integer_0(dtype: type, tmp_path: Path) -> None:
    net = OnnxModel()
    q = net.quantize(net.input("x", [1, 2, 3, 3]), 0.02, 5, dtype)
    q = net.node("Pad", [q, net.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64)])
    net.output(net.dequantize(q, 0.02, 5, dtype, output="y"))
    assert_equals_onnxruntime(net.save(tmp_path))


def test_integer_max_pool_and_transpose_keep_the_quantisation(tmp_path: Path) -> None:
    net = OnnxModel()
    q = net.quantize(net.input("x", [1, 2, 6, 6]), 0.02, 5, np.uint8)
    q = net.node("MaxPool", [q], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    q = net.node("Transpose", [q], perm=[0, 2, 3, 1])
    net.output(net.dequantize(q, 0.02, 5, np.uint8, output="y"))
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    assert all(node.op != "recentre" for node in graph.nodes)


def test_a_negative_axis_counts_from_the_end(tmp_path: Path) -> None:
    net = OnnxModel()
    w = net.constant(np.arange(6, dtype=np.int8).reshape(3, 2), name="w")
    w = net.dequantize(w, [0.5, 0.25], [0, 0], axis=-1)
    net.output(net.node("MatMul", [net.input("x", [1, 3]), w], "y"))
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    quantization = graph.tensors["w"].type.quantization
    assert quantization is not None and quantization.axis == 0  # transposed to rows per channel


def test_four_bit_weights_are_widened(tmp_path: Path) -> None:
    net = OnnxModel(opset=21)
    packed = TensorProto(data_type=TensorProto.INT4, dims=[2, 3], raw_data=b"\x1f\x72\x98")
    packed.name = "w"
    net.initializers.append(packed)
    w = net.node("DequantizeLinear", ["w", net.constant([0.5, 0.25], np.float32)], axis=0)
    net.output(net.node("Gemm", [net.input("x", [1, 3]), w], "y", transB=1))
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    assert graph.tensors["w"].data.tolist() == [[-1, 1, 2], [7, -8, -7]]


def test_microsofts_quantisation_nodes_are_read_too(tmp_path: Path) -> None:
    net = small_convnet(np.uint8)
    for node in net.nodes:
        if node.op_type.endswith("eLinear"):
            node.domain = "com.microsoft"
    model = net.model()
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    assert_equals_onnxruntime(path)


# Constants


def test_shapes_computed_at_run_time_fold(tmp_path: Path) -> None:
    net = OnnxModel()
    x = net.node("Relu", [net.input("x", ["batch", 3, 4, 4])])
    batch = net.node("Gather", [net.node("Shape", [x]), net.constant(0, np.int64)], axis=0)
    batch = net.node("Unsqueeze", [batch, net.constant([0], np.int64)])
    rest = net.node("Mul", [net.constant([24], np.int64), net.constant([2], np.int64)])
    shape = net.node("Concat", [batch, net.node("Cast", [rest], to=TensorProto.INT64)], axis=0)
    net.output(net.node("Reshape", [x, shape], "y"), ["batch", 48])
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    assert [node.op for node in graph.nodes] == ["lookup", "reshape"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"value": numpy_helper.from_array(np.array([1, 12], np.int64))},
        {"value_ints": [1, 12]},
    ],
)
def test_constant_nodes_give_shapes(attributes: dict[str, object], tmp_path: Path) -> None:
    net = OnnxModel()
    shape = net.node("Constant", [], **attributes)
    net.output(net.node("Reshape", [net.input("x", [1, 3, 4]), shape], "y"), [1, 12])
    assert_equals_onnxruntime(net.save(tmp_path))


@pytest.mark.parametrize("attributes", [{"value_float": 2.5}, {"value_floats": [1.0, 2.0, 3.0]}])
def test_constant_nodes_give_operands(attributes: dict[str, object], tmp_path: Path) -> None:
    net = OnnxModel()
    net.output(net.node("Mul", [net.input("x", [1, 3]), net.node("Constant", [], **attributes)]))
    assert_equals_onnxruntime(net.save(tmp_path))


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_constants_of_other_float_types_become_float32(dtype: type, tmp_path: Path) -> None:
    net = OnnxModel()
    w = net.constant(np.array([0.1, 0.2, 0.3]), dtype, name="w")
    w = net.node("Cast", [w], to=TensorProto.FLOAT)
    net.output(net.node("Mul", [net.input("x", [1, 3]), w], "y"))
    assert_equals_onnxruntime(net.save(tmp_path))


def test_initialisers_listed_as_inputs_are_constants(tmp_path: Path) -> None:
    net = OnnxModel()
    w = net.constant(np.ones((2, 3), np.float32), name="w")
    net.input("w", [2, 3])
    net.output(net.node("Gemm", [net.input("x", [1, 3]), w], "y", transB=1))
    assert assert_equals_onnxruntime(net.save(tmp_path)).inputs == ("x",)


def test_constants_behind_identity_keep_their_name(tmp_path: Path) -> None:
    net = OnnxModel()
    w = net.node("Identity", [net.constant(np.ones((2, 3), np.float32), name="w")])
    net.output(net.node("Gemm", [net.input("x", [1, 3]), w], "y", transB=1))
    assert "w" in assert_equals_onnxruntime(net.save(tmp_path)).tensors


def test_external_data_are_read_from_the_models_folder(tmp_path: Path) -> None:
    net = OnnxModel()
    w = net.constant(np.arange(6, dtype=np.float32).reshape(2, 3), name="w")
    net.output(net.node("Gemm", [net.input("x", [1, 3]), w], "y", transB=1))
    path = tmp_path / "m.onnx"
    onnx.save(net.model(), path, save_as_external_data=True, location="m.data", size_threshold=0)
    assert (tmp_path / "m.data").exists()
    assert_equals_onnxruntime(path)


# The graph


def test_the_named_batch_becomes_one_and_other_sizes_are_given(tmp_path: Path) -> None:
    net = OnnxModel()
    x = net.input("x", ["batch", 2, "height", None])
    net.output(net.node("Relu", [x], "y"), ["batch", 2, "height", None])
    graph = assert_equals_onnxruntime(net.save(tmp_path), {"x": (1, 2, 5, 3)})
    assert graph.tensors["y"].type.shape == (1, 2, 5, 3)


def test_a_fixed_batch_can_be_set_to_one(tmp_path: Path) -> None:
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", [4, 3])], "y"), ["n", 3])
    assert_equals_onnxruntime(net.save(tmp_path), {"x": (1, 3)})


def test_an_output_behind_identity_keeps_its_name(tmp_path: Path) -> None:
    net = OnnxModel()
    y = net.node("Relu", [net.input("x", [1, 3])], "inner")
    net.output(net.node("Identity", [y], "y"))
    net.output(net.node("Dropout", [y], "z"))
    assert assert_equals_onnxruntime(net.save(tmp_path)).outputs == ("y", "z")


def test_nodes_that_no_output_needs_are_ignored(tmp_path: Path) -> None:
    net = OnnxModel()
    x = net.input("x", [1, 3])
    net.node("NonZero", [x])
    net.output(net.node("Relu", [x], "y"))
    assert len(assert_equals_onnxruntime(net.save(tmp_path)).nodes) == 1


def test_nodes_may_stand_in_any_order(tmp_path: Path) -> None:
    net = OnnxModel()
    net.node("Sigmoid", ["a"], "y")
    net.node("Relu", [net.input("x", [1, 3])], "a")
    net.output("y")
    graph = read_onnx(net.save(tmp_path))
    assert [node.output for node in graph.nodes] == ["a", "y"]


def test_nodes_without_a_name_are_called_after_their_output(tmp_path: Path) -> None:
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", [1, 3])], "y", name=""))
    assert read_onnx(net.save(tmp_path)).nodes[0].origin == ("y",)


def test_declared_and_unused_operator_sets_are_ignored(tmp_path: Path) -> None:
    model = small_convnet().model()
    model.opset_import.append(onnx.helper.make_opsetid("ai.onnx.training", 1))
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    assert_equals_onnxruntime(path)


def test_two_reads_give_the_same_graph(tmp_path: Path) -> None:
    path = small_convnet(np.uint8, border="integer").save(tmp_path)
    first, second = read_onnx(path), read_onnx(path)
    assert first.nodes == second.nodes
    assert list(first.tensors) == list(second.tensors)


def test_uint8_input_quantised_in_int8_terms_only_once(tmp_path: Path) -> None:
    net = OnnxModel()
    x = net.input("x", [1, 2, 3], UINT8)
    flat = net.node("Flatten", [x])
    a, b = net.dequantize(flat, 0.5, 3, np.uint8), net.dequantize(x, 0.5, 3, np.uint8)
    net.output(net.node("Relu", [a], "y"))
    net.output(net.node("Sigmoid", [b], "z"))
    graph = assert_equals_onnxruntime(net.save(tmp_path))
    assert _only(graph, "recentre").type.zero_point == 3 - 128
