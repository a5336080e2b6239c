"""Other quantisers' dialects, rewritten to QDQ form: against onnxruntime's run of the file."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from against_onnxruntime import assert_equals_onnxruntime
from onnx import TensorProto, helper
from onnx_models import INT8, UINT8, OnnxModel

from tinycc.errors import ModelError
from tinycc.frontend import read_onnx
from tinycc.frontend.onnx_network import why_float
from tinycc.ir.graph import Graph

MICROSOFT = "com.microsoft"
QONNX = "qonnx.custom_op.general"


class Quantized(OnnxModel):
    """A model of QLinear operators with integer activations."""

    def __init__(self, dtype: type = np.int8) -> None:
        super().__init__()
        self.dtype = dtype
        self.zero = 7 if dtype is np.int8 else 131

    def parameters(self, scale: float, shift: int = 0) -> list[str]:
        return [
            self.constant(scale, np.float32),
            self.constant(self.zero + shift, self.dtype),
        ]

    def activation(
        self, name: str, shape: tuple[int, ...], scale: float, shift: int = 0
    ) -> list[str]:
        element = INT8 if self.dtype is np.int8 else UINT8
        return [self.input(name, shape, element), *self.parameters(scale, shift)]

    def finish(self, folder: Path) -> Path:
        model = self.model()
        for domain in {node.domain for node in self.nodes} - {""}:
            model.opset_import.append(helper.make_opsetid(domain, 1))
        path = folder / "m.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    def end(self, y: str) -> None:
        self.output(y, None, INT8 if self.dtype is np.int8 else UINT8)


DTYPES = pytest.mark.parametrize("dtype", [np.int8, np.uint8])


@DTYPES
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("per_channel", [False, True])
def test_qlinear_conv(dtype: type, bias: bool, per_channel: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    m = Quantized(dtype)
    x = m.activation("x", (1, 4, 6, 7), 0.05)
    scale = rng.uniform(0.002, 0.01, 6 if per_channel else ()).astype(np.float32)
    w = [
        m.constant(rng.integers(-127, 128, (6, 2, 3, 3)), np.int8),
        m.constant(scale),
        m.constant(np.zeros(scale.shape), np.int8),
    ]
    b = [m.constant(rng.integers(-900, 900, 6), np.int32)] if bias else []
    operands = [*x, *w, *m.parameters(0.04, -3), *b]
    m.end(m.node("QLinearConv", operands, "y", group=2, pads=[1, 1, 1, 1], strides=[2, 1]))
    assert_equals_onnxruntime(m.finish(tmp_path))


@DTYPES
def test_qlinear_matmul(dtype: type, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    m = Quantized(dtype)
    w = [
        m.constant(rng.integers(-127, 128, (9, 5)), np.int8),
        m.constant(0.01, np.float32),
        m.constant(0, np.int8),
    ]
    operands = [*m.activation("x", (1, 9), 0.05), *w, *m.parameters(0.06)]
    m.end(m.node("QLinearMatMul", operands, "y"))
    assert_equals_onnxruntime(m.finish(tmp_path))


@DTYPES
@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize("quantized", [False, True])
def test_qgemm(dtype: type, transposed: int, quantized: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    m = Quantized(dtype)
    scale = rng.uniform(0.002, 0.01, 5).astype(np.float32)
    w = [
        m.constant(rng.integers(-127, 128, (5, 9) if transposed else (9, 5)), np.int8),
        m.constant(scale),
        m.constant(np.zeros(5), np.int8),
    ]
    b = m.constant(rng.integers(-900, 900, 5), np.int32)
    operands = [*m.activation("x", (1, 9), 0.05), *w, b, *(m.parameters(0.03) if quantized else [])]
    y = m.node("QGemm", operands, "y", domain=MICROSOFT, transB=transposed, alpha=1.0)
    m.end(y) if quantized else m.output(y)
    assert_equals_onnxruntime(m.finish(tmp_path))


@DTYPES
@pytest.mark.parametrize("op", ["QLinearAdd", "QLinearMul"])
def test_qlinear_add_and_mul(op: str, dtype: type, tmp_path: Path) -> None:
    m = Quantized(dtype)
    a, b = m.activation("a", (1, 4, 5, 3), 0.0493), m.activation("b", (1, 4, 1, 3), 0.0307, 5)
    m.end(m.node(op, [*a, *b, *m.parameters(0.1)], "y", domain=MICROSOFT))
    assert_equals_onnxruntime(m.finish(tmp_path))


@DTYPES
def test_qlinear_concat(dtype: type, tmp_path: Path) -> None:
    m = Quantized(dtype)
    a, b = m.activation("a", (1, 2, 5, 3), 0.05), m.activation("b", (1, 4, 5, 3), 0.03, 5)
    m.end(m.node("QLinearConcat", [*m.parameters(0.05), *a, *b], "y", domain=MICROSOFT, axis=1))
    assert_equals_onnxruntime(m.finish(tmp_path))


@DTYPES
@pytest.mark.parametrize(
    ("op", "attributes", "scale"),
    [
        ("QLinearAveragePool", {"kernel_shape": [2, 3], "strides": [2, 2]}, 0.04),
        ("QLinearGlobalAveragePool", {"channels_last": 0}, 0.02),
        ("QLinearSigmoid", {}, 1 / 256),
        ("QLinearLeakyRelu", {"alpha": 0.1}, 0.05),
        ("QLinearSoftmax", {"axis": -1, "opset": 13}, 1 / 200),
    ],
)
def test_qlinear_functions(
    op: str, attributes: dict[str, object], scale: float, dtype: type, tmp_path: Path
) -> None:
    m = Quantized(dtype)
    x = m.activation("x", (1, 4, 6, 7), 0.05)
    m.end(m.node(op, [*x, *m.parameters(scale)], "y", domain=MICROSOFT, **attributes))
    assert_equals_onnxruntime(m.finish(tmp_path))


def test_a_pool_over_channels_last_is_not_mistaken_for_another(tmp_path: Path) -> None:
    m = Quantized()
    x = m.activation("x", (1, 4, 6, 7), 0.05)
    y = m.node(
        "QLinearGlobalAveragePool",
        [*x, *m.parameters(0.02)],
        "y",
        domain=MICROSOFT,
        channels_last=1,
    )
    m.end(y)
    with pytest.raises(ModelError, match="QLinearGlobalAveragePool is not supported"):
        read_onnx(m.finish(tmp_path))


# QONNX


def _qonnx(bits: int, signed: int, narrow: int, folder: Path) -> tuple[Graph, Graph]:
    """The same small network with Quant nodes, and in QDQ form with what they mean."""
    rng = np.random.default_rng(3)
    weights = rng.normal(0, 0.1, (4, 6)).astype(np.float32)
    scales = rng.uniform(0.01, 0.1, (4, 1)).astype(np.float32)
    high = 2 ** (bits - 1) - 1
    quant = OnnxModel()
    one = quant.constant(0.0, np.float32)
    width = quant.constant(float(bits), np.float32)
    behind_a_node = quant.node("Constant", [], value=onnx.numpy_helper.from_array(np.float32(0.1)))
    x = quant.node(
        "Quant",
        [quant.input("x", (1, 6)), behind_a_node, one, width],
        domain=QONNX,
        signed=signed,
        narrow=narrow,
        rounding_mode="ROUND",
    )
    w = quant.node(
        "Quant",
        [quant.constant(weights), quant.constant(scales), one, width],
        domain=QONNX,
        signed=1,
        narrow=1,
        rounding_mode="ROUND",
    )
    quant.output(quant.node("Gemm", [x, w], "y", transB=1))
    model = quant.model()
    model.opset_import.append(helper.make_opsetid(QONNX, 1))
    path = folder / "quant.onnx"
    path.write_bytes(model.SerializeToString())

    dtype = np.int8 if signed else np.uint8
    low, top = (-high - 1 + narrow, high) if signed else (0, 2**bits - 1 - narrow)
    qdq = OnnxModel()
    q = qdq.quantize(qdq.input("x", (1, 6)), 0.1, 0, dtype)
    if (low, top) != (np.iinfo(dtype).min, np.iinfo(dtype).max):
        q = qdq.node("Clip", [q, qdq.constant(low, dtype), qdq.constant(top, dtype)])
    x = qdq.dequantize(q, 0.1, 0, dtype)
    integers = np.clip(np.rint(weights / scales), -high, high).astype(np.int8)
    w = qdq.weights(integers, scales.ravel().tolist())
    qdq.output(qdq.node("Gemm", [x, w], "y", transB=1))
    assert_equals_onnxruntime(qdq.save(folder))
    return read_onnx(path), read_onnx(folder / "m.onnx")


@pytest.mark.parametrize(
    ("bits", "signed", "narrow"), [(8, 1, 0), (8, 1, 1), (8, 0, 0), (4, 1, 0), (4, 0, 0), (2, 1, 1)]
)
def test_quant_is_read_as_a_pair(bits: int, signed: int, narrow: int, tmp_path: Path) -> None:
    ours, expected = _qonnx(bits, signed, narrow, tmp_path)
    assert [node.op for node in ours.nodes] == [node.op for node in expected.nodes]
    for one, other in zip(ours.nodes, expected.nodes, strict=True):
        assert one.attrs == other.attrs
        assert ours.tensors[one.output].type == expected.tensors[other.output].type
        for a, b in zip(one.inputs, other.inputs, strict=True):
            left, right = ours.tensors[a], expected.tensors[b]
            assert left.type == right.type
            assert left.data is None or np.array_equal(left.data, right.data)


@pytest.mark.parametrize(
    ("bits", "scale", "mode", "text"),
    [
        (9.0, 0.1, "ROUND", "node `/Quant_0` (Quant): an activation of 9 bits; at most 8 are"),
        (16.0, 0.1, "ROUND", "an activation of 16 bits"),
        (7.5, 0.1, "ROUND", "its bit width and zero point are no single integers"),
        (1.0, 0.1, "ROUND", "1 bits are not supported"),
        (8.0, 0.1, "FLOOR", "rounding mode FLOOR is not supported"),
        (8.0, [0.1] * 6, "ROUND", "an activation has 6 scales"),
    ],
)
def test_other_activations_are_refused(
    bits: float, scale: object, mode: str, text: str, tmp_path: Path
) -> None:
    m = OnnxModel()
    zero, step = m.constant(0.0, np.float32), m.constant(scale, np.float32)
    operands = [m.input("x", (1, 6)), step, zero, m.constant(bits, np.float32)]
    m.output(m.node("Quant", operands, "y", domain=QONNX, signed=1, rounding_mode=mode))
    with pytest.raises(ModelError, match=re.escape(text)):
        read_onnx(m.save(tmp_path))


def test_a_scale_that_is_computed_is_refused(tmp_path: Path) -> None:
    m = OnnxModel()
    x = m.input("x", (1, 6))
    zero, bits = m.constant(0.0, np.float32), m.constant(8.0, np.float32)
    scale = m.node("ReduceMax", [x])
    m.output(m.node("Quant", [x, scale, zero, bits], "y", domain=QONNX, signed=1))
    with pytest.raises(ModelError, match="scale, zero point or bit width is computed at run time"):
        read_onnx(m.save(tmp_path))


# Dynamic quantisation


def test_layers_quantised_at_run_time_are_read_as_float_layers(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    m = OnnxModel()
    x = m.input("x", (1, 3, 6, 6))
    weights = rng.integers(-127, 128, (5, 3, 3, 3)).astype(np.int8)
    bias = m.node(
        "Reshape", [m.constant(rng.normal(0, 1, 5), np.float32), m.constant([1, 5, 1, 1], np.int64)]
    )
    y = _dynamic(m, x, "ConvInteger", weights, 0.02, pads=[1, 1, 1, 1])
    y = m.node("Relu", [m.node("Add", [y, bias])])
    y = m.node("Flatten", [y])
    matrix = rng.integers(-127, 128, (180, 4)).astype(np.int8)
    m.output(_dynamic(m, y, "MatMulInteger", matrix, 0.01))
    path = m.save(tmp_path)
    assert why_float(path) == "quantises its activations at run time"
    graph = read_onnx(path)
    kinds = [node.op for node in graph.nodes]
    assert kinds.count("conv2d") == kinds.count("fully_connected") == 1
    stored = [t.data for t in graph.tensors.values() if t.is_constant and t.data.dtype == np.int8]
    assert {array.size for array in stored} == {weights.size, matrix.size}


def _dynamic(
    m: OnnxModel, x: str, op: str, weights: np.ndarray, scale: float, **more: object
) -> str:
    """As onnxruntime's quantize_dynamic writes a layer."""
    names = [f"{x}.q", f"{x}.scale", f"{x}.zero"]
    m.node("DynamicQuantizeLinear", [x], names)
    factor = m.node("Mul", [names[1], m.constant(scale, np.float32)])
    operands = [names[0], m.constant(weights), names[2], m.constant(0, np.int8)]
    cast = m.node("Cast", [m.node(op, operands, **more)], to=TensorProto.FLOAT)
    return m.node("Mul", [cast, factor])


