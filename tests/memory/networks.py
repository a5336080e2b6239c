"""Small networks built directly from the IR, by hand and at random, and schedules of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st

from tinycc import ops
from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.types import DType, TensorType
from tinycc.ops.add import Add
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.op import Alias
from tinycc.ops.reshape import Reshape
from tinycc.schedule.model import Schedule, Step

Shape = tuple[int, ...]


def no_scratch(node: Node) -> int:
    """No kernel needs scratch."""
    return 0


class Net:
    """Adds nodes one by one; every method returns the name of the tensor it made."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        self.inputs: list[str] = []

    def shape(self, name: str) -> Shape:
        return self.tensors[name].type.shape

    def input(self, *shape: int, name: str = "") -> str:
        self.inputs.append(self._tensor(name or f"in{len(self.inputs)}", shape))
        return self.inputs[-1]

    def conv(self, x: str, channels: int, kernel: int = 1, stride: int = 1, name: str = "") -> str:
        _, height, width, depth = self.shape(x)
        weights = np.zeros((channels, kernel, kernel, depth), np.int8)
        output = (1, -(-height // stride), -(-width // stride), channels)
        pad = kernel // 2
        attrs = Conv2d((stride, stride), (pad, pad, pad, pad))
        return self._node("conv2d", attrs, (x, self._constant(weights)), output, name)

    def add(self, a: str, b: str, name: str = "") -> str:
        output = np.broadcast_shapes(self.shape(a), self.shape(b))
        return self._node("add", Add(), (a, b), output, name)

    def view(self, x: str, *shape: int, name: str = "") -> str:
        return self._node("reshape", Reshape(shape), (x,), shape, name)

    def graph(self, *outputs: str) -> Graph:
        tensors = list(self.tensors.values())
        return Graph.build("net", tensors, self.nodes, self.inputs, outputs)

    def _node(
        self, op: str, attrs: object, inputs: tuple[str, ...], shape: Shape, name: str
    ) -> str:
        output = self._tensor(name or f"t{len(self.nodes)}", shape)
        self.nodes.append(Node(output, op, attrs, inputs, output))
        return output

    def _constant(self, data: np.ndarray) -> str:
        return self._tensor(f"w{len(self.nodes)}", data.shape, data)

    def _tensor(self, name: str, shape: Shape, data: np.ndarray | None = None) -> str:
        self.tensors[name] = Tensor(name, TensorType(tuple(shape), DType.INT8), data)
        return name


def layers(graph: Graph, scratch: Callable[[Node], int] = no_scratch) -> Schedule:
    """The schedule that runs a graph in its own order."""
    nodes = [node for node in graph.nodes if ops.get(node.op).alias is not Alias.VIEW]
    steps = [
        Step(index, node, ops.get(node.op).kernels[0], scratch(node))
        for index, node in enumerate(nodes)
    ]
    return Schedule(graph, tuple(steps))


def uneven_scratch(node: Node) -> int:
    """Scratch that differs between nodes, none for some."""
    return sum(map(ord, node.name)) % 3 * 11


def residual(blocks: int) -> Graph:
    """A chain of expand, depthwise-like, project and add, as in MobileNetV2."""
    net = Net()
    x = net.conv(net.input(1, 12, 12, 3), 8, 3, 2)
    for _ in range(blocks):
        y = net.conv(net.conv(net.conv(x, 24), 24, 3), 8)
        x = net.add(x, y)
    return net.graph(net.view(net.conv(x, 5), 1, 180))


def branches(count: int, depth: int) -> Graph:
    """Parallel branches given breadth first, the order that keeps the most tensors live."""
    net = Net()
    x = net.input(1, 4, 4, 2)
    ends = [x] * count
    for level in range(depth):
        ends = [net.conv(end, 8 if level + 1 < depth else 1) for end in ends]
    total = ends[0]
    for end in ends[1:]:
        total = net.add(total, end)
    return net.graph(total)


def wild(seed: int, count: int, reach: int) -> Graph:
    """A random-wired network: every node reads up to three of the `reach` tensors before it."""
    rng = np.random.default_rng(seed)
    net = Net()
    made = [net.input(1, 2, 2, 4)]
    for _ in range(count):
        near = made[-reach:]
        picked = [near[i] for i in rng.integers(0, len(near), 3)]
        parts = [net.conv(x, 4) for x in dict.fromkeys(picked)]
        total = parts[0]
        for part in parts[1:]:
            total = net.add(total, part)
        made.append(net.conv(total, int(rng.integers(1, 9))))
    return net.graph(made[-1])


@st.composite
def networks(draw: st.DrawFn, most_nodes: int = 8) -> Graph:
    """Convolutions, sums, broadcast sums and views over few shapes; any tensors are outputs."""
    net = Net()
    made = [net.input(1, 4, 2, 2), net.input(1, 1, 1, 2)][: draw(st.integers(1, 2))]
    for _ in range(draw(st.integers(0, most_nodes))):
        made.append(_random_node(draw, net, made))
    if draw(st.booleans()):
        net.input(1, draw(st.integers(1, 60)), name="unread")
    outputs = draw(st.lists(st.sampled_from(made), min_size=1, max_size=3, unique=True))
    return net.graph(*dict.fromkeys([made[-1], *outputs]))


def _random_node(draw: st.DrawFn, net: Net, made: Sequence[str]) -> str:
    x = draw(st.sampled_from(made))
    kind = draw(st.sampled_from(["conv", "conv", "add", "add", "view"]))
    shape = net.shape(x)
    if kind == "view":
        other = (1, shape[2], shape[1], shape[3])
        return net.view(x, *draw(st.sampled_from([shape, other])))
    partners = [y for y in made if _simple_sum(shape, net.shape(y))]
    if kind == "add":
        return net.add(x, draw(st.sampled_from(partners)))
    kernel, stride = draw(st.sampled_from([(1, 1), (3, 1), (3, 2)]))
    return net.conv(x, draw(st.sampled_from([1, 2, 2, 3])), kernel, stride)


def _simple_sum(shape: Shape, other: Shape) -> bool:
    return shape == other or other == (1, 1, 1, shape[3])
