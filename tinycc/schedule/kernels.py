"""Which kernel runs a node: the first of its record that the target and the shape allow."""

from __future__ import annotations

from tinycc import ops
from tinycc.ir.graph import Instance
from tinycc.ops.op import Drive, Kernel
from tinycc.target import Target


def choose_kernel(instance: Instance, target: Target) -> Kernel | None:
    """The best kernel for a node on a target; None when there is none at all."""
    return _first(instance, target, (Drive.ROWS, Drive.RUN))


def accumulating_kernel(instance: Instance, target: Target) -> Kernel | None:
    """The kernel that takes a node's input row by row and keeps only sums, if there is one."""
    return _first(instance, target, (Drive.ACCUMULATE,))


def lean_kernel(instance: Instance, target: Target, alike: bool = True) -> Kernel | None:
    """The kernel that needs the least scratch, the best of those.

    `alike`: among those for the same instructions as the best kernel, so not much slower.
    """
    best = choose_kernel(instance, target)
    if best is None:
        return None
    found = [
        kernel
        for kernel in ops.get(instance.node.op).kernels
        if (kernel.isa == best.isa if alike else kernel.isa <= target.isa)
        and kernel.drive is best.drive
        and kernel.when(instance)
    ]
    return min(found, key=lambda kernel: kernel.scratch(instance))


def _first(instance: Instance, target: Target, drives: tuple[Drive, ...]) -> Kernel | None:
    for kernel in ops.get(instance.node.op).kernels:
        if kernel.drive in drives and kernel.isa <= target.isa and kernel.when(instance):
            return kernel
    return None
