"""Schedules whose graph makes some tensors more than once: strips written out as nodes.

y[0:9] = conv2d(x[0:10])      a strip: an ordinary node on narrower tensors
x[0:10] = slice(x)            no step: those columns of x where they lie
y = concat(y[0:9], y[9:18])   no step: the strips are made inside y
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ops.concat import Concat
from tinycc.ops.slice import Slice
from tinycc.schedule.brief import place_brief
from tinycc.schedule.model import Part, Region, Schedule, Step
from tinycc.schedule.regions import Candidates
from tinycc.schedule.strips import Range, strip_tensor
from tinycc.schedule.tiles import Strip, StripStep, Tiles


def remade(
    layers: Schedule, regions: Sequence[Region], candidates: Candidates, tiles: Tiles
) -> Schedule:
    """The schedule of some regions, those over strips written out."""
    if all(region.strips == 1 for region in regions):
        settled = tuple(candidates.settled(region) for region in regions)
        steps = tuple(step for region in settled for step in candidates.steps_of(region))
        return replace(layers, steps=steps, regions=settled)
    writer = _Writer(layers, candidates, tiles)
    for region in regions:
        if region.strips > 1:
            writer.add_strips(region)
        else:
            writer.add(candidates.settled(region))
    return writer.schedule()


class _Writer:
    """The new graph, steps and regions, in order."""

    def __init__(self, layers: Schedule, candidates: Candidates, tiles: Tiles) -> None:
        self.layers, self.candidates, self.tiles = layers, candidates, tiles
        self.tensors: dict[str, Tensor] = dict(layers.graph.tensors)
        self.nodes: dict[str, list[Node]] = {node.output: [node] for node in layers.graph.nodes}
        self.steps: list[Step] = []
        self.regions: list[Region] = []
        self.within, self.remade = dict(layers.within), dict(layers.remade)
        self.outside: set[str] = set()

    def schedule(self) -> Schedule:
        """What was added, as one schedule."""
        old = self.layers.graph
        nodes = [node for node in old.nodes for node in self.nodes[node.output]]
        graph = Graph.build(
            old.name, list(self.tensors.values()), nodes, old.inputs, old.outputs, old.origin
        )
        return replace(
            self.layers,
            graph=replace(graph, removals=old.removals),
            steps=tuple(self.steps),
            regions=tuple(self.regions),
            source=self.layers.network,
            outside=self.layers.outside | self.outside,
            within=self.within,
            remade=self.remade,
        )

    def add(self, region: Region) -> None:
        """A region as it is, its steps numbered anew."""
        first = len(self.steps)
        for step in self.candidates.steps_of(region):
            self.steps.append(replace(step, index=len(self.steps)))
        moved = replace(region, first=first, last=len(self.steps) - 1)
        pairs = tuple(
            replace(pair, growing=moved.area) if pair.growing == region.area else pair
            for pair in region.overlaps
        )
        self.regions.append(replace(moved, overlaps=pairs))

    def add_strips(self, region: Region) -> None:
        """One region for each strip, and the Concat that stands for their common output."""
        strips = self.tiles.strips(region)
        assert strips is not None
        whole = strips[0].steps[-1].strip.node
        for strip in strips:
            for one in strip.steps:
                self.nodes[one.strip.node.output] = []
        nodes: list[Node] = []
        parts = [self._add_strip(strip, nodes) for strip in strips]
        gather = Node(whole.name, "concat", Concat(2), tuple(parts), whole.output, whole.origin)
        self.nodes[whole.output] = [*nodes, gather]

    def _add_strip(self, strip: Strip, nodes: list[Node]) -> str:
        """The nodes, steps and region of one strip; the name of its output."""
        made: dict[str, tuple[str, Range]] = {}
        first = len(self.steps)
        for one in strip.steps:
            node = self._node(one, made, nodes)
            nodes.append(node)
            self.steps.append(replace(one.step, index=len(self.steps), node=node))
        last = strip.steps[-1].strip
        name = made[last.node.output][0]
        self.within[name] = Part(last.node.output, last.columns[0])
        names = {old: new for old, (new, _) in made.items()}
        self.regions.append(_renamed(strip, names, Region(first, len(self.steps) - 1)))
        return name

    def _node(self, one: StripStep, made: dict[str, tuple[str, Range]], nodes: list[Node]) -> Node:
        """A strip's node under new names, behind the slices that it reads."""
        part, old = one.strip, one.strip.node
        inputs = []
        for name, read in zip(old.inputs, part.reads, strict=True):
            inputs.append(name if read is None else self._columns(name, read.columns, made, nodes))
        whole = self.layers.graph.tensors[old.output]
        tensor = strip_tensor(whole, part.columns, self._fresh(old.output, part.columns))
        self.tensors[tensor.name] = tensor
        made[old.output] = (tensor.name, part.columns)
        origin = self.layers.remade.get(old.output, Part(old.output))
        self.remade[tensor.name] = replace(origin, first=part.columns[0])
        return Node(tensor.name, old.op, part.attrs, tuple(inputs), tensor.name, old.origin)

    def _columns(
        self, whole: str, wanted: Range, made: dict[str, tuple[str, Range]], nodes: list[Node]
    ) -> str:
        """The tensor that is these columns of one of the network: what there is, or a slice."""
        shape = self.layers.graph.tensors[whole].type.shape
        name, there = made.get(whole, (whole, (0, shape[2] - 1 if len(shape) == 4 else 0)))
        if wanted == there:
            return name
        first = wanted[0] - there[0]
        known = f"{name}[{wanted[0]}:{wanted[1] + 1}]"
        if self.within.get(known) == Part(name, first):
            return known
        tensor = strip_tensor(self.layers.graph.tensors[whole], wanted, self._fresh(name, wanted))
        self.tensors[tensor.name] = tensor
        self.within[tensor.name] = Part(name, first)
        if name in self.layers.outside:
            self.outside.add(tensor.name)
        attrs = Slice((0, 0, first, 0), tensor.type.shape, (1, 1, 1, 1))
        nodes.append(Node(tensor.name, "slice", attrs, (name,), tensor.name))
        return tensor.name

    def _fresh(self, name: str, columns: Range) -> str:
        base = found = f"{name}[{columns[0]}:{columns[1] + 1}]"
        number = 1
        while found in self.tensors:
            number += 1
            found = f"{base}.{number}"
        return found


def _renamed(strip: Strip, names: dict[str, str], span: Region) -> Region:
    """What a strip keeps, under the names of its own tensors."""
    _, brief = strip.inside
    places, size = place_brief(brief)
    renamed = {f"{old}.scratch": f"{new}.scratch" for old, new in names.items()} | names
    return replace(
        span,
        rings={names[old]: rows for old, rows in strip.rings.items()},
        shared={names[y]: names[x] for y, x in strip.shared.items()},
        brief={renamed[old]: at for old, at in places.items()},
        brief_bytes=size,
    )
