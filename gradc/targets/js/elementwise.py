"""Elementwise operations on arrays: one pass over the elements for as many as are nested.

An operation on arrays is spelled as the same operation on numbers, applied by `map`.  An operand
that is itself written in place as a `map` becomes a part of the body, so that `a*b + c` is
`map((a, b, c) => a * b + c, a, b, c)`.

Invariant: the body of an `Elementwise` holds nothing but operations on elements, on names of
numbers, and on literals; whatever else a number is, is computed once, before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from gradc.ir.graph import Atom, DType, Equation
from gradc.targets.statements.operations import operands
from gradc.targets.statements.style import Context
from gradc.targets.statements.tree import (
    Binary,
    Call,
    Element,
    Elementwise,
    Expr,
    Name,
    Number,
    Unary,
)

_numbers = count(1)

# The longest arithmetic that is done again for each element.
CHEAP = 3

# The longest chain of operations in one body, so that bodies are read and copied at little cost.
LONGEST = 24


def elementwise(
    context: Context,
    equation: Equation,
    args: Sequence[Expr],
    spelled: Callable[[Sequence[Expr]], Expr],
) -> Expr:
    """An operation on elements, or on numbers where no operand has axes."""
    if all(map(context.is_number, equation.args)):
        return spelled(args)
    arrays: dict[Name | Element, Expr] = {}
    parts = [_part(context, *pair, arrays) for pair in zip(equation.args, args, strict=True)]
    truth = equation.out.type.dtype is DType.BOOL
    context.helper("map_truths" if truth else "map")
    return Elementwise(spelled(parts), tuple(arrays.items()), truth)


def _part(context: Context, atom: Atom, arg: Expr, arrays: dict[Name | Element, Expr]) -> Expr:
    """An operand as it stands in the body; what it is computed from is added to `arrays`."""
    if context.is_number(atom) and _is_cheap(arg):
        return arg
    if isinstance(arg, Elementwise) and not context.lacks_axes(atom) and _size(arg.body) < LONGEST:
        arrays.update(arg.arrays)
        return arg.body
    element = arg if isinstance(arg, Name) else Element(next(_numbers))
    arrays[element] = arg
    return element


def _is_cheap(number: Expr) -> bool:
    """Whether a number may be written where it is read for each element: arithmetic costs less
    than to repeat its result."""
    todo, operations = [number], 0
    while todo:
        part = todo.pop()
        if isinstance(part, (Unary, Binary)):
            todo.extend(operands(part))
            operations += 1
        elif not isinstance(part, (Name, Number)):
            return False
    return operations <= CHEAP


def _size(body: Expr) -> int:
    """The number of operations in a body."""
    operations, todo = 0, [body]
    while todo:
        part = todo.pop()
        parts = operands(part)
        operations += bool(parts) or isinstance(part, Call)
        todo.extend(parts)
    return operations
