"""The dialects' rewrites in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import onnx

from tinycc.frontend.dialects.dynamic import DYNAMIC
from tinycc.frontend.dialects.old_opsets import FIRST_WITH_INPUTS, OLD_OPSETS
from tinycc.frontend.dialects.qlinear import QLINEAR, Rule
from tinycc.frontend.dialects.qonnx import QONNX
from tinycc.frontend.dialects.rewriter import Rewriter
from tinycc.frontend.dialects.training import TRAINING
from tinycc.frontend.model_file import ModelFile

_FOR_ONNXRUNTIME: Mapping[tuple[str, str], Rule] = {**QONNX, **TRAINING}
_RULES: Mapping[tuple[str, str], Rule] = {**QLINEAR, **DYNAMIC, **_FOR_ONNXRUNTIME}


def in_qdq_form(file: ModelFile) -> ModelFile:
    """The model with the nodes of other dialects as QuantizeLinear, DequantizeLinear and float.

    Nodes that cannot be rewritten stay, and are reported as unsupported by whoever reads them.
    """
    if file.opsets[""] < FIRST_WITH_INPUTS:
        modern = _rewritten(file, OLD_OPSETS)
        file = replace(modern, opsets={**file.opsets, "": FIRST_WITH_INPUTS})
    return _rewritten(file, _RULES)


def in_operators_of_onnx(file: ModelFile) -> ModelFile:
    """The model as onnxruntime is to run it: without the operators of QONNX, and as in use."""
    return _rewritten(file, _FOR_ONNXRUNTIME)


def _rewritten(file: ModelFile, rules: Mapping[tuple[str, str], Rule]) -> ModelFile:
    graph = file.proto.graph
    if not any((_domain(node.domain), node.op_type) in rules for node in graph.node):
        return file
    build = Rewriter(file)
    for node in graph.node:
        build.replace(node, rules.get((_domain(node.domain), node.op_type)))
    proto = onnx.ModelProto()
    proto.CopyFrom(file.proto)
    del proto.graph.node[:]
    proto.graph.node.extend(build.remaining)
    proto.graph.initializer.extend(build.initializers)
    return replace(file, proto=proto)


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name
