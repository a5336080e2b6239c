"""Depthwise rows that are written over the first row of their window, in the same ring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_networks import RandomNetwork

from tinycc.api.samples import samples_of
from tinycc.api.verify import verify
from tinycc.errors import InternalError
from tinycc.memory.checker import check
from tinycc.pipeline import Compiled, Options, compile_model


class Bottlenecks(RandomNetwork):
    """Expand, depthwise, project: kernels 3 and 5, strides 1 and 2, uneven padding, odd sizes."""

    def save(self, folder: Path) -> Path:
        shape = (1, 3, *(int(extent) for extent in self.rng.integers(9, 20, 2)))
        self._quantized(self.net.input("x", shape), 0.05, shape)
        for _ in range(3):
            wide = 4 * int(self.rng.integers(2, 6))
            self._layer(wide, 1, 1, 1)
            self._layer(wide, int(self.rng.choice([3, 5])), int(self.rng.integers(1, 3)), wide)
            self._layer(4 * int(self.rng.integers(1, 4)), 1, 1, 1)
        self.net.output(self.values[-1].name)
        return self.net.save(folder)

    def _layer(self, out: int, size: int, stride: int, groups: int) -> None:
        x = self.values[-1]
        after = [size // 2 - int(self.rng.integers(2)) * (size > 1) for _ in range(2)]
        pads = [size // 2, size // 2, *after]
        attributes = {"pads": pads, "strides": [stride, stride], "group": groups}
        weights = (out, x.shape[1] // groups, size, size)
        name = self.net.conv(x.name, x.scale, weights, self.rng, **attributes)
        extents = [
            (extent + size // 2 + behind - size) // stride + 1
            for extent, behind in zip(x.shape[2:], after, strict=True)
        ]
        self._quantized(name, x.scale * 3, (1, out, *extents))


def _compiled(seed: int, folder: Path) -> tuple[Compiled, Path]:
    path = Bottlenecks(seed).save(folder)
    return compile_model(path, Options(target="cortex-m4", optimize="ram")), path


@pytest.mark.qemu
@pytest.mark.parametrize("seed", [1, 2, 5, 7])
def test_rows_written_over_their_window_give_the_same_bytes(seed: int, tmp_path: Path) -> None:
    compiled, path = _compiled(seed, tmp_path)
    assert any(region.slots for region in compiled.plan.schedule.regions)
    shape = compiled.interface.tensors["x"].type.shape
    values = np.random.default_rng(seed).normal(0, 4, (3, *shape)).astype(np.float32)
    found = verify(compiled, samples_of(compiled.interface, {"x": values}), path)
    assert found.first_difference is None, found.first_difference
    assert found.outputs.different == 0


@pytest.mark.parametrize("shift", [-1, 1])
def test_the_checker_finds_a_row_one_slot_off(shift: int, tmp_path: Path) -> None:
    compiled, _ = _compiled(5, tmp_path)
    plan, found = compiled.plan, 0
    for index, region in enumerate(plan.schedule.regions):
        for name, (stride, own) in region.slots.items():
            if region.rings[name] < 2:
                continue
            regions = list(plan.schedule.regions)
            regions[index] = replace(region, slots={**region.slots, name: (stride, own + shift)})
            with pytest.raises(InternalError, match="overwritten"):
                check(replace(plan, schedule=replace(plan.schedule, regions=tuple(regions))))
            found += 1
    assert found
