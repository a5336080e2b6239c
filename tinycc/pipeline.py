"""From a model file to C: the ordered passes, the verifier between them, schedule, plan, code."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinycc import __version__
from tinycc.emit.files import CodeFiles, Heading, code_files
from tinycc.emit.harness import harness_text
from tinycc.emit.names import network_name
from tinycc.errors import InternalError, ModelError, UsageError
from tinycc.frontend import read_network
from tinycc.ir.graph import Graph
from tinycc.ir.text import graph_text
from tinycc.memory.arrange import Goal, arranged
from tinycc.memory.checker import check
from tinycc.memory.plan import Plan
from tinycc.ops.archive import load_graphs, save_graphs
from tinycc.ops.verify import faults
from tinycc.passes.border import border_names, integer_border
from tinycc.passes.check_supported import unsupported
from tinycc.passes.drop_softmax import drop_softmax
from tinycc.passes.fill_gaps import fill_gaps
from tinycc.passes.float_ends import float_ends
from tinycc.passes.fold_affine import fold_affine
from tinycc.passes.fold_bias import fold_bias
from tinycc.passes.fold_clamp import fold_clamp
from tinycc.passes.fold_constant_operands import fold_constant_operands
from tinycc.passes.fold_normalization import fold_normalization
from tinycc.passes.fold_pads import fold_pads
from tinycc.passes.fold_quantization import fold_quantization
from tinycc.passes.input_rows import as_pushed, movements_first
from tinycc.passes.reduce.compose_tables import compose_tables
from tinycc.passes.reduce.declare_ranges import Ranges, declare_ranges
from tinycc.passes.reduce.drop_inactive import drop_inactive
from tinycc.passes.reduce.fold_constants import fold_constants
from tinycc.passes.reduce.mark_sums import mark_sums
from tinycc.passes.reduce.merge_repeated import merge_repeated
from tinycc.passes.reduce.remove_channels import remove_channels
from tinycc.passes.reduce.shrink_operands import shrink_operands
from tinycc.passes.remove_identities import remove_identities
from tinycc.passes.remove_transposes import remove_transposes
from tinycc.passes.split_weights import split_weights
from tinycc.progress import Progress, silent
from tinycc.quantize.data import CalibrationData
from tinycc.quantize.options import QuantizationOptions
from tinycc.quantize.quantizer import QuantizedModel, as_int8
from tinycc.schedule.cost import graph_macs
from tinycc.schedule.front import Front
from tinycc.schedule.inputs import MEMORIES
from tinycc.schedule.wide import with_wide_weights
from tinycc.target import Target, load_target
from tinycc.toolchain.compiler import with_compiler

Pass = Callable[[Graph, Target], Graph]
Dump = Callable[[str], None]

LOWER: tuple[Pass, ...] = (
    remove_transposes,
    fold_affine,
    fold_bias,
    fold_clamp,
    fold_normalization,
    remove_transposes,
    fold_quantization,
    fill_gaps,
    fold_quantization,
    fold_clamp,
    remove_identities,
    integer_border,
    drop_softmax,
    float_ends,
    fold_constant_operands,
    split_weights,
    fold_pads,
)
REDUCE: tuple[Pass, ...] = (
    merge_repeated,
    fold_constants,
    remove_channels,
    fold_constants,  # layers that have lost their last input
    remove_channels,
    drop_inactive,
    compose_tables,
    shrink_operands,
    mark_sums,
)
PASSES = (*LOWER, *REDUCE)
OPTIONAL = frozenset({"remove_identities", "fold_constant_operands", "fold_pads", "reduce"})
ARCHIVE = "model.tnn"
IN_CODE, SEPARATE = WEIGHTS = ("in-code", "separate")


@dataclass(frozen=True)
class Options:
    """What a compilation is asked for. `ram` and `flash` are budgets in bytes.

    `head="argmax"`: only the index of an output's largest value matters. `input_ranges`: promises
    about inputs that the network is reduced with. `calibration`: samples for a float model.
    """

    target: str = "host"
    name: str | None = None
    io: str = "int"
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    ram: int | None = None
    flash: int | None = None
    dump_after: tuple[str, ...] = ()
    head: str | None = None
    input_ranges: Ranges = field(default_factory=dict)
    optimize: str = "balanced"
    input_memory: str | None = None  # arena, unless a reopened folder says otherwise
    calibration: CalibrationData | None = None
    quantization: QuantizationOptions = field(default_factory=QuantizationOptions)
    cc: str | None = None  # in place of the target's compiler
    weights: str | None = None  # in the code, unless a reopened folder says otherwise
    recompute: float = 1.0  # multiply-accumulates that may be executed, over those of the network

    @property
    def goal(self) -> Goal:
        """What the schedule is to be good at."""
        memory = self.input_memory or "arena"
        return Goal(self.optimize, self.ram, memory, self.recompute)

    def includes(self, one: Pass) -> bool:
        """True when a pass is asked for."""
        if one is integer_border:
            return self.io != "float"
        if one is drop_softmax:
            return self.head == "argmax"
        # What is proved of these weights need not hold for those that take their place.
        skipped = one in REDUCE and ("reduce" in self.without or self.weights == SEPARATE)
        return not skipped and one.__name__ not in self.without


@dataclass(frozen=True)
class ModelFile:
    """The file a network came from; `original_macs` counts it as written."""

    name: str
    sha256: str
    original_macs: int
    path: Path | None = None  # known only while the original file is at hand


@dataclass(frozen=True)
class Compiled:
    """A network with a place for every byte and the texts of its C files."""

    options: Options
    target: Target
    name: str
    source: ModelFile
    graph: Graph
    interface: Graph
    plan: Plan
    code: CodeFiles
    front: Front  # the other schedules of this order
    written: Graph | None = None  # before the reduction; unknown for a reopened folder
    quantized: QuantizedModel | None = None  # of a float model

    @property
    def archive(self) -> bytes:
        """The contents of model.tnn."""
        source = {
            "name": self.source.name,
            "sha256": self.source.sha256,
            "original_macs": self.source.original_macs,
        }
        options = {
            "target": self.options.target,
            "name": self.name,
            "io": self.options.io,
            "input_memory": self.options.input_memory,
            "weights": self.options.weights,
        }
        # What runs the C without a plan of it.
        program = {"files": sorted(self.code.texts), "harness": harness_text(self.code.model)}
        graphs = {"graph": self.graph, "interface": self.interface}
        return save_graphs(graphs, {"source": source, "options": options, "program": program})


def compile_model(
    model: Path, options: Options, progress: Progress = silent, dump: Dump = silent
) -> Compiled:
    """A compiled model file, or the network of a folder that `build` wrote.

    `progress` is told what happens next, `dump` gets the graph after the passes of
    `options.dump_after`. Raises ModelError, UsageError or InternalError.
    """
    _check_names(options)
    target = with_compiler(load_target(options.target), options.cc)
    quantized = as_int8(model, options.calibration, options.quantization, options.shapes, progress)
    if model.is_dir():
        graph, interface, source, options = _reopened(model, options)
        return _finish(graph, interface, source, options, target, progress)
    progress("reading the model")
    file = quantized.onnx if quantized is not None else model
    imported = read_network(file, dict(options.shapes), model.name)
    source = ModelFile(model.name, _sha256(model), graph_macs(imported), model)
    written = lower(imported, options, target, progress, dump)
    graph = reduce(written, imported, options, target, progress, dump)
    interface = border_names(imported, graph)
    compiled = _finish(graph, interface, source, options, target, progress)
    return replace(compiled, written=written, quantized=quantized)


def run_passes(
    graph: Graph,
    options: Options,
    target: Target,
    progress: Progress = silent,
    dump: Dump = silent,
) -> Graph:
    """The imported graph after all passes; ModelError lists what cannot be run."""
    written = lower(graph, options, target, progress, dump)
    return reduce(written, graph, options, target, progress, dump)


def lower(graph: Graph, options: Options, target: Target, progress: Progress, dump: Dump) -> Graph:
    """The imported graph in integers, with all of the work that the file asks for."""
    _verify(graph, "import")
    return _run(LOWER, graph, options, target, progress, dump)


def reduce(
    written: Graph,
    imported: Graph,
    options: Options,
    target: Target,
    progress: Progress,
    dump: Dump,
) -> Graph:
    """The graph with what its outputs need, bit for bit; ModelError lists what cannot be run."""
    promised = declare_ranges(written, imported, options.input_ranges)
    graph = _run(REDUCE, promised, options, target, progress, dump)
    problems = unsupported(graph)
    if problems:
        raise ModelError.of(problems)
    return graph


def _run(
    passes: tuple[Pass, ...],
    graph: Graph,
    options: Options,
    target: Target,
    progress: Progress,
    dump: Dump,
) -> Graph:
    """The graph after the passes that are asked for, each one verified."""
    for one in filter(options.includes, passes):
        progress(one.__name__.replace("_", " "))
        graph = one(graph, target)
        _verify(graph, one.__name__)
        if one.__name__ in options.dump_after:
            dump(graph_text(graph))
    return graph


def _finish(
    graph: Graph,
    interface: Graph,
    source: ModelFile,
    options: Options,
    target: Target,
    progress: Progress,
) -> Compiled:
    progress("scheduling")
    fed = graph
    if options.input_memory == "pushed":
        graph = movements_first(graph, target)
        _verify(graph, movements_first.__name__)
        fed = as_pushed(graph)
    flash = target.flash_bytes if options.flash is None else options.flash
    roomy = with_wide_weights(graph, target, flash if options.optimize == "speed" else None)
    placed, front = arranged(fed, roomy, options.goal)
    check(placed)
    name = network_name(options.name or Path(source.name).stem)
    heading = Heading(__version__, source.name, source.sha256, target.name, target.alignment)
    progress("writing C")
    code = code_files(placed, name, interface, heading, options.weights == SEPARATE)
    network = placed.schedule.network if fed is graph else graph
    return Compiled(options, target, name, source, network, interface, placed, code, front)


def layered(compiled: Compiled) -> Compiled:
    """The same network layer by layer, so that every step's output is whole at some time."""
    options = replace(
        compiled.options, optimize="speed", ram=None, recompute=1.0, input_memory="arena"
    )
    return replanned(compiled, options, replace(compiled.target, memories=()))


