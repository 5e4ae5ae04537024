"""Rows of comparisons, logic and selection.

Truth values have no derivative.  `select` has, through the branch taken only; see
`ad.guards` for what keeps a NaN of the other branch out of every derivative.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from gradc.ops.expr import where
from gradc.ops.primitive import (
    Fn,
    Form,
    Infix,
    Prefix,
    Primitive,
    Spelling,
    bool_rule,
    select_rule,
)
from gradc.ops.row import in_language

_TRUTH = "a truth value has no derivative"

# Both operands have their values already, and what takes no branch runs in vector registers.
_IN_C: dict[str, Spelling] = {"and": Infix("&"), "or": Infix("|"), "not": Prefix("!")}


def _truth(
    name: str, doc: str, python: Spelling, numpy: Spelling, exact: Callable[..., bool]
) -> Primitive:
    spell = {
        "python": python,
        "numpy": numpy,
        "js": python,
        "c": _IN_C.get(name, python),
        "g": in_language(name, python, numpy),
    }
    spell["sympy"] = Fn(name.capitalize()) if name in ("eq", "ne", "and", "or", "not") else python
    return Primitive(name, doc, bool_rule, spell, constant=_TRUTH, exact=exact)


LOGIC = (
    _truth("lt", "Whether x < y.", Infix("<"), Infix("<"), operator.lt),
    _truth("le", "Whether x <= y.", Infix("<="), Infix("<="), operator.le),
    _truth("gt", "Whether x > y.", Infix(">"), Infix(">"), operator.gt),
    _truth("ge", "Whether x >= y.", Infix(">="), Infix(">="), operator.ge),
    _truth("eq", "Whether x == y.", Infix("=="), Infix("=="), operator.eq),
    _truth("ne", "Whether x != y.", Infix("!="), Infix("!="), operator.ne),
    _truth("and", "Whether both hold.", Infix("and"), Infix("&"), operator.and_),
    _truth("or", "Whether either holds.", Infix("or"), Infix("|"), operator.or_),
    _truth(
        "not",
        "Whether the operand does not hold.",
        Prefix("not"),
        Fn("np.logical_not"),
        operator.not_,
    ),
    Primitive(
        "select",
        "The second operand where the condition holds, else the third; elementwise.",
        select_rule,
        {
            "python": Form("select"),
            "numpy": Form("select"),
            "js": Form("select"),
            "c": Form("select"),
            "g": Form("select"),
            "sympy": Form("select"),
        },
        partials=lambda c, x, y, out: (0, where(c, 1.0, 0.0), where(c, 0.0, 1.0)),
        guarded={1: True, 2: False},
        exact=lambda c, x, y: x if c else y,
        notes=("Only the branch taken contributes to the value and to the derivative.",),
        analytic=True,
        tame=True,
    ),
)
