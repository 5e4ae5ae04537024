"""Rows of the equations that hold graphs: the call of a function, and the loop.

Both have several results: the first is `out`, the rest are `others`.

`call` applies `graph` to its operands, one for each input of the graph.  With `partials`, a
graph of the same inputs whose outputs are the author's own derivatives of the one result in
each real input, those replace what would follow from the equations of `graph`.  Where such a
call is repeated over an index, `mapped` is the number of leading axes of the result, of the real
operands and of the partials along which it is.

`loop` runs `body` for each t of a range.  Its operands are, in order:

* where `counted`, an integer: so many steps are run, from the first;
* the first values of the `carried` quantities;
* what the body reads from outside.

The inputs of the body are t, the carried quantities, and what is read from outside; an operand
that is read from outside is the *same variable* within, since both stand in one scope.  Its
outputs are the carried quantities after the step and then what the step adds to the collected
ones.  The results of the loop are the carried quantities at the end; the collected ones, each
with a new first axis whose length is that of the whole range; and, where there is a
`condition`, the number of steps that were run.  The condition is a graph with the inputs of
the body and one truth value as output, evaluated before each step; rows of collected quantities
for steps that were not run are zeros (false for truths).

`range` is (start, stop, step): sizes, and a nonzero integer.  With `backwards` the same steps
are run from the last to the first; a collected quantity still has the row of step k at k.
`checkpoint` is how many steps apart the reverse sweep keeps the carried quantities, or None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Atom, Equation, Graph, Type, Var
from gradc.ops.primitive import Form, Params, Primitive


@dataclass(frozen=True, slots=True)
class Loop:
    """The parts of a `loop` equation by name."""

    body: Graph
    start: Dim
    stop: Dim
    step: int
    carried: int
    condition: Graph | None
    counted: bool
    backwards: bool
    checkpoint: Dim | None
    count: Atom | None  # the operand that says how many steps are run
    initial: tuple[Atom, ...]
    captured: tuple[Atom, ...]
    finals: tuple[Var, ...]
    collected: tuple[Var, ...]
    steps: Var | None  # the number of steps that were run

    @property
    def length(self) -> Dim:
        """The number of steps of the whole range."""
        return range_length(self.start, self.stop, self.step)

    @staticmethod
    def of(equation: Equation) -> Loop:
        """The parts of an equation."""
        body: Graph = equation.param("body")
        start, stop, step = equation.param("range")
        carried, condition = equation.param("carried"), equation.param("condition")
        counted = equation.param("counted")
        args, outs = equation.args, equation.outs
        first = 1 if counted else 0
        collected = len(body.outputs)
        return Loop(
            body,
            start,
            stop,
            step,
            carried,
            condition,
            counted,
            equation.param("backwards"),
            equation.param("checkpoint"),
            args[0] if counted else None,
            args[first : first + carried],
            args[first + carried :],
            outs[:carried],
            outs[carried:collected],
            outs[-1] if condition is not None else None,
        )


def loop_params(
    body: Graph,
    range: tuple[Dim, Dim, int],
    carried: int,
    condition: Graph | None = None,
    counted: bool = False,
    backwards: bool = False,
    checkpoint: Dim | None = None,
) -> tuple[tuple[str, object], ...]:
    """The parameters of a `loop` equation, in their order."""
    return (
        ("body", body),
        ("range", range),
        ("carried", carried),
        ("condition", condition),
        ("counted", counted),
        ("backwards", backwards),
        ("checkpoint", checkpoint),
    )


def range_length(start: Dim, stop: Dim, step: int) -> Dim:
    """The number of elements of a range whose stop is not before its start."""
    span = stop - start if step > 0 else start - stop
    if span.constant is not None:
        return Dim.of(max(0, -(-span.constant // abs(step))))
    if abs(step) == 1:
        return span
    return (span + (abs(step) - 1)).floored(abs(step))


def result_types(op: str, params: Params) -> tuple[Type, ...]:
    """The types of all results of an equation that holds graphs."""
    if op == "call":
        return tuple(var.type for var in params["graph"].outputs)
    body, carried = params["body"], params["carried"]
    length = range_length(*params["range"])
    types = [var.type for var in body.outputs[:carried]]
    types += [Type(v.type.dtype, (length, *v.type.shape)) for v in body.outputs[carried:]]
    if params["condition"] is not None:
        types.append(INT)
    return tuple(types)


def _call_rule(types: Sequence[Type], params: Params) -> Type:
    return result_types("call", params)[0]


def _loop_rule(types: Sequence[Type], params: Params) -> Type:
    return result_types("loop", params)[0]


CONTROL = (
    Primitive(
        "call",
        "The call of a function of the author's.",
        _call_rule,
        {"python": Form("call"), "numpy": Form("call"), "js": Form("call"), "g": Form("call")},
        structured="calls of the function's own tangent and adjoint",
    ),
    Primitive(
        "loop",
        "A body that is run for each element of a range, with carried quantities.",
        _loop_rule,
        {"python": Form("loop"), "numpy": Form("loop"), "js": Form("loop"), "g": Form("loop")},
        structured="a loop over the body's tangents; a loop backwards over its adjoints",
    ),
)
