"""The order of execution: of all topological orders, one with the fewest bytes at its worst step.

The bytes at a step: every live tensor, the step's output (unless it overwrites a dying input) and
its scratch. What is live after a set of steps does not depend on the order inside the set, so an
optimal order is a path through executed sets (bit masks here) whose largest step is smallest.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, replace

from tinycc import ops
from tinycc.ir.graph import Graph, Instance, Node
from tinycc.ir.rewrite import topological
from tinycc.ops.op import Alias

Scratch = Callable[[Node], int]
"""Bytes of scratch that the kernel of a node needs."""

MAX_STATES = 200_000
"""States that the exact search may reach: real networks need a few more than they have nodes,
random-wired graphs of 50 nodes 6,588 to 273,839 (design/8, 3.2)."""

BEAM_WIDTHS = (1, 4, 16, 64, 256)
"""States kept per layer of the beam search, the stand-in for an exact search that is capped; wider
is mostly but not always better, so they are tried one after the other."""

BEAM_WORK = 150_000
"""No wider beam is tried after one that looked at this many steps (about a second)."""


def best_order(
    graph: Graph,
    alignment: int,
    scratch: Scratch = lambda node: 0,
    max_states: int = MAX_STATES,
    outside: Set[str] = frozenset(),
) -> tuple[Graph, tuple[str, ...]]:
    """The graph in an order of minimal peak bytes, and notes for the user.

    Sizes are rounded up to `alignment`; tensors `outside` the arena take none. The same graph
    object is returned when its own order is already best. Exact, by shortest path over executed
    sets (as Liberis & Lane 2019, and Ahn et al. 2020) where a path is as long as its largest step;
    when more than `max_states` sets would have to be reached, a note says so and a beam search
    decides.
    """
    space = _space(graph, alignment, scratch, outside)
    own = space.run_all(range(len(space.actions)))
    better, proved = _exact(space, own.peak, max_states)
    if better is None and proved < own.peak:
        better = _widening_beam(space, own.peak)
    best = better or own
    notes = () if proved == best.peak else (_capped_note(best.peak, proved, max_states),)
    if best is own:
        return graph, notes
    views = [node for node in graph.nodes if is_view(node)]
    steps = [space.actions[index].node for index in best.order()]
    return replace(graph, nodes=tuple(topological([*views, *steps]))), notes


def is_view(node: Node) -> bool:
    """True for a node whose output is the bytes of its input 0: nothing runs."""
    return ops.get(node.op).alias is Alias.VIEW


def with_views(graph: Graph, names: Iterable[str]) -> frozenset[str]:
    """Some tensors and everything that is a view of them."""
    found = set(names)
    for node in graph.nodes:
        if is_view(node) and node.inputs[0] in found:
            found.add(node.output)
    return frozenset(found)


def overwritable(instance: Instance) -> tuple[str, ...]:
    """The inputs that the output may overwrite if they die at this node, in operand order.

    Only operands of the output's size and shape: a broadcast one is read again after its first
    bytes are gone. None at all where an operand has the size but not the shape: it may be a view of
    another operand, and its rows are other rows.
    """
    output = instance.output.type
    if ops.get(instance.node.op).alias is not Alias.IN_PLACE:
        return ()
    fitting = [tensor for tensor in instance.activations if tensor.type.bytes == output.bytes]
    if any(tensor.type.shape != output.shape for tensor in fitting):
        return ()
    return tuple(tensor.name for tensor in fitting)


def aligned(size: int, alignment: int) -> int:
    """The size rounded up to a multiple of the alignment."""
    return -(-size // alignment) * alignment


@dataclass(frozen=True, eq=False)
class _Value:
    """A tensor with all its views, compared by identity; `readers` is a bit mask of steps.

    A graph output is also read by the bit after the last step, which never runs: it never dies.
    """

    bytes: int
    readers: int

    def dies(self, done: int) -> bool:
        """True when every reader is among the executed steps."""
        return not self.readers & ~done


@dataclass(frozen=True)
class _Action:
    """A step as the search sees it: `needs` and `followers` are the steps before and after it."""

    node: Node
    needs: int
    followers: tuple[int, ...]
    reads: tuple[_Value, ...]
    overwrites: tuple[_Value, ...]
    makes: _Value
    scratch: int

    def new_bytes(self, done: int) -> int:
        """What is added to the live bytes while it runs; `done` includes the step itself."""
        in_place = any(value.dies(done) for value in self.overwrites)
        return self.scratch + (0 if in_place else self.makes.bytes)

    def kept_bytes(self, done: int) -> int:
        """How much more is live after it than before; `done` includes the step itself."""
        freed = sum(value.bytes for value in self.reads if value.dies(done))
        return (0 if self.makes.dies(done) else self.makes.bytes) - freed


@dataclass(frozen=True, slots=True)
class _State:
    """After the steps of mask `done`: live bytes, peak so far, and the last step of the path."""

    done: int
    ready: tuple[int, ...]
    live: int
    peak: int
    step: int
    parent: _State | None

    def order(self) -> list[int]:
        """The steps of the path, first to last."""
        steps: list[int] = []
        state = self
        while state.parent is not None:
            steps.append(state.step)
            state = state.parent
        return steps[::-1]


class _Space:
    """The search problem: the steps in the graph's own order, and the model's inputs."""

    def __init__(self, actions: tuple[_Action, ...], inputs: tuple[_Value, ...]) -> None:
        self.actions = actions
        self.all_done = (1 << len(actions)) - 1
        self.start_bytes = sum(value.bytes for value in inputs)
        self.idle_bytes = sum(value.bytes for value in inputs if not value.readers)
        self.floor = max([self.start_bytes, *(self._least_bytes(action) for action in actions)])

    def _least_bytes(self, action: _Action) -> int:
        """No order runs the step with fewer live bytes than these."""
        return action.new_bytes(self.all_done) + sum(value.bytes for value in action.reads)

    def start(self) -> _State:
        """Nothing has run, the inputs are live; no peak is below the floor."""
        ready = tuple(i for i, action in enumerate(self.actions) if not action.needs)
        return _State(0, ready, self.start_bytes, self.floor, -1, None)

    def run(self, state: _State, step: int) -> _State:
        """The state after one more step; inputs that nobody reads go with the first one."""
        action, done = self.actions[step], state.done | 1 << step
        peak, live = self._bytes_after(state, step)
        fresh = (i for i in action.followers if not self.actions[i].needs & ~done)
        ready = tuple(sorted([*(i for i in state.ready if i != step), *fresh]))
        return _State(done, ready, live, peak, step, state)

    def _bytes_after(self, state: _State, step: int) -> tuple[int, int]:
        """The peak and the live bytes after one more step."""
        action, done = self.actions[step], state.done | 1 << step
        live = state.live + action.kept_bytes(done) - (0 if state.done else self.idle_bytes)
        return max(state.peak, state.live + action.new_bytes(done)), live

    def run_all(self, order: Iterable[int]) -> _State:
        """The state after an order's steps."""
        state = self.start()
        for step in order:
            state = self.run(state, step)
        return state

    def choices(self, state: _State) -> list[tuple[int, int]]:
        """Steps that can run now, each with the peak it leads to; just one if that loses nothing.

        A step that raises neither the peak nor the live bytes can run first: run later it would
        free no less, so moving it to the front of any order makes no step of it larger.
        """
        found: list[tuple[int, int]] = []
        for step in state.ready:
            peak, live = self._bytes_after(state, step)
            if state.done and peak == state.peak and live <= state.live:
                return [(step, peak)]
            found.append((step, peak))
        return found


