"""What the body of a function asks of the language that it is written in.

A style spells equations: the row of a primitive names an operator, a function, a helper, or a
form, and a form is a function of the target that looks at shapes or parameters.  A style also
says how arrays are made and changed in place, and how loops are written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, DType, Equation, Lit, Type
from gradc.targets.statements.places import Place
from gradc.targets.statements.tree import AugAssign, Call, Expr, ExprStmt, Stmt, StringLit


class Context(Protocol):
    """What a form may ask of the body that it is written into."""

    @property
    def single(self) -> str | None:
        """What makes a number one of single precision; None where real numbers are doubles."""

    def atom(self, atom: Atom) -> Expr:
        """An atom as an expression; a literal is written as a float."""

    def number(self, atom: Atom) -> Expr:
        """An atom beside another operand, which is an array unless real numbers are doubles: a
        whole literal is written without its point."""

    def size(self, dim: Dim) -> Expr:
        """A size as an expression."""

    def plain(self, atom: Atom) -> bool:
        """Whether an atom may be one of Python's own numbers, whose operators raise."""

    def doubtful(self, atom: Atom) -> bool:
        """Whether an index may be out of range, having been checked for some elements only,
        for want of any that is in range."""

    def lacks_axes(self, atom: Atom) -> bool:
        """Whether the expression of an atom is repeated along some axes by what reads it."""

    def is_number(self, atom: Atom) -> bool:
        """Whether the expression of an atom is one number, for all elements if it has axes."""

    def helper(self, name: str) -> str:
        """The name of a helper that is called, which is emitted with the code."""


FormRule = Callable[[Context, Equation, Sequence[Expr]], Expr]


class ArrayRules(NamedTuple):
    """What loops and repeated quantities need where there are arrays."""

    new: Callable[[Context, Type, bool], Expr]  # an array, of zeros or without values yet
    spread: FormRule  # the operand of a `broadcast`, to be repeated by what reads it
    filled: Callable[[Context, Expr, Shape], Expr]  # a value repeated to a shape
    copied: Callable[[Context, Expr], Expr]  # an array that nothing else refers to
    makes: Callable[[Expr], bool]  # whether an expression makes such an array
    # Adds (`+`, `-`) an operand to an array, in place.
    add: Callable[[Context, str, str, Atom], AugAssign | ExprStmt]
    # Adds what an equation puts into zeros to an array, in place, if that can be said.
    add_at: Callable[[Context, Expr, str, Equation], AugAssign | ExprStmt | None]


class Steps(NamedTuple):
    """The header of a loop: `for target in range(start, stop, step)`."""

    target: str
    start: Expr
    stop: Expr
    step: int
    from_zero: bool  # whether it starts at 0 with steps of 1
    counted: Expr | None  # how many steps of it are run, if not all
    length: Expr  # the number of steps of the whole range
    backwards: bool  # whether these are run from the last to the first


class Constants(NamedTuple):
    """The spellings of truth values and of what has no literal."""

    true: str
    false: str
    nan: str
    inf: str


class Style(Protocol):
    """One kind of emitted code."""

    @property
    def array(self) -> str:
        """The type of a quantity with axes."""

    @property
    def module(self) -> str:
        """The module whose functions it calls, as they are prefixed."""

    @property
    def constants(self) -> Constants:
        """How constants are spelled."""

    @property
    def single(self) -> str | None:
        """What makes a number one of single precision; None where real numbers are doubles."""

    @property
    def guard_plain(self) -> Callable[[Expr, DType], Expr] | None:
        """Makes a plain number one that follows IEEE 754, or wraps round, before an operator."""

    @property
    def arrays(self) -> ArrayRules | None:
        """How arrays are made and changed; None where there are lists at most."""

    def helpers(self, equation: Equation) -> tuple[str, ...]:
        """The helpers that the spelling of an equation may call."""

    def spell(self, context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
        """An equation's right-hand side, given its operands as expressions."""

    def inverse(self, condition: Expr) -> Expr:
        """The opposite of a truth value."""

    def store(self, context: Context, place: Place, value: Expr, comment: str | None) -> Stmt:
        """The statement that puts a value at a place."""

    def loop(self, context: Context, steps: Steps, body: Sequence[Stmt]) -> Stmt:
        """A loop."""


def copy(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """The operand itself."""
    return context.atom(equation.args[0])


def checked(
    context: Context, equation: Equation, args: Sequence[Expr], helper: str = "checked"
) -> Expr:
    """An index with its size, what is read there, and where, unless everywhere."""
    taken = equation.args[1]
    everywhere = type(taken) is Lit and taken.value
    size, what = context.size(equation.param("size")), StringLit(equation.param("what"))
    return Call(context.helper(helper), (args[0], size, what, *(() if everywhere else (args[1],))))
