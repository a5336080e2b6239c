"""The public float networks with the samples that they are calibrated and scored with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from real_data import SHARED, data

_KWS_CALIBRATION = 100


@dataclass(frozen=True)
class FloatModel:
    """`calibration` and `samples` as the float network takes them; `labels` of the samples."""

    name: str
    calibration: Callable[[], np.ndarray]
    samples: Callable[[], np.ndarray]
    labels: Callable[[], np.ndarray]

    @property
    def path(self) -> Path:
        """The float ONNX file; skips the test where the public models are absent."""
        path = SHARED / "models" / "mlperf_tiny" / f"{self.name}_f32.onnx"
        if not path.is_file():
            pytest.skip(f"no {path}: set TINYCC_SHARED to a folder with models/ and data/")
        return path


def _keywords() -> np.ndarray:
    return (data("kws01")["x"].astype(np.float32) - 83) * np.float32(0.5847029089927673)


@cache
def windows() -> np.ndarray:
    """Windows of 5 frames of all recordings: [recordings, windows, 640]."""
    x = (data("ad01")["x"].astype(np.float32) - 89) * np.float32(0.39101523)
    views = np.lib.stride_tricks.sliding_window_view(x, 5, axis=1)
    return np.moveaxis(views, -1, 2).reshape(len(x), -1, 5 * x.shape[2])


def _some_normal_windows() -> np.ndarray:
    normal = windows()[data("ad01")["y"] == 0]
    return normal[:, ::20].reshape(-1, normal.shape[-1])


KWS = FloatModel(
    "kws",
    lambda: _keywords()[:_KWS_CALIBRATION],
    lambda: _keywords()[_KWS_CALIBRATION:],
    lambda: data("kws01")["y"][_KWS_CALIBRATION:],
)
RESNET8 = FloatModel(
    "resnet8",
    lambda: data("calib_cifar10_256")["x"].astype(np.float32),
    lambda: data("ic01")["x"].astype(np.float32),
    lambda: data("ic01")["y"],
)
VWW = FloatModel(
    "vww",
    lambda: data("calib_vww96_128")["x"].astype(np.float32) / 255,
    lambda: data("vww01")["x"].astype(np.float32) / 255,
    lambda: data("vww01")["y"],
)
AD = FloatModel(
    "ad",
    _some_normal_windows,
    lambda: windows().reshape(-1, 640),
    lambda: data("ad01")["y"],
)
MODELS = (KWS, RESNET8, VWW, AD)