def _space(graph: Graph, alignment: int, scratch: Scratch, outside: Set[str]) -> _Space:
    values = _values(graph, alignment, outside)
    inputs = tuple(values[name] for name in graph.inputs)
    steps = [node for node in graph.nodes if not is_view(node)]
    made_by = {values[node.output]: index for index, node in enumerate(steps)}
    actions: list[_Action] = []
    for index, node in enumerate(steps):
        reads = tuple(dict.fromkeys(values[name] for name in node.inputs if name in values))
        needs = sum(1 << made_by[value] for value in reads if value in made_by)
        free = [name for name in overwritable(graph.instance(node)) if name not in outside]
        overwrites = tuple(values[name] for name in free)
        made = values[node.output]
        followers = tuple(i for i in range(index + 1, len(steps)) if made.readers >> i & 1)
        size = aligned(scratch(node), alignment)
        actions.append(_Action(node, needs, followers, reads, overwrites, made, size))
    return _Space(tuple(actions), inputs)


def _values(graph: Graph, alignment: int, outside: Set[str]) -> dict[str, _Value]:
    """By tensor name; a view has the very value of what it views. Constants have none."""
    steps = [node for node in graph.nodes if not is_view(node)]
    root = {name: name for name in graph.tensors}
    for node in graph.nodes:
        if is_view(node):
            root[node.output] = root[node.inputs[0]]
    readers = dict.fromkeys(graph.tensors, 0)
    for index, node in enumerate(steps):
        for name in node.inputs:
            readers[root[name]] |= 1 << index
    for name in graph.outputs:
        readers[root[name]] |= 1 << len(steps)
    values = {
        name: _Value(0 if name in outside else aligned(tensor.type.bytes, alignment), readers[name])
        for name, tensor in graph.tensors.items()
    }
    return {name: values[of] for name, of in root.items() if not graph.tensors[of].is_constant}


