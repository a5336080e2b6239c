"""Every TFLite operator against LiteRT's reference kernel, given equal inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from against_onnxruntime import random_inputs
from tflite_models import TfliteModel, layer, small_network

from tinycc.frontend import read_network, tflite_names
from tinycc.interp.interpreter import evaluate
from tinycc.interp.lite import LiteModel
from tinycc.ir.graph import Graph
from tinycc.passes.check_supported import unsupported
from tinycc.pipeline import Options, lower
from tinycc.target import load_target

pytest.importorskip("ai_edge_litert", reason="LiteRT: pip install ai-edge-litert")

IMAGE = (1, 6, 7, 4)
Case = Callable[[TfliteModel, np.random.Generator], None]


def _unary(
    kind: str,
    scale: float = 0.05,
    zero: int = 0,
    out: tuple[float, int] = (0.05, 0),
    **options: object,
) -> Case:
    def build(m: TfliteModel, rng: np.random.Generator) -> None:
        x = m.input(IMAGE, scale, zero)
        m.outputs = [m.tensor(IMAGE, *out)]
        m.operator(kind, [x], m.outputs[0], **options)

    return build


def _binary(
    kind: str, second: tuple[int, ...] = IMAGE, constant: bool = False, **options: object
) -> Case:
    def build(m: TfliteModel, rng: np.random.Generator) -> None:
        x = m.input(IMAGE, 0.05, 3)
        if constant:
            data = rng.integers(-127, 128, second)
            y = m.constant(data, "int8", scale=0.03, zero=-9)
        else:
            y = m.input(second, 0.03, -9)
        m.outputs = [m.tensor(IMAGE, 0.07, 5)]
        m.operator(kind, [x, y], m.outputs[0], **options)

    return build


def _window(
    kind: str,
    weights: tuple[int, ...],
    output: tuple[int, ...],
    x: tuple[int, ...] = IMAGE,
    **options: object,
) -> Case:
    def build(m: TfliteModel, rng: np.random.Generator) -> None:
        m.outputs = [layer(m, rng, kind, m.input(x, 0.05, -7), weights, output, **options)]

    return build


def _pool(kind: str, output: tuple[int, ...], **options: object) -> Case:
    def build(m: TfliteModel, rng: np.random.Generator) -> None:
        m.outputs = [m.tensor(output, 0.05, 3)]
        m.operator(kind, [m.input(IMAGE, 0.05, 3)], m.outputs[0], **options)

    return build


def _moved(
    kind: str,
    output: tuple[int, ...],
    *operands: object,
    x: tuple[int, ...] = IMAGE,
    **options: object,
) -> Case:
    def build(m: TfliteModel, rng: np.random.Generator) -> None:
        source = m.input(x, 0.05, 3)
        constants = [m.constant(np.array(operand)) for operand in operands]
        m.outputs = [m.tensor(output, 0.05, 3)]
        m.operator(kind, [source, *constants], m.outputs[0], **options)

    return build


def _mean(axes: tuple[int, ...], output: tuple[int, ...], keep: bool, kind: str = "MEAN") -> Case:
    def build(m: TfliteModel, rng: np.random.Generator) -> None:
        x = m.input(IMAGE, 0.05, 3)
        m.outputs = [m.tensor(output, *((0.04, -8) if kind == "MEAN" else (0.05, 3)))]
        m.operator(kind, [x, m.constant(axes)], m.outputs[0], keep_dims=keep)

    return build


def _requantize(m: TfliteModel, rng: np.random.Generator) -> None:
    x = m.input(IMAGE, 0.05, 3)
    m.outputs = [m.tensor(IMAGE, 0.08, -20)]
    m.operator("QUANTIZE", [x], m.outputs[0])


def _float_border(m: TfliteModel, rng: np.random.Generator) -> None:
    x = m.input(IMAGE, element="float32")
    q, r = m.tensor(IMAGE, 0.02, 5), m.tensor(IMAGE, 0.02, 5)
    m.operator("QUANTIZE", [x], q)
    m.operator("RELU", [q], r)
    m.outputs = [m.tensor(IMAGE, element="float32")]
    m.operator("DEQUANTIZE", [r], m.outputs[0])


def _concat(m: TfliteModel, rng: np.random.Generator) -> None:
    x, y = m.input(IMAGE, 0.05, 3), m.input((1, 6, 7, 2), 0.05, 3)
    m.outputs = [m.tensor((1, 6, 7, 6), 0.05, 3)]
    m.operator("CONCATENATION", [x, y], m.outputs[0], axis=-1)


def _pack(m: TfliteModel, rng: np.random.Generator) -> None:
    x, y = m.input((1, 5), 0.05, 3), m.input((1, 5), 0.05, 3)
    m.outputs = [m.tensor((1, 2, 5), 0.05, 3)]
    m.operator("PACK", [x, y], m.outputs[0], values_count=2, axis=1)


def _split(m: TfliteModel, rng: np.random.Generator) -> None:
    x = m.input(IMAGE, 0.05, 3)
    m.outputs = [m.tensor((1, 6, 7, 2), 0.05, 3) for _ in range(2)]
    m.operator("SPLIT", [m.constant(np.array(3)), x], m.outputs, num_splits=2)


def _split_v(m: TfliteModel, rng: np.random.Generator) -> None:
    x = m.input(IMAGE, 0.05, 3)
    m.outputs = [m.tensor((1, 6, 7, 1), 0.05, 3), m.tensor((1, 6, 7, 3), 0.05, 3)]
    operands = [x, m.constant([1, -1]), m.constant(np.array(3))]
    m.operator("SPLIT_V", operands, m.outputs, num_splits=2)


def _unsigned(m: TfliteModel, rng: np.random.Generator) -> None:
    """As converters before 2020 wrote it: uint8 everywhere, weights with a zero point."""
    x = m.input(IMAGE, 0.05, 120, "uint8")
    w = m.constant(rng.integers(1, 256, (5, 3, 3, 4)), "uint8", scale=0.01, zero=128)
    b = m.constant(rng.integers(-900, 900, 5), scale=0.0005)
    m.outputs = [m.tensor((1, 6, 7, 5), 0.06, 100, "uint8")]
    m.operator("CONV_2D", [x, w, b], m.outputs[0], padding=0, stride_w=1, stride_h=1)


def _shifted(kind: str) -> Case:
    """Weights of uint8 that int8 does not hold without their zero point."""

    def build(m: TfliteModel, rng: np.random.Generator) -> None:
        shape, output = {
            "CONV_2D": ((5, 3, 3, 4), (1, 6, 7, 5)),
            "DEPTHWISE_CONV_2D": ((1, 3, 3, 4), (1, 6, 7, 4)),
            "FULLY_CONNECTED": ((5, 168), (1, 5)),
        }[kind]
        x = m.input(IMAGE, 0.05, 120, "uint8")
        w = m.constant(rng.integers(0, 256, shape), "uint8", scale=0.01, zero=90)
        b = m.constant(rng.integers(-900, 900, output[-1]), scale=0.0005)
        m.outputs = [m.tensor(output, 0.3, 100, "uint8")]
        m.operator(kind, [x, w, b], m.outputs[0], **_STRIDES.get(kind, {}))

    return build


_STRIDES: dict[str, dict[str, int]] = {
    "CONV_2D": {"padding": 0, "stride_w": 1, "stride_h": 1},
    "DEPTHWISE_CONV_2D": {
        "padding": 0,
        "stride_w": 1,
        "stride_h": 1,
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
    },
}


def _limited(kind: str) -> Case:
    """A bound; all scales are one, as TFLite wants it."""

    def build(m: TfliteModel, rng: np.random.Generator) -> None:
        x, bound = m.input(IMAGE, 0.05, 3), m.constant(np.array(20), "int8", scale=0.05, zero=3)
        m.outputs = [m.tensor(IMAGE, 0.05, 3)]
        m.operator(kind, [x, bound], m.outputs[0])

    return build


def _padded(m: TfliteModel, rng: np.random.Generator) -> None:
    x, value = m.input(IMAGE, 0.05, 3), m.constant(np.array(40), "int8", scale=0.05, zero=3)
    m.outputs = [m.tensor((1, 8, 8, 4), 0.05, 3)]
    m.operator("PADV2", [x, m.constant([[0, 0], [1, 1], [0, 1], [0, 0]]), value], m.outputs[0])


def _prelu(m: TfliteModel, rng: np.random.Generator) -> None:
    x = m.input(IMAGE, 0.05, 3)
    slopes = m.constant(rng.integers(5, 127, (1, 1, 4)), "int8", scale=0.003, zero=-4)
    m.outputs = [m.tensor(IMAGE, 0.05, -20)]
    m.operator("PRELU", [x, slopes], m.outputs[0])


def _small(m: TfliteModel, rng: np.random.Generator) -> None:
    made = small_network(int(rng.integers(0, 99)))
    m.__dict__.update(made.__dict__)


CASES: dict[str, Case] = {
    "small network": _small,
    "conv same": _window("CONV_2D", (5, 3, 3, 4), (1, 6, 7, 5)),
    "conv same, even kernel and stride": _window("CONV_2D", (5, 2, 4, 4), (1, 3, 4, 5), stride=2),
    "conv valid, dilated, relu6": _window(
        "CONV_2D",
        (3, 2, 3, 4),
        (1, 4, 3, 3),
        padding=1,
        dilation_w_factor=2,
        dilation_h_factor=2,
        fused_activation_function=3,
    ),
    "conv with groups": _window("CONV_2D", (6, 3, 3, 2), (1, 6, 7, 6)),
    "depthwise": _window("DEPTHWISE_CONV_2D", (1, 3, 3, 4), (1, 3, 4, 4), stride=2),
    "depthwise, multiplier 3": _window("DEPTHWISE_CONV_2D", (1, 3, 3, 12), (1, 6, 7, 12)),
    "fully connected": _window("FULLY_CONNECTED", (5, 12), (1, 5), x=(1, 12), axis=0),
    "fully connected, relu": _window(
        "FULLY_CONNECTED", (5, 12), (1, 5), x=(1, 12), axis=0, fused_activation_function=1
    ),
    "fully connected flattens": _window("FULLY_CONNECTED", (5, 12), (1, 5), x=(1, 2, 2, 3), axis=0),
    "fully connected keeps axes": _window(
        "FULLY_CONNECTED", (5, 4), (1, 3, 5), x=(1, 3, 4), axis=0, keep_num_dims=True
    ),
    "uint8": _unsigned,
    "uint8 convolution, any zero point": _shifted("CONV_2D"),
    "uint8 depthwise, any zero point": _shifted("DEPTHWISE_CONV_2D"),
    "uint8 fully connected, any zero point": _shifted("FULLY_CONNECTED"),
    "prelu per channel": _prelu,
    "average pool same": _pool(
        "AVERAGE_POOL_2D",
        (1, 3, 4, 4),
        padding=0,
        stride_w=2,
        stride_h=2,
        filter_width=3,
        filter_height=3,
    ),
    "max pool valid, relu": _pool(
        "MAX_POOL_2D",
        (1, 3, 3, 4),
        padding=1,
        stride_w=2,
        stride_h=2,
        filter_width=2,
        filter_height=2,
        fused_activation_function=1,
    ),
    "mean": _mean((1, 2), (1, 4), False),
    "mean keeps axes": _mean((1, 2), (1, 1, 1, 4), True),
    "mean of columns": _mean((2,), (1, 6, 4), False),
    "mean of channels": _mean((-1,), (1, 6, 7, 1), True),
    "largest": _mean((1, 2), (1, 4), False, "REDUCE_MAX"),
    "add": _binary("ADD"),
    "add, relu": _binary("ADD", fused_activation_function=1),
    "add per channel": _binary("ADD", (1, 1, 1, 4), constant=True),
    "sub": _binary("SUB"),
    "mul": _binary("MUL"),
    "mul gate": _binary("MUL", (1, 1, 1, 4)),
    "mul scalar": _binary("MUL", (), constant=True),
    "relu": _unary("RELU"),
    "relu6": _unary("RELU6", out=(0.03, -60)),
    "relu1": _unary("RELU_N1_TO_1"),
    "leaky relu": _unary("LEAKY_RELU", alpha=0.1),
    "logistic": _unary("LOGISTIC", out=(1 / 256, -128)),
    "tanh": _unary("TANH", 0.03, out=(1 / 128, 0)),
    "hard swish": _unary("HARD_SWISH", 0.04, 10, (0.03, -100)),
    "softmax": _unary("SOFTMAX", 0.1, 5, (1 / 256, -128), beta=1.0),
    "softmax, beta": _unary("SOFTMAX", 0.1, 5, (1 / 256, -128), beta=0.4),
    "abs": _unary("ABS"),
    "exp": _unary("EXP", 0.01, out=(0.02, -128)),
    "gelu": _unary("GELU", out=(0.03, -100), approximate=False),
    "gelu by tanh": _unary("GELU", out=(0.03, -100), approximate=True),
    "square root": _unary("SQRT", zero=-128, out=(0.02, -128)),
    "reciprocal root": _unary("RSQRT", zero=-128, out=(0.02, -128)),
    "logarithm": _unary("LOG", zero=-128, out=(0.02, 0)),
    "maximum with a scalar": _limited("MAXIMUM"),
    "minimum with a scalar": _limited("MINIMUM"),
    "pad with a value": _padded,
    "pad": _moved("PAD", (1, 7, 10, 4), [[0, 0], [1, 0], [1, 2], [0, 0]]),
    "reshape": _moved("RESHAPE", (1, 42, 4), [1, 42, 4]),
    "squeeze": _moved("SQUEEZE", (1, 7, 4), x=(1, 1, 7, 4)),
    "expand dims": _moved("EXPAND_DIMS", (1, 1, 6, 7, 4), 1),
    "transpose": _moved("TRANSPOSE", (1, 4, 6, 7), [0, 3, 1, 2]),
    "strided slice": _moved(
        "STRIDED_SLICE",
        (1, 3, 4),
        [0, 1, 2, 0],
        [1, 6, 3, 4],
        [1, 2, 1, 1],
        begin_mask=8,
        end_mask=1,
        shrink_axis_mask=4,
    ),
    "strided slice backwards": _moved(
        "STRIDED_SLICE", (1, 6, 7, 4), [0, 0, -1, 0], [1, 6, -9, 4], [1, 1, -1, 1]
    ),
    "slice": _moved("SLICE", (1, 3, 2, 4), [0, 3, 1, 0], [1, -1, 2, 4]),
    "resize": _moved("RESIZE_NEAREST_NEIGHBOR", (1, 9, 5, 4), [9, 5]),
    "resize corners": _moved("RESIZE_NEAREST_NEIGHBOR", (1, 11, 4, 4), [11, 4], align_corners=True),
    "resize centers": _moved(
        "RESIZE_NEAREST_NEIGHBOR", (1, 9, 5, 4), [9, 5], half_pixel_centers=True
    ),
    "concatenation": _concat,
    "pack": _pack,
    "split": _split,
    "split with sizes": _split_v,
    "requantize": _requantize,
    "float border": _float_border,
}


def _integers(graph: Graph) -> Graph:
    """The graph with its arithmetic in integers, float borders kept."""
    return lower(graph, Options(io="float"), load_target("host"), str, str)


@pytest.mark.parametrize("name", CASES)
def test_an_operator_equals_litert_within_one_step(name: str, tmp_path: Path) -> None:
    model = TfliteModel()
    CASES[name](model, np.random.default_rng(len(name)))
    path = tmp_path / "m.tflite"
    path.write_bytes(model.bytes())
    imported = read_network(path)
    graph = _integers(imported)
    assert not unsupported(graph)
    original = LiteModel(path, tflite_names(path), graph)
    inputs = random_inputs(graph)
    theirs = original.run(inputs, original.tensors)
    values = dict(inputs)
    for node in graph.nodes:
        instance = graph.instance(node)
        operands = [t.data if t.data is not None else values[t.name] for t in instance.inputs]
        ours = evaluate(instance, operands)
        values[node.output] = theirs.get(node.output, ours)
        if node.output in theirs:
            gap = np.abs(ours.astype(np.float64) - theirs[node.output])
            assert gap.max() <= (1e-6 if ours.dtype == np.float32 else 1), node
    assert set(graph.outputs) <= set(theirs)
