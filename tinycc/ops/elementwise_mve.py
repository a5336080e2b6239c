"""Kernels for the M-profile vector extension: sums, products, tables and pools.

They take the portable kernels' parameters; what differs is said where a kernel is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tinycc.ir.graph import Instance
from tinycc.ops.dense_mve import MVE
from tinycc.ops.numerics import INT32_MAX
from tinycc.ops.op import CountWork, Kernel, Params
from tinycc.ops.pooling import pool_work

_MOST_TAPS = 255  # that a sum of 16 bits holds


def vectorised(
    plain: Kernel,
    when: Callable[[Instance], bool] = lambda _: True,
    work: CountWork | None = None,
) -> Kernel:
    """The MVE kernel beside a portable one; `work`, where its loops are not the other's."""
    return replace(
        plain,
        symbol=f"{plain.symbol}_mve",
        source=plain.source.replace(".c", "_mve.c"),
        isa=MVE,
        when=lambda instance: plain.when(instance) and when(instance),
        work=work or plain.work,
    )


def _number(params: Params, name: str) -> int:
    value = next(field.value for field in params.fields if field.name == name)
    assert isinstance(value, int)
    return value


def product_is_int32(plain: Kernel) -> Callable[[Instance], bool]:
    """Whether the product of two centred values can be shifted in 32 bits."""

    def fits(instance: Instance) -> bool:
        return 255 * 255 << _number(plain.params(instance), "shift") <= INT32_MAX

    return fits


def vectorised_product(plain: Kernel) -> Kernel:
    """The product of two centred values is shifted in 32 bits."""
    return vectorised(plain, product_is_int32(plain))


def vectorised_average(plain: Kernel) -> Kernel:
    """The sum of a window is shifted in 32 bits; that of a window's row fits 16."""

    def fits(instance: Instance) -> bool:
        params = plain.params(instance)
        width = _number(params, "kernel_width")
        area = width * _number(params, "kernel_height")
        return width <= _MOST_TAPS and 255 * area << _number(params, "shift") <= INT32_MAX

    return vectorised(plain, fits, pool_work(lanes=8))


def with_vectors(
    first: Kernel, *others: Kernel, work: CountWork | None = None
) -> tuple[Kernel, ...]:
    """Kernels, the MVE form of the first before them."""
    return vectorised(first, work=work), first, *others


def with_vector_product(first: Kernel, *others: Kernel) -> tuple[Kernel, ...]:
    """The same for products."""
    return vectorised_product(first), first, *others


def with_vector_average(first: Kernel, *others: Kernel) -> tuple[Kernel, ...]:
    """The same for means."""
    return vectorised_average(first), first, *others
