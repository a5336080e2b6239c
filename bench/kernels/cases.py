"""Random layers to measure kernels with, and networks of one independent layer each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tinycc import ops
from tinycc.emit.files import Heading, code_files
from tinycc.ir.graph import Graph, Instance, Node, Tensor
from tinycc.memory.place import plan
from tinycc.ops.add import Add, sum_scale
from tinycc.ops.average_pool2d import AveragePool2d
from tinycc.ops.concat import Concat
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.conversion import Conversion
from tinycc.ops.elementwise import infer as broadcast_shape
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.fully_connected import FullyConnected
from tinycc.ops.lookup import Lookup
from tinycc.ops.max_pool2d import MaxPool2d
from tinycc.ops.mul import Mul
from tinycc.ops.numerics import Clamp
from tinycc.ops.op import Op
from tinycc.ops.pad import Pad
from tinycc.ops.pooling import Pooling
from tinycc.ops.resize_nearest import ResizeNearest
from tinycc.ops.softmax import Softmax
from tinycc.ops.transpose import Transpose
from tinycc.pipeline import Compiled, ModelFile, Options
from tinycc.schedule.model import Schedule, Step
from tinycc.target import Target

MOST_PRODUCTS = 250_000
MOST_BYTES = 24_000  # of a layer's input or output

Draw = Callable[["Layers"], Instance]


class Layers:
    """Draws layers of one operator after the other; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.make = ExampleMaker(self.rng)

    def one_of(self, *values: int) -> int:
        """One of some numbers."""
        return int(self.rng.choice(values))

    def about(self, most: int) -> int:
        """A number up to `most`; small ones as often as large ones, multiples of four preferred."""
        value = int(2 ** self.rng.uniform(0, math.log2(most + 1)))
        return -(-value // 4) * 4 if value > 3 and self.rng.random() < 0.6 else max(1, value)

    def clamp(self) -> Clamp | None:
        """A fused activation, or none."""
        return Clamp(0.0, math.inf) if self.rng.random() < 0.3 else None

    def image(self, most_channels: int = 96) -> tuple[int, int, int, int]:
        """The shape of an image."""
        while True:
            height, width = self.about(40), self.about(40)
            channels = self.about(most_channels)
            if height * width * channels <= MOST_BYTES:
                return 1, height, width, channels

    def window(self, shape: tuple[int, ...]) -> Pooling:
        """A window that fits an image, mostly with padding that keeps its size."""
        while True:
            kernel = (self.one_of(1, 3, 3, 3, 5, 7, 2, 4), self.one_of(1, 3, 3, 3, 5, 7, 2, 4))
            if self.rng.random() < 0.7:
                kernel = (kernel[0], kernel[0])
            stride = self.one_of(1, 1, 2)
            dilation = self.one_of(1, 1, 1, 1, 1, 1, 2)
            kept = ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2, kernel[0] // 2, kernel[1] // 2)
            pads = kept if self.rng.random() < 0.8 and dilation == 1 else (0, 0, 0, 0)
            reach = [(k - 1) * dilation + 1 for k in kernel]
            if reach[0] <= shape[1] + pads[0] and reach[1] <= shape[2] + pads[1]:
                return Pooling(kernel, (stride, stride), pads, (dilation, dilation))

    def instances(self, op: Op) -> Iterator[Instance]:
        """Endless layers of one operator that the compiler would accept."""
        draw = DRAWS[op.name]
        while True:
            found = draw(self)
            small = max(t.type.bytes for t in (*found.activations, found.output)) <= 2 * MOST_BYTES
            if small and op.macs(found) <= MOST_PRODUCTS and not any(r(found) for r in op.requires):
                yield found


def _convolution(draw: Layers, groups: int, shape: tuple[int, ...], outputs: int) -> Instance:
    own = draw.window(shape)
    attrs = Conv2d(own.strides, own.pads, own.dilations, groups, draw.clamp())
    x = draw.make.activation(shape)
    weights = (outputs, *own.kernel, shape[3] // groups)
    return draw.make.dense("conv2d", attrs, x, weights, ops.get("conv2d").infer)


def _conv2d(draw: Layers) -> Instance:
    shape, kind = draw.image(), draw.rng.random()
    if kind < 0.35:
        x, attrs = draw.make.activation(shape), Conv2d(clamp=draw.clamp())
        weights = (draw.about(96), 1, 1, shape[3])
        return draw.make.dense("conv2d", attrs, x, weights, ops.get("conv2d").infer)
    if kind < 0.65 and shape[3] > 1:
        times = draw.one_of(1, 1, 1, 1, 1, 2)
        return _convolution(draw, shape[3], shape, times * shape[3])
    if kind < 0.75:
        thin = (*shape[:3], draw.one_of(1, 3))
        return _convolution(draw, 1, thin, draw.about(64))
    groups = draw.one_of(1, 1, 1, 1, 2)
    whole = (*shape[:3], -(-shape[3] // groups) * groups)
    return _convolution(draw, groups, whole, groups * draw.about(48))


def _fully_connected(draw: Layers) -> Instance:
    inputs = draw.about(640)
    if inputs % 2:  # as networks have them, and as vector kernels like them
        inputs = -(-inputs // 16) * 16
    x = draw.make.activation((draw.one_of(1, 1, 1, 3), inputs))
    shape, attrs = (draw.about(256), x.type.shape[1]), FullyConnected(draw.clamp())
    return draw.make.dense("fully_connected", attrs, x, shape, ops.get("fully_connected").infer)


def _binary(op: str, attrs: Callable[[Clamp | None], object], scale: Callable[..., float]) -> Draw:
    def draw_binary(draw: Layers) -> Instance:
        shape = draw.image()
        gate = (1, 1, 1, shape[3])
        other = [shape, shape, gate, (1, 1, 1, 1)][draw.one_of(0, 1, 2, 3)]
        a, b = draw.make.activation(shape), draw.make.activation(other)
        drawn = scale(float(a.type.scale), float(b.type.scale))
        quantization = draw.make.quantization(float(np.float32(drawn)))
        return draw.make.instance(op, attrs(draw.clamp()), [a, b], broadcast_shape, quantization)

    return draw_binary


def _pool(op: str, attrs: Callable[[Pooling], object]) -> Draw:
    def draw_pool(draw: Layers) -> Instance:
        shape = draw.image()
        whole = draw.rng.random() < 0.3
        own = Pooling((shape[1], shape[2])) if whole else draw.window(shape)
        x = draw.make.activation(shape)
        return draw.make.same(op, attrs(own), [x], ops.get(op).infer)

    return draw_pool


def _average(own: Pooling) -> AveragePool2d:
    return AveragePool2d(own.kernel, own.strides, own.pads, own.dilations)


def _maximum(own: Pooling) -> MaxPool2d:
    return MaxPool2d(own.kernel, own.strides, own.pads, own.dilations)


def _unary(op: str, attrs: object) -> Draw:
    def draw_unary(draw: Layers) -> Instance:
        x = draw.make.activation(draw.image())
        return draw.make.same(op, attrs, [x], ops.get(op).infer)

    return draw_unary


def _softmax(draw: Layers) -> Instance:
    x = draw.make.activation((draw.one_of(1, 1, 5), draw.about(40)))
    quantization = draw.make.quantization(1 / 256)
    return draw.make.instance("softmax", Softmax(), [x], ops.get("softmax").infer, quantization)


def _pad(draw: Layers) -> Instance:
    amounts = tuple((draw.one_of(0, 1, 2), draw.one_of(0, 1, 2)) for _ in range(2))
    more = (0, draw.one_of(0, 0, 0, 4))
    x = draw.make.activation(draw.image())
    return draw.make.same("pad", Pad(((0, 0), *amounts, more)), [x], ops.get("pad").infer)


def _concat(draw: Layers) -> Instance:
    shape = draw.image(48)
    first = draw.make.activation(shape)
    second = draw.make.activation((*shape[:3], draw.about(48)), first.type.quantization)
    return draw.make.same("concat", Concat(3), [first, second], ops.get("concat").infer)


def _resize(draw: Layers) -> Instance:
    shape = draw.image(32)
    rows, columns = (tuple(i // 2 for i in range(2 * extent)) for extent in shape[1:3])
    x = draw.make.activation(shape)
    resized = ResizeNearest(rows, columns)
    return draw.make.same("resize_nearest", resized, [x], ops.get("resize_nearest").infer)


def _transpose(draw: Layers) -> Instance:
    x = draw.make.activation(draw.image())
    order = tuple(int(axis) for axis in draw.rng.permutation(4))
    return draw.make.same("transpose", Transpose(order), [x], ops.get("transpose").infer)


DRAWS: dict[str, Draw] = {
    "conv2d": _conv2d,
    "fully_connected": _fully_connected,
    "add": _binary("add", Add, sum_scale),
    "mul": _binary("mul", Mul, lambda first, second: 128 * first * second),
    "average_pool2d": _pool("average_pool2d", _average),
    "max_pool2d": _pool("max_pool2d", _maximum),
    "lookup": _unary("lookup", Lookup("sigmoid")),
    "copy": _unary("copy", Conversion()),
    "softmax": _softmax,
    "pad": _pad,
    "concat": _concat,
    "resize_nearest": _resize,
    "transpose": _transpose,
}


def compiled(layers: Sequence[tuple[Instance, Step]], target: Target) -> Compiled:
    """A network of independent layers, each with its own inputs and output."""
    tensors: list[Tensor] = []
    nodes: list[Node] = []
    inputs: list[str] = []
    steps: list[Step] = []
    for index, (instance, step) in enumerate(layers):
        own = (*instance.inputs, instance.output)
        names = {tensor.name: f"{tensor.name}_{index}" for tensor in own}
        tensors += [replace(tensor, name=names[tensor.name]) for tensor in own]
        operands = tuple(names[name] for name in instance.node.inputs)
        output = names[instance.output.name]
        node = replace(instance.node, name=f"layer_{index}", inputs=operands, output=output)
        nodes.append(node)
        inputs += [names[tensor.name] for tensor in instance.activations]
        steps.append(replace(step, index=index, node=node))
    outputs = [node.output for node in nodes]
    graph = Graph.build("layers", tensors, nodes, tuple(dict.fromkeys(inputs)), outputs)
    return firmware(Schedule(graph, tuple(steps)), target)


def firmware(schedule: Schedule, target: Target) -> Compiled:
    """A schedule as what is measured."""
    graph, arranged = schedule.graph, plan(schedule, target.alignment)
    heading = Heading("", graph.name, "", target.name, target.alignment)
    code = code_files(arranged, graph.name, graph, heading)
    source = ModelFile(graph.name, "", 0, Path())
    return Compiled(Options(), target, graph.name, source, graph, graph, arranged, code, ())


def chain(seed: int) -> Graph:
    """A random network whose layers can take turns, with residual branches and a global mean."""
    draw = Layers(seed)
    channels = 4 * draw.one_of(1, 2, 3, 4)
    x = draw.make.activation((1, draw.one_of(9, 16, 24), draw.one_of(5, 12, 24), channels))
    tensors, nodes, values = [x], [], [x]

    def add(instance: Instance) -> None:
        tensors.extend([*instance.inputs, instance.output])
        nodes.append(replace(instance.node, name=f"layer_{len(nodes)}"))
        values.append(instance.output)

    for _ in range(draw.one_of(2, 3, 4, 5)):
        first = values[-1]
        for kernel, groups in (((1, 1), 1), ((3, 3), channels), ((3, 3), 1)):
            attrs, shape = Conv2d(groups=groups), (channels, *kernel, channels // groups)
            if kernel == (3, 3):
                attrs = replace(attrs, pads=(1, 1, 1, 1))
            infer = ops.get("conv2d").infer
            add(draw.make.dense("conv2d", attrs, values[-1], shape, infer))
        if draw.rng.random() < 0.6:
            scale = sum_scale(float(first.type.scale), float(values[-1].type.scale))
            quantization = draw.make.quantization(float(np.float32(scale)))
            pair = [first, values[-1]]
            add(draw.make.instance("add", Add(), pair, broadcast_shape, quantization))
        if draw.rng.random() < 0.4 and min(values[-1].type.shape[1:3]) > 3:
            own = Pooling((2, 2), (2, 2))
            infer = ops.get("max_pool2d").infer
            add(draw.make.same("max_pool2d", _maximum(own), [values[-1]], infer))
    height, width = values[-1].type.shape[1:3]
    mean = _average(Pooling((height, width)))
    add(draw.make.same("average_pool2d", mean, [values[-1]], ops.get("average_pool2d").infer))
    return Graph.build("chain", tensors, nodes, (x.name,), (values[-1].name,))
