"""Functions of the author's as the language has them: one for each kind of arguments.

A function has a scope of its own.  What it does is written as in a program, and its author's own
derivatives stay with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradc.ir.dims import Shape
from gradc.ir.graph import DType, Equation, Graph, Var
from gradc.passes.dead import needed
from gradc.targets.g.block import Block, Expressions, broken, commented
from gradc.targets.g.loops import INDENT, write_loop
from gradc.targets.g.names import Names
from gradc.targets.g.opening import opened
from gradc.targets.g.pieces import Piece, call

_Key = tuple[Graph, Graph | None]


class Functions:
    """The functions of one program, written when they are first called."""

    def __init__(self, names: Names) -> None:
        self.names = names  # of the program: functions share it with quantities
        self.lines: list[str] = []
        self._found: dict[_Key, str] = {}

    def name(self, equation: Equation) -> str:
        """The name of the function that an equation calls."""
        params = dict(equation.params)
        key = (params["graph"], params.get("partials"))
        if key not in self._found:
            self._found[key] = self._define(*key)
        return self._found[key]

    def loop(self, block: Block, equation: Equation) -> None:
        """Write a loop into a block."""
        write_loop(block, equation, lambda name, graph: self._helper(block, name, graph))

    def _helper(self, block: Block, wish: str, graph: Graph) -> Piece:
        """A function of its own for what cannot be one expression, called where it stands."""
        key = (graph, None)
        if key not in self._found:
            name = self.names.fresh(wish)
            self._found[key] = name
            self._write(name, graph, [])
        return call(self._found[key], [block.expressions.whole(var) for var in graph.inputs])

    def _define(self, graph: Graph, partials: Graph | None) -> str:
        name = self.names.fresh(re.sub(r"\W", "_", graph.name))
        formulas = [] if partials is None else self._formulas(name, partials)
        self._write(name, graph, formulas)
        return name

    def _write(self, name: str, graph: Graph, formulas: Sequence[Piece]) -> None:
        graph = opened(graph)
        names, block = self._block(graph)
        (result,) = graph.outputs
        block.write(graph.equations, ())
        value = block.part(result)
        piece = Piece(names[result]) if value is None else value
        parameters = ", ".join(f"{names[var]}{_sizes(var.type.shape)}" for var in graph.inputs)
        real = [var for var in graph.inputs if var.type.dtype is DType.REAL]
        given = ", ".join(
            f"d{names[var]} = {f.text}" for var, f in zip(real, formulas, strict=False)
        )
        behind = f" with {given}" if formulas else ""
        if not block.lines:
            lines = commented(f"def {name}({parameters}) = {piece.text}{behind}", None, "")
        else:
            end = f"{INDENT}return {piece.text}"
            heading = broken(f"def {name}({parameters}) {{", "")
            lines = [*heading, *block.lines, end, f"}}{behind}"]
        self.lines += [*([""] if self.lines else []), *lines]

    def _block(self, graph: Graph) -> tuple[Names, Block]:
        names = Names(graph, self._found.values())
        for var in graph.inputs:
            names[var]
        return names, Block(Expressions(names, self.name), self.loop, INDENT)

    def _formulas(self, name: str, partials: Graph) -> list[Piece]:
        """The author's own derivatives, each as one expression; by a function where it is none."""
        formulas = []
        real = [var for var in partials.inputs if var.type.dtype is DType.REAL]
        for var, result in zip(real, partials.outputs, strict=True):
            graph = Graph(name, partials.inputs, _needed(partials, result), (result,))
            names, block = self._block(graph)
            block.write(graph.equations, ())
            piece = block.part(result)
            if piece is None and result in graph.inputs:
                piece = Piece(names[result])
            if piece is None or block.lines:
                helper = self.names.fresh(f"{name}_d{names[var]}")
                self._write(helper, graph, [])
                piece = call(helper, [Piece(names[each]) for each in graph.inputs])
            formulas.append(piece)
        return formulas


def _needed(graph: Graph, result: Var) -> tuple[Equation, ...]:
    live = needed(graph.equations, (result,))
    return tuple(eq for eq in graph.equations if not live.isdisjoint(eq.outs))


def _sizes(shape: Shape) -> str:
    return f"[{', '.join(map(str, shape))}]" if shape else ""
