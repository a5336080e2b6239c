"""Measures single layers on emulated cores and writes results.md: what a change of a kernel does.

    python bench/kernels/run.py [--targets cortex-m4,cortex-m3] [--shapes depthwise]

Per product: executed instructions of the step (QEMU, driver and requantisation included) divided by
its multiply-accumulates. "portable" is the same layer without kernels for the core's features.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tinycc import ops
from tinycc.emit.files import Heading, code_files
from tinycc.ir.graph import Graph, Instance
from tinycc.memory.place import plan
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.conv2d import infer as conv2d_shape
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.fully_connected import FullyConnected
from tinycc.ops.fully_connected import infer as dense_shape
from tinycc.pipeline import Compiled, ModelFile, Options
from tinycc.report.measure import measure_instructions
from tinycc.schedule.layers import layer_schedule
from tinycc.target import Target, load_target

HERE = Path(__file__).resolve().parent
TARGETS = ("cortex-m4", "cortex-m3", "cortex-m0")
FEATURES = frozenset({"dsp", "mve", "umull", "thumb", "thumb2", "lob"})  # what kernels ask for
HEADER = """# Measured: instructions per multiply-accumulate of single layers

Made by `python bench/kernels/run.py`; do not edit.

"""


@dataclass(frozen=True)
class Shape:
    """A layer; `kernel` 0: fully connected. `groups` equal to the inputs: depthwise."""

    name: str
    size: tuple[int, int]
    inputs: int
    outputs: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    groups: int = 1

    def instance(self) -> Instance:
        """The layer with random weights, padded so that the output is as large as the input."""
        make = ExampleMaker(np.random.default_rng(0))
        height, width = self.size
        if self.kernel == (0, 0):
            x, shape = make.activation((1, self.inputs)), (self.outputs, self.inputs)
            return make.dense("fully_connected", FullyConnected(), x, shape, dense_shape)
        rows, columns = self.kernel
        pads = (rows // 2, columns // 2, (rows - 1) // 2, (columns - 1) // 2)
        attrs = Conv2d((self.stride, self.stride), pads, groups=self.groups)
        x = make.activation((1, height, width, self.inputs))
        shape = (self.outputs, rows, columns, self.inputs // self.groups)
        return make.dense("conv2d", attrs, x, shape, conv2d_shape)


SHAPES = (
    Shape("1x1", (48, 48), 8, 16),
    Shape("1x1", (12, 12), 64, 64),
    Shape("1x1", (6, 6), 128, 128),
    Shape("1x1", (3, 3), 256, 256),
    Shape("1x1, odd", (9, 9), 31, 17),
    Shape("3x3", (16, 16), 32, 32, (3, 3)),
    Shape("3x3", (8, 8), 64, 64, (3, 3)),
    Shape("first 3x3, stride 2", (96, 96), 3, 8, (3, 3), 2),
    Shape("first 3x3", (32, 32), 3, 16, (3, 3)),
    Shape("first 10x4, stride 2", (49, 10), 1, 64, (10, 4), 2),
    Shape("depthwise 3x3", (24, 24), 32, 32, (3, 3), 1, 32),
    Shape("depthwise 3x3", (25, 5), 64, 64, (3, 3), 1, 64),
    Shape("depthwise 3x3", (6, 6), 128, 128, (3, 3), 1, 128),
    Shape("depthwise 3x3, stride 2", (48, 48), 16, 16, (3, 3), 2, 16),
    Shape("depthwise 5x5", (20, 20), 32, 32, (5, 5), 1, 32),
    Shape("depthwise 7x7", (20, 20), 32, 32, (7, 7), 1, 32),
    Shape("depthwise 7x7, stride 2", (20, 20), 32, 32, (7, 7), 2, 32),
    Shape("fully connected", (1, 1), 128, 128, (0, 0)),
    Shape("fully connected", (1, 1), 640, 128, (0, 0)),
)


def compiled(instance: Instance, target: Target) -> Compiled:
    """A network of one layer, layer by layer."""
    x, y = instance.activations[0], instance.output
    tensors = {tensor.name: tensor for tensor in (*instance.inputs, y)}
    graph = Graph.build("layer", tuple(tensors.values()), (instance.node,), (x.name,), (y.name,))
    arranged = plan(layer_schedule(graph, target), target.alignment)
    heading = Heading("", "layer", "", target.name, target.alignment)
    code = code_files(arranged, "layer", graph, heading)
    source = ModelFile("layer", "", 0, HERE)
    return Compiled(Options(), target, "layer", source, graph, graph, arranged, code, ())


def measured(shape: Shape, target: Target) -> tuple[str, float, int]:
    """The kernel's name, instructions per product and scratch bytes."""
    instance = shape.instance()
    network = compiled(instance, target)
    step = network.plan.schedule.steps[0]
    sample = np.random.default_rng(1).integers(0, 256, instance.activations[0].type.bytes)
    with tempfile.TemporaryDirectory(prefix="tinycc-") as folder:
        counted = measure_instructions(network, Path(folder), [sample.astype(np.uint8).tobytes()])
    macs = ops.get(instance.node.op).macs(instance)
    executed = counted.by_step[0].instructions
    return step.kernel.symbol.removeprefix("tinycc_"), executed / macs, step.scratch_bytes


def lines(target: Target, wanted: str) -> Iterator[str]:
    """The table of one core."""
    yield f"## {target.name}\n"
    yield "| layer | size | channels | kernel | scratch B | per product | portable |"
    yield "|---|---|---|---|---|---|---|"
    plain = replace(target, isa=target.isa - FEATURES)
    for shape in SHAPES:
        if wanted not in shape.name:
            continue
        name, fast, scratch = measured(shape, target)
        _, slow, _ = measured(shape, plain)
        size, channels = "x".join(map(str, shape.size)), f"{shape.inputs} -> {shape.outputs}"
        yield (
            f"| {shape.name} | {size} | {channels} | {name} | {scratch:,} "
            f"| {fast:.2f} | {slow:.2f} |"
        )
    yield ""


def main() -> None:
    """Writes results.md, or prints the tables of some shapes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--shapes", default="", help="only those with this in their name; prints")
    given = parser.parse_args()
    targets = [load_target(name) for name in given.targets.split(",")]
    text = "\n".join(line for target in targets for line in lines(target, given.shapes))
    if given.shapes or given.targets != ",".join(TARGETS):
        print(text)
    else:
        (HERE / "results.md").write_text(HEADER + text)


if __name__ == "__main__":
    main()
