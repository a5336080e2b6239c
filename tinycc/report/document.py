"""report.json: the facts of a build under stable keys (schema version 1)."""

from __future__ import annotations

from typing import Any

from tinycc import __version__
from tinycc.ir.graph import Graph
from tinycc.memory.plan import Arena
from tinycc.memory.techniques import stages
from tinycc.memory.traffic import traffic
from tinycc.pipeline import Compiled
from tinycc.report.accuracy import quantization_document, quantization_notes
from tinycc.report.buffers import buffer_documents
from tinycc.report.estimate import code_bytes, seconds, step_instructions
from tinycc.report.floats import float_notes
from tinycc.report.measure import Measured
from tinycc.report.reduction import reduction_document, reduction_notes
from tinycc.report.steps import region_documents, step_documents
from tinycc.schedule.cost import graph_macs
from tinycc.target import Target

SCHEMA = 1


def report_document(compiled: Compiled, measured: Measured) -> dict[str, Any]:
    """The report as JSON values; figures that were not measured are null."""
    return {
        "schema": SCHEMA,
        "tool_version": __version__,
        "model": _model(compiled),
        "target": _target(compiled.target),
        "memory": {
            "sram": _sram(compiled, measured),
            "flash": _flash(compiled, measured),
            "memories": _memories(compiled, measured),
            "budgets": {"sram": compiled.options.ram, "flash": compiled.options.flash},
        },
        "front": [
            {
                "bytes": point.bytes,
                "extra_instructions": point.extra,
                "extra_macs": point.macs,
            }
            for point in compiled.front.points
        ],
        "compute": _compute(compiled, measured),
        "reduction": reduction_document(compiled),
        "steps": step_documents(compiled, measured),
        "regions": region_documents(compiled.plan.schedule),
        "buffers": buffer_documents(compiled.plan),
        "quantization": quantization_document(compiled.quantized),
        "machine": measured.machine or None,
        "notes": [
            *quantization_notes(compiled.quantized),
            *reduction_notes(compiled),
            *float_notes(compiled),
            *compiled.plan.schedule.notes,
            *compiled.plan.notes,
            *measured.notes,
        ],
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "description": target.description,
        "isa": sorted(target.isa),
        "clock_hz": target.clock_hz,
    }


def _model(compiled: Compiled) -> dict[str, Any]:
    interface = compiled.interface
    return {
        "name": compiled.name,
        "file": compiled.source.name,
        "sha256": compiled.source.sha256,
        "inputs": [_port(interface, name) for name in interface.inputs],
        "outputs": [_port(interface, name) for name in interface.outputs],
    }


def _port(graph: Graph, name: str) -> dict[str, Any]:
    type_ = graph.tensors[name].type
    quantized = type_.quantization is not None
    return {
        "name": name,
        "shape": list(type_.shape),
        "dtype": type_.dtype.value,
        "scale": float(type_.scale) if quantized else None,
        "zero_point": type_.zero_point if quantized else None,
    }


def _sram(compiled: Compiled, measured: Measured) -> dict[str, Any]:
    plan, graph = compiled.plan, compiled.plan.schedule.graph
    held = [name for name in graph.inputs if name not in plan.schedule.outside]
    state = compiled.code.model.state_bytes(compiled.target.pointer_bytes)
    parts = (plan.arena_bytes, state, measured.static_bytes, measured.stack_bytes)
    return {
        "arena": plan.arena_bytes,
        "input": sum(graph.tensors[name].type.bytes for name in held),
        "input_memory": compiled.options.input_memory or "arena",
        "input_ring": sum(b.bytes for b in plan.buffers if plan.schedule.streamed in b.tensors),
        "output": sum(graph.tensors[name].type.bytes for name in graph.outputs),
        "state": state,
        "static": measured.static_bytes,
        "stack": measured.stack_bytes,
        "total": sum(part for part in parts if part is not None),
        "lower_bound": plan.lower_bound,
        "optimal": plan.arena_bytes == plan.lower_bound,
        "lower_bound_all": min(compiled.front.least, plan.arena_bytes),
        "techniques": _techniques(compiled),
        "peak_step": plan.peak_step,
    }


def _techniques(compiled: Compiled) -> list[dict[str, Any]]:
    """The arena after each technique, and how many bytes it saved."""
    found, before = [], None
    for stage in stages(compiled.front, compiled.plan, compiled.target.cost):
        saved = 0 if before is None else before - stage.arena
        found.append({"technique": stage.technique, "arena": stage.arena, "saved": saved})
        before = stage.arena
    return found


def _memories(compiled: Compiled, measured: Measured) -> list[dict[str, Any]]:
    """Of each memory of the target its size, what arenas take of it, and the traffic to them."""
    plan, rams = compiled.plan, compiled.target.rams
    arenas = {arena.memory: arena for arena in plan.arenas}
    if len(rams) == 1:
        moved = sum(traffic(plan.schedule).values())
        whole = Arena(
            rams[0].name, plan.arena_bytes, plan.lower_bound, rams[0].bytes, moved, rams[0].cost, ""
        )
        arenas = {rams[0].name: whole}
    found = []
    for ram in rams:
        arena = arenas.get(ram.name)
        found.append(
            {
                "name": ram.name,
                "bytes": ram.bytes,
                "reserved": ram.reserved,
                "access_cost": ram.cost,
                "arena": arena.bytes if arena else 0,
                "lower_bound": arena.lower_bound if arena else 0,
                "traffic_predicted": arena.traffic if arena else 0,
                "traffic": measured.traffic.get(ram.name) if measured.traffic else None,
            }
        )
    return found


def weight_bytes(compiled: Compiled) -> int:
    """Bytes of all constant arrays: weights, biases, multipliers, tables."""
    model = compiled.code.model
    separate = model.file.bytes if model.file else 0
    return sum(array.bytes for array in model.arrays) + separate


def _flash(compiled: Compiled, measured: Measured) -> dict[str, Any]:
    weights = weight_bytes(compiled)
    code = None if measured.flash_bytes is None else measured.flash_bytes - weights
    estimate = code_bytes(compiled.code)
    return {
        "weights": weights,
        "code": code,
        "code_estimate": estimate,
        "total": weights + (estimate if code is None else code),
        "available": compiled.target.flash_bytes,
    }


def _compute(compiled: Compiled, measured: Measured) -> dict[str, Any]:
    macs, executed = (graph_macs(g) for g in (compiled.graph, compiled.plan.schedule.graph))
    predicted = sum(step_instructions(compiled))
    return {
        "original_macs": compiled.source.original_macs,
        "macs": macs,
        "extra_macs": executed - macs,
        "recompute": executed / macs if macs else 1.0,
        "instructions_predicted": predicted,
        "instructions": measured.instructions,
        "cycles_estimate": measured.cycles,
        "seconds_estimate": seconds(compiled.target, predicted, measured.cycles),
    }
