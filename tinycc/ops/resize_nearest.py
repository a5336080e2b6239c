"""Resize by copying the nearest pixel, NHWC; the source indices are computed at import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType
from tinycc.ops.bounds import per_channel
from tinycc.ops.channels import same_channels
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule
from tinycc.ops.op import Array, Drive, Field, Kernel, Op, Params, RowRange, Scale, Window, Work
from tinycc.ops.spatial import from_nhwc, to_nhwc
from tinycc.ops.work import copy_work


@dataclass(frozen=True)
class ResizeNearest:
    """Attributes: the source row of every output row, the source column of every column."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]


def _attrs(instance: Instance) -> ResizeNearest:
    return cast(ResizeNearest, instance.attrs)


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """NHWC output shape."""
    own = cast(ResizeNearest, attrs)
    return (1, len(own.rows), len(own.columns), types[0].shape[3])


def rows(instance: Instance, row: int) -> tuple[RowRange, ...]:
    """The source row."""
    source = _attrs(instance).rows[row]
    return ((source, source),)


def window(instance: Instance) -> Window:
    """One row, from the list."""
    return Window(first=_attrs(instance).rows)


def picked(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The pixels: integers and reals alike."""
    attrs = _attrs(instance)
    pixels: np.ndarray = values[0][:, attrs.rows][:, :, attrs.columns]
    return pixels


def params(instance: Instance) -> Params:
    """The fields of `tinycc_resize_nearest_s8_params`."""
    columns = np.array(_attrs(instance).columns, np.uint16)
    fields = (
        Field("out_width", len(columns)),
        Field("channels", instance.inputs[0].type.shape[3]),
        Field("columns", Array("uint16_t", columns)),
    )
    return Params("tinycc_resize_nearest_s8_params", fields)


def _image_is_small(instance: Instance) -> str | None:
    """an image to resize must have fewer than 65536 rows and columns"""
    shape = instance.inputs[0].type.shape
    return f"it is {shape[1]}x{shape[2]}" if max(shape[1:3]) > 2**16 - 1 else None


@dataclass(frozen=True)
class _Axis:
    """One resized axis, in float32 like onnxruntime, so that ties fall alike."""

    before: int
    after: int
    scale: np.float32


Coordinate = Callable[[np.ndarray, _Axis], np.ndarray]
_HALF = np.float32(0.5)


def _half_pixel(x: np.ndarray, axis: _Axis) -> np.ndarray:
    return (x + _HALF) / axis.scale - _HALF


def _half_pixel_symmetric(x: np.ndarray, axis: _Axis) -> np.ndarray:
    adjustment = np.float32(axis.after) / (axis.scale * np.float32(axis.before))
    center = np.float32(axis.before) / np.float32(2)
    offset = center * (np.float32(1) - adjustment)
    return offset + (x + _HALF) / axis.scale - _HALF


def _pytorch_half_pixel(x: np.ndarray, axis: _Axis) -> np.ndarray:
    return _half_pixel(x, axis) if axis.after > 1 else 0 * x


def _align_corners(x: np.ndarray, axis: _Axis) -> np.ndarray:
    return x * np.float32(axis.before - 1) / np.float32(max(1, axis.after - 1))


def _asymmetric(x: np.ndarray, axis: _Axis) -> np.ndarray:
    return x / axis.scale


def _tf_half_pixel(x: np.ndarray, axis: _Axis) -> np.ndarray:
    return (x + _HALF) / axis.scale


_COORDINATES: Mapping[str, Coordinate] = MappingProxyType(
    {
        "half_pixel": _half_pixel,
        "half_pixel_symmetric": _half_pixel_symmetric,
        "pytorch_half_pixel": _pytorch_half_pixel,
        "align_corners": _align_corners,
        "asymmetric": _asymmetric,
        "tf_half_pixel_for_nn": _tf_half_pixel,
    }
)
_TIE = 1e-6  # onnxruntime takes x for a half up to about here (found by trying scales)


def _round(x: np.ndarray, half_up: bool) -> np.ndarray:
    """The nearest integer; halves up or down."""
    below = np.floor(x)
    rest = (x - below).astype(np.float64) - 0.5
    up = np.where(np.abs(rest) < _TIE, half_up, rest > 0)
    return np.asarray(below + up)


_NEAREST: Mapping[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType(
    {
        "round_prefer_floor": lambda x: _round(x, half_up=False),
        "round_prefer_ceil": lambda x: _round(x, half_up=True),
        "floor": np.floor,
        "ceil": np.ceil,
    }
)


def _indices(node: ForeignNode, build: Builder, axis: _Axis) -> tuple[int, ...]:
    """The source index of every output index of one axis."""
    if axis.before == axis.after and axis.scale == 1:
        return tuple(range(axis.after))
    coordinate = str(node.attributes.get("coordinate_transformation_mode", "half_pixel"))
    nearest = str(node.attributes.get("nearest_mode", "round_prefer_floor"))
    if coordinate not in _COORDINATES or nearest not in _NEAREST:
        raise build.fail(f"coordinates {coordinate} with {nearest} are not supported")
    x = np.arange(axis.after, dtype=np.float32)
    places = _NEAREST[nearest](_COORDINATES[coordinate](x, axis))
    return tuple(int(v) for v in np.clip(places, 0, axis.before - 1))


def _axes(node: ForeignNode, build: Builder, shape: tuple[int, ...]) -> list[_Axis]:
    """Every axis of the input, resized or not."""
    chosen = [int(a) % len(shape) for a in node.attributes.get("axes", range(len(shape)))]
    axes = [_Axis(extent, extent, np.float32(1)) for extent in shape]
    scales, sizes = (_numbers(node, build, index) for index in (2, 3))
    if len(sizes or scales) != len(chosen):
        raise build.fail(f"sizes {sizes}, scales {scales} for {len(chosen)} axes")
    for index, axis in enumerate(chosen):
        before = shape[axis]
        scale = np.float32(sizes[index] / before) if sizes else np.float32(scales[index])
        after = int(sizes[index]) if sizes else int(np.floor(np.float32(before) * scale))
        if after < 1:
            raise build.fail(f"axis {axis} would have {after} values")
        axes[axis] = _Axis(before, after, scale)
    return axes


def _numbers(node: ForeignNode, build: Builder, index: int) -> list[float]:
    """The constant sizes or scales at an input; empty when absent."""
    name = node.input(index)
    values = build.constant(name) if name else np.zeros(0)
    if values is None:
        raise build.fail(f"the size `{name}` is computed at run time")
    return [float(v) for v in values.reshape(-1)]


def _work(instance: Instance, n: int) -> Work:
    _, rows, columns, channels = instance.output.type.shape
    return {"calls": rows, **copy_work(rows * columns, channels)}


def _from_onnx(node: ForeignNode, build: Builder) -> None:
    shape = build.type(node.input(0)).shape
    axes = _axes(node, build, shape)
    if any(axis.before != axis.after for axis in axes[:2]):
        raise build.fail("batch and channels cannot be resized")
    policy = node.attributes.get("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        raise build.fail(f"keep_aspect_ratio_policy {policy} is not supported")
    mode = node.attributes.get("mode", "nearest")
    if mode != "nearest" and any(axis.scale != 1 for axis in axes):
        raise build.fail(f"mode {mode} is not supported, only nearest")
    x, rank = to_nhwc(build, node.input(0))
    found = [_indices(node, build, axis) for axis in axes[2:]]
    attrs = ResizeNearest(found[0] if rank == 4 else (0,), found[-1])
    from_nhwc(build, build.emit("resize_nearest", attrs, [x]), rank, node.outputs[0])


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Larger, smaller, by whole factors and not, one pixel."""
    make = ExampleMaker(rng)
    for shape, height, width in (((1, 3, 4, 5), 6, 8), ((1, 7, 5, 1), 3, 9), ((1, 1, 1, 3), 2, 1)):
        sources = (
            tuple(int(v) for v in np.arange(after) * before // after)
            for before, after in zip(shape[1:3], (height, width), strict=True)
        )
        yield make.same("resize_nearest", ResizeNearest(*sources), [make.activation(shape)], infer)


RESIZE_NEAREST = Op(
    name="resize_nearest",
    attrs=ResizeNearest,
    summary="Resizes an NHWC image by copying the nearest pixel.",
    infer=infer,
    reference=picked,
    real=picked,
    rows=rows,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_resize_nearest_s8",
            "resize_nearest/tinycc_resize_nearest_s8.c",
            Drive.ROWS,
            params,
            window=window,
            work=_work,
        ),
    ),
    onnx=(OnnxRule("Resize", _from_onnx, since=11),),
    requires=(_image_is_small,),
    scale=Scale.SAME,
    bounds=per_channel,
    channels=same_channels,
)
