"""Parts of a graph, and partials of the table, as text in the notation of gradc programs.

`Formulas` writes the quantities of a graph: those with a name by their name, anonymous ones in
place.  `partial_text` writes a formula of a row.  Elementwise primitives are spelled as their
rows say (an operator, else a call of the row's name), array primitives by `formula_arrays`, calls
and loops by `formula_control`.

Invariant: one pass over the equations, in their order, and no recursion in the depth of an
author's expression.  Deliberately absent: simplification; what is written is what is computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gradc.ir.graph import Atom, DType, Equation, Lit, Size, Var
from gradc.ops.expr import Leaf
from gradc.ops.primitive import Infix, Partial, Prefix
from gradc.ops.table import PRIMITIVES
from gradc.report.formula_arrays import ARRAY_RULES
from gradc.report.formula_control import control_pieces
from gradc.report.notation import ELEMENTS, SIGN, TEXT, Notation, Piece

CONTROL = frozenset(name for name, row in PRIMITIVES.items() if row.structured)

NumberText = Callable[[float], str]

# Beyond this, a whole double is clearer with its exponent.
_WHOLE_LIMIT = 1e16


def exact_number(x: float) -> str:
    """A number that reads back as the same double; a whole one without its point.

    >>> [exact_number(x) for x in (3.0, 0.1, -0.0, 1e300, True)]
    ['3', '0.1', '-0.0', '1e+300', 'true']
    """
    if isinstance(x, bool):
        return "true" if x else "false"
    if isinstance(x, int) or (abs(x) < _WHOLE_LIMIT and x == int(x)):
        return str(int(x)) if x or math.copysign(1.0, x) > 0.0 else "-0.0"
    return repr(x)


class Formulas:
    """The texts of a graph's quantities and equations.

    `inlined` says which results of equations are written in place; all others are written by
    their names, or as `names` says.  Without a `limit` a text is complete; with one, a text and
    each of its parts are cut to so many characters.
    """

    def __init__(
        self,
        equations: Iterable[Equation] = (),
        inlined: Callable[[Var], bool] = lambda var: var.anonymous,
        names: Mapping[Var, Piece] | None = None,
        limit: int | None = None,
        number: NumberText = exact_number,
        notation: Notation = TEXT,
    ) -> None:
        self._names = names or {}
        self._notation = notation
        self._limit = limit
        self._number = number
        self._pieces: dict[Var, Piece] = {}
        for equation in equations:
            if equation.op in CONTROL:
                args = [self.piece(arg) for arg in equation.args]
                pieces = control_pieces(notation, equation, args)
                found = zip(equation.outs, map(self._cut, pieces), strict=True)
                self._pieces.update((out, piece) for out, piece in found if inlined(out))
            elif inlined(equation.out):
                self._pieces[equation.out] = self._piece(equation)

    def of(self, atom: Atom) -> str:
        """A quantity: its name, or its formula where it is written in place."""
        return self._cut(self.piece(atom)).text

    def definition(self, equation: Equation) -> str:
        """The right-hand side of an equation."""
        return self._piece(equation).text

    def partial(self, formula: Partial) -> str:
        """A partial that a row states, over quantities of this graph."""
        return self._cut(self._partial(formula)).text

    def _piece(self, equation: Equation) -> Piece:
        n = self._notation
        args = [self.piece(arg) for arg in equation.args]
        if equation.op in CONTROL:
            return self._cut(control_pieces(n, equation, args)[0])
        rule = ARRAY_RULES.get(equation.op)
        if rule is not None:
            return self._cut(rule(n, equation, args))
        if equation.op == "real" and equation.args[0].type.dtype is DType.BOOL:
            return self._cut(n.conditional(n.number("1"), args[0], n.number("0")))
        arrays = sum(bool(arg.type.shape) for arg in equation.args) > 1
        return self._cut(_elementwise(n, equation.op, dict(equation.params), args, arrays))

    def _cut(self, piece: Piece) -> Piece:
        return self._notation.cut(piece, self._limit)

    def piece(self, atom: Atom) -> Piece:
        """A quantity as a part of another formula."""
        if isinstance(atom, Lit):
            return self._literal(atom.value)
        if isinstance(atom, Size):
            return self._notation.size(atom.dim)
        known = self._pieces.get(atom) or self._names.get(atom)
        return known or self._notation.name(atom.name)

    def _literal(self, value: float) -> Piece:
        return self._notation.literal(self._number(value))

    def _partial(self, formula: Partial) -> Piece:
        # Rows state their partials: the depth of these trees is that of the table, not of any
        # author's text.
        if isinstance(formula, Leaf):
            return self.piece(formula.atom)
        if isinstance(formula, (int, float)):
            return self._literal(float(formula))
        args = [self._partial(arg) for arg in formula.args]
        return self._cut(_elementwise(self._notation, formula.op, dict(formula.params), args))


def _elementwise(
    n: Notation, op: str, params: Mapping[str, Any], args: Sequence[Piece], arrays: bool = False
) -> Piece:
    """An elementwise primitive applied to pieces, of which several may be arrays."""
    match op:
        case "copy" | "real":
            return args[0]
        case "select":
            return n.conditional(args[1], args[0], args[2])
        case "ipow":
            return n.infix("**", args[0], n.literal(str(params["n"]))._replace(binding=SIGN))
        case "pow":
            return n.infix("**", args[0], args[1])
        case "polygamma":
            order = params["n"]
            number = n.number(str(order))
            return n.call("polygamma", (number, args[0])) if order else n.call("digamma", args)
        case "mul" if arrays:
            return n.infix(ELEMENTS, args[0], args[1])
    for target in ("python", "numpy"):
        match PRIMITIVES[op].spell.get(target):
            case Infix(operator):
                return n.infix(operator, args[0], args[1])
            case Prefix("-"):
                return n.negative(args[0])
            case Prefix("not"):
                return n.inverse(args[0])
    return n.call(op, args)
