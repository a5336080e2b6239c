"""Softmax over the last axis.

With d = max(x) - x, z the output's zero point and s_x, s_y the scales:

    e[d] = round(exp(-d * s_x) * 2**31)        uint32; e[0] = 2**31
    S    = sum of e[d]                         2**31 <= S <= n * 2**31
    A    = round(2**16 / s_y)                  uint32
    y    = clamp(floor((e[d] * A + S * 2**15) / (S * 2**16)) + z)

Range, for n < 2**16 values and s_y > 2**-16: A < 2**32, so e * A < 2**63; S * 2**15 < 2**62 and
S * 2**16 < 2**63: all fit uint64, and so does the sum. The quotient is at most 2**16.

Error against the real softmax p, in output steps, besides the final rounding: e is off by at most
1/2, which moves p by at most 2**-32 + p * n * 2**-32, over s_y at most 2**-16 + 255 * 2**-16 where
the result does not saturate; A is off by at most 1/2, which moves p / s_y by at most p * 2**-17.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import Quantization, TensorType
from tinycc.ops.bounds import Bounds
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule
from tinycc.ops.numerics import INT8_MAX, INT8_MIN, round_half_up
from tinycc.ops.op import Alias, Array, Drive, Field, Kernel, Op, Params, Work, same_row, vectors
from tinycc.ops.work import vector_work

MOST_VALUES = 2**16 - 1
_LEAST_SHARE = 5.5  # exp(-5.5) is about a step of 1 / 256
FINEST_SCALE = Fraction(1, 2**16)


@dataclass(frozen=True)
class Softmax:
    """No attributes: always over the last axis."""


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The input's shape."""
    return types[0].shape


@lru_cache(maxsize=256)
def exponentials(scale: Fraction) -> np.ndarray:
    """e[d] for d = 0 .. 255, as uint32."""
    values = [round_half_up(Fraction(math.exp(-d * float(scale))) * 2**31) for d in range(256)]
    return np.array(values, np.uint32)


def inverse_scale(y: TensorType) -> int:
    """A = round(2**16 / s_y)."""
    return round_half_up(2**16 / y.scale)


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The definition above."""
    x, y = values[0].astype(np.int64), instance.output.type
    terms = exponentials(instance.inputs[0].type.scale).astype(np.uint64)
    powers = terms[x.max(axis=-1, keepdims=True) - x]
    sums = powers.sum(axis=-1, keepdims=True, dtype=np.uint64)
    scaled = powers * np.uint64(inverse_scale(y)) + (sums << np.uint64(15))
    steps = (scaled // (sums << np.uint64(16))).astype(np.int64) + y.zero_point
    saturated: np.ndarray = np.clip(steps, INT8_MIN, INT8_MAX)
    return saturated.astype(np.int8)


def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """exp(x) / sum(exp(x))."""
    powers = np.exp(values[0] - values[0].max(axis=-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """From a share of 0 to one of 1; a vector of one value always has the whole."""
    y, count = instance.output.type, instance.inputs[0].type.shape[-1]
    top = ((inverse_scale(y) + 2**15) >> 16) + y.zero_point
    one = np.ones((1,) * len(y.shape), np.int64)
    high = one * min(top, INT8_MAX)
    return Bounds(high if count == 1 else one * y.zero_point, high)


def params(instance: Instance) -> Params:
    """The fields of `tinycc_softmax_s8_params`."""
    x, y = instance.inputs[0].type, instance.output.type
    table = Array("uint32_t", exponentials(x.scale), "round(exp(-d * scale) * 2**31)")
    fields = (
        Field("length", x.shape[-1]),
        Field("out_zero", y.zero_point),
        Field("inverse_scale", inverse_scale(y), "round(2**16 / scale)"),
        Field("table", table),
    )
    return Params("tinycc_softmax_s8_params", fields)


def _work(instance: Instance, n: int) -> Work:
    """A share is a division, which is short where it is 0."""
    found, scale = vector_work(instance, n), float(instance.inputs[0].type.scale)
    shares = min(1.0, _LEAST_SHARE / scale / 256)  # of uniformly spread inputs
    return {**found, "shares": round(shares * found["elements"])}


def _values_are_few(instance: Instance) -> str | None:
    """a vector must have at most 65535 values"""
    length = instance.inputs[0].type.shape[-1]
    return f"it has {length}" if length > MOST_VALUES else None


def _scale_is_coarse(instance: Instance) -> str | None:
    """the output scale must be above 2**-16"""
    y = instance.output.type
    if y.is_float or y.scale > FINEST_SCALE:
        return None
    return f"the output scale is {float(y.scale):g}"


def _from_onnx(node: ForeignNode, build: Builder) -> None:
    """Since opset 13 over one axis; before, over all axes from `axis` on."""
    x, shape = node.input(0), build.type(node.input(0)).shape
    rank = len(shape)
    axis = int(node.attributes.get("axis", -1 if node.opset >= 13 else 1))
    if not -rank <= axis < max(rank, 1):
        raise build.fail(f"axis {axis} of a tensor with {rank} axes")
    axis %= rank
    if all(extent == 1 for extent in shape[axis + 1 :]) and axis != rank - 1:
        _reshaped(build, x, (math.prod(shape[:axis]), shape[axis]), node.outputs[0])
    elif axis == rank - 1:
        build.emit("softmax", Softmax(), [x], node.outputs[0])
    elif node.opset < 13:
        _reshaped(build, x, (math.prod(shape[:axis]), math.prod(shape[axis:])), node.outputs[0])
    else:
        order = [i for i in range(rank) if i != axis] + [axis]
        y = build.emit("softmax", Softmax(), [build.transpose(x, order)])
        build.transpose(y, [order.index(i) for i in range(rank)], node.outputs[0])


def _reshaped(build: Builder, x: str, shape: tuple[int, int], output: str) -> None:
    y = build.emit("softmax", Softmax(), [build.reshape(x, shape)])
    build.reshape(y, build.type(x).shape, output)


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """The scales that tools write, others from the finest to coarse; one value; many."""
    make = ExampleMaker(rng)
    for shape in ((1, 1), (1, 2), (1, 10), (3, 5), (1, 2, 3, 4), (1, 1000)):
        for scale in (1 / 256, 1 / 255, 2.0**-16 * 1.01, 0.1):
            quantization = Quantization.per_tensor(float(np.float32(scale)), -128)
            if rng.random() < 0.2:
                quantization = make.quantization(float(np.float32(scale)))
            x = make.activation(shape)
            yield make.instance("softmax", Softmax(), [x], infer, quantization)
    coarse = make.activation((1, 6), Quantization.per_tensor(3.0, 0))
    yield make.instance("softmax", Softmax(), [coarse], infer)


SOFTMAX = Op(
    name="softmax",
    attrs=Softmax,
    summary="Softmax over the last axis.",
    infer=infer,
    reference=reference,
    real=real,
    rows=same_row,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_softmax_s8",
            "softmax/tinycc_softmax_s8.c",
            Drive.RUN,
            params,
            units=vectors,
            work=_work,
        ),
    ),
    onnx=(OnnxRule("Softmax", _from_onnx),),
    requires=(_values_are_few, _scale_is_coarse),
    alias=Alias.IN_PLACE,
    bounds=bounds,
)
