"""The commands: read arguments, call the Python interface, print."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np

from tinycc.api.accuracy import accuracy
from tinycc.api.network import Network
from tinycc.api.program import run_samples
from tinycc.api.samples import Samples, samples_of, stacked_outputs
from tinycc.api.together import build_models
from tinycc.api.verify import verify as verify_model
from tinycc.cli.accuracy import accuracy_document, accuracy_table
from tinycc.cli.data import read_data, read_inputs, read_labels
from tinycc.cli.options import Named, compilation, compilation_of_several, options_of
from tinycc.cli.output import (
    front_table,
    print_json,
    print_summary,
    progress,
    say,
    step_table,
    technique_table,
    verification_document,
    verification_table,
)
from tinycc.cli.saving import check_folder, save_arrays
from tinycc.errors import ModelError, UsageError
from tinycc.packages.ecosystems import BY_NAME
from tinycc.packages.package import FIRST_RELEASE, ecosystem_for
from tinycc.pipeline import Compiled, compile_model
from tinycc.quantize.preprocess import Preprocessing
from tinycc.report.document import report_document
from tinycc.report.fit import check_budgets
from tinycc.report.measure import Measured, measure_instructions, random_sample
from tinycc.report.page import PAGE
from tinycc.report.together import together_summary
from tinycc.target import load_target


def _compiled(model: Path, arguments: dict[str, Any]) -> Compiled:
    with progress() as told:
        return compile_model(model, options_of(arguments), told, say)


def _print_report(report: dict[str, Any], as_json: bool, next_step: str = "") -> None:
    if as_json:
        print_json(report)
    else:
        print_summary(report, next_step)


@click.command()
@compilation_of_several
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Folder to write."
)
@click.option(
    "--share-arena", is_flag=True, help="Several models in one folder; one runs at a time."
)
@click.option("--package", type=click.Choice(list(BY_NAME)), help="A library, not plain C.")
@click.option(
    "--package-version",
    default=FIRST_RELEASE,
    show_default=True,
    metavar="X.Y.Z",
    help="The library's version.",
)
def build(
    models: tuple[tuple[str | None, Path], ...],
    output: Path | None,
    share_arena: bool,
    package: str | None,
    package_version: str,
    as_json: bool,
    **arguments: Any,
) -> None:
    """Compile MODEL (an ONNX or .tflite file) into a folder of C.

    With --share-arena several models are planned for one arena; NAME=MODEL names one of them.

    Examples: tinycc build kws.onnx --target cortex-m4 -o kws;
    tinycc build kws.onnx vww.onnx --share-arena --target cortex-m4 -o both
    """
    if share_arena:
        if package is not None:
            raise UsageError(
                "--package with --share-arena: a package is one network",
                hint="take the folder's CMakeLists.txt or Makefile, or package each by itself",
            )
        _build_together(models, output, as_json, arguments)
        return
    if len(models) > 1:
        raise UsageError(
            f"{len(models)} models", hint="--share-arena for one folder, or build each by itself"
        )
    name, model = models[0]
    arguments["name"] = arguments["name"] or name
    if package is not None:
        ecosystem_for(package, load_target(arguments["target"]), package_version)
    network = Network(_compiled(model, arguments))
    with progress() as told:
        told("compiling for size and stack")
        report = network.report
    network.check_budgets()
    kind = package or network.compiled.target.name
    folder = output or Path(f"{network.compiled.name}_{kind}")
    network.write(folder, package, package_version)
    if package not in (None, "cmake") and network.compiled.target.is_native:
        say("note: this is portable C, for any core; --target takes kernels made for one")
    _print_report(report, as_json, _after_build(folder, model, network.compiled.options.target))
    say(f"wrote {folder}")


def _after_build(folder: Path, model: Path, target: str) -> str:
    """What to do with a folder that was just written."""
    place, original = shlex.quote(str(folder)), shlex.quote(str(model))
    compare = f"tinycc verify {place} --reference {original} --target {target}"
    return f"look at {place}/{PAGE}; compare with the model: {compare}"


def _build_together(
    models: tuple[tuple[str | None, Path], ...],
    output: Path | None,
    as_json: bool,
    arguments: dict[str, Any],
) -> None:
    with progress() as told:
        built = build_models(models, options_of(arguments), told)
        told("compiling for size and stack")
        report = built.report
    built.check_budgets()
    folder = output or Path(f"{built.name}_{built.target.name}")
    built.write(folder)
    if as_json:
        print_json(report)
    else:
        click.echo(together_summary(report))
    say(f"wrote {folder}")


@click.command()
@compilation
@click.option("--steps", is_flag=True, help="Also print the table of steps.")
def analyze(model: Path, steps: bool, as_json: bool, **arguments: Any) -> None:
    """Print what `build` would give; needs no C compiler and writes nothing.

    Example: tinycc analyze kws.onnx --target cortex-m4
    """
    compiled = _compiled(model, arguments)
    report = report_document(compiled, Measured())
    check_budgets(compiled, report)
    if steps and not as_json:
        step_table(report)
    if not as_json:
        technique_table(report)
        front_table(report)
    build = f"tinycc build {shlex.quote(str(model))} --target {compiled.options.target}"
    _print_report(report, as_json, f"write the C: {build}, with the same options")


@click.command()
@compilation
@click.option(
    "--input",
    "inputs",
    type=Named(),
    multiple=True,
    required=True,
    metavar="[NAME=]x.npy",
    help="One or several samples (leading axis). Repeatable.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="y.npy", help="Where to save."
)
def run(
    model: Path,
    inputs: tuple[tuple[str | None, Path], ...],
    output: Path | None,
    as_json: bool,
    **arguments: Any,
) -> None:
    """Build MODEL and run its C on the target: on this machine, or under QEMU.

    Example: tinycc run kws.onnx --target cortex-m4 --input x.npy -o y.npy
    """
    if output is not None:
        check_folder(output)
    compiled = _compiled(model, arguments)
    interface = compiled.interface
    samples = samples_of(interface, _preprocessed(compiled, read_inputs(interface, inputs)))
    with progress() as told:
        told(f"running {samples.count} samples on {compiled.target.name}")
        outputs, result = run_samples(compiled, samples)
    shown = stacked_outputs(interface, samples, outputs)
    if output is not None:
        save_arrays(output, shown)
        say(f"wrote {output}")
    if result.note:
        say(f"note: {result.note}")
    if as_json:
        lists = {name: array.tolist() for name, array in shown.items()}
        print_json({"outputs": lists, "machine": result.machine, "samples": samples.count})
    elif output is None:
        for name, array in shown.items():
            click.echo(f"{name} {array.dtype} {'x'.join(map(str, array.shape))}")
            click.echo(np.array2string(array, threshold=200))


def _preprocessed(compiled: Compiled, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays as the float network takes them, where --preprocess says how."""
    formula = compiled.options.quantization.preprocess
    if formula is None:
        return arrays
    return {name: Preprocessing(formula)(array) for name, array in arrays.items()}


