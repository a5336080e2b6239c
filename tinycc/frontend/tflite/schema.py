"""A .tflite file as Python records: tensors, operators and their options.

Field numbers and enumerations are those of the public schema, tensorflow/lite/schema/schema.fbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinycc.frontend.tflite.flat import Record
from tinycc.frontend.wording import FactError, quoted

NO_TENSOR = -1  # an absent optional operand

_ELEMENT_TYPES = (
    "float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64 "
    "resource variant uint32 uint16 int4 bfloat16"
)
_ELEMENTS = _ELEMENT_TYPES.split()  # TensorType, in order from 0
_SIZED = frozenset(_ELEMENTS) - {
    "string",
    "complex64",
    "complex128",
    "resource",
    "variant",
    "int4",
    "bfloat16",
}

_OPERATOR_NAMES = (
    "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE "
    "EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D "
    "LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 "
    "RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS "
    "SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER "
    "BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE "
    "UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT "
    "LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG "
    "PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE "
    "EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD "
    "REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV "
    "REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU "
    "SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE "
    "RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE "
    "NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM "
    "BATCH_MATMUL PLACEHOLDER CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS "
    "HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE "
    "VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE "
    "RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1"
)
_OPERATORS = _OPERATOR_NAMES.split()  # BuiltinOperator, in order from 0

# The options that are read: (name, field number, kind, default).
_ACTIVATION = "fused_activation_function"
_WINDOW = (("padding", 0, "int8", 0), ("stride_w", 1, "int32", 0), ("stride_h", 2, "int32", 0))
_POOL = (
    *_WINDOW,
    ("filter_width", 3, "int32", 0),
    ("filter_height", 4, "int32", 0),
    (_ACTIVATION, 5, "int8", 0),
)
_FUSED = ((_ACTIVATION, 0, "int8", 0),)
_RESIZE = (("align_corners", 0, "bool", False), ("half_pixel_centers", 1, "bool", False))
_OPTIONS: Mapping[str, Sequence[tuple[str, int, str, Any]]] = {
    "ADD": _FUSED,
    "AVERAGE_POOL_2D": _POOL,
    "CONCATENATION": (("axis", 0, "int32", 0), (_ACTIVATION, 1, "int8", 0)),
    "CONV_2D": (
        *_WINDOW,
        (_ACTIVATION, 3, "int8", 0),
        ("dilation_w_factor", 4, "int32", 1),
        ("dilation_h_factor", 5, "int32", 1),
    ),
    "DEPTHWISE_CONV_2D": (
        *_WINDOW,
        (_ACTIVATION, 4, "int8", 0),
        ("dilation_w_factor", 5, "int32", 1),
        ("dilation_h_factor", 6, "int32", 1),
    ),
    "FULLY_CONNECTED": (
        (_ACTIVATION, 0, "int8", 0),
        ("weights_format", 1, "int8", 0),
        ("keep_num_dims", 2, "bool", False),
    ),
    "GELU": (("approximate", 0, "bool", False),),
    "LEAKY_RELU": (("alpha", 0, "float32", 0.0),),
    "MAX_POOL_2D": _POOL,
    "MEAN": (("keep_dims", 0, "bool", False),),
    "MUL": _FUSED,
    "PACK": (("axis", 1, "int32", 0),),
    "REDUCE_MAX": (("keep_dims", 0, "bool", False),),
    "RESIZE_NEAREST_NEIGHBOR": _RESIZE,
    "SOFTMAX": (("beta", 0, "float32", 0.0),),
    "STRIDED_SLICE": (
        ("begin_mask", 0, "int32", 0),
        ("end_mask", 1, "int32", 0),
        ("ellipsis_mask", 2, "int32", 0),
        ("new_axis_mask", 3, "int32", 0),
        ("shrink_axis_mask", 4, "int32", 0),
        ("offset", 5, "bool", False),
    ),
    "SUB": _FUSED,
}
_BUILTIN_OPTIONS = 4  # field of Operator


@dataclass(frozen=True)
class Quantized:
    """Scales and zero points as in the file; several scales belong to indices of `axis`."""

    scale: np.ndarray
    zero_point: np.ndarray
    axis: int


@dataclass(frozen=True)
class FlatTensor:
    """A tensor of the file; `raw` are a constant's bytes, None for values of the run time."""

    name: str
    shape: tuple[int, ...]
    element: str
    quantized: Quantized | None
    raw: np.ndarray | None

    @property
    def data(self) -> np.ndarray:
        """A constant's values; FactError where bytes and shape disagree."""
        if self.element not in _SIZED:
            raise FactError(f"constant {quoted(self.name)} is {self.element}")
        assert self.raw is not None
        dtype = np.dtype(self.element).newbyteorder("<")
        needed = int(np.prod(self.shape, dtype=object)) * dtype.itemsize
        if needed != self.raw.size:
            raise FactError(
                f"constant {quoted(self.name)} has {self.raw.size} bytes, its shape "
                f"{list(self.shape)} of {self.element} needs {needed}",
                "the file is damaged; convert or download it again",
            )
        return self.raw.view(dtype).reshape(self.shape).astype(self.element)


