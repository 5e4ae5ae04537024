"""The statements of a function or of the body of a loop, as their author wrote them.

What a body carries on and what a function returns has no name of its own in a graph: `h%8`.
Here a statement is all equations in a row that come from the same text, and its results are
what others read of it.  `partials_of` differentiates one, with the author's names in the place
of the graph's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from gradc.ad.names import adjoint_name, stem
from gradc.ad.rules import differentiable
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.report.notation import TEXT
from gradc.report.partials import LocalPartial, Statement, differentiated


@dataclass(frozen=True)
class Inner:
    """One statement of a body: its text, and the rest as of any other."""

    text: str
    statement: Statement

    @property
    def loop(self) -> Equation | None:
        """The loop that it is, if it is one."""
        return next((e for e in self.statement.equations if e.op == "loop"), None)


def inner_statements(graph: Graph) -> list[Inner]:
    """The statements of a function or a body, in order."""
    runs = [list(run) for _, run in groupby(graph.equations, key=lambda e: e.origin)]
    owner = {out: i for i, run in enumerate(runs) for equation in run for out in equation.outs}
    read = set(graph.outputs)
    for i, run in enumerate(runs):
        read.update(var for eq in run for var in eq.inputs() if owner.get(var, i) != i)
    return [_inner(graph, run, read) for run in runs]


def _inner(graph: Graph, run: Sequence[Equation], read: set[Var]) -> Inner:
    outs = [out for equation in reversed(run) for out in equation.outs]
    own = set(outs)
    results = tuple(out for out in outs if out in read or not out.anonymous) or (outs[0],)
    operands = dict.fromkeys(var for eq in run for var in eq.inputs() if var not in own)
    origin = run[-1].origin
    text = origin.text if origin is not None else stem(results[0])
    if stem(results[0]) == graph.name:
        text = f"return {text.removeprefix('return ')}"
    return Inner(text, Statement(results, tuple(run), tuple(operands)))


def partials_of(inner: Inner, constants: frozenset[Var]) -> Iterator[LocalPartial]:
    """The local partials of a statement that is no loop; the operands are those of the graph."""
    statement = inner.statement
    known: dict[Var, Var] = {}

    def named(atom: Atom) -> Atom:
        if type(atom) is not Var:
            return atom
        if atom not in known:
            whole = atom in statement.results or atom in statement.operands
            known[atom] = Var(stem(atom), atom.type) if whole else atom
        return known[atom]

    def renamed(var: Var) -> Var:
        found = named(var)
        assert isinstance(found, Var)
        return found

    equations = tuple(
        equation._replace(
            out=renamed(equation.out),
            args=tuple(map(named, equation.args)),
            others=tuple(map(renamed, equation.others)),
        )
        for equation in statement.equations
    )
    back = {renamed(var): var for var in statement.operands}
    if not differentiable(statement.result):
        return
    copy = Statement(tuple(map(renamed, statement.results)), equations, tuple(back))
    builder = Builder(var.name for var in known.values())
    fixed = frozenset(var for var, original in back.items() if original in constants)
    names = {var: adjoint_name(var) for var in known.values()}
    for edge in differentiated(copy, fixed, names, builder, TEXT):
        yield replace(edge, result=statement.result, operand=back[edge.operand])
