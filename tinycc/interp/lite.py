"""The original .tflite model in LiteRT's reference kernels, its values laid out as the IR's are.

LiteRT (the package ai-edge-litert) is optional: without it a .tflite file is compiled all the same,
only not compared with its original.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinycc.errors import ModelError
from tinycc.interp.original import as_stored, source_name
from tinycc.ir.graph import Graph

INSTALL = "pip install ai-edge-litert"


class LiteModel:
    """A .tflite file beside the graph that was imported from it; used like `OriginalModel`.

    `names` are the tensors of the file, in its order. Raises ModelError where LiteRT is not
    installed or refuses the model.
    """

    def __init__(self, model: Path, names: Sequence[str], graph: Graph) -> None:
        self._graph = graph
        self._index = {name: index for index, name in enumerate(names)}
        try:
            from ai_edge_litert.interpreter import Interpreter, OpResolverType
        except ImportError as error:
            raise ModelError("LiteRT is not installed", graph.origin, INSTALL) from error
        try:
            self._interpreter = Interpreter(
                model_content=model.read_bytes(),
                num_threads=1,
                experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
                experimental_preserve_all_tensors=True,
            )
            self._interpreter.allocate_tensors()
        except Exception as error:  # whatever LiteRT's own layers raise
            raise self._refusal("LiteRT cannot load the model", error) from error

    @property
    def float_inputs(self) -> frozenset[str]:
        """The inputs that the model file takes as float32."""
        details = self._interpreter.get_input_details()
        names = {index: name for name, index in self._index.items()}
        return frozenset(names[d["index"]] for d in details if d["dtype"] == np.float32)

    @property
    def tensors(self) -> tuple[str, ...]:
        """The run-time tensors of the graph that stand in the file."""
        return tuple(
            name
            for name, tensor in self._graph.tensors.items()
            if not tensor.is_constant
            and tensor.source is not None
            and tensor.source.name in self._index
        )

    def run(
        self, inputs: Mapping[str, np.ndarray], tensors: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Values of IR tensors (default: the graph's outputs) for one sample, inputs by name."""
        wanted = [self._graph.tensors[name] for name in tensors or self._graph.outputs]
        try:
            for name, value in inputs.items():
                self._interpreter.set_tensor(self._index[name], value)
            self._interpreter.invoke()
            return {
                tensor.name: as_stored(self._value(source_name(tensor)), tensor)
                for tensor in wanted
            }
        except (RuntimeError, ValueError) as error:
            raise self._refusal("LiteRT cannot run the model", error) from error

    def _value(self, name: str) -> Any:
        return self._interpreter.get_tensor(self._index[name])

    def _refusal(self, what: str, error: Exception) -> ModelError:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return ModelError(f"{what}: {lines[0]}", self._graph.origin or None)
