"""A model file as plain nodes and arrays, for rewriting before the import, and back to ONNX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import onnx.version_converter

from tinycc.errors import ModelError, Problem
from tinycc.frontend.dialects.rewrite import in_qdq_form
from tinycc.frontend.foreign_nodes import foreign_node, has_subgraph
from tinycc.frontend.inputs import input_types
from tinycc.frontend.model_file import TFLITE, ModelFile, read_bytes, read_model
from tinycc.frontend.structure import node_name, read_structure
from tinycc.frontend.tensor_data import tensor_array
from tinycc.frontend.wording import FactError, quoted
from tinycc.ops.foreign import ForeignNode

QDQ_OPSET = 13  # the first in which QuantizeLinear has an axis
_NO_SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType({})
_QUANTIZED = frozenset({"QuantizeLinear", "Quant"})


@dataclass(frozen=True)
class OnnxNetwork:
    """The live part of an ONNX graph: nodes in topological order, every constant as an array.

    `inputs` are float32, by name with their shapes (batch 1). `shapes` holds the shapes of
    run-time tensors where they are known.
    """

    name: str
    nodes: tuple[ForeignNode, ...]
    constants: Mapping[str, np.ndarray]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: tuple[str, ...]
    opsets: Mapping[str, int]
    where: str
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def producer(self) -> Mapping[str, ForeignNode]:
        """The node that makes each run-time tensor."""
        return {name: node for node in self.nodes for name in node.outputs if name}

    @cached_property
    def readers(self) -> Mapping[str, tuple[ForeignNode, ...]]:
        """The nodes that read each tensor; none for names that nobody reads."""
        found: dict[str, list[ForeignNode]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(filter(None, node.inputs)):
                found.setdefault(name, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    def only_reader(self, name: str) -> ForeignNode | None:
        """The one node that reads a tensor; None for outputs and for tensors of several readers."""
        readers = self.readers.get(name, ())
        return readers[0] if len(readers) == 1 and name not in self.outputs else None

    def is_constant(self, name: str) -> bool:
        """True for values that are known before the network runs."""
        return name in self.constants

    def rebuilt(
        self, nodes: Iterable[ForeignNode], constants: Mapping[str, np.ndarray] | None = None
    ) -> OnnxNetwork:
        """The network with other nodes and constants; what the outputs do not need is dropped."""
        kept: list[ForeignNode] = []
        needed = set(self.outputs)
        for node in reversed(tuple(nodes)):
            if needed.intersection(node.outputs):
                kept.append(node)
                needed.update(node.inputs)
        all_constants = self.constants if constants is None else constants
        used = {name: array for name, array in all_constants.items() if name in needed}
        return replace(self, nodes=tuple(reversed(kept)), constants=used)


def why_float(path: Path) -> str | None:
    """How an ONNX file leaves its activations in float, in words; None where it quantises them.

    Raises ModelError when it is no model.
    """
    data = read_bytes(path)
    if data[4:8] == TFLITE:
        return None
    proto = in_qdq_form(read_model(data, path.name)).proto
    integers = {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}
    kinds = {node.op_type for node in proto.graph.node}
    if not kinds.isdisjoint(_QUANTIZED) or any(kind.startswith("QLinear") for kind in kinds):
        return None
    if any(value.type.tensor_type.elem_type in integers for value in proto.graph.input):
        return None
    if "DynamicQuantizeLinear" in kinds:
        return "quantises its activations at run time"
    return "is a float model"


def read_onnx_network(
    path: Path, shapes: Mapping[str, tuple[int, ...]] = _NO_SHAPES
) -> OnnxNetwork:
    """The network of a float ONNX file, brought to opset 13 where it is older.

    Raises ModelError where the file is damaged, holds subgraphs or has inputs that are not float.
    """
    file = in_qdq_form(_modern(read_model(path)))
    structure = read_structure(file)
    problems: list[Problem] = []
    for node in structure.nodes:
        if has_subgraph(node):
            message = f"node {quoted(node_name(node))} ({node.op_type}) holds a graph of its own"
            problems.append(Problem(message, file.where, "export the model without control flow"))
    types = input_types(structure.inputs, shapes, file.where)
    for name, type_ in types.items():
        if not type_.is_float:
            message = (
                f"input {quoted(name)} is {type_.dtype.value}: only float models are quantised"
            )
            problems.append(Problem(message, file.where, "build the model without --calibration"))
    if problems:
        raise ModelError.of(problems)
    try:
        nodes = tuple(foreign_node(proto, file) for proto in structure.nodes)
        constants = {
            name: tensor_array(proto, file.folder)
            for name, proto in structure.initializers.items()
            if any(name in node.inputs for node in nodes) or name in structure.outputs
        }
    except FactError as error:
        raise ModelError(str(error), file.where, error.hint) from error
    inputs = {name: type_.shape for name, type_ in types.items()}
    name = Path(file.name).stem
    return OnnxNetwork(
        name, nodes, constants, inputs, structure.outputs, dict(file.opsets), file.where
    )


def _modern(file: ModelFile) -> ModelFile:
    """The file in an opset whose QuantizeLinear takes a scale per channel."""
    if file.opsets[""] >= QDQ_OPSET:
        return file
    try:
        proto = onnx.version_converter.convert_version(file.proto, QDQ_OPSET)
    except Exception as error:  # the converter raises bare RuntimeErrors
        raise ModelError(
            f"opset {file.opsets['']} cannot be brought to {QDQ_OPSET}, which quantisation needs: "
            f"{' '.join(str(error).split())[:160]}",
            file.name,
            f"export the model with opset {QDQ_OPSET} or newer",
        ) from error
    return replace(file, proto=proto, opsets={**file.opsets, "": QDQ_OPSET})


def onnx_bytes(
    network: OnnxNetwork,
    fetched: Sequence[str] = (),
    *,
    batch: str | None = None,
    adjustable: Iterable[str] = (),
) -> bytes:
    """The network as an ONNX file.

    `fetched` become outputs beside its own, `batch` names a free first dimension of the inputs,
    `adjustable` constants may be given anew in every run.
    """
    graph = onnx.GraphProto(name=network.name)
    for name, shape in network.inputs.items():
        dims = [batch, *shape[1:]] if batch and shape else list(shape)
        graph.input.append(_value(name, dims))
    for name, array in network.constants.items():
        graph.initializer.append(
            onnx.numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
        )
    for name in adjustable:
        array = network.constants[name]
        kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
        graph.input.append(onnx.helper.make_tensor_value_info(name, kind, array.shape))
    names: dict[str, int] = {}
    for node in network.nodes:
        proto = _node(node)
        names[node.name] = names.get(node.name, 0) + 1
        if names[node.name] > 1:  # onnxruntime refuses two nodes of one name
            proto.name = f"{node.name}#{names[node.name]}"
        graph.node.append(proto)
    for name in dict.fromkeys((*network.outputs, *fetched)):
        known = network.shapes.get(name) if batch is None else None
        value = onnx.ValueInfoProto(name=name) if known is None else _value(name, known)
        graph.output.append(value)
    used = {node.domain for node in network.nodes} | {""}
    opsets = [onnx.helper.make_opsetid(d, v) for d, v in network.opsets.items() if d in used]
    model = onnx.helper.make_model(graph, opset_imports=opsets, producer_name="tinycc")
    model.ir_version = min(model.ir_version, _ir_version(network.opsets[""]))
    data: bytes = model.SerializeToString()
    return data


def _ir_version(opset: int) -> int:
    """The oldest file version that an operator set was released with: older readers follow."""
    version: int = onnx.helper.find_min_ir_version_for([onnx.helper.make_opsetid("", opset)])
    return version


def _value(name: str, shape: Sequence[Any]) -> Any:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


def _node(node: ForeignNode) -> Any:
    attributes = {
        name: onnx.numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for name, value in node.attributes.items()
        if value is not None and not (isinstance(value, list) and not value)
    }
    return onnx.helper.make_node(
        node.op_type, node.inputs, node.outputs, node.name, domain=node.domain or None, **attributes
    )
