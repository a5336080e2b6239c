"""Where a network is cut into integers: the tensors that get a scale, and who shares one.

A tensor has no scale of its own where the operator behind it does its work while saturating
(Conv > Relu) or while accumulating (MatMul > Add of a bias). Operators that only move values
share the scale of their input; a Concat shares its own with inputs that nobody else reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.frontend.quantization import MOVES
from tinycc.ops.foreign import ForeignNode
from tinycc.quantize.prepare import layers

_SATURATING = frozenset(
    {"Conv", "Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "BatchNormalization"}
    | {"AveragePool", "GlobalAveragePool", "ReduceMean", "HardSwish", "LeakyRelu"}
)
_JOINS = frozenset({"Concat", "Max", "Min"})


@dataclass(frozen=True)
class Grid:
    """The int8 values of a tensor: real = scale * (stored - zero_point)."""

    scale: float
    zero_point: int

    @classmethod
    def covering(cls, low: float, high: float) -> Grid:
        """256 values from low to high, zero among them; Relu's range gives zero point -128."""
        low, high = min(low, 0.0), max(high, 0.0)
        if high - low < 255 * float(np.finfo(np.float32).tiny):
            return cls(1.0, 0)  # always zero: any scale holds it
        scale = float(np.float32((high - low) / 255.0))
        zero = int(np.clip(np.rint(-128.0 - low / scale), -128, 127))
        return cls(scale, zero)

    @property
    def low(self) -> float:
        """The smallest real value."""
        return self.scale * (-128 - self.zero_point)

    @property
    def high(self) -> float:
        """The largest real value."""
        return self.scale * (127 - self.zero_point)

    def rounded(self, values: np.ndarray) -> np.ndarray:
        """Real values moved to the grid, half to even as QuantizeLinear does."""
        steps = np.clip(np.rint(values / self.scale) + self.zero_point, -128, 127)
        real: np.ndarray = (steps - self.zero_point) * self.scale
        return real


# Functions whose range is known before any sample is.
_FIXED: Mapping[str, Grid] = {
    **dict.fromkeys(("Softmax", "Sigmoid", "HardSigmoid"), Grid(1 / 256, -128)),
    "Tanh": Grid(1 / 128, 0),
}


@dataclass(frozen=True)
class Places:
    """`shared` names, for every quantised tensor, the one whose scale it has."""

    shared: Mapping[str, str]
    fixed: Mapping[str, Grid]

    @property
    def leaders(self) -> tuple[str, ...]:
        """One tensor of each scale that calibration has to find, in network order."""
        return tuple(name for name in dict.fromkeys(self.shared.values()) if name not in self.fixed)

    def members(self, leader: str) -> tuple[str, ...]:
        """All tensors of one scale."""
        return tuple(name for name, other in self.shared.items() if other == leader)


def is_clamp(network: OnnxNetwork, node: ForeignNode) -> bool:
    """True for a Relu, and for a Clip with constant bounds."""
    if node.op_type == "Relu":
        return True
    bounds = [name for name in node.inputs[1:] if name]
    return node.op_type == "Clip" and all(network.is_constant(name) for name in bounds)


def places(network: OnnxNetwork) -> Places:
    """The quantised tensors of a prepared network."""
    skipped = {layer.node.outputs[0] for layer in layers(network)}
    skipped -= {layer.sum for layer in layers(network)}
    for node in network.nodes:
        reader = network.only_reader(node.outputs[0])
        if node.op_type in _SATURATING and reader is not None and is_clamp(network, reader):
            skipped.add(node.outputs[0])
    chosen = _Sharing(network, [name for name in _tensors(network) if name not in skipped])
    for node in network.nodes:
        if _moves(network, node):
            chosen.move(node)
    for node in network.nodes:
        if node.op_type in _JOINS:
            chosen.join(node)
    return Places(chosen.shared(), chosen.fixed())


def _tensors(network: OnnxNetwork) -> list[str]:
    made = [name for node in network.nodes for name in node.outputs if name]
    needed = {*network.readers, *network.outputs}
    return [*network.inputs, *(name for name in made if name in needed and name in network.shapes)]


def _moves(network: OnnxNetwork, node: ForeignNode) -> bool:
    """True where every output value is one of the first input's (or zero)."""
    if node.op_type not in MOVES or node.op_type in _JOINS or node.op_type == "Clip":
        return False
    if node.op_type == "Resize":
        return str(node.attributes.get("mode", "nearest")) == "nearest"
    if node.op_type == "Pad":
        value = network.constants.get(node.input(2)) if node.input(2) else None
        return value is None or not np.any(value)
    return True


class _Sharing:
    """Union-find over quantised tensors; the leader of a set is its first tensor."""

    def __init__(self, network: OnnxNetwork, tensors: list[str]) -> None:
        self._network = network
        self._order = {name: index for index, name in enumerate(tensors)}
        self._parent = {name: name for name in tensors}
        self._moved: set[str] = set()

    def _root(self, name: str) -> str:
        while self._parent[name] != name:
            name = self._parent[name]
        return name

    def _unite(self, left: str, right: str) -> None:
        a, b = sorted((self._root(left), self._root(right)), key=self._order.__getitem__)
        self._parent[b] = a

    def move(self, node: ForeignNode) -> None:
        """Every output shares the scale of the first input."""
        for name in filter(None, node.outputs):
            if node.inputs[0] in self._parent and name in self._parent:
                self._unite(node.inputs[0], name)
                self._moved.add(name)

    def join(self, node: ForeignNode) -> None:
        """Inputs that only this node reads share the scale of its output."""
        output = node.outputs[0]
        for name in node.inputs:
            if name in self._parent and self._is_private(name, node):
                self._unite(name, output)

    def _is_private(self, name: str, node: ForeignNode) -> bool:
        """No tensor of the set goes anywhere else, so that a wider scale costs nobody."""
        root = self._root(name)
        members = [one for one in self._parent if self._root(one) == root]
        made = self._network.producer
        if any(one in made and made[one].op_type in _FIXED for one in members):
            return False
        if any(one in self._network.inputs or one in self._network.outputs for one in members):
            return False
        readers = [reader for one in members for reader in self._network.readers.get(one, ())]
        return all(
            reader is node or (reader.outputs[0] in members and reader.op_type in MOVES)
            for reader in readers
        )

    def shared(self) -> dict[str, str]:
        return {name: self._root(name) for name in self._parent}

    def fixed(self) -> dict[str, Grid]:
        """The grids of sets that begin with a function of known range."""
        made = self._network.producer
        return {
            root: _FIXED[made[root].op_type]
            for root in set(self.shared().values())
            if root in made and made[root].op_type in _FIXED and self._calls_for(root)
        }

    def _calls_for(self, root: str) -> bool:
        """A fixed grid is for the function's own values, not for a Concat's."""
        return all(
            one == root or one in self._moved for one in self._parent if self._root(one) == root
        )
