"""Applying one row's derivative to one equation, in either direction.

Both modes read the same statement of the row: `push` multiplies tangents by it, `pull`
multiplies an adjoint by it or transposes it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from gradc.ir.graph import Atom, DType, Equation, Graph, Lit, Var
from gradc.ops.builder import Builder
from gradc.ops.expr import Expr, Leaf
from gradc.ops.primitive import Partial, Primitive
from gradc.ops.table import PRIMITIVES


def differentiable(atom: Atom) -> bool:
    """Whether a quantity can have a derivative: reals do, integers and truths do not."""
    return atom.type.dtype is DType.REAL


def authored_partials(equation: Equation) -> Graph | None:
    """The graph of the author's own partials, where a call has them."""
    for name, value in equation.params:
        if name == "partials":
            graph: Graph | None = value
            return graph
    return None


def mapped(equation: Equation) -> int:
    """The number of leading axes along which a call with the author's partials is repeated."""
    for name, value in equation.params:
        if name == "mapped":
            axes: int = value
            return axes
    return 0


def elementwise(equation: Equation) -> bool:
    """Whether each element of the result depends on the same element of the operands.

    A call with the author's partials acts on elements where its result is an array, unless it is
    a number for each value of an index, of operands that are arrays for each.
    """
    if PRIMITIVES[equation.op].elementwise:
        return True
    shape = equation.out.type.shape
    if not shape or authored_partials(equation) is None:
        return False
    return not mapped(equation) or all(
        arg.type.shape == shape for arg in equation.args if differentiable(arg)
    )


def partials(equation: Equation) -> Sequence[Partial]:
    """The partials of an elementwise equation, one formula for each operand."""
    formulas = PRIMITIVES[equation.op].partials
    assert formulas is not None
    operands = [Leaf(arg) for arg in equation.args]
    return formulas(*operands, Leaf(equation.out), **dict(equation.params))


def depends(equation: Equation, i: int) -> bool:
    """Whether the result has a derivative in an operand that is not structurally zero."""
    row = PRIMITIVES[equation.op]
    if row.constant is not None or not differentiable(equation.args[i]):
        return False
    return (
        row.partials is None
        or isinstance(partials(equation)[i], Expr)
        or partials(equation)[i] != 0
    )


def push(b: Builder, equation: Equation, tangents: Mapping[Var, Atom]) -> Atom | None:
    """The tangent of the result from those of the operands; None if structurally zero."""
    row = PRIMITIVES[equation.op]
    if row.constant is not None:
        return None
    moving = [tangents.get(arg) if type(arg) is Var else None for arg in equation.args]
    if all(tangent is None for tangent in moving):
        return None
    if row.guarded:
        return _push_selection(b, equation, row, moving)
    if row.partials is not None:
        return _push_elementwise(b, equation, moving)
    if row.jvp is None and not row.multilinear:
        return _push_jointly(b, equation, moving)
    return _push_each(b, equation, row, moving)


def _push_selection(
    b: Builder, equation: Equation, row: Primitive, moving: Sequence[Atom | None]
) -> Atom:
    args = tuple(
        (moving[i] or Lit(0.0)) if i in row.guarded else arg for i, arg in enumerate(equation.args)
    )
    return b.fill(b.apply(equation.op, args, equation.params), equation.out.type.shape)


def _push_elementwise(b: Builder, equation: Equation, moving: Sequence[Atom | None]) -> Atom | None:
    total: Atom | None = None
    for tangent, partial in zip(moving, partials(equation), strict=True):
        term = None if tangent is None else b.scale(tangent, partial)
        if term is not None:
            total = term if total is None else b.add(total, term)
    return None if total is None else b.fill(total, equation.out.type.shape)


def _push_jointly(b: Builder, equation: Equation, moving: Sequence[Atom | None]) -> Atom:
    """Of an equation that is linear in all its real operands together; indices stay."""
    args = tuple(
        (b.zeros(arg.type.shape) if differentiable(arg) else arg) if tangent is None else tangent
        for tangent, arg in zip(moving, equation.args, strict=True)
    )
    return b.emit(equation.op, args, equation.params)


