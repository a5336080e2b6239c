"""Reads model files into the IR."""

from __future__ import annotations

from tinycc.frontend.expose import expose_tensors
from tinycc.frontend.read import is_tflite, read_network, tflite_names
from tinycc.frontend.reader import read_onnx

__all__ = ["expose_tensors", "is_tflite", "read_network", "read_onnx", "tflite_names"]
