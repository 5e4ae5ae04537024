"""The graph: typed variables, equations over primitives, nothing else.

Invariants (checked by `passes.verify`): every variable is defined once, before its first use; an
equation names a primitive of the table and its types follow that primitive's rule; no
equation is a structural zero or one.  Deliberately absent: source syntax, targets, and any
notion of how a primitive is differentiated.

A variable whose name contains `%` is anonymous: it stands for a part of the author's
statement (`J%1` is a part of the statement that defines `J`), and a target may write it in
place.  With two, it is a named quantity once more, saved or computed again: `h%%1` is `h`.  Every
other variable keeps its name in all that people read.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gradc.diagnostics import Source, Span
from gradc.ir.dims import Dim, Shape, shape_text


class DType(enum.Enum):
    """What the elements of a quantity are."""

    REAL = "real"
    INT = "int"
    BOOL = "bool"


class Type(NamedTuple):
    """The element type and the symbolic shape of a quantity."""

    dtype: DType
    shape: Shape = ()

    def __str__(self) -> str:
        return self.dtype.value + (shape_text(self.shape) if self.shape else "")


REAL = Type(DType.REAL)
INT = Type(DType.INT)
BOOL = Type(DType.BOOL)


class Var:
    """A quantity: a unique name and a type.  Compared by identity."""

    __slots__ = ("name", "type")

    def __init__(self, name: str, type: Type = REAL) -> None:
        self.name = name
        self.type = type

    @property
    def anonymous(self) -> bool:
        """Whether the quantity is a nameless part of a statement."""
        return "%" in self.name

    @property
    def again(self) -> str:
        """What begins the name of the same quantity where it is read or computed once more."""
        stem, _, part = self.name.partition("%")
        whole = part in ("", "in") or part.startswith("%")
        return f"{stem}%" if whole else stem

    def __repr__(self) -> str:
        return f"{self.name}: {self.type}"


class Lit(NamedTuple):
    """A literal scalar: a double, an integer or a truth value, by its type."""

    value: float | int | bool
    type: Type = REAL


class Size(NamedTuple):
    """A size read as a real number."""

    dim: Dim
    type: Type = REAL


Atom = Var | Lit | Size
BODIES = frozenset({"body", "condition"})  # parameters whose graph is in the scope around it
Param = Any  # int, str, bool, Dim, Shape, Graph, tuple of these.  All hashable.


class Origin(NamedTuple):
    """The author's statement from which an equation comes."""

    text: str  # the statement, white space normalised
    span: Span


class Equation(NamedTuple):
    """`out, *others = op args {params}`: only equations that hold graphs have other results."""

    out: Var
    op: str
    args: tuple[Atom, ...]
    params: tuple[tuple[str, Param], ...] = ()
    origin: Origin | None = None
    others: tuple[Var, ...] = ()

    @property
    def outs(self) -> tuple[Var, ...]:
        """All results, in order."""
        return (self.out, *self.others)

    def graphs(self) -> Iterator[Graph]:
        """The graphs among the parameters: the body of a loop, the function that is called."""
        for _, value in self.params:
            if type(value) is Graph:
                yield value

    def param(self, name: str) -> Param:
        """The value of a parameter; raises KeyError where the primitive has none of that name."""
        for key, value in self.params:
            if key == name:
                return value
        raise KeyError(name)

    def inputs(self) -> list[Var]:
        """The variables that the equation reads, with repetition."""
        return [arg for arg in self.args if type(arg) is Var]


@dataclass(frozen=True, eq=False)
class Graph:
    """A function from `inputs` to `outputs`, as equations in order of evaluation.

    Compared by identity, as its variables are.
    """

    name: str
    inputs: tuple[Var, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[Var, ...]
    source: Source | None = field(default=None, compare=False)

    def names(self) -> Iterator[str]:
        """The names of all variables, and of the sizes that occur in their shapes and operands.

        Those of the bodies of loops are among them: one scope holds both; functions have their
        own.  A derivative must not take the name of a size, which is read in that scope too.
        """
        for var in self.inputs:
            yield var.name
            yield from _size_names(var.type.shape)
        for equation in self.equations:
            for out in equation.outs:
                yield out.name
                yield from _size_names(out.type.shape)
            for arg in equation.args:
                if type(arg) is Size:
                    yield from arg.dim.names()
            for name, value in equation.params:
                if name in BODIES and type(value) is Graph:
                    yield from value.names()

    def named(self) -> Iterator[Var]:
        """The inputs, then every quantity that has a name, in order of definition."""
        yield from self.inputs
        for equation in self.equations:
            for out in equation.outs:
                if not out.anonymous:
                    yield out

    def __str__(self) -> str:
        from gradc.ir.text import print_graph

        return print_graph(self)


def _size_names(shape: Shape) -> Iterator[str]:
    for dim in shape:
        yield from dim.names()
