"""What the two kinds of emitted Python module have in common, and where they differ.

A module for scalars imports `math` alone; one with arrays imports NumPy.  A style says how a
primitive of the table is spelled there: the row names an operator, a function, a helper, or a
form, and a form is a function of this package that looks at shapes or parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gradc.ir.graph import Atom, DType, Equation, Lit, Var
from gradc.ops.primitive import Fn, Form, Helper, Infix, Prefix, Spelling
from gradc.ops.table import PRIMITIVES
from gradc.targets.python.flat import sequence
from gradc.targets.python.helpers import Target
from gradc.targets.python.idioms import both, compare, either, inverse, negative
from gradc.targets.python.single import single_helper
from gradc.targets.statements.places import Place
from gradc.targets.statements.style import ArrayRules, Constants, Context, FormRule, Steps
from gradc.targets.statements.tree import (
    Assign,
    Binary,
    Call,
    Expr,
    ExprStmt,
    For,
    Number,
    Slice,
    Stmt,
    Subscript,
)

_PREFIX: Mapping[str, Callable[[Expr], Expr]] = {"-": negative, "not": inverse}


class PythonStyle(NamedTuple):
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
    single: str | None = None  # makes a number one of single precision, if real numbers are

    @property
    def constants(self) -> Constants:
        """How constants are spelled."""
        return Constants("True", "False", f"{self.module}.nan", f"{self.module}.inf")

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
            case Helper(name) if self.single is not None:
                return single_helper(context, equation, name, args)
            case Helper(name) if self.arrays is None:
                # It may return an operand: -maximum(x, 0) would be 0 for -0.0.
                return Call(name, tuple(map(context.atom, equation.args)))
            case Fn(name) | Helper(name):
                return Call(name, tuple(args))
            case Form(name):
                return self.forms[name](context, equation, args)

    def inverse(self, condition: Expr) -> Expr:
        """The opposite of a truth value."""
        if isinstance(condition, Call) and condition.func == "np.logical_not":
            return condition.args[0]
        return inverse(condition)

    def store(self, context: Context, place: Place, value: Expr, comment: str | None) -> Stmt:
        """`array[i, j] = value`, or `array.append(value)`."""
        if place.append:
            return ExprStmt(Call(f"{place.array}.append", (value,)), comment)
        return Assign(f"{place.array}[{sequence(place.indices)}]", value, comment)

    def loop(self, context: Context, steps: Steps, body: Sequence[Stmt]) -> Stmt:
        """`for i in range(start, stop, step)`, as many steps of it as are counted, in its
        order."""
        count = steps.counted
        bounds = (steps.stop,) if steps.from_zero else (steps.start, steps.stop)
        if steps.step != 1:
            bounds = (*bounds, Number(steps.step))
        if count is not None and steps.from_zero:
            bounds, count = (count,), None
        header: Expr = Call("range", bounds)
        if count is not None:
            header = Subscript(header, (Slice(None, count),))
        if steps.backwards:
            header = Call("reversed", (header,))
        return For(steps.target, header, tuple(body))

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


def guarded(style: PythonStyle, context: Context, equation: Equation, left: Expr) -> Expr:
    """The left operand, made IEEE where both might be Python's own numbers."""
    if style.guard_plain and all(context.plain(arg) for arg in equation.args):
        return style.guard_plain(left, equation.out.type.dtype)
    return left
