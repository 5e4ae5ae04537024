"""A program and its derivatives as one self-contained Python module: `emit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.passes.dead import without_dead_equations
from gradc.pipeline import prepared
from gradc.targets.python.module import PythonModule, ValuesModule
from gradc.targets.statements.emit import Emitted, Trace, emitted, traced


def emit(program: Program, wrt: Sequence[Var], mode: str = "both", order: int = 1) -> Emitted:
    """Emit a module for a program, as `statements.emit` says."""
    return emitted(PythonModule, program, wrt, mode, order)


def emit_trace(program: Program, every: bool = False) -> Trace:
    """Emit a module with `trace(inputs..., seeds...)`, as `statements.emit` says."""
    return traced(PythonModule, program, every)


def emit_values(program: Program) -> str:
    """Emit a module with `values(inputs...)`, which gives the tuple of all outputs."""
    program = prepared(program)
    graph = without_dead_equations(program.graph)
    module = ValuesModule(replace(program, graph=graph), (), (graph,))
    module.name_all(None)
    module.values()
    return module.text()
