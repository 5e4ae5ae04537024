"""How deep loops and calls of functions stand in one another, and how deep they may.

What handles loops and functions calls itself for those within them, so that their depth is
bounded: by `MOST_LEVELS` for loops and calls together.  Python takes no more than 20 loops in one
another in one function, so that there are at most `MOST_LOOPS` in the graph of a program or a
function; one with `checkpoint` counts twice, as it is written.  Invariant: nothing here is
recursive.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gradc.diagnostics import Diagnostic, Label, SourceError
from gradc.ir.graph import BODIES, Equation, Graph

CODE = "G0235"
MOST_LEVELS = 32
MOST_LOOPS = 16
LABEL = "too deep"
TOO_MANY_LEVELS = f"loops and calls of functions stand more than {MOST_LEVELS} deep in one another"
FEWER_LEVELS = "write what a function computes where it is called, or one loop in place of several"
_TOO_MANY_LOOPS = f"loops stand more than {MOST_LOOPS} deep in one another"
_FEWER_LOOPS = (
    "let a function hold the inner loops; one with `checkpoint`, and a Jacobian, count as one more"
)


class _Depth(NamedTuple):
    levels: int
    loops: int


def refuse_too_deep(graph: Graph) -> None:
    """Raises SourceError at the innermost equation of a program with too much in it."""
    known: dict[Graph, _Depth] = {}
    pending = [(graph, graph)]
    while pending:
        current, home = pending[-1]
        if current in known:
            pending.pop()
            continue
        inner = [
            (part, part if equation.op == "call" else home)
            for equation in current.equations
            for part in equation.graphs()
            if part not in known
        ]
        if inner:
            pending += reversed(inner)
            continue
        pending.pop()
        levels = loops = 0
        for equation in current.equations:
            depth = _depth(equation, known)
            if depth is None:
                continue
            if depth.loops > MOST_LOOPS:
                raise _error(
                    equation, home, "too many within this one", _TOO_MANY_LOOPS, _FEWER_LOOPS
                )
            if depth.levels > MOST_LEVELS:
                raise _error(equation, home, LABEL, TOO_MANY_LEVELS, FEWER_LEVELS)
            levels, loops = max(levels, depth.levels), max(loops, depth.loops)
        known[current] = _Depth(levels, loops)


def _depth(equation: Equation, known: dict[Graph, _Depth]) -> _Depth | None:
    """That of an equation which holds graphs."""
    levels = [known[graph].levels for graph in equation.graphs()]
    if not levels:
        return None
    loops = 0
    if equation.op == "loop":
        own = 1 if equation.param("checkpoint") is None else 2
        loops = own + max(known[body].loops for body in _bodies(equation))
    return _Depth(1 + max(levels), loops)


def _error(equation: Equation, home: Graph, label: str, message: str, help: str) -> SourceError:
    origin = equation.origin
    labels = () if origin is None else (Label(origin.span, label),)
    return SourceError([Diagnostic(CODE, message, labels, (), help, "error", home.source)])


def _bodies(equation: Equation) -> Iterable[Graph]:
    return (value for name, value in equation.params if name in BODIES and type(value) is Graph)
