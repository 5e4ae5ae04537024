"""Closed forms of scalars, simplified by SymPy: `Algebra`.

A graph becomes an expression of SymPy by what its rows say (`spell["sympy"]`, `formula`), and that
becomes a formula of a notation again.  No text is evaluated on the way.  Symbols are real, so
`sqrt(x**2)` is `abs(x)` and never `x`.  What SymPy gives is taken where it is shorter, where it has
the same numbers at some points as before, and where all of it can be written; and no simplification
goes on for longer than `_PATIENCE` seconds.

Deliberately absent: arrays, and derivatives by SymPy; it simplifies what this package derived.
"""

from __future__ import annotations

import importlib
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any

from gradc.ir.graph import Atom, DType, Equation, Lit, Size, Var
from gradc.ops.expr import Expr, Leaf
from gradc.ops.primitive import Fn, Form, Helper, Infix, Partial, Prefix
from gradc.ops.table import PRIMITIVES
from gradc.report.notation import Notation, Piece
from gradc.report.numbers import number

_PATIENCE = 3.0

# What SymPy raises where it knows no answer; the expression stays as it is then.
_FAILURES = (
    ArithmeticError,
    AttributeError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)

# Points at which a simplified expression is compared with the one that it came from.
_POINTS = (0.37, 1.21, -0.83, 2.6)

# A denominator up to this is written as one; 1/3 is, 0.1 stays 0.1.
_FRACTION = 12

# A simplification that changes functions, too, has to be so much shorter.
_WORTH = 0.6


def algebra_of(equations: Sequence[Equation], notation: Notation) -> Algebra | None:
    """The expressions of a graph of scalars; None where there is no SymPy."""
    try:
        sympy = importlib.import_module("sympy")
    except ImportError:
        return None
    return Algebra(sympy, equations, notation)


