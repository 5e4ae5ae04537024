"""What is known of the functions that a module has: how they are called, and with what."""

from __future__ import annotations

from typing import NamedTuple

from gradc.ir.graph import DType, Equation, Graph, Lit, Var
from gradc.ops.primitive import Form, Infix
from gradc.ops.table import PRIMITIVES
from gradc.targets.statements.notes import Notes
from gradc.targets.statements.scopes import all_equations


class Callee(NamedTuple):
    """A function of the module: its name, and the named sizes that it takes besides."""

    name: str
    sizes: tuple[str, ...]


class Calls:
    """The functions of a module, by their graphs."""

    def __init__(self, plain_reals: bool) -> None:
        """`plain_reals` is as `Notes` has it."""
        self.plain_reals = plain_reals
        self.callees: dict[Graph, Callee] = {}
        self.plain_results: dict[Graph, tuple[bool, ...]] = {}
        self._takes: dict[tuple[Graph, frozenset[int]], bool] = {}

    def takes_floats(self, graph: Graph, positions: frozenset[int]) -> bool:
        """Whether some operands of a function may be plain floats of Python: nothing in it raises
        then, and no result is one that is not one otherwise."""
        key = (graph, positions)
        if key not in self._takes:
            notes = Notes(self.plain_results, self.plain_reals)
            results = notes.results(graph, {graph.inputs[i] for i in positions})
            self._takes[key] = results == self.plain_results[graph] and not any(
                _may_raise(equation, notes) for equation in all_equations(graph.equations)
            )
        return self._takes[key]


def _may_raise(equation: Equation, notes: Notes) -> bool:
    """Whether Python's floats may be the operands of an operator that raises, or be passed on."""
    args = equation.args
    if equation.op == "call":
        return any(type(arg) is Var and notes.plain(arg) for arg in args)
    if equation.out.type.shape or equation.out.type.dtype is not DType.REAL:
        return False
    match PRIMITIVES[equation.op].spell["numpy"]:
        case Infix("/" | "//" | "%"):
            nonzero = type(args[1]) is Lit and args[1].value != 0.0
            return not nonzero and all(map(notes.plain, args))
        case Form("power" | "integer_power"):
            return all(map(notes.plain, args))
        case _:
            return False
