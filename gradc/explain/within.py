"""Inside a step: one call of a function, or one step of a loop, as a program of its own.

A function with a scalar result is a program like any other.  Where the result is an array, and in a
loop, the adjoints of the results are given from outside: of what a loop carries they come from the
step after, of what it collects from the row of that step.

Invariant: the equations are those of the graph; only their results get names that tell the
values before and after a step apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradc.ad.activity import Activity
from gradc.ad.expand import expand
from gradc.ad.names import adjoint_name
from gradc.ad.rules import authored_partials, differentiable
from gradc.diagnostics import Diagnostic, UsageError
from gradc.explain.elementary import renamed
from gradc.explain.opening import holding, names_of
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ir.program import Program
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.passes.copying import Copies


@dataclass(frozen=True)
class Inner:
    """What is explained in the place of the whole program."""

    program: Program
    wrt: tuple[Var, ...]
    name: str
    given: Mapping[Var, str] = field(default_factory=dict)  # what the adjoint of a result is
    call: Equation | None = None  # of the program itself, whose operands have numbers
    carried: tuple[tuple[Var, Var], ...] = ()  # of a loop, before and after a step
    shared: tuple[Var, ...] = ()  # what all steps of a loop read
    authored: Graph | None = None  # the derivatives that the author states
    remark: str = ""


def within(program: Program, written: Program, name: str) -> Inner:
    """The function of a name, or a step of the loop that makes a quantity of this name.

    `written` is the program before its derivatives were written: what can be gone into stands
    there.  Raises UsageError where there is neither.
    """
    found: dict[str, None] = {}
    for scope, equation in holding(written.graph):
        names = list(names_of(equation))
        found.update(dict.fromkeys(names))
        if name in names:
            if equation.op == "loop":
                return _step(program, scope is written.graph, _expanded(equation), name)
            called = _called(program, name)
            return _function(program, called or _expanded(equation), called)
    choice = f"choose among: {', '.join(found)}" if found else "the program has none"
    message = f"no function has the name `{name}`, and no loop makes a quantity of that name"
    raise UsageError([Diagnostic("G0723", message, help=choice)])


def _called(program: Program, name: str) -> Equation | None:
    """The first call of a function by the program itself, whose operands have numbers."""
    calls = (eq for eq in program.graph.equations if eq.op == "call" and not eq.others)
    return next((eq for eq in calls if eq.param("graph").name == name), None)


def _expanded(equation: Equation) -> Equation:
    """An equation that holds graphs, with the derivatives that those ask for."""
    graph = expand(Graph("", (), (equation,), equation.outs))
    return graph.equations[-1]


def _function(program: Program, equation: Equation, called: Equation | None) -> Inner:
    graph: Graph = equation.param("graph")
    name = graph.name
    known: dict[Var, Atom] = {}
    builder = Builder(graph.names())
    inputs, outputs = [], []
    for var in graph.inputs:  # those of derivatives of functions may have no name
        plain = var.name.removesuffix("%result").replace("%", "_")
        new = Var(builder.unique(plain), var.type) if var.anonymous else var
        known[var] = new
        inputs.append(new)
    for i, var in enumerate(graph.outputs):
        new = var
        if var.anonymous or var in graph.inputs:
            several = f"_{i + 1}" if len(graph.outputs) > 1 else ""
            new = Var(builder.unique(f"{name}{several}"), var.type)
        outputs.append(new)
    equations = _renamed(builder, graph, known, graph.outputs, outputs)
    real = tuple(filter(differentiable, outputs))
    whole = Graph(name, tuple(inputs), tuple(equations), real)
    wrt = tuple(filter(differentiable, inputs))
    scalar = len(outputs) == 1 and not outputs[0].type.shape
    return Inner(
        _part(program, whole),
        wrt,
        name,
        {} if scalar else dict.fromkeys(whole.outputs, "given"),
        called,
        authored=authored_partials(equation),
    )


def _step(program: Program, outermost: bool, equation: Equation, name: str) -> Inner:
    loop = Loop.of(equation)
    body = loop.body
    builder = Builder(body.names())
    known: dict[Var, Atom] = {}
    inputs, outputs = [], []
    for var in body.inputs:
        new = Var(builder.unique(var.name.partition("%")[0]), var.type) if var.anonymous else var
        known[var] = new
        inputs.append(new)
    before = inputs[: 1 + loop.carried]
    counter = before[0].name
    finals = (*loop.finals, *loop.collected)
    for i, (out, var) in enumerate(zip(finals, body.outputs, strict=True)):
        suffix = "next" if i < loop.carried else counter
        stem = out.name.partition("%")[0]
        outputs.append(Var(builder.unique(f"{stem}_{suffix}"), var.type))
    equations = _renamed(builder, body, known, body.outputs, outputs)
    real = tuple(filter(differentiable, outputs))
    whole = Graph(body.name, tuple(inputs), tuple(equations), real, body.source)
    active: set[Atom] = set(loop.captured)
    if outermost:
        active = {*Activity().dependents(program.graph.equations, program.wrt())}
    shared = tuple(
        new
        for old, new in zip(loop.captured, inputs[1 + loop.carried :], strict=True)
        if differentiable(new) and old in active
    )
    carried = tuple(
        (old, new) for old, new in zip(before[1:], outputs, strict=False) if differentiable(old)
    )
    given = dict.fromkeys(outputs[: loop.carried], "from the step after")
    for out, new in zip(loop.collected, outputs[loop.carried :], strict=True):
        given[new] = f"{adjoint_name(out).partition('%')[0]}[{counter}]"
    return Inner(
        _part(program, whole),
        (*(old for old, _ in carried), *shared),
        name,
        {var: text for var, text in given.items() if differentiable(var)},
        carried=carried,
        shared=shared,
    )


def _renamed(
    builder: Builder,
    graph: Graph,
    known: dict[Var, Atom],
    results: Sequence[Var],
    names: Sequence[Var],
) -> list[Equation]:
    """The equations of a graph, in which results have other names; one that has a name of the
    author's, or is not computed, is copied."""
    computed = {out for equation in graph.equations for out in equation.outs}
    passed = []
    for var, new in zip(results, names, strict=True):
        if var is new:
            continue
        if var.anonymous and var in computed and var not in known:
            known[var] = new
        else:
            passed.append((var, new))
    copies = Copies(builder, known, renamed=False)
    equations = renamed(copies, graph.equations)
    return [*equations, *(Equation(new, "copy", (copies.atom(var),)) for var, new in passed)]


def _part(program: Program, graph: Graph) -> Program:
    constants = frozenset(var for var in program.constants if var in graph.inputs)
    return replace(program, graph=graph, constants=constants)
