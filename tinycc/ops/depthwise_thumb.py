"""Depthwise convolution for Arm cores without SIMD (runtime_c/conv2d/tinycc_dw_s8_thumb.h)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.dense import instance_constants
from tinycc.ops.dense_dsp import fraction_bits, keeps_int32, split_bias
from tinycc.ops.dense_thumb import THUMB, narrow_results, started_bias
from tinycc.ops.dense_thumb2 import THUMB2
from tinycc.ops.depthwise_work import channel_work, pair_work
from tinycc.ops.op import Array, Drive, Field, Kernel, Params, Window, Work

_TOGETHER = 2  # pixels whose columns an expanded row holds
_MOST_POINTERS = 16  # input rows of a call: bytes of stack against rows that are expanded again
_KEPT = (
    *("in_width", "in_channels", "out_width", "out_channels", "kernel_height", "kernel_width"),
    *("stride", "stride_height", "pad_left", "dilation_height", "dilation_width"),
    *("in_zero", "out_zero", "low", "high"),
)
_BLOCK = 64  # channels of a window that is gathered
Portable = Callable[[Instance], Params]


def depthwise_kernels_thumb(
    plain: Portable,
    window: Callable[[Instance], Window],
    depthwise: Callable[[Instance], bool],
) -> tuple[Kernel, ...]:
    """3x3, and any other window."""

    def fits(instance: Instance) -> bool:
        return depthwise(instance) and narrow_results(instance)

    def is_3x3(instance: Instance) -> bool:
        own = _numbers(plain(instance))
        square = own["kernel_height"] == own["kernel_width"] == 3
        return square and own["stride"] <= 2 and own["dilation_width"] == 1 and fits(instance)

    def scratch(instance: Instance) -> int:
        own = _numbers(plain(instance))
        table = own["kernel_height"] * (1 + own["kernel_width"]) + 2
        return 4 * (window(instance).rows * _pitch(own) + table)

    def rows_together(instance: Instance) -> Window:
        own = window(instance)
        return replace(own, together=max(1, 1 + (_MOST_POINTERS - own.rows) // own.stride))

    def work(instance: Instance, n: int) -> Work:
        slots, pitch = window(instance).rows, _pitch(_numbers(plain(instance)))
        return channel_work(instance, n, slots, pitch)

    def params(instance: Instance) -> Params:
        return _params(instance, plain(instance), window(instance))

    def kernel(symbol: str, when: Callable[[Instance], bool], isa: frozenset[str]) -> Kernel:
        return Kernel(
            symbol,
            f"conv2d/{symbol}.c",
            Drive.ROWS,
            params,
            isa=isa,
            when=when,
            scratch=scratch,
            window=rows_together,
            work=work,
        )

    return (
        depthwise_kernel_thumb2(plain, window, depthwise),
        kernel("tinycc_dwconv3x3_s8_thumb", is_3x3, THUMB),
        kernel("tinycc_dwconv2d_s8_thumb", fits, THUMB),
    )


def _numbers(plain: Params) -> dict[str, int]:
    return {field.name: field.value for field in plain.fields if isinstance(field.value, int)}


def _pitch(own: dict[str, int]) -> int:
    """The formula of tinycc_conv2d.h."""
    last = (-(-own["out_width"] // _TOGETHER) * _TOGETHER - 1) * own["stride"]
    reach = last + (own["kernel_width"] - 1) * own["dilation_width"] + 1
    return max(own["pad_left"] + own["in_width"], reach)


def _params(instance: Instance, plain: Params, window: Window) -> Params:
    own, members = _numbers(plain), {field.name: field for field in plain.fields}
    members["stride_height"] = Field("stride_height", window.stride)
    return Params(
        "tinycc_dwconv2d_s8_thumb_params",
        (
            *(members[name] for name in _KEPT),
            Field("fraction", fraction_bits(instance)),
            Field("times", own["out_channels"] // own["in_channels"]),
            Field("slots", window.rows),
            Field("pitch", _pitch(own)),
            members["weights"],
            Field("bias", Array("int32_t", started_bias(instance))),
            members["multiplier"],
        ),
    )


def depthwise_kernel_thumb2(
    plain: Portable,
    window: Callable[[Instance], Window],
    depthwise: Callable[[Instance], bool],
) -> Kernel:
    """3x3, one output per input channel, straight from the rows."""

    def fits(instance: Instance) -> bool:
        own = _numbers(plain(instance))
        square = own["kernel_height"] == own["kernel_width"] == 3
        dense = own["dilation_height"] == own["dilation_width"] == 1
        single = own["in_channels"] == own["out_channels"]
        near = own["stride"] <= 2 and square and dense and single
        return near and depthwise(instance) and keeps_int32(instance)

    def scratch(instance: Instance) -> int:
        own = _numbers(plain(instance))
        return 3 * (3 + own["stride"]) * min(own["in_channels"], _BLOCK)

    def params(instance: Instance) -> Params:
        members = {field.name: field for field in plain(instance).fields}
        kept = ("out_width", "stride", "pad_left", "in_zero")
        name = instance.inputs[1].name
        return Params(
            "tinycc_dwconv3x3_s8_thumb2_params",
            (
                members["in_width"],
                replace(members["in_channels"], name="channels"),
                *(members[name] for name in kept),
                Field("constant", 2 * instance.output.type.zero_point + 1),
                Field("fraction", fraction_bits(instance)),
                members["low"],
                members["high"],
                Field("packed", Array("int32_t", _channels(instance), f"{name}, packed")),
            ),
        )

    symbol = "tinycc_dwconv3x3_s8_thumb2"
    return Kernel(
        symbol,
        f"conv2d/{symbol}.c",
        Drive.ROWS,
        params,
        isa=THUMB2,
        when=fits,
        scratch=scratch,
        window=window,
        work=pair_work,
    )


def _channels(instance: Instance) -> np.ndarray:
    """[channels, 5] int32: start, multiplier, nine weights, rest (the layout is in the C file)."""
    start, rest = split_bias(instance)
    weights = cast(np.ndarray, instance.inputs[1].data).reshape(len(start), 9)
    multiplier = instance_constants(instance).requantization.multiplier
    packed = np.zeros((len(start), 20), np.uint8)
    packed[:, 0:4] = start.astype("<i4")[:, np.newaxis].view(np.uint8)
    packed[:, 4:8] = multiplier.astype("<i4")[:, np.newaxis].view(np.uint8)
    packed[:, 8:17] = weights.view(np.uint8)
    packed[:, 18:20] = rest.astype("<u2")[:, np.newaxis].view(np.uint8)
    return packed.view("<i4")
