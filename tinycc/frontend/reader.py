"""ONNX to IR: `read_onnx`. Every problem that can be found in one go is reported in one error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tinycc import ops
from tinycc.errors import ModelError, Problem
from tinycc.frontend import qdq
from tinycc.frontend.builder import Activation, GraphBuilder
from tinycc.frontend.constants import FOLDABLE, Constant, Folder
from tinycc.frontend.dialects.rewrite import in_qdq_form
from tinycc.frontend.foreign_nodes import (
    domain_of,
    find_rule,
    foreign_node,
    has_subgraph,
    unsupported,
)
from tinycc.frontend.inputs import input_types
from tinycc.frontend.model_file import ModelFile, read_model
from tinycc.frontend.quantization import MOVES, shared_parameters
from tinycc.frontend.structure import Structure, node_name, read_structure
from tinycc.frontend.tensor_data import tensor_array
from tinycc.frontend.wording import FactError, extents, quoted
from tinycc.ir.graph import Graph
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.foreign import ForeignNode, OnnxRule

_NO_SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType({})


def read_onnx(
    source: Path | bytes,
    shapes: Mapping[str, tuple[int, ...]] = _NO_SHAPES,
    name: str = "model",
) -> Graph:
    """The network of an ONNX file, in the file's own layout, one sample per batch.

    `shapes` overrides the shapes of inputs by name; `name` stands for the file's where its bytes
    are given. Raises ModelError (with every problem found) for files that are no ONNX model or
    cannot be compiled, UsageError for shapes of no input.
    """
    file = in_qdq_form(read_model(source, name))
    structure = read_structure(file)
    return _Reader(file, structure, shapes).graph()


class _Reader:
    """One conversion: nodes in topological order, problems collected on the way."""

    def __init__(
        self, file: ModelFile, structure: Structure, shapes: Mapping[str, tuple[int, ...]]
    ) -> None:
        self._file = file
        self._structure = structure
        self._problems: list[Problem] = []
        self._poisoned: set[str] = set()
        self._folder = Folder()
        types = input_types(structure.inputs, shapes, file.where)
        constants = self._initializers()
        self._steps = self._foreign_nodes()
        for node, proto in self._steps:
            self._fold_quietly(node, proto, constants)
        shared = shared_parameters([node for node, _ in self._steps], constants)
        names = structure.names
        self._build = GraphBuilder(file.where, names, structure.outputs, shared)
        self._build.values.update(constants)
        for name, type_ in types.items():
            self._build.add_input(name, type_)

    def graph(self) -> Graph:
        """The finished graph; ModelError lists what stood in the way."""
        for node, proto in self._steps:
            self._build.current = node
            self._convert(node, proto)
        self._build.current = None
        if not self._problems:
            self._collect(self._finish_outputs)
        if self._problems:
            raise ModelError.of(self._problems)
        names = [value.name for value in self._structure.inputs]
        return self._build.graph(Path(self._file.name).stem, names)

    def _initializers(self) -> dict[str, Constant]:
        """The initialisers that live nodes and outputs read."""
        used = {name for node in self._structure.nodes for name in node.input}
        used.update(self._structure.outputs)
        found: dict[str, Constant] = {}
        for name, proto in self._structure.initializers.items():
            if name not in used:
                continue
            try:
                found[name] = Constant.of_file(name, tensor_array(proto, self._file.folder))
            except FactError as error:
                self._report(str(error), error.hint, name)
        return found

    def _foreign_nodes(self) -> list[tuple[ForeignNode, Any]]:
        steps = []
        for proto in self._structure.nodes:
            try:
                steps.append((foreign_node(proto, self._file), proto))
            except FactError as error:
                name = f"node {quoted(node_name(proto))} ({proto.op_type})"
                self._report(f"{name}: {error}", error.hint, *proto.output)
        return steps

    def _report(self, message: str, hint: str | None, *poisoned: str) -> None:
        self._problems.append(Problem(message, self._file.where, hint))
        self._poisoned.update(poisoned)

    def _fold_quietly(self, node: ForeignNode, proto: Any, constants: dict[str, Constant]) -> None:
        """First round, before quantisation is known; failures are reported in the second."""
        if any(name not in constants for name in node.inputs if name) or domain_of(proto):
            return
        try:
            if node.op_type == "Constant":
                constants[node.outputs[0]] = _constant_value(node)
            elif node.op_type in FOLDABLE:
                inputs = [constants[name].data if name else None for name in node.inputs]
                for name, data in zip(
                    node.outputs, self._folder.fold(node, proto, inputs), strict=True
                ):
                    constants[name] = _kept(name, data, node, constants)
        except (FactError, ValueError, IndexError):
            return

    def _convert(self, node: ForeignNode, proto: Any) -> None:
        if node.outputs and all(name in self._build.values for name in node.outputs if name):
            return
        domain = domain_of(proto)
        convert = self._conversion(node, proto, domain)
        if convert is None:
            message, hint = unsupported(node, domain, bool(self._file.proto.functions))
            self._problems += self._build.fail(message, hint).problems
            self._poisoned.update(node.outputs)
        elif self._poisoned.intersection(node.inputs) or not self._collect(convert):
            self._poisoned.update(node.outputs)

    def _conversion(
        self, node: ForeignNode, proto: Any, domain: str
    ) -> Callable[[], object] | None:
        """What converts a node; None when nothing does."""
        if has_subgraph(proto):
            return None
        own = qdq.CONVERSIONS.get((domain, node.op_type))
        if own is not None:
            return lambda: own(node, self._build)
        rule = find_rule(node, domain)
        foldable = not domain and (node.op_type in FOLDABLE or node.op_type in _OWN)
        if not foldable:
            return None if rule is None else lambda: self._apply(node, rule)
        convert = rule.convert if rule is not None else _OWN.get(node.op_type)
        return lambda: self._fold_or_apply(node, proto, convert)

    def _apply(self, node: ForeignNode, rule: OnnxRule) -> None:
        rule.convert(qdq.explicit_padding(node, self._build), self._build)

    def _fold_or_apply(
        self, node: ForeignNode, proto: Any, rule: Callable[..., None] | None
    ) -> None:
        """Known inputs: compute at once. Else the operator's rule, or one of our own."""
        inputs = [self._build.values.get(name) for name in node.inputs if name]
        known = all(isinstance(value, Constant) for value in inputs) and node.op_type in FOLDABLE
        quantised = any(isinstance(value, Constant) and value.quantization for value in inputs)
        if known and not (quantised and rule is not None and node.op_type in MOVES):
            self._fold(node, proto)
        elif rule is not None:
            rule(node, self._build)
        else:
            message, hint = unsupported(node, "", False)
            raise self._build.fail(f"{message} on values computed at run time", hint)

    def _fold(self, node: ForeignNode, proto: Any) -> None:
        inputs = [self._known(name) if name else None for name in node.inputs]
        try:
            outputs = self._folder.fold(node, proto, inputs)
        except FactError as error:
            raise self._build.fail(f"it has only constant inputs, but {error}") from error
        for name, data in zip(node.outputs, outputs, strict=False):
            self._build.values[name] = Constant(name, data)

    def _known(self, name: str) -> np.ndarray:
        """A constant as numpy computes with it: real values where it is quantised."""
        value = self._build.values[name]
        assert isinstance(value, Constant)
        real = self._build.constant(name) if value.quantization is not None else None
        return value.data if real is None else real.astype(np.float32)

    def _collect(self, action: Callable[[], object]) -> bool:
        """Runs a conversion; False, and the problem noted, when it fails."""
        problems = self._build.attempt(action)
        self._problems += problems
        return not problems

    def _finish_outputs(self) -> None:
        for value in self._file.proto.graph.output:
            self._build.add_output(value.name)
            _check_declared(value, self._build)


