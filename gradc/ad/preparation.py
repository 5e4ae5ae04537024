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
from gradc.passes.blocking import in_blocks
from gradc.passes.inline import inlined


def opened(
    b: Builder,
    equations: Sequence[Equation],
    outputs: Sequence[Var],
    taken: Sequence[Atom | None] = (),
) -> Sequence[Equation]:
    """The equations that are differentiated in the place of others; `taken` as in `Guards`."""
    if any(equation.param("checkpoint") for equation in equations if equation.op == "loop"):
        equations = [part for equation in equations for part in in_blocks(b, equation)]
    while any(equation.op == "call" for equation in equations):
        guards = Guards(equations, outputs, taken)
        partly = {
            equation.out
            for equation in equations
            if equation.op == "call"
            and authored_partials(equation) is None
            and any(_needs_elements(guards, out) for out in equation.outs)
        }
        if not partly:
            break
        equations = [
            part
            for equation in equations
            for part in (inlined(b, equation) if equation.out in partly else (equation,))
        ]
    return equations


def _needs_elements(guards: Guards, var: Var) -> bool:
    guard = guards.of(var)
    return guard is not None and bool(guard.shape)
