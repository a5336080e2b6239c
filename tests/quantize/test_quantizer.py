"""Choices of the quantiser on small networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from small_models import conv_net, samples

from tinycc import build
from tinycc.errors import ModelError, UsageError
from tinycc.interp.original import Session
from tinycc.quantize.options import EFFORTS, OBSERVER_NAMES, QuantizationOptions
from tinycc.quantize.quantizer import QuantizedModel, quantize_model

MIN_MAX = QuantizationOptions("min-max")


def _constants(model: QuantizedModel) -> dict[str, np.ndarray]:
    graph = onnx.load_from_string(model.onnx).graph
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _ratio(wanted: np.ndarray, found: np.ndarray) -> float:
    return 10 * float(np.log10((wanted**2).sum() / ((wanted - found) ** 2).sum()))


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("observer", OBSERVER_NAMES)
def test_every_observer_gives_a_network_like_the_float_one(
    observer: str, effort: str, tmp_path: Path
) -> None:
    path, x = conv_net(tmp_path), samples(40)
    model = quantize_model(path, x, QuantizationOptions(observer, effort), {})
    float_model, int8_model = Session(path, None), Session(model.onnx, None)
    wanted = np.concatenate([float_model.run({"x": one[None]}, ["y"])["y"] for one in x])
    found = np.concatenate([int8_model.run({"x": one[None]}, ["y"])["y"] for one in x])
    assert _ratio(wanted, found) > 20


@pytest.mark.parametrize("count", [1, 3, 5])
def test_few_samples_are_enough_to_quantise(count: int, tmp_path: Path) -> None:
    model = quantize_model(
        conv_net(tmp_path), samples(count), QuantizationOptions("mse", "best"), {}
    )
    assert model.samples == count


def test_unknown_names_are_usage_errors() -> None:
    for arguments in (("best",), ("auto", "slow")):
        with pytest.raises(UsageError):
            QuantizationOptions(*arguments)


def test_rectifiers_cost_nothing(tmp_path: Path) -> None:
    model = quantize_model(conv_net(tmp_path), samples(10), MIN_MAX, {})
    assert _constants(model)["middle.zero_point"] == -128
    assert "lookup" not in {
        node.op for node in build(tmp_path / "m.onnx", calibration=samples(10)).compiled.graph.nodes
    }


def test_weights_have_a_scale_per_channel_fully_connected_too(tmp_path: Path) -> None:
    constants = _constants(quantize_model(conv_net(tmp_path), samples(10), MIN_MAX, {}))
    scales = {name: len(a) for name, a in constants.items() if name.endswith("weights.scale")}
    assert sorted(scales.values()) == [4, 6, 8]


def test_a_dead_channel_keeps_its_bias(tmp_path: Path) -> None:
    """All weights zero: the channel is its bias, whatever the samples hold."""
    generator = np.random.default_rng(3)
    first = generator.normal(0, 0.4, (6, 3, 3, 3))
    first[2] = 0
    first[3] *= 1e-20
    bias = np.full(6, 0.75)
    path = conv_net(tmp_path, first=first, bias=bias)
    model = quantize_model(path, samples(10), MIN_MAX, {})
    (noise,) = [layer for layer in model.layers if layer.tensor == "middle"]
    assert noise.alone > 35
    build(path, calibration=samples(10)).run(samples(2))


def test_weights_that_are_all_zero_give_a_constant(tmp_path: Path) -> None:
    path = conv_net(tmp_path, last=np.zeros((8, 4)))
    network = build(path, calibration=samples(10))
    assert any("`scores`" in note for note in network.report["notes"])
    outputs = network.run(samples(3))["y"]
    assert (outputs == outputs[0, 0]).all()


def test_a_constant_input_is_refused(tmp_path: Path) -> None:
    data = np.full((5, 3, 8, 8), 0.5, np.float32)
    with pytest.raises(ModelError, match=r"every value of input `x` is 0.5 in all 5 samples"):
        quantize_model(conv_net(tmp_path), data, MIN_MAX, {})


def test_values_beyond_float_name_the_node(tmp_path: Path) -> None:
    path = conv_net(tmp_path, first=np.full((6, 3, 3, 3), 1e38))
    with pytest.raises(ModelError, match=r"node `/Relu_1` \(Relu\) makes NaN or infinite values"):
        quantize_model(path, samples(10) * 100, MIN_MAX, {})


def test_a_quantised_model_takes_no_calibration(tmp_path: Path) -> None:
    model = quantize_model(conv_net(tmp_path), samples(10), MIN_MAX, {})
    (tmp_path / "q.onnx").write_bytes(model.onnx)
    build(tmp_path / "q.onnx")
    with pytest.raises(ModelError, match="quantised already"):
        build(tmp_path / "q.onnx", calibration=samples(10))


def test_the_report_says_where_accuracy_goes(tmp_path: Path) -> None:
    network = build(conv_net(tmp_path), calibration=samples(10))
    layers = network.report["quantization"]["layers"]
    alone = [layer["alone_db"] for layer in layers if layer["alone_db"] is not None]
    assert alone == sorted(alone) and len(layers) >= 6
    first = next(layer for layer in layers if layer["tensor"] == "middle")
    assert first["op"] == "Conv" and first["end_to_end_db"] <= first["alone_db"] + 1
