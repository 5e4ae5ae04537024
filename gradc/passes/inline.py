"""Calls replaced by the equations of the function: `inlined`."""

from __future__ import annotations

from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.passes.copying import Copies


def inlined(b: Builder, equation: Equation) -> list[Equation]:
    """The equations of the function that an equation calls, under new anonymous names.

    The results keep the variables of the call.
    """
    graph: Graph = equation.param("graph")
    known: dict[Var, Atom] = dict(zip(graph.inputs, equation.args, strict=True))
    passed: list[tuple[Var, Var]] = []  # results that something else already is
    for out, inner in zip(equation.outs, graph.outputs, strict=True):
        if inner in known:
            passed.append((out, inner))
        else:
            known[inner] = out
    b.stem = equation.out.name.split("%")[0]
    copies = Copies(b, known)
    equations = copies.equations(graph.equations)
    equations += [Equation(out, "copy", (copies.atom(inner),)) for out, inner in passed]
    return [copied._replace(origin=equation.origin) for copied in equations]
