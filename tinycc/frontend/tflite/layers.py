"""TFLite operators that compute: convolutions, pools, sums and products, activation functions.

A rule gets the real values of quantised operands and returns the real values that it makes; the
reader puts the quantisation of the file's tensors around it. Images are NHWC, as in the IR.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from tinycc.ops.add import Add
from tinycc.ops.average_pool2d import AveragePool2d
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.elementwise import emit_binary
from tinycc.ops.foreign import Builder, ForeignNode, onnx_integers, onnx_scalar
from tinycc.ops.fully_connected import emit_dense
from tinycc.ops.lookup import Lookup, emit_prelu
from tinycc.ops.max_pool2d import MaxPool2d
from tinycc.ops.mul import Mul
from tinycc.ops.pooling import Pooling, reduce_block
from tinycc.ops.softmax import Softmax
from tinycc.ops.spatial import Pads, Pair, same_padding
from tinycc.ops.sub import Sub

Rule = Callable[[ForeignNode, Builder], Sequence[str]]

_NO_PADS: Pads = (0, 0, 0, 0)
# ActivationFunctionType: the clamps that operators may have fused.
_FUSED: Mapping[int, tuple[float, float]] = {1: (0.0, math.inf), 2: (-1.0, 1.0), 3: (0.0, 6.0)}


def _activated(node: ForeignNode, build: Builder, y: str) -> Sequence[str]:
    kind = int(node.attributes["fused_activation_function"])
    if kind == 0:
        return [y]
    if kind not in _FUSED:
        raise build.fail(f"fused activation function {kind} is not supported")
    return [build.emit("lookup", Lookup("clamp", _FUSED[kind]), [y])]


def _geometry(node: ForeignNode, build: Builder, kernel: Pair) -> tuple[Pair, Pads, Pair]:
    """Strides, pads and dilations."""
    found = node.attributes
    strides = int(found["stride_h"]), int(found["stride_w"])
    dilations = (
        int(found.get("dilation_h_factor", 1)),
        int(found.get("dilation_w_factor", 1)),
    )
    if min(*strides, *dilations, *kernel) < 1 or found["padding"] not in (0, 1):
        raise build.fail(
            f"strides {strides}, dilations {dilations}, window {kernel}, padding mode "
            f"{found['padding']} make no sense"
        )
    if found["padding"] == 1:
        return strides, _NO_PADS, dilations
    height, width = build.type(node.input(0)).shape[1:3]
    rows, columns = (
        same_padding(extent, k, s, d)
        for extent, k, s, d in zip((height, width), kernel, strides, dilations, strict=True)
    )
    return strides, (rows[0], columns[0], rows[1], columns[1]), dilations


def _convolve(node: ForeignNode, build: Builder, weights: str, groups: int) -> Sequence[str]:
    """Weights [out, height, width, in / groups]."""
    shape = build.type(weights).shape
    geometry = _geometry(node, build, (shape[1], shape[2]))
    bias = [node.input(2)] if node.input(2) else []
    attrs = Conv2d(*geometry, groups)
    return _activated(node, build, build.emit("conv2d", attrs, [node.input(0), weights, *bias]))


def _conv(node: ForeignNode, build: Builder) -> Sequence[str]:
    channels, per_group = build.type(node.input(0)).shape[3], build.type(node.input(1)).shape[3]
    return _convolve(node, build, node.input(1), max(1, channels // max(1, per_group)))


def _depthwise(node: ForeignNode, build: Builder) -> Sequence[str]:
    """Weights are [1, height, width, channels * multiplier] in the file."""
    weights = build.transpose(node.input(1), (3, 1, 2, 0))
    return _convolve(node, build, weights, build.type(node.input(0)).shape[3])


def _fully_connected(node: ForeignNode, build: Builder) -> Sequence[str]:
    x, weights, bias = (node.input(index) for index in range(3))
    if node.attributes["weights_format"]:
        raise build.fail("shuffled weights are not supported", "convert with the default format")
    shape, size = build.type(x).shape, build.type(weights).shape[-1]
    if not node.attributes["keep_num_dims"] and len(shape) != 2:
        x = build.reshape(x, (math.prod(shape) // max(1, size), size))
    return _activated(node, build, emit_dense(build, x, weights, bias))


def _pool(make: Callable[[Pooling], tuple[str, object]]) -> Rule:
    def convert(node: ForeignNode, build: Builder) -> Sequence[str]:
        kernel = int(node.attributes["filter_height"]), int(node.attributes["filter_width"])
        strides, pads, _ = _geometry(node, build, kernel)
        op, attrs = make(Pooling(kernel, strides, pads))
        return _activated(node, build, build.emit(op, attrs, [node.input(0)]))

    return convert


def _average(own: Pooling) -> tuple[str, object]:
    return "average_pool2d", AveragePool2d(own.kernel, own.strides, own.pads)


def _largest(own: Pooling) -> tuple[str, object]:
    return "max_pool2d", MaxPool2d(own.kernel, own.strides, own.pads)


def _reduction(make: Callable[[Pooling], tuple[str, object]]) -> Rule:
    """Over height and width of an image, or over other neighbouring axes."""

    def emit(build: Builder, x: str, own: Pooling) -> str:
        op, attrs = make(own)
        return build.emit(op, attrs, [x])

    def convert(node: ForeignNode, build: Builder) -> Sequence[str]:
        x, shape = node.input(0), build.type(node.input(0)).shape
        axes = onnx_integers(node, build, 1, "axes") or []
        if not axes or any(not -len(shape) <= axis < len(shape) for axis in axes):
            raise build.fail(f"axes {axes} of a tensor with {len(shape)} axes")
        reduced = {axis % len(shape) for axis in axes}
        kept = tuple(1 if axis in reduced else extent for axis, extent in enumerate(shape))
        if not node.attributes["keep_dims"]:
            kept = tuple(extent for axis, extent in enumerate(shape) if axis not in reduced)
        long = {axis for axis in reduced if shape[axis] != 1}
        if not long:
            return [build.reshape(x, kept)]
        if len(shape) == 4 and long <= {1, 2}:
            kernel = (shape[1] if 1 in long else 1, shape[2] if 2 in long else 1)
            return [build.reshape(emit(build, x, Pooling(kernel, kernel)), kept)]
        return [build.reshape(reduce_block(build, emit, x, long), kept)]

    return convert


def _binary(op: str, attrs: object) -> Rule:
    def convert(node: ForeignNode, build: Builder) -> Sequence[str]:
        return _activated(node, build, emit_binary(build, op, attrs, node.inputs))

    return convert


def _softmax(node: ForeignNode, build: Builder) -> Sequence[str]:
    x, beta = node.input(0), float(node.attributes["beta"])
    if beta != 1.0:
        x = build.emit("lookup", Lookup("affine", (beta, 0.0)), [x])
    return [build.emit("softmax", Softmax(), [x])]


def _function(name: str, *parameters: float) -> Rule:
    def convert(node: ForeignNode, build: Builder) -> Sequence[str]:
        return [build.emit("lookup", Lookup(name, parameters), [node.input(0)])]

    return convert


def _leaky_relu(node: ForeignNode, build: Builder) -> Sequence[str]:
    return _function("leaky_relu", float(node.attributes["alpha"]))(node, build)


def _prelu(node: ForeignNode, build: Builder) -> Sequence[str]:
    return [emit_prelu(build, node.input(0), node.input(1))]


def _gelu(node: ForeignNode, build: Builder) -> Sequence[str]:
    return _function("gelu_tanh" if node.attributes["approximate"] else "gelu")(node, build)


def _bound(upper: bool) -> Rule:
    """Minimum or maximum with a constant scalar."""

    def convert(node: ForeignNode, build: Builder) -> Sequence[str]:
        x, limit = node.input(0), node.input(1)
        if build.constant(x) is not None:
            x, limit = limit, x
        value = onnx_scalar(build, limit)
        bounds = (-math.inf, value) if upper else (value, math.inf)
        return [build.emit("lookup", Lookup("clamp", bounds), [x])]

    return convert


LAYERS: Mapping[str, Rule] = {
    "ABS": _function("abs"),
    "ADD": _binary("add", Add()),
    "AVERAGE_POOL_2D": _pool(_average),
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "ELU": _function("elu", 1.0),
    "EXP": _function("exp"),
    "FULLY_CONNECTED": _fully_connected,
    "GELU": _gelu,
    "HARD_SWISH": _function("hard_swish"),
    "LEAKY_RELU": _leaky_relu,
    "LOG": _function("log"),
    "LOGISTIC": _function("sigmoid"),
    "MAXIMUM": _bound(upper=False),
    "MAX_POOL_2D": _pool(_largest),
    "MEAN": _reduction(_average),
    "MINIMUM": _bound(upper=True),
    "MUL": _binary("mul", Mul()),
    "NEG": _function("neg"),
    "PRELU": _prelu,
    "REDUCE_MAX": _reduction(_largest),
    "RELU": _function("clamp", 0.0, math.inf),
    "RELU6": _function("clamp", 0.0, 6.0),
    "RELU_0_TO_1": _function("clamp", 0.0, 1.0),
    "RELU_N1_TO_1": _function("clamp", -1.0, 1.0),
    "RSQRT": _function("power", -0.5),
    "SOFTMAX": _softmax,
    "SQRT": _function("sqrt"),
    "SQUARE": _function("square"),
    "SUB": _binary("sub", Sub()),
    "TANH": _function("tanh"),
}
