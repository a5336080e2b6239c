"""Measures the public models on every core and writes results.md and results.json.

    python bench/run.py [--models ../shared/models] [--targets cortex-m4,cortex-m55]

Instructions are those of one inference on QEMU (a run of two less a run of one), so the tables are
the same on every machine with the same compiler. Nothing is written unless every model was found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tinycc
from tinycc.errors import TinyccError
from tinycc.pipeline import Compiled
from tinycc.report.document import report_document
from tinycc.report.measure import measure_instructions, random_sample
from tinycc.target import load_target
from tinycc.toolchain.doctor import doctor

HERE = Path(__file__).resolve().parent
MODELS = {
    "kws": "mlperf_tiny/kws_i8.onnx",
    "resnet8": "mlperf_tiny/resnet8_i8.onnx",
    "vww": "mlperf_tiny/vww_i8.onnx",
    "ad": "mlperf_tiny/ad_i8.onnx",
    "mcunet": "mcunet_vww1_i8.onnx",
}
CORES = (
    "cortex-m0",
    "cortex-m0plus",
    "cortex-m3",
    "cortex-m4",
    "cortex-m7",
    "cortex-m33",
    "cortex-m55",
    "rv32imc",
)
TOOLS = (
    "arm-none-eabi-gcc",
    "qemu-system-arm",
    "riscv64-unknown-elf-gcc",
    "qemu-system-riscv32",
)
HEADER = """# Measured: instructions, memory and flash

Made by `make bench` ({version}); do not edit. {tools}.

- instructions: executed in one inference under QEMU, with random input over the input's full range
- cycles: an estimate for a Cortex-M4 without wait states, from the classes of the instructions
- arena: activations, input and output included, and scratch; stack: bound over the call graph
- flash: everything the model adds to an empty image, weights included
- B = bytes, M = 1,000,000. Weights and code are compiled with the flags of the target:

{flags}
"""


@dataclass(frozen=True)
class Row:
    """One model on one core; `problem` is set instead of figures when it could not be measured."""

    model: str
    target: str
    figures: dict[str, Any] | None
    problem: str = ""


def measured(name: str, path: Path, target: str) -> Row:
    """The figures of one model on one core."""
    try:
        compiled = tinycc.build(path, target=target).compiled
        report = _report(compiled)
    except TinyccError as error:
        return Row(name, target, None, error.problems[0].message.splitlines()[0])
    memory, compute = report["memory"], report["compute"]
    figures = {
        "macs": compute["macs"],
        "instructions": compute["instructions"],
        "cycles_estimate": compute["cycles_estimate"],
        "arena": memory["sram"]["arena"],
        "lower_bound": memory["sram"]["lower_bound"],
        "stack": memory["sram"]["stack"],
        "static": memory["sram"]["static"],
        "weights": memory["flash"]["weights"],
        "flash": memory["flash"]["total"],
        "machine": report["machine"],
    }
    return Row(name, target, figures)


def _report(compiled: Compiled) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="tinycc-bench-") as folder:
        figures = measure_instructions(compiled, Path(folder), random_sample(compiled))
    return report_document(compiled, figures)


def table(model: str, rows: list[Row]) -> str:
    """The Markdown table of one model."""
    macs = next((row.figures["macs"] for row in rows if row.figures), 0)
    lines = [
        f"## {model}: {macs:,} multiply-accumulates",
        "",
        "| core | instructions | per MAC | cycles | arena B | stack B | flash B | QEMU machine |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    return "\n".join([*lines, *map(_line, rows)])


def _line(row: Row) -> str:
    if row.figures is None:
        return f"| {row.target} | {row.problem} | | | | | | |"
    f = row.figures
    cells = [
        row.target,
        f"{f['instructions'] / 1e6:.3f} M",
        f"{f['instructions'] / f['macs']:.2f}",
        f"{f['cycles_estimate'] / 1e6:.3f} M",
        f"{f['arena']:,}",
        "unbounded" if f["stack"] is None else f"{f['stack']:,}",
        f"{f['flash']:,}",
        f["machine"],
    ]
    return f"| {' | '.join(cells)} |"


def header(targets: tuple[str, ...]) -> str:
    """What the figures depend on: versions and flags."""
    versions = {tool.name: tool.version or "not installed" for tool in doctor()}
    tools = ", ".join(versions[name] for name in TOOLS)
    flags = []
    for name in targets:
        compiler = load_target(name).compiler
        flags.append(f"  - {name}: `{compiler.optimization} {' '.join(compiler.cpu_flags)}`")
    version = f"tinycc {tinycc.__version__}"
    return HEADER.format(version=version, tools=tools, flags="\n".join(flags))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = HERE.parents[1] / "shared" / "models"
    parser.add_argument("--models", type=Path, default=default, help="folder of the public models")
    parser.add_argument("--targets", default=",".join(CORES), help="comma-separated")
    parser.add_argument("--output", type=Path, default=HERE, help="where the tables go")
    return parser.parse_args()


def main() -> None:
    """Measures, prints as it goes, and writes both files."""
    given = arguments()
    missing = [file for file in MODELS.values() if not (given.models / file).is_file()]
    if missing:
        sys.exit(
            f"skipped, nothing written: {given.models} lacks {', '.join(missing)}\n"
            "The mlperf_tiny models are those of github.com/mlcommons/tiny, mcunet that of "
            "github.com/mit-han-lab/mcunet; name their folder: --models, or make bench MODELS=..."
        )
    targets = tuple(given.targets.split(","))
    parts, rows = [header(targets)], []
    for name, file in MODELS.items():
        found = [measured(name, given.models / file, target) for target in targets]
        parts.append(table(name, found) + "\n")
        print(parts[-1], flush=True)
        rows += found
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "results.md").write_text("\n".join(parts), encoding="utf-8")
    documents = [{**vars(row), "figures": row.figures} for row in rows]
    (given.output / "results.json").write_text(json.dumps(documents, indent=1) + "\n")


if __name__ == "__main__":
    main()
