"""What each output of a layer is a product of: the rows of its input, as a matrix."""

from __future__ import annotations

import math

import numpy as np

from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.quantize.prepare import Layer

MOST_POSITIONS = 96  # of a picture per sample: neighbours repeat each other


def weight_rows(network: OnnxNetwork, layer: Layer) -> np.ndarray:
    """The float weights as [groups, values, outputs of a group]."""
    return rows_of(layer, network.constants[layer.weights].astype(np.float64))


def rows_of(layer: Layer, weights: np.ndarray) -> np.ndarray:
    """Weights in the file's layout as [groups, values, outputs of a group]."""
    flat = weights.T if layer.axis else weights.reshape(len(weights), -1)
    grouped = flat.reshape(layer.groups, -1, flat.shape[1])
    return np.ascontiguousarray(grouped.transpose(0, 2, 1))


def weights_of(layer: Layer, rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The reverse of rows_of."""
    flat = rows.transpose(0, 2, 1).reshape(-1, rows.shape[1])
    return np.ascontiguousarray(flat.T if layer.axis else flat.reshape(shape))


def input_rows(
    network: OnnxNetwork, layer: Layer, values: np.ndarray, sums: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [groups, rows, values] and results [groups, rows, outputs] of some samples.

    `values` and `sums` are what the layer reads and makes, [samples, 1, ...]. Of pictures, up to
    MOST_POSITIONS places are taken, the same of every sample.
    """
    if layer.node.op_type != "Conv":
        x = values.reshape(-1, values.shape[-1])
        return x[np.newaxis], sums.reshape(-1, sums.shape[-1])[np.newaxis]
    x, y = values[:, 0], sums[:, 0]
    places = math.prod(y.shape[2:])
    chosen = np.linspace(0, places - 1, min(places, MOST_POSITIONS)).astype(int)
    windows = _windows(layer, network.constants[layer.weights].shape[2:], x, y.shape[2:])
    picked = windows.reshape(len(x), x.shape[1], -1, places)[..., chosen]
    groups = layer.groups
    rows = picked.transpose(0, 3, 1, 2).reshape(len(x) * len(chosen), groups, -1)
    results = y.reshape(len(y), y.shape[1], places)[..., chosen].transpose(0, 2, 1)
    results = results.reshape(len(x) * len(chosen), groups, -1)
    return rows.transpose(1, 0, 2), results.transpose(1, 0, 2)


def _windows(
    layer: Layer, kernel: tuple[int, ...], x: np.ndarray, made: tuple[int, ...]
) -> np.ndarray:
    """[samples, channels, *kernel, *output] of a convolution's input, zeros around it."""
    rank = len(kernel)
    attributes = layer.node.attributes
    strides = attributes.get("strides") or [1] * rank
    dilations = attributes.get("dilations") or [1] * rank
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    pads = _pads(layer, x.shape[2:], made, reach, strides)
    padded = np.pad(x, [(0, 0), (0, 0), *pads])
    view = np.lib.stride_tricks.sliding_window_view(
        padded, tuple(reach), axis=tuple(range(2, 2 + rank))
    )
    index = (slice(None), slice(None), *(slice(None, None, s) for s in strides))
    view = view[(*index, *(slice(None, None, d) for d in dilations))]
    view = view[(slice(None), slice(None), *(slice(0, extent) for extent in made))]
    order = (0, 1, *range(2 + rank, 2 + 2 * rank), *range(2, 2 + rank))
    return view.transpose(order)


def _pads(
    layer: Layer,
    shape: tuple[int, ...],
    made: tuple[int, ...],
    reach: list[int],
    strides: list[int],
) -> list[tuple[int, int]]:
    attributes, rank = layer.node.attributes, len(shape)
    automatic = attributes.get("auto_pad", "NOTSET")
    if not automatic.startswith("SAME"):
        pads = attributes.get("pads") or [0] * (2 * rank)
        return [(int(pads[i]), int(pads[i + rank])) for i in range(rank)]
    found = []
    for extent, count, size, stride in zip(shape, made, reach, strides, strict=True):
        total = max(0, (count - 1) * stride + size - extent)
        half = total // 2
        found.append((half, total - half) if automatic == "SAME_UPPER" else (total - half, half))
    return found
