"""Small models whose generated C is kept: one per shape of program that the compiler writes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx_models import INT8, OnnxModel, small_convnet

NARROW = "x with 'quotes', a\nnewline, */ and /*, \\ and ??/ and ümläut 数"


def _classifier() -> OnnxModel:
    return small_convnet()


def _uint8() -> OnnxModel:
    return small_convnet(np.uint8, border="integer")


def _audio() -> OnnxModel:
    """A 1-D convolution, a depthwise one, the mean over time, a sigmoid."""
    rng = np.random.default_rng(3)
    net = OnnxModel()
    x = net.dequantize(net.input("samples", [1, 2, 24], INT8), 0.05, -3)
    y = _conv1d(net, x, 0.05, (4, 2, 5), rng, strides=[2], pads=[2, 2])
    y = net.qdq(net.node("Relu", [y]), 0.04, -128)
    y = _conv1d(net, y, 0.04, (4, 1, 3), rng, group=4, pads=[1, 1])
    y = net.qdq(y, 0.06, 5)
    y = net.qdq(net.node("ReduceMean", [y], axes=[2], keepdims=0), 0.06, 5)
    y = net.node("Sigmoid", [y])
    net.output(net.quantize(y, 1 / 256, -128, output="alarm"), [1, 4], INT8)
    return net


def _conv1d(
    net: OnnxModel,
    x: str,
    in_scale: float,
    shape: tuple[int, int, int],
    rng: np.random.Generator,
    **attributes: object,
) -> str:
    scales = rng.uniform(0.005, 0.02, shape[0]).astype(np.float32)
    w = net.weights(rng.integers(-127, 128, shape).astype(np.int8), scales.tolist())
    bias = rng.integers(-500, 500, shape[0]).astype(np.int32)
    zeros = np.zeros(shape[0], np.int32)
    b = net.dequantize(net.constant(bias), scales * np.float32(in_scale), zeros, np.int32, axis=0)
    return net.node("Conv", [x, w, b], **attributes)


def _branches() -> OnnxModel:
    """Two inputs, a residual sum, a concatenation, a resized output and a softmax."""
    rng = np.random.default_rng(4)
    net = OnnxModel()
    left = net.dequantize(net.input("left", [1, 4, 6, 6], INT8), 0.05, 0)
    right = net.dequantize(net.input("right", [1, 4, 6, 6], INT8), 0.03, 4)
    total = net.qdq(net.node("Add", [left, right]), 0.06, 1)
    convolved = net.conv(total, 0.06, (4, 4, 1, 1), rng)
    convolved = net.qdq(net.node("Clip", [convolved, net.constant(0.0, np.float32)]), 0.06, 1)
    both = net.qdq(net.node("Concat", [total, convolved], axis=1), 0.06, 1)
    scales = net.constant([1, 1, 2, 2], np.float32)
    large = net.node("Resize", [both, "", scales], mode="nearest")
    net.output(net.quantize(large, 0.06, 1, output="map"), [1, 8, 12, 12], INT8)
    mean = net.qdq(net.node("GlobalAveragePool", [both]), 0.05, 0)
    flat = net.node("Flatten", [mean])
    chances = net.quantize(net.node("Softmax", [flat]), 1 / 256, -128, output="chances")
    net.output(chances, [1, 8], INT8)
    return net


def named(*names: str) -> OnnxModel:
    """Input, node and output names that try to break out of C."""
    first, second, third = names
    rng = np.random.default_rng(5)
    net = OnnxModel()
    x = net.dequantize(net.input(first, [1, 2, 4, 4], INT8), 0.05, 0)
    y = net.conv(x, 0.05, (3, 2, 3, 3), rng, pads=[1, 1, 1, 1], name=second)
    y = net.quantize(y, 0.05, 2, output=second)
    y = net.dequantize(y, 0.05, 2, name=third)
    y = net.node("MaxPool", [y], kernel_shape=[2, 2], name=first)
    net.output(net.quantize(y, 0.05, 2, output=third), [1, 3, 3, 3], INT8)
    return net


GOLDEN: dict[str, Callable[[], OnnxModel]] = {
    "classifier": _classifier,
    "unsigned_bytes": _uint8,
    "audio": _audio,
    "branches": _branches,
    "hostile": lambda: named(NARROW, '"; int x[-1]; //', "*/ #error broken\r\n/*"),
}

HOSTILE: dict[str, tuple[str, str, str]] = {
    "quotes_newlines_comments": (NARROW, '"; int x[-1]; //', "*/ #error broken\r\n/*"),
    "keywords": ("while", "int", "class"),
    "internal": ("arena", "rows", "net"),
    "steps": ("conv2d_0", "conv2d_0_weights", "conv2d_0_rows"),
    "more_steps": ("max_pool2d_1", "conv2d_1_rows", "t_arena"),
    "interface": ("m", "m_t", "m_run"),
    "macros": ("NULL", "INT8_MAX", "TINYCC_STEP"),
    "library": ("memcpy", "tinycc_each_row", "tinycc_conv2d_s8"),
    "same_but_for_case": ("A", "a", "A "),
    "same_but_for_punctuation": ("a.b", "a/b", "a b"),
    "digits_first": ("1", "2x", "3.0"),
    "no_letters": ("数", "---", "//"),
    "very_long": ("x" * 500, "x" * 501, "x" * 502),
    "trigraphs_and_backslashes": ("a??/", "b\\", "c\\\n"),
    "template": ("{{ 7 * 7 }}", "{% raw %}", "{# comment #}"),
    "console_markup": ("[/bold]", "[red]x", "[link=a]b[/]"),
    "terminal": ("\x1b[31mred", "tab\there", "nul-like\x01"),
}


def hostile(name: str) -> OnnxModel:
    """The model with these names."""
    return named(*HOSTILE[name])
