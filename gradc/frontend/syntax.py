"""The syntax tree of a program: what the author wrote, with spans.

Nodes are named after the grammar's rules.  They are immutable and never compared or walked
recursively: an expression may be nested ten thousand deep, so every walk keeps its own stack.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradc.diagnostics import Source, Span


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number literal; `text` as written (digits may be grouped with `_`)."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name that is read; `name` is NFKC-normalised."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Unary:
    """`-x`, `+x`, `not x`."""

    op: str
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    """`x op y`; `^` has become `**`.  `op_span` is the operator's own place."""

    op: str
    left: Expr
    right: Expr
    span: Span
    op_span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Conditional:
    """`then if condition else otherwise`."""

    then: Expr
    condition: Expr
    otherwise: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """`function(arguments)`."""

    function: Name
    arguments: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """`start:stop` inside brackets; a missing end is None."""

    start: Expr | None
    stop: Expr | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Subscript:
    """`value[items]`."""

    value: Expr
    items: tuple[Expr | Slice, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Transpose:
    """`value.T`."""

    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """`[items]`; rows of a matrix are `Array`s themselves."""

    items: tuple[Expr, ...]
    span: Span


Expr = Number | Name | Unary | Binary | Conditional | Call | Subscript | Transpose | Array


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """`target = value`."""

    target: Name
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class DimItem:
    """`N` or `N = 10` in a `dim` statement."""

    name: Name
    value: Expr | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """`X[N, D]` or `label[N] in K` in an `input` or `param` statement."""

    name: Name
    shape: tuple[Expr, ...]
    below: Expr | None  # the K of `in K`: integers 0 .. K-1
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class DimDecl:
    """`dim N, D, K = 10`."""

    items: tuple[DimItem, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class InputDecl:
    """`input ...` (`kind` "input") or `param ...` (`kind` "param")."""

    kind: str
    items: tuple[Quantity, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class ConstDecl:
    """`const lr = 0.01, k = 2`: folded at compile time."""

    items: tuple[Definition, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class OutputDecl:
    """`output J, K`."""

    items: tuple[Name, ...]
    span: Span


Statement = Definition | DimDecl | InputDecl | ConstDecl | OutputDecl


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A whole source text."""

    source: Source
    statements: tuple[Statement, ...]
