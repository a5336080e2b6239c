"""Sums, products and largest values for Armv7-M and its DSP extension; sums with AVX2.

They take the portable kernels' parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tinycc.ir.graph import Instance
from tinycc.ops.dense_dsp import DSP
from tinycc.ops.dense_thumb2 import THUMB2
from tinycc.ops.dense_x86 import AVX2
from tinycc.ops.elementwise_mve import product_is_int32
from tinycc.ops.op import Kernel
from tinycc.ops.pooling import pool_work


def _variant(
    plain: Kernel, name: str, isa: frozenset[str], when: Callable[[Instance], bool]
) -> Kernel:
    source = plain.source.replace(".c", f"_{name}.c")
    return replace(plain, symbol=f"{plain.symbol}_{name}", source=source, isa=isa, when=when)


def _before_portable(
    kernels: tuple[Kernel, ...],
    name: str,
    isa: frozenset[str],
    when: Callable[[Instance], bool] = lambda _: True,
) -> tuple[Kernel, ...]:
    at = next(index for index, kernel in enumerate(kernels) if not kernel.isa)
    return (*kernels[:at], _variant(kernels[at], name, isa, when), *kernels[at:])


def with_sum(kernels: tuple[Kernel, ...]) -> tuple[Kernel, ...]:
    """The kernels of a sum, those for Armv7-M and AVX2 before the portable one."""
    return _before_portable(_before_portable(kernels, "thumb2", THUMB2), "x86", AVX2)


def with_product(kernels: tuple[Kernel, ...]) -> tuple[Kernel, ...]:
    """The kernels of a product, one for Armv7-M before the portable one."""
    return _before_portable(kernels, "thumb2", THUMB2, product_is_int32(kernels[-1]))


def with_largest(kernels: tuple[Kernel, ...]) -> tuple[Kernel, ...]:
    """The kernels of the max pool, one for four channels at once before the portable one."""

    def fits(instance: Instance) -> bool:
        return instance.inputs[0].type.shape[3] >= 4

    fours = pool_work(lanes=4)
    return tuple(
        replace(kernel, work=fours) if kernel.isa == DSP else kernel
        for kernel in _before_portable(kernels, "dsp", DSP, fits)
    )
