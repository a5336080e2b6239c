"""docs/comparison.md: our figures from bench/results.json beside those of other tools."""

from __future__ import annotations

import json

from pages import ROOT, table

_MODELS = ("kws", "resnet8", "vww", "ad", "mcunet")
_CORES = ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")

# TensorFlow Lite Micro with CMSIS-NN, July and August 2026, in the order of _MODELS.
_TFLM = {
    "cortex-m3": (10.5, 41.8, 32.1, 0.956, None),
    "cortex-m4": (7.84, 29.9, 24.7, 0.582, 48.7),
    "cortex-m7": (7.64, 30.0, 24.0, 0.583, 47.5),
    "cortex-m33": (7.80, 29.9, 24.5, 0.583, None),
    "cortex-m55": (1.78, 4.81, 6.43, 0.150, 11.7),
}
_TFLM_ARENA = (22_820, 54_996, 100_708, 2_580, 219_716)
_TFLM_FLASH = (141_412, 179_488, 420_764, 309_676, 711_060)
_US = "this project, August 2026"
_OTHERS = [
    (
        "TinyEngine (MIT)",
        "M4: vww 19.7 M with a wrong output, ad 0.772 M, resnet8 with a wrong output, kws could not"
        " be imported; M7: mcunet 34.5 M with float requantisation, 42.7 M with integer after"
        " repairs",
        _US,
    ),
    (
        "Deeploy with CMSIS-NN",
        "M4: 29.1 M for a ResNet8-like network of its own; vww could not be mapped",
        _US,
    ),
    (
        "onnx2c",
        "M4: kws 21.6 M, resnet8 124.8 M, vww 68.5 M, ad 4.33 M; it computes QDQ models in float,"
        " which is its purpose",
        _US,
    ),
    (
        "X-CUBE-AI 9 (ST)",
        "NUCLEO-L4R5ZI, Cortex-M4 at 120 MHz: kws 43 ms, resnet8 165 ms, vww 89 ms",
        "its submissions to MLPerf Tiny, closed division",
    ),
    ("Plumerai", "the same board: ad 4.05 ms", "its submission to MLPerf Tiny"),
]


def comparison_page() -> str:
    """The page."""
    figures = _figures()
    parts = [_HEAD, "\n## Executed instructions of one inference, millions\n\n", _INSTRUCTIONS]
    parts.append(table(("core", "tool", *_MODELS), _instruction_rows(figures)))
    parts += ["\n## Memory and flash on the Cortex-M4, bytes\n\n", _MEMORY]
    parts.append(table(("figure", "tool", *_MODELS), _memory_rows(figures)))
    parts += [_REST, table(("tool", "what was found", "by whom"), _OTHERS), _AFTER]
    return "".join(parts)


def _figures() -> dict[tuple[str, str], dict[str, int]]:
    rows = json.loads((ROOT / "bench" / "results.json").read_text())
    return {(row["model"], row["target"]): row["figures"] or {} for row in rows}


def _instruction_rows(figures: dict[tuple[str, str], dict[str, int]]) -> list[tuple[str, ...]]:
    rows = []
    for core in _CORES:
        ours = [figures.get((model, core), {}).get("instructions") for model in _MODELS]
        rows.append((core, "tinycc", *(_millions(count and count / 1e6) for count in ours)))
        rows.append((core, "TFLM + CMSIS-NN", *(_millions(count) for count in _TFLM[core])))
    return rows


def _millions(count: float | None) -> str:
    return "-" if count is None else f"{count:.3g}"


def _memory_rows(figures: dict[tuple[str, str], dict[str, int]]) -> list[tuple[str, ...]]:
    ours = [figures.get((model, "cortex-m4"), {}) for model in _MODELS]
    return [
        ("arena", "tinycc", *(f"{one.get('arena', 0):,}" for one in ours)),
        ("arena", "TFLM + CMSIS-NN", *(f"{count:,}" for count in _TFLM_ARENA)),
        ("stack", "tinycc", *(f"{one.get('stack', 0):,}" for one in ours)),
        ("stack", "TFLM + CMSIS-NN", *("about 700" for _ in ours)),
        ("flash", "tinycc", *(f"{one.get('flash', 0):,}" for one in ours)),
        ("flash", "TFLM + CMSIS-NN", *(f"{count:,}" for count in _TFLM_FLASH)),
    ]


_HEAD = """\
# Compared with other tools

As of November 2026. Our figures are those of [../bench/results.md](../bench/results.md), made by
`make bench`; those of the others were measured by this project's authors in July and August 2026
unless a line says otherwise. Everybody's tools improve: measure again before you decide, the last
section says how.

What is compared: the int8 networks of MLPerf Tiny and MCUNet's visual wake words, one inference,
one core. QEMU counts executed instructions, which is exact and repeatable; it knows no wait
states, caches or dual issue. Nothing here was measured on a board.
"""
_INSTRUCTIONS = """\
TensorFlow Lite Micro (TFLM) with CMSIS-NN was compiled with `-O3` (`-O2` for the M7), tinycc with
`-O2` and its default `--optimize balanced`. A dash: not measured.

"""
_MEMORY = """\
tinycc's arena holds input, output and scratch, and is what `balanced` takes; `--optimize ram` takes
less ([design/scheduling.md](design/scheduling.md)). TFLM's arena is what it reports: activations,
input and output, scratch, and its run-time structures. Flash: what the model adds to an empty
image for tinycc; TFLM's is the linked image with runtime and model, so that a part of it (start-up
code, C library) is not the network's.

"""
_REST = """
## What to know before reading a ratio

- **vww**: half of that network's arithmetic is proved needless and left out by tinycc (its outputs
  keep their bytes). Without that, `--without reduce`, it executes 8.96 M on the Cortex-M4 (measured
  2026-11-21): compare that figure where you ask about kernels rather than about compilers.
- **TFLM interprets**: one image runs any model of its operators, and a model can be replaced
  without a new build. tinycc compiles each network into code; a change of model is a new build.
- **TFLM knows far more operators**, recurrent ones among them, 16-bit activations and vendors'
  accelerators (Ethos-U). Where you need one of those, tinycc is no alternative today.
- Results: TFLM rounds twice when it requantises, tinycc once, so single values may differ by one
  step; scores on the models' samples are those of the README.

## Others

"""
_AFTER = """\

Times on a board and counts under QEMU are different things. A count of ours times a plausible 1.2
to 1.5 cycles per instruction is an estimate, not a result to be held against a submission.

On the host, against LiteRT and onnxruntime: [../bench/host.md](../bench/host.md), made by
`python bench/host.py`, which measures all of them in one run.

## Measure it yourself

1. Ours: `make bench MODELS=folder` with the models (mlcommons/tiny: `*_i8.onnx` or .tflite), or
   `tinycc bench model.onnx --target cortex-m4` for one.
2. TFLM: build its `person_detection`-like example for `TARGET=cortex_m_generic` with
   `OPTIMIZED_KERNEL_DIR=cmsis_nn` and `-O3`, the model as an array, an image for QEMU's
   `mps2-an386`, and a `main` that calls `Invoke()` once or twice.
3. Count both in the same way: instructions of a run of two inferences less those of a run of one,
   with the plugin `targets/support/qemu/count_blocks.c` (the cycle estimate is in it, too).
4. Arena: what `interpreter.arena_used_bytes()` answers, against `arena` in report.json.

Found a figure that is no longer right, or unfair? Please open an issue with the command.
"""
