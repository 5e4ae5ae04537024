"""The last step: the derivatives in closed form, case by case, and their numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping

from gradc.explain.algebra import Algebra, algebra_of
from gradc.explain.closed import Case, Closed
from gradc.explain.model import Block, Code, Display, Math, Paragraph, Row, Step, prose
from gradc.explain.scribe import Numbers, Scribe
from gradc.explain.study import Route, Study
from gradc.ir.graph import Atom, Var
from gradc.report.formula import Formulas
from gradc.report.notation import Notation
from gradc.report.numbers import array_cell, number

_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
    "!=": lambda left, right: left < right or left > right,  # of no NaN
}


class Result(Scribe):
    """The step that says what came out."""

    def __init__(self, study: Study, notation: Notation, numbers: Numbers, most: int) -> None:
        super().__init__(study, notation, numbers, most)
        self.algebra: Algebra | None = None

    def step(self) -> Step | None:
        """The result; None where nothing is known of it but steps."""
        study, closed = self.study, self.study.closed
        if study.through:
            return None  # the sum over some paths stands in the step before
        rows: list[Row] = []
        blocks: list[Block] = []
        found = closed if isinstance(closed, Closed) else None
        if found is not None and study.scalar:
            self.algebra = algebra_of(found.equations, self.n)
        values = found.values if found else (None,) * len(study.routes)
        formulas = Formulas(found.equations if found else (), number=number, notation=self.n)
        for route, value in zip(study.routes, values, strict=True):
            left = self._left(route.start)
            adjoint = self.numbers.adjoints.get(route.start.name)
            text = "" if adjoint is None else array_cell(adjoint)
            if value is not None:
                rows.append(self.row(left, formulas.piece(value), text))
                rows += self._shorter(value, formulas, route)
            elif text:
                rows.append(Row(left, self.written(text)))
        blocks += self.display(rows, "derivatives")
        if isinstance(closed, str) and study.routes:
            blocks.append(prose(closed))
        if found is not None and study.scalar and self.algebra is None:
            words = "SymPy may find a shorter form: "
            blocks.append(prose(words, Code("pip install 'gradc[explain]'")))
        if found is not None:
            for case in found.cases:
                blocks += self._case(case, formulas)
        return Step(("Result",), tuple(blocks)) if blocks else None

    def _left(self, var: Var) -> str:
        if self.study.scalar:
            return self.n.total(self.study.output.name, var.name).text
        return self.adjoint(var).text

    def _case(self, case: Case, formulas: Formulas) -> Iterator[Block]:
        n = self.n
        conditions = [
            n.infix(order, formulas.piece(left), formulas.piece(right))
            for left, order, right in case.holds
        ]
        words: list[str | Math | Code] = ["Where "]
        for i, condition in enumerate(conditions):
            words += [" and " if i else "", Math(condition.text)]
        here = ", as here" if self._applies(case) else ""
        yield Paragraph((*words, f"{here}, a kink:" if case.kink else f"{here}:"))
        rows: list[Row] = []
        for route, value in zip(self.study.routes, case.values, strict=True):
            rows.append(Row(self._left(route.start), formulas.piece(value).text))
            rows += self._shorter(value, formulas, None)
        yield Display(tuple(rows))

    def _applies(self, case: Case) -> bool:
        """Whether a case is that of the numbers."""
        atoms = self.numbers.atoms
        holds = []
        for left, order, right in case.holds:
            a, b = (_real(atoms.get(side)) for side in (left, right))
            holds.append(_ORDERS[order](a, b))
        return all(holds)

    def _shorter(self, value: Atom, formulas: Formulas, route: Route | None) -> Iterator[Row]:
        """The same as SymPy writes it, where that is shorter; of a route, with its number."""
        if self.algebra is None or type(value) is not Var:
            return
        known = self.numbers.adjoints.get(route.start.name) if route else None
        at = self.numbers.values if known is not None else {}
        piece = self.algebra.simplified(value, formulas.piece(value).text, at, known)
        if piece is not None:
            yield Row("", piece.text, remark="by SymPy")


def _real(value: object) -> float:
    """A number as one; NaN, which no order holds of, where there is none."""
    return float(value) if isinstance(value, int | float) else math.nan
