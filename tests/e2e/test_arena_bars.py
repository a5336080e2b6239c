"""How small the arenas of the public models are on a Cortex-M4, and what that costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_data import KWS, MCUNET, MODELS, RESNET8, VWW, Model

from tinycc import build
from tinycc.api.network import Network
from tinycc.report.measure import build_firmware, random_sample
from tinycc.toolchain.count import count_instructions

pytestmark = pytest.mark.slow

ARENAS = (  # bytes: with the whole image in the arena, and with rows that are pushed
    (VWW, 29_500, 14_100),
    (RESNET8, 14_500, 11_500),
    (KWS, 5_900, 5_400),
    (MCUNET, 23_000, 15_700),
)
REMADE = ((VWW, 9_800), (MCUNET, 12_300))  # image elsewhere, a tenth of the products made again
MOST = {"balanced": 1.03, "ram": 1.15}  # instructions over those of the layer-by-layer plan


def _built(model: Model, optimize: str, input_memory: str = "arena", again: float = 1.0) -> Network:
    return build(
        model.path,
        target="cortex-m4",
        without=("reduce",),
        optimize=optimize,
        input_memory=input_memory,
        recompute=again,
    )


def _arena(network: Network) -> int:
    return network.compiled.plan.arena_bytes


@pytest.mark.parametrize(
    ("model", "held", "pushed"), ARENAS, ids=lambda one: getattr(one, "name", one)
)
def test_arenas_are_as_small_as_promised(model: Model, held: int, pushed: int) -> None:
    assert _arena(_built(model, "ram")) <= held
    assert _arena(_built(model, "ram", "pushed")) <= pushed


@pytest.mark.parametrize(("model", "most"), REMADE, ids=lambda one: getattr(one, "name", one))
def test_halos_that_are_made_again_make_arenas_smaller(model: Model, most: int) -> None:
    assert _arena(_built(model, "ram", "external", 1.1)) <= most


@pytest.mark.parametrize("model", (VWW, MCUNET), ids=lambda one: one.name)
def test_balanced_is_far_below_layer_by_layer(model: Model) -> None:
    assert _arena(_built(model, "balanced")) <= 0.7 * _arena(_built(model, "speed"))


@pytest.mark.qemu
@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.name)
def test_smaller_arenas_cost_few_instructions(model: Model, tmp_path: Path) -> None:
    def executed(optimize: str) -> int:
        network = _built(model, optimize).compiled
        image = build_firmware(network, tmp_path / optimize)
        return count_instructions(image, random_sample(network)).instructions

    layers = executed("speed")
    for optimize, most in MOST.items():
        assert executed(optimize) <= most * layers, optimize
