"""Loop nests: functions over flat buffers, as statements that a loop-emitting target prints.

Every array is a `Buffer` in row-major order; every scalar is a `Local`.  An expression applies
the elementwise rows of the table, by their names, to literals, sizes, locals, and elements of
buffers: the mathematics stays in the rows, and a target only spells it.

Invariants: a local is declared by one `Let` or `Declare`, or is a parameter, or the variable of
the loop around; statements are in order of evaluation; what a statement writes, no other
statement of the same iteration reads before it.  Deliberately absent: array operations of any
kind, fusion and its decisions (`nests.build`), and the spelling of any target.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign
from typing import Any, Literal, NamedTuple

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import DType, Origin, Var


class Local:
    """A scalar in a register.  Compared by identity; `name` is what it is best called.

    `var` is the quantity of the graph that it holds, where there is one.
    """

    __slots__ = ("dtype", "name", "var")

    def __init__(self, name: str, dtype: DType, var: Var | None = None) -> None:
        self.name, self.dtype, self.var = name, dtype, var


class Buffer:
    """An array in memory, in row-major order.  Compared by identity.

    `role` says whose memory it is: the caller's (`input`, `output`), the workspace that a call
    is given (`scratch`), or the stack (`stack`: of a size fixed at compile time, and small).
    """

    __slots__ = ("dtype", "name", "role", "shape", "var")

    def __init__(
        self,
        name: str,
        dtype: DType,
        shape: Shape,
        role: Literal["input", "output", "scratch", "stack"],
        var: Var | None = None,
    ) -> None:
        self.name, self.dtype, self.shape, self.role, self.var = name, dtype, shape, role, var


# Expressions


class Const(NamedTuple):
    """A literal.  Zeros of different sign differ: what divides by them does."""

    value: float | int | bool
    dtype: DType = DType.REAL

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Const) or not tuple.__eq__(self, other):
            return False
        return copysign(1.0, self.value) == copysign(1.0, other.value)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return tuple.__hash__(self)


class SizeOf(NamedTuple):
    """A size, as an integer or as a real number."""

    dim: Dim
    dtype: DType = DType.INT


class Get(NamedTuple):
    """The value of a local."""

    local: Local


class Element(NamedTuple):
    """One element of a buffer: an integer expression for each of its axes."""

    buffer: Buffer
    at: tuple[Expr, ...]


class Apply(NamedTuple):
    """An elementwise row of the table applied to scalars.  Integer arithmetic uses it, too."""

    op: str
    args: tuple[Expr, ...]
    dtype: DType = DType.REAL
    params: tuple[tuple[str, Any], ...] = ()


Expr = Const | SizeOf | Get | Element | Apply


# Statements


class Let(NamedTuple):
    """Declares a local with its only value."""

    local: Local
    value: Expr
    origin: Origin | None = None


class Declare(NamedTuple):
    """Declares a local that is assigned again: an accumulator, a carried scalar."""

    local: Local
    value: Expr
    origin: Origin | None = None


class Assign(NamedTuple):
    """Gives a declared local another value.

    With `op` the value is joined to the one it has, by a row of two operands (`add`, `mul`,
    `maximum`, `minimum`, `and`, `or`): `acc += x`.
    """

    local: Local
    value: Expr
    op: str | None = None
    origin: Origin | None = None


class Store(NamedTuple):
    """Writes an element of a buffer, or joins a value to it by a row of two operands."""

    target: Element
    value: Expr
    op: str | None = None
    origin: Origin | None = None


class Fill(NamedTuple):
    """Gives all elements of a buffer one value."""

    buffer: Buffer
    value: Expr
    origin: Origin | None = None


class Copy(NamedTuple):
    """Copies the elements of a buffer to another of the same size."""

    target: Buffer
    source: Buffer
    origin: Origin | None = None


class For(NamedTuple):
    """Runs statements for a variable from `start` to before `stop` in steps of `step`.

    A negative step counts down: the values are start, start + step, ... above `stop`.  `lanes`
    says that iterations are independent of one another but for `joined`, accumulators that may be
    reassociated, and that they are to be run in vector registers.  `carries` says that iterations
    read elements of scratch that earlier ones wrote.
    """

    variable: Local
    start: Expr
    stop: Expr
    body: tuple[Stmt, ...]
    step: int = 1
    lanes: bool = False
    joined: tuple[tuple[Local, str], ...] = ()
    origin: Origin | None = None
    carries: bool = False


class Shared(NamedTuple):
    """A loop whose iterations several threads may share.

    The range is cut into pieces of `piece` iterations that do not depend on the number of
    threads.  What a piece adds to the `joined` locals and buffers it adds to its own copies, which
    start from the neutral element; these are joined in the order of the pieces, so that results
    are the same for any number of threads.
    """

    loop: For
    piece: Expr
    joined: tuple[tuple[Local | Buffer, str], ...]
    private: tuple[Buffer, ...] = ()  # scratch of which each thread needs its own


class If(NamedTuple):
    """Runs one of two lists of statements."""

    condition: Expr
    then: tuple[Stmt, ...]
    otherwise: tuple[Stmt, ...] = ()
    origin: Origin | None = None


class Break(NamedTuple):
    """Leaves the loop around where a condition holds."""

    condition: Expr


class Check(NamedTuple):
    """Ends the function with an error where an index is out of range while `taken` holds.

    `what` is the text of the access, `x[i - 1]`.
    """

    place: Expr
    size: Dim
    what: str
    taken: Expr
    origin: Origin | None = None


class Invoke(NamedTuple):
    """Calls a function of the target's library, such as `matmul` or `solve`, on whole buffers.

    Operands are buffers, buffers from an element on (`Element`), and integer expressions; the
    library says in which order.
    """

    function: str
    operands: tuple[Buffer | Expr, ...]
    origin: Origin | None = None


class CallFunction(NamedTuple):
    """Calls another function of the module; results are buffers, or locals declared before.

    A buffer that starts at an element of another is given as that `Element`.
    """

    function: Function
    arguments: tuple[Buffer | Expr, ...]
    results: tuple[Buffer | Element | Local, ...]
    origin: Origin | None = None


Stmt = (
    Let
    | Declare
    | Assign
    | Store
    | Fill
    | Copy
    | For
    | Shared
    | If
    | Break
    | Check
    | Invoke
    | CallFunction
)


@dataclass(frozen=True, eq=False)
class Function:
    """A function: parameters in order, results in order, statements.

    Array parameters and results are buffers, scalar ones locals; a buffer that is both is changed
    in place, and is passed once.  `scratch` are the buffers of the
    workspace, each with its offset there in elements; two of them may share memory where they
    are not alive together.  `lent` are buffers that lie in the memory of a result until it begins.
    """

    name: str
    parameters: tuple[Buffer | Local, ...]
    results: tuple[Buffer | Local, ...]
    body: tuple[Stmt, ...]
    scratch: tuple[tuple[Buffer, Dim], ...]
    workspace: Dim
    apart: bool = False  # a part of a long function: its statements are not to join the caller's
    lent: tuple[tuple[Buffer, Buffer], ...] = ()
