"""docs/tour.md: a network of three nodes through every stage of the compiler."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx_models import INT8, OnnxModel
from pages import table

from tinycc.frontend import read_network
from tinycc.ir.text import graph_text
from tinycc.pipeline import PASSES, Compiled, Options, compile_model, run_passes
from tinycc.report.document import report_document
from tinycc.report.measure import Measured
from tinycc.report.summary import summary
from tinycc.target import load_target

_TARGET = "cortex-m4"


def three_nodes(folder: Path) -> Path:
    """Convolution, Relu and max pooling, quantised as exporters write it."""
    rng = np.random.default_rng(7)
    net = OnnxModel()
    x = net.dequantize(net.input("image", [1, 2, 8, 8], INT8), 0.05, 0)
    y = net.conv(x, 0.05, (4, 2, 3, 3), rng, pads=[1, 1, 1, 1])
    y = net.qdq(net.node("Relu", [y]), 0.1, -128)
    y = net.node("MaxPool", [y], kernel_shape=[2, 2], strides=[2, 2])
    net.output(net.quantize(y, 0.1, -128, output="map"), [1, 4, 4, 4], INT8)
    return net.save(folder, "tour.onnx")


def tour_page(folder: Path) -> str:
    """The page."""
    model = three_nodes(folder)
    compiled = compile_model(model, Options(target=_TARGET, optimize="ram"))
    parts = [_HEAD]
    parts += ["\n## 1. The file\n\n", _FILE, _block(_onnx_nodes(model))]
    parts += ["\n## 2. Read: our operators, the file's layout\n\n", _READ]
    parts.append(_block(graph_text(read_network(model))))
    parts += ["\n## 3. The passes\n\n", _PASSES]
    for name, text in _changes(model):
        parts.append(f"\n`{name}`:\n\n{_block(text)}")
    parts += ["\n## 4. The schedule\n\n", _SCHEDULE, _steps(compiled)]
    parts += ["\n## 5. A place for every byte\n\n", _PLAN, _buffers(compiled)]
    parts += ["\n## 6. The C\n\n", _CODE, _block(compiled.code.texts["tour.h"], "c")]
    parts.append("\n`tour.c`:\n\n" + _block(compiled.code.texts["tour.c"], "c"))
    parts += ["\n## 7. The report\n\n", _REPORT]
    parts.append(_block(summary(report_document(compiled, Measured())) + "\n"))
    return "".join(parts)


def _block(text: str, language: str = "text") -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def _onnx_nodes(model: Path) -> str:
    nodes = onnx.load(model).graph.node
    return "\n".join(f"{', '.join(n.output)} = {n.op_type}({', '.join(n.input)})" for n in nodes)


def _changes(model: Path) -> list[tuple[str, str]]:
    """The graph after each pass that changed it."""
    names = tuple(dict.fromkeys(one.__name__ for one in PASSES))
    options = Options(target=_TARGET, dump_after=names)
    imported = read_network(model)
    found, current = [("", graph_text(imported))], [""]

    def told(text: str, fraction: float | None = None, /) -> None:
        current[0] = text.replace(" ", "_")

    def dump(text: str, fraction: float | None = None, /) -> None:
        if text != found[-1][1]:
            found.append((current[0], text))

    run_passes(imported, options, load_target(_TARGET), told, dump)
    return found[1:]


def _steps(compiled: Compiled) -> str:
    schedule = compiled.plan.schedule
    rows = []
    for step in schedule.steps:
        region = schedule.region_of(step.index)
        turns = f"{region.first} to {region.last}" if region.rolls else "alone"
        shape = "x".join(map(str, schedule.instance(step).output.type.shape))
        nodes = ", ".join(step.node.origin)
        rows.append((str(step.index), f"`{step.kernel.symbol}`", shape, turns, nodes))
    points = ", ".join(f"{point.bytes:,} B (+{point.extra:,})" for point in compiled.front.points)
    header = ("step", "kernel", "output", "takes turns with", "nodes")
    return table(header, rows) + f"\nThe front: {points}.\n"


def _buffers(compiled: Compiled) -> str:
    rows = [
        (
            f"{buffer.offset} .. {buffer.offset + buffer.bytes}",
            f"{buffer.first_step} - {buffer.last_step}",
            buffer.name,
        )
        for buffer in sorted(compiled.plan.buffers, key=lambda buffer: buffer.offset)
    ]
    total = f"\nArena: {compiled.plan.arena_bytes:,} bytes; at least "
    return table(("bytes", "steps", "buffer"), rows) + (
        f"{total}{compiled.plan.lower_bound:,} are live at step {compiled.plan.peak_step}.\n"
    )


_HEAD = """\
# Tour: three nodes, from the file to C

Written by `pytest tests/docs --update-golden` from what the compiler does; a test fails when it
is stale. The same of your model: `tinycc build MODEL --dump-after PASS`.
"""
_FILE = """\
A convolution, a Relu and a max pooling. A quantised ONNX file (QDQ) says in float what an
integer machine shall do: every tensor passes through QuantizeLinear and DequantizeLinear.

"""
_READ = """\
Every ONNX convolution or pool becomes transpose, NHWC operator, transpose back
(`tinycc/frontend`, `tinycc/ops`). Every tensor has a type: element, shape, scale and zero point.

"""
_PASSES = """\
Each is a function from graph to graph (`tinycc/passes`); the verifier runs after each. Those
that change this network:
"""
_SCHEDULE = """\
An order of steps, a kernel for each, and which steps take turns row by row (`tinycc/schedule`).
`--optimize ram` here, so that there is something to see. The front lists what other schedules
would take, with predicted instructions on top of the cheapest.

"""
_PLAN = """\
A ring holds the rows of a tensor that are still needed. Buffers that do not live at the same
time share bytes (`tinycc/memory`); a simulation that shares no code with the planner checks
every plan.

"""
_CODE = """\
`tour.h` is what firmware includes; `tour_data.h` (not shown) has the weights.

"""
_REPORT = """\
What `build` prints, here without a compiler: [spec/report.md](spec/report.md) has the whole.

"""
