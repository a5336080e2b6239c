"""What a test asserts of a compiled network; a failure says by how much, and where to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from tinycc.api.loaded import LoadedNetwork
from tinycc.api.network import Network
from tinycc.api.score import score
from tinycc.ops.numerics import real_values

On = Literal["target", "host"]
Inputs = np.ndarray | Mapping[str, np.ndarray]


class CheckedNetwork:
    """A network with assertions. `network` is what `tinycc.build` or `tinycc.load` returned."""

    def __init__(self, network: Network | LoadedNetwork) -> None:
        self.network = network

    @property
    def report(self) -> dict[str, Any]:
        """The contents of report.json."""
        return self.network.report

    def run(self, inputs: Inputs, on: On = "target") -> dict[str, np.ndarray]:
        """The outputs by name, as stored; see `Network.run`."""
        return self.network.run(inputs, on)

    def assert_bytes(
        self,
        *,
        sram: int | None = None,
        flash: int | None = None,
        arena: int | None = None,
        stack: int | None = None,
    ) -> None:
        """At most so many bytes of SRAM in all, of flash in all, of arena, and of stack."""
        __tracebackhide__ = True
        memory = self.report["memory"]
        peak = self.report["steps"][memory["sram"]["peak_step"]] if self.report["steps"] else None
        where = f"fullest at step {peak['index']} ({', '.join(peak['nodes'])})" if peak else ""
        largest = max(self.report["steps"], key=lambda step: step["weights"], default=None)
        weights = f"weights are {memory['flash']['weights']:,}" + (
            f", most of them of step {largest['index']} ({', '.join(largest['nodes'])})"
            if largest
            else ""
        )
        for name, found, most, note in (
            ("SRAM", memory["sram"]["total"], sram, where),
            ("arena", memory["sram"]["arena"], arena, where),
            ("stack", memory["sram"]["stack"], stack, ""),
            ("flash", memory["flash"]["total"], flash, weights),
        ):
            if most is not None:
                self._assert_most(f"bytes of {name}", found, most, note)

    def assert_instructions(self, at_most: int) -> None:
        """At most so many executed instructions per inference, counted under QEMU."""
        __tracebackhide__ = True
        note = "`tinycc bench` counts them step by step"
        self._assert_most("instructions", self.network.instructions, at_most, note)

    def assert_accuracy(
        self, inputs: Inputs, labels: np.ndarray, at_least: float, on: On = "target"
    ) -> None:
        """At least this share of samples right, or this area under the curve.

        `labels`: class numbers, or 0 and 1 for a network with one output value.
        """
        __tracebackhide__ = True
        outputs = next(iter(self.run(inputs, on).values()))
        type_ = self.network.interface.tensors[self.network.interface.outputs[0]].type
        given = next(iter(inputs.values())) if isinstance(inputs, Mapping) else inputs
        found = score(np.asarray(given), real_values(outputs, type_), labels)
        if found.metric == "mean squared error":
            raise TypeError("labels of the outputs' shape: there is no accuracy to assert")
        assert found.value >= at_least, (
            f"{self._name}: {found.metric} {found.value:.4f} on {found.samples} samples, "
            f"at least {at_least} wanted"
        )

    def assert_outputs(
        self, inputs: Inputs, wanted: np.ndarray | Mapping[str, np.ndarray], on: On = "target"
    ) -> None:
        """Exactly these outputs, as stored: the same on every target, so kept ones can be old."""
        __tracebackhide__ = True
        found = self.run(inputs, on)
        expected = wanted if isinstance(wanted, Mapping) else {next(iter(found)): wanted}
        for name, values in expected.items():
            assert name in found, f"{self._name} has no output `{name}`, but {', '.join(found)}"
            ours, theirs = found[name], np.asarray(values)
            assert ours.shape == theirs.shape, f"`{name}`: {ours.shape}, not {theirs.shape}"
            wrong = np.flatnonzero(ours.reshape(-1) != theirs.reshape(-1))
            assert not wrong.size, (
                f"{self._name}: {wrong.size} of {ours.size} values of `{name}` differ, the first "
                f"at {wrong[0]}: {ours.reshape(-1)[wrong[0]]}, "
                f"not {theirs.reshape(-1)[wrong[0]]}"
            )

    @property
    def _name(self) -> str:
        return f"{self.report['model']['name']} for {self.report['target']['name']}"

    def _assert_most(self, what: str, found: int | None, most: int, note: str) -> None:
        __tracebackhide__ = True
        notes = "; ".join(self.report["notes"])
        assert found is not None, f"{self._name}: {what} not measured. {notes}"
        assert found <= most, (
            f"{self._name}: {found:,} {what}, at most {most:,} wanted"
            f"{f' ({found - most:,} too many)'}{f'; {note}' if note else ''}"
        )
