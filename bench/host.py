"""Compares inference on this machine with LiteRT and onnxruntime and writes host.md.

    python bench/host.py [--models ../shared/models] [--rounds 41]

One thread, one processor, processor time. In every round each contender runs for some
milliseconds, one after the other; a figure is the median over the rounds of a contender's time
divided by that of our fastest code in the same round. Only such ratios are written: times are those
of one machine on one day.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import tinycc
from tinycc.report.measure import write_sources
from tinycc.target import load_target, runs_here
from tinycc.toolchain.compiler import find_compiler

HERE = Path(__file__).resolve().parent
MODELS = {  # .onnx, .tflite
    "kws": ("kws_i8", "kws_ref_model"),
    "resnet8": ("resnet8_i8", "pretrainedResnet_quant"),
    "vww": ("vww_i8", "vww_96_int8"),
    "ad": ("ad_i8", "ad01_int8"),
}
OURS = ("host-vnni", "host-avx2", "host")
SLICE_SECONDS = 0.004
TIMER = """
#include <time.h>
#include "{name}.h"
static uint8_t arena[{NAME}_ARENA_BYTES] {NAME}_ALIGN;
double seconds(long runs)
{{
    struct timespec from, to;
    {name}_t net = {name}_init(arena);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (long i = 0; i < runs; i++) {{
        {name}_run(&net);
    }}
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}}
"""
HEADER = """# Inference on the host against LiteRT and onnxruntime

Made by `python bench/host.py`; do not edit. One thread on one processor ({processor}); median over
{rounds} rounds of the processor time of each contender divided by that of {ours} in the same round,
so above 1 is slower. {versions}.

- tinycc: `--optimize speed`, compiled by {compiler} with the flags of the target
- LiteRT: built-in kernels without delegate, and with XNNPACK; the same networks as .tflite
- onnxruntime: the same .onnx files, all graph optimisations, bound inputs and outputs
- the last two are called from Python once per inference, ours from C

| model | {columns} |
|---|{dashes}|
"""

Timer = Callable[[int], float]
"""Seconds for so many inferences."""


def ours(path: Path, target: str, folder: Path) -> Timer:
    """The generated C in a shared library that times itself."""
    compiled = tinycc.build(path, target=target, optimize="speed").compiled
    sources = write_sources(compiled.code.texts, folder)
    timer = folder / "timer.c"
    timer.write_text(TIMER.format(name=compiled.name, NAME=compiled.name.upper()))
    compiler = load_target(target).compiler
    library = folder / "timed.so"
    words = [
        *find_compiler(compiler).words,
        *compiler.cpu_flags,
        compiler.optimization,
        "-D_GNU_SOURCE",
    ]
    words += ["-shared", "-fPIC", f"-I{folder}", f"-I{folder / 'tinycc'}", "-o", str(library)]
    subprocess.run([*words, str(timer), *map(str, sources)], check=True)
    function = ctypes.CDLL(str(library)).seconds
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_long]
    return lambda runs: float(function(runs))


def _looped(infer: Callable[[], object]) -> Timer:
    def seconds(runs: int) -> float:
        start = time.process_time()
        for _ in range(runs):
            infer()
        return time.process_time() - start

    return seconds


def litert(path: Path, delegate: bool) -> Timer:
    """LiteRT on one thread, with XNNPACK or with its built-in kernels."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    kind = OpResolverType.BUILTIN if delegate else plain
    interpreter = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    for tensor in interpreter.get_input_details():
        interpreter.set_tensor(tensor["index"], _random(tensor["shape"], tensor["dtype"]))
    return _looped(interpreter.invoke)


def onnxruntime(path: Path) -> Timer:
    """onnxruntime on one thread."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for tensor in session.get_inputs():
        dtype = {"tensor(int8)": np.int8, "tensor(uint8)": np.uint8}.get(tensor.type, np.float32)
        shape = [side if isinstance(side, int) else 1 for side in tensor.shape]
        binding.bind_cpu_input(tensor.name, _random(shape, dtype))
    for tensor in session.get_outputs():
        binding.bind_output(tensor.name)
    return _looped(lambda: session.run_with_iobinding(binding))


def _random(shape: object, dtype: type) -> np.ndarray:
    rng = np.random.default_rng(0)
    if np.issubdtype(dtype, np.floating):
        return rng.normal(0, 1, shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype, endpoint=True)


def ratios(contenders: dict[str, Timer], rounds: int) -> dict[str, float]:
    """The median of each contender's time over that of the first one, taken in turns."""
    runs = {name: max(1, int(SLICE_SECONDS / (run(8) / 8))) for name, run in contenders.items()}
    first = next(iter(contenders))
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        taken = {name: run(runs[name]) / runs[name] for name, run in contenders.items()}
        for name, seconds in taken.items():
            found[name].append(seconds / taken[first])
    return {name: median(values) for name, values in found.items()}


def contenders_of(model: str, folder: Path, targets: list[str], scratch: Path) -> dict[str, Timer]:
    """Our targets, fastest first, and the others."""
    first, second = MODELS[model]
    onnx, tflite = folder / f"{first}.onnx", folder / f"{second}.tflite"
    found = {f"tinycc {name}": ours(onnx, name, scratch / f"{model}-{name}") for name in targets}
    found["LiteRT built-in"] = litert(tflite, delegate=False)
    found["LiteRT XNNPACK"] = litert(tflite, delegate=True)
    found["onnxruntime"] = onnxruntime(onnx)
    return found


def processor() -> str:
    """What the machine calls its processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def header(targets: list[str], names: list[str], rounds: int) -> str:
    """What the table depends on."""
    from importlib.metadata import version

    compiler = find_compiler(load_target("host").compiler)
    said = subprocess.run(
        [*compiler.words, "--version"], capture_output=True, text=True, check=True
    )
    packages = ("ai-edge-litert", "onnxruntime")
    return (
        HEADER.format(
            processor=processor(),
            rounds=rounds,
            ours=f"`{targets[0]}`",
            versions=", ".join(f"{name} {version(name)}" for name in packages),
            compiler=said.stdout.splitlines()[0],
            columns=" | ".join(names),
            dashes="--:|" * len(names),
        ).rstrip("|\n")
        + "|\n"
    )


def main() -> None:
    """Measures and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = HERE.parents[1] / "shared" / "models"
    parser.add_argument("--models", type=Path, default=default, help="folder of the public models")
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--output", type=Path, default=HERE / "host.md")
    given = parser.parse_args()
    folder = given.models / "mlperf_tiny"
    if not folder.is_dir():
        sys.exit(f"skipped, nothing written: there is no {folder}")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    targets = [name for name in OURS if runs_here(load_target(name))]
    lines: list[str] = []
    names: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tinycc-host-") as scratch:
        for model in MODELS:
            found = ratios(contenders_of(model, folder, targets, Path(scratch)), given.rounds)
            names = list(found)
            lines.append(f"| {model} | " + " | ".join(f"{v:.2f}" for v in found.values()) + " |")
            print(lines[-1], flush=True)
    given.output.write_text(header(targets, names, given.rounds) + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
