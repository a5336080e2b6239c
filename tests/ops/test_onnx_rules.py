"""Every ONNX rule against onnxruntime, in float: attributes, inputs, opsets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from one_node import Operand, assert_equals_onnxruntime, import_node

from tinycc.errors import ModelError

IMAGE = (1, 3, 6, 7)
RNG = np.random.default_rng(3)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(0, 1, shape).astype(np.float32)


def case(op: str, *operands: Operand, **attributes: object) -> pytest.param:
    settings = {**attributes}
    shown = [f"{key}={value}" for key, value in settings.items()]
    return pytest.param(op, operands, settings, id=" ".join([op, *shown]))


UNARY = [
    case(name, IMAGE)
    for name in (
        *("Relu", "Sigmoid", "Tanh", "HardSigmoid", "LeakyRelu", "ThresholdedRelu", "Elu"),
        *("Selu", "Celu", "Softplus", "Softsign", "Exp", "Erf", "Abs", "Neg", "Sin", "Cos"),
        *("Identity", "Dropout"),
    )
]
FUNCTIONS = [
    *UNARY,
    case("HardSwish", IMAGE, opset=14),
    case("Mish", IMAGE, opset=18),
    case("Gelu", IMAGE, opset=20),
    case("Gelu", IMAGE, opset=20, approximate="tanh"),
    case("HardSigmoid", IMAGE, alpha=0.3, beta=0.1),
    case("LeakyRelu", IMAGE, alpha=0.3),
    case("Elu", IMAGE, alpha=0.7),
    case("Celu", IMAGE, alpha=0.7),
    case("Selu", IMAGE, alpha=1.5, gamma=0.7),
    case("PRelu", IMAGE, np.float32([0.3])),
    case("Pow", IMAGE, 2.0),
    case("Div", IMAGE, 3.0),
    case("Clip", IMAGE, opset=11),
    case("Clip", IMAGE, -0.5, 1.0),
    case("Clip", IMAGE, None, 1.0),
    case("Clip", IMAGE, 1.0, -0.5),
]
BINARY = [
    case(op, (1, 3, 4, 5), operand)
    for op in ("Add", "Sub", "Mul")
    for operand in ((1, 3, 4, 5), (3, 1, 1), (5,), (1, 1, 4, 5), normal(3, 1, 1), 2.0, (1, 3, 4, 1))
] + [case("Sub", 1.0, IMAGE), case("Add", (5,), (1, 3, 4, 5))]
DENSE = [
    case("MatMul", (1, 6), normal(6, 4)),
    case("MatMul", (5, 6), normal(6, 4)),
    case("MatMul", (1, 5, 6), normal(6, 4)),
    case("MatMul", (1, 2, 5, 6), normal(1, 6, 4)),
    case("MatMul", (1, 1, 6), normal(6, 4)),
    case("MatMul", (6,), normal(6, 4)),
    case("Gemm", (1, 6), normal(6, 4)),
    case("Gemm", (1, 6), normal(4, 6), normal(4), transB=1),
    case("Gemm", (1, 6), normal(4, 6), normal(1, 4), transB=1, alpha=0.5, beta=2.0),
    case("Gemm", (1, 6), normal(6, 4), 0.7),
    case("Gemm", (1, 6), normal(6, 4), normal(1), beta=0.0),
    case("Gemm", (3, 6), normal(6, 4), normal(3, 1)),
    case("Gemm", (1, 6), normal(6, 4), (1, 4)),
    case("Gemm", (6, 3), normal(6, 4), normal(4), transA=1),
]
POOLS = [
    case(op, IMAGE, kernel_shape=kernel, **extra)
    for op in ("MaxPool", "AveragePool")
    for kernel, extra in (
        ([2, 3], {}),
        ([2, 2], {"strides": [2, 2]}),
        ([3, 3], {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ([3, 3], {"strides": [2, 2], "pads": [1, 0, 0, 2], "ceil_mode": 1}),
        ([2, 2], {"strides": [3, 3], "ceil_mode": 1}),
        ([2, 2], {"strides": [2, 2], "pads": [1, 1, 0, 0], "ceil_mode": 1}),
        ([3, 3], {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
        ([3, 3], {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
        ([3, 2], {"auto_pad": "VALID"}),
    )
] + [
    case("MaxPool", (1, 3, 9), kernel_shape=[3], strides=[2], pads=[1, 1]),
    case("MaxPool", IMAGE, kernel_shape=[2, 2], dilations=[2, 3]),
    case("MaxPool", IMAGE, kernel_shape=[2, 2], storage_order=1),
    case("AveragePool", (1, 3, 9), kernel_shape=[3], strides=[2], pads=[1, 1]),
    case("AveragePool", IMAGE, kernel_shape=[2, 2], dilations=[2, 3], opset=19),
    *(
        case(
            "AveragePool",
            IMAGE,
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[1, 1, 1, 1],
            count_include_pad=1,
            ceil_mode=ceil,
        )
        for ceil in (0, 1)
    ),
    case(
        "AveragePool",
        IMAGE,
        kernel_shape=[3, 3],
        strides=[3, 3],
        pads=[1, 1, 0, 1],
        count_include_pad=1,
        ceil_mode=1,
        opset=22,
    ),
    case("GlobalAveragePool", IMAGE),
    case("GlobalAveragePool", (1, 3, 9)),
    case("GlobalMaxPool", IMAGE),
]
REDUCTIONS = [
    case(op, IMAGE, **attributes)
    for op in ("ReduceMean", "ReduceMax")
    for attributes in (
        {"axes": [2, 3]},
        {"axes": [-1, -2], "keepdims": 0},
        {"axes": [2]},
        {"axes": [3], "keepdims": 0},
        {"axes": [1]},
        {"axes": [1, 2]},
        {"axes": [1, 2, 3], "keepdims": 0},
        {"axes": [0]},
        {},
    )
] + [
    case("ReduceMean", IMAGE, [2, 3], opset=18),
    case("ReduceMean", IMAGE, opset=18, noop_with_empty_axes=1),
    case("ReduceMean", (1, 3, 9), axes=[2]),
    case("ReduceMean", (1, 9), axes=[1]),
    case("ReduceMean", (1, 2, 3, 4, 5), axes=[3, 4]),
]
SOFTMAX = [
    case("Softmax", IMAGE, axis=axis, opset=opset)
    for axis in (-1, 1, 2, 3, 0)
    for opset in (11, 13)
] + [
    case("Softmax", (1, 10)),
    case("Softmax", (1, 10, 1, 1), axis=1),
    case("Softmax", (7,), axis=0),
]
MOVEMENT = [
    case("Concat", IMAGE, IMAGE, axis=1),
    case("Concat", IMAGE, normal(1, 2, 6, 7), IMAGE, axis=-3),
    case("Concat", IMAGE, axis=2),
    case("Pad", IMAGE, [0, 1, 0, 0, 0, 0, 2, 1], 1.5),
    case("Pad", IMAGE, [1, 0, 0, 2], None, [2, -1], opset=18),
    case("Pad", (1, 3, 9), [0, 0, 2, 0, 0, 1]),
    case("Pad", (1, 5), [0, 2, 0, 1]),
    case("Reshape", IMAGE, [1, -1]),
    case("Reshape", IMAGE, [0, 0, -1]),
    case("Flatten", IMAGE),
    case("Flatten", IMAGE, axis=-1),
    case("Flatten", IMAGE, axis=0),
    case("Squeeze", (1, 3, 1, 1)),
    case("Squeeze", (1, 3, 1, 1), [2, -1]),
    case("Squeeze", (1, 3, 1, 1), opset=11, axes=[3]),
    case("Unsqueeze", (1, 3), [-1, 1]),
    case("Unsqueeze", (1, 3), opset=11, axes=[0]),
    case("Transpose", IMAGE, perm=[0, 2, 3, 1]),
    case("Transpose", IMAGE),
    case("Slice", IMAGE, [1, 0], [3, 4], [2, 3]),
    case("Slice", IMAGE, [-1, 5], [-9, 0], [2, 3], [-2, -3]),
    case("Slice", IMAGE, [0], [2**62], [1]),
    case("Split", IMAGE, axis=2, outputs=3),
    case("Split", IMAGE, axis=1, outputs=2, opset=11, split=[1, 2]),
    case("Split", IMAGE, [2, 5], axis=-1, outputs=2),
    case("Split", IMAGE, axis=3, outputs=2, opset=18, num_outputs=2),
]
CONVOLUTIONS = [
    case("Conv", IMAGE, normal(4, 3, 3, 3), normal(4), pads=[1, 0, 2, 1], strides=[2, 1]),
    case("Conv", IMAGE, normal(6, 1, 3, 3), group=3, dilations=[2, 1]),
    case("Conv", (1, 4, 9), normal(6, 2, 3), group=2, auto_pad="SAME_UPPER", strides=[2]),
    *(
        case(
            "BatchNormalization",
            shape,
            normal(3),
            normal(3),
            normal(3),
            np.float32([0.5, 0.0, 2.0]),
            epsilon=0.01,
            opset=opset,
        )
        for shape, opset in ((IMAGE, 15), ((1, 3, 5), 13), ((1, 3), 11))
    ),
]


@pytest.mark.parametrize(
    ("op", "operands", "settings"),
    [
        *FUNCTIONS,
        *BINARY,
        *DENSE,
        *POOLS,
        *REDUCTIONS,
        *SOFTMAX,
        *MOVEMENT,
        *CONVOLUTIONS,
    ],
)
def test_a_node_means_what_onnxruntime_says(
    op: str, operands: tuple[Operand, ...], settings: dict[str, object], tmp_path: Path
) -> None:
    graph = import_node(tmp_path, op, operands, **settings)  # type: ignore[arg-type]
    assert_equals_onnxruntime(tmp_path, graph)


@pytest.mark.parametrize(
    ("op", "operands", "settings", "message"),
    [
        ("MatMul", ((1, 4), (4, 3)), {}, "(?s)run time"),
        ("Pad", (IMAGE, [0, 0, 1, 1, 0, 0, 1, 1]), {"mode": "reflect"}, "mode reflect"),
        ("MaxPool", (IMAGE,), {"kernel_shape": [2, 2], "outputs": 2}, "second output"),
        ("ReduceMean", (IMAGE,), {"axes": [1, 3]}, "not neighbours"),
        ("Pow", (IMAGE, IMAGE), {}, "not a constant scalar"),
        ("Reshape", (IMAGE, [5, -1]), {}, "cannot become"),
        ("Softmax", ((1, 5),), {"axis": 2}, "axis 2"),
        ("Transpose", ((1, 5),), {"perm": [0, 0]}, "perm"),
    ],
)
def test_what_a_rule_cannot_import_is_said(
    op: str,
    operands: tuple[Operand, ...],
    settings: dict[str, object],
    message: str,
    tmp_path: Path,
) -> None:
    with pytest.raises(ModelError, match=message):
        import_node(tmp_path, op, operands, **settings)  # type: ignore[arg-type]
