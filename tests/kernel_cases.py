"""Instances of operators as a C program that drives their kernels and compares the results."""

from __future__ import annotations

import functools
import math
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Instance, Tensor
from tinycc.ir.types import TensorType
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.op import Alias, Array, Drive, Field, Kernel, Params, row_count
from tinycc.paths import RUNTIME_C

HARNESS = Path(__file__).parent / "runtime"
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@dataclass(frozen=True)
class Case:
    """A kernel on one instance with values and the result that it must give."""

    name: str
    instance: Instance
    kernel: Kernel
    values: tuple[np.ndarray, ...]
    expected: np.ndarray


def operands(instance: Instance, make: ExampleMaker) -> tuple[np.ndarray, ...]:
    """Random values for run-time inputs (one per tensor), the data of constants."""
    drawn: dict[str, np.ndarray] = {}
    for tensor in instance.inputs:
        data = tensor.data if tensor.data is not None else make.values(tensor.type)
        drawn.setdefault(tensor.name, data)
    return tuple(drawn[tensor.name] for tensor in instance.inputs)


def portable(instance: Instance) -> list[Kernel]:
    """The kernels without special instructions that can do an instance.

    Accumulating kernels only run inside rolling regions: tests/schedule and tests/property.
    """
    return [
        kernel
        for kernel in ops.get(instance.node.op).kernels
        if not kernel.isa and kernel.when(instance) and kernel.drive is not Drive.ACCUMULATE
    ]


def cases_of(op: ops.Op, seed: int = 0) -> list[Case]:
    """Every portable kernel on every example of an operator."""
    rng = np.random.default_rng(seed)
    make, found = ExampleMaker(rng), []
    assert op.reference is not None
    for index, instance in enumerate(op.examples(rng)):
        values = operands(instance, make)
        expected = op.reference(instance, values)
        for kernel in portable(instance):
            name = f"{op.name} example {index} (seed {seed}) by {kernel.symbol}"
            found.append(Case(name, instance, kernel, values, expected))
    return found


