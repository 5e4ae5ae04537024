"""The printed form of a graph.

    graph circuit(a: real, b: real, c: real) -> (J: real) {
      u: real = mul b c        # circuit.g:1
      v: real = add a u        # circuit.g:1
      J: real = mul 3.0 v      # circuit.g:1
    }

Parameters follow the operands as `{name=value}`.  `read` turns this text back into the same
graph, except for the comments.
"""

from __future__ import annotations

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, Equation, Graph, Lit, Param, Size


def print_graph(graph: Graph) -> str:
    """The graph as text, one equation a line, each with the place it comes from."""
    inputs = ", ".join(map(repr, graph.inputs))
    outputs = ", ".join(map(repr, graph.outputs))
    lines = [_equation(equation) for equation in graph.equations]
    places = [_place(graph, equation) for equation in graph.equations]
    width = max((len(line) for line in lines), default=0)
    body = [
        f"  {line:<{width}}  # {place}" if place else f"  {line}"
        for line, place in zip(lines, places, strict=True)
    ]
    return "\n".join([f"graph {graph.name}({inputs}) -> ({outputs}) {{", *body, "}"]) + "\n"


def _equation(equation: Equation) -> str:
    words = [f"{equation.out!r} =", equation.op, *map(_atom, equation.args)]
    if equation.params:
        params = ", ".join(f"{name}={_param(value)}" for name, value in equation.params)
        words.append(f"{{{params}}}")
    return " ".join(words)


def _atom(atom: Atom) -> str:
    if isinstance(atom, Lit):
        return repr(atom.value).lower() if isinstance(atom.value, bool) else repr(atom.value)
    return f"size({atom.dim})" if isinstance(atom, Size) else atom.name


def _param(value: Param) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_param, value))})"
    if value is None:
        return "at"
    return str(value) if isinstance(value, (int, Dim)) else f'"{value}"'


def _place(graph: Graph, equation: Equation) -> str:
    if graph.source is None or equation.origin is None:
        return ""
    line, _ = graph.source.line_column(equation.origin.span.start)
    return f"{graph.source.name}:{line}"
