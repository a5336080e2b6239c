"""Depthwise convolution for cores with the DSP extension (runtime_c/conv2d/tinycc_dw_s8_dsp.h)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.dense import instance_constants
from tinycc.ops.dense_dsp import DSP, fraction_bits, keeps_int32
from tinycc.ops.dense_work import is_clamped
from tinycc.ops.depthwise_work import columns_work, expanding_work, thin_work
from tinycc.ops.op import Array, Drive, Field, Kernel, Params, Window, Work, never
from tinycc.ops.work import splits

_MOST_FOLDED = 8  # 2**8 * -128 is the least int16
_MOST_FRACTION = 10  # two more fit the inputs
_WIDEST = 7
_MOST_POINTERS = 16  # input rows of a call: bytes of stack against rows that are expanded again
_NARROW = 16  # output columns: wider rows are long enough
_FLAT_BYTES = 1600  # of scratch, about: the rows of a call against memory
_GEOMETRY = ("in_width", "in_channels", "out_width", "out_channels", "kernel_height")
_MORE_GEOMETRY = ("pad_left", "in_zero", "out_zero", "low", "high")

Portable = Callable[[Instance], Params]
"""The parameters of the portable convolution, which the fast kernels share in part."""


def depthwise_kernels_dsp(
    plain: Portable,
    window: Callable[[Instance], Window],
    depthwise: Callable[[Instance], bool],
) -> tuple[Kernel, ...]:
    """3x3; any other window up to 7 columns wide; the same with half the scratch."""

    def fits(instance: Instance) -> bool:
        return depthwise(instance) and _fits(instance, _numbers(plain(instance)))

    def is_3x3(instance: Instance) -> bool:
        return instance.inputs[1].type.shape[1:3] == (3, 3) and fits(instance)

    def scratch(instance: Instance) -> int:
        return _scratch(_numbers(plain(instance)))

    def rows_together(instance: Instance) -> Window:
        own = window(instance)
        return replace(own, together=max(1, 1 + (_MOST_POINTERS - own.rows) // own.stride))

    def keeps_lanes(instance: Instance) -> bool:
        """Four channels of all rows are copied before any of their outputs is written."""
        own = _numbers(plain(instance))
        return _is_single(own) and _is_narrower(own) and own["in_channels"] % 4 == 0

    def work(instance: Instance, n: int) -> Work:
        own, fraction = _numbers(plain(instance)), fraction_bits(instance)
        doubled = fraction > _MOST_FOLDED
        return expanding_work(instance, n, _pairs(own), _pitch(own), doubled)

    def kernel(symbol: str, when: Callable[[Instance], bool], pack: _Pack) -> Kernel:
        def params(instance: Instance) -> Params:
            return _params(instance, plain(instance), window(instance).stride, pack)

        return Kernel(
            symbol,
            f"conv2d/{symbol}.c",
            Drive.ROWS,
            params,
            isa=DSP,
            when=when,
            scratch=scratch,
            window=rows_together,
            over=keeps_lanes,
            work=work,
        )

    general = kernel("tinycc_dwconv2d_s8_dsp", fits, _even_pairs)
    square = kernel("tinycc_dwconv3x3_s8_dsp", is_3x3, _overlapping_pairs)
    flat = kernel("tinycc_dwconv3x3_flat_s8_dsp", is_3x3, _overlapping_pairs)
    columns = _columns(
        kernel("tinycc_dwconv3x3_columns_s8_dsp", is_3x3, _columns_pairs), plain, window
    )
    return columns, _flat(flat, plain, window), square, general, _thin(general, plain, window)


def _numbers(plain: Params) -> dict[str, int]:
    return {field.name: field.value for field in plain.fields if isinstance(field.value, int)}


def _fits(instance: Instance, own: dict[str, int]) -> bool:
    narrow = own["stride"] <= 2 and own["kernel_width"] <= _WIDEST
    dense = own["dilation_height"] == own["dilation_width"] == 1
    whole = own["in_channels"] >= 4 and fraction_bits(instance) <= _MOST_FRACTION
    return narrow and dense and whole and keeps_int32(instance)


def _pairs(own: dict[str, int]) -> int:
    width = own["kernel_width"]
    return max(2, width // 2 + 1 if own["stride"] == 1 else (width + 1) // 2)


def _pitch(own: dict[str, int]) -> int:
    """Words of an expanded row (the formula of tinycc_conv2d.h)."""
    stride, used = own["stride"], (own["pad_left"] + own["in_width"] + 1) // 2
    fours = (own["out_width"] + 3) // 4
    return max(used, 2 * stride * (fours - 1) + _pairs(own) + (1 if stride == 1 else 3))


def _scratch(own: dict[str, int], lanes: int = 4) -> int:
    """The formulas of tinycc_conv2d.h."""
    return 4 * own["kernel_height"] * (lanes * _pitch(own) + 1)


def _thin(general: Kernel, plain: Portable, window: Callable[[Instance], Window]) -> Kernel:
    """From the kernel for any window the one that takes two channels at a time, not four."""

    def is_even(instance: Instance) -> bool:
        own = _numbers(plain(instance))
        return general.when(instance) and own["in_channels"] % 2 == 0 and _is_single(own)

    def work(instance: Instance, n: int) -> Work:
        own = _numbers(plain(instance))
        return thin_work(instance, _pairs(own), _pitch(own))

    return replace(
        general,
        symbol="tinycc_dwconv2d_thin_s8_dsp",
        source="conv2d/tinycc_dwconv2d_thin_s8_dsp.c",
        when=is_even,
        scratch=lambda i: _scratch(_numbers(plain(i)), lanes=2),
        window=window,
        over=lambda i: _is_narrower(_numbers(plain(i))),
        work=work,
    )


def _columns(square: Kernel, plain: Portable, window: Callable[[Instance], Window]) -> Kernel:
    """From the kernel for 3x3 the one that pairs rows, not columns: for rows of any length."""

    def takes(instance: Instance) -> bool:
        steps = (_numbers(plain(instance))["stride"], window(instance).stride)
        plain_sums = fraction_bits(instance) <= _MOST_FOLDED
        single = _is_single(_numbers(plain(instance)))
        return square.when(instance) and single and steps == (1, 1) and plain_sums

    def columns_scratch(instance: Instance) -> int:
        return 24 * (instance.output.type.shape[2] + 2)

    return replace(square, when=takes, window=window, scratch=columns_scratch, work=columns_work)


def _flat(square: Kernel, plain: Portable, window: Callable[[Instance], Window]) -> Kernel:
    """From the kernel for 3x3 the one for narrow images, whose output rows become one."""

    def is_narrow(instance: Instance) -> bool:
        own = _numbers(plain(instance))
        single = own["in_channels"] == own["out_channels"] and own["out_width"] <= _NARROW
        steps = (own["stride"], window(instance).stride)
        plain_sums = fraction_bits(instance) <= _MOST_FOLDED
        return square.when(instance) and single and steps == (1, 1) and plain_sums

    def flat_rows(instance: Instance) -> Window:
        own, pitch = window(instance), _flat_pitch(_numbers(plain(instance)))
        room = (_FLAT_BYTES // pitch - 16) // 12
        return replace(own, together=max(1, min(_MOST_POINTERS - 2, room)))

    def flat_scratch(instance: Instance) -> int:
        pitch, rows = _flat_pitch(_numbers(plain(instance))), flat_rows(instance).together
        return 8 * ((rows + 2) * pitch + 8) + 4 * rows * pitch

    def work(instance: Instance, n: int) -> Work:
        return _flat_work(instance, n, _flat_pitch(_numbers(plain(instance))))

    return replace(
        square, when=is_narrow, window=flat_rows, scratch=flat_scratch, over=never, work=work
    )


def _flat_work(instance: Instance, n: int, pitch: int) -> Counter[str]:
    """The events of tinycc_dwconv3x3_flat_s8_dsp (tinycc/ops/work.py)."""
    (_, _, in_width, channels), (_, rows, width, _) = (
        tensor.type.shape for tensor in (instance.inputs[0], instance.output)
    )
    found: Counter[str] = Counter()
    for size, times in splits(rows, n):
        groups, length = times * -(-channels // 4), (size - 1) * pitch + width
        expanded = groups * (size + 2)
        found += Counter(
            {
                "calls": times,
                "filled": times * ((size + 2) * pitch + 8),
                "groups": groups,
                "expanded_rows": expanded,
                "expanded_pairs": expanded * (in_width // 2),
                "expanded_odd": expanded * (in_width % 2),
                "outputs": 4 * groups * (length // 4),
                "rest": 4 * groups * ((length % 4 + 1) // 2),
                "taken_rows": groups * size,
                "taken": groups * size * width,
                "clamped": times * size * width * channels * is_clamped(instance),
            }
        )
    return found


def _flat_pitch(own: dict[str, int]) -> int:
    """The formula of tinycc_conv2d.h."""
    pad_right = own["out_width"] + 2 - own["in_width"] - own["pad_left"]
    return (own["in_width"] + max(own["pad_left"], pad_right) + 1) // 2 * 2


def _is_single(own: dict[str, int]) -> bool:
    return own["in_channels"] == own["out_channels"]


def _is_narrower(own: dict[str, int]) -> bool:
    return own["out_width"] <= own["in_width"]


_Pack = Callable[[np.ndarray, int], np.ndarray]
"""Weights [channels, height, width] int16 -> [channels, height, pairs, 2], given the pairs."""


def _overlapping_pairs(weights: np.ndarray, pairs: int) -> np.ndarray:
    return np.stack([weights[:, :, 0:2], weights[:, :, 1:3]], axis=2)


def _columns_pairs(weights: np.ndarray, pairs: int) -> np.ndarray:
    """Rows 0 and 1 of each column; row 2 of the first two, and of the third."""
    rows_01 = weights[:, :2].transpose(0, 2, 1)
    row_2 = np.zeros((len(weights), 2, 2), np.int16)
    row_2[:, 0], row_2[:, 1, 0] = weights[:, 2, :2], weights[:, 2, 2]
    return np.concatenate([rows_01, row_2], axis=1)


def _even_pairs(weights: np.ndarray, pairs: int) -> np.ndarray:
    channels, height, width = weights.shape
    padded = np.zeros((channels, height, 2 * pairs), np.int16)
    padded[:, :, :width] = weights
    return padded.reshape(channels, height, pairs, 2)


def _params(instance: Instance, plain: Params, stride_height: int, pack: _Pack) -> Params:
    own, members = _numbers(plain), {field.name: field for field in plain.fields}
    constants, fraction = instance_constants(instance), fraction_bits(instance)
    folded = min(fraction, _MOST_FOLDED)
    weights = cast(np.ndarray, instance.inputs[1].data)[..., 0].astype(np.int16) << folded
    products = np.ascontiguousarray(pack(weights, _pairs(own)), "<i2")
    bias = np.array(constants.bias, np.int64) << constants.requantization.shift
    parts = (
        bias.astype(np.int32)[:, np.newaxis],
        products.reshape(len(weights), -1).view("<i4"),
        constants.requantization.multiplier[:, np.newaxis],
    )
    packed = np.concatenate(parts, axis=1).astype(np.int32)
    return Params(
        "tinycc_dwconv2d_s8_dsp_params",
        (
            *(members[name] for name in _GEOMETRY),
            members["kernel_width"],
            members["stride"],
            Field("stride_height", stride_height),
            *(members[name] for name in _MORE_GEOMETRY),
            Field("doubled", fraction - folded),
            Field("words", packed.shape[1]),
            Field("packed", Array("int32_t", packed, f"{instance.inputs[1].name}, packed")),
        ),
    )
