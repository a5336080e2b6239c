"""The public networks against the bars of the issue, and pruned versions of one of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from real_data import AD, KWS, MCUNET, MODELS, RESNET8, VWW, Model

from tinycc.api.program import run_samples
from tinycc.api.samples import Samples, samples_of
from tinycc.pipeline import Compiled, Options, compile_model
from tinycc.report.reduction import weights
from tinycc.schedule.cost import graph_macs

WRITTEN = Options(without=("reduce",))
RANDOM_INPUTS = 10_000
models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


@cache
def pair(path: Path) -> tuple[Compiled, Compiled]:
    """The network as written and reduced, for this machine."""
    return compile_model(path, WRITTEN), compile_model(path, Options())


def random_samples(compiled: Compiled, count: int, seed: int = 0) -> Samples:
    """Uniform inputs, a fifth of them at the ends of the range only."""
    rng, arrays = np.random.default_rng(seed), {}
    for name in compiled.interface.inputs:
        type_ = compiled.interface.tensors[name].type
        if type_.is_float:
            arrays[name] = rng.uniform(-1, 1, (count, *type_.shape)).astype(np.float32)
            continue
        drawn = rng.integers(-128, 128, (count, *type_.shape), np.int8)
        drawn[: count // 5] = np.where(drawn[: count // 5] < 0, -128, 127)
        arrays[name] = drawn
    return samples_of(compiled.interface, arrays)


def same_bytes(networks: tuple[Compiled, Compiled], samples: Samples) -> bool:
    """True when both give the same output bytes on this machine."""
    results = [
        [array.tobytes() for array in run_samples(compiled, samples)[0].values()]
        for compiled in networks
    ]
    return results[0] == results[1]


@models
def test_reduced_networks_give_the_same_bytes_for_the_shared_samples(model: Model) -> None:
    assert same_bytes(pair(model.path), model.first_samples(20))


@pytest.mark.slow
@models
def test_reduced_networks_give_the_same_bytes_for_all_shared_samples(model: Model) -> None:
    assert same_bytes(pair(model.path), model.first_samples())


@pytest.mark.slow
def test_vww_gives_the_same_bytes_for_ten_thousand_random_inputs() -> None:
    networks = pair(VWW.path)
    for seed in range(5):
        assert same_bytes(networks, random_samples(networks[0], RANDOM_INPUTS // 5, seed))


@pytest.mark.qemu
def test_vww_gives_the_same_bytes_on_cortex_m4() -> None:
    m4 = compile_model(VWW.path, Options(target="cortex-m4"))
    host = pair(VWW.path)[0]
    samples = VWW.first_samples(10)
    ours, theirs = (run_samples(compiled, samples)[0] for compiled in (m4, host))
    assert [v.tobytes() for v in ours.values()] == [v.tobytes() for v in theirs.values()]


def test_vww_halves() -> None:
    graph = pair(VWW.path)[1].graph
    assert graph_macs(graph) <= 3_850_000
    assert weights(graph) <= 36_000


def test_mcunet_needs_five_percent_less() -> None:
    before, after = pair(MCUNET.path)
    assert graph_macs(after.graph) <= 0.95 * graph_macs(before.graph)


@pytest.mark.parametrize("model", (KWS, RESNET8, AD), ids=lambda model: model.name)
def test_networks_without_dead_weight_do_not_grow(model: Model) -> None:
    before, after = pair(model.path)
    assert graph_macs(after.graph) <= graph_macs(before.graph)
    assert weights(after.graph) <= weights(before.graph)


@models
def test_reduction_takes_at_most_two_seconds(model: Model) -> None:
    marks: list[tuple[str, float]] = []
    compile_model(model.path, Options(), lambda text: marks.append((text, time.perf_counter())))
    starts = dict(marks)
    assert starts["scheduling"] - starts["merge repeated"] <= 2.0


# resnet8: each block has an inner convolution, whose output only the block's second one reads.
INNER = ("model/conv2d_1/Conv2D", "model/conv2d_3/Conv2D", "model/conv2d_6/Conv2D")
SECOND = {
    INNER[0]: "model/conv2d_2/Conv2D",
    INNER[1]: "model/conv2d_4/Conv2D",
    INNER[2]: "model/conv2d_7/Conv2D",
}
PIXELS = {INNER[0]: 32 * 32, INNER[1]: 16 * 16, INNER[2]: 8 * 8}


def pruned(share: float, folder: Path) -> tuple[Path, Mapping[str, int]]:
    """resnet8 with a share of each inner convolution's channels set to 0, and how many remain."""
    model, rng = onnx.load(RESNET8.path), np.random.default_rng(0)
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    sources = {node.output[0]: node.input[0] for node in model.graph.node}
    remaining = {}
    for node in model.graph.node:
        if node.op_type != "Conv" or sources[node.input[1]] not in INNER:
            continue
        name, bias = (sources[operand] for operand in node.input[1:3])
        count = stored[name].dims[0]
        gone = rng.choice(count, round(share * count), replace=False)
        for tensor in (stored[name], stored[bias]):
            values = numpy_helper.to_array(tensor).copy()
            values[gone] = 0
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        remaining[name] = count - len(gone)
    path = folder / "resnet8_pruned.onnx"
    onnx.save(model, path)
    return path, remaining


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_pruned_resnet8_shrinks_to_what_the_mask_promises(share: float, tmp_path: Path) -> None:
    path, remaining = pruned(share, tmp_path)
    before, after = pair(path)
    assert set(remaining) == set(INNER)
    macs, size = graph_macs(before.graph), weights(before.graph)
    for name, kept in remaining.items():
        for layer, along in ((name, 0), (SECOND[name], 3)):
            data = before.graph.tensors[layer].data
            assert data is not None
            gone = data.size * (data.shape[along] - kept) // data.shape[along]
            macs, size = macs - gone * PIXELS[name], size - gone
    assert abs(graph_macs(after.graph) - macs) <= 0.01 * macs
    assert abs(weights(after.graph) - size) <= 0.01 * size
    assert same_bytes((before, after), random_samples(before, 200))
