"""The printed form of a graph.

    graph circuit(a: real, b: real, c: real) -> (J: real) {
      u: real = mul b c        # circuit.g:1
      v: real = add a u        # circuit.g:1
      J: real = mul 3.0 v      # circuit.g:1
    }

Parameters follow the operands as `{name=value}`.  A literal that is spelled like a name has a
sign (`+inf`, `+nan`, `+true`), so a quantity may be called `inf`.  `ir.read` turns the text
back into the same graph, except for the comments.
"""

from __future__ import annotations

import math

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
        return literal_text(atom.value)
    return f"size({atom.dim})" if isinstance(atom, Size) else atom.name


def literal_text(value: float | int | bool) -> str:
    """A literal: digits, or a word with a sign."""
    if isinstance(value, bool):
        return "+true" if value else "+false"
    if math.isfinite(value):
        return repr(value)
    return "+nan" if math.isnan(value) else "+inf" if value > 0 else "-inf"


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
    return f"{_one_line(graph.source.name)}:{line}"


def _one_line(text: str) -> str:
    """A file name that cannot end the comment it stands in."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
