"""Reads model files into the IR."""

from __future__ import annotations

from tinycc.frontend.expose import expose_tensors
from tinycc.frontend.reader import read_onnx

__all__ = ["expose_tensors", "read_onnx"]
