"""What is computed in float32 at the model's border, and what that costs without an FPU."""

from __future__ import annotations

from collections.abc import Mapping

from tinycc.pipeline import Compiled

# Instructions per value of libgcc's float routines, measured under QEMU (pt2e and
# brev_qcdq of the dialects): on Armv7-M (Cortex-M3), and on Armv6-M, which has no long multiply.
_COST: Mapping[str, tuple[int, int]] = {
    "dequantize": (100, 200),
    "fully_connected_float": (150, 310),
    "quantize": (500, 810),
    "softmax_float": (220, 510),
}


def float_notes(compiled: Compiled) -> list[str]:
    """One line where values are computed in float32 on a core without an FPU; else nothing."""
    features = compiled.target.isa
    if "fpu" in features or compiled.target.is_native:
        return []
    column = 0 if "umull" in features else 1
    counts: dict[str, int] = {}
    for node in compiled.graph.nodes:
        if node.op in _COST:
            elements = compiled.graph.tensors[node.output].type.elements
            counts[node.op] = counts.get(node.op, 0) + elements
    if not counts:
        return []
    total = sum(_COST[op][column] * count for op, count in counts.items())
    what = ", ".join(f"{count:,} by {op}" for op, count in counts.items())
    return [f"{what} are float32; without an FPU that takes about {total:,} instructions"]
