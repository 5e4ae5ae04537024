"""A program and its derivatives as one self-contained JavaScript module: `emit`.

`emit_trace` is for a page that shows a program: the text of a function `trace` with its helpers,
which may be put into any script.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.targets.js.module import JavaScriptModule, JavaScriptPart
from gradc.targets.statements.emit import Emitted, Trace, emitted, traced


def emit(program: Program, wrt: Sequence[Var], mode: str = "both", order: int = 1) -> Emitted:
    """Emit an ES module for a program, as `statements.emit` says."""
    return emitted(JavaScriptModule, program, wrt, mode, order)


def emit_trace(program: Program) -> Trace:
    """Emit the function `trace(inputs..., seeds...)`, as `statements.emit` says.

    It gives `[[value, ...], [adjoint, ...]]`.  Its text exports nothing.
    """
    return traced(JavaScriptPart, program)
