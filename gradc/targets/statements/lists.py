"""Whether a module of scalars can hold what its loops collect in lists.

A quantity with axes may be one of Python's lists where loops collect it, one number or one such
list a step, and where nothing is done with it but to read an element, to read it in a loop, and
to pass it on.  The residuals of a loop of scalars are of this kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from gradc.ir.graph import Atom, Equation, Graph
from gradc.ops.control import Loop
from gradc.targets.statements.scopes import all_equations, functions, variables


def needs_no_arrays(graphs: Iterable[Graph]) -> bool:
    """Whether everything in some graphs, and in the functions that they call, is a number or a
    list that a loop collects."""
    graphs = tuple(graphs)
    if any(_has_axes((*graph.inputs, *graph.outputs)) for graph in graphs):
        return False
    equations = list(chain.from_iterable(graph.equations for graph in graphs))
    called = functions(equations)
    if not any(var.type.shape for graph in (*graphs, *called) for var in variables(graph)):
        return True
    every = chain(equations, *(graph.equations for graph in called))
    return all(map(_suits_lists, all_equations(every)))


def _has_axes(atoms: Iterable[Atom]) -> bool:
    return any(atom.type.shape for atom in atoms)


def _suits_lists(equation: Equation) -> bool:
    match equation.op:
        case "loop":
            return _collects_lists(Loop.of(equation))
        case "gather":
            axes = equation.param("axes")
            return axes == tuple(range(len(axes))) and not _has_axes(equation.args[1:])
        case "call" | "copy":
            return True
        case _:
            return not _has_axes((*equation.args, *equation.outs))


def _collects_lists(loop: Loop) -> bool:
    """Whether nothing that is carried has axes, and rows that are lists come in their order."""
    in_order = loop.condition is None and not loop.counted and not loop.backwards
    values = loop.body.outputs[loop.carried :]
    return not _has_axes(loop.finals) and (in_order or not _has_axes(values))
