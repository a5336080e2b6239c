"""Means of several channels at once: four with the DSP extension, 16 with AVX2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tinycc.ir.graph import Instance
from tinycc.ops.dense_dsp import DSP
from tinycc.ops.dense_x86 import AVX2
from tinycc.ops.op import Kernel
from tinycc.ops.pooling import geometry, shifted_work

_MOST_COLUMNS = 255  # of a window, whose sum of int8 fits int16


def with_average_lanes(kernels: tuple[Kernel, ...]) -> tuple[Kernel, ...]:
    """The kernels of the average pool, the faster ones before the first portable one."""
    portable = next(index for index, kernel in enumerate(kernels) if not kernel.isa)

    def variant(
        name: str, isa: frozenset[str], lanes: int, when: Callable[[Instance], bool]
    ) -> Kernel:
        symbol = f"tinycc_average_pool2d_s8_{name}"
        source = f"average_pool2d/{symbol}.c"
        plain = kernels[portable]
        work = shifted_work(lanes, plain.params)
        return replace(plain, symbol=symbol, source=source, isa=isa, when=when, work=work)

    fast = (
        variant("dsp", DSP, 4, _fits_dsp),
        variant("x86", AVX2, 16, lambda instance: _has_lanes(instance, 16)),
    )
    return (*kernels[:portable], *fast, *kernels[portable:])


def _has_lanes(instance: Instance, lanes: int) -> bool:
    dense = geometry(instance).dilations == (1, 1)
    return dense and instance.inputs[0].type.shape[3] >= lanes


def _fits_dsp(instance: Instance) -> bool:
    return geometry(instance).kernel[1] <= _MOST_COLUMNS and _has_lanes(instance, 4)
