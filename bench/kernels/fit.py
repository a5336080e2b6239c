"""Measures every kernel on emulated cores and writes what its events cost: targets/costs/*.toml.

    python bench/kernels/fit.py [--targets cortex-m4,cortex-m55] [--kernels dwconv,pool] [--check]

Each kernel runs some hundred random layers under QEMU; the costs of its events (Kernel.work) are
those, none negative, with the least sum of the mean and the largest relative error. --check
measures other layers and only prints how far predictions are off. With --kernels the other kernels'
costs stay as they are.
"""

from __future__ import annotations

import argparse
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
from cases import DRAWS, Layers, chain, compiled, firmware
from scipy.optimize import linprog

from tinycc import ops
from tinycc.ir.graph import Instance
from tinycc.ops.op import Drive, Kernel, Work
from tinycc.paths import TARGETS
from tinycc.report.measure import build_firmware, random_sample
from tinycc.schedule.cost import LAYER, ROLL, RUNS, kernel_work, layer_work, priced, turn_work
from tinycc.schedule.front import Front, Point
from tinycc.schedule.layers import layer_schedule
from tinycc.schedule.model import Region, Schedule, Step
from tinycc.target import Target, load_target
from tinycc.toolchain.count import InstructionCounts, count_instructions

COSTS = TARGETS / "costs"
TABLES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55", "rv32imc")
IMAGE_LAYERS = 40
IMAGE_BYTES = 900_000  # of activations, and of weights, in one image
MOST_DRAWS = 400  # until a kernel must have taken one
SEEDS, UNSEEN = (1, 3), 2
IMAGES = 4  # of one kernel and seed
HEADER = """# Instructions per event of each kernel (tinycc/ops/work.py) on {target}, {date}.
# Made by `python bench/kernels/fit.py`; do not edit.
"""


@dataclass(frozen=True)
class Sample:
    """What a step (or what calls it) did, and the instructions that it took."""

    work: Work
    instructions: float


def kernels_of(target: Target) -> dict[str, list[tuple[str, Kernel]]]:
    """Kernels that run as layers by symbol, each with the operators and forms that it has."""
    found: dict[str, list[tuple[str, Kernel]]] = {}
    for op in ops.ALL:
        for kernel in op.kernels:
            alone = op.name in DRAWS and kernel.drive is not Drive.ACCUMULATE
            if alone and kernel.isa <= target.isa | {"wide_weights"}:
                found.setdefault(kernel.symbol, []).append((op.name, kernel))
    return found


def layers_for(forms: Sequence[tuple[str, Kernel]], seed: int) -> Iterator[tuple[Instance, Step]]:
    """Random layers that a kernel takes, in all its forms and with any number of rows per call."""
    draw = Layers(seed)
    endless = {op: draw.instances(ops.get(op)) for op, _ in forms}
    while True:
        for op, kernel in forms:
            some = islice(endless[op], MOST_DRAWS)
            instance = next((drawn for drawn in some if kernel.when(drawn)), None)
            if instance is None:
                return
            most = kernel.window(instance).together if kernel.window else 1
            together = int(draw.rng.integers(1, most + 1)) if draw.rng.random() < 0.5 else most
            yield instance, Step(0, instance.node, kernel, kernel.scratch(instance), together)


def images_of(
    layers: Iterator[tuple[Instance, Step]], count: int
) -> Iterator[list[tuple[Instance, Step]]]:
    """Layers in groups that fit an emulated machine."""
    for _ in range(count):
        image: list[tuple[Instance, Step]] = []
        activations = weights = 0
        for instance, step in layers:
            image.append((instance, step))
            sizes = [(t.type.bytes, t.is_constant) for t in (*instance.inputs, instance.output)]
            activations += sum(size for size, constant in sizes if not constant)
            weights += 2 * sum(size for size, constant in sizes if constant)
            full = max(activations, weights) > IMAGE_BYTES or len(image) == IMAGE_LAYERS
            if full:
                break
        if image:
            yield image


