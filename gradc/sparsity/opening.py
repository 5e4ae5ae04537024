"""A graph in which every quantity is computed in one place: `opened`.

Calls are replaced by the equations of the function, in the bodies of loops too, so that each
quantity has one pattern, and an integer one value for each step of the loops around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.passes.dead import only_needed
from gradc.passes.inline import inlined
from gradc.passes.rewriting import with_params


class TooLongError(Exception):
    """The graph has more equations, or more steps, than it is worth looking at."""


def opened(graph: Graph, results: Iterable[Var], limit: int) -> list[Equation]:
    """The equations on which some results depend, without calls.

    Raises TooLongError where there would be more than `limit`.
    """
    b = Builder(graph.names())
    count = 0

    def written(equations: Iterable[Equation]) -> Iterator[Equation]:
        nonlocal count
        pending = [iter(equations)]
        while pending:
            equation = next(pending[-1], None)
            if equation is None:
                pending.pop()
                continue
            count += 1
            if count > limit:
                raise TooLongError
            if equation.op == "call":
                pending.append(iter(inlined(b, equation)))
            elif equation.op == "loop":
                body = Loop.of(equation).body
                inner = replace(body, equations=tuple(written(body.equations)))
                yield with_params(equation, {"body": inner})
            else:
                yield equation

    return list(written(only_needed(graph.equations, results)))
