"""The public networks, from the ONNX file to the answer, against the bars the project has set."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnxruntime
import pytest
from real_data import AD, DIALECTS, KWS, MCUNET, MODELS, RESNET8, VWW, Model, data

import tinycc
from tinycc.api.program import run_samples
from tinycc.api.verify import Comparison, compare_original
from tinycc.errors import DoesNotFitError
from tinycc.interp.interpreter import run
from tinycc.pipeline import Options, compile_model
from tinycc.target import load_target, missing_features
from tinycc.toolchain.doctor import missing_tools
from tinycc.toolchain.run import RunResult

CORES = ("cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33")
CORES = (*CORES, "cortex-m55", "rv32imc", "esp32c3")
SMALL = (KWS, AD)
DENSE = {"conv2d", "fully_connected"}
PORTABLE_DOTS = {"tinycc_conv2d_s8", "tinycc_dwconv2d_s8", "tinycc_conv1x1_s8"}
OTHER_SAMPLES = 2  # on the targets other than cortex-m4, which gets 20


def _name(value: object) -> str | None:
    return value.name if isinstance(value, Model) else None


def _matrix() -> list[object]:
    """Every model on every core; the default run leaves out the large ones on most cores."""
    found = []
    for model in MODELS:
        for core in CORES:
            quick = model in SMALL or core == "cortex-m4"
            marks = [pytest.mark.qemu] if quick else [pytest.mark.qemu, pytest.mark.slow]
            found.append(pytest.param(model, core, marks=marks))
    return found


def _outputs(model: Model, target: str, count: int) -> tuple[np.ndarray, RunResult]:
    """Output bytes [count, bytes] of the first samples on a target."""
    outputs, result = run_samples(model.network(target).compiled, model.first_samples(count))
    return np.concatenate([array.reshape(count, -1) for array in outputs.values()], 1), result


def _interpreted(model: Model, count: int) -> np.ndarray:
    compiled, samples = model.network("host").compiled, model.first_samples(count)
    names = dict(zip(compiled.interface.inputs, compiled.graph.inputs, strict=True))
    rows = []
    for index in range(count):
        values = run(compiled.graph, {names[k]: v for k, v in samples.one(index).items()})
        rows.append(np.concatenate([values[name].reshape(-1) for name in compiled.graph.outputs]))
    return np.stack(rows)


@pytest.mark.parametrize("model", (*MODELS, *DIALECTS), ids=_name)
def test_the_c_on_the_host_gives_the_bytes_of_the_interpreter(model: Model) -> None:
    outputs, result = _outputs(model, "host", model.compared)
    np.testing.assert_array_equal(outputs, _interpreted(model, model.compared))
    assert result.arena_used_bytes <= model.network("host").report["memory"]["sram"]["arena"]


@pytest.mark.parametrize(("model", "target"), _matrix(), ids=_name)
def test_every_core_gives_the_bytes_of_the_host(model: Model, target: str) -> None:
    _require_cross_tools(target)
    count = 20 if target == "cortex-m4" else OTHER_SAMPLES
    outputs, result = _outputs(model, target, count)
    np.testing.assert_array_equal(outputs, _outputs(model, "host", count)[0])
    sram = model.network(target).report["memory"]["sram"]
    assert result.arena_used_bytes <= sram["arena"]
    assert result.stack_used_bytes is not None
    assert result.stack_used_bytes <= sram["stack"], "more stack than the bound in the report"


@pytest.mark.parametrize("target", ["host-avx2", "host-vnni"])
@pytest.mark.parametrize(
    "model",
    [pytest.param(m, marks=[] if m in SMALL else [pytest.mark.slow]) for m in MODELS],
    ids=_name,
)
def test_vector_code_gives_the_bytes_of_portable_c(model: Model, target: str) -> None:
    missing = missing_features(load_target(target))
    if missing:
        pytest.skip(f"this processor has no {', '.join(sorted(missing))}")
    outputs, result = _outputs(model, target, model.compared)
    np.testing.assert_array_equal(outputs, _outputs(model, "host", model.compared)[0])
    kernels = {step.kernel.symbol for step in model.network(target).compiled.plan.schedule.steps}
    assert not kernels & PORTABLE_DOTS
    assert result.arena_used_bytes <= model.network(target).report["memory"]["sram"]["arena"]


@pytest.mark.qemu
@pytest.mark.parametrize("model", DIALECTS, ids=_name)
def test_every_dialect_gives_the_bytes_of_the_host_on_cortex_m4(model: Model) -> None:
    _require_cross_tools()
    outputs, _ = _outputs(model, "cortex-m4", OTHER_SAMPLES)
    np.testing.assert_array_equal(outputs, _outputs(model, "host", OTHER_SAMPLES)[0])


@pytest.mark.qemu
@pytest.mark.parametrize("model", (KWS, RESNET8, VWW, AD), ids=_name)
def test_the_stm32f405_gives_the_bytes_of_the_host(model: Model) -> None:
    _require_cross_tools()
    outputs, result = _outputs(model, "stm32f405", 1)
    np.testing.assert_array_equal(outputs, _outputs(model, "host", 1)[0])
    assert result.machine == "netduinoplus2"


@pytest.mark.qemu
def test_a_network_larger_than_the_part_says_so() -> None:
    _require_cross_tools()
    with pytest.raises(DoesNotFitError):
        tinycc.build(MCUNET.path, target="stm32f405", ram=20_000)


@pytest.mark.parametrize(
    ("model", "labels", "bar"),
    [
        (KWS, "kws01", 0.900),
        (RESNET8, "ic01", 0.87),
        (VWW, "vww01", 0.870),
        (MCUNET, "vww01", 0.93),
    ],
    ids=_name,
)
def test_accuracy_over_all_samples_reaches_the_bar(model: Model, labels: str, bar: float) -> None:
    right = model.host_outputs().argmax(1) == data(labels)["y"]
    assert right.mean() >= bar


def test_ad_tells_anomalies_apart_as_well_as_onnxruntime() -> None:
    ours = _reconstruction_auc(AD.host_outputs())
    theirs = _reconstruction_auc(_onnxruntime_outputs())
    assert ours == pytest.approx(theirs, abs=0.01)
    assert ours > 0.8


@pytest.mark.parametrize("model", (*MODELS, *DIALECTS), ids=_name)
def test_the_arena_is_as_small_as_proved_and_below_its_bar(model: Model) -> None:
    sram = model.network("host").report["memory"]["sram"]
    assert sram["optimal"] == (sram["arena"] == sram["lower_bound"])
    # Where many rings may lie in one dying input, the bound takes all of them to do so at once.
    # Layer by layer it is reached.
    layers = compile_model(model.path, Options(target="host", optimize="speed")).plan
    assert layers.arena_bytes == layers.lower_bound
    assert sram["lower_bound"] <= sram["arena"] <= 1.2 * sram["lower_bound"]
    if model.arena_bar is not None:
        assert sram["arena"] <= model.arena_bar


@pytest.mark.qemu
@pytest.mark.parametrize("model", MODELS, ids=_name)
def test_generated_code_has_no_static_memory(model: Model) -> None:
    _require_cross_tools()
    assert model.network("cortex-m4").report["memory"]["sram"]["static"] == 0


@pytest.mark.qemu
def test_kws_adds_at_most_45_kb_of_flash_to_an_empty_image() -> None:
    _require_cross_tools()
    assert KWS.network("cortex-m4").report["memory"]["flash"]["total"] <= 45_000


@pytest.mark.parametrize("model", (*MODELS, *DIALECTS), ids=_name)
def test_no_operator_differs_from_onnxruntime_by_more_than_one_step(model: Model) -> None:
    assert max(compared.largest for compared in _compared(model).values()) <= 1


@pytest.mark.parametrize("model", MODELS, ids=_name)
def test_operators_agree_with_onnxruntime_but_for_ties(model: Model) -> None:
    compared = _compared(model)
    graph = model.network("host").compiled.graph
    dense = [compared[n.output] for n in graph.nodes if n.op in DENSE and n.output in compared]
    assert dense, "no convolution was compared"
    assert _equal_share(dense) >= 0.9999
    assert _equal_share(list(compared.values())) >= 0.998


@cache
def _compared(model: Model) -> dict[str, Comparison]:
    samples = model.first_samples(model.compared)
    return compare_original(model.network("host").compiled, samples, model.path)


def _equal_share(compared: list[Comparison]) -> float:
    values = sum(one.values for one in compared)
    return 1 - sum(one.different for one in compared) / values


def _onnxruntime_outputs() -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(AD.path, options)
    name = session.get_inputs()[0].name
    (outputs,) = session.run(None, {name: AD.samples()})
    return np.asarray(outputs)


def _reconstruction_auc(outputs: np.ndarray) -> float:
    """Area under the curve of the mean squared error of each recording's windows."""
    labels = data("ad01")["y"]
    graph = AD.network("host").compiled.interface
    source, result = graph.tensors[graph.inputs[0]].type, graph.tensors[graph.outputs[0]].type
    real_in = (AD.samples().astype(np.float32) - source.zero_point) * float(source.scale)
    real_out = (outputs.astype(np.float32) - result.zero_point) * float(result.scale)
    errors = np.square(real_in - real_out).mean(1).reshape(len(labels), -1).mean(1)
    normal, anomalous = errors[labels == 0], errors[labels == 1]
    above = anomalous[:, np.newaxis] > normal
    return float(np.mean(above + 0.5 * (anomalous[:, np.newaxis] == normal)))


def _require_cross_tools(target: str = "cortex-m4") -> None:
    missing = [tool.name for tool in missing_tools(load_target(target))]
    if missing:
        pytest.skip(f"{', '.join(missing)}: not installed; `make test` installs them")
