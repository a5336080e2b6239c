"""Models and files that must be refused; each function writes one and returns its path."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx_models import FLOAT, INT8, OnnxModel, small_convnet

Case = Callable[[Path], Path]
CASES: dict[str, Case] = {}
SHAPES: dict[str, dict[str, tuple[int, ...]]] = {}


def case(function: Case) -> Case:
    """Registers a case under its function's name."""
    CASES[function.__name__] = function
    return function


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _proto(folder: Path, model: onnx.ModelProto) -> Path:
    return _file(folder, "m.onnx", model.SerializeToString())


def _one_node(folder: Path, op: str, **attributes: object) -> Path:
    net = OnnxModel()
    net.output(net.node(op, [net.input("x", [1, 4])], "y", **attributes))
    return net.save(folder)


# Files that are no ONNX models


@case
def missing_file(folder: Path) -> Path:
    return Path("no-such-folder/m.onnx")


@case
def folder_given(folder: Path) -> Path:
    return Path()


@case
def empty_file(folder: Path) -> Path:
    return _file(folder, "m.onnx", b"")


@case
def random_bytes(folder: Path) -> Path:
    return _file(folder, "m.onnx", np.random.default_rng(1).bytes(4000))


@case
def truncated_protobuf(folder: Path) -> Path:
    return _file(folder, "m.onnx", small_convnet().model().SerializeToString()[:-40])


@case
def text_file(folder: Path) -> Path:
    return _file(folder, "m.onnx", b"hello, I am a text\n" * 20)


@case
def onnxruntime_file(folder: Path) -> Path:
    return _file(folder, "m.ort", b"\x1c\0\0\0ORTM" + bytes(100))


@case
def torch_zip(folder: Path) -> Path:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    return _file(folder, "m.pt", data.getvalue())


@case
def python_pickle(folder: Path) -> Path:
    return _file(folder, "m.pt", pickle.dumps({"a": 1}, protocol=2))


@case
def hdf5_file(folder: Path) -> Path:
    return _file(folder, "m.h5", b"\x89HDF\r\n\x1a\n" + bytes(100))


@case
def json_file(folder: Path) -> Path:
    return _file(folder, "m.json", json.dumps({"class_name": "Sequential"}).encode())


@case
def web_page(folder: Path) -> Path:
    return _file(folder, "m.onnx", b"\n<!DOCTYPE html><html></html>")


@case
def git_lfs_pointer(folder: Path) -> Path:
    return _file(folder, "m.onnx", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")


@case
def model_without_graph(folder: Path) -> Path:
    return _proto(folder, onnx.ModelProto(ir_version=8))


# Operator sets


@case
def opset_too_old(folder: Path) -> Path:
    net = OnnxModel(opset=7)
    net.output(net.node("Relu", [net.input("x", [1, 4])], "y"))
    return net.save(folder)


@case
def opset_too_new(folder: Path) -> Path:
    net = OnnxModel(opset=9000)
    net.output(net.node("Relu", [net.input("x", [1, 4])], "y"))
    return net.save(folder)


@case
def opset_missing(folder: Path) -> Path:
    model = small_convnet().model()
    del model.opset_import[:]
    return _proto(folder, model)


# The graph


@case
def no_outputs(folder: Path) -> Path:
    net = OnnxModel()
    net.node("Relu", [net.input("x", [1, 4])], "y")
    return net.save(folder)


@case
def two_outputs_of_one_name(folder: Path) -> Path:
    net = OnnxModel()
    net.node("Relu", [net.input("x", [1, 4])], "y")
    net.output("y", [1, 4])
    net.output("y", [1, 4])
    return net.save(folder)


@case
def value_made_twice(folder: Path) -> Path:
    net = OnnxModel()
    x = net.input("x", [1, 4])
    net.node("Relu", [x], "y", name="/first")
    net.node("Sigmoid", [x], "y", name="/second")
    net.output("y", [1, 4])
    return net.save(folder)


@case
def input_that_nothing_makes(folder: Path) -> Path:
    net = OnnxModel()
    net.output(net.node("Add", [net.input("x", [1, 4]), "ghost"], "y"))
    return net.save(folder)


@case
def output_that_nothing_makes(folder: Path) -> Path:
    net = OnnxModel()
    net.node("Relu", [net.input("x", [1, 4])], "y")
    net.output("z", [1, 4])
    return net.save(folder)


@case
def output_is_an_input(folder: Path) -> Path:
    net = OnnxModel()
    net.output(net.input("x", [1, 4]), [1, 4])
    net.output(net.node("Relu", ["x"], "y"))
    return net.save(folder)


@case
def output_is_a_constant(folder: Path) -> Path:
    net = OnnxModel()
    net.input("x", [1, 4])
    net.output(net.constant(np.ones(4, np.float32), name="w"), [4])
    return net.save(folder)


@case
def cyclic_graph(folder: Path) -> Path:
    net = OnnxModel()
    net.node("Add", [net.input("x", [1, 4]), "c"], "a", name="/a")
    net.node("Relu", ["a"], "b", name="/b")
    net.node("Sigmoid", ["b"], "c", name="/c")
    net.output("c", [1, 4])
    return net.save(folder)


@case
def control_flow(folder: Path) -> Path:
    net = OnnxModel()
    net.input("x", [1, 4])
    body = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["t"])],
        "branch",
        [],
        [helper.make_tensor_value_info("t", FLOAT, [1, 4])],
    )
    condition = net.constant(True, name="condition")
    net.node("If", [condition], "y", then_branch=body, else_branch=body)
    net.output("y", [1, 4])
    return net.save(folder)


