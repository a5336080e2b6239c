"""Concat whose operands are made where they lie in its output: nothing runs, the same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_networks import RandomNetwork, Value

from tinycc.api.samples import samples_of
from tinycc.api.verify import verify
from tinycc.errors import InternalError
from tinycc.memory.checker import check
from tinycc.memory.plan import Plan
from tinycc.pipeline import Compiled, Options, compile_model


class JoiningNetwork(RandomNetwork):
    """Branches of convolutions joined along the rows, some twice, and heads joined as vectors."""

    def grow(self) -> Path | None:
        width = 2 * int(self.rng.integers(1, 4))
        x = self._quantized(self.net.input("x", (1, 3, 6, width)), 0.05, (1, 3, 6, width))
        trunk = self._conv(x)
        for _ in range(int(self.rng.integers(1, 3))):
            trunk = self._joined(trunk)
        heads = [self._flat_head(self._conv(trunk)) for _ in range(int(self.rng.integers(2, 4)))]
        name = self.net.node("Concat", [head.name for head in heads], axis=1)
        rows = sum(head.shape[1] for head in heads)
        self.net.output(self._quantized(name, heads[0].scale, (1, rows, 4, 1)).name)
        if self.rng.random() < 0.5:
            self.net.output(heads[1].name)
        return None

    def _joined(self, trunk: Value) -> Value:
        parts = [self._conv(trunk) for _ in range(int(self.rng.integers(2, 4)))]
        if self.rng.random() < 0.5:
            parts[0] = self._conv(parts[1])
        if self.rng.random() < 0.3:
            parts.append(parts[0])
        name = self.net.node("Concat", [part.name for part in parts], axis=2)
        height = sum(part.shape[2] for part in parts)
        return self._quantized(name, parts[0].scale, (1, 4, height, trunk.shape[3]))

    def _conv(self, x: Value) -> Value:
        name = self.net.conv(x.name, x.scale, (4, x.shape[1], 3, 3), self.rng, pads=[1, 1, 1, 1])
        if self.rng.random() < 0.5:
            name = self.net.node("Relu", [name])
        return self._quantized(name, 0.1, (1, 4, *x.shape[2:]))

    def _flat_head(self, x: Value) -> Value:
        moved = self.net.node("Transpose", [x.name], perm=[0, 2, 3, 1])
        boxes = x.shape[2] * x.shape[3]
        shape = self.net.constant([1, boxes, 4], np.int64)
        return replace(x, name=self.net.node("Reshape", [moved, shape]), shape=(1, boxes, 4, 1))


def _compiled(seed: int, folder: Path, optimize: str) -> tuple[Compiled, Path]:
    network = JoiningNetwork(seed)
    network.grow()
    path = network.net.save(folder)
    return compile_model(path, Options(target="host", optimize=optimize)), path


@pytest.mark.parametrize("optimize", ["speed", "ram"])
@pytest.mark.parametrize("seed", range(5))
def test_joined_operands_give_the_same_bytes(seed: int, optimize: str, tmp_path: Path) -> None:
    compiled, path = _compiled(seed, tmp_path, optimize)
    if optimize == "speed":
        assert compiled.plan.schedule.joined
    shape = compiled.interface.tensors["x"].type.shape
    values = np.random.default_rng(seed).normal(0, 4, (3, *shape)).astype(np.float32)
    found = verify(compiled, samples_of(compiled.interface, {"x": values}), path)
    assert found.first_difference is None, found.first_difference
    assert found.outputs.different == 0


def test_a_joined_concat_has_no_step_and_no_bytes_of_its_own(tmp_path: Path) -> None:
    compiled, _ = _compiled(0, tmp_path, "speed")
    schedule = compiled.plan.schedule
    for name in schedule.joined:
        node = compiled.graph.producer[name]
        assert node.output not in {step.node.output for step in schedule.steps}
        at = compiled.plan.offsets[name]
        for operand in node.inputs:
            assert compiled.plan.offsets[operand] == at
            at += compiled.graph.tensors[operand].type.bytes


def test_the_checker_finds_an_operand_in_the_wrong_place(tmp_path: Path) -> None:
    compiled, _ = _compiled(0, tmp_path, "speed")
    check(compiled.plan)
    found = 0
    for index, buffer in enumerate(compiled.plan.buffers):
        for tensor, at in buffer.inside.items():
            moved = replace(buffer, inside={**buffer.inside, tensor: at - 4})
            with pytest.raises(InternalError, match="overwritten"):
                check(_with(compiled.plan, index, moved))
            found += 1
    assert found


def _with(plan: Plan, index: int, buffer: object) -> Plan:
    buffers = list(plan.buffers)
    buffers[index] = buffer  # type: ignore[call-overload]
    return replace(plan, buffers=tuple(buffers))
