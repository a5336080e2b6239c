"""Which kernels may run a node: those the target and the shape allow, by predicted instructions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tinycc import ops
from tinycc.ir.graph import Instance
from tinycc.ops.op import Drive, Kernel
from tinycc.schedule.cost import kernel_cost
from tinycc.target import Target


def choose_kernel(instance: Instance, target: Target) -> Kernel | None:
    """The kernel of fewest instructions for a node; None when there is none at all."""
    return next(iter(kernel_choices(instance, target)), None)


@lru_cache(maxsize=4096)
def kernel_choices(instance: Instance, target: Target) -> tuple[Kernel, ...]:
    """Kernels of a node, each slower than the one before and with less scratch.

    The order is that of the operator's record where its first one was not measured; else those
    that were not measured are left out.
    """
    allowed = list(_allowed(instance, target, (Drive.ROWS, Drive.RUN)))
    if not allowed:
        return ()
    if allowed[0].symbol in target.cost.kernels:
        allowed = [kernel for kernel in allowed if kernel.symbol in target.cost.kernels]
        allowed.sort(key=lambda kernel: layer_kernel_cost(instance, kernel, target))
    found: list[Kernel] = []
    for kernel in allowed:
        if not found or kernel.scratch(instance) < found[-1].scratch(instance):
            found.append(kernel)
    return tuple(found)


def layer_kernel_cost(instance: Instance, kernel: Kernel, target: Target) -> float:
    """Instructions of a kernel over a whole layer, as many rows or units per call as it takes."""
    if kernel.window is not None:
        return kernel_cost(instance, kernel, kernel.window(instance).together, target.cost)
    units = kernel.units(instance) if kernel.units else 1
    return kernel_cost(instance, kernel, units, target.cost)


def accumulating_kernel(instance: Instance, target: Target) -> Kernel | None:
    """The kernel that takes a node's input row by row and keeps only sums, if there is one."""
    return next(_allowed(instance, target, (Drive.ACCUMULATE,)), None)


def _allowed(instance: Instance, target: Target, drives: tuple[Drive, ...]) -> Iterator[Kernel]:
    for kernel in ops.get(instance.node.op).kernels:
        if kernel.drive in drives and kernel.isa <= target.isa and kernel.when(instance):
            yield kernel
