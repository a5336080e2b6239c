"""The public models with their samples, and the bars that the project holds for them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tinycc import build
from tinycc.api.network import Network
from tinycc.api.program import run_samples
from tinycc.api.samples import Samples, samples_of

SHARED = Path(os.environ.get("TINYCC_SHARED", Path(__file__).resolve().parents[3] / "shared"))
AD_FRAMES = 5  # one input of ad is a window of this many spectrogram frames


@dataclass(frozen=True)
class Model:
    """A model file below models/, how to get its samples, and the most arena it may take."""

    name: str
    file: str
    samples: Callable[[], np.ndarray]
    arena_bar: int | None = None
    compared: int = 4  # samples that are compared with onnxruntime, operator by operator

    @property
    def path(self) -> Path:
        """The ONNX file; skips the test where the public models are absent."""
        path = SHARED / "models" / self.file
        if not path.is_file():
            pytest.skip(f"no {path}: set TINYCC_SHARED to a folder with models/ and data/")
        return path

    def network(self, target: str) -> Network:
        """The compiled network."""
        return _network(self.path, target)

    def first_samples(self, count: int | None = None) -> Samples:
        """The first real samples, as the C interface takes them; all without `count`."""
        graph = self.network("host").compiled.interface
        array = self.samples()[:count]
        type_ = graph.tensors[graph.inputs[0]].type
        return samples_of(graph, {graph.inputs[0]: array.reshape(len(array), *type_.shape)})

    def host_outputs(self) -> np.ndarray:
        """What the compiled C on the host makes of all samples: [count, values]."""
        return _host_outputs(self)


@cache
def _network(path: Path, target: str) -> Network:
    return build(path, target=target)


@cache
def _host_outputs(model: Model) -> np.ndarray:
    outputs, _ = run_samples(model.network("host").compiled, model.first_samples())
    (array,) = outputs.values()
    return array.reshape(len(array), -1)


@cache
def data(name: str) -> dict[str, np.ndarray]:
    """The arrays of a file below data/; skips the test where it is absent."""
    path = SHARED / "data" / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"no {path}: set TINYCC_SHARED to a folder with models/ and data/")
    with np.load(path) as archive:
        return dict(archive)


def _keywords() -> np.ndarray:
    return data("kws01")["x"]


def _pictures(name: str) -> np.ndarray:
    """uint8 pixels as the int8 that the models take: the zero point is -128."""
    return (data(name)["x"].astype(np.int16) - 128).astype(np.int8)


def _cifar() -> np.ndarray:
    return _pictures("ic01")


def _persons() -> np.ndarray:
    return _pictures("vww01")


def _windows() -> np.ndarray:
    """All windows of all recordings, in order: [recordings x windows, 640]."""
    x = data("ad01")["x"]
    views = np.lib.stride_tricks.sliding_window_view(x, AD_FRAMES, axis=1)
    return np.moveaxis(views, -1, 2).reshape(-1, AD_FRAMES * x.shape[2])


def _small_persons() -> np.ndarray:
    """80x80 pictures in -1..1, bilinear with the centres of the pixels aligned."""
    x = data("vww01")["x"].astype(np.float32)
    for axis in (1, 2):
        x = _resized(x, axis, 80)
    return (x / np.float32(127.5) - 1).astype(np.float32)


def _resized(x: np.ndarray, axis: int, size: int) -> np.ndarray:
    length = x.shape[axis]
    place = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
    low = np.floor(place).astype(int)
    part = (place - low).reshape([-1 if at == axis else 1 for at in range(x.ndim)])
    high = np.minimum(low + 1, length - 1)
    return np.take(x, low, axis) * (1 - part) + np.take(x, high, axis) * part


def _real(stored: Callable[[], np.ndarray], scale: float, zero: int) -> Callable[[], np.ndarray]:
    """The real numbers behind quantised samples, for models with a quantisation of their own."""
    return lambda: (stored().astype(np.float32) - zero) * np.float32(scale)


KWS = Model("kws", "mlperf_tiny/kws_i8.onnx", _keywords, 17_000, compared=20)
RESNET8 = Model("resnet8", "mlperf_tiny/resnet8_i8.onnx", _cifar, 51_500, compared=10)
VWW = Model("vww", "mlperf_tiny/vww_i8.onnx", _persons, 57_000, compared=6)
AD = Model("ad", "mlperf_tiny/ad_i8.onnx", _windows, 900, compared=100)
MCUNET = Model("mcunet", "mcunet_vww1_i8.onnx", _small_persons, compared=4)
MODELS = (KWS, RESNET8, VWW, AD, MCUNET)

_real_keywords = _real(_keywords, 0.5847029089927673, 83)


def _dialect(name: str, file: str, samples: Callable[[], np.ndarray]) -> Model:
    return Model(name, f"dialects/{file}.onnx", samples)


def _digits() -> np.ndarray:
    """Random values for networks of no public data."""
    return np.random.default_rng(0).normal(0, 1, (20, 1, 28, 28)).astype(np.float32)


_INT8 = "QDQ_I8I8_pc_MinMax"
DIALECTS = (
    _dialect("kws_qdq", f"kws_{_INT8}", _real_keywords),
    _dialect("kws_qdq_uint8", "kws_QDQ_U8U8_pc_MinMax", _real_keywords),
    _dialect("kws_qdq_mixed", "kws_QDQ_U8I8_pc_MinMax", _real_keywords),
    _dialect("kws_qdq_pairs", f"kws_{_INT8}_DedicatedQDQPair_AddQDQPairToWeight", _real_keywords),
    _dialect("kws_qdq_float_bias", f"kws_{_INT8}_QuantizeBias", _real_keywords),
    _dialect("pt2e", "pt2e", _digits),
    _dialect("brevitas_qcdq", "brev_qcdq_w8a8", _digits),
    _dialect("brevitas_qonnx", "brev_qonnx_w8a8", _digits),
    _dialect("kws_qoperator", "kws_QOp_I8I8_pc_MinMax", _real_keywords),
    _dialect("kws_qoperator_uint8", "kws_QOp_U8I8_pc_MinMax", _real_keywords),
    _dialect("resnet8_qdq", f"resnet8_{_INT8}", _real(_cifar, 1, -128)),
    _dialect("vww_qdq", f"vww_{_INT8}", _real(_persons, 1 / 255, -128)),
    _dialect("ad_qdq", f"ad_{_INT8}", _real(_windows, 0.39101523, 89)),
)
