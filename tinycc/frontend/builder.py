"""Builds the IR while foreign nodes are converted: what operator rules get as their `Builder`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinycc import ops
from tinycc.errors import ModelError, Problem, TinyccError
from tinycc.frontend.constants import Constant, reshaped_source, transposed_source
from tinycc.frontend.inputs import MOST_ELEMENTS
from tinycc.frontend.quantization import MOVES, Parameters
from tinycc.frontend.wording import FactError, exception_text, extents, quoted, type_text
from tinycc.ir.graph import Graph, Node, Source, Tensor
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.foreign import ForeignNode
from tinycc.ops.numerics import real_values

_MOST_SHOWN_INPUTS = 3


@dataclass(frozen=True)
class Activation:
    """A value computed at run time. `unsigned`: uint8 in the model file, re-centred here."""

    tensor: Tensor
    unsigned: bool = False


Value = Constant | Activation


class GraphBuilder:
    """Tensors and nodes made so far; implements `tinycc.ops.foreign.Builder`.

    `values` maps names of the model file, and names made here, to what they stand for.
    """

    def __init__(
        self,
        where: str,
        names: frozenset[str],
        outputs: Sequence[str],
        shared: Mapping[str, Parameters],
    ) -> None:
        self.values: dict[str, Value] = {}
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        self.current: ForeignNode | None = None
        self.where = where
        self._file_names = names
        self._outputs = tuple(outputs)
        self._shared = shared
        self._fresh_names: set[str] = set()
        self._constants: dict[Constant, Tensor] = {}
        self._typed: dict[str, Constant] = {}

    # What rules may do

    def type(self, name: str) -> TensorType:
        """The type of a tensor made so far, in the model's own layout."""
        value = self.value(name)
        if isinstance(value, Activation):
            return value.tensor.type
        value = self._with_quantization(name, value)
        dtypes = {"int8": DType.INT8, "uint8": DType.INT8, "f": DType.FLOAT32}
        kind = value.data.dtype
        dtype = dtypes.get(kind.name) or dtypes.get(kind.kind, DType.INT32)
        return TensorType(value.data.shape, dtype, value.quantization)

    def constant(self, name: str) -> np.ndarray | None:
        """Real values (float64, or integers of a shape tensor) when known, else None."""
        value = self.value(name)
        if isinstance(value, Activation):
            return None
        value = self._with_quantization(name, value)
        if value.quantization is not None:
            type_ = TensorType(value.data.shape, DType(value.data.dtype.name), value.quantization)
            return real_values(value.data, type_)
        wide = np.float64 if value.data.dtype.kind == "f" else np.int64
        return value.data.astype(wide)

    def add_constant(self, base: str, data: np.ndarray, type_: TensorType | None = None) -> str:
        """A new constant tensor; float32 unless a type is given."""
        dtype = type_.dtype if type_ is not None else DType.FLOAT32
        name = self._fresh(base)
        quantization = type_.quantization if type_ is not None else None
        self.values[name] = Constant(name, np.asarray(data).astype(dtype.numpy), quantization)
        return name

    def emit(self, op: str, attrs: object, inputs: Sequence[str], output: str | None = None) -> str:
        """Adds a node (type inferred); `output` names the foreign tensor it makes, else fresh."""
        tensors = [self.tensor(name) for name in inputs]
        types = [tensor.type for tensor in tensors]
        try:
            shape = tuple(int(extent) for extent in ops.get(op).infer(attrs, types))
        except TinyccError:
            raise
        except Exception as error:  # an operator infers from shapes it has not seen before
            raise self.inconsistent(error) from error
        activations = [self.value(name) for name in inputs]
        moved = [v for v in activations if isinstance(v, Activation) and not v.tensor.type.is_float]
        type_ = self._output_type(shape, [activation.tensor for activation in moved])
        return self.add_node(op, attrs, tensors, type_, output, any(v.unsigned for v in moved))

    def transpose(self, name: str, permutation: Sequence[int], output: str | None = None) -> str:
        """Adds a transpose; constants are transposed at once."""
        permutation = tuple(int(axis) for axis in permutation)
        rank = len(self.type(name).shape)
        if sorted(permutation) != list(range(rank)):
            raise self.fail(f"permutation {list(permutation)} for a tensor with {rank} axes")
        value = self.value(name)
        if isinstance(value, Constant):
            value = self._with_quantization(name, value)
            return self._keep(value.transposed(permutation), name, output)
        source = transposed_source(value.tensor.source, permutation)
        made = self.emit("transpose", ops.get("transpose").attrs(permutation), [name], output)
        return self._with_source(made, source if output is None else None)

    def reshape(self, name: str, shape: Sequence[int], output: str | None = None) -> str:
        """Adds a reshape; constants are reshaped at once."""
        shape = tuple(int(extent) for extent in shape)
        found = self.type(name).shape
        if math.prod(shape) != math.prod(found) or any(extent < 0 for extent in shape):
            raise self.fail(f"{extents(found)} cannot be reshaped to {extents(shape)}")
        value = self.value(name)
        if isinstance(value, Constant):
            value = self._with_quantization(name, value)
            try:
                return self._keep(value.reshaped(shape), name, output)
            except ValueError as error:
                raise self.fail(str(error)) from error
        source = reshaped_source(value.tensor.source, shape)
        made = self.emit("reshape", ops.get("reshape").attrs(shape), [name], output)
        return self._with_source(made, source if output is None else None)

    def alias(self, name: str, output: str) -> None:
        """Makes `output` another name of `name` (Identity, Dropout)."""
        value = self.value(name)
        if output in self._outputs and isinstance(value, Activation):
            self.reshape(name, value.tensor.type.shape, output)  # an output needs its own name
            return
        self.values[output] = value

    def fail(self, message: str, hint: str | None = None) -> ModelError:
        """An error about the current node, to be raised by the rule."""
        node = self.current
        if node is None:
            return ModelError(message, self.where, hint)
        text = f"node {quoted(node.name)} ({node.op_type}): {message}"
        return ModelError(text, self.place(node), hint)

    # What the importer does besides

    def attempt(self, convert: Callable[[], object]) -> tuple[Problem, ...]:
        """Runs a conversion; what is wrong with the current node, nothing when it succeeds."""
        try:
            convert()
        except TinyccError as error:
            return error.problems
        except FactError as error:
            return self.fail(str(error), error.hint).problems
        except Exception as error:  # rules meet attributes and shapes that no exporter writes
            return self.inconsistent(error).problems
        return ()

    def graph(self, name: str, inputs: Sequence[str]) -> Graph:
        """The finished graph without the nodes that no output needs."""
        needed, kept = set(self._outputs), []
        for node in reversed(self.nodes):
            if node.output in needed:
                needed.update(node.inputs)
                kept.append(node)
        tensors = list(self.tensors.values())
        return Graph.build(name, tensors, kept[::-1], inputs, self._outputs, self.where)

    def inconsistent(self, error: Exception) -> ModelError:
        """The error for a node whose rule or shape inference stumbled over its operands."""
        return self.fail(
            f"its shapes or attributes are inconsistent ({exception_text(error)})",
            "onnx.checker.check_model(path, full_check=True) may say more",
        )

    def place(self, node: ForeignNode) -> str:
        """The model and the node's run-time inputs with their types."""
        values = {name: self.values.get(name) for name in dict.fromkeys(node.inputs)}
        shown = [
            f"{quoted(name)} {type_text(value.tensor.type, value.unsigned)}"
            for name, value in values.items()
            if isinstance(value, Activation)
        ]
        if not shown:
            return self.where
        inputs = ", ".join(shown[:_MOST_SHOWN_INPUTS])
        return f"{self.where}, input{'s' if len(shown) > 1 else ''} {inputs}"

    def add_input(self, name: str, type_: TensorType) -> None:
        """A graph input; integer ones get their quantisation, uint8 ones a re-centred copy."""
        if type_.is_float:
            self.values[name] = Activation(self._new_tensor(name, name, type_))
            return
        unsigned = type_.dtype is DType.UINT8
        stored = replace(type_, quantization=self._assumed(name, type_.shape, unsigned=False))
        tensor = self._new_tensor(name, name, stored)
        self.values[name] = Activation(tensor, unsigned)
        if unsigned:
            centred = self._assumed(name, type_.shape, unsigned=True)
            inner = TensorType(type_.shape, DType.INT8, centred)
            made = self.add_node(
                "recentre", ops.get("recentre").attrs(), [tensor], inner, self._fresh(name, "int8")
            )
            copy = replace(self.tensors[made], source=tensor.source)
            self.tensors[made] = copy
            self.values[name] = Activation(copy, True)

    def add_output(self, name: str) -> None:
        """Makes an output tensor carry its own name and its own element type."""
        value = self.value(name)
        if isinstance(value, Constant):
            raise self.fail(f"output {quoted(name)} is a constant: nothing computes it")
        if not value.unsigned:
            return
        quantization = value.tensor.type.quantization
        assert quantization is not None
        zeros = tuple(zero + 128 for zero in quantization.zero_point)
        type_ = TensorType(
            value.tensor.type.shape, DType.UINT8, replace(quantization, zero_point=zeros)
        )
        node = self._ir_node("recentre", ops.get("recentre").attrs(), [value.tensor], name)
        self._new_tensor(name, name, type_)
        self.nodes.append(node)

    def add_node(
        self,
        op: str,
        attrs: object,
        inputs: Sequence[Tensor],
        type_: TensorType,
        output: str | None,
        unsigned: bool = False,
    ) -> str:
        """Adds a node of a known output type; returns the name of its value."""
        name = output or self._fresh(self._stem(inputs), op)
        if name in self.values and output is not None:
            raise self.fail(f"its inner value {quoted(output)} has the name of another value")
        # The border of a uint8 model stays uint8: the name is kept for the re-centred tensor.
        inner = self._fresh(name, "int8") if unsigned and name in self._outputs else name
        tensor = self._new_tensor(inner, output, type_)
        self.nodes.append(self._ir_node(op, attrs, inputs, inner))
        self.values[name] = Activation(tensor, unsigned)
        return name

    def value(self, name: str) -> Value:
        """What a name stands for; an error about the current node where it is unknown."""
        if name not in self.values:
            what = f"its input {quoted(name)} is not available" if name else "an input is missing"
            raise self.fail(what)
        return self.values[name]

    def tensor(self, name: str) -> Tensor:
        """The IR tensor of a value; constants become tensors when first used."""
        value = self.value(name)
        if isinstance(value, Activation):
            return value.tensor
        value = self._with_quantization(name, value)
        if value not in self._constants:
            data = self._stored(value)
            type_ = TensorType(data.shape, DType(data.dtype.name), value.quantization)
            kept = value.name if value.name not in self.tensors else self._fresh(value.name)
            tensor = Tensor(kept, type_, data, value.source)
            self._constants[value] = self.tensors[kept] = tensor
        return self._constants[value]

    def _output_type(self, shape: tuple[int, ...], moved: Sequence[Tensor]) -> TensorType:
        """float32, or the inputs' integer type for operators that only move values."""
        if any(extent < 1 for extent in shape) or math.prod(shape) > MOST_ELEMENTS:
            raise self.fail(f"its output would have the shape {extents(shape)}")
        if not moved:
            return TensorType(shape, DType.FLOAT32)
        if self.current is not None and self.current.op_type not in MOVES:
            raise self.fail(
                f"input {quoted(moved[0].name)} is {moved[0].type.dtype.value}: arithmetic on "
                "integers is not supported",
                "put a DequantizeLinear before the node and a QuantizeLinear behind it",
            )
        if len({tensor.type.quantization for tensor in moved}) > 1:
            raise self.fail("its integer inputs have different scales or zero points")
        return moved[0].type.with_shape(shape)

    def _assumed(self, name: str, shape: tuple[int, ...], unsigned: bool) -> Quantization:
        """What integers stand for: as the nearest Q or DQ says, else for themselves."""
        parameters = self._shared.get(name)
        if parameters is None or parameters.axis is not None:
            return Quantization.per_tensor(1.0, -128 if unsigned else 0)
        return parameters.quantization(shape, unsigned)

    def _with_quantization(self, name: str, value: Constant) -> Constant:
        """Integer constants that meet quantised activations (a Clip's bounds) share their scale."""
        kind = value.data.dtype.name
        if value.quantization is not None or kind not in ("int8", "uint8"):
            return value
        if name not in self._shared:
            return value
        quantization = self._assumed(name, value.data.shape, kind == "uint8")
        if name not in self._typed:  # beside the plain value, which may be a zero point as well
            data = value.data if kind == "int8" else recentred(value.data)
            self._typed[name] = replace(value, data=data, quantization=quantization)
        return self._typed[name]

    def _stored(self, value: Constant) -> np.ndarray:
        """A constant's data in an element type of the IR, nothing lost but float precision."""
        data, name = value.data, value.name
        if data.dtype.kind == "f":
            with np.errstate(over="ignore"):
                narrow = data.astype(np.float32)
            infinite = bool(np.isinf(narrow).any())
            if np.isnan(narrow).any() or (infinite and data.size > 1):
                what = "infinite values (in float32)" if infinite else "values that are no numbers"
                raise self.fail(f"constant {quoted(name)} holds {what}")
            return narrow
        if data.dtype.name == "uint8":
            raise self.fail(f"constant {quoted(name)} is uint8 without a scale")
        if data.dtype.name in ("int8", "int32"):
            return data
        if data.dtype.kind not in "iu":
            raise self.fail(f"constant {quoted(name)} is {data.dtype.name}, a number is needed")
        limits = np.iinfo(np.int32)
        if data.size and (int(data.min()) < limits.min or int(data.max()) > limits.max):
            raise self.fail(f"constant {quoted(name)} does not fit int32")
        return data.astype(np.int32)

    def _keep(self, constant: Constant, base: str, output: str | None) -> str:
        name = output or self._fresh(base)
        self.values[name] = constant
        return name

    def _with_source(self, name: str, source: Source | None) -> str:
        value = self.values[name]
        if source is not None and isinstance(value, Activation):
            tensor = replace(value.tensor, source=source)
            self.tensors[tensor.name] = tensor
            self.values[name] = replace(value, tensor=tensor)
        return name

    def _new_tensor(self, name: str, original: str | None, type_: TensorType) -> Tensor:
        source = None
        if original in self._file_names:
            source = Source(original, type_.shape, tuple(range(len(type_.shape))))
        self.tensors[name] = Tensor(name, type_, None, source)
        return self.tensors[name]

    def _ir_node(self, op: str, attrs: object, inputs: Sequence[Tensor], output: str) -> Node:
        names = tuple(tensor.name for tensor in inputs)
        own = self.current.name if self.current is not None else output
        origin = (self.current.name,) if self.current is not None else ()
        return Node(own, op, attrs, names, output, origin)

    def _stem(self, inputs: Sequence[Tensor]) -> str:
        if self.current is not None and self.current.outputs:
            return self.current.outputs[0]
        return inputs[0].name

    def _fresh(self, base: str, suffix: str = "") -> str:
        """A name that is in neither the file nor the graph."""
        stem = f"{base}.{suffix}" if suffix else base
        name, number = stem, 1
        while name in self._file_names or name in self._fresh_names or name in self.tensors:
            number += 1
            name = f"{stem}.{number}"
        self._fresh_names.add(name)
        return name


def recentred(data: np.ndarray) -> np.ndarray:
    """uint8 values as int8, each 128 lower."""
    centred: np.ndarray = (data ^ np.uint8(128)).view(np.int8)
    return centred
