"""Sums onto arrays, in place: `dX[row] += part` instead of zeros with a part, added to all of dX.

A `link` is an equation that makes a new array of an old one which nothing else reads: its
memory may be taken over.  Such are elementwise equations, sums with a part that is zero but in some
places (`embed`, `scatter_add`), and loops that carry the array.

A part that is one element near an end of a vector is a selection, `sum + (part if i == 0 else 0)`,
where the sum is made there: a store between the loops would keep them apart.

Invariant: an array is overwritten only where its one reader is the equation that overwrites it, so
that no view of it is left.  Deliberately absent: which equations become nests how.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeGuard

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.control import Loop
from gradc.ops.table import PRIMITIVES

PARTS = frozenset({"embed", "scatter_add"})
NEAR = 2  # elements at each end of a vector


class Part(NamedTuple):
    """An array that is added at places: those of `path`, each within those of the one before."""

    path: tuple[Equation, ...]
    value: Atom
    negative: bool


class Sum(NamedTuple):
    """`out = base + parts`: each part is added where it is not zero."""

    base: Atom
    parts: tuple[Part, ...]


class Plan(NamedTuple):
    """What is added in place among equations.

    `absorbed` are the parts, which need no array of their own; `taken_over` says which array
    gives its memory to a result, `copied` of which array a result is a copy.  `points` are parts of
    one element that are selections, `inline` the scalars that nothing but these reads.
    """

    sums: Mapping[Var, Sum]
    absorbed: frozenset[Var]
    taken_over: Mapping[Var, Var]
    copied: Mapping[Var, Var]
    points: frozenset[Var]
    inline: Mapping[Var, Dim]


class _Uses:
    """How often variables are read, and which equation reads one last."""

    def __init__(self, equations: Iterable[Equation], results: Iterable[Var]) -> None:
        self.count: dict[Var, int] = {}
        self.reader: dict[Var, Equation] = {}
        for equation in equations:
            for var in equation.inputs():
                self.count[var] = self.count.get(var, 0) + 1
                self.reader[var] = equation
        for var in results:
            self.count[var] = self.count.get(var, 0) + 1

    def once(self, var: Atom) -> TypeGuard[Var]:
        """Whether a variable is read exactly once."""
        return type(var) is Var and self.count.get(var) == 1


class InPlace:
    """Which carried arrays the body of a loop may overwrite."""

    def __init__(self, body: Graph, condition: Graph | None) -> None:
        graphs = [body] if condition is None else [body, condition]
        results = (var for graph in graphs for var in graph.outputs)
        self._uses = uses = _Uses(body.equations, results)
        if condition is not None:
            uses.count.update(dict.fromkeys(_Uses(condition.equations, ()).count, 2))

    def chain(self, old: Var, new: Var) -> list[Var] | None:
        """The arrays that a step makes of a carried one, each of the one before and in its place,
        up to the new value; None where it may not be overwritten."""
        uses = self._uses
        chain: list[Var] = []
        var = old
        while var is not new:
            if not uses.once(var) or var not in uses.reader:
                return None
            result = _link(uses.reader[var], var)
            if result is None:
                return None
            chain.append(result)
            var = result
        return chain if uses.once(new) else None


def _link(equation: Equation, var: Var) -> Var | None:
    """What an equation makes of an array that it may overwrite."""
    if equation.op == "loop":
        loop = Loop.of(equation)
        return loop.finals[loop.initial.index(var)] if var in loop.initial else None
    same = equation.out.type == var.type
    return equation.out if same and PRIMITIVES[equation.op].elementwise else None


def planned(
    equations: Sequence[Equation],
    results: Iterable[Var],
    moves: Callable[[Equation], bool],
) -> Plan:
    """Which sums are in place, and which arrays give up their memory; `results` are read after all
    equations.  Parts of which `moves` holds are arrays as any other."""
    uses = _Uses(equations, results)
    definition = {out: equation for equation in equations for out in equation.outs}
    sums: dict[Var, Sum] = {}
    absorbed: set[Var] = set()
    taken: dict[Var, Var] = {}
    copied: dict[Var, Var] = {}
    points: set[Var] = set()
    inline: dict[Var, Dim] = {}
    for equation in equations:
        if equation.op == "copy":
            source = equation.args[0]
            if type(source) is Var and _is_fresh(source, definition, uses, sums):
                copied[equation.out] = source
            continue
        if equation.op == "loop":
            loop = Loop.of(equation)
            for final, initial in zip(loop.finals, loop.initial, strict=True):
                if uses.once(initial) and _is_fresh(initial, definition, uses, sums):
                    taken[final] = initial
            continue
        found = _sum(equation, uses, definition)
        if found is None or moves(found[1]):
            continue
        base, part, negative = found
        if _is_point(part) and _is_made(base, definition, uses, points):
            points.add(part.out)
            if uses.once(part.args[0]):
                inline[part.args[0]] = part.out.type.shape[0]
            continue
        parts = _parts(part, negative, uses, definition, sums, absorbed, moves)
        sums[equation.out] = Sum(base, tuple(parts))
        if uses.once(base) and _is_fresh(base, definition, uses, sums):
            taken[equation.out] = base
    sums = {out: each for out, each in sums.items() if out not in absorbed}
    return Plan(sums, frozenset(absorbed), taken, copied, frozenset(points), inline)


def _is_point(part: Equation) -> bool:
    """Whether a part is one element near an end of a vector."""
    if part.op != "embed" or part.args[0].type.shape or len(part.out.type.shape) != 1:
        return False
    ((start, _),) = part.param("items")
    (extent,) = part.out.type.shape
    before, behind = start.constant, (extent - start).constant
    return (before is not None and before < NEAR) or (behind is not None and behind <= NEAR)


def _is_made(
    base: Atom, definition: Mapping[Var, Equation], uses: _Uses, points: Container[Var]
) -> bool:
    """Whether all elements of an array are computed for one reader, none by a point."""
    defined = definition.get(base) if uses.once(base) else None
    return (
        defined is not None
        and PRIMITIVES[defined.op].elementwise
        and not any(arg in points for arg in defined.inputs())
    )


def _sum(
    equation: Equation, uses: _Uses, definition: Mapping[Var, Equation]
) -> tuple[Atom, Equation, bool] | None:
    """A sum with a part: the base, the part, and whether that is subtracted."""
    if equation.op not in ("add", "sub") or not equation.out.type.shape:
        return None
    left, right = equation.args
    pairs = [(left, right)] if equation.op == "sub" else [(left, right), (right, left)]
    for base, part in pairs:
        if base is part or base.type.shape != part.type.shape or not uses.once(part):
            continue
        assert type(part) is Var
        defined = definition.get(part)
        if defined is not None and defined.op in PARTS:
            return base, defined, equation.op == "sub"
    return None


def _parts(
    part: Equation,
    negative: bool,
    uses: _Uses,
    definition: Mapping[Var, Equation],
    sums: Mapping[Var, Sum],
    absorbed: set[Var],
    moves: Callable[[Equation], bool],
) -> list[Part]:
    """What a part adds, and where: a part of sums of parts is all of theirs."""
    found: list[Part] = []
    pending: list[Part] = [Part((part,), part.args[0], negative)]
    absorbed.add(part.out)
    while pending:
        each = pending.pop()
        value = each.value
        inner = sums.get(value) if uses.once(value) else None
        defined = definition.get(value) if uses.once(value) else None
        if inner is not None and type(value) is Var:
            absorbed.add(value)
            pending += [
                Part((*each.path, *more.path), more.value, each.negative != more.negative)
                for more in reversed(inner.parts)
            ]
            pending.append(each._replace(value=inner.base))
        elif defined is not None and defined.op in PARTS and not moves(defined):
            absorbed.add(defined.out)
            pending.append(Part((*each.path, defined), defined.args[0], each.negative))
        else:
            found.append(each)
    return found


def _is_fresh(
    var: Var, definition: Mapping[Var, Equation], uses: _Uses, sums: Mapping[Var, Sum]
) -> bool:
    """Whether the memory of an array belongs to the equation that defines it, and no view is of
    it: what is computed, but not what is only looked at elsewhere.  A copy is in the memory of
    what it is of, which may be an input, or read again."""
    defined = definition.get(var)
    while defined is not None and defined.op == "copy":
        source = defined.args[0]
        if not uses.once(source):
            return False
        var, defined = source, definition.get(source)
    if defined is None or not var.type.shape:
        return False
    row = PRIMITIVES[defined.op]
    return var in sums or defined.op in PARTS or bool(row.structured) or not row.structural
