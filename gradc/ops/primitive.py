"""The shape of a row of the table.

A row states everything that gradc knows of one primitive: type rule, derivative, spelling in
each target, and the facts that tests and documentation iterate over (domain, edge values,
kinks, a reference for the value).  Its derivative is stated once, in one of five ways:

* `partials`   elementwise: one formula for each operand.  JVP and VJP both multiply by it;
* `transpose`  linear in each operand: the JVP is the primitive itself, the VJP is this rule;
* `jvp`        anything else: a rule in terms of other rows, linear in the tangent of one
               operand.  The VJP
               is the transposed rule, found by differentiating it with respect to them;
* `constant`   the derivative is zero or undefined everywhere, with the reason;
* `structured` the equation holds graphs, and its derivative is made of theirs (`ad.structured`).

`guarded` marks a selection: it names the operands that count only where operand 0 has the
given truth.  Both modes let a derivative through the branch taken and nothing else.

Deliberately absent: any rule that is needed by one mode only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gradc.ir.dims import Shape
from gradc.ir.graph import REAL, Atom, DType, Equation, Type
from gradc.ops.expr import Expr

if TYPE_CHECKING:
    from gradc.ops.builder import Builder
    from gradc.ops.labels import Batched, Extents

Params = Mapping[str, Any]
TypeRule = Callable[[Sequence[Type], Params], Type]
BatchRule = Callable[["Builder", Equation, "Sequence[Batched]", "Extents"], "Batched"]
Partial = Expr | float | int


class TypeMismatchError(Exception):
    """Operands that a primitive does not take; the front end adds places and help."""


class Infix(NamedTuple):
    """Spelled as an operator between two operands."""

    operator: str


class Prefix(NamedTuple):
    """Spelled as an operator before its operand."""

    operator: str


class Fn(NamedTuple):
    """Spelled as a call of a function that the target has (`np.exp`)."""

    name: str


class Helper(NamedTuple):
    """Spelled as a call of a helper that is emitted with the code."""

    name: str


class Form(NamedTuple):
    """Spelled by a rule of the target that looks at shapes or parameters."""

    name: str


Spelling = Infix | Prefix | Fn | Helper | Form


class Edge(NamedTuple):
    """The value and partials at one point; None where a partial is not pinned down.

    `n` is the parameter of a primitive that has one.
    """

    at: tuple[float, ...]
    value: float
    partials: tuple[float | None, ...] = ()
    n: int | None = None


class Domain(NamedTuple):
    """Where a primitive is defined, and an interval of each operand to sample in tests."""

    text: str
    samples: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Primitive:
    """One row of the table."""

    name: str
    doc: str
    type_rule: TypeRule
    spell: Mapping[str, Spelling]
    partials: Callable[..., tuple[Partial, ...]] | None = None
    transpose: Callable[[Builder, Equation, Atom, int], Atom] | None = None
    jvp: Callable[[Builder, Equation, Atom, int], Atom] | None = None
    linear: frozenset[int] = frozenset()  # operands for `transpose`, the others being for `jvp`
    constant: str | None = None
    structured: str | None = None  # how the derivative comes from the graphs that it holds
    multilinear: bool = False  # linear in each operand by itself, not in all jointly
    guarded: Mapping[int, bool] = field(default_factory=dict)  # operand -> truth of operand 0
    reads_part: bool = False  # some elements of the operand do not reach the result
    joins: str | None = None  # the reduction that joins the results for parts of its axes
    structural: bool = False  # moves elements about, computes nothing: guards pass through it
    # Whether value and partials are finite for finite operands, but for overflow.
    tame: bool | Callable[[Equation], bool] = False
    pattern: str | None = None  # which elements reach which; a rule of `sparsity.rules`
    analytic: bool = False  # whether its spelling in NumPy is so for complex operands, too
    batch: BatchRule | None = None  # over labels, where it is not elementwise; see `ops.batching`
    formula: Callable[..., Partial] | None = (
        None  # the value by simpler rows; see `explain.algebra`
    )
    # The same in steps that loops can be made of, for rows that are not elementwise.
    expansion: Callable[[Builder, Equation], Atom] | None = None
    # The value by a row that is worth keeping for a reverse sweep, and little arithmetic.
    kept: Callable[..., Expr] | None = None
    reference: str | None = None  # the value as an mpmath expression in x, y
    exact: Callable[..., float | int | bool] | None = None  # of literals; see `ops.rewrites`
    domain: Domain | None = None
    edges: tuple[Edge, ...] = ()
    kinks: tuple[Edge, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        ways = [self.partials, self.transpose, self.jvp, self.constant, self.structured]
        if sum(way is not None for way in ways) != (2 if self.linear else 1):
            raise ValueError(f"primitive {self.name} must state its derivative exactly once")

    def is_tame(self, equation: Equation) -> bool:
        """Whether finite operands have a finite result and finite partials, but for overflow."""
        if callable(self.tame):
            return self.tame(equation)
        linear = self.transpose is not None and not self.linear
        return self.tame or linear or self.structural or self.constant is not None

    @property
    def elementwise(self) -> bool:
        """Whether each element of the result depends on the same element of the operands."""
        return self.type_rule in ELEMENTWISE_RULES


def _joined_shape(types: Sequence[Type]) -> Shape:
    shape: Shape = ()
    for operand in types:
        if operand.shape and shape and operand.shape != shape:
            raise TypeMismatchError("operands need equal shapes")
        shape = shape or operand.shape
    return shape


def real_rule(types: Sequence[Type], params: Params) -> Type:
    """Real operands of one shape, or scalars; a real result."""
    if len(types) == 1:
        return types[0]
    shape = _joined_shape(types)
    return Type(DType.REAL, shape) if shape else REAL


def number_rule(types: Sequence[Type], params: Params) -> Type:
    """As `real_rule`, but integers give an integer."""
    shape = _joined_shape(types)
    return Type(types[0].dtype, shape) if shape else types[0]


def bool_rule(types: Sequence[Type], params: Params) -> Type:
    """Operands of one shape, or scalars; a truth value."""
    return Type(DType.BOOL, _joined_shape(types))


def select_rule(types: Sequence[Type], params: Params) -> Type:
    """A condition and two operands; the operands' type with the joined shape."""
    return Type(types[1].dtype, _joined_shape(types))


def to_real_rule(types: Sequence[Type], params: Params) -> Type:
    """The operand as real numbers."""
    return Type(DType.REAL, types[0].shape)


ELEMENTWISE_RULES: frozenset[TypeRule] = frozenset(
    {real_rule, number_rule, bool_rule, select_rule, to_real_rule}
)
