"""Which kernel runs a node: the first of its record that the target and the shape allow."""

from __future__ import annotations

from tinycc import ops
from tinycc.ir.graph import Instance
from tinycc.ops.op import Kernel
from tinycc.target import Target


def choose_kernel(instance: Instance, target: Target) -> Kernel | None:
    """The best kernel for a node on a target; None when there is none at all."""
    for kernel in ops.get(instance.node.op).kernels:
        if kernel.isa <= target.isa and kernel.when(instance):
            return kernel
    return None
