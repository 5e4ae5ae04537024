"""Checking that a graph is one: `verify`.

Every transform keeps these invariants; tests check them after each.  A graph that breaks them
is a fault of gradc, never of a program.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradc.ir.graph import DType, Equation, Graph, Var
from gradc.ops.primitive import (
    ELEMENTWISE_RULES,
    Primitive,
    TypeMismatchError,
    bool_rule,
    number_rule,
    real_rule,
    select_rule,
)
from gradc.ops.table import PRIMITIVES


class InvalidGraphError(Exception):
    """A graph that breaks an invariant; the message says which, and where."""


def verify(graph: Graph) -> None:
    """Check the invariants of a graph.

    Every variable is defined once, before its first use, under a name of its own; every
    equation names a primitive of the table and its types follow that primitive's rule; every
    output is defined.  Raises InvalidGraphError with all that is wrong.
    """
    faults = list(_faults(graph))
    if faults:
        raise InvalidGraphError(f"graph {graph.name}: " + "; ".join(faults))


def _faults(graph: Graph) -> Iterator[str]:
    defined: set[Var] = set()
    names: set[str] = set()
    for var in graph.inputs:
        yield from _definition(var, defined, names)
    for equation in graph.equations:
        for var in equation.inputs():
            if var not in defined:
                yield f"{equation.out.name} reads {var.name} before it is defined"
        yield from _type_faults(equation)
        yield from _definition(equation.out, defined, names)
    for var in graph.outputs:
        if var not in defined:
            yield f"the output {var.name} is not defined"


def _definition(var: Var, defined: set[Var], names: set[str]) -> Iterator[str]:
    if var in defined:
        yield f"{var.name} is defined twice"
    elif var.name in names:
        yield f"two quantities are called {var.name}"
    defined.add(var)
    names.add(var.name)


def _type_faults(equation: Equation) -> Iterator[str]:
    out, row = equation.out, PRIMITIVES.get(equation.op)
    if row is None:
        yield f"{out.name} applies {equation.op}, which is not a primitive"
        return
    types = [arg.type for arg in equation.args]
    try:
        expected = row.type_rule(types, dict(equation.params))
    except (TypeMismatchError, LookupError, ValueError) as error:
        yield f"{out.name} = {equation.op} does not take its operands: {error}"
        return
    if expected != out.type:
        yield f"{out.name} = {equation.op} gives {expected}, declared is {out.type}"
    if row.type_rule in ELEMENTWISE_RULES and not _element_types_fit(row, equation):
        yield f"{out.name} = {equation.op} does not take {', '.join(map(str, types))}"


def _element_types_fit(row: Primitive, equation: Equation) -> bool:
    kinds = [arg.type.dtype for arg in equation.args]
    if row.type_rule is real_rule:
        return set(kinds) == {DType.REAL}
    if row.type_rule is number_rule:
        return len(set(kinds)) == 1 and (DType.BOOL not in kinds or row.name == "copy")
    if row.type_rule is select_rule:
        return kinds[0] is DType.BOOL and kinds[1] is kinds[2]
    if row.type_rule is bool_rule:
        logical = row.name in ("and", "or", "not")
        return len(set(kinds)) == 1 and (kinds[0] is DType.BOOL) == logical
    return True
