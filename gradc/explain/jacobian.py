"""The Jacobian of one operation in one operand: its shape, its kind, and how it is written.

The kind follows from the derivative itself: an elementwise operation has a diagonal, whose factor
is a number or an array; a scalar result has a row, which reverse mode gives; a scalar operand has a
column, which forward mode gives.  Of a contraction with a vector it is the matrix.  What has no
such form is left to its pullback, which `report.partials` writes.

Deliberately absent: numbers, and Jacobians of more than two axes.
"""

from __future__ import annotations

from typing import NamedTuple

from gradc.ad.structured import new_context
from gradc.ad.tangents import Tangents
from gradc.ir.dims import Dim, product
from gradc.ir.graph import Atom, Equation, Lit, Var
from gradc.ops.builder import Builder
from gradc.ops.table import PRIMITIVES
from gradc.report.formula import Formulas
from gradc.report.notation import Notation, Piece
from gradc.report.numbers import number
from gradc.report.partials import LONGEST_PARTIAL, LocalPartial, Statement


class Jacobian(NamedTuple):
    """The Jacobian of a result in an operand; `piece` is None where it is not a matrix."""

    shape: str
    kind: str
    piece: Piece | None
    numbers: Atom | None  # the scalar, or the array of the diagonal, the row or the column


class Jacobians:
    """Writes the Jacobians of statements; `builder` receives what columns are computed by."""

    def __init__(self, notation: Notation, builder: Builder) -> None:
        self.notation = notation
        self.builder = builder

    def of(self, statement: Statement, partial: LocalPartial, hidden: bool) -> Jacobian:
        """The Jacobian of the result of a statement in one operand; of one that is `hidden` no
        more than its shape."""
        result, operand = partial.result, partial.operand
        rows, columns = result.type.shape, operand.type.shape
        shape = f"{_extent(product(rows))} x {_extent(product(columns))}"
        factor = partial.factor
        if not rows and not columns:
            return Jacobian("", "", partial.piece if factor is not None else None, factor)
        if hidden:
            return Jacobian(shape, "", None, factor)
        if statement.equations[-1].op == "loop":
            return Jacobian(shape, "through the loop", None, None)
        if factor is not None and rows:
            return self._diagonal(shape, rows[0] if len(rows) == 1 else None, partial)
        if factor is not None:
            return self._row(shape, partial)
        if not columns:
            return self._column(shape, statement, partial)
        return self._matrix(shape, statement, operand)

    def _diagonal(self, shape: str, size: Dim | None, partial: LocalPartial) -> Jacobian:
        n, factor = self.notation, partial.factor
        assert factor is not None
        value = self._repeated(factor)
        if value is None:
            piece = n.call("diag", [partial.piece]) if size is not None else None
            return Jacobian(shape, "diagonal", piece, factor)
        literal = value.value if type(value) is Lit else None
        kind = "identity" if literal == 1 else "a multiple of the identity"
        if size is None:
            return Jacobian(shape, kind, None, value)
        identity = n.identity(n.size(size))
        if literal == 1:
            return Jacobian(shape, kind, identity, None)
        if literal == -1:
            return Jacobian(shape, kind, n.negative(identity), None)
        return Jacobian(shape, kind, n.infix("*", self._scalar(partial, value), identity), value)

    def _scalar(self, partial: LocalPartial, value: Atom) -> Piece:
        """The number that a diagonal repeats."""
        factor = partial.factor
        if factor is value or type(value) is not Lit:
            return partial.piece
        return self.notation.literal(number(float(value.value)))

    def _row(self, shape: str, partial: LocalPartial) -> Jacobian:
        n, factor = self.notation, partial.factor
        assert factor is not None
        value = self._repeated(factor)
        kind = "a row" if value is None else "a row of equal numbers"
        if type(value) is Lit and value.value == 1:
            kind = "a row of ones"
        vector = len(partial.operand.type.shape) == 1
        return Jacobian(shape, kind, n.transposed(partial.piece) if vector else None, factor)

    def _column(self, shape: str, statement: Statement, partial: LocalPartial) -> Jacobian:
        """Of a scalar operand: what forward mode gives for the tangent 1."""
        mark = len(self.builder.equations)
        known: dict[Var, Atom] = {partial.operand: Lit(1.0)}
        tangents = Tangents(self.builder, new_context(), known, named=False, alone=True)
        tangents.write(statement.equations)
        column = known.get(partial.result)
        if column is None:
            return Jacobian(shape, "a column", None, None)
        value = self._repeated(column)
        ones = type(value) is Lit and value.value == 1
        written = (*statement.equations, *self.builder.equations[mark:])
        formulas = Formulas(
            written,
            inlined=lambda var: var is not partial.result,
            limit=LONGEST_PARTIAL,
            number=number,
            notation=self.notation,
        )
        n, vector = self.notation, len(partial.result.type.shape) == 1
        if vector and type(value) is Lit and value.value == -1:
            minus = n.negative(n.filled("1", [n.size(dim) for dim in partial.result.type.shape]))
            return Jacobian(shape, "a column of equal numbers", minus, column)
        kind = "a column of ones" if ones else "a column"
        return Jacobian(shape, kind, formulas.piece(column) if vector else None, column)

    def _matrix(self, shape: str, statement: Statement, operand: Var) -> Jacobian:
        """Of a contraction with a vector the matrix; of what moves elements a selection."""
        *others, last = statement.equations
        uses = [eq for eq in statement.equations if operand in eq.inputs()]
        single = uses == [last] and last.inputs().count(operand) == 1
        if single and PRIMITIVES[last.op].structural:
            return Jacobian(shape, "a selection: at most one 1 in each row", None, None)
        if not single or last.op != "contract" or len(operand.type.shape) != 1:
            return Jacobian(shape, "dense", None, None)
        place = last.args.index(operand)
        operands, result = last.param("spec").split("->")
        matrix = operands.split(",")[1 - place]
        if len(result) != 1 or len(matrix) != 2 or operands.split(",")[place] == result:
            return Jacobian(shape, "dense", None, None)
        n = self.notation
        formulas = Formulas(others, lambda var: True, None, LONGEST_PARTIAL, number, n)
        piece = formulas.piece(last.args[1 - place])
        return Jacobian(shape, "dense", piece if matrix[0] == result else n.transposed(piece), None)

    def _repeated(self, atom: Atom) -> Atom | None:
        """The scalar that is the same for all elements, if one is."""
        return atom if not atom.type.shape else _spread(self.builder, atom)


def _spread(builder: Builder, atom: Atom) -> Atom | None:
    equation: Equation | None = builder.definition(atom)
    if equation is None or equation.op != "broadcast" or equation.args[0].type.shape:
        return None
    return equation.args[0]


def _extent(dim: Dim) -> str:
    """A number of elements, as one word."""
    text = str(dim)
    return text if text.isalnum() else f"({text})"
