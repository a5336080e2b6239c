"""Nodes of an ONNX file as the neutral records that operator rules read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import onnx.helper

from tinycc import ops
from tinycc.frontend.model_file import ModelFile
from tinycc.frontend.structure import node_name
from tinycc.frontend.tensor_data import tensor_array
from tinycc.ops.foreign import ForeignNode, OnnxRule

_Attribute = onnx.AttributeProto
_SUBGRAPHS = (_Attribute.GRAPH, _Attribute.GRAPHS)

# What to do instead, for operators that users meet often.
_QOPERATORS = (
    "QLinearConv QLinearMatMul QLinearAdd QLinearMul QGemm QLinearAveragePool "
    "QLinearGlobalAveragePool QLinearSoftmax QLinearSigmoid QLinearConcat"
)
_DYNAMIC = "DynamicQuantizeLinear ConvInteger MatMulInteger"
_BREVITAS = "Quant BipolarQuant Trunc"
_CONTROL_FLOW = "If Loop Scan"
_HINTS: Mapping[str, str] = {
    **dict.fromkeys(
        _QOPERATORS.split(),
        "quantise in QDQ form: quantize_static(..., quant_format=QuantFormat.QDQ)",
    ),
    **dict.fromkeys(
        _DYNAMIC.split(),
        "quantise statically instead of dynamically: onnxruntime's quantize_static",
    ),
    **dict.fromkeys(_BREVITAS.split(), "export in QDQ form: brevitas.export.export_onnx_qcdq"),
    "QcQuantizeOp": "this is AIMET's simulation; export in QDQ form: sim.to_onnx_qdq()",
    **dict.fromkeys(
        _CONTROL_FLOW.split(), "control flow has no fixed schedule: export a traced model"
    ),
}


def domain_of(proto: Any) -> str:
    """The operator domain of a node; the default one in its short form."""
    domain: str = proto.domain
    return "" if domain == "ai.onnx" else domain


def foreign_node(proto: Any, file: ModelFile) -> ForeignNode:
    """The node with its attributes as Python values; FactError for a damaged tensor."""
    attributes = {
        attribute.name: _attribute_value(attribute, file.folder)
        for attribute in proto.attribute
        if attribute.type not in _SUBGRAPHS
    }
    return ForeignNode(
        node_name(proto),
        proto.op_type,
        file.opsets.get(domain_of(proto), 1),
        attributes,
        tuple(proto.input),
        tuple(proto.output),
        domain_of(proto),
    )


def has_subgraph(proto: Any) -> bool:
    """True for nodes that hold graphs of their own (If, Loop, Scan)."""
    return any(attribute.type in _SUBGRAPHS for attribute in proto.attribute)


def _attribute_value(attribute: Any, folder: Path | None) -> Any:
    if attribute.type == _Attribute.TENSOR:
        return tensor_array(attribute.t, folder)
    try:
        value = onnx.helper.get_attribute_value(attribute)
    except (ValueError, AttributeError):
        return None
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if attribute.type in (_Attribute.INTS, _Attribute.FLOATS):
        return list(value)
    return value


def find_rule(node: ForeignNode, domain: str) -> OnnxRule | None:
    """The newest conversion rule for a node that is not newer than its operator set."""
    rules = [
        rule
        for op in ops.ALL
        for rule in op.onnx
        if (rule.op_type, rule.domain) == (node.op_type, domain) and rule.since <= node.opset
    ]
    return max(rules, key=lambda rule: rule.since, default=None)


def unsupported(node: ForeignNode, domain: str, functions: bool) -> tuple[str, str]:
    """Message and hint for a node that no rule converts."""
    full = f"{domain}.{node.op_type}" if domain else node.op_type
    hint = _HINTS.get(node.op_type, "see which there are: tinycc ops")
    if functions and domain and node.op_type not in _HINTS:
        hint = "inline the model's functions: onnx.inliner.inline_local_functions(model)"
    return f"operator {full} is not supported", hint