def _widening_beam(space: _Space, peak: int) -> _State | None:
    """A good order below a known peak, if one is found."""
    best: _State | None = None
    for width in BEAM_WIDTHS:
        found, work = _beam(space, width, best.peak if best else peak)
        best = found or best
        if work > BEAM_WORK:
            break
    return best


def _beam(space: _Space, width: int, peak: int) -> tuple[_State | None, int]:
    """Breadth first, only the most promising states of each layer kept; and the steps looked at."""
    layer, work = [space.start()], 0
    for _ in space.actions:
        reached: dict[int, _State] = {}
        for state in layer:
            choices = space.choices(state)
            work += len(choices)
            for step, next_peak in choices:
                known = reached.get(state.done | 1 << step)
                if next_peak < (known.peak if known else peak):
                    reached[state.done | 1 << step] = space.run(state, step)
        ranked = sorted(reached.values(), key=lambda state: (state.peak, state.live, state.done))
        layer = ranked[:width]
    return (layer[0] if layer else None), work


def _exact(space: _Space, peak: int, max_states: int) -> tuple[_State | None, int]:
    """The best order below a known peak if there is one, and a proved lower bound on any peak.

    Dijkstra's algorithm; among equal peaks the state with most steps done is expanded first, then
    the one with the earliest steps of the graph's own order done.
    """
    start = space.start()
    reached = {start.done: start.peak}
    heap = [(start.peak, 0, start.done, start)] if start.peak < peak else []
    while heap:
        _, depth, _, state = heapq.heappop(heap)
        if state.done == space.all_done or len(reached) > max_states:
            return (state if state.done == space.all_done else None), state.peak
        if reached[state.done] < state.peak:
            continue
        for step, next_peak in space.choices(state):
            done = state.done | 1 << step
            if next_peak < reached.get(done, peak):
                reached[done] = next_peak
                heapq.heappush(heap, (next_peak, depth - 1, done, space.run(state, step)))
    return None, peak


def _capped_note(peak: int, proved: int, max_states: int) -> str:
    return (
        f"the search for the best order stopped after {max_states:,} states: "
        f"the order found needs {peak:,} bytes, none needs fewer than {proved:,}"
    )
