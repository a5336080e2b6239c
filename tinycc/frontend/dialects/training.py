"""Networks that were exported in training mode compute as they will be used.

BatchNormalization takes its running statistics, Dropout passes its input on, where nobody reads
what they make besides for training.
"""

from __future__ import annotations

from typing import Any

import onnx.helper

from tinycc.frontend.dialects.qlinear import Rule, without_attributes
from tinycc.frontend.dialects.rewriter import Rewriter


def _batch_normalization(node: Any, build: Rewriter) -> bool:
    training = any(one.name == "training_mode" and one.i for one in node.attribute)
    extra = [name for name in node.output[1:] if name]
    if not (training or extra) or any(build.is_read(name) for name in extra):
        return False
    plain = without_attributes(node, "training_mode")
    del plain.output[1:]
    build.nodes.append(plain)
    return True


def _dropout(node: Any, build: Rewriter) -> bool:
    if len(node.input) < 3 or any(build.is_read(name) for name in node.output[1:] if name):
        return False
    build.nodes.append(
        onnx.helper.make_node("Identity", [node.input[0]], [node.output[0]], node.name)
    )
    return True


TRAINING: dict[tuple[str, str], Rule] = {
    ("", "BatchNormalization"): _batch_normalization,
    ("", "Dropout"): _dropout,
}
