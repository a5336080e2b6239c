"""model.tnn: a compiled graph as one file, without paths or dates, safe to read from anywhere.

A zip archive of `graph.json` and `constants.bin` (the constants' bytes, one after the other).
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import types
import typing
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinycc import ops
from tinycc.errors import ModelError
from tinycc.ir.graph import Graph, Node, Source, Tensor
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.verify import faults

FORMAT = 1
_LIMIT_BYTES = 1 << 30  # far above any microcontroller's model; a bound against zip bombs
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip's earliest date: the same model gives the same bytes


def save_graphs(graphs: Mapping[str, Graph], extra: Mapping[str, object]) -> bytes:
    """The archive of some graphs and a JSON object of the caller's."""
    blob = bytearray()
    document = {
        "format": FORMAT,
        "extra": extra,
        "graphs": {key: _graph_json(graph, blob) for key, graph in graphs.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(document, sort_keys=True).encode()
        archive.writestr(zipfile.ZipInfo("graph.json", _EPOCH), text, zipfile.ZIP_DEFLATED)
        blobs = zipfile.ZipInfo("constants.bin", _EPOCH)
        archive.writestr(blobs, bytes(blob), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def load_graphs(data: bytes, where: str) -> tuple[dict[str, Graph], dict[str, Any]]:
    """The graphs and the extra object of an archive; ModelError when it is not a sound one."""
    try:
        document, blob = _read(data, where)
        if document.get("format") != FORMAT:
            raise ModelError(
                f"model.tnn has format {document.get('format')}, this tinycc reads {FORMAT}",
                where,
                "build the folder again from the original model",
            )
        graphs = {key: _graph(entry, blob) for key, entry in document["graphs"].items()}
        found = [fault for graph in graphs.values() if graph.nodes for fault in faults(graph)]
        if found:
            raise ValueError(found[0])
        return graphs, dict(document["extra"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise ModelError(
            f"model.tnn is damaged ({error})", where, "build the folder again"
        ) from error


def _read(data: bytes, where: str) -> tuple[dict[str, Any], bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LIMIT_BYTES:
                raise ModelError("model.tnn claims to be larger than 1 GiB", where)
            return json.loads(archive.read("graph.json")), archive.read("constants.bin")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ValueError(str(error)) from error


def _graph_json(graph: Graph, blob: bytearray) -> dict[str, object]:
    return {
        "name": graph.name,
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "origin": graph.origin,
        "tensors": [_tensor_json(tensor, blob) for tensor in graph.tensors.values()],
        "nodes": [
            {
                "name": node.name,
                "op": node.op,
                "attrs": dataclasses.asdict(typing.cast(Any, node.attrs)),
                "inputs": node.inputs,
                "output": node.output,
                "origin": node.origin,
            }
            for node in graph.nodes
        ],
    }


def _tensor_json(tensor: Tensor, blob: bytearray) -> dict[str, object]:
    quantization = tensor.type.quantization
    entry: dict[str, object] = {
        "name": tensor.name,
        "shape": tensor.type.shape,
        "dtype": tensor.type.dtype.value,
        "quantization": quantization and dataclasses.asdict(quantization),
        "source": tensor.source and dataclasses.asdict(tensor.source),
    }
    if tensor.data is not None:
        entry["offset"] = len(blob)
        blob += tensor.data.astype(tensor.data.dtype.newbyteorder("<")).tobytes()
    return entry


def _graph(entry: dict[str, Any], blob: bytes) -> Graph:
    return Graph.build(
        entry["name"],
        [_tensor(tensor, blob) for tensor in entry["tensors"]],
        [_node(node) for node in entry["nodes"]],
        entry["inputs"],
        entry["outputs"],
        entry["origin"],
    )


def _tensor(entry: dict[str, Any], blob: bytes) -> Tensor:
    kind = _decode(Quantization | None, entry["quantization"])
    shape = tuple(int(extent) for extent in entry["shape"])
    if any(extent < 0 for extent in shape) or math.prod(shape) > _LIMIT_BYTES:
        raise ValueError(f"tensor {entry['name']} has shape {shape}")
    type_ = TensorType(shape, DType(entry["dtype"]), kind)
    data = None
    if "offset" in entry:
        dtype = type_.dtype.numpy.newbyteorder("<")
        flat = np.frombuffer(blob, dtype, type_.elements, int(entry["offset"]))
        data = flat.reshape(shape).astype(type_.dtype.numpy)
    return Tensor(str(entry["name"]), type_, data, _decode(Source | None, entry["source"]))


def _node(entry: dict[str, Any]) -> Node:
    attrs = _decode(ops.get(entry["op"]).attrs, entry["attrs"])
    names = tuple(map(str, entry["inputs"]))
    return Node(
        str(entry["name"]),
        str(entry["op"]),
        attrs,
        names,
        str(entry["output"]),
        tuple(map(str, entry["origin"])),
    )


def _decode(hint: Any, value: Any) -> Any:
    """A JSON value as the annotated type: dataclasses, tuples, optional ones, plain values."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        if value is None:
            return None
        return _decode(next(h for h in typing.get_args(hint) if h is not type(None)), value)
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return hint(**{name: _decode(hints[name], entry) for name, entry in value.items()})  # type: ignore[operator]
    if typing.get_origin(hint) is tuple:
        members = typing.get_args(hint)
        if len(members) == 2 and members[1] is Ellipsis:
            return tuple(_decode(members[0], entry) for entry in value)
        return tuple(_decode(h, entry) for h, entry in zip(members, value, strict=True))
    if hint in (int, float, str, bool):
        return hint(value)
    raise TypeError(f"cannot store values of type {hint}")