@case
def unsupported_operators(folder: Path) -> Path:
    net = OnnxModel()
    x = net.input("x", [1, 3, 8, 8])
    y = net.node("LRN", [x], "a", size=3, name="/norm/LRN")
    y = net.node("Relu", [y])
    y = net.node("ConvInteger", [y, y], "b", name='bad "name"\nwith */ line')
    y = net.node("Quant", [y], "c", domain="qonnx.custom_op.general", name="/q/Quant")
    net.output(net.node("Det", [y], "y", name="/tail/Det"))
    return net.save(folder)


@case
def sparse_weights(folder: Path) -> Path:
    model = small_convnet().model()
    values = helper.make_tensor("s", FLOAT, [1], [1.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [3])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [10]))
    return _proto(folder, model)


# Inputs


@case
def dynamic_shape(folder: Path) -> Path:
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", ["batch", 3, "height", None])], "y"))
    return net.save(folder)


@case
def unknown_shape(folder: Path) -> Path:
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", None)], "y"))
    return net.save(folder)


@case
def batch_of_four(folder: Path) -> Path:
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", [4, 3, 8, 8])], "y"))
    return net.save(folder)


@case
def int64_input(folder: Path) -> Path:
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", [1, 4], TensorProto.INT64)], "y"))
    return net.save(folder)


@case
def absurd_input(folder: Path) -> Path:
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", [1, 2**40, 2**40])], "y"))
    return net.save(folder)


@case
def shape_of_no_input(folder: Path) -> Path:
    SHAPES["shape_of_no_input"] = {"inputs": (1, 4)}
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("input", [1, "n"])], "y"))
    return net.save(folder)


@case
def shape_of_wrong_rank(folder: Path) -> Path:
    SHAPES["shape_of_wrong_rank"] = {"x": (1, 4, 4)}
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", [1, "n"])], "y"))
    return net.save(folder)


@case
def shape_with_a_batch(folder: Path) -> Path:
    SHAPES["shape_with_a_batch"] = {"x": (8, 4)}
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", ["n", 4])], "y"))
    return net.save(folder)


# Constants


def _with_weights(folder: Path, tensor: TensorProto) -> Path:
    tensor.name = "w"
    net = OnnxModel()
    net.initializers.append(tensor)
    net.output(net.node("Mul", [net.input("x", [1, 4]), "w"], "y"))
    return net.save(folder)


@case
def absurd_claimed_size(folder: Path) -> Path:
    tensor = TensorProto(data_type=FLOAT, dims=[2**40, 2**40], raw_data=bytes(16))
    return _with_weights(folder, tensor)


@case
def negative_size(folder: Path) -> Path:
    return _with_weights(folder, TensorProto(data_type=FLOAT, dims=[-4], raw_data=bytes(16)))


@case
def short_data(folder: Path) -> Path:
    return _with_weights(folder, TensorProto(data_type=FLOAT, dims=[4], float_data=[1.0, 2.0]))


