"""Arrays that count: formulas in the place of arrays of indices and of truths about them.

`iota`, sums of it with numbers that are fixed, comparisons of these, and indices that are `checked`
where such a comparison holds: the element at i is known for each i.  So `y[i - 1]` is read beside
`y[i]`, an access that cannot leave its axis is not checked, and what is added at such indices is an
array that was moved (`Moved`).

Invariant: a formula has the values of the array, but for indices that are not taken, which are
any others within the axis.  Deliberately absent: indices that come from data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, DType, Equation, Lit, Size, Var
from gradc.nests.model import Apply, Const, Element, Expr, Get, Local, SizeOf
from gradc.nests.nest import size_of
from gradc.nests.spans import Boxes, Span, at_most, overlap, within
from gradc.nests.tables import At, integer, sum_of

FEW = 2  # elements that are added up one by one

_NONE = Dim.of(0)


class Moved(NamedTuple):
    """An index: `i + offset` at the places i of a span, and any other at others."""

    offset: Dim
    inside: Span


class Counts:
    """What is known of the arrays of integers and truths of one function."""

    def __init__(self) -> None:
        self.extents: dict[Local, Dim] = {}  # of variables that run from 0 to before a size
        self._defined: dict[Var, Equation] = {}
        self._offsets: dict[Var, Dim | None] = {}
        self._spans: dict[Var, Span | None] = {}
        self._boxes = Boxes(self.span)
        self._selected: dict[Var, Equation] = {}  # selections

    def note(self, equations: Iterable[Equation]) -> None:
        """Remember the equations that may count."""
        for equation in equations:
            out = equation.out.type
            if len(out.shape) == 1 and (out.dtype is not DType.REAL or equation.op == "select"):
                self._defined[equation.out] = equation
            if equation.op == "select":
                self._selected[equation.out] = equation
            if out.dtype is DType.BOOL and out.shape:
                self._boxes.note(equation)
                if equation.op == "and" and len(out.shape) == 1:
                    both = map(self.span, equation.args)
                    self._spans[equation.out] = overlap(*both)

    # Arrays

    def offset(self, atom: Atom) -> Dim | None:
        """The number c of an array of `i + c`."""
        chain: list[Var] = []
        found: Dim | None = None
        while type(atom) is Var:
            if atom in self._offsets:
                found = self._offsets[atom]
                break
            equation = self._defined.get(atom)
            if equation is None:
                break
            if equation.op == "iota":
                found = self._offsets[atom] = _NONE
                break
            step = _step(equation)
            if step is None:
                break
            chain.append(atom)
            atom, _ = step
        for var in reversed(chain):
            step = _step(self._defined[var])
            assert step is not None
            found = None if found is None else found + step[1]
            self._offsets[var] = found
        return found

    def span(self, atom: Atom) -> Span | None:
        """Where an array of truths holds."""
        if type(atom) is not Var or atom not in self._defined:
            return None
        if atom not in self._spans:
            self._spans[atom] = self._compared(self._defined[atom])
        return self._spans[atom]

    def _compared(self, equation: Equation) -> Span | None:
        """Where a comparison of an index with a number holds."""
        if equation.op not in MIRRORED:
            return None
        left, right = equation.args
        op, bound, offset = equation.op, _fixed(right), self.offset(left)
        if bound is None or offset is None:
            op, bound, offset = MIRRORED[op], _fixed(left), self.offset(right)
        if bound is None or offset is None:
            return None
        (extent,) = equation.out.type.shape
        at = bound - offset
        match op:
            case "gt":
                return within(Span(at + 1, extent), extent)
            case "ge":
                return within(Span(at, extent), extent)
            case "lt":
                return within(Span(_NONE, at), extent)
            case "le":
                return within(Span(_NONE, at + 1), extent)
            case _:
                return within(Span(at, at + 1), extent)

    def moved(self, atom: Atom) -> Moved | None:
        """An index that never leaves its axis where it is taken."""
        offset = self.offset(atom)
        if type(atom) is not Var:
            return None
        if offset is not None:
            return Moved(offset, Span(_NONE, atom.type.shape[0]))
        equation = self._defined.get(atom)
        if equation is None or equation.op != "checked":
            return None
        index, taken = equation.args
        offset = self.offset(index)
        if offset is None:
            return None
        (extent,) = atom.type.shape
        inside = within(Span(-offset, equation.param("size") - offset), extent)
        wanted = (
            Span(_NONE, extent) if taken == Lit(True, taken.type) else self._boxes.along(taken, 0)
        )
        if inside is None or wanted is None:
            return None
        proven = at_most(inside.low, wanted.low) and at_most(wanted.high, inside.high)
        return Moved(offset, inside) if proven else None

    def counts(self, var: Var) -> bool:
        """Whether the elements of an array are known for each index."""
        if var not in self._defined or var.type.dtype is DType.REAL:
            return False
        known = self.span(var) if var.type.dtype is DType.BOOL else self.moved(var)
        return known is not None

    def keeps_size(self, equation: Equation) -> bool:
        """Whether a `scatter_add` moves an array along an axis of the same size."""
        return self.move(equation) is not None

    def move(self, equation: Equation) -> Moved | None:
        """How a `scatter_add` moves an array, if it keeps its size, and all that it moves off it is
        zero."""
        if equation.op != "scatter_add" or len(equation.args) != 2:
            return None
        index = equation.args[1]
        moved = self.moved(index) if len(index.type.shape) == 1 else None
        (axis,) = equation.param("axes")
        if moved is None or equation.out.type.shape[axis] != index.type.shape[0]:
            return None
        whole = moved.inside == Span(_NONE, index.type.shape[0])
        return moved if whole or self._vanishes(equation.args[0], moved.inside, axis) else None

    def _vanishes(self, atom: Atom, inside: Span, axis: int) -> bool:
        """Whether an array is zero at all places outside of a span of an axis."""
        equation = self._selected.get(atom) if type(atom) is Var else None
        if equation is None:
            return False
        condition, _, otherwise = equation.args
        span = self._boxes.along(condition, axis) if condition.type.shape else None
        if otherwise != Lit(0.0) or span is None:
            return False
        return at_most(inside.low, span.low) and at_most(span.high, inside.high)

    def first_few(self, atom: Atom) -> tuple[Atom, int] | None:
        """The array whose first elements are all of an array that is not zero, and how many."""
        equation = self._defined.get(atom) if type(atom) is Var else None
        if equation is None or equation.op != "select":
            return None
        condition, then, otherwise = equation.args
        span, extent = self.span(condition), equation.out.type.shape[0]
        if span is None:
            return None
        if then == Lit(0.0) and span.high == extent:
            found, count = otherwise, span.low.constant
        elif otherwise == Lit(0.0) and span.low == _NONE:
            found, count = then, span.high.constant
        else:
            return None
        return (found, count) if count is not None and count <= FEW else None

    # Elements

    def holds(self, index: Expr, span: Span, extent: Dim) -> Expr:
        """Whether an index of an axis is in a span."""
        least, most = self._range(index, extent)
        conditions: list[Expr] = []
        if not at_most(span.low, least):
            if most is not None and at_most(most + 1, span.low):
                return Const(False, DType.BOOL)
            conditions.append(Apply("ge", (index, size_of(span.low)), DType.BOOL))
        if most is None or not at_most(most + 1, span.high):
            if at_most(span.high, least):
                return Const(False, DType.BOOL)
            conditions.append(Apply("lt", (index, size_of(span.high)), DType.BOOL))
        if not conditions:
            return Const(True, DType.BOOL)
        return conditions[0] if len(conditions) == 1 else Apply("and", (*conditions,), DType.BOOL)

    def _range(self, index: Expr, extent: Dim) -> tuple[Dim, Dim]:
        """The least and the largest value of an index that is in its axis."""
        least, most = _NONE, extent - 1
        local, offset = affine(index)
        if offset is None:
            return least, most
        if local is None:
            return offset, offset
        if local in self.extents:
            low, high = offset, self.extents[local] - 1 + offset
            least = low if at_most(least, low) else least
            most = high if at_most(high, most) else most
        return least, most

    def element(self, var: Var, at: At) -> Expr | None:
        """The element of an array that counts; None for any other."""
        if var.type.dtype is DType.BOOL:
            span = self.span(var)
            return None if span is None else self.holds(at[0], span, var.type.shape[0])
        moved = self.moved(var)
        if moved is None:
            return None
        index = sum_of(at[0], size_of(moved.offset))
        return chosen(
            self.holds(at[0], moved.inside, var.type.shape[0]), index, self._other(var, at)
        )

    def _other(self, var: Var, at: At) -> Expr:
        """An index within the axis, near the others, for an element that is not taken."""
        equation = self._defined[var]
        inside = equation.op == "checked" and at_most(var.type.shape[0], equation.param("size"))
        return at[0] if inside else integer(0)


def chosen(condition: Expr, then: Expr, otherwise: Expr, dtype: DType = DType.INT) -> Expr:
    """`condition ? then : otherwise`, simplified where the condition, or a choice by the same
    condition within, is decided."""
    if isinstance(condition, Const):
        return then if condition.value else otherwise
    then, otherwise = decided(then, condition, True), decided(otherwise, condition, False)
    return Apply("select", (condition, then, otherwise), dtype)


def simplified(expr: Expr) -> Expr:
    """An expression in which no choice is made again within one by the same condition."""
    if isinstance(expr, Element):
        return expr._replace(at=tuple(map(simplified, expr.at)))
    if not isinstance(expr, Apply):
        return expr
    args = tuple(map(simplified, expr.args))
    if expr.op == "select":
        return chosen(args[0], args[1], args[2], expr.dtype)
    return expr._replace(args=args)


def decided(expr: Expr, condition: Expr, truth: bool) -> Expr:
    """An expression in which choices by a condition are made."""
    if not isinstance(expr, Apply):
        return expr
    if expr.op == "select" and expr.args[0] == condition:
        return decided(expr.args[1 if truth else 2], condition, truth)
    args = tuple(decided(arg, condition, truth) for arg in expr.args)
    return (
        expr
        if all(a is b for a, b in zip(args, expr.args, strict=True))
        else expr._replace(args=args)
    )


def _step(equation: Equation) -> tuple[Atom, Dim] | None:
    """The array of which an equation makes another by adding a number, and the number."""
    if equation.op == "copy":
        return equation.args[0], _NONE
    if equation.op == "add":
        left, right = equation.args
        for array, number in ((left, right), (right, left)):
            fixed = _fixed(number)
            if fixed is not None:
                return array, fixed
    if equation.op == "sub":
        fixed = _fixed(equation.args[1])
        if fixed is not None:
            return equation.args[0], -fixed
    return None


def _fixed(atom: Atom) -> Dim | None:
    """An integer that is a literal or a size."""
    if type(atom) is Lit and atom.type.dtype is DType.INT:
        return Dim.of(int(atom.value))
    if type(atom) is Size and atom.type.dtype is DType.INT:
        return atom.dim
    return None


def affine(index: Expr) -> tuple[Local | None, Dim | None]:
    """An index as a local, or none, and what is added to it; (None, None) for any other."""
    match index:
        case Get():
            return index.local, _NONE
        case Const(dtype=DType.INT):
            return None, Dim.of(int(index.value))
        case SizeOf(dtype=DType.INT):
            return None, index.dim
        case Apply(op="add"):
            (one, first), (other, second) = map(affine, index.args)
            if first is not None and second is not None and (one is None or other is None):
                return one or other, first + second
    return None, None


MIRRORED = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge", "eq": "eq"}
