"""How the primitives of arrays are written in a formula: one rule for each.

A contraction is written as the operator `@`, `*` or the function `outer` where one of them says
it, and otherwise over indices, as a reduction along some of several axes is: `sum[j](A[i,j])`.
Zeros around a part of an array are written as a `concat` where that says it.

Invariant: every primitive of `ops.arrays`, `ops.indexing`, `ops.reductions`,
`ops.normalised` and `ops.linear_algebra` has a rule here; a test iterates the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Equation, Lit
from gradc.ops.arrays import joined_axis
from gradc.report.notation import ELEMENTS, Notation, Piece

Rule = Callable[[Notation, Equation, Sequence[Piece]], Piece]

_LETTERS = "ijklmnpqrstuvw"


def _sizes(n: Notation, shape: Shape) -> list[Piece]:
    return [n.size(dim) for dim in shape]


def _filled(n: Notation, number: str, shape: Shape) -> Piece:
    return n.filled(number, _sizes(n, shape))


# Shapes


def _broadcast(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    shape, axes = equation.param("shape"), equation.param("axes")
    if not axes:
        value = equation.args[0]
        if type(value) is Lit and value.value in (0.0, 1.0):
            return _filled(n, "1" if value.value else "0", shape)
        return n.infix("*", args[0], _filled(n, "1", shape))
    if len(shape) == 2 and len(axes) == 1:
        repeat = _filled(n, "1", (shape[1 - axes[0]],))
        return n.call("outer", (args[0], repeat) if axes == (0,) else (repeat, args[0]))
    return n.call("broadcast", (args[0], *_sizes(n, shape)))


def _transpose(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    perm = equation.param("perm")
    if perm == (1, 0):
        return n.transposed(args[0])
    return n.call("transpose", (args[0], *(n.number(str(axis)) for axis in perm)))


def _reshape(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    return n.call("reshape", (args[0], *_sizes(n, equation.param("shape"))))


def _concat(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    return n.call("concat", [*args, *_along(n, equation)])


def _stack(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    axis = _along(n, equation)
    return n.call("stack", [*args, *axis]) if axis else n.array(args)


def _along(n: Notation, equation: Equation) -> list[Piece]:
    """The axis along which operands are joined, where it is not the first."""
    axis = joined_axis(dict(equation.params))
    return [n.option("axis", str(axis))] if axis else []


def _diagonal(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    return n.call("diag", args)


# Indices


def _item(n: Notation, start: Dim, stop: Dim | None, extent: Dim) -> Piece:
    """`i`, `a:b`, `a:`, `:b` or `:`."""
    if stop is None:
        return n.size(start)
    first = None if start == Dim.of(0) else n.size(start)
    return n.span(first, None if stop == extent else n.size(stop))


def _items(n: Notation, equation: Equation, shape: Shape) -> list[Piece]:
    pairs = zip(equation.param("items"), shape, strict=True)
    items = [_item(n, start, stop, extent) for (start, stop), extent in pairs]
    while len(items) > 1 and items[-1] == n.span(None, None):
        items.pop()
    return items


def _index(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    return n.subscript(args[0], _items(n, equation, equation.args[0].type.shape))


def _embed(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    """Zeros with the operand at an index: joined to zeros where only the first axis counts."""
    shape: Shape = equation.param("shape")
    (start, stop), *others = equation.param("items")
    whole = [(Dim.of(0), extent) for extent in shape[1:]]
    if others != whole:
        place = n.array(_items(n, equation, shape))
        return n.call("embed", (args[0], place, *_sizes(n, shape)))
    end = start + 1 if stop is None else stop
    middle = n.array(args) if stop is None else args[0]
    before, after = (_filled(n, "0", (length, *shape[1:])) for length in (start, shape[0] - end))
    parts = [middle]
    if start != Dim.of(0):
        parts.insert(0, before)
    if end != shape[0]:
        parts.append(after)
    return n.call("concat", parts) if len(parts) > 1 else middle


def _gather(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    """The indices in brackets; those of several axes belong together, unlike in a slice."""
    axes = equation.param("axes")
    items = [n.span(None, None)] * (axes[-1] + 1)
    for axis, index in zip(axes, args[1:], strict=True):
        items[axis] = index
    return n.subscript(args[0], items)


def _scatter_add(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    return n.call("scatter_add", (*args, *_sizes(n, equation.param("shape"))))


def _iota(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    return n.call("iota", _sizes(n, (equation.param("size"),)))


def _checked(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    return args[0]


# Reductions and contractions


def _reduction(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    axes, rank = equation.param("axes"), len(equation.args[0].type.shape)
    if len(axes) == rank:
        return n.call(equation.op, args)
    letters = _LETTERS[:rank]
    over = "".join(letters[axis] for axis in axes)
    return n.reduced(equation.op, over, [n.at(arg, letters) for arg in args])


def _call(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    return n.call(equation.op, args)


def _contract(n: Notation, equation: Equation, args: Sequence[Piece]) -> Piece:
    operands, result = equation.param("spec").split("->")
    a, b = operands.split(",")
    x, y = args
    if not a or not b or a == b == result:
        return n.infix(ELEMENTS if a and b else "*", x, y)
    summed = [letter for letter in a if letter in b and letter not in result]
    kept = [letter for letter in a if letter in b and letter in result]
    if not summed and not kept and len(a) == len(b) == 1:
        return n.call("outer", (x, y) if result == a + b else (y, x))
    if len(summed) == 1 and not kept and len(a) <= 2 and len(b) <= 2:
        if result != (a + b).replace(summed[0], ""):
            (a, x), (b, y) = (b, y), (a, x)
        left = x if len(a) < 2 or a[-1] == summed[0] else n.transposed(x)
        right = y if len(b) < 2 or b[0] == summed[0] else n.transposed(y)
        return n.contracted(left, right, (len(a), len(b)))
    product = n.infix("*", n.at(x, a), n.at(y, b))
    over = "".join(dict.fromkeys(letter for letter in a + b if letter not in result))
    return n.reduced("sum", over, [product]) if over else product


ARRAY_RULES: Mapping[str, Rule] = {
    "broadcast": _broadcast,
    "transpose": _transpose,
    "reshape": _reshape,
    "index": _index,
    "embed": _embed,
    "concat": _concat,
    "stack": _stack,
    "diagonal": _diagonal,
    "diagonal_matrix": _diagonal,
    "contract": _contract,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "iota": _iota,
    "checked": _checked,
    **dict.fromkeys(
        ("prod_others", "solve", "inv", "det", "cofactors", "logdet", "cholesky", "lower_half"),
        _call,
    ),
    **dict.fromkeys(
        (
            *("sum", "max", "min", "prod", "count", "any", "all", "argmax", "argmin"),
            *("norm", "unit", "rejection", "logsumexp", "softmax", "softmax_product"),
        ),
        _reduction,
    ),
}