def _push_each(
    b: Builder, equation: Equation, row: Primitive, moving: Sequence[Atom | None]
) -> Atom | None:
    """The sum of what each operand contributes by itself."""
    total: Atom | None = None
    for i, tangent in enumerate(moving):
        if tangent is None:
            continue
        if transposed(row, i):
            args = (*equation.args[:i], tangent, *equation.args[i + 1 :])
            term: Atom = b.emit(equation.op, args, equation.params)
        else:
            assert row.jvp is not None
            term = row.jvp(b, equation, tangent, i)
        total = term if total is None else b.add(total, term)
    return total


def transposed(row: Primitive, position: int) -> bool:
    """Whether a row states the derivative in an operand as a transpose."""
    return row.transpose is not None and (not row.linear or position in row.linear)


Before = Callable[[int, Atom], Atom]


def pull(
    b: Builder,
    equation: Equation,
    adjoint: Atom,
    active: Container[Var],
    before_sum: Before | None = None,
) -> Iterator[tuple[int, Atom]]:
    """What the adjoint of the result contributes to each active operand, by position.

    With `before_sum`, the caller selects the contributions to the branches of a selection;
    `before_sum(position, contribution)` does so where one of the result's shape is about to
    be summed into a scalar operand.
    """
    row = PRIMITIVES[equation.op]
    if row.constant is not None:
        return
    wanted = [i for i, arg in enumerate(equation.args) if type(arg) is Var and arg in active]
    if row.guarded:
        for i in wanted:
            if i in row.guarded:
                taken = adjoint if before_sum else _select(b, equation, row.guarded[i], adjoint)
                yield i, unspread(b, equation, i, taken, before_sum)
    elif row.partials is not None:
        formulas = partials(equation)
        for i in wanted:
            term = b.scale(adjoint, formulas[i])
            if term is not None:
                yield i, unspread(b, equation, i, term, before_sum)
    else:
        for i in wanted:
            if transposed(row, i):
                assert row.transpose is not None
                yield i, row.transpose(b, equation, adjoint, i)
            else:
                yield from _pull_transposed(b, equation, row, adjoint, i)


def _select(b: Builder, equation: Equation, truth: bool, value: Atom) -> Atom:
    branches = (value, Lit(0.0)) if truth else (Lit(0.0), value)
    return b.apply(equation.op, (equation.args[0], *branches))


def unspread(b: Builder, equation: Equation, i: int, term: Atom, before_sum: Before | None) -> Atom:
    """A contribution to a scalar operand of an array equation is the sum of all elements."""
    shape = equation.out.type.shape
    if equation.args[i].type.shape == shape:
        return term
    selected = before_sum(i, term) if before_sum else term
    return b.sum(b.fill(selected, shape), range(len(shape)))


def _pull_transposed(
    b: Builder, equation: Equation, row: Primitive, adjoint: Atom, which: int
) -> Iterator[tuple[int, Atom]]:
    """Transpose a JVP rule: write it down for a tangent, keep what does not depend on that
    tangent, and pull the adjoint back through the rest, which is linear in it."""
    assert row.jvp is not None
    tangent = Var(b.fresh("tangent"), equation.args[which].type)
    mark = len(b.equations)
    result = row.jvp(b, equation, tangent, which)
    linear: list[Equation] = []
    moving: set[Var] = {tangent}
    kept: list[Equation] = []
    for written in b.equations[mark:]:
        if any(arg in moving for arg in written.inputs()):
            linear.append(written)
            moving.add(written.out)
        else:
            kept.append(written)
    b.equations[mark:] = kept
    if type(result) is not Var or result not in moving:
        return
    pending: dict[Var, Atom] = {result: adjoint}
    for written in reversed(linear):
        for i, term in pull(b, written, pending[written.out], moving):
            arg = written.args[i]
            assert type(arg) is Var
            pending[arg] = b.add(pending[arg], term) if arg in pending else term
    if tangent in pending:
        yield which, pending[tangent]