@dataclass(frozen=True)
class FlatOperator:
    """An operator: a custom one has its own name; operands are indices of tensors."""

    kind: str
    custom: bool
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class FlatModel:
    """The first subgraph of a file; the others are bodies of control flow."""

    tensors: tuple[FlatTensor, ...]
    operators: tuple[FlatOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    version: int


def read_flat(data: bytes) -> FlatModel:
    """The records of a file; FactError for offsets, indices and types that make no sense."""
    model = Record.root(data)
    version = int(model.number(0, "uint32"))
    graphs = model.records(2)
    if version != 3 or not graphs:
        raise FactError(
            f"schema version {version} with {len(graphs)} subgraphs, version 3 is needed"
        )
    graph, buffers = graphs[0], model.records(4)
    tensors = _tensors(graph.records(0), buffers)
    codes = [_code(code) for code in model.records(1)]
    operators = [_operator(operator, codes) for operator in graph.records(3)]
    flat = FlatModel(tensors, tuple(operators), _indices(graph, 1), _indices(graph, 2), version)
    _check_indices(flat)
    return flat


def _indices(record: Record, field: int) -> tuple[int, ...]:
    return tuple(int(index) for index in record.array(field, "<i4"))


def _tensors(records: Sequence[Record], buffers: Sequence[Record]) -> tuple[FlatTensor, ...]:
    """Tensors with unique names: files may leave names empty or repeat them."""
    found: list[FlatTensor] = []
    taken = {record.text(3) for record in records}
    used: set[str] = set()
    for index, record in enumerate(records):
        name = record.text(3) or f"tensor{index}"
        if name in used:
            name = next(
                n for k in range(len(records) + 1) if (n := f"{name}_{index + k}") not in taken
            )
        used.add(name)
        taken.add(name)
        found.append(_tensor(record, name, buffers))
    return tuple(found)


def _tensor(record: Record, name: str, buffers: Sequence[Record]) -> FlatTensor:
    kind, buffer = int(record.number(1, "int8")), int(record.number(2, "uint32"))
    if not 0 <= kind < len(_ELEMENTS):
        raise FactError(f"tensor {quoted(name)} has the unknown element type {kind}")
    if buffer >= max(1, len(buffers)):
        raise FactError(f"tensor {quoted(name)} lies in buffer {buffer} of {len(buffers)}")
    raw = buffers[buffer].array(0, "u1") if buffers else np.zeros(0, "u1")
    if buffers and int(buffers[buffer].number(1, "uint64")) > 1:
        raise FactError(f"tensor {quoted(name)} lies outside the file's tables (over 2 GB)")
    if record.record(6) is not None:
        raise FactError(f"tensor {quoted(name)} is stored sparse", "convert without sparsity")
    shape = tuple(int(extent) for extent in record.array(0, "<i4"))
    constant = raw if raw.size else None
    return FlatTensor(name, shape, _ELEMENTS[kind], _quantized(record, name), constant)


def _quantized(record: Record, name: str) -> Quantized | None:
    parameters = record.record(4)
    if parameters is None:
        return None
    scale = parameters.array(2, "<f4")
    zero = parameters.array(3, "<i8")
    if not scale.size:
        return None
    if not zero.size:
        zero = np.zeros(scale.size, np.int64)
    if zero.size not in (1, scale.size):
        raise FactError(
            f"tensor {quoted(name)} has {scale.size} scales and {zero.size} zero points"
        )
    axis = int(parameters.number(6, "int32"))
    return Quantized(scale, np.broadcast_to(zero, scale.shape), axis)


def _code(record: Record) -> tuple[str, bool, int]:
    """Name, whether it is a custom operator, and version; old files have the number elsewhere."""
    number = max(int(record.number(0, "int8")), int(record.number(3, "int32")))
    version = int(record.number(2, "int32", 1))
    if not 0 <= number < len(_OPERATORS):
        return f"builtin {number}", False, version
    custom = _OPERATORS[number] == "CUSTOM"
    return record.text(1) or "CUSTOM" if custom else _OPERATORS[number], custom, version


def _operator(record: Record, codes: Sequence[tuple[str, bool, int]]) -> FlatOperator:
    index = int(record.number(0, "uint32"))
    if index >= len(codes):
        raise FactError(f"an operator has type {index} of {len(codes)}")
    kind, custom, version = codes[index]
    table = record.record(_BUILTIN_OPTIONS)
    wanted = () if custom else _OPTIONS.get(kind, ())
    options = {
        name: table.number(field, number, default) if table is not None else default
        for name, field, number, default in wanted
    }
    inputs, outputs = _indices(record, 1), _indices(record, 2)
    return FlatOperator(kind, custom, version, inputs, outputs, options)


def _check_indices(flat: FlatModel) -> None:
    count = len(flat.tensors)
    for index in (*flat.inputs, *flat.outputs):
        if not 0 <= index < count:
            raise FactError(f"the network's border names tensor {index} of {count}")
    for operator in flat.operators:
        for index in (*operator.inputs, *operator.outputs):
            if not (index == NO_TENSOR and index in operator.inputs) and not 0 <= index < count:
                raise FactError(f"operator {operator.kind} names tensor {index} of {count}")
