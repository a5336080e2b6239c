"""A plan as C: collects what the templates print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinycc.emit.interface import CArena, Port, Pushed, arenas, in_file
from tinycc.emit.literals import ArrayPool, ConstantArray, struct_definition
from tinycc.emit.names import Names
from tinycc.emit.rolling import RegionPrinter
from tinycc.emit.runtime import splits
from tinycc.emit.weights import Fixed, InCode, InFile, PrintedKernel
from tinycc.ir.graph import Graph, Instance, Tensor
from tinycc.ir.types import DType, TensorType
from tinycc.memory.plan import Buffer, Plan
from tinycc.ops import get
from tinycc.ops.op import Array, Drive, Field, Params, Window, row_count
from tinycc.schedule.model import Region, Step
from tinycc.schedule.order import aligned, with_views


@dataclass(frozen=True)
class PrintedStep:
    """One call of the generated code: a step, or a region of steps that take turns.

    `resumes`: it may pause, and its value says whether it is done; else all of it is one slice.
    """

    index: int
    titles: tuple[str, ...]
    structs: tuple[str, ...]
    call: str
    resumes: bool
    rolls: bool = False


@dataclass(frozen=True)
class CModel:
    """Everything that the templates need.

    `window`: room for pointers to rows; `turns`: numbers that say where a layer or region stands;
    `used`: the text of all calls.
    """

    name: str
    arenas: tuple[CArena, ...]
    ports_in: tuple[Port, ...]
    ports_out: tuple[Port, ...]
    pointers: tuple[tuple[str, str], ...]
    steps: tuple[PrintedStep, ...]
    arrays: tuple[ConstantArray, ...]
    window: int
    turns: int
    used: str
    plan: Plan
    pushed: Pushed | None
    file: InFile | None = None  # of the weights, where they are no part of the code

    @property
    def used_arenas(self) -> tuple[CArena, ...]:
        """The arenas that the run function names."""
        names = _words(" ".join([*(place for _, place in self.pointers), self.used]))
        return tuple(arena for arena in self.arenas if self.rolls or arena.variable in names)

    @property
    def used_passed(self) -> tuple[Port, ...]:
        """The inputs that the caller holds and the run function names."""
        return tuple(port for port in self.passed if port.variable in _words(self.used))

    @property
    def held(self) -> tuple[Port, ...]:
        """The inputs that the caller writes into the arena."""
        return tuple(p for p in self.ports_in if p.offset is not None and p is not self.pushed_port)

    @property
    def pushed_port(self) -> Port | None:
        """The input that comes row by row."""
        return self.pushed.port if self.pushed else None

    @property
    def passed(self) -> tuple[Port, ...]:
        """The inputs that the caller holds, or the rows of the one that it pushes."""
        return tuple(port for port in self.ports_in if port.offset is None)

    @property
    def given(self) -> tuple[Port, ...]:
        """The inputs that an inference begins with."""
        return () if self.pushed else self.passed

    @property
    def step_names(self) -> tuple[str, ...]:
        """Of each step its kernel and the nodes of the model that it is made of."""
        steps = self.plan.schedule.steps
        return tuple(f"{s.kernel.symbol} {', '.join(s.node.origin)}".rstrip() for s in steps)

    @property
    def rolls(self) -> bool:
        """True when some steps take turns."""
        return any(step.rolls for step in self.steps)

    def state_bytes(self, pointer_bytes: int) -> int:
        """sizeof(<name>_t): pointers to arenas and to inputs outside, where it stands, turns."""
        pointers = (len(self.arenas) + len(self.passed)) * pointer_bytes
        return aligned(pointers + 2 * (1 + self.turns), pointer_bytes)

    @property
    def macro(self) -> str:
        """The prefix of the C macros."""
        return self.name.upper()


def _words(code: str) -> set[str]:
    """The identifiers and numbers of C code."""
    return set(re.findall(r"\w+", code))


_FUNCTIONS = (
    *("t", "init", "begin", "run", "step", "advance", "push_row", "argmax", "input", "output"),
    *("more", "done", "ignored", "steps", "step_names", "nearest", "quantize_row"),
    *("weights", "set_weights", "weights_image", "weights_bytes"),
)
_LOCAL = ("at", "bases", "progress", "row", "slices", "turns")


def c_model(plan: Plan, name: str, interface: Graph, separate: bool = False) -> CModel:
    """The C view of a plan; `interface` names its inputs and outputs, in the same order.

    `separate`: the weights lie in a file of their own.
    """
    return _Emitter(plan, name, interface, separate).model(interface)


class _Emitter:
    def __init__(self, plan: Plan, name: str, interface: Graph, separate: bool) -> None:
        self.plan = plan
        self.graph = plan.schedule.graph
        self.name = name
        steps = plan.schedule.steps
        structs = [f"{_step_name(s)}{ending}" for s in steps for ending in ("", "_rows", "_runs")]
        tables = [f"roll_{step.index}" for step in steps]
        own = [f"{name}_{function}" for function in _FUNCTIONS]
        self.arenas = arenas(plan, name.upper())
        self.bases = {arena.region: arena.variable for arena in self.arenas}
        variables = self.bases.values()
        self.names = Names((name, *_LOCAL, *variables, *own, *structs, *tables))
        self.pool = ArrayPool()
        self.file = InFile(self.pool, f"{name}_weights") if separate else None
        self.weights = self.file or InCode(self.pool)
        self.kernels: dict[int, PrintedKernel] = {}
        labels = zip(self.graph.inputs, interface.inputs, strict=True)
        passed = {t: self.names.unique(x) for t, x in labels if t in plan.schedule.outside}
        self.passed = list(passed)
        self.variables = {b.name: self.names.unique(b.name) for b in plan.buffers}
        self.places = {t: self._place(b, t) for b in plan.buffers for t in b.tensors}
        for name, place in passed.items():
            self.places.update(dict.fromkeys(with_views(self.graph, [name]), place))

    def _place(self, buffer: Buffer, tensor: str) -> str:
        """The C expression of a tensor's first byte."""
        if buffer.inside.get(tensor, 0):
            return f"{self.bases[buffer.region]} + {buffer.offset_of(tensor)}"
        return self.variables[buffer.name]

    def model(self, interface: Graph) -> CModel:
        schedule = self.plan.schedule
        layers = [Region(step.index, step.index) for step in schedule.steps]
        printed: list[PrintedStep] = []
        windows, turns = [0], [0]
        for region in schedule.regions or layers:
            steps = schedule.steps[region.first : region.last + 1]
            if region.rolls:
                printer = self._printer(region)
                printed.append(self._region(steps, printer))
                windows.append(printer.pointers)
                turns.append(len(steps) + (schedule.streamed in region.rings))
            else:
                printed.append(self._step(steps[0]))
                windows.append(self._pointers(steps[0]))
                turns.append(int(printed[-1].resumes))
        used = " ".join(step.call for step in printed)
        named = _words(used)
        pointers = tuple(
            (variable, f"{self.bases[buffer.region]} + {buffer.offset}")
            for buffer in self.plan.buffers
            if (variable := self.variables[buffer.name]) in named
        )
        inputs = self._ports(interface.inputs, self.graph.inputs, "input")
        pushed = self._pushed(inputs)
        if pushed is not None and pushed.collected:
            turns.append(1)
        return CModel(
            self.name,
            self.arenas,
            inputs,
            self._ports(interface.outputs, self.graph.outputs, "output"),
            pointers,
            tuple(printed),
            self.pool.arrays,
            max(windows),
            max(turns),
            used,
            self.plan,
            pushed,
            self.file,
        )

    def _pushed(self, inputs: Sequence[Port]) -> Pushed | None:
        schedule = self.plan.schedule
        if schedule.pushed is None:
            return None
        port = inputs[self.graph.inputs.index(schedule.pushed)]
        collected = schedule.pushed not in schedule.outside
        turns = 0 if collected else None
        if schedule.streamed is not None:
            turns = schedule.regions[0].last + 1
        return Pushed(port, collected, turns)

    def _ports(self, labels: Sequence[str], tensors: Sequence[str], kind: str) -> tuple[Port, ...]:
        names = Names()
        found = []
        for label, tensor in zip(labels, tensors, strict=True):
            suffix = kind if len(tensors) == 1 else f"{kind}_{names.unique(label)}"
            function = f"{self.name}_{suffix}"
            type_, home = self.graph.tensors[tensor].type, self.plan.home.get(tensor)
            outside, place = tensor in self.passed, self.places[tensor]
            offset = None if outside or home is None else home.offset_of(tensor)
            arena = self.bases[home.region] if home else ""
            port = Port(label, type_, function, suffix, function.upper(), offset, place, arena)
            found.append(port if self.file is None else in_file(port, self.file))
        return tuple(found)

    def _step(self, step: Step) -> PrintedStep:
        instance = self.plan.schedule.instance(step)
        name = _step_name(step)
        kernel = self._kernel(step)
        structs = [kernel.definition]
        scratch = self._scratch(step)
        out = self.places[step.node.output]
        if _by_rows(step):
            structs.append(struct_definition(f"{name}_rows", self._rows(step, instance), self.pool))
            source = self._operands(step, instance, name)[0]
            driver = "tinycc_each_row_backwards" if step.backwards else "tinycc_each_row"
            call = (
                f"{driver}({kernel.function}, {kernel.argument}, &{name}_rows, "
                f"{source}, {out}, rows, {scratch}, &progress)"
            )
        else:
            assert step.kernel.units is not None
            operands = ", ".join(self._operands(step, instance, name))
            operands = f"(const void *const[]){{{operands}}}"
            if splits(self.graph, step):
                structs.append(struct_definition(f"{name}_runs", _runs(step, instance), self.pool))
                call = (
                    f"tinycc_each_run({kernel.function}, {kernel.argument}, &{name}_runs, "
                    f"{operands}, {out}, rows, {scratch}, &progress)"
                )
            else:
                units = step.kernel.units(instance)
                first = f"{kernel.argument}, {operands}"
                call = f"{kernel.function}({first}, {out}, {units}, {scratch})"
        resumes = _by_rows(step) or splits(self.graph, step)
        return PrintedStep(step.index, (_title(instance),), tuple(structs), call, resumes)

    def _kernel(self, step: Step) -> PrintedKernel:
        """The kernel of a step with its parameters, printed once."""
        if step.index not in self.kernels:
            params = step.kernel.params(self.plan.schedule.instance(step))
            found = self.weights.kernel(_step_name(step), step.kernel.symbol, params)
            self.kernels[step.index] = found
        return self.kernels[step.index]

    def _pointers(self, step: Step) -> int:
        """Room that a layer needs for pointers to rows."""
        if _by_rows(step):
            return self._window(step).pointers
        instance = self.plan.schedule.instance(step)
        return len(step.kernel.pointers(instance)) if splits(self.graph, step) else 0

    def _printer(self, region: Region) -> RegionPrinter:
        bases: dict[str, int] = {}
        for number, name in enumerate(self.passed, len(self.arenas)):
            bases |= dict.fromkeys(with_views(self.graph, [name]), number)
        return RegionPrinter(
            self.plan,
            region,
            _step_name,
            self._constant,
            self._kernel,
            self.pool,
            bases,
            len(self.arenas) + len(self.passed),
        )

    def _region(self, steps: Sequence[Step], printer: RegionPrinter) -> PrintedStep:
        """Steps that take turns: their parameters, the tables, one call."""
        instances = [self.plan.schedule.instance(step) for step in steps]
        structs = [self._kernel(step).definition for step in steps]
        call = f"tinycc_roll(&{printer.name}, bases, rows, &progress)"
        titles = tuple(_title(instance) for instance in instances)
        tables = printer.tables(_title)
        return PrintedStep(steps[0].index, titles, (*structs, *tables), call, True, rolls=True)

    def _operands(self, step: Step, instance: Instance, name: str) -> list[str]:
        found = []
        for index in step.kernel.pointers(instance):
            tensor = instance.inputs[index]
            found.append(
                self._constant(tensor, f"{name}_operand_{index}").expression
                if tensor.is_constant
                else self.places[tensor.name]
            )
        return found

    def _constant(self, tensor: Tensor, name: str) -> Fixed:
        assert tensor.data is not None
        array = Array(tensor.type.dtype.c, tensor.data.reshape(-1), tensor.name)
        return self.weights.fixed(name, array)

    def _scratch(self, step: Step) -> str:
        for buffer in self.plan.buffers:
            if buffer.scratch_of == step.index:
                return self.variables[buffer.name]
        return "NULL"

    def _window(self, step: Step) -> Window:
        assert step.kernel.window is not None
        window = step.kernel.window(self.plan.schedule.instance(step))
        return replace(window, together=step.together)

    def _rows(self, step: Step, instance: Instance) -> Params:
        window, x, y = self._window(step), instance.activations[0].type, instance.output.type
        together = Field("together", window.together, "rows per call")
        first = Array("uint16_t", np.array(window.first, np.uint16)) if window.first else None
        return Params(
            "tinycc_rows",
            (
                Field("in_rows", row_count(x)),
                Field("in_row_bytes", x.bytes // row_count(x)),
                Field("out_rows", row_count(y)),
                Field("out_row_bytes", y.bytes // row_count(y)),
                Field("window", window.rows),
                Field("stride", window.stride),
                Field("pad", window.pad),
                *([together] if window.together > 1 else []),
                Field("first", first),
            ),
        )


def _runs(step: Step, instance: Instance) -> Params:
    """How a kernel that makes its output at once goes through it row by row."""
    assert step.kernel.units is not None
    y = instance.output.type
    inputs = [instance.inputs[index].type for index in step.kernel.pointers(instance)]
    strides = [x.bytes // row_count(x) if row_count(x) > 1 else 0 for x in inputs]
    return Params(
        "tinycc_runs",
        (
            Field("rows", row_count(y)),
            Field("units", step.kernel.units(instance) // row_count(y), "of a row"),
            Field("out_row_bytes", y.bytes // row_count(y)),
            Field("operands", len(inputs)),
            Field("in_row_bytes", Array("int32_t", np.array(strides, np.int32))),
        ),
    )


def _step_name(step: Step) -> str:
    return f"{step.node.op}_{step.index}"


def _by_rows(step: Step) -> bool:
    return step.kernel.drive is Drive.ROWS


def _title(instance: Instance) -> str:
    """ONNX nodes, shapes and multiply-accumulates of a step, for its comment."""
    nodes = ", ".join(instance.node.origin) or instance.node.name
    shapes = " x ".join(_shape(tensor.type) for tensor in instance.activations)
    macs = get(instance.node.op).macs(instance)
    work = f", {macs:,} MACs" if macs else ""
    return f"{nodes}: {shapes} -> {_shape(instance.output.type)}{work}"


def _shape(type_: TensorType) -> str:
    kind = "" if type_.dtype is DType.INT8 else f"{type_.dtype.value} "
    return kind + "x".join(map(str, type_.shape))
