"""Equations into the statements of one function body.

A named quantity has a line of its own.  An anonymous one is written in place where it is
used once and the line stays short; otherwise it gets a name made from the statement that it
is a part of.  Invariant: every quantity is computed by exactly one expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from gradc.ir.dims import Dim, Quotient
from gradc.ir.graph import Atom, Equation, Lit, Size, Var
from gradc.ops.indexing import partly_checked
from gradc.ops.table import PRIMITIVES
from gradc.targets.python.identifiers import Identifiers
from gradc.targets.python.style import Style
from gradc.targets.python.tree import (
    Assign,
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Stmt,
    Unary,
)

# An anonymous part wider than this gets a line of its own; sums may be wider, since they are
# broken with one term on each line.
PART_WIDTH = 56
SUM_WIDTH = 400


class Body:
    """Writes equations as statements, in one scope of identifiers."""

    def __init__(self, style: Style, identifiers: Identifiers) -> None:
        self.style = style
        self.identifiers = identifiers
        self.statements: list[Stmt] = []
        self.helpers: dict[str, None] = {}  # helpers that were called, in order
        self.uses_module = False  # whether `math` or `np` was written
        self.sizes: dict[str, None] = {}  # named sizes that were written, in order
        self._written: dict[Var, Expr] = {}
        self._width: dict[Var, int] = {}
        self._plain: set[Var] = set()
        self._doubtful: set[Var] = set()
        self._uses: Mapping[Var, int] = {}

    def write(
        self,
        equations: Sequence[Equation],
        results: Iterable[Var],
        before: Mapping[int, Stmt] | None = None,
    ) -> None:
        """Append the statements of equations; `results` are read after them.

        `before` holds statements to be written before the equation with that number; the
        number after the last one stands for the end.
        """
        self._uses = _uses(equations, results)
        ahead = before or {}
        for number in range(len(equations) + 1):
            if number in ahead:
                self.statements.append(ahead[number])
            if number < len(equations):
                self._equation(equations[number])

    def saved(self, equations: Iterable[Equation]) -> None:
        """Note what is special about results of equations that are written elsewhere."""
        for equation in equations:
            self._note(equation)

    def name(self, var: Var) -> Expr:
        """A quantity as it is read: its name, or its expression where it is written in place."""
        written = self._written.get(var)
        if written is None:
            written = self._written[var] = Name(self.identifiers[var])
        return written

    # Context of the spelling rules

    def atom(self, atom: Atom) -> Expr:
        """An atom as an expression; a literal is written as a float."""
        if type(atom) is Var:
            return self.name(atom)
        return self._literal(atom, whole=False)

    def number(self, atom: Atom) -> Expr:
        """An atom beside another operand: a whole literal is written without its point."""
        if type(atom) is Var:
            return self.name(atom)
        return self._literal(atom, whole=True)

    def size(self, dim: Dim) -> Expr:
        """A size as an expression of the named sizes."""
        for name in sorted(dim.names()):
            self.sizes.setdefault(name)
        return size_expr(dim, self.identifiers.size)

    def plain(self, atom: Atom) -> bool:
        """Whether an atom may be one of Python's own numbers."""
        return type(atom) is not Var or atom in self._plain

    def doubtful(self, atom: Atom) -> bool:
        """Whether an index was checked for some elements only, and may have no range at all."""
        return type(atom) is Var and atom in self._doubtful

    def _literal(self, atom: Atom, whole: bool) -> Expr:
        if isinstance(atom, Size):
            return self.size(atom.dim)
        assert isinstance(atom, Lit)
        value = atom.value
        if isinstance(value, bool):
            return Name(str(value))
        if math.isnan(value) or math.isinf(value):
            self.uses_module = True
            infinite = Name(f"{self.style.module}.{'nan' if math.isnan(value) else 'inf'}")
            return Unary("-", infinite) if value < 0 else infinite
        if whole and isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return Number(value) if _negative_zero(value) else Number(int(value))
        return Number(value)

    # Statements

    def _equation(self, equation: Equation) -> None:
        out = equation.out
        args = [self.number(arg) for arg in equation.args]
        if len(args) == 1 and type(equation.args[0]) is not Var:
            args = [self.atom(equation.args[0])]
        value = self.style.spell(self, equation, args)
        if isinstance(value, Call) and isinstance(value.func, str):
            if value.func in self.style.helpers(equation):
                self.helpers.setdefault(value.func)
            self.uses_module |= value.func.startswith(f"{self.style.module}.")
        self._note(equation)
        if out.anonymous and self._fits_in_place(equation, value):
            self._written[out] = value
            return
        comment = equation.origin.text if equation.origin and not out.anonymous else None
        self.statements.append(Assign(self.identifiers[out], value, comment))
        self._width[out] = len(self.identifiers[out])

    def _note(self, equation: Equation) -> None:
        """Note whether a result may be one of Python's own numbers, or a doubtful index."""
        if self._may_be_plain(equation):
            self._plain.add(equation.out)
        if partly_checked(equation):
            self._doubtful.add(equation.out)

    def _may_be_plain(self, equation: Equation) -> bool:
        """Whether a scalar may be one of Python's own numbers: a selection of a literal is."""
        if self.style.guard_plain is None or equation.out.type.shape:
            return False
        row = PRIMITIVES[equation.op]
        if row.guarded:
            return any(self.plain(equation.args[i]) for i in row.guarded)
        return all(self.plain(arg) for arg in equation.args)

    def _fits_in_place(self, equation: Equation, value: Expr) -> bool:
        out = equation.out
        if self._uses.get(out, 0) > 1:
            return False
        width = self._estimate(equation, value)
        limit = SUM_WIDTH if isinstance(value, Binary) and value.op in "+-" else PART_WIDTH
        if width > limit:
            return False
        self._width[out] = width
        return True

    def _estimate(self, equation: Equation, value: Expr) -> int:
        """About how many columns an expression takes, from those of its parts."""
        width = 3
        if isinstance(value, Call):
            width += len(value.func) if isinstance(value.func, str) else 10
            width += sum(8 for _ in value.kwargs)
        for arg in equation.args:
            if type(arg) is Var:
                width += self._width.get(arg) or len(arg.name)
                width += 2
            else:
                width += 5
        return width


def _negative_zero(value: float) -> bool:
    return value == 0.0 and math.copysign(1.0, value) < 0


def _uses(equations: Sequence[Equation], results: Iterable[Var]) -> dict[Var, int]:
    uses: dict[Var, int] = {}
    for equation in equations:
        for var in equation.inputs():
            uses[var] = uses.get(var, 0) + 1
    for var in results:
        # A result is read by its name, so it is never written in place.
        uses[var] = uses.get(var, 0) + 2
    return uses


def size_expr(dim: Dim, spelled: Callable[[str], str]) -> Expr:
    """A size polynomial as an expression; names are spelled by the function."""
    total: Expr | None = None
    for monomial, whole in dim.terms:
        term: Expr | None = None
        if abs(whole) != 1 or not monomial:
            term = Number(abs(whole))
        for part in monomial:
            factor: Expr = Name(spelled(part))
            if isinstance(part, Quotient):
                dividend = size_expr(part.dividend, spelled)
                factor = Binary("//", dividend, size_expr(part.divisor, spelled))
            term = factor if term is None else Binary("*", term, factor)
        assert term is not None
        if total is None:
            total = Unary("-", term) if whole < 0 else term
        else:
            total = Binary("-" if whole < 0 else "+", total, term)
    if total is None:
        return Number(0)
    return total if dim.denominator == 1 else Binary("//", total, Number(dim.denominator))
