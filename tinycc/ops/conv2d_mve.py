"""Convolution kernels for the M-profile vector extension (MVE); best first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.dense_mve import LANES, MVE, dense_kernels_mve, fits_tile, rounded_up, with_packed
from tinycc.ops.op import Drive, Kernel, Params, Window, vectors
from tinycc.ops.spatial import Sliding
from tinycc.ops.work_mve import depthwise_work, run_work, window_work


class Grouped(Sliding, Protocol):
    """Attributes of a convolution."""

    @property
    def groups(self) -> int: ...


def _attrs(instance: Instance) -> Grouped:
    return cast(Grouped, instance.attrs)


def _is_whole(instance: Instance) -> bool:
    """One group."""
    return _attrs(instance).groups == 1


def _gathered_windows(instance: Instance) -> int:
    """The windows of as many output pixels as `tinycc_conv2d_s8_mve` gathers at once."""
    weights, width = instance.inputs[1].type, instance.output.type.shape[2]
    step = rounded_up(weights.elements // weights.shape[0], LANES)
    few = 8 if step <= 128 else 4 if step <= 256 else 2
    batch = 32 if step <= 32 else 16 if step <= 64 else few
    return min(batch, width) * step


_COLUMN_BYTES = 64  # 16 channels of 4 rows


@dataclass(frozen=True)
class Depthwise:
    """A depthwise kernel: up to 4 rows (one plane) or 8, `vectors` of 16 taps per channel."""

    symbol: str
    planes: int
    vectors: int

    def takes(self, instance: Instance) -> bool:
        """Whether window, stride and dilation fit."""
        attrs, shape = _attrs(instance), instance.inputs[1].type.shape
        columns = 4 if self.planes == 1 else 2 * self.vectors
        dilated = attrs.dilations[1] > 1 and self.planes > 1
        fits = shape[1] <= 4 * self.planes and shape[2] <= columns and attrs.strides[1] <= 2
        return fits and not dilated and fits_tile(instance)

    def packed(self, instance: Instance) -> np.ndarray:
        """[channels][vectors][16], see runtime_c/conv2d/tinycc_dwconv_mve.h."""
        weights = cast(np.ndarray, instance.inputs[1].data)[..., 0]
        count, height, width = weights.shape
        columns = 4 * self.vectors // self.planes
        padded = np.zeros((rounded_up(count, 4), 4 * self.planes, columns), np.int8)
        padded[:count, :height, :width] = weights
        words = padded.reshape(len(padded), self.planes, 4, self.vectors, -1)
        vectors = words.transpose(0, 3, 1, 4, 2).reshape(len(padded), self.vectors, LANES)
        middle = self.vectors // 2
        order = [middle, *(index for index in range(self.vectors) if index != middle)]
        return np.ascontiguousarray(vectors[:, order])

    def scratch(self, instance: Instance) -> int:
        """The planes of a strip, and room to align them."""
        attrs, width = _attrs(instance), instance.output.type.shape[2]
        strip = max(2, min(16 // self.planes, width))
        span = 3 * attrs.dilations[1] + 1 if self.planes == 1 else 2 * self.vectors
        columns = (strip - 1) * attrs.strides[1] + span
        return self.planes * columns * _COLUMN_BYTES + 4


DEPTHWISE = (
    Depthwise("tinycc_dwconv4x4_s8_mve", 1, 1),
    Depthwise("tinycc_dwconv8x6_s8_mve", 2, 3),
    Depthwise("tinycc_dwconv8x8_s8_mve", 2, 4),
)


def conv2d_kernels_mve(
    params: Callable[[Instance], Params],
    window: Callable[[Instance], Window],
    is_pointwise: Callable[[Instance], bool],
    is_depthwise: Callable[[Instance], bool],
) -> tuple[Kernel, ...]:
    """The kernels; the arguments are those of the portable ones."""

    def depthwise(kernel: Depthwise) -> Kernel:
        return Kernel(
            kernel.symbol,
            f"conv2d/{kernel.symbol}.c",
            Drive.ROWS,
            with_packed(params, kernel.packed),
            isa=MVE,
            when=lambda instance: is_depthwise(instance) and kernel.takes(instance),
            window=window,
            scratch=kernel.scratch,
            work=lambda instance, n: depthwise_work(instance, kernel.planes, kernel.vectors),
        )

    return (
        *map(depthwise, DEPTHWISE),
        *dense_kernels_mve("conv1x1", Drive.RUN, when=is_pointwise, units=vectors, work=run_work),
        *dense_kernels_mve(
            "conv2d",
            Drive.ROWS,
            params,
            _is_whole,
            window=window,
            scratch=_gathered_windows,
            work=window_work,
        ),
    )
