"""A plan as C: collects what the templates print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.emit.literals import ArrayPool, ConstantArray, struct_definition
from tinycc.emit.names import Names
from tinycc.ir.graph import Graph, Instance, Tensor
from tinycc.ir.types import DType, TensorType
from tinycc.memory.plan import Buffer, Plan
from tinycc.ops import get
from tinycc.ops.op import Array, Drive, Field, Params, Window, row_count
from tinycc.schedule.model import Step


@dataclass(frozen=True)
class Port:
    """A model input or output in the C interface."""

    tensor: str
    type: TensorType
    function: str
    macro: str  # prefix of its _BYTES, _SCALE, _ZERO_POINT
    offset: int

    @property
    def bytes_macro(self) -> str:
        """The macro that holds its size."""
        return f"{self.macro}_BYTES"

    @property
    def scale(self) -> str | None:
        """The scale as a C float literal, None for float tensors."""
        if self.type.quantization is None:
            return None
        return f"{self.type.quantization.scale[0]!r}f"


@dataclass(frozen=True)
class PrintedStep:
    """One call of the generated run function."""

    index: int
    title: str
    structs: tuple[str, ...]
    call: str


@dataclass(frozen=True)
class CModel:
    """Everything that the templates need; `headers` and `sources` are runtime files."""

    name: str
    ports_in: tuple[Port, ...]
    ports_out: tuple[Port, ...]
    pointers: tuple[tuple[str, Buffer], ...]
    steps: tuple[PrintedStep, ...]
    arrays: tuple[ConstantArray, ...]
    window: int
    plan: Plan

    @property
    def macro(self) -> str:
        """The prefix of the C macros."""
        return self.name.upper()


def c_model(plan: Plan, name: str, interface: Graph) -> CModel:
    """The C view of a plan; `interface` names its inputs and outputs, in the same order."""
    return _Emitter(plan, name).model(interface)


class _Emitter:
    def __init__(self, plan: Plan, name: str) -> None:
        self.plan = plan
        self.graph = plan.schedule.graph
        self.name = name
        steps = plan.schedule.steps
        self.names = Names((name, *(f"{_step_name(s)}{e}" for s in steps for e in ("", "_rows"))))
        self.pool = ArrayPool()
        self.variables = {b.name: self.names.unique(b.name) for b in plan.buffers}
        self.places = {t: self.variables[b.name] for b in plan.buffers for t in b.tensors}

    def model(self, interface: Graph) -> CModel:
        steps = tuple(self._step(step) for step in self.plan.schedule.steps)
        windows = [self._window(step).rows for step in self.plan.schedule.steps if _by_rows(step)]
        used = " ".join(step.call for step in steps)
        pointers = tuple(
            (variable, buffer)
            for buffer in self.plan.buffers
            if (variable := self.variables[buffer.name]) in used
        )
        return CModel(
            self.name,
            self._ports(interface.inputs, self.graph.inputs, "input"),
            self._ports(interface.outputs, self.graph.outputs, "output"),
            pointers,
            steps,
            self.pool.arrays,
            max(windows, default=0),
            self.plan,
        )

    def _ports(self, labels: Sequence[str], tensors: Sequence[str], kind: str) -> tuple[Port, ...]:
        names = Names()
        found = []
        for label, tensor in zip(labels, tensors, strict=True):
            suffix = kind if len(tensors) == 1 else f"{kind}_{names.unique(label)}"
            function = f"{self.name}_{suffix}"
            type_, offset = self.graph.tensors[tensor].type, self.plan.offsets[tensor]
            found.append(Port(label, type_, function, function.upper(), offset))
        return tuple(found)

    def _step(self, step: Step) -> PrintedStep:
        instance = self.plan.schedule.instance(step)
        name = _step_name(step)
        structs = [struct_definition(name, step.kernel.params(instance), self.pool)]
        scratch = self._scratch(step)
        out = self.places[step.node.output]
        if _by_rows(step):
            structs.append(struct_definition(f"{name}_rows", self._rows(step, instance), self.pool))
            source = self._operands(step, instance, name)[0]
            call = (
                f"tinycc_each_row({step.kernel.symbol}, &{name}, &{name}_rows, "
                f"{source}, {out}, rows, {scratch});"
            )
        else:
            assert step.kernel.units is not None
            operands = ", ".join(self._operands(step, instance, name))
            call = (
                f"{step.kernel.symbol}(&{name}, (const void *const[]){{{operands}}}, {out}, "
                f"{step.kernel.units(instance)}, {scratch});"
            )
        return PrintedStep(step.index, _title(instance), tuple(structs), call)

    def _operands(self, step: Step, instance: Instance, name: str) -> list[str]:
        found = []
        for index in step.kernel.pointers(instance):
            tensor = instance.inputs[index]
            found.append(
                self._constant(tensor, f"{name}_operand_{index}")
                if tensor.is_constant
                else self.places[tensor.name]
            )
        return found

    def _constant(self, tensor: Tensor, name: str) -> str:
        assert tensor.data is not None
        array = Array(tensor.type.dtype.c, tensor.data.reshape(-1), tensor.name)
        return self.pool.add(name, array).name

    def _scratch(self, step: Step) -> str:
        for buffer in self.plan.buffers:
            if not buffer.tensors and buffer.first_step == step.index:
                return self.variables[buffer.name]
        return "NULL"

    def _window(self, step: Step) -> Window:
        assert step.kernel.window is not None
        return step.kernel.window(self.plan.schedule.instance(step))

    def _rows(self, step: Step, instance: Instance) -> Params:
        window, x, y = self._window(step), instance.activations[0].type, instance.output.type
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
                Field("first", first),
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
