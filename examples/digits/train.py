"""Trains the digits network and writes digits.onnx (quantised to int8) and samples.npz.

    python examples/digits/train.py

The data are scikit-learn's bundled 8x8 pictures of handwritten digits, so nothing is downloaded.
The network is small enough for a training loop in plain numpy; onnxruntime quantises it. Needs
scikit-learn, onnx and onnxruntime (`pip install tinycc-nn[dev]`); takes about half a minute. The
seed is fixed, but the last bits of a float sum differ between processors, and so may the files.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from sklearn.datasets import load_digits

HERE = Path(__file__).parent
SEED = 20
TEST_SAMPLES = 200
BATCH = 32

# (in channels, out channels, stride) of the 3x3 convolutions, each followed by a Relu.
CONVOLUTIONS = ((1, 8, 1), (8, 16, 2), (16, 32, 2))
CLASSES = 10


@dataclass
class Parameter:
    """Weights with what Adam remembers about them."""

    value: np.ndarray
    mean: np.ndarray = field(init=False)
    square: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.mean = np.zeros_like(self.value)
        self.square = np.zeros_like(self.value)

    def step(self, gradient: np.ndarray, rate: float, time: int) -> None:
        """One step of Adam (Kingma and Ba, 2015, algorithm 1)."""
        self.mean += 0.1 * (gradient - self.mean)
        self.square += 0.001 * (gradient**2 - self.square)
        mean = self.mean / (1 - 0.9**time)
        square = self.square / (1 - 0.999**time)
        self.value -= (rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)


def windows(x: np.ndarray, stride: int) -> np.ndarray:
    """The 3x3 windows of x [n, c, h, w], padded by 1, as a view [n, c, rows, columns, 3, 3]."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    every = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return every[:, :, ::stride, ::stride]


def convolution(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int) -> np.ndarray:
    """3x3 convolution with padding 1; w is [out, in, 3, 3]."""
    return np.einsum("ncyxij,ocij->noyx", windows(x, stride), w, optimize=True) + b[:, None, None]


