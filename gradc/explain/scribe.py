"""What every step of a derivation is written with: `Scribe`, and the `Numbers` it may show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gradc.explain.model import Block, Code, Display, Math, Row, Words, prose
from gradc.explain.study import Study
from gradc.ir.graph import Atom, Lit, Var
from gradc.report.notation import Notation, Piece
from gradc.report.numbers import PLAIN_NUMBER, array_cell, number

#: Rows of one list, unless more are asked for.
MOST_ROWS = 60


# Names in a line of prose.
_MOST_LISTED = 8


@dataclass(frozen=True)
class Numbers:
    """What emitted code computed; empty without inputs."""

    values: Mapping[str, object] = field(default_factory=dict)
    adjoints: Mapping[str, object] = field(default_factory=dict)
    atoms: Mapping[Atom, object] = field(default_factory=dict)


class Scribe:
    """Writes quantities and numbers of a study in one notation."""

    def __init__(self, study: Study, notation: Notation, numbers: Numbers, most: int) -> None:
        self.study = study
        self.n = notation
        self.numbers = numbers
        self.most = most

    def math(self, var: Var) -> Math:
        """A quantity in a line of prose."""
        return Math(self.n.name(var.name).text)

    def listed(self, variables: Sequence[Var]) -> Words:
        """Quantities in a line of prose."""
        words: list[str | Math | Code] = []
        more = len(variables) - _MOST_LISTED if len(variables) > _MOST_LISTED + 1 else 0
        shown = variables[: len(variables) - more]
        for i, var in enumerate(shown):
            if i:
                words.append(" and " if i == len(shown) - 1 and not more else ", ")
            words.append(self.math(var))
        return (*words, f" and {more:,} more") if more else tuple(words)

    def adjoint(self, var: Var) -> Piece:
        """The adjoint of a quantity."""
        return self.n.adjoint(var.name, self.study.adjoint_names[var])

    def row(self, left: str, right: Piece, value: str, remark: str = "") -> Row:
        """A row, without a number that the formula is already."""
        known = value if not value or right.text != self.n.literal(value).text else ""
        return Row(left, right.text, known, remark)

    def written(self, number: str) -> str:
        """A number, or an array in words, in the place of a formula."""
        plain = PLAIN_NUMBER.fullmatch(number)
        return self.n.literal(number).text if plain else self.n.words(number).text

    def value(self, var: Var) -> str:
        """The value of a quantity, as text."""
        value = self.numbers.values.get(var.name)
        return "" if value is None else array_cell(value)

    def number(self, atom: Atom | None) -> str:
        """The number of a partial or of a product, as text."""
        if atom is None or not self.numbers.values:
            return ""
        if type(atom) is Lit:
            return number(float(atom.value))
        value = self.numbers.atoms.get(atom)
        return "" if value is None else array_cell(value)

    def display(self, rows: Sequence[Row], what: str) -> Iterator[Block]:
        """Rows; of many the first and the last, and how many are left out."""
        if len(rows) <= self.most:
            if rows:
                yield Display(tuple(rows))
            return
        head = self.most // 2
        tail = self.most - head
        yield Display(tuple(rows[:head]))
        left = len(rows) - self.most
        yield prose(
            f"{left:,} further {what} are left out; ", Code(f"--most {len(rows)}"), " shows all."
        )
        yield Display(tuple(rows[len(rows) - tail :]))
