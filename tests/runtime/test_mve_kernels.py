"""The MVE kernels on an emulated Cortex-M55: bit for bit and inside their buffers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import qemu_cases
from kernel_cases import HARNESS, Case, operands, program_text
from qemu_cases import run_cases_on

from tinycc import ops
from tinycc.errors import ToolError
from tinycc.ir.graph import Instance, Tensor
from tinycc.ir.types import Quantization
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.conv2d import infer as conv2d_shape
from tinycc.ops.dense import instance_constants
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.fully_connected import FullyConnected
from tinycc.ops.fully_connected import infer as dense_shape
from tinycc.ops.numerics import Clamp
from tinycc.paths import RUNTIME_C
from tinycc.target import load_target
from tinycc.toolchain.compile import build_image
from tinycc.toolchain.run import execute

pytestmark = pytest.mark.qemu
CORE = "cortex-m55"
WINDOWS, VECTORS = "windows", "vectors"
KERNELS = ((1, 1), (3, 3), (2, 5), (1, 3), (5, 5), (3, 1), (4, 4), (7, 7), (8, 8), (1, 7), (5, 1))
CHANNELS = (1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 19, 24, 32, 35)
INPUTS = (1, 3, 8, 15, 16, 17, 31, 32, 33, 48, 49, 64, 96, 112, 128, 144, 145, 160, 176, 304)
PLAIN = ("add", "sub", "mul", "lookup", "max_pool2d", "average_pool2d")
# The SRAM of mps3-an547 that images are linked for; behind it a read faults.
qemu_cases.MEMORY_EDGES["mps3-an547"] = (0, 0x31400000)


def windows(make: ExampleMaker, rng: np.random.Generator) -> Iterator[Instance]:
    """Dense and depthwise, any stride, padding beyond the window, images of one pixel."""
    for index in range(30):
        kernel = KERNELS[int(rng.integers(len(KERNELS)))]
        inputs, is_depthwise = int(rng.choice(CHANNELS)), index % 2 == 0
        times = int(rng.choice([1, 1, 2, 3]))
        outputs = inputs * times if is_depthwise else int(rng.integers(1, 20))
        wide = 45 if rng.random() < 0.15 else 12
        strides = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
        dilations = (int(rng.integers(1, 3)), int(rng.integers(1, 3)) if index % 5 == 0 else 1)
        top, left, bottom, right = (int(v) for v in rng.integers(0, 4, 4))
        height = max(int(rng.integers(1, 9)), (kernel[0] - 1) * dilations[0] + 1 - top - bottom)
        width = max(int(rng.integers(1, wide)), (kernel[1] - 1) * dilations[1] + 1 - left - right)
        groups = inputs if is_depthwise else 1
        clamp = Clamp(0.0, 3.0) if rng.random() < 0.3 else None
        attrs = Conv2d(strides, (top, left, bottom, right), dilations, groups, clamp)
        x, shape = make.activation((1, height, width, inputs)), (outputs, *kernel, inputs // groups)
        yield make.dense("conv2d", attrs, x, shape, conv2d_shape, _fineness(rng))


def vectors(make: ExampleMaker, rng: np.random.Generator) -> Iterator[Instance]:
    """Fully connected layers: one vector and several, every kind of tail."""
    for inputs in INPUTS:
        for count in (1, int(rng.integers(2, 8))):
            shape = (int(rng.integers(1, 14)), inputs)
            clamp = Clamp(0.0, 3.0) if rng.random() < 0.3 else None
            x, attrs = make.activation((count, inputs)), FullyConnected(clamp)
            yield make.dense("fully_connected", attrs, x, shape, dense_shape, _fineness(rng))


def _fineness(rng: np.random.Generator) -> float:
    """Now and then such that outputs saturate and M needs a shift."""
    return float(rng.choice([1.0, 1.0, 1.0, 30.0, 300.0]))


MAKERS = {WINDOWS: windows, VECTORS: vectors}


def mve_cases(instances: Iterator[Instance], make: ExampleMaker, name: str) -> list[Case]:
    """Every MVE kernel on every instance that it takes."""
    found = []
    for index, instance in enumerate(instances):
        op, values = ops.get(instance.node.op), operands(instance, make)
        assert op.reference is not None
        expected = op.reference(instance, values)
        kernels = [k for k in op.kernels if "mve" in k.isa and k.when(instance)]
        found += [
            Case(f"{name} {index} by {k.symbol}", instance, k, values, expected) for k in kernels
        ]
    return found


def random_cases(kind: str, seed: int) -> list[Case]:
    """The cases of a kind."""
    rng = np.random.default_rng(seed)
    make = ExampleMaker(rng)
    return mve_cases(MAKERS[kind](make, rng), make, f"{kind} (seed {seed})")


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mve_kernels_equal_the_reference(kind: str, seed: int, tmp_path: Path) -> None:
    assert run_cases_on(CORE, random_cases(kind, seed), tmp_path) == ""


@pytest.mark.parametrize("op", PLAIN)
def test_mve_kernels_of_simple_operators_equal_the_reference(op: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    make = ExampleMaker(rng)
    cases = mve_cases(iter(list(ops.get(op).examples(rng))), make, op)
    assert len(cases) > 3
    assert run_cases_on(CORE, cases, tmp_path) == ""


@pytest.mark.parametrize("kind", MAKERS)
def test_fraction_bits_give_the_same_bits(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    make = ExampleMaker(rng)
    instances = [_with_float_bias(i, make) for i in MAKERS[kind](make, rng) if len(i.inputs) > 2]
    fractions = [instance_constants(i).requantization.fraction for i in instances]
    assert max(fractions) >= 9
    assert run_cases_on(CORE, mve_cases(iter(instances), make, kind), tmp_path) == ""


def _with_float_bias(instance: Instance, make: ExampleMaker) -> Instance:
    """A bias that is no whole number of sums, as PyTorch exports it, and M near 1/22."""
    x, weights, bias = instance.inputs
    assert bias.data is not None and bias.type.quantization and weights.type.quantization
    scales = np.array(bias.type.quantization.scale)
    constant: Tensor = make.constant(((bias.data + 0.37) * scales).astype(np.float32))
    out_scale = 22 * float(x.type.scale) * float(np.median(weights.type.quantization.scale))
    quantization = Quantization.per_tensor(float(np.float32(out_scale)), 3)
    y = replace(instance.output, type=replace(instance.output.type, quantization=quantization))
    node = replace(instance.node, inputs=(x.name, weights.name, constant.name))
    return Instance(node, instance.attrs, (x, weights, constant), y)


@pytest.mark.parametrize("level", ["-O0", "-Og", "-O3", "-Os", "-O2 -fno-omit-frame-pointer"])
def test_every_optimisation_gives_the_same_bits(level: str, tmp_path: Path) -> None:
    cases = [case for kind in MAKERS for case in random_cases(kind, 5)]
    assert run_cases_on(CORE, cases, tmp_path, *level.split()) == ""


def test_link_time_optimisation_gives_the_same_bits(tmp_path: Path) -> None:
    cases = [case for kind in MAKERS for case in random_cases(kind, 6)]
    assert run_cases_on(CORE, cases, tmp_path, "-O2", "-flto") == ""


def test_an_output_may_lie_below_the_input_that_dies(tmp_path: Path) -> None:
    """1x1 windows over 6 rows, the image as one run: nothing that is still needed is lost."""
    rng = np.random.default_rng(7)
    make, cases = ExampleMaker(rng), []
    for width, inputs, outputs in itertools.product((1, 2, 5), (5, 16, 24, 64), (3, 8, 20, 30)):
        x = make.activation((1, 6, width, inputs))
        layer = make.dense("conv2d", Conv2d(), x, (outputs, 1, 1, inputs), conv2d_shape)
        found = mve_cases(iter([layer]), make, f"{inputs} to {outputs}")
        cases += [case for case in found if "conv1x1" in case.kernel.symbol]
    assert len(cases) >= 48
    assert _run_overlapping(cases, tmp_path) == ""


_OVERLAPPING_MAIN = """
#include <string.h>
#include "tinycc_port.h"
#define main harness_main
%s
#undef main
static uint32_t arena[4096];

