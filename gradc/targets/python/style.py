"""What the two kinds of emitted Python module have in common, and where they differ.

A module for scalars imports `math` alone; one with arrays imports NumPy.  A style says how a
primitive of the table is spelled there: the row names an operator, a function, a helper, or a
form, and a form is a function of this package that looks at shapes or parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, DType, Equation, Lit, Type, Var
from gradc.ops.primitive import Fn, Form, Helper, Infix, Prefix, Spelling
from gradc.ops.table import PRIMITIVES
from gradc.targets.python.helpers import Target
from gradc.targets.python.idioms import both, compare, either, inverse, negative
from gradc.targets.python.tree import AugAssign, Binary, Call, Expr, ExprStmt, StringLit


class Context(Protocol):
    """What a form may ask of the body that it is written into."""

    def atom(self, atom: Atom) -> Expr:
        """An atom as an expression; a literal is written as a float."""

    def number(self, atom: Atom) -> Expr:
        """An atom beside another operand: a whole literal is written without its point."""

    def size(self, dim: Dim) -> Expr:
        """A size as an expression."""

    def plain(self, atom: Atom) -> bool:
        """Whether an atom may be one of Python's own numbers, whose operators raise."""

    def doubtful(self, atom: Atom) -> bool:
        """Whether an index may be out of range, having been checked for some elements only,
        for want of any that is in range."""


_PREFIX: Mapping[str, Callable[[Expr], Expr]] = {"-": negative, "not": inverse}

FormRule = Callable[[Context, Equation, Sequence[Expr]], Expr]


class ArrayRules(NamedTuple):
    """What loops and repeated quantities need where there are arrays."""

    new: Callable[[Context, Type, bool], Expr]  # an array, of zeros or without values yet
    spread: FormRule  # the operand of a `broadcast`, to be repeated by what reads it
    filled: Callable[[Context, Expr, Shape], Expr]  # a value repeated to a shape
    # Adds (`+`, `-`) what an equation puts into zeros to an array, in place, if that can be said.
    add_at: Callable[[Context, Expr, str, Equation], AugAssign | ExprStmt | None]


class Style(NamedTuple):
    """One kind of module: `python` for scalars, `numpy` for arrays."""

    name: str
    helpers_of: Target  # the helper file that its modules take from
    module: str  # what it imports
    array: str  # the type of a quantity with axes
    forms: Mapping[str, FormRule]
    form_helpers: Mapping[str, tuple[str, ...]]  # helpers that a form may call
    # Makes a plain number one that follows IEEE 754, or wraps round, before an operator.
    guard_plain: Callable[[Expr, DType], Expr] | None
    arrays: ArrayRules | None

    def spelling(self, op: str) -> Spelling:
        """How a primitive is spelled in this style."""
        return PRIMITIVES[op].spell[self.name]

    def helpers(self, equation: Equation) -> tuple[str, ...]:
        """The helpers that the spelling of an equation may call."""
        spelling = self.spelling(equation.op)
        if isinstance(spelling, Helper):
            return (spelling.name,)
        if isinstance(spelling, Form):
            return self.form_helpers.get(spelling.name, ())
        return ()

    def spell(self, context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
        """An equation's right-hand side, given its operands as expressions."""
        match self.spelling(equation.op):
            case Infix(operator):
                return self._infix(context, equation, operator, args)
            case Prefix(operator):
                return _PREFIX[operator](args[0])
            case Fn(name) | Helper(name):
                return Call(name, tuple(args))
            case Form(name):
                return self.forms[name](context, equation, args)

    def _infix(
        self, context: Context, equation: Equation, operator: str, args: Sequence[Expr]
    ) -> Expr:
        left, right = args
        if operator in ("and", "or"):
            return both(left, right) if operator == "and" else either(left, right)
        if operator in ("<", "<=", ">", ">=", "==", "!="):
            return compare(left, operator, right)
        if equation.out.type.dtype is DType.INT:
            if operator in ("//", "%") and not _nonzero(equation.args[1]):
                left = guarded(self, context, equation, left)
        elif self.guard_plain and operator in ("/", "//", "%"):
            left = guarded(self, context, equation, left)
        elif self.guard_plain and _may_grow(operator, equation):
            if not any(type(arg) is Lit for arg in equation.args):
                left = guarded(self, context, equation, left)
            elif all(map(context.plain, equation.args)):
                left, right = map(context.atom, equation.args)
        return Binary(operator, left, right)


def _nonzero(atom: Atom) -> bool:
    return type(atom) is Lit and atom.value != 0


def _may_grow(operator: str, equation: Equation) -> bool:
    """Whether a chain of such operations on sizes, which are Python's integers, may pass
    what 64 bits and then what a double holds; one sum of two sizes or literals does not."""
    if operator in ("+", "-"):
        return any(type(arg) is Var for arg in equation.args)
    return operator == "*"


def guarded(style: Style, context: Context, equation: Equation, left: Expr) -> Expr:
    """The left operand, made IEEE where both might be Python's own numbers."""
    if style.guard_plain and all(context.plain(arg) for arg in equation.args):
        return style.guard_plain(left, equation.out.type.dtype)
    return left


def checked(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """An index with its size, what is read there, and where, unless everywhere."""
    taken = equation.args[1]
    everywhere = type(taken) is Lit and taken.value
    size, what = context.size(equation.param("size")), StringLit(equation.param("what"))
    return Call("checked", (args[0], size, what, *(() if everywhere else (args[1],))))
