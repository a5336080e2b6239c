"""The second stage: what runs, in which order, with which kernel. Places come later (memory)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tinycc.ir.graph import Graph, Instance, Node
from tinycc.ops.op import Kernel, row_count


@dataclass(frozen=True)
class Step:
    """One kernel run over all rows of its output. Views (reshape) have no step.

    `scratch_bytes` are live during this step only. `together`: output rows per call, for kernels
    that make rows. `backwards`: a layer makes its last rows first.
    """

    index: int
    node: Node
    kernel: Kernel
    scratch_bytes: int
    together: int = 1
    backwards: bool = False


@dataclass(frozen=True)
class Overlap:
    """A dying input of a region and what grows in it (an output, a ring, sums) may share bytes.

    Row by row, whatever of the input is still needed stays above what is written: the latter must
    start at least `distance` bytes below the input, or at most that far above it where negative.
    `above`: a layer that makes its last rows first may start that far above the input, or below it
    where negative; None where it cannot. Which of the two it does, its place decides.
    """

    dying: str
    growing: str
    distance: int
    above: int | None = None


@dataclass(frozen=True)
class Region:
    """Steps `first` .. `last`, which take turns row by row when there is more than one.

    The rule: one row of the last step whose next row has all its inputs. `rings` says how many
    rows are kept of each tensor that lives only inside, and how many earlier ones of the input that
    the caller pushes row by row; `shared` names, for tensors whose rows replace those of another
    one, that other one: both are in one ring, row r in place of row r * stride + shift where
    `slots` has (stride, shift), else in place of row r. `brief` gives the places, in an area of
    `brief_bytes`, of what is needed for a few turns at a time (single rows by their tensor, scratch
    by its step's output with `.scratch` behind it). `variants`: which of the forms of each step
    runs, from the fastest on (none: the fastest of all). `strips`: over how many strips of columns
    they run, one after the other (such a region becomes that many regions of narrower steps once
    it is chosen). `room`: bytes that the kernels of a
    strip should get along with.
    """

    first: int
    last: int
    rings: Mapping[str, int] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    overlaps: tuple[Overlap, ...] = ()
    brief: Mapping[str, int] = field(default_factory=dict)
    brief_bytes: int = 0
    variants: tuple[int, ...] = ()
    strips: int = 1
    room: int = 0

    @property
    def area(self) -> str:
        """The name of the bytes that hold what is brief."""
        return f"turns of steps {self.first} to {self.last}"

    @property
    def rolls(self) -> bool:
        """True when several steps take turns, or one does with the caller."""
        return self.last > self.first or bool(self.rings)


@dataclass(frozen=True)
class Part:
    """The columns of a tensor from `first` on."""

    tensor: str
    first: int = 0


@dataclass(frozen=True)
class Schedule:
    """The steps in execution order; `graph.nodes` is in the same order, views included.

    Every step is in one region, in order; a region of one step is a layer. `notes` are
    sentences for the user (a search that was capped, a machine that was replaced). `joined`: the
    outputs of Concat nodes that have no step, because their operands are made inside them.
    `outside`: the model inputs, and views of them, that lie in memory of the caller and are only
    read. `pushed`: the input that the caller hands over row by row. It is `outside` if the first
    region takes the rows as they come, or if there is just one; else they are collected.

    Where `graph` makes something more than once, `source` is the network as it is, and `remade`
    says of which of its tensors each such tensor is a part. `within`: tensors whose rows lie inside
    the rows of another one, which slices (of that tensor) and Concat nodes (of its strips) stand
    for: these have no step.
    """

    graph: Graph
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    joined: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    pushed: str | None = None
    source: Graph | None = None
    remade: Mapping[str, Part] = field(default_factory=dict)
    within: Mapping[str, Part] = field(default_factory=dict)

    @property
    def streamed(self) -> str | None:
        """The input whose rows the first region takes as they come."""
        if self.pushed not in self.outside:
            return None
        return self.pushed if row_count(self.graph.tensors[self.pushed].type) > 1 else None

    @property
    def network(self) -> Graph:
        """The network as it is, every tensor made once."""
        return self.source or self.graph

    def gathers(self, node: Node) -> bool:
        """True for a Concat of strips that are made where they belong in its output."""
        parts = (self.within.get(name) for name in node.inputs)
        return any(part is not None and part.tensor == node.output for part in parts)

    def cuts(self, node: Node) -> bool:
        """True for a slice that is some columns of its input where they lie."""
        part = self.within.get(node.output)
        return part is not None and part.tensor in node.inputs

    def region_of(self, step: int) -> Region:
        """The region of a step; a region of its own where none was chosen."""
        for region in self.regions:
            if region.first <= step <= region.last:
                return region
        return Region(step, step)

    def instance(self, step: Step) -> Instance:
        """A step's node with its tensors."""
        return self.graph.instance(step.node)
