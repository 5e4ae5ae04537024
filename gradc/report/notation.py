"""Notations of formulas: pieces of a formula, and the brackets between them.

One walk over a graph (`formula`) writes plain text, LaTeX or MathML: what differs is a `Notation`.
`TEXT` is the notation of gradc programs; `notation_latex` and `notation_mathml` hold the others.

Invariant: a piece that is not cut reads as the operation that it was made from: brackets stand
wherever precedence, or the order of equal operators, would read it otherwise.  They also stand
where only a reader needs them, around `@` beside `*` and around a sign behind an operator.

A limit on length is kept at every step, so that a formula in which parts are shared never costs
more than its equations do.  A piece beyond the limit keeps its beginning and ends in `...`.

Deliberately absent: primitives, graphs, and rewriting of mathematics.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gradc.ir.dims import Dim, Quotient

ELLIPSIS = "..."

# How tightly an operation binds; as in the parser, with `@` set apart from the other products.  A
# notation without a sign between factors sets those by elements apart, too.
CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, ELEMENTWISE = range(7)
PRODUCT, MATMUL, SIGN, POWER, PRIMARY = range(7, 12)

#: The product of two arrays, element by element.
ELEMENTS = ".*"

BINDING = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), COMPARISON),
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys(("*", ELEMENTS, "/", "//", "%"), PRODUCT),
    "@": MATMUL,
    "**": POWER,
}

# Written without spaces, to show what binds tightly.
_TIGHT = ("*", "/", "**")


class Piece(NamedTuple):
    """A part of a formula: its text, and how tightly its outermost operation binds."""

    text: str
    binding: int = PRIMARY


def cut(text: str, limit: int | None) -> str:
    """The text, or its beginning where it is longer than the limit."""
    if limit is None or len(text) <= limit:
        return text
    kept = text[: max(limit - len(ELLIPSIS), 0)].rstrip().removesuffix(ELLIPSIS).rstrip(".")
    return kept + ELLIPSIS


class Notation(ABC):
    """How operations are written; where brackets stand is the same in all notations."""

    # What differs

    @abstractmethod
    def name(self, name: str) -> Piece:
        """A quantity, or a function, by its name."""

    @abstractmethod
    def number(self, text: str) -> Piece:
        """A number, or a truth value, from its text."""

    @abstractmethod
    def adjoint(self, name: str, adjoint: str) -> Piece:
        """The adjoint of a quantity; `adjoint` is its name in programs."""

    @abstractmethod
    def joined(self, operator: str, left: str, right: str) -> str:
        """Two operands, between brackets where they need them, and an operator."""

    @abstractmethod
    def minus(self, operand: str) -> str:
        """An operand behind a sign."""

    @abstractmethod
    def brackets(self, text: str) -> str:
        """A text between round brackets."""

    @abstractmethod
    def inverse(self, operand: Piece) -> Piece:
        """`not operand`."""

    @abstractmethod
    def conditional(self, then: Piece, condition: Piece, otherwise: Piece) -> Piece:
        """`then if condition else otherwise`."""

    @abstractmethod
    def call(self, function: str, arguments: Iterable[Piece]) -> Piece:
        """`function(argument, ...)`."""

    @abstractmethod
    def subscript(self, value: Piece, items: Sequence[Piece]) -> Piece:
        """`value[item, ...]`."""

    @abstractmethod
    def at(self, value: Piece, letters: str) -> Piece:
        """`value[i,j]`, one element of an array; without letters a scalar."""

    @abstractmethod
    def span(self, start: Piece | None, stop: Piece | None) -> Piece:
        """`start:stop`, an index that is a range."""

    @abstractmethod
    def transposed(self, value: Piece) -> Piece:
        """`value.T`."""

    @abstractmethod
    def contracted(self, left: Piece, right: Piece, ranks: tuple[int, int]) -> Piece:
        """`left @ right`, of vectors and matrices."""

    @abstractmethod
    def array(self, items: Iterable[Piece]) -> Piece:
        """`[item, ...]`."""

    @abstractmethod
    def filled(self, number: str, sizes: Sequence[Piece]) -> Piece:
        """An array of zeros (`number` is "0") or of ones."""

    @abstractmethod
    def part(self, value: Piece, name: str) -> Piece:
        """`value.name`, one of several results."""

    @abstractmethod
    def option(self, name: str, value: str) -> Piece:
        """`name=value`, an argument of a call."""

    @abstractmethod
    def reduced(self, operation: str, letters: str, values: Sequence[Piece]) -> Piece:
        """`sum[i,j](value)` over indices, one letter each."""

    @abstractmethod
    def derivative(self, of: str, by: str) -> Piece:
        """The derivative of a function in an operand, as a factor: `df/dx`."""

    @abstractmethod
    def partial(self, of: str, by: str) -> Piece:
        """The local partial of one quantity in another, by their names."""

    @abstractmethod
    def total(self, of: str, by: str) -> Piece:
        """The derivative of one quantity in another, along all paths."""

    @abstractmethod
    def chained(self, operator: str) -> str:
        """What stands between two factors of a chain."""

    @abstractmethod
    def words(self, text: str) -> Piece:
        """Plain words in the place of a formula."""

    @abstractmethod
    def mapped(self, value: Piece, to: Piece) -> Piece:
        """`value -> to`, a linear map by what it does."""

    @abstractmethod
    def identity(self, size: Piece) -> Piece:
        """The identity matrix."""

    @abstractmethod
    def cut(self, piece: Piece, limit: int | None) -> Piece:
        """The piece, shortened where it is longer than the limit."""

    @abstractmethod
    def begins_with_sign(self, piece: Piece) -> bool:
        """Whether a minus is the first thing in a piece."""

    @abstractmethod
    def is_rounded(self, piece: Piece) -> bool:
        """Whether a product holds `//` or `%`, of which a sign is no factor."""

    # What does not

    def infix(self, operator: str, left: Piece, right: Piece) -> Piece:
        """`left operator right`."""
        binding = BINDING[operator]
        least = binding + 1 if operator == "**" or binding == COMPARISON else binding
        before = self.bracketed(left, left.binding < least or _mixed(left, binding))
        after = self.bracketed(right, self._right_needs_brackets(operator, right))
        return Piece(self.joined(operator, before, after), binding)

    def _right_needs_brackets(self, operator: str, right: Piece) -> bool:
        binding = BINDING[operator]
        if operator == "**":  # the exponent alone may begin with a sign: x**-2
            return right.binding < SIGN or right.binding == POWER
        if binding >= SUM and self.begins_with_sign(right):
            return True
        return right.binding <= binding or _mixed(right, binding)

    def negative(self, operand: Piece) -> Piece:
        """`-operand`.

        A product keeps no brackets: `-x*y` and `-(x*y)` are the same double.
        """
        products = operand.binding == PRODUCT and not self.is_rounded(operand)
        tight = operand.binding >= POWER or products
        text = self.bracketed(operand, not tight or self.begins_with_sign(operand))
        return Piece(self.minus(text), PRODUCT if products else SIGN)

    def bracketed(self, piece: Piece, needed: bool) -> str:
        """The text of a piece, between brackets if so decided."""
        return self.brackets(piece.text) if needed else piece.text

    def chain(self, factors: Sequence[Piece], operators: Sequence[str]) -> Piece:
        """Factors, set apart from the products within them, with an operator between each two."""
        text = ""
        for i, factor in enumerate(factors):
            signed = i > 0 and self.begins_with_sign(factor)
            between = self.chained(operators[i - 1]) if i else ""
            text += between + self.bracketed(factor, factor.binding < PRODUCT or signed)
        return Piece(text, PRODUCT) if len(factors) > 1 else factors[0]

    def sum(self, terms: Sequence[Piece]) -> Piece:
        """Terms that are added up."""
        total = terms[0]
        for term in terms[1:]:
            total = self.infix("+", total, term)
        return total

    def literal(self, text: str) -> Piece:
        """A number that may begin with a sign."""
        if text.startswith("-"):
            return Piece(self.minus(self.number(text[1:]).text), SIGN)
        return self.number(text)

    def size(self, dim: Dim) -> Piece:
        """A size as an operand."""
        total: Piece | None = None
        for monomial, k in dim.terms:
            term = self._monomial(monomial, abs(k))
            if total is None:
                total = self.negative(term) if k < 0 else term
            else:
                total = self.infix("-" if k < 0 else "+", total, term)
        whole = total or self.number("0")
        if dim.denominator == 1:
            return whole
        return self.infix("/", whole, self.number(str(dim.denominator)))

    def _monomial(self, monomial: tuple[str, ...], k: int) -> Piece:
        found = [self.number(str(k))] if k != 1 or not monomial else []
        for name in dict.fromkeys(monomial):
            factor = self._factor(name)
            power = monomial.count(name)
            found.append(
                factor if power == 1 else self.infix("**", factor, self.number(str(power)))
            )
        product = found[0]
        for factor in found[1:]:
            product = self.infix("*", product, factor)
        return product

    def _factor(self, name: str) -> Piece:
        if isinstance(name, Quotient):
            return self.infix("//", self.size(name.dividend), self.size(name.divisor))
        return self.name(name)


def _mixed(operand: Piece, binding: int) -> bool:
    """Whether `@` stands beside another product, where spaces would belie the grouping."""
    return operand.binding == MATMUL and binding == PRODUCT


class _Text(Notation):
    """The notation of gradc programs."""

    def name(self, name: str) -> Piece:
        return Piece(name)

    def number(self, text: str) -> Piece:
        return Piece(text)

    def adjoint(self, name: str, adjoint: str) -> Piece:
        return Piece(adjoint)

    def joined(self, operator: str, left: str, right: str) -> str:
        shown = "*" if operator == ELEMENTS else operator
        space = "" if shown in _TIGHT else " "
        return f"{left}{space}{shown}{space}{right}"

    def minus(self, operand: str) -> str:
        return f"-{operand}"

    def brackets(self, text: str) -> str:
        return f"({text})"

    def inverse(self, operand: Piece) -> Piece:
        return Piece(f"not {self.bracketed(operand, operand.binding < COMPARISON)}", NOT)

    def conditional(self, then: Piece, condition: Piece, otherwise: Piece) -> Piece:
        first = self.bracketed(then, then.binding == CONDITIONAL)
        test = self.bracketed(condition, condition.binding == CONDITIONAL)
        return Piece(f"{first} if {test} else {otherwise.text}", CONDITIONAL)

    def call(self, function: str, arguments: Iterable[Piece]) -> Piece:
        return Piece(f"{function}({', '.join(item.text for item in arguments)})")

    def subscript(self, value: Piece, items: Sequence[Piece]) -> Piece:
        indices = ", ".join(item.text for item in items)
        return Piece(f"{self.bracketed(value, value.binding < PRIMARY)}[{indices}]")

    def at(self, value: Piece, letters: str) -> Piece:
        return self.subscript(value, [Piece(",".join(letters))]) if letters else value

    def span(self, start: Piece | None, stop: Piece | None) -> Piece:
        return Piece(f"{start.text if start else ''}:{stop.text if stop else ''}")

    def transposed(self, value: Piece) -> Piece:
        return Piece(f"{self.bracketed(value, value.binding < PRIMARY)}.T")

    def contracted(self, left: Piece, right: Piece, ranks: tuple[int, int]) -> Piece:
        return self.infix("@", left, right)

    def array(self, items: Iterable[Piece]) -> Piece:
        return Piece(f"[{', '.join(item.text for item in items)}]")

    def filled(self, number: str, sizes: Sequence[Piece]) -> Piece:
        return self.call("zeros" if number == "0" else "ones", sizes)

    def part(self, value: Piece, name: str) -> Piece:
        return Piece(f"{value.text}.{name}")

    def option(self, name: str, value: str) -> Piece:
        return Piece(f"{name}={value}")

    def reduced(self, operation: str, letters: str, values: Sequence[Piece]) -> Piece:
        return self.call(f"{operation}[{','.join(letters)}]", values)

    def derivative(self, of: str, by: str) -> Piece:
        return Piece(f"d{of}/d{by}", PRODUCT)

    def partial(self, of: str, by: str) -> Piece:
        return Piece(f"\N{PARTIAL DIFFERENTIAL}{of}/\N{PARTIAL DIFFERENTIAL}{by}", PRODUCT)

    def total(self, of: str, by: str) -> Piece:
        return Piece(f"d{of}/d{by}", PRODUCT)

    def chained(self, operator: str) -> str:
        return f" {'*' if operator == ELEMENTS else operator} "

    def words(self, text: str) -> Piece:
        return Piece(text)

    def mapped(self, value: Piece, to: Piece) -> Piece:
        return Piece(f"{value.text} -> {to.text}", CONDITIONAL)

    def identity(self, size: Piece) -> Piece:
        return self.call("eye", [size])

    def cut(self, piece: Piece, limit: int | None) -> Piece:
        text = cut(piece.text, limit)
        return piece if text is piece.text else piece._replace(text=text)

    def begins_with_sign(self, piece: Piece) -> bool:
        return piece.text.startswith("-")

    def is_rounded(self, piece: Piece) -> bool:
        return "//" in piece.text or "%" in piece.text

    def size(self, dim: Dim) -> Piece:
        text = str(dim)
        if text.isidentifier() or text.isdecimal():
            return Piece(text)
        if len(dim.terms) > 1:
            return Piece(text, SUM)
        plain_power = text.count("**") == 1 and text.replace("**", "").isidentifier()
        return Piece(text, POWER if plain_power else PRODUCT)


#: The notation of gradc programs.
TEXT: Notation = _Text()
