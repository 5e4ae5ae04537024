"""Operands as expressions: what the spelling rules of a style ask of the function around them.

Invariant: a quantity is written by the expression in `written`, once there is one; until then
by its identifier.
"""

from __future__ import annotations

import math

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, DType, Lit, Size, Var
from gradc.ir.precision import rounded
from gradc.targets.statements.extents import Extents
from gradc.targets.statements.identifiers import Identifiers
from gradc.targets.statements.notes import Notes
from gradc.targets.statements.sizes import size_expr
from gradc.targets.statements.style import Style
from gradc.targets.statements.tree import Call, Expr, Name, Number, Unary


class Operands:
    """The quantities of one function, in one scope of identifiers."""

    def __init__(self, style: Style, identifiers: Identifiers, notes: Notes) -> None:
        self.style = style
        self.identifiers = identifiers
        self.notes = notes
        self.uses_module = False  # whether a name of the style's module was written
        self.helpers: dict[str, None] = {}  # helpers that were called, in order
        self.sizes: dict[str, None] = {}  # named sizes that were written, in order
        self.names: dict[Var, str] = {}  # quantities that take the place of another
        self.once_more: dict[Var, str] = {}  # names of quantities that are there once more
        self.written: dict[Var, Expr] = {}
        self.extents = Extents()
        self.width: dict[Var, int] = {}  # about how many columns a quantity takes

    @property
    def single(self) -> str | None:
        """What makes a number one of single precision; None where real numbers are doubles."""
        return self.style.single

    def identifier(self, var: Var) -> str:
        """The name of a quantity in this function."""
        name = self.names.get(var)
        if name is None and var in self.once_more:
            name = self.identifiers.size(self.once_more[var])
        return name or self.identifiers[var]

    def call(self, var: Var, name: str) -> None:
        """Give a quantity the name of another, whose place it takes."""
        self.names[var] = name
        self.written[var] = Name(name)
        self.width[var] = len(name)

    def name(self, var: Var) -> Expr:
        """A quantity as it is read: its name, or its expression where it is written in place."""
        written = self.written.get(var)
        if written is None:
            written = self.written[var] = Name(self.identifier(var))
        return written

    def atom(self, atom: Atom) -> Expr:
        """An atom as an expression; a literal is written as a float."""
        if type(atom) is Var:
            return self.name(atom)
        literal = self._literal(atom, whole=False)
        if self.single is None or atom.type.dtype is not DType.REAL:
            return literal
        self.uses_module = True
        return Call(self.single, (literal,))

    def number(self, atom: Atom) -> Expr:
        """An atom beside another operand, which is an array unless real numbers are doubles: a
        whole literal is written without its point."""
        if type(atom) is Var:
            return self.name(atom)
        return self._literal(atom, whole=True)

    def size(self, dim: Dim) -> Expr:
        """A size as an expression of the named sizes."""
        for name in sorted(dim.names()):
            self.sizes.setdefault(name)
        return size_expr(dim, self.identifiers.dim)

    def plain(self, atom: Atom) -> bool:
        """Whether an atom may be one of Python's own numbers."""
        return self.notes.plain(atom)

    def doubtful(self, atom: Atom) -> bool:
        """Whether an index was checked for some elements only, and may have no range at all."""
        return type(atom) is Var and atom in self.notes.doubtful

    def lacks_axes(self, atom: Atom) -> bool:
        """Whether the expression of an atom is repeated along some axes by what reads it."""
        return type(atom) is Var and atom in self.extents.partial

    def is_number(self, atom: Atom) -> bool:
        """Whether the expression of an atom is one number, for all elements if it has axes."""
        if not atom.type.shape:
            return True
        return type(atom) is Var and not any(self.extents.partial.get(atom, (True,)))

    def helper(self, name: str) -> str:
        """The name of a helper that is called, which is emitted with the code."""
        self.helpers.setdefault(name)
        return name

    def _literal(self, atom: Atom, whole: bool) -> Expr:
        if isinstance(atom, Size):
            return self.size(atom.dim)
        assert isinstance(atom, Lit)
        value = atom.value
        if isinstance(value, bool):
            return Name(self.style.constants.true if value else self.style.constants.false)
        if self.single is not None and isinstance(value, float):
            value = value if math.isfinite(rounded(value)) else rounded(value)
        if math.isnan(value) or math.isinf(value):
            self.uses_module = True
            constants = self.style.constants
            infinite = Name(constants.nan if math.isnan(value) else constants.inf)
            return Unary("-", infinite) if value < 0 else infinite
        if whole and isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return Number(value) if _negative_zero(value) else Number(int(value))
        return Number(value)


def _negative_zero(value: float) -> bool:
    return value == 0.0 and math.copysign(1.0, value) < 0
