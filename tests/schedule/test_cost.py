"""Predicted instructions against those that QEMU counts, for layers that no cost was found with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import Layers, compiled

from tinycc import ops
from tinycc.ir.graph import Instance
from tinycc.report.measure import build_firmware, random_sample
from tinycc.schedule.cost import step_cost
from tinycc.schedule.kernels import choose_kernel
from tinycc.schedule.model import Step
from tinycc.target import Target, load_target
from tinycc.toolchain.count import count_instructions

CORES = (
    "cortex-m0",
    "cortex-m3",
    "cortex-m4",
    "cortex-m7",
    "cortex-m33",
    "cortex-m55",
    "rv32imc",
)
OPERATORS = ("conv2d", "conv2d", "conv2d", "fully_connected", "add", "average_pool2d", "max_pool2d")
SEED = 2026  # not one of bench/kernels/fit.py
NEAR = 0.10


def _layers(target: Target, count: int) -> Iterator[tuple[Instance, Step]]:
    """Random layers with the kernels that they get."""
    draw = Layers(SEED)
    endless = {name: draw.instances(ops.get(name)) for name in set(OPERATORS)}
    for index in range(count):
        instance = next(endless[OPERATORS[index % len(OPERATORS)]])
        kernel = choose_kernel(instance, target)
        assert kernel is not None
        together = kernel.window(instance).together if kernel.window else 1
        yield instance, Step(index, instance.node, kernel, kernel.scratch(instance), together)


def _errors(target: Target, count: int, folder: Path) -> dict[str, float]:
    """Relative errors of predictions, by layer."""
    layers = list(_layers(target, count))
    network = compiled(layers, target)
    image = build_firmware(network, folder, profile=True)
    counted = count_instructions(image, random_sample(network)).by_step
    found = {}
    for instance, step in layers:
        predicted = step_cost(instance, step, target.cost)
        shapes = [tensor.type.shape for tensor in (*instance.inputs[:2], instance.output)]
        name = f"{step.kernel.symbol} {shapes} {instance.attrs}"
        found[name] = predicted / counted[step.index].instructions - 1
    return found


def _expect_near(errors: dict[str, float]) -> None:
    far = {name: error for name, error in errors.items() if abs(error) > NEAR}
    assert not far


@pytest.mark.qemu
def test_predictions_are_near_what_is_executed(tmp_path: Path) -> None:
    _expect_near(_errors(load_target("cortex-m4"), 30, tmp_path))


@pytest.mark.qemu
@pytest.mark.slow
@pytest.mark.parametrize("core", CORES)
def test_predictions_are_near_what_is_executed_in_50_layers(core: str, tmp_path: Path) -> None:
    _expect_near(_errors(load_target(core), 50, tmp_path))
