"""The printed form of a graph.

    graph circuit(a: real, b: real, c: real) -> (J: real) {
      u: real = mul b c        # circuit.g:1
      v: real = add a u        # circuit.g:1
      J: real = mul 3.0 v      # circuit.g:1
    }

Parameters follow the operands as `{name=value}`.  A literal that is spelled like a name has a
sign (`+inf`, `+nan`, `+true`), so a quantity may be called `inf`.  The body of a loop stands in
its place, since both are one scope; functions stand before the graphs that call them, and a
call names its own (`graph=@softplus`).  `ir.read` turns the text back into the same graph,
except for the comments.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from gradc.diagnostics import Source
from gradc.ir.dims import Dim
from gradc.ir.graph import BODIES, INT, Atom, Equation, Graph, Lit, Param, Size


def print_graph(graph: Graph) -> str:
    """The graph as text, one equation a line, each with the place it comes from."""
    labels: dict[Graph, str] = {}
    functions: dict[Graph, None] = {}
    _collect(graph, functions)
    for function in functions:
        labels[function] = _free_label(function.name, set(labels.values()))
    printed = [_graph(function, label, labels) for function, label in labels.items()]
    return "\n".join([*printed, _graph(graph, graph.name, labels)])


def _collect(graph: Graph, found: dict[Graph, None]) -> None:
    """Add the functions that a graph calls, each after those that it calls itself."""
    for equation in graph.equations:
        for name, value in equation.params:
            if type(value) is Graph and value not in found:
                _collect(value, found)
                if name not in BODIES:
                    found[value] = None


def _free_label(name: str, taken: set[str]) -> str:
    label, count = name, 1
    while label in taken:
        count += 1
        label = f"{name}.{count}"
    return label


def _graph(graph: Graph, label: str, labels: Mapping[Graph, str]) -> str:
    return "\n".join([*_lines(graph, label, labels, graph.source, ""), ""])


def _lines(
    graph: Graph, label: str, labels: Mapping[Graph, str], source: Source | None, indent: str
) -> list[str]:
    """The lines of a graph; all but the first are indented."""
    inputs = ", ".join(map(repr, graph.inputs))
    outputs = ", ".join(map(repr, graph.outputs))
    inner = indent + "  "
    parts = [_equation(equation, labels, source, inner) for equation in graph.equations]
    places = [_place(source, equation) for equation in graph.equations]
    width = max((len(lines[0]) for lines in parts), default=0)
    body: list[str] = []
    for lines, place in zip(parts, places, strict=True):
        first = f"{inner}{lines[0]:<{width}}  # {place}" if place else f"{inner}{lines[0]}"
        body += [first, *lines[1:]]
    return [f"graph {label}({inputs}) -> ({outputs}) {{", *body, f"{indent}}}"]


def _equation(
    equation: Equation, labels: Mapping[Graph, str], source: Source | None, indent: str
) -> list[str]:
    results = ", ".join(map(repr, equation.outs))
    lines = [" ".join([results, "=", equation.op, *map(_atom, equation.args)])]
    if not equation.params:
        return lines
    lines[-1] += " {"
    for position, (name, value) in enumerate(equation.params):
        lines[-1] += f"{', ' if position else ''}{name}="
        if type(value) is Graph and name in BODIES:
            first, *rest = _lines(value, value.name, labels, source, indent)
            lines[-1] += first
            lines += rest
        elif type(value) is Graph:
            lines[-1] += f"@{labels[value]}"
        else:
            lines[-1] += _param(value)
    lines[-1] += "}"
    return lines


def _atom(atom: Atom) -> str:
    if isinstance(atom, Lit):
        return literal_text(atom.value)
    if isinstance(atom, Size):
        return f"size({atom.dim}{', int' if atom.type == INT else ''})"
    return atom.name


def literal_text(value: float | int | bool) -> str:
    """A literal: digits, or a word with a sign."""
    if isinstance(value, bool):
        return "+true" if value else "+false"
    if math.isfinite(value):
        return repr(value)
    return "+nan" if math.isnan(value) else "+inf" if value > 0 else "-inf"


def _param(value: Param) -> str:
    if isinstance(value, tuple):
        return f"({', '.join('at' if part is None else _param(part) for part in value)})"
    if value is None:
        return "+none"
    if isinstance(value, bool):
        return literal_text(value)
    return str(value) if isinstance(value, (int, Dim)) else json.dumps(value, ensure_ascii=False)


def _place(source: Source | None, equation: Equation) -> str:
    if source is None or equation.origin is None:
        return ""
    line, _ = source.line_column(equation.origin.span.start)
    return f"{_one_line(source.name)}:{line}"


def _one_line(text: str) -> str:
    """A file name that cannot end the comment it stands in."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
