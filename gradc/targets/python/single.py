"""Single precision in modules with arrays: what makes and keeps every real number a float32.

NumPy keeps the precision of an array beside a Python number.  Beside one of NumPy's scalars,
versions before 2 take a Python number for a double, so a literal or a size is written
`np.float32(0.5)` there.  Where NumPy itself makes doubles (new arrays, counts, weighted
`bincount`), the type is said.

Invariant: no quantity of the program, named or not, is a double, in any version of NumPy.
Deliberately absent: precision inside helpers that compute in doubles and are rounded where they
are called; see `IN_DOUBLE`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.graph import Equation
from gradc.targets.statements.style import Context
from gradc.targets.statements.tree import Call, Expr, Name, Number

# Helpers of `helpers_numpy.py` whose constants or library functions are those of doubles.
IN_DOUBLE = frozenset({"erf", "erfc", "lgamma", "polygamma"})


def dtype(context: Context) -> tuple[tuple[str, Expr], ...]:
    """The argument that makes a new array one of the real numbers that a module has."""
    return () if context.single is None else (("dtype", Name(context.single)),)


def as_single(context: Context, value: Expr) -> Expr:
    """What NumPy gives as doubles or integers, as the real numbers that a module has."""
    return value if context.single is None else Call(context.single, (value,))


def whole_number(context: Context, equation: Equation, n: int) -> Expr:
    """An integer beside the first operand of an equation."""
    number = Number(n)
    return as_single(context, number) if context.is_number(equation.args[0]) else number


def single_helper(context: Context, equation: Equation, name: str, args: Sequence[Expr]) -> Expr:
    """A call of a helper, computed in doubles and rounded where `IN_DOUBLE` says so.

    What a helper gives for a scalar is rounded, too: its own constants may make it a double.
    """
    if name in IN_DOUBLE:
        context.helper(name)
        *first, last = args
        return as_single(context, Call(name, (*first, Call("np.float64", (last,)))))
    call = Call(context.helper(name), tuple(args))
    scalar = not equation.out.type.shape and all(map(context.is_number, equation.args))
    return as_single(context, call) if scalar else call
