"""Between which sizes the integers of a program lie, and how they depend on indices.

An integer is written as `constant + sum of coefficient * symbol`; a symbol is an index, or an
integer of which nothing better is known than its bounds.  Invariant: bounds hold for all data
that pass the checks made when data are bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gradc.ir.dims import Dim, Quotient
from gradc.ir.graph import Atom, DType, Equation, Lit, Size, Var

# An integer that is defined in more steps than this has no known bounds.
MOST_STEPS = 40


class Interval(NamedTuple):
    """The least and the greatest value, both included; None where there is no bound."""

    low: Dim | None
    high: Dim | None


ANYTHING = Interval(None, None)


class Affine(NamedTuple):
    """`constant + sum of coefficient * symbol`."""

    constant: Dim
    terms: Mapping[Var, Dim]

    def plus(self, other: Affine, sign: int = 1) -> Affine:
        """The sum, or with the sign -1 the difference."""
        terms = dict(self.terms)
        for symbol, k in other.terms.items():
            terms[symbol] = terms.get(symbol, Dim.of(0)) + k * sign
        kept = {symbol: k for symbol, k in terms.items() if k.constant != 0}
        return Affine(self.constant + other.constant * sign, kept)

    def times(self, factor: Dim) -> Affine:
        """The product with a size."""
        return Affine(self.constant * factor, {s: k * factor for s, k in self.terms.items()})


def at_least(dim: Dim, least: int = 0) -> bool:
    """Whether a size is at least so large whatever the named sizes are."""
    rest = dim - least
    for monomial, k in rest.terms:
        # A floor is at most the quotient itself: n - 2*(n//2) is not negative.
        quotient = monomial[0] if len(monomial) == 1 else ""
        if k < 0 and isinstance(quotient, Quotient):
            divisor = quotient.divisor.constant
            if divisor is not None and k % divisor == 0:
                rest = rest - Dim({monomial: k}) + quotient.dividend * (k // divisor)
    return all(k >= 0 for _, k in rest.terms)


class Integers:
    """What is known of the integers that a set of equations defines."""

    def __init__(
        self,
        definition: Callable[[Atom], Equation | None],
        bounds: Mapping[Var, Interval],
    ) -> None:
        self._definition = definition
        self._bounds = bounds
        self._affine: dict[Var, Affine] = {}
        self.indices: dict[Var, Interval] = {}  # of the indices whose range is known
        self._steps = 0

    def affine(self, atom: Atom) -> Affine:
        """An integer in terms of indices and other symbols; iterative over its definition."""
        pending = [atom]
        while pending:
            node = pending[-1]
            if type(node) is not Var or node in self._affine:
                pending.pop()
                continue
            equation = self._definition(node)
            if equation is None or equation.op not in ("add", "sub", "mul", "neg", "copy"):
                self._affine[node] = Affine(Dim.of(0), {node: Dim.of(1)})
                continue
            missing = [a for a in equation.args if type(a) is Var and a not in self._affine]
            if missing:
                pending.extend(missing)
            else:
                self._affine[node] = self._combined(node, equation)
        return self._known(atom)

    def _known(self, atom: Atom) -> Affine:
        if type(atom) is Var:
            return self._affine[atom]
        if isinstance(atom, Size):
            return Affine(atom.dim, {})
        assert isinstance(atom, Lit)
        return Affine(Dim.of(int(atom.value)), {})

    def _combined(self, node: Var, equation: Equation) -> Affine:
        args = [self._known(arg) for arg in equation.args]
        match equation.op:
            case "add":
                return args[0].plus(args[1])
            case "sub":
                return args[0].plus(args[1], -1)
            case "neg":
                return args[0].times(Dim.of(-1))
            case "copy":
                return args[0]
        for one, other in ((args[0], args[1]), (args[1], args[0])):
            if not one.terms:
                return other.times(one.constant)
        return Affine(Dim.of(0), {node: Dim.of(1)})

    def interval(self, atom: Atom) -> Interval:
        """The bounds of an integer."""
        return self.of(self.affine(atom))

    def of(self, affine: Affine) -> Interval:
        """The bounds of a sum, from those of its symbols."""
        if self._steps > MOST_STEPS:
            return ANYTHING
        self._steps += 1
        try:
            return self._summed(affine)
        finally:
            self._steps -= 1

    def _summed(self, affine: Affine) -> Interval:
        low: Dim | None = affine.constant
        high: Dim | None = affine.constant
        for symbol, k in affine.terms.items():
            bound = self._symbol(symbol)
            ends = (bound.low, bound.high)
            if at_least(-k):
                ends = (bound.high, bound.low)
            elif not at_least(k):
                return ANYTHING
            low = None if low is None or ends[0] is None else low + ends[0] * k
            high = None if high is None or ends[1] is None else high + ends[1] * k
        return Interval(low, high)

    def _symbol(self, symbol: Var) -> Interval:
        if symbol in self.indices:
            return self.indices[symbol]
        if symbol in self._bounds:
            return self._bounds[symbol]
        equation = self._definition(symbol)
        if equation is None or symbol.type.dtype is not DType.INT:
            return ANYTHING
        match equation.op:
            case "gather" | "index" | "transpose" | "reshape" | "max" | "min":
                return self.interval(equation.args[0])
            case "checked":
                return Interval(Dim.of(0), equation.param("size") - 1)
            case "argmax" | "argmin":
                (axis,) = equation.param("axes")
                return Interval(Dim.of(0), equation.args[0].type.shape[axis] - 1)
            case "reduce":
                return self._reduced(equation)
            case "mod":
                divisor = self.affine(equation.args[1])
                if not divisor.terms and at_least(divisor.constant, 1):
                    return Interval(Dim.of(0), divisor.constant - 1)
            case "floordiv":
                return self._quotient(equation)
            case "mul":
                return self._product(equation)
            case "select":
                return _union(*map(self.interval, equation.args[1:]))
            case _:
                pass
        return ANYTHING

    def _reduced(self, equation: Equation) -> Interval:
        """The place of an extremum is a value of the index; an extremum is one of the values."""
        if equation.param("kind") in ("argmax", "argmin"):
            (index,) = equation.param("indices")
            return self.indices.get(index.var, ANYTHING)
        return self.interval(equation.args[0])

    def _quotient(self, equation: Equation) -> Interval:
        divisor = self.affine(equation.args[1]).constant.constant
        bound = self.interval(equation.args[0])
        if divisor is None or divisor < 1:
            return ANYTHING
        return Interval(*(end and end.floored(divisor) for end in bound))

    def _product(self, equation: Equation) -> Interval:
        left, right = map(self.interval, equation.args)
        lows = (left.low, right.low)
        if any(low is None or not at_least(low) for low in lows):
            return ANYTHING
        assert left.low is not None
        assert right.low is not None
        high = left.high * right.high if left.high and right.high else None
        return Interval(left.low * right.low, high)


def _union(left: Interval, right: Interval) -> Interval:
    low = high = None
    if left.low is not None and right.low is not None:
        low = _lesser(left.low, right.low)
    if left.high is not None and right.high is not None:
        high = _lesser(-left.high, -right.high)
    return Interval(low, None if high is None else -high)


def _lesser(left: Dim, right: Dim) -> Dim | None:
    if at_least(right - left):
        return left
    return right if at_least(left - right) else None
