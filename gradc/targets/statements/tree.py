"""The target syntax tree of emitted statements: what an emitter builds and a printer prints.

Invariants: a node states structure only, never layout, so a tree has no parentheses, no
line breaks and no indentation; the printer of a language alone decides those.  Every node is a
plain tuple, because a program may have 10^6 statements.  What a language has besides stands in
its own tree.

Deliberately absent: classes, comprehensions, f-strings and `while`.
"""

from __future__ import annotations

from typing import NamedTuple


class Name(NamedTuple):
    """An identifier, dotted name or constant: `x`, `np.pi`, `None`."""

    id: str


class Number(NamedTuple):
    """A finite number; a negative one prints as `-3.0` and binds as a unary minus does."""

    value: float | int


class StringLit(NamedTuple):
    """A string, quoted and escaped by the printer."""

    value: str


class Unary(NamedTuple):
    """`-x`, `+x`, `~x`, `not x`; `op` is the operator's text."""

    op: str
    operand: Expr


class Binary(NamedTuple):
    """An arithmetic or bit operator: `left op right`, `op` one of the keys of `BINARY`."""

    op: str
    left: Expr
    right: Expr


class Compare(NamedTuple):
    """A comparison, chained where there are several operators: `0 <= i < n`."""

    left: Expr
    ops: tuple[str, ...]
    comparators: tuple[Expr, ...]


class BoolOp(NamedTuple):
    """`a and b and c`, or with `or`; two values at least."""

    op: str
    values: tuple[Expr, ...]


class Conditional(NamedTuple):
    """`body if test else orelse`."""

    body: Expr
    test: Expr
    orelse: Expr


class Call(NamedTuple):
    """`func(*args, **kwargs)`; `func` is a name as text, or any expression (`(a @ b).sum`)."""

    func: str | Expr
    args: tuple[Expr, ...] = ()
    kwargs: tuple[tuple[str, Expr], ...] = ()


class Tuple(NamedTuple):
    """A tuple; the printer omits its parentheses where an expert would."""

    items: tuple[Expr, ...]


class ListExpr(NamedTuple):
    """`[a, b, c]`."""

    items: tuple[Expr, ...]


class Attribute(NamedTuple):
    """`value.attr`."""

    value: Expr
    attr: str


class Slice(NamedTuple):
    """`lower:upper:step`, only as an index of a `Subscript`."""

    lower: Expr | None = None
    upper: Expr | None = None
    step: Expr | None = None


class Subscript(NamedTuple):
    """`value[i, j]`; one index at least, each an expression or a slice."""

    value: Expr
    indices: tuple[Expr | Slice, ...]


class Element(NamedTuple):
    """An element of an array that has no name, in the body of an `Elementwise`."""

    number: int


class Elementwise(NamedTuple):
    """`body` for each element of some arrays, which it calls as the first of each pair says.

    Only for a language without operators on arrays.
    """

    body: Expr
    arrays: tuple[tuple[Name | Element, Expr], ...]
    truth: bool  # whether the elements of the result are truth values


Expr = (
    Name
    | Number
    | StringLit
    | Unary
    | Binary
    | Compare
    | BoolOp
    | Conditional
    | Call
    | Tuple
    | ListExpr
    | Attribute
    | Subscript
    | Element
    | Elementwise
)


class Assign(NamedTuple):
    """`target = value`, with the author's equation as a comment.

    `target` is text: a name, or a subscript (`x[i, 1:]`) of at most 40 columns.
    """

    target: str
    value: Expr
    comment: str | None = None


class TupleAssign(NamedTuple):
    """`a, b = value`; a single target prints as `(a,) = value`."""

    targets: tuple[str, ...]
    value: Expr
    comment: str | None = None


class AugAssign(NamedTuple):
    """`target op= value`; `op` is the binary operator, as in `+`."""

    target: str
    op: str
    value: Expr
    comment: str | None = None


class Return(NamedTuple):
    """`return value`, or a bare `return`; a tuple is written without parentheses if it fits."""

    value: Expr | None = None
    comment: str | None = None


class Raise(NamedTuple):
    """`raise value`."""

    value: Expr


class ExprStmt(NamedTuple):
    """An expression for its effect."""

    value: Expr
    comment: str | None = None


class Comment(NamedTuple):
    """A comment on a line of its own."""

    text: str


class Blank(NamedTuple):
    """An empty line between statements; dropped at either end of a block."""


class Break(NamedTuple):
    """`break`."""


class If(NamedTuple):
    """`if test:`; an `orelse` of exactly one `If` prints as `elif`."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] = ()


class For(NamedTuple):
    """`for target in iterable:`; `target` is text, a name or `i, x`."""

    target: str
    iterable: Expr
    body: tuple[Stmt, ...]


class Count(NamedTuple):
    """`for (target = first; target op bound; target += step)`.

    Only for a language without ranges.
    """

    target: str
    first: Expr
    op: str
    bound: Expr
    step: int
    body: tuple[Stmt, ...]


SimpleStmt = Assign | TupleAssign | AugAssign | Return | Raise | ExprStmt
Stmt = SimpleStmt | Comment | Blank | Break | If | For | Count


class Param(NamedTuple):
    """A parameter: `name`, `name: hint`, `name: hint = default`."""

    name: str
    hint: Expr | None = None
    default: Expr | None = None


class Marker(NamedTuple):
    """A bare `*` or `/` among the parameters."""

    text: str


class Function(NamedTuple):
    """A function of the module; a body of nothing but comments gets no `pass`, so has a statement.

    `body` may be any sequence; the printer reads it once.
    """

    name: str
    params: tuple[Param | Marker, ...]
    body: tuple[Stmt, ...] | list[Stmt]
    returns: Expr | None = None
    docstring: str | None = None
    decorators: tuple[Expr, ...] = ()
