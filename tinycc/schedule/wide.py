"""Whether a flash budget has room for weights as int16, which some kernels need."""

from __future__ import annotations

from dataclasses import replace

from tinycc.ir.graph import Graph
from tinycc.ops.op import Array
from tinycc.schedule.kernels import choose_kernel
from tinycc.target import Target

_WIDE = frozenset({"wide_weights"})
_CODE_ROOM = 2**15  # bytes that are left to code: 10 to 20 KiB measured


def with_wide_weights(graph: Graph, target: Target, flash: int | None) -> Target:
    """The target with the feature `wide_weights` where all constants and code fit `flash` bytes.

    None: nobody knows how much there is, and the target stays as it is.
    """
    wide = replace(target, isa=target.isa | _WIDE)
    fits = flash is not None and _constant_bytes(graph, wide) + _CODE_ROOM <= flash
    return wide if fits else target


def _constant_bytes(graph: Graph, target: Target) -> int:
    """Bytes of all kernels' arrays."""
    total = 0
    for instance in map(graph.instance, graph.nodes):
        kernel = choose_kernel(instance, target)
        fields = kernel.params(instance).fields if kernel else ()
        arrays = (field.value for field in fields if isinstance(field.value, Array))
        total += sum(array.data.nbytes for array in arrays)
    return total