/* The least distance that keeps input rows until the output row made from them is whole. */
static int32_t distance_of(int32_t rows, int32_t x_row, int32_t y_row)
{
    int32_t most = 0;
    for (int32_t row = 0; row < rows; row++) {
        const int32_t distance = (row + 1) * y_row - row * x_row;
        most = distance > most ? distance : most;
    }
    return most;
}

int harness_run(const harness_case *c, int count)
{
    int failures = 0;
    for (int i = 0; i < count; i++, c++) {
        unsigned char *y = (unsigned char *)arena;
        const harness_input *x = &c->input[0];
        unsigned char *at = y + distance_of(6, x->bytes / 6, c->out_bytes / 6);
        const void *in[1] = {at};
        memcpy(at, x->data, (size_t)x->bytes);
        c->kernel(c->params, in, y, c->units, NULL);
        if (memcmp(y, c->expected, (size_t)c->out_bytes) != 0) {
            tinycc_port_print(c->name);
            failures++;
        }
    }
    return failures;
}

int main(void)
{
    return harness_main();
}
"""


def _run_overlapping(cases: list[Case], folder: Path) -> str:
    target = load_target(CORE)
    source = folder / "cases.c"
    source.write_text(_OVERLAPPING_MAIN % program_text(cases))
    image = build_image(
        target,
        sorted({RUNTIME_C / case.kernel.source for case in cases}),
        [*sorted({path.parent for path in RUNTIME_C.rglob("*.h")}), HARNESS],
        folder / "image",
        harness=[source],
    )
    try:
        execute(image, folder, [b"\0"], 1, 1, 60.0)
    except ToolError as error:
        return error.render()
    return ""
