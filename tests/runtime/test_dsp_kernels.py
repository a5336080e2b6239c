"""The kernels for bare cores, emulated: bit for bit, inside their buffers, however optimised."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kernel_cases import Case, operands
from qemu_cases import run_cases_on

from tinycc import ops
from tinycc.ir.graph import Instance, Tensor
from tinycc.ir.types import Quantization
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.conv2d import infer as conv2d_shape
from tinycc.ops.dense_dsp import fraction_bits
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.fully_connected import FullyConnected
from tinycc.ops.fully_connected import infer as dense_shape
from tinycc.ops.numerics import Clamp
from tinycc.ops.op import Params

pytestmark = pytest.mark.qemu
DENSE, DEPTHWISE, VECTORS = "dense", "depthwise", "vectors"
CLAMPS = (None, Clamp(0.0, 3.0))
FINENESS = (1.0, 1.0, 300.0)  # the last: outputs saturate, M needs a shift

# height, width, channels, outputs, kernel, strides, pads, dilations
WINDOWS = (
    (3, 3, 8, 5, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    (1, 1, 4, 1, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    (2, 5, 16, 16, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    (4, 4, 64, 6, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    (1, 7, 3, 2, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    (3, 2, 5, 7, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    (5, 1, 2, 9, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    (2, 3, 1, 3, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    (4, 8, 16, 5, (1, 1), (2, 2), (0, 0, 0, 0), (1, 1)),
    (5, 5, 4, 3, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1)),
    (7, 9, 3, 8, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1)),
    (9, 5, 1, 6, (10, 4), (2, 2), (4, 1, 5, 1), (1, 1)),
    (6, 7, 5, 3, (2, 5), (1, 2), (1, 2, 0, 3), (1, 1)),
    (6, 9, 8, 3, (3, 3), (1, 1), (2, 2, 2, 2), (2, 2)),
    (6, 9, 3, 3, (3, 3), (1, 3), (2, 2, 2, 2), (1, 2)),
    (3, 3, 4, 2, (3, 3), (1, 1), (4, 4, 4, 4), (1, 1)),  # windows of padding only
    (1, 12, 1, 4, (1, 5), (1, 1), (0, 2, 0, 2), (1, 1)),
    (4, 19, 12, 6, (3, 5), (1, 1), (2, 2, 2, 2), (1, 1)),
)
TALL_AND_WIDE = ((1, 7), (7, 1), (3, 1), (1, 1), (5, 3), (3, 5), (9, 7), (2, 2), (4, 4), (6, 6))


def dense(make: ExampleMaker, rng: np.random.Generator) -> Iterator[Instance]:
    """Windows over all channels."""
    for height, width, inputs, outputs, kernel, strides, pads, dilations in WINDOWS:
        attrs = Conv2d(strides, pads, dilations, clamp=CLAMPS[int(rng.integers(2))])
        x = make.activation((1, height, width, inputs))
        fineness = float(rng.choice(FINENESS))
        yield make.dense("conv2d", attrs, x, (outputs, *kernel, inputs), conv2d_shape, fineness)
    for _ in range(10):
        kernel = tuple(int(v) for v in rng.integers(1, 6, 2))
        inputs, outputs, height, width = (int(v) for v in rng.integers((1, 1, 9, 9), 14))
        strides = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
        dilations = (int(rng.integers(1, 3)), int(rng.integers(1, 3)))
        top, left, bottom, right = (int(v) for v in rng.integers(0, 4, 4))
        attrs = Conv2d(strides, (top, left, bottom, right), dilations)
        x = make.activation((1, height, width, inputs))
        yield make.dense("conv2d", attrs, x, (outputs, *kernel, inputs), conv2d_shape)


def depthwise(make: ExampleMaker, rng: np.random.Generator) -> Iterator[Instance]:
    """One input channel per output; several outputs per input; odd extents."""
    for kernel in (*[(3, 3)] * 5, (5, 5), (7, 7), *TALL_AND_WIDE):
        for strides in ((1, 1), (2, 2), (1, 2), (2, 1), (3, 1)):
            channels, times = int(rng.choice([4, 5, 6, 8, 11])), int(rng.choice([1, 1, 2, 3]))
            top, left, bottom, right = (int(v) for v in rng.integers(0, 4, 4))
            height, width = (int(v) for v in rng.integers(1, 12, 2))
            height = max(height, kernel[0] - top - bottom)
            width = max(width, kernel[1] - left - right)
            clamp = CLAMPS[int(rng.integers(2))]
            attrs = Conv2d(strides, (top, left, bottom, right), (1, 1), channels, clamp)
            x, shape = make.activation((1, height, width, channels)), (channels * times, *kernel, 1)
            yield make.dense("conv2d", attrs, x, shape, conv2d_shape, float(rng.choice(FINENESS)))
    for channels in (4, 7, 16):
        attrs = Conv2d((1, 2), (2, 1, 2, 3), (2, 2), channels)
        x, shape = make.activation((1, 7, 9, channels)), (channels, 3, 3, 1)
        yield make.dense("conv2d", attrs, x, shape, conv2d_shape)


def vectors(make: ExampleMaker, rng: np.random.Generator) -> Iterator[Instance]:
    """Fully connected layers, one vector and several."""
    for inputs, outputs, count in (
        *((17, 5, 1), (64, 1, 1), (128, 10, 1), (12, 6, 1), (40, 3, 1)),
        *((10, 4, 3), (2, 2, 1), (3, 3, 2), (1, 2, 1), (8, 4, 7)),
        *((4, 5, 2), (5, 9, 1), (6, 2, 2), (7, 8, 1), (1500, 6, 1)),
    ):
        x, fineness = make.activation((count, inputs)), float(rng.choice(FINENESS))
        shape = (outputs, inputs)
        yield make.dense("fully_connected", FullyConnected(), x, shape, dense_shape, fineness)
    x = make.activation((2, 30))
    ends = make.dense("fully_connected", FullyConnected(), x, (7, 30), dense_shape)
    weights = rng.choice(np.array([-128, -1, 127], np.int8), (7, 30))
    constants = (replace(ends.inputs[1], data=weights), *ends.inputs[2:])
    yield replace(ends, inputs=(x, *constants))


def with_float_bias(instance: Instance, make: ExampleMaker) -> Instance:
    """A layer with a float bias, as PyTorch exports it, and M near 1/22: 10 fraction bits."""
    if len(instance.inputs) < 3:
        return instance
    x, weights, bias = instance.inputs
    assert bias.data is not None and bias.type.quantization and weights.type.quantization
    scales = np.array(bias.type.quantization.scale)
    constant: Tensor = make.constant(((bias.data + 0.37) * scales).astype(np.float32))
    out_scale = 22 * float(x.type.scale) * float(np.median(weights.type.quantization.scale))
    quantization = Quantization.per_tensor(float(np.float32(out_scale)), 3)
    y = replace(instance.output, type=replace(instance.output.type, quantization=quantization))
    node = replace(instance.node, inputs=(x.name, weights.name, constant.name))
    return Instance(node, instance.attrs, (x, weights, constant), y)


MAKERS = {DENSE: dense, DEPTHWISE: depthwise, VECTORS: vectors}


def dsp_cases(kind: str, seed: int, float_bias: bool = False, feature: str = "dsp") -> list[Case]:
    """Every kernel for a feature on every instance of a kind that it takes."""
    rng = np.random.default_rng(seed)
    make, found = ExampleMaker(rng), []
    for index, instance in enumerate(MAKERS[kind](make, rng)):
        if float_bias:
            instance = with_float_bias(instance, make)
        found += cases_of_instance(instance, make, f"{kind} {index} (seed {seed})", feature)
    return found


def cases_of_instance(
    instance: Instance, make: ExampleMaker, name: str, feature: str = "dsp"
) -> list[Case]:
    """Every kernel for a feature that takes an instance, as a case."""
    op = ops.get(instance.node.op)
    values = operands(instance, make)
    assert op.reference is not None
    expected = op.reference(instance, values)
    kernels = [
        k for k in op.kernels if feature in k.isa and "mve" not in k.isa and k.when(instance)
    ]
    return [Case(f"{name} by {k.symbol}", instance, k, values, expected) for k in kernels]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_dsp_kernels_equal_the_reference(kind: str, seed: int, tmp_path: Path) -> None:
    assert run_cases_on("cortex-m4", dsp_cases(kind, seed), tmp_path) == ""


@pytest.mark.parametrize("kind", MAKERS)
def test_fraction_bits_give_the_same_bits(kind: str, tmp_path: Path) -> None:
    cases = dsp_cases(kind, 5, float_bias=True)
    assert max(fraction_bits(case.instance) for case in cases) >= 9
    assert run_cases_on("cortex-m4", cases, tmp_path) == ""


@pytest.mark.parametrize("target", ["cortex-m7", "cortex-m33"])
def test_dsp_kernels_run_on_their_other_cores(target: str, tmp_path: Path) -> None:
    cases = [case for kind in MAKERS for case in dsp_cases(kind, 3)]
    assert run_cases_on(target, cases, tmp_path) == ""


LEVELS = (
    *("-O0", "-Og", "-O3", "-Os", "-O2 -fno-omit-frame-pointer", "-O2 -flto"),
    *("clang -O0", "clang -O2", "clang -O3"),
)
CORES = (
    *(("cortex-m4", "dsp"), ("cortex-m3", "thumb2"), ("cortex-m3", "thumb")),
    ("cortex-m0", "thumb"),
)
CLANG = """#!/bin/sh
case " $* " in
*" -fno-tree-loop-distribute-patterns "*) ;; # the harness
*" -c "*) exec clang --target=arm-none-eabi -isystem /usr/lib/arm-none-eabi/include \\
    -Wno-keyword-macro "$@" ;;
