"""Spelling of contractions and of repeated operands: `@`, products of broadcast arrays, einsum.

Batches of matrices and contractions of several axes at once go to the matrix product, which is
many times as fast as `np.einsum`; the latter says the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.dims import Shape
from gradc.ir.graph import Equation
from gradc.targets.statements.style import Context
from gradc.targets.statements.tree import (
    Attribute,
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Slice,
    StringLit,
    Subscript,
    Tuple,
)


def shape_expr(context: Context, shape: Shape) -> Expr:
    """A shape as an argument: the size itself for a vector, else a tuple."""
    sizes = tuple(context.size(dim) for dim in shape)
    return sizes[0] if len(sizes) == 1 else Tuple(sizes)


def spread(value: Expr, axes: Sequence[int], rank: int) -> Expr:
    """A value with its axes at `axes` of so many, and with length 1 between and behind them."""
    items: list[Expr | Slice] = [Slice() if axis in axes else Name("None") for axis in range(rank)]
    while items and items[0] == Name("None"):
        del items[0]  # NumPy puts axes in front by itself
    return Subscript(value, tuple(items)) if Name("None") in items else value


def contract(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """The sum of products over shared indices."""
    spec = equation.param("spec")
    operands, result = spec.split("->")
    a, b = operands.split(",")
    x, y = args
    if not a or not b:
        return Binary("*", x, y)
    summed = [letter for letter in a if letter in b and letter not in result]
    kept = [letter for letter in a if letter in b and letter in result]
    found: Expr | None = None
    if _is_plain(a, b, result):
        if not summed:
            found = _product(x, a, y, b, result)
        elif kept:
            found = _batch(x, a, y, b, result) or _batch(y, b, x, a, result)
        elif len(summed) == 1:
            found = _matmul(x, a, y, b, result)
            if found is None or (len(a) == 1 and found.right != y):  # not `w @ X.T`
                found = _matmul(y, b, x, a, result)
        if found is None and summed and not kept:
            found = _tensordot(x, a, y, b, result) or _tensordot(y, b, x, a, result)
    return found or Call("np.einsum", (StringLit(spec), x, y))


def _is_plain(a: str, b: str, result: str) -> bool:
    """Whether no operand repeats an index, nor sums over one that the other does not have."""
    once = all(len(set(letters)) == len(letters) for letters in (a, b, result))
    return once and all(index in result or (index in a and index in b) for index in a + b)


def _product(x: Expr, a: str, y: Expr, b: str, result: str) -> Expr | None:
    """A product without a sum: of vectors, or of operands that are repeated to one shape."""
    if len(a) == len(b) == 1 and a != b:
        return Call("np.outer", (x, y) if result == a + b else (y, x))
    factors = [_placed(x, a, result), _placed(y, b, result)]
    if factors[0] is None or factors[1] is None:
        return None
    return Binary("*", factors[0], factors[1])


def _placed(value: Expr, letters: str, result: str) -> Expr | None:
    """An operand with its axes where the result has them, if a turn of a matrix is enough."""
    axes = [result.index(letter) for letter in letters]
    if axes != sorted(axes):
        if len(letters) != 2:
            return None
        value, axes = Attribute(value, "T"), sorted(axes)
    return spread(value, axes, len(result))


def _matmul(x: Expr, a: str, y: Expr, b: str, result: str) -> Binary | None:
    """`x @ y` over one index, a matrix being turned where need be."""
    (summed,) = set(a) & set(b)
    if len(a) <= 2:
        x, a = _turned(x, a, a[-1] == summed)
    if len(b) <= 2:
        y, b = _turned(y, b, b[0] == summed)
    if a[-1] != summed or b[-2:][0] != summed or (len(a) > 2 and len(b) > 2):
        return None
    product = b[:-2] + a[:-1] + b[-1:] if len(b) > 1 else a[:-1]
    if len(b) == 2:
        product = a[:-1] + b[-1]
    return Binary("@", x, y) if result == product else None


def _turned(value: Expr, letters: str, as_it_is: bool) -> tuple[Expr, str]:
    if as_it_is or len(letters) < 2:
        return value, letters
    return Attribute(value, "T"), letters[::-1]


def _batch(x: Expr, a: str, y: Expr, b: str, result: str) -> Expr | None:
    """`x @ y` of matrices, one pair for each index that the operands begin with."""
    n = len(result) - 2
    if n < 1 or not (len(a) == len(b) == len(result) and a[:n] == b[:n] == result[:n]):
        return None
    row, column = result[n], result[n + 1]
    if row not in a[n:] or column not in b[n:] or row in b or column in a:
        return None
    left = x if a[n] == row else _swapped(x, n)
    right = y if b[n + 1] == column else _swapped(y, n)
    return Binary("@", left, right)


def _swapped(value: Expr, axis: int) -> Expr:
    return Call("np.swapaxes", (value, Number(axis), Number(axis + 1)))


def _tensordot(x: Expr, a: str, y: Expr, b: str, result: str) -> Expr | None:
    """A matrix product over several axes, or of operands with many, where it is one."""
    summed = [letter for letter in a if letter in b]
    left = "".join(letter for letter in a if letter not in summed)
    right = "".join(letter for letter in b if letter not in summed)
    if not left or not right or result != left + right:
        return None
    if a.endswith("".join(summed)) and b.startswith("".join(summed)):
        axes: Expr = Number(len(summed))
    else:
        places = (tuple(Number(letters.index(index)) for index in summed) for letters in (a, b))
        axes = Tuple(tuple(p[0] if len(p) == 1 else Tuple(p) for p in places))
    return Call("np.tensordot", (x, y), (("axes", axes),))
