"""The syntax tree of a program: what the author wrote, with spans.

Nodes are named after the grammar's rules.  Most are tuples, which are cheap to define and to
make; the rarer ones are plain classes, because the types of so many tuples that hold each other
take a type checker minutes.  None is ever compared, hashed or walked recursively: an expression
may be nested ten thousand deep, so every walk keeps its own stack.
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


class Keyword:
    """`mode=forward` among the arguments of a call."""

    __slots__ = ("name", "span", "value")

    def __init__(self, name: Name, value: Expr, span: Span) -> None:
        self.name = name
        self.value = value
        self.span = span


class Call(NamedTuple):
    """`function(arguments)`."""

    function: Name
    arguments: tuple[Expr, ...]
    span: Span
    keywords: tuple[Keyword, ...] = ()


class Range:
    """`N`, `a:b` or `a:b:step` after `in`; a missing start or step is None."""

    __slots__ = ("span", "start", "step", "stop")

    def __init__(self, start: Expr | None, stop: Expr, step: Expr | None, span: Span) -> None:
        self.start = start
        self.stop = stop
        self.step = step
        self.span = span


class IndexItem(NamedTuple):
    """`i` or `i in 0:n`: an index of a definition or of a reduction."""

    name: Name
    range: Range | None
    span: Span


class Reduction:
    """`sum[i, j in 0:i](body)`."""

    __slots__ = ("body", "function", "indices", "span")

    def __init__(
        self, function: Name, indices: tuple[IndexItem, ...], body: Expr, span: Span
    ) -> None:
        self.function = function
        self.indices = indices
        self.body = body
        self.span = span

    def _replace(self, *, span: Span) -> Reduction:
        """The same with another place, as the tuples have it."""
        return Reduction(self.function, self.indices, self.body, span)


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


class FunctionDef:
    """`def name(parameters) = result` or `def name(parameters) { body; return result }`.

    `partials` are the author's own derivatives, `with dt = ...`: the target is `dt`.
    """

    __slots__ = ("body", "name", "parameters", "partials", "result", "span")

    def __init__(
        self,
        name: Name,
        parameters: tuple[Parameter, ...],
        body: tuple[Statement, ...],
        result: Expr,
        partials: tuple[Definition, ...],
        span: Span,
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.body = body
        self.result = result
        self.partials = partials
        self.span = span


class Loop:
    """`loop t in T carry h = h0 while c checkpoint k { body }`.

    `heading` is the place of all that stands before the brace.
    """

    __slots__ = (
        *("body", "carried", "checkpoint", "condition", "counter"),
        *("heading", "range", "span"),
    )

    def __init__(
        self,
        counter: Name,
        range: Range,
        carried: tuple[Definition, ...],
        condition: Expr | None,
        checkpoint: Expr | None,
        body: tuple[Statement, ...],
        heading: Span,
        span: Span,
    ) -> None:
        self.counter = counter
        self.range = range
        self.carried = carried
        self.condition = condition
        self.checkpoint = checkpoint
        self.body = body
        self.heading = heading
        self.span = span


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
