"""The operators of the IR, one record per file; the registry that finds them by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycc.ops.conv2d import CONV2D
from tinycc.ops.op import Op

ALL: tuple[Op, ...] = (CONV2D,)

_BY_NAME: Mapping[str, Op] = MappingProxyType({op.name: op for op in ALL})


def get(name: str) -> Op:
    """The record of an operator; KeyError for an unknown name."""
    return _BY_NAME[name]
