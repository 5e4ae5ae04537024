"""Expressions: replacing locals, what they cost, and how elements move with a loop variable.

Deliberately absent: any change of what an expression computes.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.model import Apply, Buffer, Const, Element, Expr, Get, Local
from gradc.nests.walk import subexpressions
from gradc.ops.primitive import Infix, Prefix
from gradc.ops.table import PRIMITIVES

UNKNOWN = 1000  # what a size that is not fixed is taken for
LARGEST = 40  # the nodes of an expression into which others are written
_LIGHT = frozenset({"select", "abs", "real", "copy", "minimum", "maximum", "neg", "copysign"})
_HEAVY = 20  # a function of the library, in additions


def replaced(expr: Expr, known: Mapping[Local, Expr]) -> Expr:
    """An expression with some locals replaced."""
    if isinstance(expr, Get):
        return known.get(expr.local, expr)
    if isinstance(expr, Element):
        return Element(expr.buffer, tuple(replaced(index, known) for index in expr.at))
    if isinstance(expr, Apply):
        return expr._replace(args=tuple(replaced(arg, known) for arg in expr.args))
    return expr


def replaced_target(target: Element | Local, known: Mapping[Local, Expr]) -> Element | Local:
    """What a nest writes, with some locals of its index replaced."""
    if isinstance(target, Local):
        return target
    return Element(target.buffer, tuple(replaced(index, known) for index in target.at))


def elements(expressions: Iterable[Expr | Buffer]) -> list[Element]:
    """The elements that expressions read, with repetition."""
    return [expr for expr in subexpressions(expressions) if isinstance(expr, Element)]


def cost(expr: Expr) -> int:
    """About how many additions an expression takes; memory is free."""
    total = 0
    for each in subexpressions((expr,)):
        if isinstance(each, Apply):
            total += _cost_of_index(each.op) if _whole(each) else _cost_of(each.op)
    return total


def _whole(expr: Apply) -> bool:
    """Whether an operation is one on indices."""
    if expr.dtype is DType.REAL:
        return False
    return expr.dtype is DType.INT or all(_integer(arg) or _test(arg) for arg in expr.args)


def _test(expr: Expr) -> bool:
    """Whether a truth value is one about indices."""
    if isinstance(expr, Apply):
        return expr.dtype is DType.BOOL and _whole(expr)
    return isinstance(expr, Const) and expr.dtype is DType.BOOL


def _integer(expr: Expr) -> bool:
    if isinstance(expr, Get):
        return expr.local.dtype is DType.INT
    if isinstance(expr, Element):
        return expr.buffer.dtype is DType.INT
    return expr.dtype is DType.INT


def _cost_of_index(op: str) -> int:
    return 4 if op in ("floordiv", "mod") else 0


def _cost_of(op: str) -> int:
    if op == "div":
        return 4
    spelling = PRIMITIVES[op].spell["numpy"]
    return 1 if op in _LIGHT or isinstance(spelling, (Infix, Prefix)) else _HEAVY


def size(expr: Expr) -> int:
    """How many nodes an expression has."""
    return sum(1 for _ in subexpressions((expr,)))


def estimate(dim: Dim) -> int:
    """About how large a size is."""
    if dim.constant is not None:
        return dim.constant
    return max(1, dim.evaluate(dict.fromkeys(dim.names(), UNKNOWN)))


class Step(enum.Enum):
    """How the place of an element moves with a variable."""

    NONE = "none"
    UNIT = "unit"  # to the next element
    WIDE = "wide"  # further, or anywhere


def step_of(element: Element, variable: Local) -> Step:
    """How the place of an element moves with a variable."""
    if not any(reads(index, variable) for index in element.at):
        return Step.NONE
    *leading, last = element.at
    if any(reads(index, variable) for index in leading):
        return Step.WIDE
    return Step.UNIT if _adds(last, variable) else Step.WIDE


def reads(expr: Expr, variable: Local) -> bool:
    """Whether an expression reads a local."""
    return any(isinstance(each, Get) and each.local is variable for each in subexpressions((expr,)))


def _adds(index: Expr, variable: Local) -> bool:
    """Whether an index is a variable, plus what does not depend on it."""
    if isinstance(index, Get):
        return index.local is variable
    if isinstance(index, Apply) and index.op == "add":
        left, right = index.args
        if reads(right, variable):
            left, right = right, left
        return not reads(right, variable) and _adds(left, variable)
    return False


def shift(index: Expr, variable: Local) -> int | None:
    """How far an index is from a variable; None where that is not fixed."""
    if index == Get(variable):
        return 0
    if isinstance(index, Apply) and index.op == "add":
        for place, more in (index.args, index.args[::-1]):
            if place == Get(variable) and isinstance(more, Const):
                return int(more.value)
    return None
