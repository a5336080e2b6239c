"""Means for cores with the DSP extension: four channels at once."""

from __future__ import annotations

from dataclasses import replace

from tinycc.ir.graph import Instance
from tinycc.ops.dense_dsp import DSP
from tinycc.ops.op import Kernel
from tinycc.ops.pooling import geometry

_MOST_COLUMNS = 255  # of a window, whose sum of int8 fits int16


def with_average_dsp(kernels: tuple[Kernel, ...]) -> tuple[Kernel, ...]:
    """The kernels of the average pool, a DSP one before the first portable one."""
    portable = next(index for index, kernel in enumerate(kernels) if not kernel.isa)
    symbol = "tinycc_average_pool2d_s8_dsp"
    source = f"average_pool2d/{symbol}.c"
    fast = replace(kernels[portable], symbol=symbol, source=source, isa=DSP, when=_fits)
    return (*kernels[:portable], fast, *kernels[portable:])


def _fits(instance: Instance) -> bool:
    own = geometry(instance)
    narrow = own.kernel[1] <= _MOST_COLUMNS and own.dilations == (1, 1)
    return narrow and instance.inputs[0].type.shape[3] >= 4