def run_cases(cases: Sequence[Case], folder: Path, flags: Sequence[str] = SANITIZED) -> str:
    """What the program prints about failures and sanitizer findings; '' when all is well."""
    compiler = shutil.which("cc")
    assert compiler is not None
    source, program = folder / "cases.c", folder / "cases"
    source.write_text(program_text(cases))
    files = [str(source), str(HARNESS / "harness.c"), *runtime_objects(compiler, tuple(flags))]
    command = [compiler, "-std=c99", *flags, *includes(), *files, "-o", str(program)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([str(program)], capture_output=True, text=True, env=environment)
    return done.stdout + done.stderr + (f"exit {done.returncode}" if done.returncode else "")


def sources() -> list[Path]:
    """All portable C files of the runtime."""
    return sorted(RUNTIME_C.rglob("*.c"))


def includes() -> list[str]:
    """Where the runtime's headers lie."""
    folders = sorted({path.parent for path in RUNTIME_C.rglob("*.h")} | {HARNESS})
    return [f"-I{folder}" for folder in folders]


@functools.cache
def runtime_objects(compiler: str, flags: tuple[str, ...]) -> tuple[str, ...]:
    """The runtime's object files, compiled once per set of flags and test session."""
    folder = _scratch_folder() / str(abs(hash((compiler, flags))))
    folder.mkdir()
    files = [str(path) for path in sources()]
    command = [compiler, "-std=c99", *flags, *includes(), "-c", *files]
    subprocess.run(command, check=True, cwd=folder)
    return tuple(sorted(str(path) for path in folder.glob("*.o")))


@functools.cache
def _scratch_folder() -> Path:
    import tempfile

    holder = tempfile.TemporaryDirectory(prefix="tinycc-kernels-")
    _scratch_folder.holder = holder  # type: ignore[attr-defined]  # kept until the session ends
    return Path(holder.name)


def program_text(cases: Sequence[Case]) -> str:
    """The C program of some cases."""
    folders = sorted({Path(case.kernel.source).parent.name for case in cases})
    parts = ['#include "harness.h"', *(f'#include "tinycc_{name}.h"' for name in folders)]
    parts += [_case_data(f"c{index}", case) for index, case in enumerate(cases)]
    entries = ",\n".join(_case_entry(f"c{index}", case) for index, case in enumerate(cases))
    parts.append(f"static const harness_case cases[] = {{\n{entries}\n}};")
    parts.append(f"int main(void) {{ return harness_run(cases, {len(cases)}) != 0; }}\n")
    return "\n".join(parts)


def _case_data(name: str, case: Case) -> str:
    lines = [_struct(f"{name}_params", case.kernel.params(case.instance))]
    for index in _pointers(case):
        lines.append(_bytes(f"{name}_in{index}", case.values[index]))
    lines.append(_bytes(f"{name}_out", case.expected))
    inputs = ", ".join(_input(name, case, index) for index in _pointers(case))
    lines.append(f"static const harness_input {name}_in[] = {{{inputs}}};")
    if case.kernel.drive is Drive.ROWS:
        lines.append(_struct(f"{name}_image", _image(case)))
    return "\n".join(lines)


def _pointers(case: Case) -> tuple[int, ...]:
    return case.kernel.pointers(case.instance)


def _input(name: str, case: Case, index: int) -> str:
    instance = case.instance
    tensor, output = instance.inputs[index], instance.output.type
    names = [instance.inputs[i].name for i in _pointers(case)]
    in_place = (
        ops.get(instance.node.op).alias is Alias.IN_PLACE
        and not tensor.is_constant
        and tensor.type.bytes == output.bytes
    )
    rows = row_count(tensor.type) if len(tensor.type.shape) == len(output.shape) else 1
    members = (
        f"{name}_in{index}",
        tensor.type.bytes,
        rows,
        _unit_bytes(case, tensor),
        names.index(tensor.name),
        int(in_place),
    )
    return "{" + ", ".join(map(str, members)) + "}"


def _unit_bytes(case: Case, tensor: Tensor) -> int:
    """Bytes per unit of an operand that shares the output's leading axes with it, else -1."""
    if case.kernel.units is None:
        return -1
    units, shape = case.kernel.units(case.instance), case.instance.output.type.shape
    for leading in range(len(shape) + 1):
        if math.prod(shape[:leading]) == units and tensor.type.shape[:leading] == shape[:leading]:
            return tensor.type.bytes // units
    return -1


def _image(case: Case) -> Params:
    assert case.kernel.window is not None
    window = case.kernel.window(case.instance)
    x, y = case.instance.activations[0].type, case.instance.output.type
    first = Array("uint16_t", np.array(window.first, np.uint16)) if window.first else None
    values = {
        "in_rows": row_count(x),
        "in_row_bytes": x.bytes // row_count(x),
        "out_rows": row_count(y),
        "out_row_bytes": y.bytes // row_count(y),
        "window": window.rows,
        "stride": window.stride,
        "pad": window.pad,
        "together": window.together,
        "first": first,
    }
    return Params("tinycc_rows", tuple(Field(key, value) for key, value in values.items()))


def _case_entry(name: str, case: Case) -> str:
    instance, kernel = case.instance, case.kernel
    members = {
        "name": f'"{case.name}"',
        "kernel": kernel.symbol,
        "params": f"&{name}_params",
        "image": f"&{name}_image" if kernel.drive is Drive.ROWS else "NULL",
        "inputs": len(_pointers(case)),
        "input": f"{name}_in",
        "expected": f"{name}_out",
        "out_bytes": instance.output.type.bytes,
        "out_rows": _separate_rows(instance),
        "units": kernel.units(instance) if kernel.units else 0,
        "scratch": kernel.scratch(instance),
    }
    return "    {" + ", ".join(f".{key} = {value}" for key, value in members.items()) + "}"


def _separate_rows(instance: Instance) -> int:
    """The rows that the operator's record allows to make one by one, 0 for a barrier."""
    if None in ops.get(instance.node.op).rows(instance, 0):
        return 0
    return row_count(instance.output.type)


def _struct(name: str, params: Params) -> str:
    arrays, members = [], []
    for field in params.fields:
        value = field.value
        if isinstance(value, Array):
            array = f"{name}_{field.name}"
            numbers = ", ".join(_number(v.item()) for v in value.data.ravel())
            arrays.append(f"static const {value.ctype} {array}[] = {{{numbers}}};")
            members.append(f".{field.name} = {array}")
        elif value is None:
            members.append(f".{field.name} = NULL")
        else:
            members.append(f".{field.name} = {_number(value)}")
    return "\n".join([*arrays, f"static const {params.struct} {name} = {{{', '.join(members)}}};"])


def _number(value: int | float) -> str:
    return f"{value.hex()}f" if isinstance(value, float) else str(value)


def _bytes(name: str, values: np.ndarray) -> str:
    numbers = ", ".join(str(b) for b in np.ascontiguousarray(values).tobytes())
    return f"static const unsigned char {name}[] = {{{numbers}}};"


def exact_steps(values: np.ndarray, type_: TensorType) -> np.ndarray:
    """Real numbers in steps of an int8 type, saturated but not rounded."""
    steps = values / float(type_.scale) + type_.zero_point
    info = np.iinfo(type_.dtype.numpy)
    return np.clip(steps, info.min, info.max)