@click.command()
@compilation
@click.option("--data", type=click.Path(path_type=Path), help=".npz, .npy or a folder of .npy.")
@click.option("--samples", "limit", default=10, show_default=True, help="How many to use at most.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="y.npy",
    help="Labels of all samples in --data, for a score; a `y` in the .npz is taken by itself.",
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The original model, when MODEL is a folder that `build` wrote.",
)
def verify(
    model: Path,
    data: Path | None,
    limit: int,
    labels: Path | None,
    reference: Path | None,
    as_json: bool,
    **arguments: Any,
) -> None:
    """Compare onnxruntime, the integer reference and the compiled C, step by step.

    Without --data, random inputs over the input's full range are used. Exit code 1 when the C
    differs from the reference, or an operator differs from onnxruntime by more than one step.
    For a float model, also the signal-to-noise ratio of every layer in int8 against float.

    Example: tinycc verify kws.onnx --target cortex-m4 --data samples.npz
    """
    if limit < 1:
        raise UsageError(f"--samples {limit}: at least 1")
    compiled = _compiled(model, arguments)
    if labels is not None and data is None:
        raise UsageError("--labels without --data: labels of which samples?")
    every = _verification_samples(compiled, data, limit)
    samples, wanted = every.first(limit), read_labels(data, labels)
    original = model if model.is_file() else reference
    with progress() as told:
        told(f"comparing {samples.count} samples")
        result = verify_model(compiled, samples, original)
        told("measuring accuracy")
        try:
            measured = accuracy(compiled, samples if wanted is None else every, wanted, original)
        except ModelError as error:
            if labels is not None:
                raise
            say(f"note: `y` in {data} is not scored: {error.problems[0].message}")
            measured = accuracy(compiled, samples, None, original)
    if as_json:
        print_json({**verification_document(result), **accuracy_document(measured)})
    else:
        verification_table(result)
        accuracy_table(measured)
    if result.first_difference is not None or result.outputs.different:
        raise SystemExit(1)


def _verification_samples(compiled: Compiled, data: Path | None, limit: int) -> Samples:
    interface = compiled.interface
    if data is not None:
        return samples_of(interface, _preprocessed(compiled, read_data(interface, data)))
    arrays = {}
    for index, name in enumerate(interface.inputs):
        type_ = interface.tensors[name].type
        drawn = [random_sample(compiled, seed)[index] for seed in range(limit)]
        flat = np.frombuffer(b"".join(drawn), type_.dtype.numpy)
        arrays[name] = flat.reshape(limit, *type_.shape)
    return samples_of(interface, arrays)


@click.command()
@compilation
def bench(model: Path, as_json: bool, **arguments: Any) -> None:
    """Count executed instructions per inference and per step under QEMU; measure flash and stack.

    Example: tinycc bench kws.onnx --target cortex-m4
    """
    compiled = _compiled(model, arguments)
    with progress() as told, tempfile.TemporaryDirectory(prefix="tinycc-") as folder:
        told(f"counting instructions on {compiled.target.name}")
        measured = measure_instructions(compiled, Path(folder), random_sample(compiled))
    report = report_document(compiled, measured)
    if not as_json:
        step_table(report)
    _print_report(report, as_json)
