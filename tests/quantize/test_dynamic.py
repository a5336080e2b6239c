"""Networks as onnxruntime's quantize_dynamic writes them, calibrated and built."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from float_networks import NETWORKS, OPSETS, FloatNetwork
from onnxruntime.quantization import QuantType, quantize_dynamic
from real_data import SHARED, data

from tinycc import build
from tinycc.interp.original import Session
from tinycc.quantize.options import QuantizationOptions
from tinycc.quantize.quantizer import quantize_model


def _outputs(model: Path | bytes, samples: np.ndarray) -> np.ndarray:
    session = Session(model, None)
    (output,) = session.outputs
    return np.concatenate([session.run({"x": one}, [output])[output] for one in samples])


@pytest.mark.parametrize("name", NETWORKS)
def test_dynamic_files_are_calibrated(name: str, tmp_path: Path) -> None:
    """Per channel and per tensor, int8 and uint8 weights take turns."""
    index = list(NETWORKS).index(name)
    net = FloatNetwork(OPSETS.get(name, 13))
    net.output(NETWORKS[name](net))
    weights = QuantType.QUInt8 if index % 4 > 1 else QuantType.QInt8
    path = tmp_path / "d.onnx"
    quantize_dynamic(net.save(tmp_path), path, per_channel=index % 2 == 0, weight_type=weights)
    shape = [dim.dim_value or 1 for dim in net.inputs[0].type.tensor_type.shape.dim]
    x = np.random.default_rng(0).normal(0, 1, (16, *shape)).astype(np.float32)
    model = quantize_model(path, x, QuantizationOptions("min-max"), {})
    wanted, found = _outputs(tmp_path / "m.onnx", x), _outputs(model.onnx, x)
    noise = ((wanted - found) ** 2).sum()
    assert 10 * np.log10((wanted**2).sum() / noise) > 28


@pytest.mark.slow
def test_the_dynamic_keyword_network_is_as_good_as_the_float_one() -> None:
    path = SHARED / "models" / "dialects" / "kws_dyn_QInt8.onnx"
    if not path.is_file():
        pytest.skip(f"no {path}: set TINYCC_SHARED to a folder with models/ and data/")
    x = (data("kws01")["x"].astype(np.float32) - 83) * np.float32(0.5847029089927673)
    network = build(path, calibration=x[:100])
    (found,) = network.run(x[100:]).values()
    right = found.reshape(400, -1).argmax(axis=1) == data("kws01")["y"][100:]
    assert right.sum() >= 358  # 360 in float