def _kept(
    name: str, data: np.ndarray, node: ForeignNode, constants: Mapping[str, Constant]
) -> Constant:
    """A folded value; one that Identity only renames keeps the name it is stored under."""
    if node.op_type == "Identity":
        return constants[node.inputs[0]]
    return Constant(name, data)


def _check_declared(value: Any, build: GraphBuilder) -> None:
    """An output's declared sizes must be those the nodes make; the batch may have been set."""
    if not value.type.tensor_type.HasField("shape"):
        return
    made = build.type(value.name).shape
    declared = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    agree = len(made) == len(declared) and all(
        want in (have, 0, -1) for want, have in zip(declared[1:], made[1:], strict=True)
    )
    if not agree and made:
        raise build.fail(
            f"output {quoted(value.name)} is declared as {extents(declared)}, "
            f"but the nodes make {extents(made)}",
            "export the model again, or check --shape",
        )


_NUMBERS = {"value_float": "f4", "value_floats": "f4", "value_int": "i8", "value_ints": "i8"}


def _constant_value(node: ForeignNode) -> Constant:
    """The value of a Constant node; ValueError for strings and sparse tensors."""
    for key, dtype in _NUMBERS.items():
        if key in node.attributes:
            return Constant.of_file(node.outputs[0], np.array(node.attributes[key], dtype))
    value = node.attributes.get("value")
    if not isinstance(value, np.ndarray):
        raise ValueError("only tensors and numbers can be constants")
    return Constant.of_file(node.outputs[0], value)


def _constant(node: ForeignNode, build: GraphBuilder) -> None:
    build.values[node.outputs[0]] = _constant_value(node)


def _shape(node: ForeignNode, build: GraphBuilder) -> None:
    shape = build.type(node.input(0)).shape
    part = slice(int(node.attributes.get("start", 0)), node.attributes.get("end"))
    build.values[node.outputs[0]] = Constant(node.outputs[0], np.array(shape[part], np.int64))


def _size(node: ForeignNode, build: GraphBuilder) -> None:
    elements = np.array(build.type(node.input(0)).elements, np.int64)
    build.values[node.outputs[0]] = Constant(node.outputs[0], elements)


def _identity(node: ForeignNode, build: GraphBuilder) -> None:
    build.alias(node.input(0), node.outputs[0])


def _cast(node: ForeignNode, build: GraphBuilder) -> None:
    """float32 to float32 (and float16, whose precision is then not lost) changes nothing.

    Integers that stand for themselves (pixels) are dequantised with a scale of 1.
    """
    value = build.value(node.input(0))
    target = int(node.attributes.get("to", 0))
    if not isinstance(value, Activation) or target not in (1, 10, 11):
        raise build.fail("Cast is supported to float types only")
    type_ = value.tensor.type
    if type_.is_float:
        build.alias(node.input(0), node.outputs[0])
        return
    if type_.quantization != Quantization.per_tensor(1.0, -128 if value.unsigned else 0):
        raise build.fail("Cast of quantised values to float is not supported")
    made = TensorType(type_.shape, DType.FLOAT32)
    attrs = ops.get("dequantize").attrs()
    build.add_node("dequantize", attrs, [value.tensor], made, node.outputs[0])


_OWN: Mapping[str, Callable[[ForeignNode, GraphBuilder], None]] = {
    "Cast": _cast,
    "Constant": _constant,
    "Identity": _identity,
    "Shape": _shape,
    "Size": _size,
}
"""Converted here unless an operator's record has a rule of its own."""