# Operator sets before 11


@pytest.mark.parametrize("opset", [8, 9, 10])
def test_attributes_of_old_operator_sets_are_read(opset: int, tmp_path: Path) -> None:
    m = OnnxModel(opset)
    x = m.input("x", (1, 3, 6, 6))
    y = m.node("Clip", [x], min=-0.5, max=0.75)
    y = m.node("Pad", [y], pads=[0, 0, 1, 0, 0, 0, 0, 2], value=0.25)
    if opset < 10:
        y = m.node("Slice", [y], starts=[1, 0], ends=[3, 5], axes=[1, 2])
    y = m.node("MaxPool", [y], kernel_shape=[2, 2], strides=[1, 2])
    scales = [1.0, 1.0, 2.0, 2.0]
    if opset == 8:
        y = m.node("Upsample", [y], scales=scales, mode="nearest")
    elif opset == 9:
        y = m.node("Upsample", [y, m.constant(scales, np.float32)], mode="nearest")
    else:
        y = m.node("Resize", [y, m.constant(scales, np.float32)], mode="nearest")
    m.output(m.node("Relu", [y], "y"))
    assert_equals_onnxruntime(m.save(tmp_path))


# Training mode


def _trained(folder: Path, read: str | None = None) -> Path:
    """As torch.onnx.export(training=TrainingMode.PRESERVE) writes a network."""
    rng = np.random.default_rng(5)
    m = OnnxModel(15)
    x = m.input("x", (1, 4, 5, 5))
    operands = [m.constant(rng.uniform(0.5, 1.5, 4), np.float32) for _ in range(4)]
    m.node("BatchNormalization", [x, *operands], ["a", "mean", "var"], training_mode=1)
    ratio = m.constant(0.5, np.float32)
    m.node("Dropout", ["a", ratio, m.constant(True)], ["b", "mask"])
    m.output(m.node("Relu", ["b"], "y"))
    if read is not None:
        m.output(read)
    return m.save(folder)


def test_training_mode_is_read_as_in_use(tmp_path: Path) -> None:
    graph = assert_equals_onnxruntime(_trained(tmp_path))
    assert {node.op for node in graph.nodes} <= {"conv2d", "transpose", "lookup"}


def test_statistics_that_are_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="export the model in evaluation mode"):
        read_onnx(_trained(tmp_path, "mean"))


@pytest.mark.parametrize("opset", [8, 10])
def test_errors_of_old_files_name_the_opset_of_the_file(opset: int, tmp_path: Path) -> None:
    m = OnnxModel(opset)
    x = m.input("x", (1, 3, 6, 6))
    m.output(m.node("LRN", [m.node("Clip", [x], min=0.0)], "y", size=3))
    with pytest.raises(ModelError) as caught:
        read_onnx(m.save(tmp_path))
    assert f"opset {opset}" in str(caught.value)
    assert "opset 11" not in str(caught.value)