def convolution_gradients(
    x: np.ndarray, w: np.ndarray, stride: int, upstream: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients for x, w and b from the gradient of the output."""
    dw = np.einsum("noyx,ncyxij->ocij", upstream, windows(x, stride), optimize=True)
    spread = np.zeros((*x.shape[:2], x.shape[2] + 2, x.shape[3] + 2), np.float32)
    rows, columns = upstream.shape[2:]
    for i in range(3):
        for j in range(3):
            part = np.einsum("noyx,oc->ncyx", upstream, w[:, :, i, j], optimize=True)
            spread[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride] += part
    return spread[:, :, 1:-1, 1:-1], dw, upstream.sum((0, 2, 3))


class Network:
    """The convolutions, then one fully connected layer over everything that is left."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.layers = []
        for inputs, outputs, stride in CONVOLUTIONS:
            spread = np.sqrt(2 / (9 * inputs))
            w = rng.normal(0, spread, (outputs, inputs, 3, 3)).astype(np.float32)
            self.layers.append((Parameter(w), Parameter(np.zeros(outputs, np.float32)), stride))
        features = CONVOLUTIONS[-1][1] * 2 * 2
        w = rng.normal(0, np.sqrt(1 / features), (CLASSES, features)).astype(np.float32)
        self.w, self.b = Parameter(w), Parameter(np.zeros(CLASSES, np.float32))

    def forward(self, x: np.ndarray) -> list[np.ndarray]:
        """The network's input, the output of every convolution's Relu, and the scores."""
        values = [x]
        for w, b, stride in self.layers:
            values.append(np.maximum(convolution(values[-1], w.value, b.value, stride), 0))
        flat = values[-1].reshape(len(x), -1)
        return [*values, flat @ self.w.value.T + self.b.value]

    def train_batch(self, x: np.ndarray, y: np.ndarray, rate: float, time: int) -> None:
        """One step on the cross entropy of a batch."""
        *values, scores = self.forward(x)
        chances = np.exp(scores - scores.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        chances[np.arange(len(y)), y] -= 1
        gradient = (chances / len(y)).astype(np.float32)
        upstream = (gradient @ self.w.value).reshape(values[-1].shape)
        self.w.step(gradient.T @ values[-1].reshape(len(x), -1), rate, time)
        self.b.step(gradient.sum(0), rate, time)
        for (w, b, stride), source, result in zip(
            reversed(self.layers), values[-2::-1], values[:0:-1], strict=True
        ):
            upstream = upstream * (result > 0)
            upstream, dw, db = convolution_gradients(source, w.value, stride, upstream)
            w.step(dw, rate, time)
            b.step(db, rate, time)

    def accuracy(self, x: np.ndarray, y: np.ndarray) -> float:
        """The share of pictures whose largest score is at their digit."""
        return float(np.mean(self.forward(x)[-1].argmax(1) == y))


def train(network: Network, x: np.ndarray, y: np.ndarray, epochs: int) -> None:
    """Adam, with a learning rate that falls linearly to zero."""
    rng = np.random.default_rng(SEED)
    batches = epochs * (len(x) // BATCH)
    for time in range(1, batches + 1):
        chosen = rng.choice(len(x), BATCH, replace=False)
        network.train_batch(x[chosen], y[chosen], 0.005 * (1 - time / (batches + 1)), time)


def float_model(network: Network) -> onnx.ModelProto:
    """The trained network as ONNX, as a framework would export it: NCHW, named batch."""
    nodes, constants = [], []

    def constant(name: str, array: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(array, name))
        return name

    value = "image"
    for index, (w, b, stride) in enumerate(network.layers, 1):
        name = f"conv{index}"
        operands = [value, constant(f"{name}.weight", w.value), constant(f"{name}.bias", b.value)]
        geometry = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [stride, stride]}
        nodes.append(helper.make_node("Conv", operands, [name], f"/{name}/Conv", **geometry))
        value = f"relu{index}"
        nodes.append(helper.make_node("Relu", [name], [value], f"/{value}/Relu"))
    nodes.append(helper.make_node("Flatten", [value], ["features"], "/flatten/Flatten"))
    operands = ["features", constant("head.weight", network.w.value)]
    operands.append(constant("head.bias", network.b.value))
    nodes.append(helper.make_node("Gemm", operands, ["scores"], "/head/Gemm", transB=1))
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", CLASSES])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Training pictures, from which onnxruntime takes the range of every tensor."""

    def __init__(self, x: np.ndarray) -> None:
        self._samples: Iterator[dict[str, np.ndarray]] = iter([{"image": x}])

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next batch; None at the end."""
        return next(self._samples, None)


def write_quantised(network: Network, calibration: np.ndarray, path: Path) -> None:
    """Writes the network in QDQ form: int8 activations, int8 weights with a scale per channel."""
    logging.disable(logging.WARNING)  # advice to run a shape inference that this model needs not
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "float.onnx"
        onnx.save(float_model(network), source)
        quantize_static(
            source,
            path,
            Calibration(calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
        )


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """All pictures as uint8 [n, 8, 8] in 0..255 (a camera's range), shuffled, and their digits."""
    digits = load_digits()
    order = np.random.default_rng(SEED).permutation(len(digits.target))
    pixels = np.minimum(digits.images[order] * 16, 255).astype(np.uint8)
    return pixels, digits.target[order].astype(np.uint8)


def main() -> None:
    """Trains, quantises and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--output", type=Path, default=HERE, help="folder for the two files")
    arguments = parser.parse_args()

    pixels, y = pictures()
    x = (pixels[:, None] / np.float32(255)).astype(np.float32)
    network = Network(np.random.default_rng(SEED))
    train(network, x[TEST_SAMPLES:], y[TEST_SAMPLES:], arguments.epochs)
    accuracy = network.accuracy(x[:TEST_SAMPLES], y[:TEST_SAMPLES])
    print(f"float accuracy on {TEST_SAMPLES} held-out pictures: {accuracy:.3f}")
    arguments.output.mkdir(parents=True, exist_ok=True)
    write_quantised(network, x[TEST_SAMPLES:], arguments.output / "digits.onnx")
    np.savez_compressed(
        arguments.output / "samples.npz", x=pixels[:TEST_SAMPLES], y=y[:TEST_SAMPLES]
    )


if __name__ == "__main__":
    main()
