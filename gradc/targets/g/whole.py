"""Equations as expressions of whole quantities: `X @ w`, `concat(x, zeros(N))`.

Invariant: `whole_form` gives None exactly where the language has no such expression; the
equation is then written element by element (`element`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, DType, Equation
from gradc.ops.indexing import partly_checked
from gradc.ops.primitive import Fn, Form, Infix, Prefix
from gradc.ops.table import PRIMITIVES
from gradc.targets.g.pieces import (
    OPERAND,
    Piece,
    bracketed,
    call,
    conditional,
    infix,
    number,
    prefix,
    size,
    subscript,
)


class Operands(Protocol):
    """Operands as they are written: parts in place, all others by their names."""

    def whole(self, atom: Atom) -> Piece:
        """An operand as a whole quantity."""

    def check(self, atom: Atom) -> Equation | None:
        """The check of a place that is read under a condition, which is made where it is read."""

    def function(self, equation: Equation) -> str:
        """The name of the function that an equation calls."""


Rule = Callable[[Operands, Equation], Piece]


def elementwise(equation: Equation, args: Sequence[Piece]) -> Piece | None:
    """An elementwise equation, given its operands; None for any other."""
    match PRIMITIVES[equation.op].spell["g"]:
        case Infix(operator):
            return infix(operator, *args)
        case Prefix(operator):
            return prefix(operator, *args)
        case Fn(name):
            return call(name, args)
        case Form(name) if name in _ELEMENTWISE:
            return _ELEMENTWISE[name](equation, args)
        case _:
            return None


def _to_real(equation: Equation, args: Sequence[Piece]) -> Piece:
    if equation.args[0].type.dtype is DType.BOOL:
        return conditional(args[0], Piece("1"), Piece("0"))
    return infix("/", args[0], Piece("1"))


def _polygamma(equation: Equation, args: Sequence[Piece]) -> Piece:
    order = equation.param("n")
    return call("digamma", args) if order == 0 else call("polygamma", [number(order), *args])


def _checked(equation: Equation, args: Sequence[Piece]) -> Piece:
    """The place itself, which is checked where it is read; 0 where nothing is read."""
    index, taken = args
    return conditional(taken, index, Piece("0")) if partly_checked(equation) else index


_ELEMENTWISE: Mapping[str, Callable[[Equation, Sequence[Piece]], Piece]] = {
    "copy": lambda equation, args: args[0],
    "to_real": _to_real,
    "integer_power": lambda equation, args: infix("**", args[0], number(equation.param("n"))),
    "polygamma": _polygamma,
    "select": lambda equation, args: conditional(*args),
    "checked": _checked,
}


def whole_form(equation: Equation) -> Rule | None:
    """How an equation is written as a whole, if it can be."""
    spelling = PRIMITIVES[equation.op].spell["g"]
    if not isinstance(spelling, Form) or spelling.name in _ELEMENTWISE:
        return _write_elementwise
    rule = _FORMS.get(spelling.name)
    if rule is None:
        return None
    allowed, write = rule
    return write if allowed(equation) else None


def _write_elementwise(operands: Operands, equation: Equation) -> Piece:
    piece = elementwise(equation, [operands.whole(arg) for arg in equation.args])
    assert piece is not None
    return piece


# Moving elements


def _shape(equation: Equation) -> Shape:
    return equation.args[0].type.shape


def _is(dtype: DType, equation: Equation) -> bool:
    return equation.out.type.dtype is dtype


def filled(value: Piece, shape: Shape) -> Piece:
    """A real scalar repeated over a shape."""
    if not shape:
        return value
    sizes = [size(dim) for dim in shape]
    if value.text in ("0", "1"):
        return call("zeros" if value.text == "0" else "ones", sizes)
    return infix("*", value, call("ones", sizes))


def _broadcast(operands: Operands, equation: Equation) -> Piece:
    return filled(operands.whole(equation.args[0]), equation.out.type.shape)


def _transpose(operands: Operands, equation: Equation) -> Piece:
    value = operands.whole(equation.args[0])
    return Piece(f"{bracketed(value, OPERAND)}.T")


def _moved(operands: Operands, equation: Equation, write: Callable[[Piece], Piece]) -> Piece:
    """Elements of an operand moved by what only moves numbers; truth values become 1 and 0."""
    value = operands.whole(equation.args[0])
    if not _is(DType.BOOL, equation):
        return write(value)
    ones = conditional(value, Piece("1"), Piece("0"))
    return infix("==", write(Piece(f"({ones.text})")), Piece("1"))


def _reshape(operands: Operands, equation: Equation) -> Piece:
    shape = equation.out.type.shape

    def write(value: Piece) -> Piece:
        if not shape:
            return subscript(value, ["0"] * len(_shape(equation)))
        if not _shape(equation):
            value = Piece(f"[{value.text}]")
        return call("reshape", [value, *map(size, shape)])

    return _moved(operands, equation, write)


def _index(operands: Operands, equation: Equation) -> Piece:
    texts = [
        item_text(item, dim)
        for item, dim in zip(equation.param("items"), _shape(equation), strict=True)
    ]
    while len(texts) > 1 and texts[-1] == ":":
        texts.pop()
    return _moved(operands, equation, lambda value: subscript(value, texts))


def item_text(item: tuple[Dim, Dim | None], dim: Dim) -> str:
    """One position or range of a subscript on an axis of a size."""
    start, stop = item
    if stop is None:
        return str(start)
    return f"{'' if start.constant == 0 else start}:{'' if stop == dim else stop}"


def _embed(operands: Operands, equation: Equation) -> Piece:
    """Zeros before and behind, along the first axis."""
    value = operands.whole(equation.args[0])
    (start, stop), *_ = equation.param("items")
    shape = equation.out.type.shape
    end = start + 1 if stop is None else stop
    if stop is None:
        value = call("stack", [value]) if len(shape) > 1 else Piece(f"[{value.text}]")
    parts = [value]
    if start.constant != 0:
        parts.insert(0, filled(Piece("0"), (start, *shape[1:])))
    if end != shape[0]:
        parts.append(filled(Piece("0"), (shape[0] - end, *shape[1:])))
    return call("concat", parts)


def _embeds_first_axis(equation: Equation) -> bool:
    _, *others = zip(equation.param("items"), equation.out.type.shape, strict=True)
    return _is(DType.REAL, equation) and all(
        start.constant == 0 and stop == dim for (start, stop), dim in others
    )


def _stack(operands: Operands, equation: Equation) -> Piece:
    parts = [operands.whole(arg) for arg in equation.args]
    if _shape(equation):
        return call("stack", parts)
    return Piece(f"[{', '.join(part.text for part in parts)}]")


# Reducing


def _reduces_all(equation: Equation) -> bool:
    axes = equation.param("axes")
    return _is(DType.REAL, equation) and 0 < len(axes) == len(_shape(equation))


def _reduce(operands: Operands, equation: Equation) -> Piece:
    return call(equation.op, [operands.whole(equation.args[0])])


def _count(operands: Operands, equation: Equation) -> Piece:
    return call("sum", [conditional(operands.whole(equation.args[0]), Piece("1"), Piece("0"))])


#: For each contraction of up to two axes each: whether the operands change places, and whether
#: the left one, the right one and the result are transposed.
_PRODUCTS: Mapping[str, tuple[bool, bool, bool, bool]] = {
    "i,i->": (False, False, False, False),
    "ij,j->i": (False, False, False, False),
    "ji,j->i": (False, True, False, False),
    "j,ji->i": (False, False, False, False),
    "j,ij->i": (True, False, False, False),
    **{
        f"{a},{b}->{c}": (False, a == "ki", b == "jk", c == "ji")
        for a in ("ik", "ki")
        for b in ("kj", "jk")
        for c in ("ij", "ji")
    },
}


def _normal(spec: str) -> str:
    """A contraction in the letters of `_PRODUCTS`."""
    operands, result = spec.split("->")
    left, right = operands.split(",")
    letters: dict[str, str] = {}
    shared = [x for x in left if x in right and x not in result]
    names = "ij" if len(result) < 2 else "ijk"
    free = [x for x in left if x not in shared] + [x for x in right if x not in shared]
    if len(left) == len(right) == 1:
        letters = dict.fromkeys(left, "i")
    else:
        letters.update(zip(free, names, strict=False))
        letters.update(dict.fromkeys(shared, "k" if len(free) == 2 else "j"))
    return "".join(letters.get(x, x if not x.isalpha() else "?") for x in spec)


def _multiplies(equation: Equation) -> bool:
    return _is_outer(equation.param("spec")) or _normal(equation.param("spec")) in _PRODUCTS


def _is_outer(spec: str) -> bool:
    operands, result = spec.split("->")
    left, right = operands.split(",")
    return len(left) == len(right) == 1 and result in (left + right, right + left) and left != right


def _contract(operands: Operands, equation: Equation) -> Piece:
    spec = equation.param("spec")
    left, right = map(operands.whole, equation.args)
    if _is_outer(spec):
        return call("outer", [left, right] if spec[-2] == spec[0] else [right, left])
    swapped, turn_left, turn_right, turn = _PRODUCTS[_normal(spec)]
    if turn:  # (A @ B).T is B.T @ A.T
        swapped, turn_left, turn_right = not swapped, not turn_left, not turn_right
    if turn_left:
        left = Piece(f"{bracketed(left, OPERAND)}.T")
    if turn_right:
        right = Piece(f"{bracketed(right, OPERAND)}.T")
    return infix("@", right, left) if swapped else infix("@", left, right)


# Places that are computed


def _gather(operands: Operands, equation: Equation) -> Piece:
    value, *indices = equation.args
    texts = [":"] * len(value.type.shape)
    checks = []
    for axis, index in zip(equation.param("axes"), indices, strict=True):
        check = operands.check(index)
        if check is not None:
            index, taken = check.args
            checks.append(operands.whole(taken))
        texts[axis] = operands.whole(index).text
    while texts[-1] == ":":
        texts.pop()
    return where_taken(checks, equation, subscript(operands.whole(value), texts))


def where_taken(checks: Sequence[Piece], equation: Equation, value: Piece) -> Piece:
    """What is read at places that are checked where a condition holds; else zero, or false."""
    if not checks:
        return value
    test = checks[0]
    for check in checks[1:]:
        test = infix("and", test, check)
    if not _is(DType.BOOL, equation):
        return conditional(test, value, Piece("0"))
    ones = conditional(value, Piece("1"), Piece("0"))
    return infix("==", conditional(test, ones, Piece("0")), Piece("1"))


def _scatter_add(operands: Operands, equation: Equation) -> Piece:
    sizes = [size(equation.out.type.shape[axis]) for axis in equation.param("axes")]
    return call("scatter_add", [*map(operands.whole, equation.args), *sizes])


def scatters_rows(equation: Equation) -> bool:
    """Whether rows are added at places given by vectors, on the first axes."""
    axes = equation.param("axes")
    return axes == tuple(range(len(axes))) and all(
        len(index.type.shape) == 1 for index in equation.args[1:]
    )


def _call(operands: Operands, equation: Equation) -> Piece:
    return call(operands.function(equation), [operands.whole(arg) for arg in equation.args])


def _named(operands: Operands, equation: Equation) -> Piece:
    """A function of the language under the name of the primitive."""
    return call(equation.op, [operands.whole(arg) for arg in equation.args])


#: How many axes the operand of a function has that is applied to all of it.
_RANKS: Mapping[str, int] = {"softmax": 1, "of_vectors": 1, "of_matrices": 2}


def axes_before(equation: Equation) -> int:
    """How many axes an operand has before those of a function of vectors or matrices."""
    spelling = PRIMITIVES[equation.op].spell["g"]
    assert isinstance(spelling, Form)
    return len(_shape(equation)) - _RANKS[spelling.name]


def _applies_to_all(equation: Equation) -> bool:
    return axes_before(equation) == 0


def _has_rank(rank: int) -> Callable[[Equation], bool]:
    return lambda equation: len(_shape(equation)) == rank


_FORMS: Mapping[str, tuple[Callable[[Equation], bool], Rule]] = {
    "broadcast": (lambda eq: _is(DType.REAL, eq) and not _shape(eq), _broadcast),
    "transpose": (lambda eq: eq.param("perm") == (1, 0) and not _is(DType.BOOL, eq), _transpose),
    "reshape": (lambda eq: True, _reshape),
    "index": (lambda eq: True, _index),
    "embed": (_embeds_first_axis, _embed),
    "concat": (lambda eq: _is(DType.REAL, eq), _named),
    "stack": (lambda eq: _is(DType.REAL, eq), _stack),
    "diagonal": (_has_rank(2), lambda operands, eq: call("diag", [operands.whole(eq.args[0])])),
    "diagonal_matrix": (
        _has_rank(1),
        lambda operands, eq: call("diag", [operands.whole(eq.args[0])]),
    ),
    "reduce": (_reduces_all, _reduce),
    "count": (_reduces_all, _count),
    "contract": (_multiplies, _contract),
    "gather": (
        lambda eq: not any(index.type.shape for index in eq.args[1:]),
        _gather,
    ),
    "scatter_add": (scatters_rows, _scatter_add),
    **dict.fromkeys(_RANKS, (_applies_to_all, _named)),
    "call": (lambda eq: not eq.others, _call),
}
