"""The source indices of Resize against onnxruntime, for sizes whose ties are hard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from one_node import Operand, assert_equals_onnxruntime, import_node

MODES = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
NEAREST = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("nearest", NEAREST)
def test_indices_are_those_of_onnxruntime(mode: str, nearest: str, tmp_path: Path) -> None:
    settings = {"coordinate_transformation_mode": mode, "nearest_mode": nearest, "opset": 19}
    for height in (1, 3, 5, 7, 10):
        shape = (1, 2, height, 3)
        sizes: list[Operand] = [[1, 2, rows, 5] for rows in (1, 2, 6, 7, 13, 23)]
        scales: list[Operand] = [np.float32([1, 1, s, 2]) for s in (1.0, 1.5, 2.0, 3.3)]
        for form in [(None, None, size) for size in sizes] + [(None, scale) for scale in scales]:
            graph = import_node(tmp_path, "Resize", (shape, *form), **settings)  # type: ignore[arg-type]
            assert_equals_onnxruntime(tmp_path, graph)


def test_resize_takes_axes_and_older_opsets(tmp_path: Path) -> None:
    for operands, settings in (
        (((1, 2, 4, 5), None, None, [8, 3]), {"axes": [2, 3], "opset": 18}),
        (((1, 2, 4, 5), np.zeros(0), np.float32([1, 1, 2, 2])), {"opset": 11}),
        (((1, 2, 5), None, np.float32([1, 1, 2])), {"opset": 13}),
    ):
        graph = import_node(tmp_path, "Resize", operands, **settings)  # type: ignore[arg-type]
        assert_equals_onnxruntime(tmp_path, graph)