def counted(layers: list[tuple[Instance, Step]], target: Target) -> InstructionCounts:
    """Instructions of each layer."""
    network = compiled(layers, target)
    with tempfile.TemporaryDirectory(prefix="tinycc-") as folder:
        image = build_firmware(network, Path(folder), profile=True)
        return count_instructions(image, random_sample(network))


def fitted(samples: Sequence[Sample]) -> dict[str, float]:
    """Costs of events, none negative, with the least sum of mean and largest relative error."""
    events = list(dict.fromkeys(event for sample in samples for event in sample.work))
    counts = np.array([[s.work.get(event, 0) for event in events] for s in samples], float)
    measured = np.array([s.instructions for s in samples], float)
    scale = np.maximum(counts.max(axis=0), 1)
    ratios = counts / scale / measured[:, np.newaxis]
    count, own, one = len(samples), -np.eye(len(samples)), np.ones((len(samples), 1))
    none, zero = np.zeros_like(ratios), np.zeros_like(one)
    # unknowns: costs, each |error|, the largest one
    found = linprog(
        [0.0] * len(events) + [1 / count] * count + [1.0],
        np.block([[ratios, own, zero], [-ratios, own, zero], [none, -own, -one]]),
        np.concatenate([np.ones(count), -np.ones(count), np.zeros(count)]),
    )
    costs = zip(events, found.x[: len(events)] / scale, strict=True)
    return {event: float(f"{cost:.4g}") for event, cost in costs if cost > 1e-9}


def errors(samples: Sequence[Sample], costs: Mapping[str, float]) -> np.ndarray:
    """Relative errors of predictions."""
    predicted = [priced(sample.work, costs) for sample in samples]
    return np.array(predicted) / [sample.instructions for sample in samples] - 1


def called(layers: Sequence[tuple[Instance, Step]]) -> dict[str, Counter[str]]:
    """The events of everything that calls the kernels of some layers."""
    total: dict[str, Counter[str]] = {}
    for instance, step in layers:
        caller, work = layer_work(instance, step)
        total.setdefault(caller, Counter()).update(work)
    return total


