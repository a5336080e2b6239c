"""Constant tensors of a model file as numpy arrays; sizes are checked before anything is read."""

from __future__ import annotations

import math
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper

from tinycc.frontend.wording import FactError, extents, quoted

_Type = onnx.TensorProto
_FOUR_BIT = (_Type.INT4, _Type.UINT4)
_MOST_AXES = 16

# element type -> (numpy dtype of the raw bytes, field for values that are not raw)
_STORAGE: dict[int, tuple[str, str]] = {
    _Type.FLOAT: ("<f4", "float_data"),
    _Type.DOUBLE: ("<f8", "double_data"),
    _Type.FLOAT16: ("<f2", "int32_data"),
    _Type.INT8: ("i1", "int32_data"),
    _Type.UINT8: ("u1", "int32_data"),
    _Type.INT16: ("<i2", "int32_data"),
    _Type.UINT16: ("<u2", "int32_data"),
    _Type.INT32: ("<i4", "int32_data"),
    _Type.UINT32: ("<u4", "uint64_data"),
    _Type.INT64: ("<i8", "int64_data"),
    _Type.UINT64: ("<u8", "uint64_data"),
    _Type.BOOL: ("?", "int32_data"),
    _Type.INT4: ("u1", "int32_data"),
    _Type.UINT4: ("u1", "int32_data"),
}


def type_name(element_type: int) -> str:
    """The name of an ONNX element type, as numpy calls it where it has the type."""
    names: dict[int, str] = {number: name.lower() for name, number in _Type.DataType.items()}
    name = names.get(element_type, f"type {element_type}")
    return {"float": "float32", "double": "float64"}.get(name, name)


def tensor_array(proto: Any, folder: Path | None) -> np.ndarray:
    """The values of a TensorProto; 4-bit integers as ml_dtypes arrays.

    Raises FactError: unsupported types, sizes that differ from the bytes in the file,
    external data that are missing or not inside the model's folder.
    """
    if proto.data_type not in _STORAGE:
        raise FactError(
            f"constant {quoted(proto.name)} has element type {type_name(proto.data_type)}",
            "export the model with float32 weights",
        )
    shape = _checked_shape(proto)
    if proto.data_location == _Type.EXTERNAL:
        return _from_raw(proto, shape, _external_bytes(proto, shape, folder))
    if proto.HasField("raw_data"):
        _check_size(proto, shape, len(proto.raw_data), _raw_bytes(proto, shape), "bytes")
        return _from_raw(proto, shape, proto.raw_data)
    return _from_fields(proto, shape)


def _checked_shape(proto: Any) -> tuple[int, ...]:
    shape = tuple(int(extent) for extent in proto.dims)
    if len(shape) > _MOST_AXES or any(extent < 0 for extent in shape):
        raise FactError(f"constant {quoted(proto.name)} has the impossible shape {list(shape)}")
    return shape


def _raw_bytes(proto: Any, shape: tuple[int, ...]) -> int:
    if proto.data_type in _FOUR_BIT:
        return (math.prod(shape) + 1) // 2
    return math.prod(shape) * np.dtype(_STORAGE[proto.data_type][0]).itemsize


def _check_size(proto: Any, shape: tuple[int, ...], found: int, needed: int, unit: str) -> None:
    if found != needed:
        raise FactError(
            f"constant {quoted(proto.name)} claims {type_name(proto.data_type)} "
            f"{extents(shape)}, which is {needed} {unit}, but the file holds {found}",
            "the file is damaged; export or download it again",
        )


def _from_raw(proto: Any, shape: tuple[int, ...], raw: bytes) -> np.ndarray:
    if proto.data_type in _FOUR_BIT:
        copy = _Type(data_type=proto.data_type, dims=shape, raw_data=raw)
        unpacked: np.ndarray = onnx.numpy_helper.to_array(copy)
        return unpacked
    dtype = np.dtype(_STORAGE[proto.data_type][0])
    return np.frombuffer(raw, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _from_fields(proto: Any, shape: tuple[int, ...]) -> np.ndarray:
    found = len(getattr(proto, _STORAGE[proto.data_type][1]))
    needed = math.prod(shape)
    if proto.data_type in _FOUR_BIT:
        needed = (needed + 1) // 2
    _check_size(proto, shape, found, needed, "values")
    try:
        array: np.ndarray = onnx.numpy_helper.to_array(proto)
    except Exception as error:
        message = f"constant {quoted(proto.name)} cannot be decoded: {error}"
        raise FactError(message) from error
    return array.reshape(shape)


def _external_bytes(proto: Any, shape: tuple[int, ...], folder: Path | None) -> bytes:
    entries = {entry.key: entry.value for entry in proto.external_data}
    path = _external_path(proto.name, entries.get("location", ""), folder)
    needed = _raw_bytes(proto, shape)
    try:
        offset = int(entries.get("offset", 0) or 0)
        length = int(entries.get("length", needed) or 0)
    except ValueError as error:
        message = f"the external data of {quoted(proto.name)} have an unreadable offset or length"
        raise FactError(message) from error
    _check_size(proto, shape, length, needed, "bytes")
    try:
        size = path.stat().st_size
        if offset < 0 or offset + length > size:
            raise FactError(
                f"the external data of {quoted(proto.name)} end at byte {offset + length} of "
                f"{quoted(path.name)}, which has {size}",
                "the data file is cut short or belongs to another model",
            )
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(length)
    except OSError as error:
        message = f"{quoted(path.name)} cannot be read: {error.strerror}"
        raise FactError(message) from error


def _external_path(name: str, location: str, folder: Path | None) -> Path:
    """The data file, proved to lie inside the model's folder, links resolved."""
    if not isinstance(location, str):
        raise FactError(f"the external data of {quoted(name)} lie in a file of no valid name")
    if folder is None:
        message = f"constant {quoted(name)} lies outside the model, in {quoted(location)}"
        raise FactError(message, "read the model from its file")
    posix, windows = PurePosixPath(location), PureWindowsPath(location)
    outside = posix.is_absolute() or bool(windows.anchor)
    outside = outside or ".." in posix.parts or ".." in windows.parts
    try:
        top = folder.resolve()
        path = (top / location).resolve()
        if outside or not path.is_relative_to(top):
            raise FactError(
                f"the external data of {quoted(name)} point outside the model's folder: "
                f"{quoted(location)}",
                "keep the data file beside the model",
            )
        if not path.is_file():
            raise FactError(
                f"the external data of {quoted(name)} are missing: {quoted(location)}",
                "copy the data file beside the model; it belongs to the export",
            )
    except (OSError, ValueError, RuntimeError) as error:  # null bytes, loops of links
        message = f"the external data of {quoted(name)} cannot be found: {error}"
        raise FactError(message) from error
    return path
