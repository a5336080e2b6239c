"""The original model with some inner tensors as further outputs, for layer-by-layer comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import onnx
import onnx.numpy_helper

from tinycc.errors import ModelError
from tinycc.frontend.dialects.rewrite import in_operators_of_onnx
from tinycc.frontend.model_file import read_model
from tinycc.frontend.tensor_data import tensor_array
from tinycc.frontend.wording import FactError

_NO_SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType({})


def expose_tensors(
    source: Path | bytes,
    names: Iterable[str],
    shapes: Mapping[str, tuple[int, ...]] = _NO_SHAPES,
) -> bytes:
    """The model file's bytes with `names` as outputs after its own, external data included.

    Names that no node makes are left out. `shapes` replaces the declared shapes of inputs.
    Only the name of a new output is given: onnxruntime infers its type.
    """
    file = in_operators_of_onnx(read_model(source))
    proto = file.proto
    try:
        for tensor in _tensors(proto.graph):
            _embed(tensor, file.folder)
        for value in proto.graph.input:
            if value.name in shapes:
                _set_shape(value, shapes[value.name])
        made = {name for node in proto.graph.node for name in node.output}
        made -= {value.name for value in proto.graph.output}
        for name in dict.fromkeys(names):
            if name in made:
                proto.graph.output.append(onnx.ValueInfoProto(name=name))
        data: bytes = proto.SerializeToString()
    except FactError as error:
        raise ModelError(str(error), file.where, error.hint) from error
    except ValueError as error:  # protobuf refuses more than 2 GiB
        message = f"the model cannot be written with its data inside: {error}"
        raise ModelError(message, file.where) from error
    return data


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                yield attribute.t


def _embed(tensor: Any, folder: Path | None) -> None:
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        data = tensor_array(tensor, folder)
        tensor.CopyFrom(onnx.numpy_helper.from_array(data, tensor.name))


def _set_shape(value: Any, shape: tuple[int, ...]) -> None:
    tensor = value.type.tensor_type
    tensor.ClearField("shape")
    for extent in shape:
        tensor.shape.dim.add().dim_value = extent
