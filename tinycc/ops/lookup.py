"""Any function of one value, element by element: a table of 256 results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType
from tinycc.ops.add import Add
from tinycc.ops.bounds import Bounds
from tinycc.ops.channels import same_channels
from tinycc.ops.elementwise import emit_binary
from tinycc.ops.elementwise_mve import with_vectors
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule, onnx_scalar
from tinycc.ops.functions import FUNCTIONS, ONNX_FUNCTIONS, OnnxFunction
from tinycc.ops.mul import Mul
from tinycc.ops.numerics import INT8_MAX, INT8_MIN, Clamp, integer_bounds, round_half_up
from tinycc.ops.op import (
    Alias,
    Array,
    Drive,
    Field,
    Kernel,
    Op,
    Params,
    elements,
    same_column,
    same_row,
)
from tinycc.ops.work import element_work

_FLOAT32_MAX = 3.4028234663852886e38


@dataclass(frozen=True)
class Lookup:
    """Attributes: a name of functions.FUNCTIONS, values for its parameters in order, and a clamp

    of the result. Where `entries` holds the results of -128 .. 127, the name is only a name.
    """

    function: str
    parameters: tuple[float, ...] = ()
    clamp: Clamp | None = None
    entries: tuple[int, ...] = ()


def _attrs(instance: Instance) -> Lookup:
    return cast(Lookup, instance.attrs)


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The input's shape."""
    return types[0].shape


@lru_cache(maxsize=1024)
def table(attrs: Lookup, x: TensorType, y: TensorType) -> np.ndarray:
    """The int8 results of -128 .. 127, each floor(v + 1/2) of the value v in output steps.

    NaN (the logarithm of a negative number) stands for 0.
    """
    if attrs.entries:
        return _frozen(attrs.entries)
    scale, zero = x.scale, x.zero_point
    inputs = [(value - zero) * scale for value in range(INT8_MIN, INT8_MAX + 1)]
    low, high = integer_bounds(attrs.clamp, y)
    steps = [_steps(v, y) for v in _evaluate(attrs, inputs)]
    return _frozen([min(max(step, low), high) for step in steps])


def _frozen(entries: Sequence[int]) -> np.ndarray:
    results = np.array(entries, np.int8)
    results.setflags(write=False)
    return results


def _evaluate(attrs: Lookup, inputs: Sequence[Fraction]) -> np.ndarray:
    function = FUNCTIONS[attrs.function]
    if not function.exact:
        return _real(attrs, np.array([float(v) for v in inputs]))
    parameters = (Fraction(p) if math.isfinite(p) else p for p in attrs.parameters)
    return function.evaluate(np.array(inputs, dtype=object), *parameters)


