"""Simpler ways to compute the same: what is known of expressions, each thing stated once.

Invariant: the result is the identical double for every input, NaN, infinities and signed zeros
included.  So `x + 0.0` stays (it turns -0.0 into 0.0) and `0.0 * x` stays (it may be NaN).

Only what is anonymous is looked through: a quantity with the author's name keeps its uses, on
which its derivative depends.

Deliberately absent: choices among equally simple forms, which depend on the reader
(`Builder.apply`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, DType, Lit
from gradc.ops.table import PRIMITIVES

if TYPE_CHECKING:
    from gradc.ops.builder import Builder

Args = tuple[Atom, ...]
Params = Mapping[str, Any]
Rewrite = Callable[["Builder", Args, Params], "Atom | None"]


def folded(op: str, args: Args, params: Params) -> Lit | None:
    """The value of a primitive of literals.

    None where IEEE 754 does not determine it to the last bit, so that emitted code might
    compute another, and where it raises.
    """
    exact = PRIMITIVES[op].exact
    if exact is None:
        return None
    try:
        value = exact(*[arg.value for arg in args if type(arg) is Lit], **params)
    except ArithmeticError:
        return None
    return Lit(value, PRIMITIVES[op].type_rule([arg.type for arg in args], params))


def is_literal(atom: Atom, value: float) -> bool:
    """Whether an atom is a literal with this value, and for zeros with this sign."""
    if type(atom) is not Lit or atom.value != value:
        return False
    if value != 0 or atom.type.dtype is not DType.REAL:
        return True
    return math.copysign(1.0, atom.value) == math.copysign(1.0, value)


# Arithmetic


def _add(b: Builder, args: Args, params: Params) -> Atom | None:
    for one, other in (args, args[::-1]):
        if is_literal(other, -0.0):
            return one
    negated = b.negated(args[1])
    return None if negated is None else b.apply("sub", (args[0], negated))


def _sub(b: Builder, args: Args, params: Params) -> Atom | None:
    if is_literal(args[1], 0.0):
        return args[0]
    negated = b.negated(args[1])
    return None if negated is None else b.apply("add", (args[0], negated))


def _mul(b: Builder, args: Args, params: Params) -> Atom | None:
    for one, other in (args, args[::-1]):
        if is_literal(other, 1.0):
            return one
        if is_literal(other, -1.0):
            return b.apply("neg", (one,))
    return _without_signs(b, "mul", args)


def _div(b: Builder, args: Args, params: Params) -> Atom | None:
    if is_literal(args[1], 1.0):
        return args[0]
    return _without_signs(b, "div", args)


def _without_signs(b: Builder, op: str, args: Args) -> Atom | None:
    """A product or quotient of two negations."""
    left, right = map(b.negated, args)
    return None if left is None or right is None else b.apply(op, (left, right))


def _neg(b: Builder, args: Args, params: Params) -> Atom | None:
    return b.negated(args[0])


def _ipow(b: Builder, args: Args, params: Params) -> Atom | None:
    if params["n"] == 1:
        return args[0]
    return b.fill(Lit(1.0), args[0].type.shape) if params["n"] == 0 else None


def _extremum(b: Builder, args: Args, params: Params) -> Atom | None:
    return args[0] if args[0] is args[1] else None


def _as_wide(b: Builder, value: Atom, args: Args) -> Atom | None:
    """A value as large as the result of all operands together: scalars repeat."""
    shapes = [arg.type.shape for arg in args if arg.type.shape]
    return b.fill(value, shapes[0]) if shapes else value


# Logic


def _and(b: Builder, args: Args, params: Params) -> Atom | None:
    return _logic(b, args, neutral=True)


def _or(b: Builder, args: Args, params: Params) -> Atom | None:
    return _logic(b, args, neutral=False)


def _logic(b: Builder, args: Args, neutral: bool) -> Atom | None:
    if args[0] is args[1]:
        return args[0]
    for one, other in (args, args[::-1]):
        if type(one) is Lit:
            return other if one.value is neutral else b.fill(one, other.type.shape)
    return None


def _not(b: Builder, args: Args, params: Params) -> Atom | None:
    equation = b.part(args[0])
    if equation is None:
        return None
    match equation.op:
        case "not":
            return equation.args[0]
        case "eq":
            return b.apply("ne", equation.args)
        case "ne":
            return b.apply("eq", equation.args)
    return None


def _select(b: Builder, args: Args, params: Params) -> Atom | None:
    condition, then, otherwise = args
    if type(condition) is Lit:
        return _as_wide(b, then if condition.value else otherwise, args)
    if then is otherwise:
        return _as_wide(b, then, args)
    equation = b.part(condition)
    if equation is not None and equation.op == "not":
        return b.apply("select", (equation.args[0], otherwise, then))
    return None


def _copy(b: Builder, args: Args, params: Params) -> Atom | None:
    return args[0]


# Arrays


def _broadcast(b: Builder, args: Args, params: Params) -> Atom | None:
    shape, axes = params["shape"], params["axes"]
    if args[0].type.shape == shape:
        return args[0]
    equation = b.part(args[0])
    if equation is None or equation.op != "broadcast":
        return None
    return b.broadcast(equation.args[0], shape, tuple(axes[a] for a in equation.param("axes")))


def _transpose(b: Builder, args: Args, params: Params) -> Atom | None:
    perm = params["perm"]
    if perm == tuple(range(len(perm))):
        return args[0]
    equation = b.part(args[0])
    if equation is None or equation.op != "transpose":
        return _moved_scalar(b, args, tuple(args[0].type.shape[axis] for axis in perm))
    inner = equation.param("perm")
    both = (("perm", tuple(inner[axis] for axis in perm)),)
    return b.reduced("transpose", equation.args, both)


def _reshape(b: Builder, args: Args, params: Params) -> Atom | None:
    if args[0].type.shape == params["shape"]:
        return args[0]
    equation = b.part(args[0])
    if equation is None or equation.op != "reshape":
        return _moved_scalar(b, args, params["shape"])
    return b.reduced("reshape", equation.args, (("shape", params["shape"]),))


def _moved_scalar(b: Builder, args: Args, shape: tuple[Dim, ...]) -> Atom | None:
    """Elements that are all the same are the same wherever they are moved."""
    scalar = b.spread_scalar(args[0])
    return None if scalar is None else b.fill(scalar, shape)


def _index(b: Builder, args: Args, params: Params) -> Atom | None:
    items, shape = params["items"], args[0].type.shape
    if all(_whole(item, dim) for item, dim in zip(items, shape, strict=True)):
        return args[0]
    equation = b.part(args[0])
    if equation is None or equation.op != "stack" or dict(equation.params).get("axis", 0):
        kept = tuple(stop - start for start, stop in items if stop is not None)
        return _moved_scalar(b, args, kept)
    (position, stop), *rest = items
    at = position.constant
    if stop is not None or at is None or not 0 <= at < len(equation.args):
        return None
    element = equation.args[at]
    return b.reduced("index", (element,), (("items", tuple(rest)),)) if rest else element


def _embed(b: Builder, args: Args, params: Params) -> Atom | None:
    pairs = zip(params["items"], params["shape"], strict=True)
    return args[0] if all(_whole(item, dim) for item, dim in pairs) else None


def _whole(item: tuple[Dim, Dim | None], dim: Dim) -> bool:
    start, stop = item
    return start.constant == 0 and stop == dim


def _concat(b: Builder, args: Args, params: Params) -> Atom | None:
    return args[0] if len(args) == 1 else None


def _diagonal(b: Builder, args: Args, params: Params) -> Atom | None:
    equation = b.part(args[0])
    return equation.args[0] if equation and equation.op == "diagonal_matrix" else None


def _reduction(b: Builder, args: Args, params: Params) -> Atom | None:
    return args[0] if not params["axes"] else None


REWRITES: Mapping[str, Rewrite] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "ipow": _ipow,
    "minimum": _extremum,
    "maximum": _extremum,
    "and": _and,
    "or": _or,
    "not": _not,
    "select": _select,
    "copy": _copy,
    "broadcast": _broadcast,
    "transpose": _transpose,
    "reshape": _reshape,
    "index": _index,
    "embed": _embed,
    "concat": _concat,
    "diagonal": _diagonal,
    "sum": _reduction,
}