@case
def bfloat16_weights(folder: Path) -> Path:
    return _with_weights(
        folder, TensorProto(data_type=TensorProto.BFLOAT16, dims=[4], raw_data=bytes(8))
    )


@case
def weights_that_are_no_numbers(folder: Path) -> Path:
    data = np.array([1, np.nan, 2, 3], np.float32)
    return _with_weights(folder, onnx.numpy_helper.from_array(data))


@case
def double_weights_beyond_float32(folder: Path) -> Path:
    return _with_weights(folder, onnx.numpy_helper.from_array(np.array([1.0, 1e300, 2.0, 3.0])))


@case
def absurd_constant_of_shape(folder: Path) -> Path:
    net = OnnxModel()
    big = net.node("ConstantOfShape", [net.constant([2**31, 2**31], np.int64)], name="/fill")
    net.output(net.node("Add", [net.input("x", [1, 4]), big], "y"))
    return net.save(folder)


@case
def absurd_expand(folder: Path) -> Path:
    net = OnnxModel()
    one = net.constant(np.ones(1, np.float32))
    big = net.node("Expand", [one, net.constant([2**20, 2**20], np.int64)], name="/expand")
    net.output(net.node("Add", [net.input("x", [1, 4]), big], "y"))
    return net.save(folder)


@case
def absurd_range(folder: Path) -> Path:
    net = OnnxModel()
    limits = [net.constant(value, np.float32) for value in (0, 1e30, 1e-3)]
    big = net.node("Range", limits, name="/range")
    net.output(net.node("Add", [net.input("x", [1, 4]), big], "y"))
    return net.save(folder)


@case
def constant_that_doubles_sixty_times(folder: Path) -> Path:
    net = OnnxModel()
    big = net.constant(np.ones(1, np.float32))
    for step in range(60):
        big = net.node("Concat", [big, big], axis=0, name=f"/double{step}")
    net.output(net.node("Add", [net.input("x", [1, 4]), big], "y"))
    return net.save(folder)


# External data