esac
exec arm-none-eabi-gcc "$@"
"""


@pytest.mark.slow
@pytest.mark.parametrize(("target", "feature"), CORES)
@pytest.mark.parametrize("level", LEVELS)
def test_every_compiler_gives_the_same_bits(
    level: str, target: str, feature: str, tmp_path: Path
) -> None:
    cases = [case for kind in MAKERS for case in dsp_cases(kind, 4, feature=feature)]
    compiler = None
    if "clang" in level:
        if shutil.which("clang") is None:
            pytest.skip("clang is not installed")
        script = tmp_path / "compiler"
        script.write_text(CLANG)
        script.chmod(0o755)
        compiler = str(script)
    flags = [flag for flag in level.split() if flag != "clang"]
    assert run_cases_on(target, cases, tmp_path, *flags, compiler=compiler) == ""


@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_other_optimisations_give_the_same_bits(level: str, tmp_path: Path) -> None:
    cases = [case for kind in MAKERS for case in dsp_cases(kind, 4)]
    assert run_cases_on("cortex-m4", cases, tmp_path, level) == ""


@pytest.mark.parametrize(
    ("target", "feature", "kind"),
    [
        ("cortex-m3", "thumb2", DENSE),
        ("cortex-m3", "thumb2", VECTORS),
        ("cortex-m3", "thumb2", DEPTHWISE),
        ("cortex-m3", "thumb", DEPTHWISE),
        ("cortex-m0", "thumb", DENSE),
        ("cortex-m0", "thumb", VECTORS),
        ("cortex-m0", "thumb", DEPTHWISE),
        ("rv32imc", "rv32im", DENSE),
        ("rv32imc", "rv32im", DEPTHWISE),
        ("rv32imc", "rv32im", VECTORS),
    ],
)
@pytest.mark.parametrize("float_bias", [False, True])
def test_smaller_cores(
    target: str, feature: str, kind: str, float_bias: bool, tmp_path: Path
) -> None:
    cases = dsp_cases(kind, 6, float_bias, feature)
    assert cases
    assert run_cases_on(target, cases, tmp_path) == ""


@pytest.mark.parametrize("level", ["-O0", "-O3 -fno-omit-frame-pointer"])
def test_every_optimisation_gives_the_same_bits_on_risc_v(level: str, tmp_path: Path) -> None:
    cases = [case for kind in MAKERS for case in dsp_cases(kind, 4, feature="rv32im")]
    assert run_cases_on("rv32imc", cases, tmp_path, *level.split()) == ""


@pytest.mark.parametrize(
    ("target", "feature", "name"),
    [
        ("cortex-m4", "dsp", "average_pool2d"),
        ("cortex-m4", "dsp", "max_pool2d"),
        ("cortex-m3", "thumb2", "add"),
        ("cortex-m3", "thumb2", "sub"),
        ("cortex-m3", "thumb2", "mul"),
    ],
)
def test_other_operators_equal_the_reference(
    target: str, feature: str, name: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(7)
    make, op = ExampleMaker(rng), ops.get(name)
    cases = [
        case
        for index, instance in enumerate(op.examples(rng))
        for case in cases_of_instance(instance, make, f"{name} {index}", feature)
    ]
    assert len(cases) >= 2
    assert run_cases_on(target, cases, tmp_path) == ""


def test_a_wrong_byte_and_a_read_behind_a_buffer_are_found(tmp_path: Path) -> None:
    """The judge itself: an expected byte changed, and a claim of one input row too many."""
    case = next(c for c in dsp_cases(DENSE, 0) if c.kernel.symbol == "tinycc_conv2d_s8_dsp")
    wrong = case.expected.copy()
    wrong.reshape(-1)[-1] ^= 1
    assert "wrong bytes" in run_cases_on("cortex-m4", [replace(case, expected=wrong)], tmp_path)

    def longer(instance: Instance) -> int:
        return 2 + (case.kernel.units(instance) if case.kernel.units else 0)

    run = next(c for c in dsp_cases(VECTORS, 0) if c.kernel.symbol == "tinycc_conv1x1_s8_dsp")
    more = replace(run, kernel=replace(run.kernel, units=longer))
    assert run_cases_on("cortex-m4", [more], tmp_path) != ""


def test_a_read_outside_of_a_buffer_is_found(tmp_path: Path) -> None:
    """The judge itself: an operand that is multiplied by 0, and read outside."""
    rng = np.random.default_rng(0)
    make, found = ExampleMaker(rng), []
    for index, instance in enumerate(ops.get("add").examples(rng)):
        found += cases_of_instance(instance, make, f"add {index}", "thumb2")
    case = next(case for case in found if _numbers(case)["walk.unit1"] == 12)
    own = _numbers(case)
    sums = case.values[1].astype(np.int64) * own["multiplier2"] + own["constant"]
    steps = np.clip(sums >> own["shift"], own["low"], own["high"]).astype(np.int8)
    expected = np.broadcast_to(steps, case.expected.shape)

    def said(**changed: int) -> str:
        kernel = replace(case.kernel, params=lambda i: _changed(case.kernel.params(i), changed))
        return run_cases_on(
            "cortex-m3", [replace(case, kernel=kernel, expected=expected)], tmp_path
        )

    assert said(multiplier1=0) == ""
    assert "processor fault" in said(multiplier1=0, **{"walk.unit1": -12})
    assert "processor fault" in said(multiplier1=0, **{"walk.unit1": 13})


def _numbers(case: Case) -> dict[str, int]:
    fields = case.kernel.params(case.instance).fields
    return {field.name: field.value for field in fields if isinstance(field.value, int)}


def _changed(params: Params, values: dict[str, int]) -> Params:
    fields = tuple(replace(f, value=values.get(f.name, f.value)) for f in params.fields)
    return replace(params, fields=fields)
