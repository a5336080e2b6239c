"""The operators of the IR, one record per file; the registry that finds them by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycc.ops.add import ADD
from tinycc.ops.average_pool2d import AVERAGE_POOL2D
from tinycc.ops.concat import CONCAT
from tinycc.ops.constant import CONSTANT
from tinycc.ops.conv2d import CONV2D
from tinycc.ops.copy import COPY
from tinycc.ops.dequantize import DEQUANTIZE
from tinycc.ops.fully_connected import FULLY_CONNECTED
from tinycc.ops.fully_connected_float import FULLY_CONNECTED_FLOAT
from tinycc.ops.lookup import LOOKUP
from tinycc.ops.lookup_float import LOOKUP_FLOAT
from tinycc.ops.max_pool2d import MAX_POOL2D
from tinycc.ops.mul import MUL
from tinycc.ops.op import Op
from tinycc.ops.pad import PAD
from tinycc.ops.quantize import QUANTIZE
from tinycc.ops.recentre import RECENTRE
from tinycc.ops.reshape import RESHAPE
from tinycc.ops.resize_nearest import RESIZE_NEAREST
from tinycc.ops.slice import SLICE
from tinycc.ops.softmax import SOFTMAX
from tinycc.ops.softmax_float import SOFTMAX_FLOAT
from tinycc.ops.sub import SUB
from tinycc.ops.transpose import TRANSPOSE

ALL: tuple[Op, ...] = (
    ADD,
    AVERAGE_POOL2D,
    CONCAT,
    CONSTANT,
    CONV2D,
    COPY,
    DEQUANTIZE,
    FULLY_CONNECTED,
    FULLY_CONNECTED_FLOAT,
    LOOKUP,
    LOOKUP_FLOAT,
    MAX_POOL2D,
    MUL,
    PAD,
    QUANTIZE,
    RECENTRE,
    RESHAPE,
    RESIZE_NEAREST,
    SLICE,
    SOFTMAX,
    SOFTMAX_FLOAT,
    SUB,
    TRANSPOSE,
)

_BY_NAME: Mapping[str, Op] = MappingProxyType({op.name: op for op in ALL})


def get(name: str) -> Op:
    """The record of an operator; KeyError for an unknown name."""
    return _BY_NAME[name]
