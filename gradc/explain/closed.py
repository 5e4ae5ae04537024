"""The derivative in closed form: everything substituted back, factors collected.

It is made from the graph that is emitted: the program after all passes, and its reverse sweep,
with calls opened.  Scalars that are compared leave cases: for each order of the two, the derivative
with the branch that is taken.

Deliberately absent: loops, which have no closed form, and formulas that nobody would read.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from gradc.ad.activity import Activity
from gradc.ad.reverse import Reverse, vjp
from gradc.explain.collect import Collector
from gradc.ir.graph import Atom, DType, Equation, Graph, Lit, Var
from gradc.ir.program import Program
from gradc.ops.builder import Builder
from gradc.passes.dead import only_needed
from gradc.passes.inline import inlined
from gradc.pipeline import prepared

# Operations in a formula that is written without names, and in one that keeps the author's.
_SHORT, _LONG = 40, 60

# Of a program of more equations no closed form is looked for.
_MOST_EQUATIONS = 4_000

# Equations that are written in the search of one.
_MOST_COLLECTED = 8_000

# Comparisons of two scalars that are looked at case by case.
_MOST_COMPARISONS = 2

_TRUTH: Mapping[str, tuple[str, ...]] = {
    "gt": (">",),
    "ge": (">", "=="),
    "lt": ("<",),
    "le": ("<", "=="),
    "eq": ("==",),
    "ne": ("<", ">"),
}
# How a set of orders is written; all of them not at all.
_SAID: Mapping[frozenset[str], str] = {
    frozenset(("<",)): "<",
    frozenset((">",)): ">",
    frozenset(("==",)): "==",
    frozenset(("<", ">")): "!=",
    frozenset(("<", "==")): "<=",
    frozenset((">", "==")): ">=",
    frozenset(("<", ">", "==")): "",
}
_MIRRORED = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}


@dataclass(frozen=True)
class Case:
    """The derivatives where some comparisons hold: `(left, "<", right)`, ..."""

    holds: tuple[tuple[Atom, str, Atom], ...]
    values: tuple[Atom, ...]
    kink: bool  # where the derivatives on both sides differ

    def atoms(self) -> Iterator[Atom]:
        """All that is written of it."""
        yield from self.values
        for left, _, right in self.holds:
            yield from (left, right)


@dataclass(frozen=True)
class Closed:
    """The derivatives in closed form; atoms are defined by `equations`."""

    equations: tuple[Equation, ...]
    values: tuple[Atom, ...]  # one for each of `wrt`
    cases: tuple[Case, ...]  # none where nothing is compared


LOOP = "A loop has no closed form that could be substituted back."
LONGER = "No closed form is looked for in a program as long as this."
LONG = f"Substituted back, the result would have more than {_LONG} operations."


def closed_form(program: Program, wrt: Sequence[Var]) -> Closed | str:
    """The derivatives of the one scalar output, or why they have no form to read."""
    graph = prepared(program).graph
    if any(equation.op == "loop" for equation in graph.equations):
        return LOOP
    if len(graph.equations) > _MOST_EQUATIONS:
        return LONGER
    reverse = vjp(graph, wrt)
    equations = _opened(reverse.graph)
    if isinstance(equations, str):
        return equations
    named = {*graph.named()} - {*program.graph.outputs}
    for kept, most in (({*graph.inputs}, _SHORT), (named, _LONG)):
        try:
            found = _collected(equations, reverse, kept, graph, wrt)
        except _TooLongError:
            return LONGER
        sizes = formula_sizes(found.equations)
        if all(size <= most for size in sizes.values()):
            return found
    return LONG


def formula_sizes(equations: Sequence[Equation]) -> dict[Atom, int]:
    """How many operations the formula of each quantity has when nothing in it has a name."""
    sizes: dict[Atom, int] = {}
    for equation in equations:
        size = 1 + sum(sizes.get(arg, 0) for arg in equation.args)
        sizes.update(dict.fromkeys(equation.outs, min(size, 10**9)))
    return sizes


def _opened(graph: Graph) -> list[Equation] | str:
    """The equations of a graph with those of all functions, or what is in the way."""
    b = Builder(graph.names())
    equations = list(graph.equations)
    while any(equation.op == "call" for equation in equations):
        equations = [
            part
            for equation in equations
            for part in (inlined(b, equation) if equation.op == "call" else (equation,))
        ]
        if len(equations) > _MOST_EQUATIONS:
            return LONGER
    return LOOP if any(equation.op == "loop" for equation in equations) else equations


def _collected(
    equations: Sequence[Equation],
    reverse: Reverse,
    kept: Collection[Var],
    graph: Graph,
    wrt: Sequence[Var],
) -> Closed:
    builder = Builder(reverse.graph.names(), share=True)

    def collected(truths: Mapping[Var, bool]) -> Collector:
        collector = Collector(builder, kept, truths)
        (seed,) = reverse.seeds
        collector.replace(seed, Lit(1.0))
        for equation in equations:
            collector.take(equation)
            if len(builder.equations) > _MOST_COLLECTED:
                raise _TooLongError
        return collector

    plain = collected({})
    values = tuple(plain.value(var) for var in reverse.adjoints)
    active = Activity().dependents(equations, wrt)
    compared = _comparisons(only_needed(equations, reverse.adjoints), plain, active)
    found: dict[tuple[str, ...], tuple[Atom, ...]] = {}
    for holds in _orders(compared):
        truths = {
            var: order in _TRUTH[op] for pair, order in holds.items() for var, op in compared[pair]
        }
        case = collected(truths)
        found[tuple(holds.values())] = tuple(case.value(var) for var in reverse.adjoints)
    cases = list(_told_apart(tuple(compared), found))
    named = only_needed(graph.equations, [var for var in kept if var not in graph.inputs])
    read = [*values, *(atom for case in cases for atom in case.atoms())]
    wanted = [atom for atom in read if type(atom) is Var]
    return Closed(tuple(only_needed((*named, *builder.equations), wanted)), values, tuple(cases))


class _TooLongError(Exception):
    """Products of so many factors that writing them all out would take too long."""


Pair = tuple[Atom, Atom]


def _comparisons(
    equations: Sequence[Equation], plain: Collector, active: Container[Var]
) -> dict[Pair, list[tuple[Var, str]]]:
    """The comparisons of real scalars, by what is compared with what."""
    found: dict[Pair, list[tuple[Var, str]]] = {}
    for equation in equations:
        types = [arg.type for arg in equation.args]
        if equation.op not in _TRUTH or any(t.shape or t.dtype is not DType.REAL for t in types):
            continue
        if not any(var in active for var in equation.inputs()):
            continue
        left, right = (plain.value(arg) for arg in equation.args)
        op = equation.op
        if (right, left) in found:
            (left, right), op = (right, left), _MIRRORED.get(op, op)
        found.setdefault((left, right), []).append((equation.out, op))
    return found


def _told_apart(
    pairs: Sequence[Pair], found: Mapping[tuple[str, ...], tuple[Atom, ...]]
) -> Iterator[Case]:
    """The cases with different derivatives; none where all have the same."""
    rows = [([frozenset((order,)) for order in orders], orders) for orders in found]
    for place in range(len(pairs)):
        merged: dict[tuple[object, ...], tuple[list[frozenset[str]], tuple[str, ...]]] = {}
        for sets, orders in rows:
            key = (*sets[:place], *sets[place + 1 :], found[orders])
            before = merged.get(key)
            if before is not None:
                sets = [*sets[:place], before[0][place] | sets[place], *sets[place + 1 :]]
            merged[key] = (sets, orders if before is None else before[1])
        rows = list(merged.values())
    if len(rows) < 2:
        return
    for sets, orders in rows:
        named = [(pair, _SAID[each]) for pair, each in zip(pairs, sets, strict=True)]
        holds = tuple((left, said, right) for (left, right), said in named if said)
        yield Case(holds, found[orders], _is_kink(orders, sets, found))


def _is_kink(
    orders: tuple[str, ...],
    sets: Sequence[frozenset[str]],
    found: Mapping[tuple[str, ...], tuple[Atom, ...]],
) -> bool:
    """Whether two sides are equal, and the derivatives with each of them larger differ."""
    for place, each in enumerate(sets):
        if each == {"=="}:
            sides = [(*orders[:place], order, *orders[place + 1 :]) for order in "<>"]
            if found[sides[0]] != found[sides[1]]:
                return True
    return False


def _orders(compared: Mapping[Pair, object]) -> Iterator[dict[Pair, str]]:
    """Every order of what is compared, where that is little."""
    if 0 < len(compared) <= _MOST_COMPARISONS:
        for orders in product((">", "<", "=="), repeat=len(compared)):
            yield dict(zip(compared, orders, strict=True))