def replanned(compiled: Compiled, options: Options, target: Target) -> Compiled:
    """The same network, scheduled and placed anew; same name, same numbers."""
    again = replace(options, name=compiled.name)
    graph, interface, source = compiled.graph, compiled.interface, compiled.source
    found = _finish(graph, interface, source, again, target, silent)
    return replace(found, written=compiled.written, quantized=compiled.quantized)


def read_archive(folder: Path) -> tuple[dict[str, Graph], dict[str, Any]]:
    """The graphs in a folder that `build` wrote, and what is noted beside them."""
    archive = folder / ARCHIVE
    if not archive.is_file():
        raise ModelError(
            f"folder `{folder}` holds no {ARCHIVE}",
            hint="give a model file, or a folder that `tinycc build` wrote",
        )
    return load_graphs(archive.read_bytes(), str(archive))


def _reopened(folder: Path, options: Options) -> tuple[Graph, Graph, ModelFile, Options]:
    graphs, extra = read_archive(folder)
    try:
        source, stored = ModelFile(**extra["source"]), extra["options"]
        if options.weights == SEPARATE != stored["weights"]:
            raise UsageError(
                "--weights separate: the network in the folder was reduced by its weights' values",
                hint=f"build it from {source.name}",
            )
        opened = replace(
            options,
            name=options.name or stored["name"],
            io=stored["io"],
            input_memory=options.input_memory or stored["input_memory"],
            weights=options.weights or stored["weights"],
        )
        return graphs["graph"], graphs["interface"], source, opened
    except (KeyError, TypeError) as error:
        raise ModelError(f"{ARCHIVE} is damaged ({error})", str(folder)) from error


