"""Checking and lowering the operators.

Elementwise operators take operands of identical shape, or scalars: there is no implicit
broadcasting, and the error says which indexed form to write instead.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradc.frontend import syntax as ast
from gradc.frontend.integers import LARGEST_INTEGER
from gradc.frontend.sizes import MOST_TERMS
from gradc.ir.dims import Dim, shape_text
from gradc.ir.graph import BOOL, INT, Atom, DType, Lit, Size, Type

if TYPE_CHECKING:
    from gradc.frontend.expressions import Lowering

BINARY = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "==": "eq",
    "!=": "ne",
    "and": "and",
    "or": "or",
}


_TRUTHS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "and": operator.and_,
    "or": operator.or_,
}


def lower_unary(lower: Lowering, node: ast.Unary, operand: Atom) -> Atom | None:
    """`-x`, `+x`, `not x`."""
    if node.op == "not":
        if not lower.require_truth(operand, node.operand, "`not`"):
            return None
        if type(operand) is Lit:
            return Lit(not operand.value, BOOL)
        return lower.builder.emit("not", (operand,))
    if not lower.require_number(operand, node.operand, f"`{node.op}`"):
        return None
    if node.op == "+":
        return operand
    if type(operand) is Lit:
        return Lit(-operand.value, operand.type)
    return lower.builder.emit("neg", (operand,))


def lower_binary(lower: Lowering, node: ast.Binary, left: Atom, right: Atom) -> Atom | None:
    """`x op y`."""
    if node.op == "@":
        return _matmul(lower, node, left, right)
    quoted = f"`{node.op}`"
    check = lower.require_truth if node.op in ("and", "or") else lower.require_number
    if not (check(left, node.left, quoted) and check(right, node.right, quoted)):
        return None
    if not _shapes_agree(lower, node, left, right):
        return None
    if node.op == "**":
        return _power(lower, node, left, right)
    if type(left) is Lit and type(right) is Lit:
        if node.op in _TRUTHS:
            return Lit(_TRUTHS[node.op](left.value, right.value), BOOL)
        folded = fold(node.op, float(left.value), float(right.value))
        if folded is not None:
            return Lit(folded)
    if node.op in ("and", "or"):
        return lower.builder.emit(BINARY[node.op], (left, right))
    if type(left) is Size or type(right) is Size:
        size = _size(lower, node.op, left, right)
        if size is not None:
            return size
    if node.op in ("//", "%") and type(right) is Size and left.type.dtype is DType.INT:
        if not lower.at_least_zero(node.span, right.dim - 1, f"`{lower.short(node.right)}` is 0"):
            return None
        right = Size(right.dim, INT)
    bound = lower.magnitudes.combined(node.op, left, right)
    real = bound.magnitude > LARGEST_INTEGER or _is_real_quotient(node.op, right)
    left, right = lower.same_numbers(left, right, real)
    result = lower.builder.emit(BINARY[node.op], (left, right))
    lower.magnitudes.enter(result, bound)
    return result


def _size(lower: Lowering, op: str, left: Atom, right: Atom) -> Atom | None:
    """A sum, difference or product of sizes as one size; None where it is none."""
    dims = [dim for dim in map(_as_dim, (left, right)) if dim is not None]
    if len(dims) < 2 or op not in ("+", "-", "*"):
        return None
    a, b = dims
    total = a + b if op == "+" else a - b if op == "-" else a * b
    if len(total.terms) > MOST_TERMS or _beyond_integers(lower, total):
        return None
    return Size(total) if total.constant is None else Lit(float(total.constant))


def _beyond_integers(lower: Lowering, dim: Dim) -> bool:
    return lower.magnitudes.of(Size(dim)).magnitude > LARGEST_INTEGER


def _as_dim(atom: Atom) -> Dim | None:
    if type(atom) is Size:
        return atom.dim
    if type(atom) is Lit and float(atom.value).is_integer() and abs(atom.value) < 2**31:
        return Dim.of(int(atom.value))
    return None


def _is_real_quotient(op: str, divisor: Atom) -> bool:
    """Whether an operator divides in the reals: integers have no value for a division by 0."""
    nonzero = (type(divisor) is Lit and divisor.value != 0) or (
        type(divisor) is Size and divisor.type.dtype is DType.INT
    )
    return op == "/" or (op in ("//", "%") and not nonzero)


def _shapes_agree(lower: Lowering, node: ast.Binary, left: Atom, right: Atom) -> bool:
    a, b = left.type.shape, right.type.shape
    if not a or not b or a == b:
        return True
    lower.problems.error(
        "G0301",
        node.op_span,
        f"`{node.op}` needs equal shapes, found {shape_text(a)} and {shape_text(b)}",
        f"{lower.describe(node.left, left)}, {lower.describe(node.right, right)}",
        help=_indexed_help(lower, node, left.type, right.type),
    )
    return False


def _indexed_help(lower: Lowering, node: ast.Binary, left: Type, right: Type) -> str:
    """The indexed form that says what was probably meant."""
    x, y = lower.short(node.left), lower.short(node.right)
    a, b = len(left.shape), len(right.shape)
    if a == b == 1:
        pairs = f"for every pair, write p[i,j] = {x}[i] {node.op} {y}[j]"
        return f"{pairs}; for a dot product, {x} @ {y}" if node.op == "*" else pairs
    if {a, b} == {1, 2}:
        matrix, vector = (left, right) if a == 2 else (right, left)
        axis = "i" if matrix.shape[0] == vector.shape[0] else "j"
        first, second = (f"{x}[i,j]", f"{y}[{axis}]") if a == 2 else (f"{x}[{axis}]", f"{y}[i,j]")
        rows = "row" if axis == "j" else "column"
        return f"for every {rows}, write p[i,j] = {first} {node.op} {second}"
    return "write an indexed definition that says which axes belong together"


def _power(lower: Lowering, node: ast.Binary, base: Atom, exponent: Atom) -> Atom | None:
    static = lower.static(node.right, exponent)
    if type(base) is Lit and static is not None:
        folded = fold("**", float(base.value), static)
        if folded is not None:
            return Lit(folded)
    if static is not None and static.is_integer() and abs(static) < 2**31:
        operand = lower.as_real(base)
        return lower.builder.emit("ipow", (operand,), (("n", int(static)),))
    return lower.builder.emit("pow", (lower.as_real(base), lower.as_real(exponent)))


def fold(op: str, x: float, y: float) -> float | None:
    """Arithmetic of two literals in IEEE doubles; None where it is left to run time."""
    match op:
        case "+":
            return x + y
        case "-":
            return x - y
        case "*":
            return x * y
        case "/" if y != 0.0:
            return x / y
        case "**" if x > 0.0:
            try:
                return float(x**y)
            except OverflowError:
                return math.inf
        case _:
            return None


def _matmul(lower: Lowering, node: ast.Binary, left: Atom, right: Atom) -> Atom | None:
    if not (
        lower.require_number(left, node.left, "`@`")
        and lower.require_number(right, node.right, "`@`")
    ):
        return None
    a, b = left.type.shape, right.type.shape
    if not 1 <= len(a) <= 2 or not 1 <= len(b) <= 2:
        scalar = not a or not b
        lower.problems.error(
            "G0303",
            node.op_span,
            f"`@` needs vectors or matrices, found {shape_text(a)} and {shape_text(b)}",
            f"{lower.describe(node.left, left)}, {lower.describe(node.right, right)}",
            help="a product with a scalar is written `*`" if scalar else None,
        )
        return None
    if a[-1] != b[0]:
        lower.problems.error(
            "G0305",
            node.op_span,
            "`@` contracts the last axis of the left operand with the first of the right: "
            f"{a[-1]} and {b[0]} differ",
            f"{lower.describe(node.left, left)}, {lower.describe(node.right, right)}",
            help=_matmul_help(lower, node, a, b),
        )
        return None
    spec = {
        (1, 1): "i,i->",
        (2, 1): "ij,j->i",
        (1, 2): "i,ij->j",
        (2, 2): "ik,kj->ij",
    }[len(a), len(b)]
    return lower.builder.contract(lower.as_real(left), lower.as_real(right), spec)


def _matmul_help(
    lower: Lowering, node: ast.Binary, a: tuple[Dim, ...], b: tuple[Dim, ...]
) -> str | None:
    x, y = lower.short(node.left), lower.short(node.right)
    if len(a) == 2 and a[0] == b[0]:
        return f"the first axes agree: {x}.T @ {y}"
    if len(b) == 2 and a[-1] == b[1]:
        return f"the last axes agree: {x} @ {y}.T"
    return None


def lower_transpose(lower: Lowering, node: ast.Transpose, value: Atom) -> Atom | None:
    """`A.T`."""
    if not lower.require_number(value, node.value, "`.T`"):
        return None
    if len(value.type.shape) != 2:
        help = "a vector has one axis and needs no transpose" if value.type.shape else None
        lower.problems.error(
            "G0303",
            node.span,
            f"`.T` needs a matrix, found {shape_text(value.type.shape)}",
            lower.describe(node.value, value),
            help=help,
        )
        return None
    return lower.builder.emit("transpose", (value,), (("perm", (1, 0)),))


def lower_conditional(
    lower: Lowering,
    condition: tuple[ast.Expr, Atom],
    then: tuple[ast.Expr, Atom],
    otherwise: tuple[ast.Expr, Atom],
) -> Atom | None:
    """`x if c else y`, `where(c, x, y)`: elementwise."""
    if not lower.require_truth(condition[1], condition[0], "a condition"):
        return None
    numbers = [
        lower.require_number(value, expr, "a branch of a condition")
        for expr, value in (then, otherwise)
    ]
    if not all(numbers):
        return None
    parts = (condition, then, otherwise)
    shapes = {value.type.shape for _, value in parts if value.type.shape}
    if len(shapes) > 1:
        found = ", ".join(lower.describe(expr, value) for expr, value in parts)
        lower.problems.error(
            "G0301",
            condition[0].span,
            "a condition and its branches need equal shapes, or scalars",
            found,
            help="write an indexed definition that says which axes belong together",
        )
        return None
    left, right = lower.same_numbers(then[1], otherwise[1])
    if type(condition[1]) is Lit:
        return lower.builder.fill(left if condition[1].value else right, next(iter(shapes), ()))
    result = lower.builder.emit("select", (condition[1], left, right))
    lower.magnitudes.enter(result, lower.magnitudes.combined("if", left, right))
    return result
