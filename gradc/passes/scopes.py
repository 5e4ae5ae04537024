"""What equations read from the scope around them, and loops made to capture just that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradc.ir.graph import Atom, Equation, Graph, Origin, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop, loop_params
from gradc.passes.rewriting import with_captured


def read_from_outside(equations: Iterable[Equation], results: Iterable[Var] = ()) -> list[Var]:
    """The variables that equations read and do not define, in order of their first use."""
    defined: set[Var] = set()
    outside: dict[Var, None] = {}
    for equation in equations:
        outside.update(dict.fromkeys(v for v in equation.inputs() if v not in defined))
        defined.update(equation.outs)
    outside.update(dict.fromkeys(var for var in results if var not in defined))
    return list(outside)


def distinct(b: Builder, results: Iterable[Atom]) -> tuple[Var, ...]:
    """Results of a body: each a variable of its own that the body defines."""
    found: dict[Var, None] = {}
    for atom in results:
        var = atom
        if type(var) is not Var or var in found or b.definition(var) is None:
            stem = var.name.split("%")[0] if type(var) is Var else b.stem
            var = b.emit("copy", (atom,), name=b.fresh(stem))
        found[var] = None
    return tuple(found)


def loop_equation(
    outs: Sequence[Var],
    parts: Loop,
    count: Atom | None,
    initial: Sequence[Atom],
    body: Graph,
    origin: Origin | None,
) -> Equation:
    """A loop with the range, the condition and the marks of another, and its own body.

    The inputs of `body` are t and the carried quantities.  What the body and the condition read
    from outside is added to them, what the other loop captures before all else.
    """
    params = loop_params(
        body,
        (parts.start, parts.stop, parts.step),
        len(initial),
        parts.condition,
        count is not None,
        parts.backwards,
        parts.checkpoint,
    )
    args = (*(() if count is None else (count,)), *initial, *parts.captured)
    return with_captured(Equation(outs[0], "loop", args, params, origin, tuple(outs[1:])))