def _check_names(options: Options) -> None:
    if not 1 <= options.recompute < math.inf:
        raise UsageError(
            f"--recompute {options.recompute}: not a factor of at least 1",
            hint="1.1 lets it execute 10 % more multiply-accumulates than the network has",
        )
    if options.input_memory not in (None, *MEMORIES):
        raise UsageError(
            f"--input-memory {options.input_memory}: the input cannot lie there",
            hint=f"one of {', '.join(MEMORIES)}",
        )
    if options.weights not in (None, *WEIGHTS):
        raise UsageError(
            f"--weights {options.weights}: weights cannot lie there",
            hint=f"one of {', '.join(WEIGHTS)}",
        )
    known = {one.__name__ for one in PASSES}
    for name in options.dump_after:
        if name not in known:
            raise UsageError(f"--dump-after {name}: no such pass", hint=", ".join(sorted(known)))
    for name in options.without:
        if name not in OPTIONAL:
            raise UsageError(
                f"--without {name}: not a pass that can be left out",
                hint=f"one of {', '.join(sorted(OPTIONAL))}",
            )


def _verify(graph: Graph, after: str) -> None:
    found = faults(graph)
    if found:
        raise InternalError(
            f"the pass `{after}` broke the graph: {'; '.join(found[:3])}", dump=graph_text(graph)
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


__all__ = ["Compiled", "ModelFile", "Options", "compile_model", "run_passes"]
