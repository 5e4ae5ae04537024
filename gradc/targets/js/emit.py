"""A program and its derivatives as one self-contained JavaScript module: `emit`.

`emit_trace` and `emit_values` are for a page that shows a program: the text of a function with
its helpers, which may be put into any script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.passes.dead import without_dead_equations
from gradc.pipeline import prepared
from gradc.targets.js.module import JavaScriptModule, JavaScriptPart
from gradc.targets.statements.emit import Emitted, Trace, emitted, traced


def emit(program: Program, wrt: Sequence[Var], mode: str = "both", order: int = 1) -> Emitted:
    """Emit an ES module for a program, as `statements.emit` says."""
    return emitted(JavaScriptModule, program, wrt, mode, order)


def emit_trace(program: Program, exported: bool = False) -> Trace:
    """Emit the function `trace(inputs..., seeds...)`, as `statements.emit` says: its text, or a
    module that exports it.

    It gives `[[value, ...], [adjoint, ...]]`.
    """
    return traced(JavaScriptModule if exported else JavaScriptPart, program)


def emit_values(program: Program) -> str:
    """Emit the function `values(inputs...)`, which gives the list of all outputs; the text is as
    that of `emit_trace`."""
    program = prepared(program)
    program = replace(program, graph=without_dead_equations(program.graph))
    module = JavaScriptPart(program, (), (program.graph,))
    module.name_all(None)
    module.values()
    return module.text()
