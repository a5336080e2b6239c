"""Small integer networks for pass tests, node by node."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinycc import ops
from tinycc.interp.interpreter import run
from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.fully_connected import FullyConnected
from tinycc.target import load_target

HOST = load_target("host")


class Net:
    """A graph under construction; methods return the names of the tensors they make."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        self.inputs: list[str] = []

    def input(self, shape: Sequence[int], zero: int = 0, scale: float = 0.1) -> str:
        """A model input."""
        name = f"x{len(self.inputs)}"
        self.inputs.append(name)
        return self._tensor(name, shape, scale, zero)

    def constant(self, data: object, scale: float = 0.1, zero: int = 0) -> str:
        """An int8 constant."""
        array = np.array(data, np.int8)
        kind = Quantization.per_tensor(scale, zero)
        return self._constant(array, TensorType(array.shape, DType.INT8, kind))

    def conv(
        self,
        x: str,
        weights: object,
        bias: Sequence[int] | None = None,
        zero: int = 0,
        scale: float = 0.1,
        **attributes: object,
    ) -> str:
        """A convolution with weights OHWI of scale 0.02, bias in sums."""
        operands = self._weighed(x, weights, bias)
        return self.node("conv2d", Conv2d(**attributes), operands, scale, zero)  # type: ignore[arg-type]

    def dense(self, x: str, weights: object, bias: Sequence[int] | None = None) -> str:
        """A fully connected layer."""
        return self.node("fully_connected", FullyConnected(), self._weighed(x, weights, bias))

    def node(
        self, op: str, attrs: object, inputs: Sequence[str], scale: float = 0.1, zero: int = 0
    ) -> str:
        """Any operator; its output's shape is inferred."""
        types = [self.tensors[name].type for name in inputs]
        name = f"t{len(self.nodes)}"
        self._tensor(name, ops.get(op).infer(attrs, types), scale, zero)
        self.nodes.append(Node(name, op, attrs, tuple(inputs), name, (f"/{name}",)))
        return name

    def graph(self, *outputs: str) -> Graph:
        """The graph with these outputs."""
        return Graph.build("test", [*self.tensors.values()], self.nodes, self.inputs, outputs)

    def _weighed(self, x: str, weights: object, bias: Sequence[int] | None) -> list[str]:
        array = np.array(weights, np.int8)
        count, scale = len(array), float(np.float32(0.02))
        kind = Quantization((scale,) * count, (0,) * count, 0)
        operands = [x, self._constant(array, TensorType(array.shape, DType.INT8, kind))]
        if bias is not None:
            unit = scale * float(self.tensors[x].type.scale)
            data, own = np.array(bias, np.int32), Quantization((unit,) * count, (0,) * count, 0)
            operands.append(self._constant(data, TensorType((count,), DType.INT32, own)))
        return operands

    def _tensor(self, name: str, shape: Sequence[int], scale: float, zero: int) -> str:
        type_ = TensorType(tuple(shape), DType.INT8, Quantization.per_tensor(scale, zero))
        self.tensors[name] = Tensor(name, type_)
        return name

    def _constant(self, data: np.ndarray, type_: TensorType) -> str:
        name = f"c{len(self.tensors)}"
        self.tensors[name] = Tensor(name, type_, data)
        return name


def random_inputs(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """Values over the whole range of every input."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.integers(-128, 128, graph.tensors[name].type.shape).astype(np.int8)
        for name in graph.inputs
    }


def same_outputs(before: Graph, after: Graph, samples: int = 20) -> bool:
    """True when both graphs give the same bytes for random inputs."""
    for seed in range(samples):
        inputs = random_inputs(before, seed)
        results = [
            [values[name].tobytes() for name in graph.outputs]
            for graph in (before, after)
            for values in [run(graph, inputs)]
        ]
        if results[0] != results[1]:
            return False
    return True
