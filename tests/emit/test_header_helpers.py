"""What the header offers beside an inference: conversion from real numbers, a profile hook."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from golden_models import GOLDEN

import tinycc
from tinycc.api.network import Network
from tinycc.api.samples import samples_of

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "profile-steps.md"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wfloat-equal", "-Werror"]
NASTY = [0.0, -0.0, np.inf, -np.inf, 3.4e38, -3.4e38, 1e-45, 511.99997, 512.0, -511.99997, -512.0]

CONVERT = """
#include "tiny.h"
#include <stdio.h>
int main(int argc, char **argv) {{
    static float real[{count}];
    static {ctype} stored[{count}];
    static float back[{count}];
    FILE *file = fopen(argv[1], "rb");
    if (argc != 3 || fread(real, sizeof real, 1, file) != 1) return 1;
    fclose(file);
    for (int i = 0; i < {count}; i += {step}) tiny_quantize_{function}(real + i, stored + i);
    for (int i = 0; i + TINY_OUTPUT_BYTES <= {count}; i += TINY_OUTPUT_BYTES) {{
        tiny_dequantize_output((const {out_type} *)(const void *)(stored + i), back + i);
    }}
    file = fopen(argv[2], "wb");
    fwrite(stored, sizeof stored, 1, file);
    fwrite(back, sizeof back, 1, file);
    return fclose(file);
}}
"""


def _network(name: str, folder: Path, **options: str) -> Network:
    network = tinycc.build(GOLDEN[name]().save(folder), name="tiny", **options)  # type: ignore[arg-type]
    network.write(folder / "net")
    return network


def _reals(scale: np.float32, count: int) -> np.ndarray:
    """Ties of both parities, numbers beside them, far ones, and random ones."""
    steps = np.arange(-300, 300, dtype=np.float32)
    ties = np.concatenate([(steps + np.float32(half)) * scale for half in (0.5, 0.0)])
    near = np.concatenate([np.nextafter(ties, np.float32(way)) for way in (-np.inf, np.inf)])
    drawn = np.random.default_rng(7).normal(0, 100, count).astype(np.float32) * scale
    nasty = np.array(NASTY, np.float32)
    return np.concatenate([ties, near, nasty, nasty * scale, drawn])[:count].astype(np.float32)


@pytest.mark.parametrize("compiler", ["gcc", "clang", "g++"])
@pytest.mark.parametrize(
    ("model", "memory"), [("classifier", "arena"), ("unsigned_bytes", "arena"), ("audio", "pushed")]
)
def test_helpers_convert_as_the_reference_does(
    model: str, memory: str, compiler: str, tmp_path: Path
) -> None:
    _require(compiler)
    network = _network(model, tmp_path, input_memory=memory)
    graph = network.compiled.interface
    source, output = (graph.tensors[names[0]].type for names in (graph.inputs, graph.outputs))
    pushed = memory == "pushed"
    step = source.bytes // network.compiled.code.model.pushed.rows if pushed else source.bytes  # type: ignore[union-attr]
    count = (4096 // step) * step
    reals = _reals(np.float32(source.scale), count)
    reals.tofile(tmp_path / "real.bin")
    text = CONVERT.format(
        count=count,
        step=step,
        ctype=source.dtype.c,
        out_type=output.dtype.c,
        function="row" if pushed else "input",
    )
    ending = "cpp" if compiler == "g++" else "c"
    (tmp_path / f"main.{ending}").write_text(text)
    standard = "-std=c++11" if compiler == "g++" else "-std=c99"
    _run([compiler, standard, "-O2", *STRICT, "-Inet", f"main.{ending}", "-o", "convert"], tmp_path)
    _run(["./convert", "real.bin", "out.bin"], tmp_path)
    got = (tmp_path / "out.bin").read_bytes()

    whole = reals[: count // source.elements * source.elements].reshape(-1, *source.shape)
    wanted = samples_of(graph, {graph.inputs[0]: whole}).values[graph.inputs[0]].reshape(-1)
    stored = np.frombuffer(got[:count], source.dtype.numpy)
    np.testing.assert_array_equal(stored[: len(wanted)], wanted)
    used = count // output.bytes * output.bytes
    values = np.frombuffer(got[:used], output.dtype.numpy).astype(np.float64)
    real = ((values - output.zero_point) * np.float64(np.float32(output.scale))).astype(np.float32)
    np.testing.assert_array_equal(np.frombuffer(got[count:], np.float32)[:used], real)


def test_unused_helpers_leave_no_code(tmp_path: Path) -> None:
    _network("classifier", tmp_path)
    (tmp_path / "main.c").write_text('#include "tiny.h"\nint main(void) { return 0; }\n')
    _run(["gcc", *STRICT, "-O0", "-Inet", "-c", "main.c"], tmp_path)
    assert "quantize" not in _run(["nm", "main.o"], tmp_path)


HOOK = r"""
#include "tiny.h"
#include <stdio.h>
static uint8_t arena[TINY_ARENA_BYTES] TINY_ALIGN;
void hook(int step) { printf("%d %s\n", step, tiny_step_names[step]); }
int main(void) {
    tiny_t net = tiny_init(arena);
    tiny_run(&net);
    printf("slices\n");
    tiny_begin(&net);
    while (tiny_step(&net) == TINY_MORE) {
    }
    return 0;
}
"""


@pytest.mark.parametrize("optimize", ["ram", "speed"])
def test_the_hook_learns_each_step_and_when_none_runs(optimize: str, tmp_path: Path) -> None:
    network = _network("branches", tmp_path, optimize=optimize)
    (tmp_path / "main.c").write_text(HOOK)
    sources = [f"net/{path}" for path in network.compiled.code.sources]
    _run(["gcc", "-DTINYCC_PROFILE=hook", "-Inet", "-Inet/tinycc", "main.c", *sources], tmp_path)
    whole, _, sliced = _run(["./a.out"], tmp_path).partition("slices\n")
    steps = network.report["steps"]
    names = {
        step["index"]: f"{step['kernel']} {', '.join(step['nodes'])}".rstrip() for step in steps
    }
    names[len(steps)] = "none"
    for text in (whole, sliced):
        calls = [line.split(" ", 1) for line in text.splitlines()]
        assert {int(number): name for number, name in calls} == names
        assert calls[-1][1] == "none"
    assert whole.count("none") == 1
    # Each slice ends with a call: what the program does meanwhile belongs to no step.
    assert sliced.count("none") > 1


def test_a_profile_without_a_function_says_what_to_define(tmp_path: Path) -> None:
    _network("classifier", tmp_path)
    words = ["gcc", "-DTINYCC_PROFILE", "-Inet", "-Inet/tinycc", "-c", "net/tiny.c"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "name your function" in done.stderr


def test_the_example_for_the_cycle_counter_works(tmp_path: Path) -> None:
    """As firmware sees it, with registers that are variables: QEMU's cores have no DWT."""
    network = tinycc.build(GOLDEN["classifier"]().save(tmp_path), name="kws")
    network.write(tmp_path / "net")
    block = re.search(r"```c\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    (tmp_path / "device.h").write_text(
        "#include <stdint.h>\n"
        "static struct { uint32_t CTRL, CYCCNT, DEMCR; } registers;\n"
        "#define DWT (registers.CYCCNT++, &registers)\n"
        "#define CoreDebug (&registers)\n"
        "enum { CoreDebug_DEMCR_TRCENA_Msk = 1 << 24, DWT_CTRL_CYCCNTENA_Msk = 1 };\n"
    )
    main = "static uint8_t arena[KWS_ARENA_BYTES] KWS_ALIGN;\n" + (
        "int main(void) { kws_t net = kws_init(arena); print_profile(&net); return 0; }\n"
    )
    (tmp_path / "main.c").write_text(block[1] + main)
    sources = [f"net/{path}" for path in network.compiled.code.sources]
    flags = ["-std=c99", "-Wall", "-DTINYCC_PROFILE=on_step", "-I.", "-Inet", "-Inet/tinycc"]
    _run(["gcc", *flags, "main.c", *sources], tmp_path)
    lines = _run(["./a.out"], tmp_path).splitlines()
    assert [line.split(None, 1)[1].split()[0] for line in lines] == [
        step["kernel"] for step in network.report["steps"]
    ]
    assert all(int(line.split()[0]) > 0 for line in lines)


def _run(words: list[str], folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def _require(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
