"""Depthwise convolution for Arm cores without SIMD instructions: plain C that finds taps once."""

from __future__ import annotations

from collections.abc import Callable

from tinycc.ir.graph import Instance
from tinycc.ops.op import Drive, Kernel, Params, Window

_POINTER_BYTES = 4


def depthwise_kernel_thumb(
    plain: Callable[[Instance], Params],
    window: Callable[[Instance], Window],
    depthwise: Callable[[Instance], bool],
) -> Kernel:
    """One output per input channel, any window."""

    def fits(instance: Instance) -> bool:
        same = instance.output.type.shape[3] == instance.inputs[0].type.shape[3]
        return same and depthwise(instance)

    def scratch(instance: Instance) -> int:
        _, rows, columns, _ = instance.inputs[1].type.shape
        return _POINTER_BYTES * rows * columns + instance.inputs[0].type.shape[3]

    symbol = "tinycc_dwconv2d_s8_thumb"
    return Kernel(
        symbol,
        f"conv2d/{symbol}.c",
        Drive.ROWS,
        plain,
        isa=frozenset({"thumb"}),
        when=fits,
        scratch=scratch,
        window=window,
    )
