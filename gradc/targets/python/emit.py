"""A program and its derivatives as one self-contained Python module: `emit`."""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.targets.python.module import PythonModule
from gradc.targets.statements.emit import Emitted, Trace, emitted, traced


def emit(program: Program, wrt: Sequence[Var], mode: str = "both", order: int = 1) -> Emitted:
    """Emit a module for a program, as `statements.emit` says."""
    return emitted(PythonModule, program, wrt, mode, order)


def emit_trace(program: Program, every: bool = False) -> Trace:
    """Emit a module with `trace(inputs..., seeds...)`, as `statements.emit` says."""
    return traced(PythonModule, program, every)
