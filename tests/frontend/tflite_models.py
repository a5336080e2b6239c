"""Builds small .tflite files for tests, tensor by tensor, with the flatbuffers package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np

from tinycc.frontend.model_file import TFLITE
from tinycc.frontend.tflite import schema

# Kind -> number of its table in the union BuiltinOptions; LiteRT wants it to be right.
_UNION = {
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 2,
    "AVERAGE_POOL_2D": 5,
    "MAX_POOL_2D": 5,
    "FULLY_CONNECTED": 8,
    "SOFTMAX": 9,
    "CONCATENATION": 10,
    "ADD": 11,
    "MUL": 21,
    "MEAN": 27,
    "SUB": 28,
    "STRIDED_SLICE": 32,
    "SPLIT": 35,
    "PACK": 59,
    "RESIZE_NEAREST_NEIGHBOR": 74,
    "LEAKY_RELU": 75,
    "SPLIT_V": 79,
    "REDUCE_MAX": 27,
    "GELU": 116,
}
_WRITTEN_ONLY = {  # what LiteRT needs and the compiler sees from the tensors
    "SPLIT": (("num_splits", 0, "int32", 0),),
    "SPLIT_V": (("num_splits", 0, "int32", 0),),
    "PACK": (("values_count", 0, "int32", 0), ("axis", 1, "int32", 0)),
}
_MAKERS = {"int8": "Int8", "int32": "Int32", "bool": "Bool", "float32": "Float32"}


@dataclass(frozen=True)
class _Tensor:
    name: str
    shape: Sequence[int]
    element: str
    scale: Sequence[float]
    zero: Sequence[int]
    axis: int
    data: np.ndarray | None


@dataclass
class TfliteModel:
    """A file under construction; tensors are named by their index."""

    tensors: list[_Tensor] = field(default_factory=list)
    operators: list[tuple[str, Sequence[int], Sequence[int], dict[str, Any]]] = field(
        default_factory=list
    )
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    version: int = 3
    custom: str = "MyOperator"

    def tensor(
        self,
        shape: Sequence[int],
        scale: float | Sequence[float] = (),
        zero: int | Sequence[int] = (),
        element: str = "int8",
        axis: int = 0,
        data: object = None,
        name: str | None = None,
    ) -> int:
        """A tensor; constant where data are given."""
        scales = np.atleast_1d(np.asarray(scale, np.float32)).tolist()
        zeros = np.atleast_1d(np.asarray(zero, np.int64)).tolist()
        array = None if data is None else np.asarray(data).astype(element)
        name = f"t{len(self.tensors)}" if name is None else name
        self.tensors.append(_Tensor(name, shape, element, scales, zeros, axis, array))
        return len(self.tensors) - 1

    def constant(self, data: object, element: str = "int32", **more: Any) -> int:
        """A constant tensor."""
        array = np.asarray(data)
        return self.tensor(array.shape, element=element, data=array, **more)

    def input(self, shape: Sequence[int], *args: Any, **more: Any) -> int:
        """A tensor that the network gets."""
        self.inputs.append(self.tensor(shape, *args, **more))
        return self.inputs[-1]

    def operator(
        self, kind: str, inputs: Sequence[int], output: int | Sequence[int], **options: Any
    ) -> None:
        """An operator; options as in the public schema."""
        outputs = [output] if isinstance(output, int) else output
        self.operators.append((kind, inputs, outputs, options))

    def bytes(self) -> bytes:
        """The file."""
        b = flatbuffers.Builder(1024)
        kinds = sorted({kind for kind, *_ in self.operators})
        buffers = [_table(b, {})]
        tensors = []
        for tensor in self.tensors:
            place = 0
            if tensor.data is not None:
                place = len(buffers)
                data = b.CreateNumpyVector(np.frombuffer(tensor.data.tobytes(), np.uint8))
                buffers.append(_table(b, {0: ("offset", data)}))
            tensors.append(_tensor(b, tensor, place))
        codes = [self._code(b, kind) for kind in kinds]
        operators = [self._operator(b, one, kinds) for one in self.operators]
        graph = _table(
            b,
            {
                0: ("offset", _offsets(b, tensors)),
                1: ("offset", b.CreateNumpyVector(np.array(self.inputs, np.int32))),
                2: ("offset", b.CreateNumpyVector(np.array(self.outputs, np.int32))),
                3: ("offset", _offsets(b, operators)),
            },
        )
        model = _table(
            b,
            {
                0: ("Uint32", self.version),
                1: ("offset", _offsets(b, codes)),
                2: ("offset", _offsets(b, [graph])),
                4: ("offset", _offsets(b, buffers)),
            },
        )
        b.Finish(model, TFLITE)
        return bytes(b.Output())

    def _code(self, b: Any, kind: str) -> int:
        number = schema._OPERATORS.index(kind)
        fields = {0: ("Int8", min(number, 127)), 2: ("Int32", 1), 3: ("Int32", number)}
        if kind == "CUSTOM":
            fields[1] = ("offset", b.CreateString(self.custom))
        return _table(b, fields)

    def _operator(self, b: Any, one: Any, kinds: Sequence[str]) -> int:
        kind, inputs, outputs, options = one
        fields = {
            0: ("Uint32", kinds.index(kind)),
            1: ("offset", b.CreateNumpyVector(np.array(inputs, np.int32))),
            2: ("offset", b.CreateNumpyVector(np.array(outputs, np.int32))),
        }
        known = _WRITTEN_ONLY.get(kind) or schema._OPTIONS.get(kind)
        if known:
            table = {n: (_MAKERS[t], options[name]) for name, n, t, _ in known if name in options}
            fields[3] = ("Uint8", _UNION[kind])
            fields[4] = ("offset", _table(b, table))
        return _table(b, fields)


def _tensor(b: Any, tensor: _Tensor, buffer: int) -> int:
    name = b.CreateString(tensor.name)
    fields = {
        0: ("offset", b.CreateNumpyVector(np.array(tensor.shape, np.int32))),
        1: ("Int8", schema._ELEMENTS.index(tensor.element)),
        2: ("Uint32", buffer),
        3: ("offset", name),
    }
    if tensor.scale:
        scale = b.CreateNumpyVector(np.array(tensor.scale, np.float32))
        zero = b.CreateNumpyVector(np.array(tensor.zero or [0], np.int64))
        parameters = {2: ("offset", scale), 3: ("offset", zero), 6: ("Int32", tensor.axis)}
        fields[4] = ("offset", _table(b, parameters))
    return _table(b, fields)


def _table(b: Any, fields: dict[int, tuple[str, Any]]) -> int:
    b.StartObject(max(fields, default=-1) + 1)
    for number, (kind, value) in fields.items():
        if kind == "offset":
            b.PrependUOffsetTRelativeSlot(number, value, 0)
        else:
            getattr(b, f"Prepend{kind}Slot")(number, value, None)
    return int(b.EndObject())


def _offsets(b: Any, places: Sequence[int]) -> int:
    b.StartVector(4, len(places), 4)
    for place in reversed(places):
        b.PrependUOffsetTRelative(place)
    return int(b.EndVector())


def small_network(seed: int = 0) -> TfliteModel:
    """CONV_2D, DEPTHWISE_CONV_2D, ADD, AVERAGE_POOL_2D, RESHAPE, FULLY_CONNECTED, SOFTMAX."""
    rng = np.random.default_rng(seed)
    m = TfliteModel()
    x = m.input((1, 8, 8, 2), 0.05, -3, name="image")
    y = layer(m, rng, "CONV_2D", x, (6, 3, 3, 2), (1, 4, 4, 6), stride=2)
    z = layer(m, rng, "DEPTHWISE_CONV_2D", y, (1, 3, 3, 6), (1, 4, 4, 6))
    total = m.tensor((1, 4, 4, 6), 0.09, 4)
    m.operator("ADD", [y, z], total, fused_activation_function=1)
    pooled = m.tensor((1, 1, 1, 6), 0.09, 4)
    m.operator(
        "AVERAGE_POOL_2D",
        [total],
        pooled,
        padding=1,
        stride_w=4,
        stride_h=4,
        filter_width=4,
        filter_height=4,
    )
    flat = m.tensor((1, 6), 0.09, 4)
    m.operator("RESHAPE", [pooled, m.constant([1, 6])], flat)
    scores = layer(m, rng, "FULLY_CONNECTED", flat, (3, 6), (1, 3), axis=0)
    shares = m.tensor((1, 3), 1 / 256, -128, name="shares")
    m.operator("SOFTMAX", [scores], shares, beta=1.0)
    m.outputs = [shares]
    return m


def layer(
    m: TfliteModel,
    rng: np.random.Generator,
    kind: str,
    x: int,
    weights: tuple[int, ...],
    output: tuple[int, ...],
    stride: int = 1,
    axis: int | None = None,
    **options: Any,
) -> int:
    """A layer with random per-channel weights and biases; its output is quantised to fit."""
    axis = (3 if kind == "DEPTHWISE_CONV_2D" else 0) if axis is None else axis
    channels = weights[axis]
    scales = rng.uniform(0.002, 0.02, channels).astype(np.float32)
    if kind == "FULLY_CONNECTED":
        scales = scales[:1]
    w = m.constant(
        rng.integers(-127, 128, weights),
        "int8",
        scale=scales,
        zero=np.zeros(len(scales)),
        axis=axis,
    )
    units = scales * np.float32(m.tensors[x].scale[0])
    b = m.constant(rng.integers(-2000, 2000, channels), scale=units, zero=np.zeros(len(scales)))
    y = m.tensor(output, 0.05, int(rng.integers(-20, 20)))
    if kind != "FULLY_CONNECTED":
        options = {"padding": 0, "stride_w": stride, "stride_h": stride, **options}
    if kind == "DEPTHWISE_CONV_2D":
        options = {"dilation_w_factor": 1, "dilation_h_factor": 1, **options}
    m.operator(kind, [x, w, b], y, **options)
    return y
