"""The network: immutable tensors and nodes. Passes return new graphs; nothing is ever changed.

Spatial operators are NHWC; every node has exactly one output. A tensor's values stand for real
numbers (`TensorType.quantization`), so an operator means the same whatever its operands' types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from tinycc.ir.types import TensorType


@dataclass(frozen=True)
class Source:
    """The tensor of the model file that a tensor equals, and how its axes were permuted.

    `values.ravel() == file_tensor.reshape(shape).transpose(permutation).ravel()`, of which a tensor
    without some channels keeps those of `channels` along its last axis.
    """

    name: str
    shape: tuple[int, ...]
    permutation: tuple[int, ...]
    channels: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value: constant when `data` is set (read-only), else computed at run time.

    Compared and hashed by identity, so that results derived from the data can be cached. `declared`
    is the least and largest value of a graph input, as stored, where the user promises them: arrays
    that broadcast to its shape.
    """

    name: str
    type: TensorType
    data: np.ndarray | None = None
    source: Source | None = None
    declared: tuple[np.ndarray, np.ndarray] | None = None

    def __post_init__(self) -> None:
        if self.data is None:
            return
        if self.data.shape != self.type.shape or self.data.dtype != self.type.dtype.numpy:
            raise ValueError(f"tensor {self.name}: data {self.data.dtype} {self.data.shape}")
        self.data.setflags(write=False)

    @property
    def is_constant(self) -> bool:
        """True when the value is known at compile time."""
        return self.data is not None


@dataclass(frozen=True)
class Node:
    """One operator: `op` names a record of tinycc.ops, `attrs` is that record's dataclass.

    `origin` lists the full names of all nodes of the model file that it stands for.
    """

    name: str
    op: str
    attrs: object
    inputs: tuple[str, ...]
    output: str
    origin: tuple[str, ...] = ()


@dataclass(frozen=True)
class Removal:
    """What a pass proved unnecessary: `channels` of what nodes make, or the nodes as a whole (0).

    `nodes` are names of the model file; `proof` is a word that the report explains.
    """

    nodes: tuple[str, ...]
    proof: str
    channels: int = 0


@dataclass(frozen=True)
class Instance:
    """A node together with its tensors: what operator records and kernels look at."""

    node: Node
    attrs: object
    inputs: tuple[Tensor, ...]
    output: Tensor

    @property
    def activations(self) -> tuple[Tensor, ...]:
        """The inputs that are computed at run time, in order."""
        return tuple(tensor for tensor in self.inputs if not tensor.is_constant)


@dataclass(frozen=True)
class Graph:
    """A network in topological order.

    `tensors` holds exactly the tensors that inputs, outputs and nodes name; `removals` tells what
    the passes so far have taken out of the model's network.
    """

    name: str
    tensors: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    origin: str = ""  # for error messages: "kws.onnx, opset 13"
    removals: tuple[Removal, ...] = ()

    @classmethod
    def build(
        cls,
        name: str,
        tensors: Sequence[Tensor],
        nodes: Sequence[Node],
        inputs: Sequence[str],
        outputs: Sequence[str],
        origin: str = "",
    ) -> Graph:
        """A graph of the given parts; unused tensors are dropped."""
        used = {*inputs, *outputs}
        for node in nodes:
            used.update(node.inputs, (node.output,))
        kept = {tensor.name: tensor for tensor in tensors if tensor.name in used}
        return cls(
            name, MappingProxyType(kept), tuple(nodes), tuple(inputs), tuple(outputs), origin
        )

    @cached_property
    def producer(self) -> Mapping[str, Node]:
        """The node that computes each tensor."""
        return {node.output: node for node in self.nodes}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that read each tensor, each once, in order."""
        found: dict[str, list[Node]] = {name: [] for name in self.tensors}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found[name].append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    def instance(self, node: Node) -> Instance:
        """The node with its tensors."""
        inputs = tuple(self.tensors[name] for name in node.inputs)
        return Instance(node, node.attrs, inputs, self.tensors[node.output])

    def only_consumer(self, name: str) -> Node | None:
        """The single node that reads a tensor, if there is just one and it is no output."""
        consumers = self.consumers[name]
        return consumers[0] if len(consumers) == 1 and name not in self.outputs else None

    def with_tensors(self, *tensors: Tensor) -> Graph:
        """The same graph with some tensors replaced or added (by name)."""
        merged = {**self.tensors, **{tensor.name: tensor for tensor in tensors}}
        return replace(self, tensors=MappingProxyType(merged))
