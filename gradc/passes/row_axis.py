"""Which equations keep the rows of data apart: those that may be computed some rows at a time.

The rows are the axis of a named size N.  An equation keeps them apart where each row of its result
depends on the same row of its operands and on what has no rows; it joins them where its result is
a sum, a maximum or another reduction over the rows, so that results for parts can be joined.
`effect` says which it is, by the rule with which the row of the primitive is repeated over an
index, whose converse this is.  Invariant: anything else raises `MixedRowsError`; nothing is taken
to be separate that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from gradc.ir.dims import product
from gradc.ir.graph import Atom, Equation, Graph, Lit, Size, Type, Var
from gradc.ops import batch_indexing, batch_rules
from gradc.ops.control import Loop
from gradc.ops.table import PRIMITIVES


class MixedRowsError(Exception):
    """An equation that brings rows together; the message says how."""

    def __init__(self, message: str, equation: Equation | None = None) -> None:
        super().__init__(message)
        self.equation = equation


class Effect(NamedTuple):
    """What an equation does with rows: `joins` is the reduction that joins its results for
    parts of the rows, None where it keeps them apart or has none."""

    joins: str | None = None


Numbers = AbstractSet[Var]  # integers 0, 1, ... that number the rows
APART = Effect()
SUM = Effect("sum")


def row_axis(type: Type, rows: str) -> int | None:
    """The axis of rows; raises MixedRowsError for a shape with rows on two axes or in another
    size than N itself."""
    found = [axis for axis, dim in enumerate(type.shape) if rows in dim.names()]
    if len(found) > 1:
        raise MixedRowsError(f"a quantity of shape {type} has an element for each pair of rows")
    if found and type.shape[found[0]].symbol != rows:
        raise MixedRowsError(f"a quantity has the length {type.shape[found[0]]}")
    return found[0] if found else None


def effect(equation: Equation, rows: str, counters: Numbers) -> Effect:
    """What an equation without graphs does with rows; raises MixedRowsError.

    `counters` are the integers 0, 1, ... that number the rows.
    """
    operands = [row_axis(arg.type, rows) for arg in equation.args]
    result = row_axis(equation.out.type, rows)
    if all(axis is None for axis in operands):
        if result is not None and equation.op not in ("broadcast", "iota"):
            raise MixedRowsError("single rows are given values of their own", equation)
        return APART
    row = PRIMITIVES[equation.op]
    counted = [arg for arg in equation.inputs() if arg in counters]
    if counted and equation.op not in ("gather", "scatter_add"):
        raise MixedRowsError("the number of a row is used", equation)
    if row.batch is None:
        return APART
    rule = _RULES.get(row.batch)
    if rule is None:
        raise MixedRowsError("rows are brought together", equation)
    return rule(equation, operands, result, counters)


Axes = Sequence["int | None"]


def _broadcast(
    eq: Equation, operands: Axes, result: int | None, counters: AbstractSet[Var]
) -> Effect:
    axis = operands[0]
    assert axis is not None
    if eq.param("axes")[axis] != result:
        raise MixedRowsError("rows are repeated for rows", eq)
    return APART


def _reshape(
    eq: Equation, operands: Axes, result: int | None, counters: AbstractSet[Var]
) -> Effect:
    axis = operands[0]
    assert axis is not None
    before = product(eq.args[0].type.shape[:axis])
    if result is None or before != product(eq.out.type.shape[:result]):
        raise MixedRowsError("rows are cut up", eq)
    return APART


def _part(eq: Equation, operands: Axes, result: int | None, counters: Numbers) -> Effect:
    """Of `index` and `embed`: all rows are taken."""
    if result is None or operands[0] is None:
        raise MixedRowsError("single rows are read", eq)
    place = operands[0] if eq.op == "index" else result
    start, stop = eq.param("items")[place]
    whole = eq.args[0] if eq.op == "index" else eq.out
    if start.constant != 0 or stop != whole.type.shape[place]:
        raise MixedRowsError("some of the rows are taken", eq)
    return APART


def _along(eq: Equation, operands: Axes, result: int | None, counters: Numbers) -> Effect:
    """Of reductions, and of what has the shape of its operands."""
    if not any(axis in eq.param("axes") for axis in operands if axis is not None):
        return APART
    joins = PRIMITIVES[eq.op].joins
    if result is not None or joins is None:
        raise MixedRowsError(f"`{eq.op}` goes over the rows", eq)
    return Effect(joins)


def _join(eq: Equation, operands: Axes, result: int | None, counters: Numbers) -> Effect:
    if result is None or None in operands:
        raise MixedRowsError("rows are put beside other quantities", eq)
    return APART


def _leading(
    eq: Equation, operands: Axes, result: int | None, counters: AbstractSet[Var]
) -> Effect:
    """Of rows of matrices, whose last two axes belong together."""
    own = 1 if eq.op in ("prod_others", "diagonal_matrix") else 2
    for arg, axis in zip(eq.args, operands, strict=True):
        if axis is not None and axis >= len(arg.type.shape) - own:
            raise MixedRowsError(f"`{eq.op}` goes over the rows", eq)
    return APART


def _solve(eq: Equation, operands: Axes, result: int | None, counters: Numbers) -> Effect:
    matrix, right = eq.args
    many = len(matrix.type.shape) - 2
    if operands[0] is not None and operands[0] >= many:
        raise MixedRowsError("a matrix of rows is solved with", eq)
    columns = len(right.type.shape) == many + 2
    if (
        operands[1] is not None
        and operands[1] >= many
        and not (columns and operands[1] == many + 1 and operands[0] is None)
    ):
        raise MixedRowsError("an equation between rows is solved", eq)
    return APART


def _contract(
    eq: Equation, operands: Axes, result: int | None, counters: AbstractSet[Var]
) -> Effect:
    sides, kept = eq.param("spec").split("->")
    letters = {
        side[axis]
        for side, axis in zip(sides.split(","), operands, strict=True)
        if axis is not None
    }
    if len(letters) > 1:
        raise MixedRowsError("rows are multiplied with other rows", eq)
    return APART if letters <= set(kept) else SUM


def _gather(eq: Equation, operands: Axes, result: int | None, counters: Numbers) -> Effect:
    axis = operands[0]
    if axis is not None:
        axes = eq.param("axes")
        if axis in axes and eq.args[1 + axes.index(axis)] not in counters:
            raise MixedRowsError("rows are read at computed places", eq)
        if axis not in axes and any(place is not None for place in operands[1:]):
            raise MixedRowsError("each row reads all rows", eq)
    elif any(arg in counters for arg in eq.args[1:]):
        raise MixedRowsError("the number of a row is used", eq)
    return APART


def _scatter(
    eq: Equation, operands: Axes, result: int | None, counters: AbstractSet[Var]
) -> Effect:
    axes = eq.param("axes")
    if result is None:
        return SUM
    if result in axes:
        if eq.args[1 + axes.index(result)] not in counters:
            raise MixedRowsError("what is added goes to computed rows", eq)
    elif any(place is not None for place in operands[1:]):
        raise MixedRowsError("each row is added to all rows", eq)
    return APART


def _apart(eq: Equation, operands: Axes, result: int | None, counters: Numbers) -> Effect:
    return APART


_RULES: Mapping[object, Callable[[Equation, Axes, int | None, AbstractSet[Var]], Effect]] = {
    batch_rules.elementwise: _apart,
    batch_rules.transpose: _apart,
    batch_indexing.checked: _apart,
    batch_rules.broadcast: _broadcast,
    batch_rules.reshape: _reshape,
    batch_rules.index: _part,
    batch_rules.embed: _part,
    batch_rules.along_axes: _along,
    batch_rules.join: _join,
    batch_rules.over_leading: _leading,
    batch_rules.solve: _solve,
    batch_rules.contract: _contract,
    batch_indexing.gather: _gather,
    batch_indexing.scatter_add: _scatter,
}


# Equations that hold graphs


def held_effect(
    equation: Equation,
    rows: str,
    partial: Sequence[bool],
    zeros: AbstractSet[Var],
    strict: bool = True,
) -> tuple[bool, ...]:
    """Which results of a call or a loop are sums over the rows, that still are to be joined.

    `partial` says which of its operands are, `zeros` are quantities that are known to be zero.
    Raises MixedRowsError where the graph within brings rows together otherwise; if not `strict`,
    any use of such a sum is taken for a sum.
    """
    if equation.op == "call":
        graph: Graph = equation.param("graph")
        return _within(graph, dict(zip(graph.inputs, partial, strict=True)), rows, set(), strict)
    loop = Loop.of(equation)
    if any(rows in dim.names() for dim in (loop.start, loop.stop)):
        raise MixedRowsError("a loop goes over the rows, one after the other", equation)
    first = 1 if loop.counted else 0
    begin, outside = partial[first : first + loop.carried], partial[first + loop.carried :]
    if any(partial[:first]):
        raise MixedRowsError("the steps of a loop depend on a sum over the rows", equation)
    carried = list(begin)
    body = loop.body
    while True:  # which carried quantities such sums reach, and then whether they may
        known = dict(zip(body.inputs, (False, *carried, *outside), strict=True))
        found = _within(body, known, rows, zeros, strict=False)
        grown = [a or b for a, b in zip(carried, found, strict=False)]
        if grown == carried:
            break
        carried = grown
    if strict:
        found = _within(body, known, rows, zeros, strict)
    for sums, was, initial in zip(carried, begin, loop.initial, strict=True):
        if sums and not was and not _is_zero(initial, zeros):
            raise MixedRowsError("a loop adds sums over rows to something else", equation)
    if loop.condition is not None:
        known = dict(zip(loop.condition.inputs, (False, *carried, *outside), strict=True))
        if any(_within(loop.condition, known, rows, zeros, strict)) or _reads_rows(
            loop.condition, rows
        ):
            raise MixedRowsError("a loop ends by what all rows have come to", equation)
    steps = (False,) if loop.condition is not None else ()
    return (*carried, *found[loop.carried :], *steps)


def _reads_rows(condition: Graph, rows: str) -> bool:
    """Whether a condition reduces something over the rows."""
    read = {arg for eq in condition.equations for arg in eq.inputs()}
    return any(row_axis(var.type, rows) is not None for var in read)


def _is_zero(atom: Atom, zeros: AbstractSet[Var]) -> bool:
    return atom in zeros if type(atom) is Var else type(atom) is Lit and atom.value == 0


def makes_zeros(equation: Equation) -> bool:
    """Whether an equation repeats the number zero."""
    return equation.op in ("broadcast", "copy") and _is_zero(equation.args[0], frozenset())


def _within(
    graph: Graph,
    partial: dict[Var, bool],
    rows: str,
    outside: AbstractSet[Var],
    strict: bool,
) -> tuple[bool, ...]:
    """Which outputs of a graph are sums over the rows."""
    counters: set[Var] = set()
    zeros = set(outside)
    known = dict(partial)
    for equation in graph.equations:
        sums = [known.get(arg, False) if type(arg) is Var else False for arg in equation.args]
        _check_sizes(equation, rows)
        if equation.op in ("call", "loop"):
            found = held_effect(equation, rows, sums, zeros, strict)
        else:
            found = (_sum_effect(equation, rows, sums, counters, strict),)
        known.update(zip(equation.outs, found, strict=True))
        if equation.op == "iota" and equation.param("size").symbol == rows:
            counters.add(equation.out)
        if makes_zeros(equation):
            zeros.add(equation.out)
    return tuple(known[var] for var in graph.outputs)


def _check_sizes(equation: Equation, rows: str) -> None:
    for arg in equation.args:
        if type(arg) is Size and rows in arg.dim.names():
            raise MixedRowsError("the number of rows is read within a loop", equation)


def _sum_effect(
    equation: Equation,
    rows: str,
    partial: Sequence[bool],
    counters: AbstractSet[Var],
    strict: bool,
) -> bool:
    """Whether the result of an equation is a sum over rows that is to be joined; raises
    MixedRowsError where it is anything else of such sums."""
    what = effect(equation, rows, counters)
    if not strict:
        return what.joins is not None or any(partial)
    if what.joins is not None:
        if what.joins != "sum" or any(partial):
            raise MixedRowsError(f"`{equation.op}` goes over the rows within a loop", equation)
        return True
    if not any(partial):
        return False
    row = PRIMITIVES[equation.op]
    if row.linear and not all(i in row.linear for i, sums in enumerate(partial) if sums):
        raise MixedRowsError("a sum over the rows is used within a loop", equation)
    linear = equation.op in ("add", "sub", "neg", "copy") or row.transpose is not None
    joint = all(partial) if equation.op in ("add", "sub") else sum(partial) == 1
    scaled = equation.op == "mul" or (equation.op == "div" and partial[0])
    if any(row_axis(arg.type, rows) is not None for arg in equation.args):
        raise MixedRowsError("a sum over the rows is used for each row within a loop", equation)
    if (linear and joint) or (scaled and sum(partial) == 1):
        return True
    raise MixedRowsError("a sum over the rows is used within a loop", equation)
