"""Kernels for RV32IM: dot products and depthwise convolution (tinycc_dot_s8_rv32.h)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.dense_dsp import (
    Geometry,
    Layout,
    convolution_kernels,
    keeps_int32,
    packed_groups,
    quads_of,
)
from tinycc.ops.dense_thumb2 import THUMB2_LAYOUT
from tinycc.ops.dense_work import dot_rv32_work, inputs_of, is_shifted
from tinycc.ops.op import Kernel, Window, Work
from tinycc.ops.work import blocks_of

_ISA = frozenset({"rv32im", "umull"})
_GROUP = 4  # channels at once
_BLOCK = 4  # pixels of a depthwise convolution at once
_POINTER_BYTES = 4


def _no_scratch(instance: Instance, pixels: int) -> int:
    return 0


def _windows_scratch(instance: Instance, pixels: int) -> int:
    return 4 * quads_of(instance) * pixels


RV32_LAYOUT = Layout(
    "rv32",
    _ISA,
    (2, 1),
    THUMB2_LAYOUT.pack,
    _no_scratch,
    _windows_scratch,
    group=_GROUP,
    dots=dot_rv32_work,
)


def _packed_taps(instance: Instance) -> np.ndarray:
    """As dot products are packed, taps for inputs; the last group ends with the last channel."""
    weights = cast(np.ndarray, instance.inputs[1].data)
    channels = len(weights)
    groups = [min(first, channels - _GROUP) for first in range(0, channels, _GROUP)]
    order = [group + lane for group in groups for lane in range(_GROUP)]
    taps = weights.reshape(channels, -1)[order].reshape(len(groups), _GROUP, -1)
    by_tap = taps.transpose(0, 2, 1).reshape(len(groups), -1)
    return packed_groups(instance, by_tap, _GROUP, np.array(order))


_DEPTHWISE = Layout("rv32", _ISA, (1,), _packed_taps, _no_scratch, _no_scratch)


def _depthwise_work(instance: Instance, n: int) -> Work:
    """Blocks of four pixels and of one; each finds its taps, then goes through the groups."""
    _, height, width, channels = instance.output.type.shape
    taps, groups = inputs_of(instance), -(-channels // _GROUP)
    found = Counter({"calls": height, "taps": height * width * taps, "channels": height * channels})
    for size, count in blocks_of(width, (_BLOCK, 1)):
        found[f"groups_{size}"] = height * count * groups
        found[f"products_{size}"] = height * count * groups * taps
        found[f"shifted_{size}"] = height * count * groups * is_shifted(instance)
    return found


def depthwise_kernel_rv32(
    plain: Geometry, window: Callable[[Instance], Window], depthwise: Callable[[Instance], bool]
) -> Kernel:
    """One output per input channel, four channels or more, any window."""

    def fits(instance: Instance) -> bool:
        channels = instance.inputs[0].type.shape[3]
        same = instance.output.type.shape[3] == channels >= _GROUP
        return same and depthwise(instance) and keeps_int32(instance)

    def scratch(instance: Instance) -> int:
        _, rows, columns, _ = instance.inputs[1].type.shape
        channels = instance.inputs[0].type.shape[3]
        return _BLOCK * _POINTER_BYTES * rows * columns + channels

    symbol = "tinycc_dwconv2d_s8_rv32"
    *_, dense = convolution_kernels(_DEPTHWISE, plain, window, depthwise)
    source = f"conv2d/{symbol}.c"
    return replace(
        dense, symbol=symbol, source=source, when=fits, scratch=scratch, work=_depthwise_work
    )
