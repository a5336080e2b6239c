"""How many bytes of each tensor and of each step's scratch an inference reads and writes.

Counted under QEMU, the kernels of the library follow few rules (bench/memories): an output is
written once; a window's rows are read again for every output row; a convolution with scratch
gathers each pixel's window into it, twice as wide for DSP code, and reads it once per two or four
output channels; one without scratch reads its operand that often instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tinycc import ops
from tinycc.ir.graph import Instance, Tensor
from tinycc.memory.plan import Buffer
from tinycc.ops.op import row_count
from tinycc.schedule.model import Schedule, Step

Traffic = Counter[tuple[str, int]]
"""Bytes by the name of a tensor, or of a step's output with `.scratch` behind it, and step."""

_READS_OF_DIRECT_OPERAND = 0.5  # per multiply-accumulate: 1 in portable kernels, 1/4 with MVE


def traffic(schedule: Schedule) -> Traffic:
    """Bytes read and written by the steps, and by the caller who writes inputs, reads outputs."""
    found: Traffic = Counter()
    graph, end = schedule.graph, max(0, len(schedule.steps) - 1)
    for step in schedule.steps:
        for name, count in _of_step(schedule.instance(step), step):
            found[name, step.index] += count
    for name in graph.inputs:
        found[name, 0] += graph.tensors[name].type.bytes
    for name in graph.outputs:
        found[name, end] += graph.tensors[name].type.bytes
    return found


def of_buffer(found: Traffic, schedule: Schedule, buffer: Buffer) -> int:
    """Those of all that lies in a buffer."""
    names = {*buffer.tensors}
    if buffer.area:
        names |= {*schedule.region_of(buffer.first_step).brief}
    if buffer.scratch_of is not None:
        names.add(f"{schedule.steps[buffer.scratch_of].node.output}.scratch")
    return sum(count for (name, _), count in found.items() if name in names)


def _of_step(instance: Instance, step: Step) -> Iterator[tuple[str, int]]:
    output = instance.output
    yield output.name, output.type.bytes
    macs = ops.get(instance.node.op).macs(instance)
    gathered = macs // output.type.shape[-1] if output.type.shape else 0
    for operand, tensor in enumerate(instance.activations):
        read = max(_window_bytes(instance, operand, tensor), gathered)
        if not step.scratch_bytes:
            read = max(read, round(_READS_OF_DIRECT_OPERAND * macs))
        yield tensor.name, read
    if step.scratch_bytes:
        yield f"{output.name}.scratch", max(macs + 2 * gathered, 2 * step.scratch_bytes)


def _window_bytes(instance: Instance, operand: int, tensor: Tensor) -> int:
    """The bytes of the rows that each output row needs, of all output rows together."""
    height, rows = row_count(tensor.type), 0
    for row in range(row_count(instance.output.type)):
        needed = ops.get(instance.node.op).rows(instance, row)[operand]
        if needed is None:
            return tensor.type.bytes
        rows += max(0, needed[1] + 1 - max(0, needed[0]))
    return rows * (tensor.type.bytes // height)
