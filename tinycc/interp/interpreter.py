"""Runs a graph in numpy: for integer types this is the definition of the result."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinycc import ops
from tinycc.errors import ModelError
from tinycc.ir.graph import Graph, Instance, Tensor
from tinycc.ops.numerics import real_values


def run(graph: Graph, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The value of every run-time tensor for one sample; inputs by name, as stored."""
    values: dict[str, np.ndarray] = {}
    for name in graph.inputs:
        values[name] = _checked(graph.tensors[name], inputs)
    for node in graph.nodes:
        instance = graph.instance(node)
        operands = [
            tensor.data if tensor.data is not None else values[tensor.name]
            for tensor in instance.inputs
        ]
        values[node.output] = evaluate(instance, operands)
    return values


def evaluate(instance: Instance, operands: list[np.ndarray]) -> np.ndarray:
    """One node: the integer contract where the output is an integer, else real arithmetic."""
    op = ops.get(instance.node.op)
    if op.reference is not None and (op.border or not instance.output.type.is_float):
        return op.reference(instance, operands)
    reals = [
        real_values(value, tensor.type)
        for value, tensor in zip(operands, instance.inputs, strict=True)
    ]
    return op.real(instance, reals).astype(np.float32)


def _checked(tensor: Tensor, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    if tensor.name not in inputs:
        raise ModelError(f"input `{tensor.name}` has no value")
    value = np.asarray(inputs[tensor.name])
    if value.shape != tensor.type.shape or value.dtype != tensor.type.dtype.numpy:
        raise ModelError(
            f"input `{tensor.name}` is {value.dtype} {'x'.join(map(str, value.shape))}, "
            f"the model takes {tensor.type}"
        )
    return value
