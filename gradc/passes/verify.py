"""Checking that a graph is one: `verify`.

Every transform keeps these invariants; tests check them after each.  A graph that breaks them
is a fault of gradc, never of a program.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradc.ir.graph import BODIES, BOOL, INT, Atom, DType, Equation, Graph, Var
from gradc.ops.control import Loop, result_types
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
    """Check the invariants of a graph, and of the graphs that its equations hold.

    Every variable is defined once, before its first use, under a name of its own; every
    equation names a primitive of the table and its types follow that primitive's rule; every
    output is defined.  Raises InvalidGraphError with all that is wrong.
    """
    faults = list(_Verification().faults(graph, set(), set()))
    if faults:
        raise InvalidGraphError(f"graph {graph.name}: " + "; ".join(faults))


class _Verification:
    def __init__(self) -> None:
        self.functions: set[Graph] = set()

    def faults(self, graph: Graph, defined: set[Var], names: set[str]) -> Iterator[str]:
        """What is wrong in one scope, the bodies of its loops included."""
        for var in graph.inputs:
            yield from _definition(var, defined, names)
        yield from self._equations(graph, defined, names)

    def _equations(self, graph: Graph, defined: set[Var], names: set[str]) -> Iterator[str]:
        for equation in graph.equations:
            for var in equation.inputs():
                if var not in defined:
                    yield f"{equation.out.name} reads {var.name} before it is defined"
            yield from _type_faults(equation)
            if equation.params:
                yield from self._held(equation, defined, names)
            for out in equation.outs:
                yield from _definition(out, defined, names)
        for var in graph.outputs:
            if var not in defined:
                yield f"the output {var.name} is not defined"

    def _held(self, equation: Equation, defined: set[Var], names: set[str]) -> Iterator[str]:
        for name, value in equation.params:
            if type(value) is not Graph:
                continue
            if name in BODIES:
                yield from self._body(equation, name, value, defined, names)
            elif value not in self.functions:
                self.functions.add(value)
                yield from (f"{value.name}: {f}" for f in self.faults(value, set(), set()))

    def _body(
        self, equation: Equation, name: str, body: Graph, defined: set[Var], names: set[str]
    ) -> Iterator[str]:
        """A body sees its own inputs and no other variables of the scope around."""
        loop = Loop.of(equation)
        own = body.inputs[: 1 + loop.carried]
        if body.inputs[1 + loop.carried :] != loop.captured:
            yield f"the {name} of {equation.out.name} reads other quantities than its loop"
        inside = set(body.inputs)
        if name == "body":
            for var in own:
                yield from _definition(var, defined, names)
        elif body.inputs != loop.body.inputs:
            yield f"the condition of {equation.out.name} has other inputs than its body"
        yield from self._equations(body, inside, names)


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
    if row.structured:
        yield from _structured_faults(equation)
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


def _structured_faults(equation: Equation) -> Iterator[str]:
    """The types of all results and operands of an equation that holds graphs."""
    name = equation.out.name
    expected = result_types(equation.op, dict(equation.params))
    if expected != tuple(out.type for out in equation.outs):
        yield f"the results of {name} = {equation.op} are not those of its graph"
    given: tuple[Atom, ...] = equation.args
    if equation.op == "call":
        taken = equation.param("graph").inputs
        yield from _partials_faults(equation)
    else:
        loop = Loop.of(equation)
        given = (*loop.initial, *loop.captured)
        taken = loop.body.inputs[1:]
        if [v.type for v in loop.body.outputs[: loop.carried]] != [a.type for a in loop.initial]:
            yield f"a step of {name} changes the type of a carried quantity"
        if loop.body.inputs[:1] and loop.body.inputs[0].type != INT:
            yield f"the counter of {name} is no integer"
        if loop.condition and [v.type for v in loop.condition.outputs] != [BOOL]:
            yield f"the condition of {name} is no truth value"
        if loop.condition and loop.backwards:
            yield f"the condition of {name} is asked of steps that are run backwards"
    if [arg.type for arg in given] != [var.type for var in taken]:
        yield f"{name} = {equation.op} does not take its operands"


def _partials_faults(equation: Equation) -> Iterator[str]:
    """The author's partials: one for each real operand of a call with one result."""
    params = dict(equation.params)
    partials = params.get("partials")
    if partials is None:
        return
    out = equation.out.type
    array = len(out.shape) > params.get("mapped", 0)
    if equation.others or out.dtype is not DType.REAL:
        yield f"{equation.out.name} has partials, which are those of one real result"
    if [var.type for var in partials.inputs] != [arg.type for arg in equation.args]:
        yield f"the partials of {equation.out.name} have other inputs than its function"
    reals = [arg.type for arg in equation.args if arg.type.dtype is DType.REAL]
    if [var.type for var in partials.outputs] != [out if array else kind for kind in reals]:
        yield f"the partials of {equation.out.name} are not one for each of its real operands"
