"""Measures the public models on every core and writes results.md and results.json.

    python bench/run.py [--models ../shared/models] [--targets cortex-m4,cortex-m55] [--only kws,ad]

Instructions are those of one inference on QEMU (a run of two less a run of one), so the tables are
the same on every machine with the same compiler. With --only the other models' rows stay those of
results.json. Nothing is written unless every model was found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tables import document

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
FAMILIES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55", "rv32imc")
FORMS: dict[str, dict[str, Any]] = {
    "balanced": {},
    "ram": {"optimize": "ram"},
    "speed": {"optimize": "speed"},
    "whole": {"optimize": "speed", "without": ("reduce",)},
    "int16": {"optimize": "speed", "flash": 1 << 20},
}
"""What a model is built with: the default on every core, the next two on one of each family;
`whole`: nothing is proved needless; `int16`: weights, as flash allows, on a Cortex-M4."""
TOOLS = (
    "arm-none-eabi-gcc",
    "qemu-system-arm",
    "riscv64-unknown-elf-gcc",
    "qemu-system-riscv32",
)


@dataclass(frozen=True)
class Row:
    """One model on one core; `problem` is set instead of figures when it could not be measured."""

    model: str
    target: str
    form: str
    figures: dict[str, Any] | None
    problem: str = ""


def measured(name: str, path: Path, target: str, form: str = "balanced") -> Row:
    """The figures of one model on one core, built with the options of a form."""
    try:
        report = _report(tinycc.build(path, target=target, **FORMS[form]).compiled)
    except TinyccError as error:
        return Row(name, target, form, None, error.problems[0].message.splitlines()[0])
    memory, compute = report["memory"], report["compute"]
    figures = {
        "macs": compute["macs"],
        "instructions": compute["instructions"],
        "predicted": compute["instructions_predicted"],
        "cycles_estimate": compute["cycles_estimate"],
        "arena": memory["sram"]["arena"],
        "lower_bound": memory["sram"]["lower_bound"],
        "stack": memory["sram"]["stack"],
        "static": memory["sram"]["static"],
        "weights": memory["flash"]["weights"],
        "flash": memory["flash"]["total"],
        "machine": report["machine"],
    }
    return Row(name, target, form, figures)


def _report(compiled: Compiled) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="tinycc-bench-") as folder:
        figures = measure_instructions(compiled, Path(folder), random_sample(compiled))
    return report_document(compiled, figures)


def wanted(targets: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The cores and forms that a model is measured in."""
    for target in targets:
        family = target in FAMILIES
        forms = ("balanced", *(("ram", "speed") if family else ()))
        arm = target.startswith("cortex") and target != "cortex-m0plus"
        forms += ("whole",) if arm else ()
        forms += ("int16",) if target == "cortex-m4" else ()
        yield from ((target, form) for form in forms)


def tools() -> tuple[str, ...]:
    """The versions of what compiles and what runs."""
    versions = {tool.name: tool.version or "not installed" for tool in doctor()}
    return tuple(versions[name] for name in TOOLS)


def flags(targets: tuple[str, ...]) -> dict[str, str]:
    """What every target's code is compiled with."""
    compilers = {name: load_target(name).compiler for name in targets}
    return {name: " ".join([c.optimization, *c.cpu_flags]) for name, c in compilers.items()}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = HERE.parents[1] / "shared" / "models"
    parser.add_argument("--models", type=Path, default=default, help="folder of the public models")
    parser.add_argument("--targets", default=",".join(CORES), help="comma-separated")
    parser.add_argument("--only", default=",".join(MODELS), help="models, comma-separated")
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
    targets, only = tuple(given.targets.split(",")), given.only.split(",")
    table = given.output / "results.json"
    kept = json.loads(table.read_text()) if table.is_file() else []
    rows = [row for row in kept if row["model"] not in only or row["target"] not in targets]
    for name in only:
        for target, form in wanted(targets):
            rows.append(asdict(measured(name, given.models / MODELS[name], target, form)))
            print(rows[-1], flush=True)
    order = [(name, *each) for name in MODELS for each in wanted(CORES)]
    rows.sort(key=lambda row: order.index((row["model"], row["target"], row["form"])))
    given.output.mkdir(parents=True, exist_ok=True)
    text = document(f"tinycc {tinycc.__version__}", tools(), flags(CORES), rows)
    (given.output / "results.md").write_text(text, encoding="utf-8")
    table.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
