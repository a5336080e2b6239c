"""The original model in onnxruntime, its values laid out and centred as the IR's tensors are.

Graph optimisations are disabled: onnxruntime then computes every node as the file states it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from tinycc.errors import ModelError
from tinycc.ir.graph import Graph, Tensor
from tinycc.ir.types import DType

_LOG_FATAL = 4


class Session:
    """An ONNX model in onnxruntime, node by node as the file states it.

    `where` names the model in errors. Raises ModelError where onnxruntime refuses the model.
    """

    def __init__(self, model: Path | bytes, where: str | None) -> None:
        self._where = where
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_FATAL
        source = model if isinstance(model, bytes) else str(model)
        try:
            self._session = onnxruntime.InferenceSession(
                source, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions have no common base class
            raise self._refusal("onnxruntime cannot load the model", error) from error
        self._needed = onnxruntime.RunOptions()
        self._needed.log_severity_level = _LOG_FATAL
        self._needed.only_execute_path_to_fetches = True
        self.inputs = {value.name: value.type for value in self._session.get_inputs()}
        self.outputs = frozenset(value.name for value in self._session.get_outputs())

    def run(
        self, inputs: Mapping[str, np.ndarray], fetched: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """The values of some outputs; only the nodes that they need are executed."""
        if not fetched:
            return {}
        try:
            values = self._session.run(list(fetched), dict(inputs), self._needed)
        except Exception as error:
            raise self._refusal("onnxruntime cannot run the model", error) from error
        return dict(zip(fetched, values, strict=True))

    def _refusal(self, what: str, error: Exception) -> ModelError:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return ModelError(f"{what}: {lines[0]}", self._where)


class OriginalModel:
    """A model file beside the graph that was imported from it.

    Inner tensors can be read when the model has them as outputs: give the bytes that
    `tinycc.frontend.expose_tensors` makes. Raises ModelError where onnxruntime refuses the model.
    """

    def __init__(self, model: Path | bytes, graph: Graph) -> None:
        self._graph = graph
        self._session = Session(model, graph.origin or None)

    @property
    def float_inputs(self) -> frozenset[str]:
        """The inputs that the model file takes as float32."""
        types = self._session.inputs
        return frozenset(name for name, type_ in types.items() if type_ == "tensor(float)")

    @property
    def tensors(self) -> tuple[str, ...]:
        """The run-time tensors of the graph whose values this model can give."""
        known = self._session.inputs.keys() | self._session.outputs
        return tuple(
            name
            for name, tensor in self._graph.tensors.items()
            if not tensor.is_constant and tensor.source is not None and tensor.source.name in known
        )

    def run(
        self, inputs: Mapping[str, np.ndarray], tensors: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Values of IR tensors (default: the graph's outputs) for one sample.

        Inputs by name, as stored. uint8 values come re-centred where the IR's tensor is int8.
        Raises KeyError for a tensor that is not in `tensors`.
        """
        wanted = [self._graph.tensors[name] for name in tensors or self._graph.outputs]
        sources = {source_name(tensor) for tensor in wanted}
        fetched = sorted(sources & self._session.outputs)
        found = {**inputs, **self._session.run(inputs, fetched)}
        return {tensor.name: as_stored(found[source_name(tensor)], tensor) for tensor in wanted}


def source_names(graph: Graph) -> tuple[str, ...]:
    """The tensors of the model file that run-time tensors of the graph equal."""
    sources = [t.source for t in graph.tensors.values() if not t.is_constant]
    return tuple(dict.fromkeys(source.name for source in sources if source is not None))


def source_name(tensor: Tensor) -> str:
    """The tensor of the model file that an IR tensor equals; KeyError where there is none."""
    if tensor.source is None:
        raise KeyError(f"{tensor.name} has no counterpart in the model file")
    return tensor.source.name


def as_stored(value: np.ndarray, tensor: Tensor) -> np.ndarray:
    """A value of the model file in the layout and element type of the IR's tensor."""
    assert tensor.source is not None
    array = np.asarray(value).reshape(tensor.source.shape).transpose(tensor.source.permutation)
    if array.dtype == np.uint8 and tensor.type.dtype is DType.INT8:
        array = (array ^ np.uint8(128)).view(np.int8)
    if tensor.source.channels is not None:
        rows = array.reshape(*tensor.type.shape[:-1], -1)
        array = rows[..., list(tensor.source.channels)]
    return np.ascontiguousarray(array).reshape(tensor.type.shape)
