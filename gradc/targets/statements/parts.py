"""Parts of statements: how wide they are, and what they are of, as far as it matters where they
are written.
"""

from __future__ import annotations

from collections.abc import Mapping

from gradc.ir.graph import Equation, Var
from gradc.targets.statements.tree import Call, Expr, Name, Slice, Subscript

# An anonymous part wider than this gets a line of its own; sums may be wider, since they are
# broken with one term on each line.
PART_WIDTH = 56
SUM_WIDTH = 400


def estimated_width(equation: Equation, value: Expr, widths: Mapping[Var, int]) -> int:
    """About how many columns an expression takes, from those of its parts."""
    width = 3
    if isinstance(value, Call):
        width += len(value.func) if isinstance(value.func, str) else 10
        width += sum(8 for _ in value.kwargs)
    for arg in equation.args:
        if type(arg) is Var:
            width += widths.get(arg) or len(arg.name)
            width += 2
        else:
            width += 5
    return width


def is_view(value: Expr) -> bool:
    """Whether an expression is a name, or one with axes of length 1 put in: nothing is computed
    where it is written again."""
    return isinstance(value, Name) or (
        isinstance(value, Subscript)
        and isinstance(value.value, Name)
        and all(isinstance(index, Slice) or index == Name("None") for index in value.indices)
    )
