"""What equations look like before their reverse sweep: `opened`.

Loops with checkpoints go over blocks of steps.  A call of which only some elements are needed
is replaced by the equations of the function, so that what selects elements goes through them.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ad.guards import Guards
from gradc.ad.rules import authored_partials
from gradc.ir.graph import Atom, Equation, Var
from gradc.ops.builder import Builder


def opened(
    b: Builder,
    equations: Sequence[Equation],
    outputs: Sequence[Var],
    taken: Sequence[Atom | None] = (),
) -> Sequence[Equation]:
    """The equations that are differentiated in the place of others; `taken` as in `Guards`."""
    equations = with_blocks(b, equations)
    while True:
        calls = partly_needed(equations, outputs, taken)
        if not calls:
            return equations
        from gradc.passes.inline import inlined

        equations = [
            part
            for equation in equations
            for part in (inlined(b, equation) if equation.out in calls else (equation,))
        ]


def with_blocks(b: Builder, equations: Sequence[Equation]) -> Sequence[Equation]:
    """Equations in which loops with checkpoints go over blocks of steps."""
    if any(equation.op == "loop" and equation.param("checkpoint") for equation in equations):
        from gradc.passes.blocking import in_blocks

        return [part for equation in equations for part in in_blocks(b, equation)]
    return equations


def partly_needed(
    equations: Sequence[Equation], outputs: Sequence[Var], taken: Sequence[Atom | None] = ()
) -> set[Var]:
    """The first results of calls of which only some elements are needed."""
    calls = [
        equation
        for equation in equations
        if equation.op == "call" and authored_partials(equation) is None
    ]
    if not calls:
        return set()
    guards = Guards(equations, outputs, taken)
    return {call.out for call in calls if any(map(guards.by_element, call.outs))}
