"""The syntax tree of a program: what the author wrote, with spans.

Nodes are named after the grammar's rules.  They are tuples, which are cheap to define and to
make, but they are never compared, hashed or walked recursively: an expression may be nested
ten thousand deep, so every walk keeps its own stack.
"""

from __future__ import annotations

from typing import NamedTuple

from gradc.diagnostics import Source, Span


class Number(NamedTuple):
    """A number literal; `text` as written (digits may be grouped with `_`)."""

    text: str
    span: Span


class Name(NamedTuple):
    """A name that is read; `name` is NFKC-normalised."""

    name: str
    span: Span


class Unary(NamedTuple):
    """`-x`, `+x`, `not x`."""

    op: str
    operand: Expr
    span: Span


class Binary(NamedTuple):
    """`x op y`; `^` has become `**`.  `op_span` is the operator's own place."""

    op: str
    left: Expr
    right: Expr
    span: Span
    op_span: Span


class Conditional(NamedTuple):
    """`then if condition else otherwise`."""

    then: Expr
    condition: Expr
    otherwise: Expr
    span: Span


class Keyword(NamedTuple):
    """`mode=forward` among the arguments of a call."""

    name: Name
    value: Expr
    span: Span


class Call(NamedTuple):
    """`function(arguments)`."""

    function: Name
    arguments: tuple[Expr, ...]
    span: Span
    keywords: tuple[Keyword, ...] = ()


class Range(NamedTuple):
    """`N`, `a:b` or `a:b:step` after `in`; a missing start or step is None."""

    start: Expr | None
    stop: Expr
    step: Expr | None
    span: Span


class IndexItem(NamedTuple):
    """`i` or `i in 0:n`: an index of a definition or of a reduction."""

    name: Name
    range: Range | None
    span: Span


class Reduction(NamedTuple):
    """`sum[i, j in 0:i](body)`."""

    function: Name
    indices: tuple[IndexItem, ...]
    body: Expr
    span: Span


class Slice(NamedTuple):
    """`start:stop` inside brackets; a missing end is None."""

    start: Expr | None
    stop: Expr | None
    span: Span


class Subscript(NamedTuple):
    """`value[items]`."""

    value: Expr
    items: tuple[Expr | Slice, ...]
    span: Span


class Transpose(NamedTuple):
    """`value.T`."""

    value: Expr
    span: Span


class Array(NamedTuple):
    """`[items]`; rows of a matrix are `Array`s themselves."""

    items: tuple[Expr, ...]
    span: Span


Expr = (
    Number | Name | Unary | Binary | Conditional | Call | Reduction | Subscript | Transpose | Array
)


class Definition(NamedTuple):
    """`target = value`."""

    target: Name
    value: Expr
    span: Span


class IndexedDefinition(NamedTuple):
    """`target[indices] = value`; in a loop, also a value that is collected over its index."""

    target: Name
    indices: tuple[IndexItem, ...]
    value: Expr
    span: Span


class DimItem(NamedTuple):
    """`N` or `N = 10` in a `dim` statement."""

    name: Name
    value: Expr | None
    span: Span


class Quantity(NamedTuple):
    """`X[N, D]` or `label[N] in K` in an `input` or `param` statement."""

    name: Name
    shape: tuple[Expr, ...]
    below: Expr | None  # the K of `in K`: integers 0 .. K-1
    span: Span


class DimDecl(NamedTuple):
    """`dim N, D, K = 10`."""

    items: tuple[DimItem, ...]
    span: Span


class InputDecl(NamedTuple):
    """`input ...` (`kind` "input") or `param ...` (`kind` "param")."""

    kind: str
    items: tuple[Quantity, ...]
    span: Span


class ConstDecl(NamedTuple):
    """`const lr = 0.01, k = 2`: folded at compile time."""

    items: tuple[Definition, ...]
    span: Span


class OutputDecl(NamedTuple):
    """`output J, K`."""

    items: tuple[Name, ...]
    span: Span


class Parameter(NamedTuple):
    """`t`, `r[3]`: a parameter of a function; without brackets any shape is taken."""

    name: Name
    shape: tuple[Expr, ...] | None
    span: Span


class FunctionDef(NamedTuple):
    """`def name(parameters) = result` or `def name(parameters) { body; return result }`.

    `partials` are the author's own derivatives, `with dt = ...`: the target is `dt`.
    """

    name: Name
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    result: Expr
    partials: tuple[Definition, ...]
    span: Span


class Loop(NamedTuple):
    """`loop t in T carry h = h0 while c checkpoint k { body }`.

    `heading` is the place of all that stands before the brace.
    """

    counter: Name
    range: Range
    carried: tuple[Definition, ...]
    condition: Expr | None
    checkpoint: Expr | None
    body: tuple[Statement, ...]
    heading: Span
    span: Span


Statement = (
    Definition
    | IndexedDefinition
    | FunctionDef
    | Loop
    | DimDecl
    | InputDecl
    | ConstDecl
    | OutputDecl
)


class Program(NamedTuple):
    """A whole source text."""

    source: Source
    statements: tuple[Statement, ...]
