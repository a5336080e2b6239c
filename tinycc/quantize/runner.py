"""Runs a network on samples in onnxruntime, several at once where the network allows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tinycc.errors import ModelError
from tinycc.frontend.onnx_network import OnnxNetwork, onnx_bytes
from tinycc.interp.original import Session
from tinycc.ops.foreign import ForeignNode

Batch = Mapping[str, np.ndarray]

_BATCH = "tinycc_batch"
_BUDGET_BYTES = 48 << 20  # of fetched values at a time
_LARGEST_BATCH = 64


class Runner:
    """Values of chosen tensors for batches of samples, [samples, *shape without the batch axis].

    `adjustable` constants can be replaced in every run. A batch is an array per input,
    [samples, *shape]: the inputs' own batch axis stays in place, so runs of one sample are exact.
    """

    def __init__(
        self, network: OnnxNetwork, fetched: Sequence[str], adjustable: Iterable[str] = ()
    ) -> None:
        self._network = network
        self._fetched = tuple(dict.fromkeys(fetched))
        adjustable = tuple(adjustable)
        self._made = [name for name in self._fetched if name not in network.inputs]
        inner = [name for name in self._made if name not in network.outputs]
        self._single = Session(onnx_bytes(network, inner, adjustable=adjustable), network.where)
        self._many = self._batched(inner, adjustable)

    @property
    def batch_size(self) -> int:
        """How many samples to give at once."""
        if self._many is None:
            return 1
        values = sum(
            int(np.prod(self._network.shapes.get(name, (1,)), dtype=np.int64))
            for name in self._fetched
        )
        return max(1, min(_LARGEST_BATCH, _BUDGET_BYTES // max(1, 4 * values)))

    def run(
        self, batch: Batch, adjusted: Batch | None = None, only: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """The fetched values, or `only` some of them, float32 [samples, *shape]."""
        count = len(next(iter(batch.values())))
        fetched = self._fetched if only is None else tuple(only)
        made = [name for name in fetched if name not in self._network.inputs]
        if self._many is not None and count > 1:
            feeds = {name: array.reshape(count, *array.shape[2:]) for name, array in batch.items()}
            found = self._many.run({**feeds, **(adjusted or {})}, made)
            values = {name: array[:, np.newaxis] for name, array in found.items()}
        else:
            rows = [self._one(batch, index, made, adjusted) for index in range(count)]
            values = {name: np.stack([row[name] for row in rows]) for name in made}
        return {name: batch[name] if name in batch else values[name] for name in fetched}

    def _one(
        self, batch: Batch, index: int, made: Sequence[str], adjusted: Batch | None = None
    ) -> dict[str, np.ndarray]:
        feeds = {name: array[index] for name, array in batch.items()}
        return self._single.run({**feeds, **(adjusted or {})}, made)

    def _batched(self, inner: Sequence[str], adjustable: Sequence[str]) -> Session | None:
        """A session that takes many samples, when it computes what single runs do."""
        network = self._network
        if any(not shape or shape[0] != 1 for shape in network.inputs.values()):
            return None
        if any(network.shapes.get(name, (0,))[:1] != (1,) for name in self._made):
            return None
        generator = np.random.default_rng(0)
        trial = {
            name: generator.random((2, *shape), np.float32)
            for name, shape in network.inputs.items()
        }
        rows = [self._one(trial, index, self._made) for index in range(2)]
        feeds = {name: array[:, 0] for name, array in trial.items()}
        try:
            free = with_free_batch(network)
            data = onnx_bytes(free, inner, batch=_BATCH, adjustable=adjustable)
            session = Session(data, network.where)
            found = session.run(feeds, self._made)
        except ModelError:
            return None
        same = all(
            found[name].shape == (2, *rows[0][name].shape[1:])
            and all(_alike(found[name][i], rows[i][name][0]) for i in range(2))
            for name in self._made
        )
        return session if same else None


def _alike(left: np.ndarray, right: np.ndarray) -> bool:
    largest = float(np.abs(right).max(initial=0.0))
    with np.errstate(invalid="ignore"):
        return bool(np.allclose(left, right, rtol=1e-3, atol=1e-2 * largest + 1e-6, equal_nan=True))


def with_free_batch(network: OnnxNetwork) -> OnnxNetwork:
    """The network whose reshapes keep any first dimension where they kept one of 1."""
    constants = dict(network.constants)
    nodes = [_free_reshape(network, node, constants) for node in network.nodes]
    return replace(network, nodes=tuple(nodes), constants=constants)


def _free_reshape(
    network: OnnxNetwork, node: ForeignNode, constants: dict[str, np.ndarray]
) -> ForeignNode:
    shape = constants.get(node.input(1)) if node.op_type == "Reshape" else None
    before = network.shapes.get(node.input(0), ())
    if shape is None or before[:1] != (1,) or not shape.size or shape[0] != 1:
        return node
    name = f"{node.outputs[0]}.shape"
    free = shape.copy()
    free[0] = 0 if (shape[1:] == -1).any() else -1
    if not node.attributes.get("allowzero", 0) or free[0] == -1:
        constants[name] = free
        return replace(node, inputs=(node.inputs[0], name))
    return node


def merged(batches: Iterator[Batch], size: int) -> Iterator[Batch]:
    """Batches of one sample each joined to batches of at most `size`."""
    held: list[Batch] = []
    for batch in batches:
        held.append(batch)
        if len(held) == size:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _joined(batches: Sequence[Batch]) -> Batch:
    return {name: np.stack([batch[name] for batch in batches]) for name in batches[0]}
