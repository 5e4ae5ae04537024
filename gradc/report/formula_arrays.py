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
from gradc.report.notation import (
    POWER,
    PRODUCT,
    SUM,
    Piece,
    array,
    call,
    infix,
    subscript,
    transposed,
)

Rule = Callable[[Equation, Sequence[Piece]], Piece]

_LETTERS = "ijklmnpqrstuvw"


def size(dim: Dim) -> Piece:
    """A size as an operand."""
    text = str(dim)
    if text.isidentifier() or text.isdecimal():
        return Piece(text)
    if len(dim.terms) > 1:
        return Piece(text, SUM)
    plain_power = text.count("**") == 1 and text.replace("**", "").isidentifier()
    return Piece(text, POWER if plain_power else PRODUCT)


def _sizes(shape: Shape) -> list[str]:
    return [str(dim) for dim in shape]


def _filled(number: str, shape: Shape) -> Piece:
    return call("zeros" if number == "0" else "ones", _sizes(shape))


# Shapes


def _broadcast(equation: Equation, args: Sequence[Piece]) -> Piece:
    shape, axes = equation.param("shape"), equation.param("axes")
    if not axes:
        value = equation.args[0]
        if type(value) is Lit and value.value in (0.0, 1.0):
            return _filled(args[0].text, shape)
        return infix("*", args[0], _filled("1", shape))
    if len(shape) == 2 and len(axes) == 1:
        repeat = _filled("1", (shape[1 - axes[0]],))
        return call("outer", (args[0], repeat) if axes == (0,) else (repeat, args[0]))
    return call("broadcast", (args[0], *_sizes(shape)))


def _transpose(equation: Equation, args: Sequence[Piece]) -> Piece:
    perm = equation.param("perm")
    if perm == (1, 0):
        return transposed(args[0])
    return call("transpose", (args[0], *map(str, perm)))


def _reshape(equation: Equation, args: Sequence[Piece]) -> Piece:
    return call("reshape", (args[0], *_sizes(equation.param("shape"))))


def _concat(equation: Equation, args: Sequence[Piece]) -> Piece:
    return call("concat", [*args, *_along(equation)])


def _stack(equation: Equation, args: Sequence[Piece]) -> Piece:
    axis = _along(equation)
    return call("stack", [*args, *axis]) if axis else array(args)


def _along(equation: Equation) -> list[str]:
    """The axis along which operands are joined, where it is not the first."""
    axis = joined_axis(dict(equation.params))
    return [f"axis={axis}"] if axis else []


def _diagonal(equation: Equation, args: Sequence[Piece]) -> Piece:
    return call("diag", args)


# Indices


def _item(start: Dim, stop: Dim | None, extent: Dim) -> str:
    """`i`, `a:b`, `a:`, `:b` or `:`."""
    if stop is None:
        return str(start)
    return f"{'' if start == Dim.of(0) else start}:{'' if stop == extent else stop}"


def _items(equation: Equation, shape: Shape) -> list[str]:
    pairs = zip(equation.param("items"), shape, strict=True)
    items = [_item(start, stop, extent) for (start, stop), extent in pairs]
    while len(items) > 1 and items[-1] == ":":
        items.pop()
    return items


def _index(equation: Equation, args: Sequence[Piece]) -> Piece:
    return subscript(args[0], _items(equation, equation.args[0].type.shape))


def _embed(equation: Equation, args: Sequence[Piece]) -> Piece:
    """Zeros with the operand at an index: joined to zeros where only the first axis counts."""
    shape: Shape = equation.param("shape")
    (start, stop), *others = equation.param("items")
    whole = [(Dim.of(0), extent) for extent in shape[1:]]
    if others != whole:
        items = f"[{', '.join(_items(equation, shape))}]"
        return call("embed", (args[0], items, *_sizes(shape)))
    end = start + 1 if stop is None else stop
    middle = array(args) if stop is None else args[0]
    before, after = (_filled("0", (length, *shape[1:])) for length in (start, shape[0] - end))
    parts = [middle]
    if start != Dim.of(0):
        parts.insert(0, before)
    if end != shape[0]:
        parts.append(after)
    return call("concat", parts) if len(parts) > 1 else middle


def _gather(equation: Equation, args: Sequence[Piece]) -> Piece:
    """The indices in brackets; those of several axes belong together, unlike in a slice."""
    axes = equation.param("axes")
    items = [":"] * (axes[-1] + 1)
    for axis, index in zip(axes, args[1:], strict=True):
        items[axis] = index.text
    return subscript(args[0], items)


def _scatter_add(equation: Equation, args: Sequence[Piece]) -> Piece:
    return call("scatter_add", (*args, *_sizes(equation.param("shape"))))


def _iota(equation: Equation, args: Sequence[Piece]) -> Piece:
    return call("iota", _sizes((equation.param("size"),)))


def _checked(equation: Equation, args: Sequence[Piece]) -> Piece:
    return args[0]


# Reductions and contractions


def _reduction(equation: Equation, args: Sequence[Piece]) -> Piece:
    axes, rank = equation.param("axes"), len(equation.args[0].type.shape)
    if len(axes) == rank:
        return call(equation.op, args)
    letters = _LETTERS[:rank]
    over = ",".join(letters[axis] for axis in axes)
    return call(f"{equation.op}[{over}]", (_indexed(arg, letters) for arg in args))


def _call(equation: Equation, args: Sequence[Piece]) -> Piece:
    return call(equation.op, args)


def _indexed(value: Piece, letters: str) -> Piece:
    return subscript(value, [",".join(letters)]) if letters else value


def _contract(equation: Equation, args: Sequence[Piece]) -> Piece:
    operands, result = equation.param("spec").split("->")
    a, b = operands.split(",")
    x, y = args
    if not a or not b or a == b == result:
        return infix("*", x, y)
    summed = [letter for letter in a if letter in b and letter not in result]
    kept = [letter for letter in a if letter in b and letter in result]
    if not summed and not kept and len(a) == len(b) == 1:
        return call("outer", (x, y) if result == a + b else (y, x))
    if len(summed) == 1 and not kept and len(a) <= 2 and len(b) <= 2:
        if result != (a + b).replace(summed[0], ""):
            (a, x), (b, y) = (b, y), (a, x)
        left = x if len(a) < 2 or a[-1] == summed[0] else transposed(x)
        right = y if len(b) < 2 or b[0] == summed[0] else transposed(y)
        return infix("@", left, right)
    product = infix("*", _indexed(x, a), _indexed(y, b))
    over = ",".join(dict.fromkeys(letter for letter in a + b if letter not in result))
    return call(f"sum[{over}]", (product,)) if over else product


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
