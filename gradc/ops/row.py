"""Building rows of elementwise primitives.

A partial is stated as a formula in the operands `x`, `y`, the result `out` and then the
parameters; `0` and `1` are structural and never reach the graph.
"""

from __future__ import annotations

from collections.abc import Callable

from gradc.ir.graph import Equation
from gradc.ops.expr import Expr
from gradc.ops.primitive import (
    Domain,
    Edge,
    Fn,
    Infix,
    Partial,
    Prefix,
    Primitive,
    Spelling,
    TypeRule,
    real_rule,
)

WIDE = (-4.0, 4.0)  # an interval to sample where nothing limits the domain


def in_language(name: str, *elsewhere: Spelling) -> Spelling:
    """How the language itself spells a primitive: by an operator where other targets have one,
    else as the function of the same name."""
    for spelling in elsewhere:
        if isinstance(spelling, (Infix, Prefix)):
            return spelling
    return Fn(name)


def row(
    name: str,
    doc: str,
    partials: Callable[..., tuple[Partial, ...]],
    python: Spelling,
    numpy: Spelling,
    js: Spelling,
    c: Spelling,
    reference: str | None,
    *,
    domain: Domain | None = None,
    rule: TypeRule = real_rule,
    edges: tuple[Edge, ...] = (),
    kinks: tuple[Edge, ...] = (),
    notes: tuple[str, ...] = (),
    exact: Callable[..., float | int | bool] | None = None,
    g: Spelling | None = None,
    sympy: Spelling | None = None,
    formula: Callable[..., Partial] | None = None,
    kept: Callable[..., Expr] | None = None,
    analytic: bool = False,
    tame: bool | Callable[[Equation], bool] = False,
) -> Primitive:
    """An elementwise primitive: `reference` is its value in mpmath, with operands x and y;
    `exact` its value in doubles, where IEEE 754 determines that to the last bit; `formula` its
    value by simpler rows, where computer algebra has no function for it; `kept` by what a loop
    is to keep of it."""
    return Primitive(
        name,
        doc,
        rule,
        {
            "python": python,
            "numpy": numpy,
            "js": js,
            "c": c,
            "g": g or in_language(name, python, numpy),
            "sympy": sympy or in_language(name, python, numpy),
        },
        partials=partials,
        formula=formula,
        kept=kept,
        reference=reference,
        domain=domain,
        edges=edges,
        kinks=kinks,
        notes=notes,
        exact=exact,
        analytic=analytic,
        tame=tame,
    )


def on(text: str, *samples: tuple[float, float]) -> Domain:
    """A domain in words, and an interval of each operand to sample."""
    return Domain(text, samples)


REAL_LINE = on("all reals", WIDE)
REALS = on("all reals", WIDE, WIDE)
