"""TFLite to IR: `read_tflite`. Every problem that can be found in one go is reported in one error.

Operators become the same nodes as those of a quantised ONNX file: each gets its operands behind
`dequantize` and its results in front of `quantize`, with the scales of the file's tensors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tinycc import ops
from tinycc.errors import ModelError, Problem, UsageError
from tinycc.frontend.builder import Activation, GraphBuilder
from tinycc.frontend.constants import Constant
from tinycc.frontend.inputs import MOST_ELEMENTS
from tinycc.frontend.qdq import dequantized_constant
from tinycc.frontend.quantization import Parameters, check_activation
from tinycc.frontend.tflite.layers import LAYERS, Rule
from tinycc.frontend.tflite.moves import BY_SHAPE, MOVES, OUTPUT_SHAPES
from tinycc.frontend.tflite.schema import (
    NO_TENSOR,
    FlatModel,
    FlatOperator,
    FlatTensor,
    read_flat,
)
from tinycc.frontend.wording import FactError, extents, quoted, quoted_list
from tinycc.ir.graph import Graph
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.foreign import ForeignNode

_RULES: Mapping[str, Rule] = {**LAYERS, **MOVES}
_WITH_BIAS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
_BIAS = 2
_DAMAGED = "the file is damaged; convert or download it again"
_SEE_OPERATORS = "see which there are: tinycc ops"
_INTEGERS = frozenset({"int8", "uint8", "int32"})


def read_tflite(data: bytes, name: str, shapes: Mapping[str, tuple[int, ...]]) -> Graph:
    """The network of a .tflite file's bytes, one sample per batch.

    Raises ModelError (with every problem found) for files that are damaged or cannot be compiled,
    UsageError for `shapes` that differ from the file's.
    """
    try:
        flat = read_flat(data)
        return _Reader(flat, name, shapes).graph()
    except FactError as error:
        message = f"the TensorFlow Lite file cannot be read: {error}"
        raise ModelError(message, name, error.hint or _DAMAGED) from error


class _Reader:
    """One conversion: operators in the file's order, problems collected on the way."""

    def __init__(self, flat: FlatModel, name: str, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._flat = flat
        self._name = name
        self._problems: list[Problem] = []
        self._poisoned: set[str] = set()
        self._parameters = {tensor.name: _parameters(tensor) for tensor in flat.tensors}
        shared = {key: value for key, value in self._parameters.items() if value is not None}
        names = frozenset(tensor.name for tensor in flat.tensors)
        where = f"{name}, TensorFlow Lite"
        self._build = GraphBuilder(where, names, self._named(flat.outputs), shared)
        self._real: dict[str, str] = {}  # integer tensor -> its real values
        _check_shapes(shapes, [flat.tensors[index] for index in flat.inputs])
        for index in flat.inputs:
            self._add_input(flat.tensors[index])

    def graph(self) -> Graph:
        """The finished graph; ModelError lists what stood in the way."""
        operators = _needed(self._flat, self._build.where)
        _check_quantized(self._flat, operators, self._build.where)
        for operator in operators:
            self._convert(operator)
        self._build.current = None
        if not self._problems:
            self._problems += self._build.attempt(self._add_outputs)
        if self._problems:
            raise ModelError.of(self._problems)
        stem = Path(self._name).stem
        return self._build.graph(stem, self._named(self._flat.inputs))

    def _add_outputs(self) -> None:
        for name in self._named(self._flat.outputs):
            self._build.add_output(name)

    def _named(self, indices: Sequence[int]) -> list[str]:
        return [self._flat.tensors[index].name for index in indices]

    def _add_input(self, tensor: FlatTensor) -> None:
        shape = _checked_shape(tensor)
        if len(shape) > 1 and shape[0] != 1:
            raise FactError(
                f"input {quoted(tensor.name)} has a batch of {shape[0]} ({extents(shape)}); "
                "a microcontroller takes one sample at a time",
                "convert the model with a batch of 1",
            )
        if tensor.element not in ("float32", "int8", "uint8"):
            raise FactError(
                f"input {quoted(tensor.name)} is {tensor.element}; "
                "float32, int8 and uint8 are supported"
            )
        self._build.add_input(tensor.name, TensorType(shape, DType(tensor.element)))

    def _convert(self, operator: FlatOperator) -> None:
        node = self._foreign(operator)
        self._build.current = node
        used = self._poisoned.intersection(node.inputs)
        rule = None if operator.custom else _RULES.get(operator.kind)
        problems: Sequence[Problem] = ()
        if rule is None:
            kind = "custom operator" if operator.custom else "operator"
            message = f"{kind} {operator.kind} is not supported"
            problems = self._build.fail(message, _SEE_OPERATORS).problems
        elif not used:
            problems = self._build.attempt(lambda: self._apply(node, operator, rule))
        self._problems += problems
        if problems or used:
            self._poisoned.update(node.outputs)

    def _foreign(self, operator: FlatOperator) -> ForeignNode:
        names = self._named(operator.outputs)
        shapes = [self._flat.tensors[index].shape for index in operator.outputs]
        attributes = {**operator.options, OUTPUT_SHAPES: shapes}
        inputs = operator.inputs[:1] if operator.kind in BY_SHAPE else operator.inputs
        operands = ["" if i == NO_TENSOR else self._flat.tensors[i].name for i in inputs]
        title = names[0] if names else operator.kind
        return ForeignNode(
            title, operator.kind, operator.version, attributes, tuple(operands), tuple(names)
        )

    def _apply(self, node: ForeignNode, operator: FlatOperator, rule: Rule) -> None:
        operands = [self._operand(operator, index) for index in range(len(node.inputs))]
        if operator.kind in _WITH_BIAS and len(operands) > _BIAS and operands[_BIAS]:
            operands[_BIAS] = self._bias(operator)
        real = ForeignNode(
            node.name, node.op_type, node.opset, node.attributes, tuple(operands), node.outputs
        )
        for made, index in zip(rule(real, self._build), operator.outputs, strict=True):
            self._finish(made, self._flat.tensors[index])

    def _operand(self, operator: FlatOperator, position: int) -> str:
        """The name of an operand's real values; '' where it is absent."""
        index = operator.inputs[position]
        if index == NO_TENSOR:
            return ""
        tensor = self._flat.tensors[index]
        if tensor.raw is not None:
            self._add_constant(tensor)
            return tensor.name
        value = self._build.value(tensor.name)
        if not isinstance(value, Activation) or value.tensor.type.is_float:
            return tensor.name
        if tensor.name not in self._real:
            type_ = TensorType(value.tensor.type.shape, DType.FLOAT32)
            attrs = ops.get("dequantize").attrs()
            made = self._build.add_node("dequantize", attrs, [value.tensor], type_, None)
            self._real[tensor.name] = made
        return self._real[tensor.name]

    def _add_constant(self, tensor: FlatTensor) -> None:
        if tensor.name in self._build.values:
            return
        _checked_shape(tensor)
        constant = Constant.of_file(tensor.name, tensor.data)
        parameters = self._parameters[tensor.name]
        if parameters is not None and tensor.element in _INTEGERS:
            constant = dequantized_constant(constant, parameters)
        self._build.values[tensor.name] = constant

    def _bias(self, operator: FlatOperator) -> str:
        """An int32 bias in units of the accumulator, whatever scale the file gives it."""
        x, weights, bias = (self._flat.tensors[index] for index in operator.inputs[:3])
        scales = [self._parameters[tensor.name] for tensor in (x, weights)]
        if bias.element != "int32" or bias.raw is None or None in scales:
            return bias.name
        steps = [np.asarray(found.scale) for found in scales if found is not None]
        products = steps[0] * steps[1]  # exact: float32 factors
        axis = 0 if products.size > 1 else None
        units = Quantization(tuple(products.tolist()), (0,) * products.size, axis)
        known = self._build.values[bias.name]
        assert isinstance(known, Constant)
        if axis == 0 and products.size != known.data.size:
            raise FactError(f"{known.data.size} biases for {products.size} scales of the weights")
        constant = Constant(bias.name, known.data, units, known.source)
        name = f"{bias.name}.{operator.outputs[0]}"
        self._build.values[name] = constant
        return name

    def _finish(self, made: str, tensor: FlatTensor) -> None:
        """Gives an operator's result the name and the type of the file's tensor."""
        value, shape = self._build.value(made), self._build.type(made).shape
        if shape != tensor.shape and tensor.shape:
            raise self._build.fail(
                f"its output {quoted(tensor.name)} is declared as {extents(tensor.shape)}, "
                f"but the operator makes {extents(shape)}"
            )
        if tensor.element == "float32":
            self._build.alias(made, tensor.name)
            return
        check_activation(tensor.element)
        parameters = self._parameters[tensor.name]
        if parameters is None or parameters.axis is not None:
            raise FactError(f"{quoted(tensor.name)} is {tensor.element} without one scale")
        if isinstance(value, Constant):
            raise FactError("it computes a constant", "convert with constants folded")
        unsigned = tensor.element == "uint8"
        type_ = TensorType(shape, DType.INT8, parameters.quantization(shape, unsigned))
        attrs = ops.get("quantize").attrs()
        self._build.add_node("quantize", attrs, [value.tensor], type_, tensor.name, unsigned)


def _parameters(tensor: FlatTensor) -> Parameters | None:
    """Scale and zero point; FactError where they are no numbers above zero."""
    found = tensor.quantized
    if found is None:
        return None
    values = found.scale.astype(np.float64)
    bad = values[~(np.isfinite(values) & (values > 0))]
    if bad.size and tensor.raw is None:
        raise FactError(
            f"tensor {quoted(tensor.name)} has scale {bad[0]:g}; "
            "scales must be finite and above zero",
            "quantise again with data that excite this layer",
        )
    if bad.size:  # a channel whose weights are all zero may have any scale
        values = np.where(np.isfinite(values) & (values > 0), values, 1.0)
    axis = None if values.size == 1 else found.axis
    if axis is not None and len(tensor.shape) == 1:
        axis = 0  # some converters write the axis that the weights have
    zeros = tuple(int(zero) for zero in found.zero_point)
    return Parameters(tuple(values.tolist()), zeros, tensor.element, axis, found.scale)


def _checked_shape(tensor: FlatTensor) -> tuple[int, ...]:
    shape = tensor.shape
    if any(extent < 1 for extent in shape) or math.prod(shape) > MOST_ELEMENTS:
        raise FactError(f"{quoted(tensor.name)} has the impossible shape {list(shape)}")
    return shape


def _check_shapes(shapes: Mapping[str, tuple[int, ...]], inputs: Sequence[FlatTensor]) -> None:
    """--shape may only repeat what a .tflite file fixes."""
    known = {tensor.name: tensor.shape for tensor in inputs}
    for name, shape in shapes.items():
        if name not in known:
            raise UsageError(
                f"--shape: the model has no input {quoted(name)}",
                hint=f"inputs: {quoted_list(list(known))}",
            )
        if tuple(shape) != known[name]:
            raise UsageError(
                f"--shape: a .tflite file fixes its shapes; {quoted(name)} is "
                f"{extents(known[name])}",
                hint="convert the model again with the shape that you need",
            )


def _needed(flat: FlatModel, where: str) -> list[FlatOperator]:
    """The operators that the outputs need, in the file's order, which is that of execution."""
    makers: dict[int, int] = {}
    for place, operator in enumerate(flat.operators):
        for index in operator.outputs:
            if index in makers or index in flat.inputs or flat.tensors[index].raw is not None:
                raise FactError(f"tensor {quoted(flat.tensors[index].name)} is made twice")
            makers[index] = place
    pending = list(flat.outputs)
    seen: set[int] = set()
    while pending:
        index = pending.pop()
        place = makers.get(index, -1)
        if place < 0 or place in seen:
            continue
        seen.add(place)
        for read in _read(flat.operators[place]):
            if makers.get(read, -1) >= place:
                raise FactError(
                    f"operator {flat.operators[place].kind} that makes "
                    f"{quoted(flat.tensors[index].name)} reads {quoted(flat.tensors[read].name)} "
                    "before it is made: the operators form a loop or are out of order"
                )
            pending.append(read)
    _check_made(flat, seen, makers, where)
    return [flat.operators[place] for place in sorted(seen)]


def _check_quantized(flat: FlatModel, operators: Sequence[FlatOperator], where: str) -> None:
    """ModelError for a network that computes in float, in whatever form its weights are stored."""
    read = {index for operator in operators for index in _read(operator)}
    made = {index for operator in operators for index in operator.outputs}
    border = (*flat.inputs, *flat.outputs)
    if any(flat.tensors[index].element != "float32" for index in (*border, *made)):
        return
    stored = {flat.tensors[index].element for index in read - made if index not in flat.inputs}
    kinds = (("float16", "a float16"), ("int8", "a dynamic-range (only its weights are int8)"))
    kind = next((text for element, text in kinds if element in stored), "a float")
    raise ModelError(
        f"this is {kind} network: its activations are float32",
        where,
        "convert it for int8 with a representative dataset, or give the network as float ONNX "
        "with --calibration",
    )


def _read(operator: FlatOperator) -> list[int]:
    inputs = operator.inputs[:1] if operator.kind in BY_SHAPE else operator.inputs
    return [index for index in inputs if index != NO_TENSOR]


def _check_made(flat: FlatModel, places: set[int], makers: Mapping[int, int], where: str) -> None:
    wanted = dict.fromkeys(flat.outputs, "the outputs")
    for place in sorted(places):
        wanted.update(dict.fromkeys(_read(flat.operators[place]), flat.operators[place].kind))
    for index, reader in wanted.items():
        tensor = flat.tensors[index]
        if index not in makers and index not in flat.inputs and tensor.raw is None:
            raise FactError(f"nothing makes {quoted(tensor.name)}, which {reader} needs")
    if not flat.outputs or not flat.inputs:
        raise ModelError("the network has no inputs or no outputs", where, _DAMAGED)