class Algebra:
    """Expressions of a graph of scalars, and what SymPy makes of them."""

    def __init__(self, sympy: Any, equations: Sequence[Equation], notation: Notation) -> None:
        self.sympy = sympy
        self.n = notation
        self._symbols: dict[Any, Atom] = {}
        self._known: dict[Atom, Any] = {}
        for equation in equations:
            if not equation.out.anonymous:
                continue  # written by its name
            args = [self.expression(arg) for arg in equation.args]
            params = dict(equation.params)
            self._known[equation.out] = self._applied(equation.op, args, params)
        self._names = {
            self._function(row.name): row.name
            for row in PRIMITIVES.values()
            if row.formula is None and isinstance(row.spell.get("sympy"), Fn | Helper)
        }

    def simplified(
        self, atom: Atom, written: str, at: Mapping[str, object], value: object
    ) -> Piece | None:
        """A formula of the same value that is shorter than what is written; None where there is
        none.

        With numbers of the inputs, `at` which the value is known, the two are compared.
        """
        given = self.expression(atom)
        best = given
        for step in (self.sympy.factor, self._cancelled, self._over_one, self.sympy.powsimp):
            best = self._shorter(best, self._tried(step, given))
        best = self._shorter(best, self._tried(self.sympy.simplify, given), _WORTH)
        if best is not given and not self._agree(given, best):
            return None
        if at and not self._confirmed(best, at, value):
            return None
        try:
            piece = self._piece(best)
        except _UnwrittenError:
            return None
        return piece if len(piece.text) < len(written) else None

    def _shorter(self, best: Any, found: Any, worth: float = 1.0) -> Any:
        short = found is not None and self._length(found) < worth * self._length(best)
        return found if short else best

    def _cancelled(self, expression: Any) -> Any:
        return self.sympy.factor(self.sympy.cancel(self.sympy.together(expression)))

    def _over_one(self, expression: Any) -> Any:
        """One fraction, multiplied out above the line only."""
        over, under = self.sympy.fraction(self.sympy.together(expression))
        return self.sympy.expand(over) / self.sympy.factor(under)

    def _confirmed(self, expression: Any, at: Mapping[str, object], value: object) -> bool:
        """Whether an expression has a number where the derivative does."""
        found, known = self.value(expression, at), _real(value)
        if found is None or known is None:
            return False
        return math.isclose(found, known, rel_tol=1e-6, abs_tol=1e-12)

    def _tried(self, step: Callable[[Any], Any], expression: Any) -> Any:
        """What a simplification gives; None where it fails or takes too long."""
        try:
            with _limited(_PATIENCE):
                return step(expression)
        except (*_FAILURES, _TimeoutError, self.sympy.PolynomialError):
            return None

    def _length(self, expression: Any) -> int:
        return int(self.sympy.count_ops(expression)) + len(expression.free_symbols)

    def _agree(self, left: Any, right: Any) -> bool:
        """Whether two expressions have the same real values at some points, one at least."""
        symbols = sorted(left.free_symbols, key=str)
        compared = False
        for k in range(len(_POINTS)):
            at = {
                str(symbol): _POINTS[(i + k) % len(_POINTS)] + 0.11 * (i // len(_POINTS))
                for i, symbol in enumerate(symbols)
            }
            a, b = (self.value(expression, at) for expression in (left, right))
            if a is None or b is None:
                continue
            if not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12):
                return False
            compared = True
        return compared

    def value(self, expression: Any, at: Mapping[str, object]) -> float | None:
        """The number of an expression at a point; None where it is not real and finite."""
        symbols = expression.free_symbols
        if not all(str(symbol) in at for symbol in symbols):
            return None
        numbers = {symbol: self.sympy.Float(at[str(symbol)], 17) for symbol in symbols}
        return _real(self._tried(lambda given: given.subs(numbers).evalf(), expression))

    # From the graph

    def expression(self, atom: Atom) -> Any:
        """What SymPy has for a quantity."""
        if atom in self._known:
            return self._known[atom]
        if type(atom) is Lit:
            return self._number(atom.value)
        name = str(atom.dim) if type(atom) is Size else atom.name if type(atom) is Var else ""
        whole = type(atom) is Size or atom.type.dtype is DType.INT
        symbol = self.sympy.Symbol(name, **({"integer": True} if whole else {"real": True}))
        self._symbols[symbol] = atom
        self._known[atom] = symbol
        return symbol

    def _number(self, value: float | int | bool) -> Any:
        if isinstance(value, bool):
            return self.sympy.true if value else self.sympy.false
        if not math.isfinite(value):
            return self.sympy.nan if math.isnan(value) else self.sympy.oo * int(value > 0 or -1)
        return self.sympy.Rational(repr(value))  # as the author wrote it

    def _applied(self, op: str, args: Sequence[Any], params: Mapping[str, Any]) -> Any:
        row = PRIMITIVES[op]
        if row.formula is not None:
            return self._formula(row.formula(*map(_Given, args)))
        match row.spell.get("sympy"):
            case Prefix("-"):
                return -args[0]
            case Infix(operator):
                return self._operator(operator, *args)
            case Form(form):
                return self._form(form, args, params)
            case _:
                return self._function(op)(*args)

    def _formula(self, formula: Partial) -> Any:
        if isinstance(formula, _Given):
            return formula.value
        if not isinstance(formula, Expr) or isinstance(formula, Leaf):
            return self._number(formula if isinstance(formula, float | int) else math.nan)
        args = [self._formula(arg) for arg in formula.args]
        return self._applied(formula.op, args, dict(formula.params))

    def _operator(self, operator: str, left: Any, right: Any) -> Any:
        match operator:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "**":
                return left**right
            case "//":
                return self.sympy.floor(left / right)
            case "%":
                return self.sympy.Mod(left, right)
            case _:
                relation: Any = getattr(self.sympy, _RELATIONS[operator])
                return relation(left, right)

    def _form(self, form: str, args: Sequence[Any], params: Mapping[str, Any]) -> Any:
        match form:
            case "integer_power":
                return args[0] ** params["n"]
            case "select":
                return self.sympy.Piecewise((args[1], args[0]), (args[2], True))
            case "polygamma":
                return self.sympy.polygamma(params["n"], args[0])
            case "to_real":
                truth = args[0] in (self.sympy.true, self.sympy.false) or args[0].is_Boolean
                return self.sympy.Piecewise((1, args[0]), (0, True)) if truth else args[0]
            case _:
                return args[0]

    def _function(self, op: str) -> Any:
        """SymPy's function, or one of which it knows nothing but the name."""
        match PRIMITIVES[op].spell.get("sympy"):
            case Fn(name):
                return getattr(self.sympy, name)
            case _:
                return self.sympy.Function(op, real=True)

    # Back to a formula

    def _piece(self, expression: Any) -> Piece:
        n = self.n
        if expression in self._symbols:
            atom = self._symbols[expression]
            return n.size(atom.dim) if type(atom) is Size else n.name(str(expression))
        if expression.is_Rational:
            return self._rational(int(expression.p), int(expression.q))
        if expression.is_Float or expression is self.sympy.pi:
            return n.literal(number(float(expression)))
        if expression.is_Add:
            return self._sum(expression.as_ordered_terms())
        if expression.is_Mul:
            return self._product(expression)
        if expression.is_Pow:
            return self._power(expression.base, expression.exp)
        if isinstance(expression, self.sympy.Piecewise):
            return self._cases(expression.args)
        if expression.is_Relational:
            left, right = map(self._piece, expression.args)
            return n.infix(expression.rel_op.replace("Eq", "=="), left, right)
        return self._call(expression)

    def _rational(self, p: int, q: int) -> Piece:
        n = self.n
        if q == 1:
            return n.literal(str(p))
        if q > _FRACTION:
            return n.literal(number(p / q))
        fraction = n.infix("/", n.number(str(abs(p))), n.number(str(q)))
        return n.negative(fraction) if p < 0 else fraction

    def _sum(self, terms: Sequence[Any]) -> Piece:
        total = self._piece(terms[0])
        for term in terms[1:]:
            minus = term.could_extract_minus_sign()
            piece = self._piece(-term if minus else term)
            total = self.n.infix("-" if minus else "+", total, piece)
        return total

    def _product(self, expression: Any) -> Piece:
        n = self.n
        if expression.could_extract_minus_sign():
            return n.negative(self._piece(-expression))
        number, rest = expression.as_coeff_Mul()
        if number.is_Rational and number.q > _FRACTION:
            return n.infix("*", self._piece(number), self._piece(rest))
        over, under = self.sympy.fraction(expression, exact=True)
        if under == 1:
            factors = list(expression.as_ordered_factors())
            first, *rest = map(self._piece, factors)
            return reduce(lambda left, right: n.infix("*", left, right), rest, first)
        return n.infix("/", self._piece(over), self._piece(under))

    def _power(self, base: Any, exponent: Any) -> Piece:
        n = self.n
        if exponent == self.sympy.S.Half:
            return n.call("sqrt", [self._piece(base)])
        if exponent.is_negative:
            return n.infix("/", n.number("1"), self._power(base, -exponent))
        if exponent == 1:
            return self._piece(base)
        return n.infix("**", self._piece(base), self._piece(exponent))

    def _cases(self, cases: Sequence[Any]) -> Piece:
        value, condition = cases[-1]
        if condition != self.sympy.true:
            raise _UnwrittenError
        piece = self._piece(value)
        for value, condition in reversed(cases[:-1]):
            piece = self.n.conditional(self._piece(value), self._piece(condition), piece)
        return piece

    def _call(self, expression: Any) -> Piece:
        name = self._names.get(expression.func)
        args = [self._piece(arg) for arg in expression.args]
        if name in ("and", "or"):
            return reduce(lambda left, right: self.n.infix(name, left, right), args)
        if name == "not":
            return self.n.inverse(args[0])
        if name in ("maximum", "minimum"):
            return reduce(lambda left, right: self.n.call(name, [left, right]), args)
        if name is None:
            raise _UnwrittenError
        return self.n.call(name, args)


class _Given(Expr):
    """An expression of SymPy as an operand of a row's formula."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        super().__init__("", ())
        self.value = value


class _UnwrittenError(Exception):
    """Something that SymPy knows and no notation has."""


class _TimeoutError(Exception):
    """A simplification that took too long."""


_RELATIONS = {"<": "Lt", "<=": "Le", ">": "Gt", ">=": "Ge"}


def _real(value: Any) -> float | None:
    """A finite real number, if a value is one."""
    try:
        found = complex(value)
    except (TypeError, ValueError):
        return None
    return found.real if math.isfinite(found.real) and not found.imag else None


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise after some time, where the system has timers and this is the main thread."""
    main = threading.current_thread() is threading.main_thread()
    if not hasattr(signal, "setitimer") or not main:
        yield
        return

    def stop(*_: object) -> None:
        raise _TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