def _external(folder: Path, **entries: str) -> Path:
    tensor = TensorProto(data_type=FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return _with_weights(folder, tensor)


@case
def external_data_missing(folder: Path) -> Path:
    return _external(folder, location="m.onnx.data")


@case
def external_data_absolute(folder: Path) -> Path:
    return _external(folder, location="/etc/passwd", length="16")


@case
def external_data_in_the_parent(folder: Path) -> Path:
    return _external(folder, location="a/../../m.onnx.data", length="16")


@case
def external_data_through_a_link(folder: Path) -> Path:
    (folder / "weights").symlink_to("/etc")
    return _external(folder, location="weights/passwd", length="16")


@case
def external_data_too_short(folder: Path) -> Path:
    _file(folder, "w.bin", bytes(20))
    return _external(folder, location="w.bin", offset="8", length="16")


@case
def external_data_of_another_size(folder: Path) -> Path:
    _file(folder, "w.bin", bytes(64))
    return _external(folder, location="w.bin", length="64")


@case
def external_data_offset_negative(folder: Path) -> Path:
    _file(folder, "w.bin", bytes(64))
    return _external(folder, location="w.bin", offset="-16", length="16")


@case
def external_data_of_no_valid_name(folder: Path) -> Path:
    path = _external(folder, location="AAAAAAAA")
    path.write_bytes(path.read_bytes().replace(b"AAAAAAAA", b"AAAA\xff\xfeAA"))
    return path


# Quantisation


def _quantised(folder: Path, scale: object, zero: object = 0, dtype: object = np.int8) -> Path:
    net = OnnxModel()
    q = net.node(
        "QuantizeLinear",
        [
            net.input("x", [1, 4, 2, 2]),
            net.constant(scale, np.float32, name="scale"),
            net.constant(zero, dtype, name="zero"),
        ],
        name="/quantize",
    )
    net.output(net.node("DequantizeLinear", [q, "scale", "zero"], "y", name="/dequantize"))
    return net.save(folder)


@case
def zero_scale(folder: Path) -> Path:
    return _quantised(folder, 0.0)


@case
def negative_scale(folder: Path) -> Path:
    return _quantised(folder, -0.5)


@case
def scale_not_a_number(folder: Path) -> Path:
    return _quantised(folder, np.nan)


@case
def infinite_scale(folder: Path) -> Path:
    return _quantised(folder, np.inf)


@case
def activation_per_channel(folder: Path) -> Path:
    return _quantised(folder, [0.1, 0.2, 0.3, 0.4], [0, 0, 0, 0])


@case
def zero_points_of_another_count(folder: Path) -> Path:
    return _quantised(folder, 0.1, [0, 0, 0])


@case
def sixteen_bit_activations(folder: Path) -> Path:
    return _quantised(folder, 0.1, 0, np.uint16)


@case
def float_zero_point(folder: Path) -> Path:
    return _quantised(folder, 0.1, 0, np.float32)


@case
def scale_at_run_time(folder: Path) -> Path:
    net = OnnxModel()
    x, scale = net.input("x", [1, 4]), net.input("scale", [1])
    net.output(net.node("QuantizeLinear", [x, scale], "y"), [1, 4], TensorProto.UINT8)
    return net.save(folder)


@case
def zero_point_of_another_type(folder: Path) -> Path:
    net = OnnxModel()
    q = net.quantize(net.input("x", [1, 4]), 0.1, 0, np.int8, output="q")
    net.output(net.dequantize(q, 0.1, 0, np.uint8, output="y", name="/dequantize"))
    return net.save(folder)


@case
def read_with_another_scale(folder: Path) -> Path:
    net = OnnxModel()
    q = net.quantize(net.input("x", [1, 4]), 0.1, 3, np.uint8, output="q")
    net.output(net.dequantize(q, 0.2, 3, np.uint8, output="y", name="/dequantize"))
    return net.save(folder)


@case
def scales_of_another_count_than_channels(folder: Path) -> Path:
    net = OnnxModel()
    w = net.weights(np.ones((4, 3), np.int8), [0.1, 0.2, 0.3])
    net.output(net.node("Gemm", [net.input("x", [1, 3]), w], "y", transB=1))
    return net.save(folder)


@case
def arithmetic_on_integers(folder: Path) -> Path:
    net = OnnxModel(opset=14)
    x = net.input("x", [1, 4], INT8)
    net.output(net.node("Add", [x, x], "y", name="/add"), [1, 4], INT8)
    return net.save(folder)


# Shapes


@case
def mismatched_reshape(folder: Path) -> Path:
    net = OnnxModel()
    shape = net.constant([1, 5], np.int64)
    net.output(net.node("Reshape", [net.input("x", [1, 4]), shape], "y", name="/reshape"))
    return net.save(folder)


@case
def mismatched_add(folder: Path) -> Path:
    net = OnnxModel()
    x, y = net.input("x", [1, 4]), net.input("y", [1, 5])
    net.output(net.node("Add", [x, y], "z", name="/add"))
    return net.save(folder)


@case
def mismatched_gemm(folder: Path) -> Path:
    net = OnnxModel()
    w = net.constant(np.ones((3, 5), np.float32))
    net.output(net.node("Gemm", [net.input("x", [1, 4]), w], "y", name="/gemm", transB=1))
    return net.save(folder)


@case
def image_smaller_than_the_kernel(folder: Path) -> Path:
    net = OnnxModel()
    w = net.constant(np.ones((2, 3, 5, 5), np.float32))
    net.output(net.node("Conv", [net.input("x", [1, 3, 4, 4]), w], "y", name="/conv"))
    return net.save(folder)


@case
def attribute_of_the_wrong_kind(folder: Path) -> Path:
    net = OnnxModel()
    w = net.constant(np.ones((2, 3, 3, 3), np.float32))
    x = net.input("x", [1, 3, 8, 8])
    net.output(net.node("Conv", [x, w], "y", name="/conv", strides="two"))
    return net.save(folder)


@case
def missing_operand(folder: Path) -> Path:
    net = OnnxModel()
    net.output(net.node("Conv", [net.input("x", [1, 3, 8, 8])], "y", name="/conv"))
    return net.save(folder)


@case
def declared_output_differs(folder: Path) -> Path:
    net = OnnxModel()
    net.output(net.node("Relu", [net.input("x", [1, 4])], "y"), [1, 5])
    return net.save(folder)