def _real(attrs: Lookup, values: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        found = FUNCTIONS[attrs.function].evaluate(values, *attrs.parameters)
    clamp = attrs.clamp or Clamp()
    clamped: np.ndarray = np.minimum(np.maximum(found, clamp.low), clamp.high)
    return clamped


def entries_of(values: np.ndarray, y: TensorType) -> tuple[int, ...]:
    """Real results (float64) as the int8 entries of a table."""
    return tuple(_steps(float(value), y) for value in values)


def _steps(value: Fraction | float, y: TensorType) -> int:
    if isinstance(value, float):
        if math.isinf(value):
            return INT8_MAX if value > 0 else INT8_MIN
        if math.isnan(value):
            value = 0.0
    steps = round_half_up(Fraction(value) / y.scale) + y.zero_point
    return max(INT8_MIN, min(INT8_MAX, steps))


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The table's entries."""
    found = table(_attrs(instance), instance.inputs[0].type, instance.output.type)
    results: np.ndarray = found[values[0].astype(np.int16) - INT8_MIN]
    return results


def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The function in float64; NaN becomes 0. Explicit entries: those of the nearest values."""
    if _attrs(instance).entries:
        x, y = instance.inputs[0].type, instance.output.type
        steps = np.rint(values[0] / float(x.scale)).astype(np.int64) + x.zero_point
        stored = reference(instance, (np.clip(steps, INT8_MIN, INT8_MAX),))
        return np.asarray((stored - np.float64(y.zero_point)) * float(y.scale))
    results = _real(_attrs(instance), values[0].astype(np.float64))
    return np.where(np.isnan(results), 0.0, results)


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """The extremes of the table's entries between the input's limits."""
    found = table(_attrs(instance), instance.inputs[0].type, instance.output.type).astype(np.int64)
    spans, places = np.unique(
        np.stack([given[0].low.reshape(-1), given[0].high.reshape(-1)]), axis=1, return_inverse=True
    )
    parts = [found[low - INT8_MIN : high - INT8_MIN + 1] for low, high in spans.T]
    least, most = (np.array([pick(p) for p in parts]) for pick in (np.min, np.max))
    shape = given[0].low.shape
    return Bounds(least[places].reshape(shape), most[places].reshape(shape))


def params(instance: Instance) -> Params:
    """The table in the order of the input's unsigned bytes: 0 .. 127, -128 .. -1."""
    attrs = _attrs(instance)
    found = table(attrs, instance.inputs[0].type, instance.output.type)
    shown = ", ".join(f"{value:g}" for value in attrs.parameters)
    note = f"{attrs.function}({shown})" if shown else attrs.function
    entries = np.roll(found, INT8_MIN)
    return Params("tinycc_lookup_s8_params", (Field("table", Array("int8_t", entries, note)),))


def known_function(instance: Instance) -> str | None:
    """the function must be one of the table in functions.py, with all of its parameters"""
    attrs = _attrs(instance)
    if attrs.entries:
        return None if len(attrs.entries) == 256 else f"{len(attrs.entries)} entries"
    function = FUNCTIONS.get(attrs.function)
    if function is None:
        return f"function {attrs.function}"
    if len(function.parameters) != len(attrs.parameters):
        return f"{len(attrs.parameters)} parameters for {function.parameters}"
    return None


def _emit(node: ForeignNode, build: Builder, function: str, *parameters: float) -> None:
    attrs = Lookup(function, tuple(float(p) for p in parameters))
    build.emit("lookup", attrs, [node.input(0)], node.outputs[0])


def _rule(entry: OnnxFunction) -> OnnxRule:
    def convert(node: ForeignNode, build: Builder) -> None:
        parameters = [node.attributes.get(name, default) for name, default in entry.attributes]
        _emit(node, build, entry.function, *parameters)

    return OnnxRule(entry.op_type, convert)


def _from_relu(node: ForeignNode, build: Builder) -> None:
    _emit(node, build, "clamp", 0.0, math.inf)


def _from_clip(node: ForeignNode, build: Builder) -> None:
    bounds = [-math.inf, math.inf]
    for index in (0, 1):
        if node.input(index + 1):
            bounds[index] = onnx_scalar(build, node.input(index + 1))
        if abs(bounds[index]) >= _FLOAT32_MAX:
            bounds[index] = math.copysign(math.inf, bounds[index])
    _emit(node, build, "clamp", *bounds)


def _from_gelu(node: ForeignNode, build: Builder) -> None:
    tanh = node.attributes.get("approximate", "none") == "tanh"
    _emit(node, build, "gelu_tanh" if tanh else "gelu")


def _from_prelu(node: ForeignNode, build: Builder) -> None:
    emit_prelu(build, node.input(0), node.input(1), node.outputs[0])


def emit_prelu(build: Builder, x: str, slopes: str, output: str | None = None) -> str:
    """A leaky rectifier; with slopes that differ: max(x, 0) + slopes * min(x, 0)."""
    known = build.constant(slopes)
    if known is None or known.size == 1:
        attrs = Lookup("leaky_relu", (onnx_scalar(build, slopes),))
        return build.emit("lookup", attrs, [x], output)
    low, high = (
        build.emit("lookup", Lookup("clamp", ends), [x])
        for ends in ((-math.inf, 0.0), (0.0, math.inf))
    )
    return emit_binary(
        build, "add", Add(), (high, emit_binary(build, "mul", Mul(), (low, slopes))), output
    )


def _from_pow(node: ForeignNode, build: Builder) -> None:
    exponent = onnx_scalar(build, node.input(1))
    if exponent == 2.0:
        _emit(node, build, "square")
    else:
        _emit(node, build, "power", exponent)


def _from_div(node: ForeignNode, build: Builder) -> None:
    divisor = onnx_scalar(build, node.input(1))
    if divisor == 0.0:
        raise build.fail("division by 0")
    _emit(node, build, "affine", 1.0 / divisor, 0.0)


_TYPICAL: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("identity", ()),
    ("clamp", (0.0, math.inf)),
    ("clamp", (0.0, 6.0)),
    ("clamp", (3.0, 1.0)),
    ("affine", (-1.5, 0.25)),
    ("leaky_relu", (0.1,)),
    ("thresholded_relu", (1.0,)),
    ("hard_sigmoid", (0.2, 0.5)),
    ("elu", (1.0,)),
    ("selu", (1.67, 1.05)),
    ("celu", (0.5,)),
    ("silu", (1.0,)),
    ("power", (0.5,)),
)


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Every function on a few shapes."""
    make = ExampleMaker(rng)
    bare = tuple((name, ()) for name, entry in FUNCTIONS.items() if not entry.parameters)
    for function, parameters in (*_TYPICAL, *bare):
        x = make.activation((1, 4, 5, 13) if rng.random() < 0.5 else (1, 257))
        yield make.instance("lookup", Lookup(function, parameters), [x], infer)
    yield make.instance("lookup", Lookup("identity"), [make.activation(())], infer)
    entries = tuple(int(v) for v in rng.integers(INT8_MIN, INT8_MAX + 1, 256))
    yield make.instance("lookup", Lookup("any", entries=entries), [make.activation((1, 9))], infer)


LOOKUP = Op(
    name="lookup",
    attrs=Lookup,
    summary="A function of one value, element by element, as a table of 256 bytes.",
    infer=infer,
    reference=reference,
    real=real,
    rows=same_row,
    examples=examples,
    kernels=with_vectors(
        Kernel(
            "tinycc_lookup_s8",
            "lookup/tinycc_lookup_s8.c",
            Drive.RUN,
            params,
            units=elements,
            work=element_work,
        ),
    ),
    onnx=(
        *(_rule(entry) for entry in ONNX_FUNCTIONS),
        OnnxRule("Relu", _from_relu),
        OnnxRule("Clip", _from_clip, since=11),
        OnnxRule("Gelu", _from_gelu),
        OnnxRule("PRelu", _from_prelu),
        OnnxRule("Pow", _from_pow),
        OnnxRule("Div", _from_div, since=7),
    ),
    requires=(known_function,),
    alias=Alias.IN_PLACE,
    bounds=bounds,
    channels=same_channels,
    columns=same_column,
)
