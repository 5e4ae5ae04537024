"""The two sweeps as steps: what a person computes by hand, one line at a time.

Forward, a step is a statement.  Backward, a step is one contribution `dX += dY * partial`, which
is one red arrow of the diagram; a loop is one step, with all its arrows.  Between the sweeps
the derivative of the output by itself is set.

The lines are stated here as text with holes, for the page puts the numbers in.  Invariant: a
step names quantities by their place among the named ones of the graph, and reads only what
earlier steps computed.  Deliberately absent: numbers, and any layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from unicodedata import normalize

from gradc.diagnostics.display import visible
from gradc.ir.graph import Lit, Var
from gradc.ops.control import Loop
from gradc.ops.table import PRIMITIVES
from gradc.report.formula_control import loop_heading
from gradc.report.partials import LocalPartial, Partials, Statement

#: A line as it is written: text, and the places of quantities whose numbers stand there.
Holes = list[str | int]

#: What is said of a statement that is more than it looks.
LOOP = "the whole loop is one step"
CALL = "the function that is called is one step"

# A number, or a name: `x.T` has no name `T`, and `f(` is no quantity.
_TOKEN = re.compile(r"\d[\w.]*(?:(?<=[eE])[+-]\d+)?|(?P<name>(?<!\.)[^\W\d]\w*)(?P<call>\s*\()?")

# Names that do not stand for their numbers: what is differentiated, and indices, as in `sum[j](`.
_DERIVATIVE = re.compile(r"\b(?:grad|jacobian|hessian)\s*\(")
_INDICES = re.compile(r"\[([^\[\]]*)\]\s*\(|^[^\[=]*\[([^\]]*)\]\s*=")


class Contribution(NamedTuple):
    """`d operand += d result * partial`, or a pullback of the adjoint of the result.

    `partial` is the number of the partial: a literal, the place of one among those that are
    computed, or None where it is no number.
    """

    operand: int
    text: str
    partial: float | None = None
    computed: int | None = None


class Step(NamedTuple):
    """One step of a sweep: `results` are what it is about, `contributions` where it goes."""

    results: tuple[int, ...]
    text: str
    filled: Holes  # the right-hand side with its numbers, empty where there are none to put in
    contributions: tuple[Contribution, ...] = ()
    remark: str = ""


class Sweeps(NamedTuple):
    """The steps forward and backward; there are none backward where nothing is differentiated."""

    forward: tuple[Step, ...]
    backward: tuple[Step, ...]


def sweeps(partials: Partials, named: Sequence[Var], lost: frozenset[str] | None) -> Sweeps:
    """The steps of a program.

    `named` are its quantities.  `lost` are the names of those without a path to an output; None
    where no output is chosen, and nothing is differentiated.
    """
    places = {var: i for i, var in enumerate(named)}
    forward = tuple(_forward(statement, places) for statement in partials.statements)
    if lost is None:
        return Sweeps(forward, ())
    return Sweeps(forward, tuple(_backward(partials, places, lost)))


def _forward(statement: Statement, places: Mapping[Var, int]) -> Step:
    results = tuple(places[var] for var in statement.results)
    last = statement.equations[-1]
    if last.op == "loop":
        return Step(results, loop_heading(Loop.of(last)), [], remark=LOOP)
    text = last.origin.text if last.origin is not None else statement.result.name
    scalars = {var.name: places[var] for var in statement.operands if not var.type.shape}
    return Step(results, visible(text), filled(text, scalars), remark=_remark(statement))


def _remark(statement: Statement) -> str:
    calls = any(PRIMITIVES[equation.op].structured for equation in statement.equations)
    return CALL if calls else ""


def filled(statement: str, scalars: Mapping[str, int]) -> Holes:
    """The right-hand side of a statement with a hole for every scalar that it names; empty where
    it names none."""
    if _DERIVATIVE.search(statement):
        return []
    bound = {
        name
        for groups in _INDICES.findall(statement)
        for name in re.findall(r"\w+", normalize("NFKC", " ".join(groups)))
    }
    formula = statement.partition("=")[2].strip()
    parts: Holes = []
    begin = 0
    for token in _TOKEN.finditer(formula):
        name = normalize("NFKC", token["name"] or "")
        place = None if token["call"] or name in bound else scalars.get(name)
        if place is not None:
            parts += [visible(formula[begin : token.start("name")]), place]
            begin = token.end("name")
    return [*parts, visible(formula[begin:])] if parts else []


def _backward(
    partials: Partials, places: Mapping[Var, int], lost: frozenset[str]
) -> Iterator[Step]:
    by_result: dict[Var, list[LocalPartial]] = {}
    for edge in partials.edges:
        by_result.setdefault(edge.result, []).append(edge)
    computed = {var: i for i, var in enumerate(partials.scalars.graph.outputs)}
    names = partials.adjoint_names
    for statement in reversed(partials.statements):
        if all(var.name in lost or var not in names for var in statement.results):
            continue
        results = tuple(places[var] for var in statement.results)
        edges = [e for e in by_result.get(statement.result, ()) if e.operand.name not in lost]
        found = [_contribution(edge, names, places, computed) for edge in edges]
        if statement.equations[-1].op == "loop":
            if found:
                heading = loop_heading(Loop.of(statement.equations[-1]))
                yield Step(results, heading, [], tuple(found), LOOP)
            continue
        for contribution in found:
            yield Step(results, contribution.text, [], (contribution,), _remark(statement))


def _contribution(
    edge: LocalPartial,
    names: Mapping[Var, str],
    places: Mapping[Var, int],
    computed: Mapping[Var, int],
) -> Contribution:
    text = f"{names[edge.result]} * {_factor(edge.text)}" if edge.is_factor else edge.text
    line = visible(f"{names[edge.operand]} += {text}")
    match edge.value:
        case Lit(value):
            return Contribution(places[edge.operand], line, partial=float(value))
        case Var():
            return Contribution(places[edge.operand], line, computed=computed[edge.value])
    return Contribution(places[edge.operand], line)


def _factor(text: str) -> str:
    """A factor behind `*`: in brackets where its operations bind less tightly."""
    depth = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == " " and not depth:
            return f"({text})"
    return f"({text})" if text.startswith("-") else text
