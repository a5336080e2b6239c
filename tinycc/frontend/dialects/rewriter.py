"""What rewriting a model's nodes needs: fresh names, constants, new nodes in place of old ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper

from tinycc.errors import ModelError
from tinycc.frontend.model_file import ModelFile
from tinycc.frontend.tensor_data import tensor_array
from tinycc.frontend.wording import FactError, quoted


class Rewriter:
    """The graph of a model file; new nodes carry the name of the one that they replace.

    Only a DequantizeLinear is named after what it makes, since a layer has several.
    """

    def __init__(self, file: ModelFile) -> None:
        graph = file.proto.graph
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._folder, self._where = file.folder, file.where
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._producers = {name: node for node in graph.node for name in node.output if name}
        self._names = {*self._stored, *self._producers, *(value.name for value in graph.input)}
        self._readers: dict[str, list[Any]] = {}
        for node in graph.node:
            for name in dict.fromkeys(node.input):
                self._readers.setdefault(name, []).append(node)
        self._outputs = frozenset(value.name for value in graph.output)
        self._current = ""
        self._skipped: set[int] = set()

    def replace(self, node: Any, rule: Callable[[Any, Rewriter], bool] | None) -> None:
        """What a rule makes of a node, or the node itself where there is none or it gives up."""
        self._current = node.name or next((name for name in node.output if name), "")
        nodes, initializers = len(self.nodes), len(self.initializers)
        try:
            done = rule is not None and rule(node, self)
        except (IndexError, ValueError, TypeError):  # operands that no exporter writes
            done = False
        if not done:
            del self.nodes[nodes:], self.initializers[initializers:]
            self.nodes.append(node)

    def refused(self, node: Any, fact: str, hint: str) -> ModelError:
        """The error for a node that is understood, and cannot be built."""
        name = f"node {quoted(self._current)} ({node.op_type})"
        return ModelError(f"{name}: {fact}", self._where, hint)

    def skip(self, *nodes: Any) -> None:
        """Leaves out other nodes of the file, whose work a new one does."""
        self._skipped.update(id(node) for node in nodes)

    @property
    def remaining(self) -> list[Any]:
        """The nodes of the rewritten graph."""
        return [node for node in self.nodes if id(node) not in self._skipped]

    def constant(self, name: str) -> np.ndarray | None:
        """A value of the file that is known, through Constant and Identity nodes; else None."""
        for _ in range(len(self._producers) + 1):  # damaged files hold cycles
            if name in self._stored:
                try:
                    return tensor_array(self._stored[name], self._folder)
                except FactError:
                    return None
            node = self._producers.get(name)
            if node is None or node.domain not in ("", "ai.onnx"):
                return None
            if node.op_type == "Constant":
                return _constant_value(node, self._folder)
            if node.op_type != "Identity" or not node.input:
                return None
            name = node.input[0]
        return None

    def producer(self, name: str) -> Any | None:
        """The node of the file that makes a value."""
        return self._producers.get(name)

    def only_reader(self, name: str) -> Any | None:
        """The one node that reads a value; None for the graph's outputs and for several readers."""
        readers = self._readers.get(name, ())
        return readers[0] if len(readers) == 1 and name not in self._outputs else None

    def is_read(self, name: str) -> bool:
        """True for values that a node reads, and for the graph's outputs."""
        return name in self._readers or name in self._outputs

    def add_constant(self, base: str, data: np.ndarray) -> str:
        """A new initialiser."""
        name = self._fresh(base)
        self.initializers.append(onnx.numpy_helper.from_array(np.ascontiguousarray(data), name))
        return name

    def node(
        self, op: str, inputs: Sequence[str], output: str | None = None, **attributes: object
    ) -> str:
        """A new node of the default domain; returns its output."""
        made = output or self._fresh(f"{self._current}.{op}")
        name = made if op == "DequantizeLinear" else self._current
        self.nodes.append(onnx.helper.make_node(op, list(inputs), [made], name, **attributes))
        return made

    def copied(self, old: Any, op: str, inputs: Sequence[str], output: str | None = None) -> str:
        """A node of the default domain with the attributes of another one."""
        made = self.node(op, inputs, output)
        self.nodes[-1].attribute.extend(old.attribute)
        return made

    def _fresh(self, base: str) -> str:
        name, number = base, 1
        while name in self._names:
            number += 1
            name = f"{base}.{number}"
        self._names.add(name)
        return name


def _constant_value(node: Any, folder: Any) -> np.ndarray | None:
    try:
        for attribute in node.attribute:
            if attribute.name == "value":
                return tensor_array(attribute.t, folder)
            if attribute.name in ("value_float", "value_floats"):
                found = onnx.helper.get_attribute_value(attribute)
                return np.asarray(found, np.float32)
            if attribute.name in ("value_int", "value_ints"):
                return np.asarray(onnx.helper.get_attribute_value(attribute), np.int64)
    except (FactError, ValueError):
        return None
    return None
