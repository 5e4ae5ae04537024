"""The functions and loops that a diagram opens, as deep as a reader asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gradc.diagnostics import Source
from gradc.ir.dims import shape_text
from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.control import Loop
from gradc.report.bodies import inner_statements
from gradc.report.partials import Statement

#: What differentiation makes of a function that is read backwards later: the same, and more.
_FORWARD = "_forward"

_DEFINED = re.compile(r"\bdef\s+([^\W\d]\w*)\s*\(")


@dataclass
class Called:
    """A function that is opened: an equation that calls it, how deep, and how often it is
    called by what is drawn."""

    call: Equation
    depth: int
    count: int = 1

    @property
    def graph(self) -> Graph:
        """The function."""
        graph: Graph = self.call.param("graph")
        return graph

    @property
    def title(self) -> str:
        """Its definition, and how often it is called."""
        return f"def {self.head}" + (f"   × {self.count}" if self.count > 1 else "")

    @property
    def head(self) -> str:
        """Its name and its arguments."""
        arguments = ", ".join(_argument(var) for var in self.graph.inputs)
        return f"{_author_name(self.graph)}({arguments})"


def written_functions(source: Source) -> frozenset[str]:
    """The names of the functions that a text seems to define; others are made by
    differentiation."""
    return frozenset(_DEFINED.findall(source.text))


def called(written: frozenset[str], shown: Iterable[Statement], depth: int) -> list[Called]:
    """The functions that statements call, and that those call, and that loops call; the nearest
    first, of those that are written."""
    found: dict[Graph, Called] = {}
    level = [equation for statement in shown for equation in statement.equations]
    for left in range(depth, 0, -1):
        inner: list[Equation] = []
        for equation in level:
            if equation.op == "loop":
                inner += Loop.of(equation).body.equations
            elif equation.op == "call":
                graph: Graph = equation.param("graph")
                if graph in found:
                    found[graph].count += 1
                elif _author_name(graph) in written:
                    found[graph] = Called(equation, left)
                    inner += graph.equations
        level = inner
        if not level:
            break
    return list(found.values())


def closed_functions(written: frozenset[str], statement: Statement) -> list[str]:
    """The functions that a statement calls, each in a few words: `f(t): 2 equations`."""
    found = []
    for one in called(written, [statement], 1):
        count = len(inner_statements(one.graph))
        found.append(f"{one.head}: {count} equation{'s' * (count != 1)}")
    return found


def parts(written: frozenset[str], shown: Iterable[Statement]) -> tuple[int, int]:
    """How many more boxes and arrows there are where loops and functions are opened once."""
    statements = list(shown)
    loops = (e for s in statements for e in s.equations if e.op == "loop")
    bodies = [loop.body for loop in map(Loop.of, loops)]
    functions = [one.graph for one in called(written, statements, 1)]
    boxes = arrows = 0
    for graph in (*bodies, *functions):
        inner = inner_statements(graph)
        boxes += len(inner) + len(graph.inputs)
        arrows += sum(len(one.statement.operands) for one in inner)
    return boxes, arrows


def _author_name(graph: Graph) -> str:
    return graph.name.removesuffix(_FORWARD)


def _argument(var: Var) -> str:
    return f"{var.name}{shape_text(var.type.shape)}" if var.type.shape else var.name
