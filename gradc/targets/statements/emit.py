"""A program and its derivatives as one self-contained module of a language: `emitted`.

The module holds `forward`, `reverse`, `tangent` and `value_and_grad`, or those of them that
the mode asks for, and runs without gradc.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gradc.ad.reverse import vjp
from gradc.ad.rules import differentiable
from gradc.ir.graph import Graph, Var
from gradc.ir.program import Program
from gradc.pipeline import forward_mode, prepared
from gradc.targets.statements.module import Fused, ModuleWriter

if TYPE_CHECKING:
    from gradc.ad.forward import Forward

Writer = Callable[[Program, tuple[Var, ...], Sequence[Graph]], ModuleWriter]


class Emitted(NamedTuple):
    """An emitted module: its text, and what its functions take and return, in order."""

    text: str
    inputs: tuple[Var, ...]
    wrt: tuple[Var, ...]
    outputs: tuple[Var, ...]
    fused: Mapping[str, Fused]  # small functions that are in one piece


class Trace(NamedTuple):
    """Emitted text whose `trace` returns every named value and every adjoint."""

    text: str
    values: tuple[Var, ...]
    adjoints: tuple[Var, ...]  # the quantities whose adjoints are returned, in this order
    structural_zeros: frozenset[Var]


def emitted(
    writer: Writer, program: Program, wrt: Sequence[Var], mode: str = "both", order: int = 1
) -> Emitted:
    """Emit a module for a program.

    `mode` is `reverse` (forward, reverse, value_and_grad), `forward` (tangent) or `both`.  With
    the `order` 2 it also holds `hvp`; raises UsageError then where there is no single scalar
    output.
    """
    if order > 1:
        program.scalar_output()
    program = prepared(program)
    backwards = vjp(program.graph, wrt) if mode != "forward" else None
    forwards = forward_mode(program.graph, wrt) if mode != "reverse" else None
    second = _second_order(program, wrt) if order > 1 else None
    graphs = [d.graph for d in (backwards, forwards, second) if d is not None]
    module = writer(program, tuple(wrt), graphs)
    module.name_all(backwards)
    if backwards is not None:
        module.reverse_mode(backwards)
    if forwards is not None:
        module.forward_mode(forwards)
    if backwards is not None:
        module.both_sweeps(backwards)
    if second is not None:
        module.second_order(second)
    graph = program.graph
    return Emitted(module.text(), graph.inputs, tuple(wrt), graph.outputs, module.fused)


def _second_order(program: Program, wrt: Sequence[Var]) -> Forward:
    from gradc.ad.gradient import gradient

    return forward_mode(gradient(program.graph, wrt), wrt)


def traced(writer: Writer, program: Program, every: bool = False) -> Trace:
    """Emit `trace(inputs..., seeds...)`, which returns all that a person may want to see.

    The values are those of all named quantities; the adjoints those of all that are real and
    not constant, with respect to the outputs weighted by the seeds.  With `every`, quantities
    without a name are among them.
    """
    program = prepared(program)
    graph = program.graph
    values = tuple(graph.named())
    if every:
        values = (*graph.inputs, *(out for equation in graph.equations for out in equation.outs))
    adjoints = tuple(var for var in values if differentiable(var) and var not in program.constants)
    backwards = vjp(program.graph, adjoints)
    rest = backwards.graph.equations[backwards.primal_count :]
    equations = (*backwards.primal, *rest)
    whole = replace(backwards.graph, equations=equations, outputs=(*values, *backwards.adjoints))
    module = writer(program, (), (whole,))
    module.name_all(backwards)
    module.trace(backwards, values)
    return Trace(module.text(), values, adjoints, backwards.structural_zeros)
