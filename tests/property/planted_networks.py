"""Random networks with channels that can go: constant, zero, equal, saturating, read by nobody."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx_models import OnnxModel
from random_networks import RandomNetwork

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]  # weights OIHW, bias, scales


class PlantedModel(OnnxModel):
    """Convolutions whose channels are spoilt, each with the given probability."""

    def __init__(self, opset: int, rate: float) -> None:
        super().__init__(opset)
        self.rate = rate

    def conv(
        self,
        x: str,
        in_scale: float,
        shape: tuple[int, int, int, int],
        rng: np.random.Generator,
        **attributes: object,
    ) -> str:
        """Conv as in the base class, its rows and columns spoilt."""
        channels, reach = shape[0], int(rng.choice([30, 127]))
        weights = rng.integers(-reach, reach + 1, shape).astype(np.int8)
        bias = rng.integers(-2000, 2000, channels).astype(np.int32)
        scales = rng.uniform(0.002, 0.02, channels).astype(np.float32)
        for row in range(channels):
            if rng.random() < self.rate:
                PLANTS[int(rng.integers(len(PLANTS)))]((weights, bias, scales), row, rng)
        for column in range(shape[1]):
            if rng.random() < self.rate / 2:
                weights[:, column] = 0
        w = self.weights(weights, scales.tolist())
        zeros = np.zeros(channels, np.int32)
        b = self.dequantize(
            self.constant(bias), scales * np.float32(in_scale), zeros, np.int32, axis=0
        )
        operands = [x, w, b] if bias.any() or rng.random() < 0.5 else [x, w]
        return self.node("Conv", operands, **attributes)


def _zero(rows: Rows, row: int, rng: np.random.Generator) -> None:
    rows[0][row] = 0
    rows[1][row] *= int(rng.integers(2))


def _never_opens(rows: Rows, row: int, rng: np.random.Generator) -> None:
    rows[1][row] = -(10 ** int(rng.integers(5, 8)))


def _saturates(rows: Rows, row: int, rng: np.random.Generator) -> None:
    rows[1][row] = 10 ** int(rng.integers(5, 8))


def _just_about(rows: Rows, row: int, rng: np.random.Generator) -> None:
    """A bias close to where the channel would be constant: an off-by-one shows here."""
    most = 128 * int(np.abs(rows[0][row].astype(np.int64)).sum())
    rows[1][row] = int(rng.choice([-1, 1])) * int(most * rng.uniform(0.5, 1.6))


def _copies(rows: Rows, row: int, rng: np.random.Generator) -> None:
    other = int(rng.integers(len(rows[0])))
    for values in rows:
        values[row] = values[other]


def _nearly_dead(rows: Rows, row: int, rng: np.random.Generator) -> None:
    rows[2][row] = np.float32(10.0 ** rng.uniform(-11, -6))
    rows[1][row] = int(rng.integers(-(2**30), 2**30))


def _tiny(rows: Rows, row: int, rng: np.random.Generator) -> None:
    rows[0][row] = rng.integers(-1, 2, rows[0][row].shape)


Plant = Callable[[Rows, int, np.random.Generator], None]
PLANTS: tuple[Plant, ...] = (
    _zero, _never_opens, _saturates, _just_about, _copies, _copies, _nearly_dead, _tiny,
)  # fmt: skip


class PlantedNetwork(RandomNetwork):
    """A random network with spoilt convolutions; every second one has many of them."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.net = PlantedModel(self.net.opset, 0.15 if seed % 2 else 0.6)
