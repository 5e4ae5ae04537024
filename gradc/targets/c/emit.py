"""A program and its derivatives as one self-contained file of C11: `emit`.

The file holds `NAME_forward`, `NAME_reverse`, `NAME_value_and_grad` and `NAME_tangent`, or those of
them that the mode asks for; docs/c.md says how they are called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from gradc.ad.names import adjoint_name, tangent_name
from gradc.ad.reverse import vjp
from gradc.ad.rules import differentiable
from gradc.ir.graph import Graph, Lit, Var
from gradc.ir.program import Program
from gradc.nests.specialise import specialised
from gradc.passes.dead import without_dead_equations
from gradc.passes.fold import FOLD
from gradc.passes.keeping import with_kept
from gradc.passes.simplify import SIMPLIFY
from gradc.pipeline import forward_mode, prepared
from gradc.targets.c.interface import EmittedC, Role, TraceC
from gradc.targets.c.module import CFile

# What becomes simpler where the adjoint of the output is the literal 1.
WITHOUT_SEED = (FOLD, SIMPLIFY)


class _Planned(NamedTuple):
    """A function that is to be written."""

    kind: str
    graph: Graph
    roles: tuple[Role, ...]
    wishes: tuple[str, ...]  # what its results are best called
    what: str


def emit(
    program: Program,
    wrt: Sequence[Var],
    mode: str = "both",
    order: int = 1,
    sizes: Mapping[str, int] | None = None,
    kinds: Collection[str] | None = None,
) -> EmittedC:
    """Emit a file for a program.

    `mode` is `reverse` (forward, reverse, value_and_grad), `forward` (tangent) or `both`.  With
    the `order` 2 it also holds `hvp`; raises UsageError then where there is no single scalar
    output.  `sizes` fixes named sizes, which are no parameters then.  Of all these functions only
    `kinds` are written, if they are said.
    """
    if order > 1:
        program.scalar_output()
    program = prepared(program)

    def wanted(*names: str) -> bool:
        return kinds is None or any(name in kinds for name in names)

    planned: list[_Planned] = []
    if mode != "forward" and wanted("forward"):
        planned.append(_values(program))
    if mode != "forward" and wanted("reverse", "value_and_grad"):
        planned += _reverse_mode(program, wrt)
    if mode != "reverse" and wanted("tangent"):
        planned.append(_tangent(program, wrt))
    if order > 1 and wanted("hvp"):
        planned.append(_second_order(program, wrt))
    chosen = [each for each in planned if wanted(each.kind)]
    file = _written(program, wrt, chosen, sizes or {})
    graph = program.graph
    return EmittedC(
        file.text(),
        file.entries,
        graph.inputs,
        tuple(wrt),
        graph.outputs,
        file.faults,
        file.header(),
    )


def emit_trace(
    program: Program,
    every: bool = False,
    sizes: Mapping[str, int] | None = None,
) -> TraceC:
    """Emit the function `NAME_trace`, as `statements.emit.traced` says: it gives all named values,
    or with `every` all there are, then all adjoints."""
    program = prepared(program)
    graph = program.graph
    values = tuple(graph.named())
    if every:
        values = (*graph.inputs, *(out for equation in graph.equations for out in equation.outs))
    adjoints = tuple(var for var in values if differentiable(var) and var not in program.constants)
    backwards = vjp(graph, adjoints)
    rest = backwards.graph.equations[backwards.primal_count :]
    whole = replace(
        backwards.graph,
        equations=(*backwards.primal, *rest),
        outputs=(*values, *backwards.adjoints),
    )
    roles = _roles(graph, whole, "seed")
    wishes = (*(var.name for var in values), *map(adjoint_name, adjoints))
    what = "Every named value, and the adjoint of every real one."
    planned = [_Planned("trace", whole, roles, wishes, what)]
    file = _written(program, (), planned, sizes or {})
    zeros = backwards.structural_zeros
    return TraceC(file.text(), file.entries, values, adjoints, zeros, file.faults, file.header())


def _written(
    program: Program,
    wrt: Sequence[Var],
    planned: Sequence[_Planned],
    sizes: Mapping[str, int],
) -> CFile:
    file = CFile(program, wrt, [each.graph for each in planned], sizes)
    file.traces = any(each.kind == "trace" for each in planned)
    for each in planned:
        graph = without_dead_equations(specialised(each.graph, sizes))
        file.add(each.kind, graph, each.roles, each.wishes, each.what)
    return file


def _values(program: Program) -> _Planned:
    """The value alone: nothing is kept for a reverse sweep."""
    graph = program.graph
    outputs = tuple(var.name for var in graph.outputs)
    what = f"The value of {', '.join(outputs)}."
    return _Planned("forward", graph, _roles(graph, graph, "input"), outputs, what)


def _reverse_mode(program: Program, wrt: Sequence[Var]) -> Iterator[_Planned]:
    graph = program.graph
    backwards = vjp(with_kept(graph), wrt)
    whole = backwards.graph
    inputs = _roles(graph, graph, "input")
    outputs = tuple(var.name for var in graph.outputs)
    gradients = tuple(adjoint_name(var) for var in wrt)
    value, listed = ", ".join(outputs), ", ".join(gradients) or "none"
    derivatives = replace(whole, outputs=backwards.adjoints)
    roles = _roles(graph, whole, "seed")
    what = f"The derivatives {listed}, for given adjoints of the outputs."
    yield _Planned("reverse", derivatives, roles, gradients, what)
    if program.is_scalar_valued:
        both = specialised(whole, values={backwards.seeds[0]: Lit(1.0)})
        for each in WITHOUT_SEED:
            both = each.run(both)
        what = f"The value {value} and its derivatives {listed}."
        yield _Planned("value_and_grad", both, inputs, outputs + gradients, what)


def _tangent(program: Program, wrt: Sequence[Var]) -> _Planned:
    graph = program.graph
    found = forward_mode(graph, wrt)
    outputs = tuple(var.name for var in graph.outputs)
    wishes = (*outputs, *map(tangent_name, graph.outputs))
    what = f"The value of {', '.join(outputs)}, and its derivative along a direction."
    roles = _roles(graph, found.graph, "direction")
    return _Planned("tangent", found.graph, roles, wishes, what)


def _second_order(program: Program, wrt: Sequence[Var]) -> _Planned:
    from gradc.ad.gradient import gradient

    graph = program.graph
    whole = forward_mode(gradient(graph, wrt), wrt).graph
    gradients = tuple(adjoint_name(var) for var in wrt)
    wishes = (*gradients, *(f"{name}_dot" for name in gradients))
    what = "The gradient, and its derivative along a direction."
    return _Planned("hvp", whole, _roles(graph, whole, "direction"), wishes, what)


def _roles(graph: Graph, whole: Graph, role: Role) -> tuple[Role, ...]:
    """The roles of the inputs of a derivative: those of the program, then others."""
    count = len(graph.inputs)
    inputs: list[Role] = ["input"] * count
    others: list[Role] = [role] * (len(whole.inputs) - count)
    return (*inputs, *others)
