"""Reads the bytes of a model file and parses them; says what else a file may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import onnx.defs

from tinycc.errors import ModelError

OLDEST_OPSET = 8  # before 11, Pad, Clip and Slice have attributes: dialects/old_opsets.py
MOST_BYTES = 2**31 - 1  # protobuf's own limit
TFLITE = b"TFL3"  # at byte 4 of a TensorFlow Lite file

_EXPORT_TORCH = "export it to ONNX: torch.onnx.export(model, args, 'model.onnx')"
_EXPORT_KERAS = "export it to ONNX with tf2onnx: python -m tf2onnx.convert --help"

# (offset, magic bytes, what the file is, hint)
_MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (4, b"ORTM", "onnxruntime's own format, not ONNX", "use the .onnx file that it was made from"),
    (0, b"PK\x03\x04", "a zip archive (PyTorch, Keras or NumPy), not ONNX", _EXPORT_TORCH),
    (0, b"\x80\x02", "a Python pickle (an old PyTorch file?), not ONNX", _EXPORT_TORCH),
    (0, b"\x80\x03", "a Python pickle, not ONNX", _EXPORT_TORCH),
    (0, b"\x80\x04", "a Python pickle, not ONNX", _EXPORT_TORCH),
    (0, b"\x80\x05", "a Python pickle, not ONNX", _EXPORT_TORCH),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras), not ONNX", _EXPORT_KERAS),
    (0, b"\x93NUMPY", "a NumPy array, not a model", "give the .onnx file; data go to --input"),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the model itself", "run: git lfs pull"),
    (0, b"{", "a JSON text, not ONNX", _EXPORT_KERAS),
    (0, b"[", "a JSON text, not ONNX", _EXPORT_KERAS),
    (0, b"<", "an XML or HTML text, not ONNX", "was a web page saved instead of the model?"),
)


@dataclass(frozen=True)
class ModelFile:
    """A parsed model; `folder` is where its external data may lie (None: nowhere).

    `where` is for error messages, "kws.onnx, opset 13": the file's own operator set, also after it
    was brought to another.
    """

    proto: Any  # onnx.ModelProto
    name: str
    folder: Path | None
    opsets: Mapping[str, int]
    where: str


def read_model(source: Path | bytes, name: str = "model") -> ModelFile:
    """The parsed model with checked operator-set versions; ModelError when it is none.

    `name` stands for the file's where only its bytes are given.
    """
    data = source if isinstance(source, bytes) else read_bytes(source)
    name = name if isinstance(source, bytes) else source.name
    folder = None if isinstance(source, bytes) else source.parent
    _refuse_other_formats(data, name)
    proto = parse(data, name)
    opsets = _opsets(proto, name)
    return ModelFile(proto, name, folder, opsets, f"{name}, opset {opsets['']}")


def read_bytes(path: Path) -> bytes:
    """The content of a regular file of reasonable size."""
    try:
        if path.is_dir():
            raise ModelError(f"{path} is a folder, not an ONNX file")
        if not path.exists():
            raise ModelError(f"{path} does not exist")
        if not path.is_file():
            raise ModelError(f"{path} is not a regular file")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ModelError(f"{path} has {size} bytes; an ONNX file has at most {MOST_BYTES}")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelError(f"{path} cannot be read: {reason}") from error


def _refuse_other_formats(data: bytes, name: str) -> None:
    if not data:
        raise ModelError(f"{name} is empty", hint="was the download or the export interrupted?")
    if name.lower().endswith(".tflite"):
        raise ModelError(
            f"{name} is not a TensorFlow Lite model, or it is damaged: it does not begin with the "
            f"identifier {TFLITE.decode()} at byte 4",
            hint="download or convert it again",
        )
    for offset, magic, what, hint in _MAGIC:
        start = data[:64].lstrip() if len(magic) == 1 else data[offset : offset + len(magic)]
        if start.startswith(magic):
            raise ModelError(f"{name} is {what}", hint=hint)


def parse(data: bytes, name: str) -> Any:
    """The protobuf message of a model."""
    try:
        proto = onnx.load_model_from_string(data)
    except Exception as error:  # DecodeError's home differs between protobuf versions
        raise ModelError(
            f"{name} is not an ONNX model, or it is damaged: its protobuf cannot be parsed",
            hint="try onnx.checker.check_model on it, and export or download it again",
        ) from error
    if not proto.HasField("graph") or not (proto.graph.node or proto.graph.output):
        raise ModelError(
            f"{name} is not an ONNX model: it holds no graph",
            hint="export or download it again",
        )
    return proto


def _opsets(proto: Any, name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in proto.opset_import:
        domain = "" if entry.domain == "ai.onnx" else entry.domain
        found[domain] = max(found.get(domain, 0), int(entry.version))
    if "" not in found:
        raise ModelError(
            f"{name} does not say which operator set it uses",
            hint="the file is damaged or incomplete; export it again",
        )
    newest = onnx.defs.onnx_opset_version()
    if found[""] < OLDEST_OPSET:
        raise ModelError(
            f"opset {found['']} is too old, {OLDEST_OPSET} to {newest} are supported",
            name,
            "convert it with onnx.version_converter.convert_version(model, 13)",
        )
    if found[""] > newest:
        raise ModelError(
            f"opset {found['']} is newer than the installed onnx package knows ({newest})",
            name,
            "pip install --upgrade onnx, or export with an older opset",
        )
    return found