class Core:
    """The measurements of one core."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.callers: dict[str, list[Sample]] = {LAYER: [], RUNS: []}
        self.raw: dict[str, list[tuple[Instance, Step, int]]] = {}

    def measure(
        self, symbol: str, forms: Sequence[tuple[str, Kernel]], seed: int, images: int
    ) -> None:
        """Runs a kernel over random layers."""
        for layers in images_of(layers_for(forms, seed), images):
            counts = counted(layers, self.target)
            for caller, work in called(layers).items():
                if caller in counts.by_symbol:
                    own = counts.by_symbol[caller].instructions
                    self.callers[caller].append(Sample(work, own))
            for index, (instance, step) in enumerate(layers):
                executed = counts.by_step[index].instructions
                self.raw.setdefault(symbol, []).append((instance, step, executed))

    def samples(self, symbol: str, costs: Mapping[str, Mapping[str, float]]) -> list[Sample]:
        """What a kernel itself took, without what calls it."""
        found = []
        for instance, step, executed in self.raw.get(symbol, []):
            units = step.together
            caller, work = layer_work(instance, step)
            executed -= round(priced(work, costs[caller]))
            if step.kernel.drive is not Drive.ROWS and step.kernel.units is not None:
                units = step.kernel.units(instance)
            found.append(Sample(kernel_work(instance, step.kernel, units), executed))
        return found


def rolled(target: Target, seed: int) -> Schedule:
    """A random chain of layers in regions as long as possible."""
    layers = layer_schedule(chain(seed), target)
    front = Front(layers, target)
    regions: list[Region] = []
    while not regions or regions[-1].last < len(layers.steps) - 1:
        start = regions[-1].last + 1 if regions else 0
        regions.append(list(front.orders[0].candidates.from_start(start))[-1].region)
    return front.schedule(Point(0, 0, tuple(regions)))


def rolling_samples(target: Target, seeds: range) -> dict[str, list[Sample]]:
    """What tinycc_roll, and kernels that run nowhere else, take in random chains of layers."""
    found: dict[str, list[Sample]] = {}
    for seed in seeds:
        schedule = rolled(target, seed)
        network = firmware(schedule, target)
        with tempfile.TemporaryDirectory(prefix="tinycc-") as folder:
            counts = count_instructions(
                build_firmware(network, Path(folder)), random_sample(network)
            )
        total: Counter[str] = Counter()
        for step in schedule.steps:
            region, instance = schedule.region_of(step.index), schedule.instance(step)
            if not region.rolls:
                continue
            total += Counter(turn_work(instance, step))
            if step.kernel.drive is Drive.ACCUMULATE:
                own = counts.by_symbol[step.kernel.symbol].instructions
                sample = Sample(kernel_work(instance, step.kernel, 1), own)
                found.setdefault(step.kernel.symbol, []).append(sample)
        own = sum(c.instructions for name, c in counts.by_symbol.items() if name.startswith(ROLL))
        found.setdefault(ROLL, []).append(Sample(total, own))
    return found


def is_wanted(symbol: str, wanted: str) -> bool:
    """Whether a name has one of some words, separated by commas, in it."""
    return any(word in symbol for word in wanted.split(","))


def fit(target: Target, wanted: str, path: Path) -> None:
    """Measures a core and writes its costs."""
    costs = tomllib.loads(path.read_text()) if wanted and path.is_file() else {}
    core = Core(target)
    for symbol, forms in kernels_of(target).items():
        for seed in SEEDS if is_wanted(symbol, wanted) else ():
            core.measure(symbol, forms, seed, IMAGES)
    for caller, samples in core.callers.items():
        if is_wanted(caller, wanted):
            costs[caller] = fitted(samples)
    for symbol in core.raw:
        samples = core.samples(symbol, {**target.cost.kernels, **costs})
        costs[symbol] = fitted(samples)
        show(target, symbol, samples, costs[symbol])
    for symbol, samples in rolling_samples(target, range(12)).items():
        if is_wanted(symbol, wanted):
            costs[symbol] = fitted(samples)
            show(target, symbol, samples, costs[symbol])
    text = [HEADER.format(target=target.name, date=date.today().isoformat()).rstrip()]
    for symbol in sorted(costs):
        text.append(f"\n[{symbol}]")
        text += [f"{event} = {cost}" for event, cost in costs[symbol].items()]
    path.write_text("\n".join(text) + "\n")


def check(target: Target, wanted: str) -> None:
    """Prints how far predictions are off for layers that no cost was found with."""
    core = Core(target)
    for symbol, forms in kernels_of(target).items():
        if is_wanted(symbol, wanted):
            core.measure(symbol, forms, UNSEEN, 1)
    for symbol in core.raw:
        samples = core.samples(symbol, target.cost.kernels)
        show(target, symbol, samples, target.cost.kernels.get(symbol, {}))


def show(
    target: Target, symbol: str, samples: Sequence[Sample], costs: Mapping[str, float]
) -> None:
    """One line: how far predictions are off."""
    off = np.abs(errors(samples, costs))
    print(
        f"{target.name:11} {symbol:32} {len(samples):4} samples, off by {off.mean():6.2%} on "
        f"average, {np.quantile(off, 0.9):6.2%} of nine in ten, {off.max():7.2%} at most",
        flush=True,
    )


def main() -> None:
    """Fits or checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", default=",".join(TABLES))
    parser.add_argument(
        "--kernels", default="", help="only those with one of these words in their name"
    )
    parser.add_argument("--check", action="store_true", help="only print errors")
    given = parser.parse_args()
    for name in given.targets.split(","):
        target = load_target(name)
        if given.check:
            check(target, given.kernels)
        else:
            fit(target, given.kernels, COSTS / f"{name}.toml")


if __name__ == "__main__":
    main()
