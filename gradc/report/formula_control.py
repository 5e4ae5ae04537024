"""How calls and loops are written in a formula: each in a few words.

A call is written as one.  What a derived function gives is said by what it is: the derivative
of a function in an operand, `dstep/dz`, times the adjoint of its result where both are scalars,
and otherwise as the pullback of that adjoint, `step_reverse(dy)`.  A loop is its name and its
range; what it results in is written by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.dims import Dim
from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.control import Loop
from gradc.report.notation import Notation, Piece

_REVERSE = "_reverse"  # what `ad.calls` appends to the name of a function


def control_pieces(n: Notation, equation: Equation, args: Sequence[Piece]) -> list[Piece]:
    """The pieces of all results of a call or of a loop."""
    if equation.op == "loop":
        return [n.name(_stem(out)) for out in equation.outs]
    graph: Graph = equation.param("graph")
    if len(graph.outputs) == 1 and not graph.name.endswith(_REVERSE):
        return [n.call(graph.name, args)]
    return [_result(n, graph, out, args) for out in graph.outputs]


def _result(n: Notation, graph: Graph, out: Var, args: Sequence[Piece]) -> Piece:
    if not graph.name.endswith(_REVERSE):
        return n.part(n.call(graph.name, args), _stem(out))
    seed = graph.inputs[-1]
    if out.type.shape or seed.type.shape:
        return n.call(graph.name, args[-1:])
    derivative = n.derivative(graph.name.removesuffix(_REVERSE), _stem(out).removeprefix("d"))
    return derivative if args[-1] == n.number("1") else n.infix("*", args[-1], derivative)


def loop_heading(loop: Loop) -> str:
    """`loop t in T`."""
    index = _stem(loop.body.inputs[0])
    bounds = str(loop.stop) if loop.start == Dim.of(0) else f"{loop.start}:{loop.stop}"
    if loop.step != 1:
        bounds = f"{loop.start}:{loop.stop}:{loop.step}"
    return f"loop {index} in {bounds}{' backwards' if loop.backwards else ''}"


def _stem(var: Var) -> str:
    return var.name.split("%")[0]
