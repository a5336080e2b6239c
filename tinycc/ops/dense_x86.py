"""Kernels for x86-64 with AVX2 or AVX-512 VNNI: dot products and depthwise convolution.

The layout is stated in runtime_c/conv2d/tinycc_dot_s8_x86.h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.dense import instance_constants
from tinycc.ops.dense_dsp import (
    GEOMETRY,
    Geometry,
    Layout,
    dot_fields,
    fraction_bits,
    in_groups,
    keeps_int32,
    split_bias,
    vector_kernels,
)
from tinycc.ops.op import Drive, Field, Kernel, Params, Window, Work

AVX2 = frozenset({"avx2"})
_GROUP, _WORD = 16, 4  # channels at once, inputs in a word
_SIGN = 128  # what a flipped sign bit adds to an input
_PIXELS = (16, 1)
_MOST_POINTERS = 16  # input rows of a call: bytes of stack against rows that are expanded again

Windows = Callable[[Instance], Window]
Condition = Callable[[Instance], bool]


class _Dilated(Protocol):
    """What is needed of a convolution's attributes."""

    @property
    def dilations(self) -> tuple[int, int]: ...


def _words_of(count: int) -> int:
    return -(-count // _WORD)


def _packed(instance: Instance, runs: np.ndarray) -> np.ndarray:
    """[groups][words] int32 from weights [channels, runs, inputs of a run]."""
    channels, count, size = runs.shape
    groups, words = -(-channels // _GROUP), _words_of(size)
    padded = np.zeros((groups * _GROUP, count, words * _WORD), np.int8)
    padded[:channels, :, :size] = runs
    by_word = padded.reshape(groups, _GROUP, count * words, _WORD).transpose(0, 2, 1, 3)
    start, rest = split_bias(instance)
    flipped = start.astype(np.int64) - _SIGN * runs.sum(axis=(1, 2), dtype=np.int64)
    products = np.ascontiguousarray(by_word).reshape(groups, -1).view("<i4")
    parts = [in_groups(flipped.astype(np.int32), _GROUP), products]  # modulo 2**32
    parts += [in_groups(rest, _GROUP)] if fraction_bits(instance) else []
    multiplier = instance_constants(instance).requantization.multiplier
    return np.concatenate([*parts, in_groups(multiplier, _GROUP)], axis=1).astype(np.int32)


def _weights(instance: Instance) -> np.ndarray:
    return cast(np.ndarray, instance.inputs[1].data)


def _packed_vector(instance: Instance) -> np.ndarray:
    weights = _weights(instance)
    return _packed(instance, weights.reshape(len(weights), 1, -1))


def _packed_window(instance: Instance) -> np.ndarray:
    """A run is what is contiguous in a row: all columns of the window, or one of a dilated one."""
    weights = _weights(instance)
    channels, height, width, _ = weights.shape
    dilated = cast(_Dilated, instance.attrs).dilations[1] > 1
    runs = height * width if dilated else height
    return _packed(instance, weights.reshape(channels, runs, -1))


def _packed_columns(instance: Instance) -> np.ndarray:
    return _packed(instance, _weights(instance)[..., 0].transpose(0, 2, 1))


def _vector_scratch(instance: Instance, pixels: int) -> int:
    return _WORD * _words_of(instance.inputs[0].type.shape[-1]) * pixels


def _no_scratch(instance: Instance, pixels: int) -> int:
    return 0


_VECTORS = Layout("x86", AVX2, _PIXELS, _packed_vector, _vector_scratch, _no_scratch, group=_GROUP)
_WINDOWS = Layout("x86", AVX2, (1,), _packed_window, _no_scratch, _no_scratch)
_COLUMNS = Layout("x86", AVX2, (1,), _packed_columns, _no_scratch, _no_scratch)


def vector_kernels_x86(when: Condition = lambda _: True) -> tuple[Kernel, ...]:
    """Vectors of channels."""
    return vector_kernels(_VECTORS, when)


def _params(instance: Instance, layout: Layout, plain: Geometry, window: Windows) -> Params:
    """`dot.quads` counts the words of all runs."""
    geometry = (field for field in plain(instance).fields if field.name in GEOMETRY)
    stride = Field("stride_height", window(instance).stride)
    others = 3 if fraction_bits(instance) else 2
    quads = layout.pack(instance).shape[1] // _GROUP - others
    dot = dot_fields(instance, layout, 1)
    dot = tuple(replace(f, value=quads) if f.name == "dot.quads" else f for f in dot)
    return Params("tinycc_conv2d_s8_x86_params", (*geometry, stride, *dot))


def _columns(instance: Instance, plain: Geometry) -> int:
    """The input columns that a row of outputs looks at, padding included."""
    own = {field.name: cast(int, field.value) for field in plain(instance).fields}
    reach = (own["kernel_width"] - 1) * own["dilation_width"]
    return (own["out_width"] - 1) * own["stride"] + reach + 1


def _window_work(instance: Instance, n: int, plain: Geometry, window: Windows) -> Work:
    """Bytes of expanded rows; 16 channels of an output, and their words of inputs."""
    _, height, width, channels = instance.output.type.shape
    own = window(instance)
    calls = -(-height // n)
    rows = calls * (own.rows - own.stride) + height * own.stride
    outputs = height * width * -(-channels // _GROUP)
    quads = _packed_window(instance).shape[1] // _GROUP - (3 if fraction_bits(instance) else 2)
    columns = _columns(instance, plain) * instance.inputs[0].type.shape[3]
    return {"calls": calls, "bytes": rows * columns, "groups": outputs, "words": outputs * quads}


def _depthwise_work(instance: Instance, plain: Geometry) -> Work:
    """Words of columns, for 16 channels; 16 channels of an output, and their words."""
    _, height, width, channels = instance.output.type.shape
    _, rows, columns, _ = instance.inputs[1].type.shape
    groups, words = -(-channels // _GROUP), _words_of(rows)
    outputs = height * width * groups
    return {
        "calls": height,
        "columns": height * groups * words * _columns(instance, plain),
        "groups": outputs,
        "words": outputs * words * columns,
    }


def _rows_together(own: Window) -> Window:
    return replace(own, together=max(1, 1 + (_MOST_POINTERS - own.rows) // own.stride))


def convolution_kernels_x86(
    plain: Geometry, window: Windows, pointwise: Condition
) -> tuple[Kernel, ...]:
    """Convolutions of one group, the fastest first, the one with the least scratch last."""

    def fits(instance: Instance) -> bool:
        whole = instance.inputs[1].type.shape[3] == instance.inputs[0].type.shape[3]
        return whole and keeps_int32(instance)

    def kernel(windows: Windows) -> Kernel:
        def scratch(instance: Instance) -> int:
            row = _columns(instance, plain) * instance.inputs[0].type.shape[3]
            return windows(instance).pointers * row + _WORD

        return Kernel(
            "tinycc_conv2d_s8_x86",
            "conv2d/tinycc_conv2d_s8_x86.c",
            Drive.ROWS,
            lambda instance: _params(instance, _WINDOWS, plain, window),
            isa=AVX2,
            when=fits,
            scratch=scratch,
            window=windows,
            work=lambda instance, n: _window_work(instance, n, plain, window),
        )

    together = kernel(lambda instance: _rows_together(window(instance)))
    return (*vector_kernels_x86(pointwise), together, kernel(window))


def depthwise_kernel_x86(plain: Geometry, window: Windows, depthwise: Condition) -> Kernel:
    """One output per input channel, any window."""

    def fits(instance: Instance) -> bool:
        same = instance.output.type.shape[3] == instance.inputs[0].type.shape[3]
        return same and depthwise(instance) and keeps_int32(instance)

    def scratch(instance: Instance) -> int:
        words = _words_of(instance.inputs[1].type.shape[1]) * _columns(instance, plain)
        return _GROUP * _WORD * words + _GROUP

    return Kernel(
        "tinycc_dwconv2d_s8_x86",
        "conv2d/tinycc_dwconv2d_s8_x86.c",
        Drive.ROWS,
        lambda instance: _params(instance, _COLUMNS, plain, window),
        isa=AVX2,
        when=fits,
        scratch=scratch,
        window=window,
        work=lambda instance, n: _depthwise_work(instance, plain),
    )
