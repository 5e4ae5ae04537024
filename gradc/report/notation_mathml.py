"""The notation of MathML Core, which browsers show without scripts.

Invariant: whatever a name or a word is, it is text of an element and never markup.  Each piece is
a sequence of whole elements; one that must be a single one is put in an `mrow`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from gradc.diagnostics.display import visible
from gradc.report.notation import (
    COMPARISON,
    CONDITIONAL,
    ELEMENTS,
    ELEMENTWISE,
    NOT,
    POWER,
    PRODUCT,
    Notation,
    Piece,
)

_SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau"
_MORE = "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_LETTERS = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"
_GREEK = dict(zip(f"{_SMALL} {_MORE}".split(), _LETTERS, strict=True))

_MINUS = "\N{MINUS SIGN}"

_OPERATORS = {
    "+": "+",
    "-": _MINUS,
    "*": "\N{DOT OPERATOR}",
    ELEMENTS: "\N{CIRCLED DOT OPERATOR}",
    "%": "mod",
    "==": "=",
    "!=": "\N{NOT EQUAL TO}",
    "<": "<",
    "<=": "\N{LESS-THAN OR EQUAL TO}",
    ">": ">",
    ">=": "\N{GREATER-THAN OR EQUAL TO}",
    "and": "\N{LOGICAL AND}",
    "or": "\N{LOGICAL OR}",
}

_REDUCTIONS = {"sum": "\N{N-ARY SUMMATION}", "prod": "\N{N-ARY PRODUCT}"}

_SIGN = re.compile(rf"(<mrow>)*<mo[^>]*>{_MINUS}</mo>")
_NAME = re.compile(r"(?P<word>.*?[^\W\d_])_*(?P<number>\d+)", re.S)

# How much longer a formula is than in plain text.
_SCALE = 12


class _MathML(Notation):
    def name(self, name: str) -> Piece:
        """A letter or a Greek one in italics, a word upright, digits at the end as an index."""
        word, _, rest = name.partition("_")
        match = _NAME.fullmatch(name)
        if match and "_" not in match["word"]:
            return Piece(f"<msub>{_word(match['word'])}<mn>{match['number']}</mn></msub>")
        if word and rest and not name.endswith("_"):
            return Piece(f"<msub>{_word(word)}{_word(rest)}</msub>")
        return Piece(_word(name))

    def number(self, text: str) -> Piece:
        mantissa, _, exponent = text.partition("e")
        if exponent and mantissa.replace(".", "").isdigit():
            power = self.literal(str(int(exponent))).text
            ten = f"<msup><mn>10</mn>{_row(power)}</msup>"
            return Piece(f"<mn>{mantissa}</mn>{_operator('*')}{ten}", PRODUCT)
        if text == "inf":
            return Piece("<mi>\N{INFINITY}</mi>")
        return Piece(f"<mn>{text}</mn>" if text.replace(".", "").isdigit() else _word(text))

    def adjoint(self, name: str, adjoint: str) -> Piece:
        if adjoint != f"d{name}":
            return self.name(adjoint)
        return Piece(f"<mrow>{_upright('d')}{self.name(name).text}</mrow>")

    def infix(self, operator: str, left: Piece, right: Piece) -> Piece:
        if operator in ("/", "//"):
            fraction = f"<mfrac>{_row(left.text)}{_row(right.text)}</mfrac>"
            if operator == "//":
                fraction = f"{_fence('⌊')}{fraction}{_fence('⌋')}"
            return Piece(_row(fraction), POWER)
        if operator == "**":
            base = self.bracketed(left, left.binding <= POWER)
            return Piece(f"<msup>{_row(base)}{_row(right.text)}</msup>", POWER)
        if operator in ("*", "@") and right.binding >= PRODUCT and not self.is_rounded(right):
            before = self.bracketed(left, left.binding < PRODUCT)
            after = self.bracketed(right, self.begins_with_sign(right))
            return Piece(self.joined(operator, before, after), PRODUCT)
        if operator == ELEMENTS:
            before = self.bracketed(left, left.binding < ELEMENTWISE)
            signed = self.begins_with_sign(right)
            after = self.bracketed(right, right.binding < ELEMENTWISE or signed)
            return Piece(self.joined(operator, before, after), ELEMENTWISE)
        return super().infix(operator, left, right)

    def joined(self, operator: str, left: str, right: str) -> str:
        if operator == "@" or (operator == "*" and not right.startswith("<mn>")):
            return f"{left}<mo>\N{INVISIBLE TIMES}</mo><mspace width='0.2em'/>{right}"
        return f"{left}{_operator(operator)}{right}"

    def minus(self, operand: str) -> str:
        return f"<mo>{_MINUS}</mo>{operand}"

    def brackets(self, text: str) -> str:
        return f"<mrow>{_fence('(')}{text}{_fence(')')}</mrow>"

    def inverse(self, operand: Piece) -> Piece:
        inner = self.bracketed(operand, operand.binding < COMPARISON)
        return Piece(f"<mo>\N{NOT SIGN}</mo>{inner}", NOT)

    def conditional(self, then: Piece, condition: Piece, otherwise: Piece) -> Piece:
        first = _case(then.text, f"<mtext>if\N{NO-BREAK SPACE}</mtext>{condition.text}")
        last = _case(otherwise.text, "<mtext>otherwise</mtext>")
        if otherwise.binding == CONDITIONAL and otherwise.text.startswith(_CASES[0]):
            last = otherwise.text.removeprefix(_CASES[0]).removesuffix(_CASES[1])
        return Piece(f"{_CASES[0]}{first}{last}{_CASES[1]}", CONDITIONAL)

    def call(self, function: str, arguments: Iterable[Piece]) -> Piece:
        pieces = list(arguments)
        if function == "outer" and len(pieces) == 2:
            return self.infix("@", pieces[0], self.transposed(pieces[1]))
        texts = [piece.text for piece in pieces]
        inner = "<mo separator='true'>,</mo>".join(texts)
        if function == "sqrt" and len(texts) == 1:
            return Piece(f"<msqrt>{_row(inner)}</msqrt>")
        if function == "exp" and len(texts) == 1 and "<mtable" not in inner:
            return Piece(f"<msup><mi>e</mi>{_row(inner)}</msup>", POWER)
        for name, fence in (("abs", "|"), ("norm", "\N{DOUBLE VERTICAL LINE}")):
            if function == name and len(texts) == 1:
                return Piece(f"<mrow>{_fence(fence)}{inner}{_fence(fence)}</mrow>")
        return Piece(f"<mrow>{_upright(function)}{self.brackets(inner)}</mrow>")

    def subscript(self, value: Piece, items: Sequence[Piece]) -> Piece:
        indices = "<mo separator='true'>,</mo>".join(item.text for item in items)
        base = self.bracketed(value, value.binding <= POWER)
        return Piece(f"<msub>{_row(base)}{_row(indices)}</msub>")

    def at(self, value: Piece, letters: str) -> Piece:
        if not letters:
            return value
        return self.subscript(value, [Piece("".join(f"<mi>{letter}</mi>" for letter in letters))])

    def span(self, start: Piece | None, stop: Piece | None) -> Piece:
        return Piece(f"{start.text if start else ''}<mo>:</mo>{stop.text if stop else ''}")

    def transposed(self, value: Piece) -> Piece:
        base = self.bracketed(value, value.binding <= POWER)
        return Piece(f"<msup>{_row(base)}<mo>\N{DOWN TACK}</mo></msup>", POWER)

    def contracted(self, left: Piece, right: Piece, ranks: tuple[int, int]) -> Piece:
        """As with columns: a vector on the left is a row, and `w @ X` is the column `X.T w`."""
        if ranks == (1, 2):
            return self.infix("@", self.transposed(right), left)
        return self.infix("@", self.transposed(left) if ranks == (1, 1) else left, right)

    def array(self, items: Iterable[Piece]) -> Piece:
        inner = "<mo separator='true'>,</mo>".join(item.text for item in items)
        return Piece(f"<mrow>{_fence('[')}{inner}{_fence(']')}</mrow>")

    def filled(self, number: str, sizes: Sequence[Piece]) -> Piece:
        bold = {"0": "\N{MATHEMATICAL BOLD DIGIT ZERO}", "1": "\N{MATHEMATICAL BOLD DIGIT ONE}"}
        by = _operator("*").replace(_OPERATORS["*"], "\N{MULTIPLICATION SIGN}")
        shape = by.join(size.text for size in sizes)
        return Piece(f"<msub><mn>{bold[number]}</mn>{_row(shape)}</msub>")

    def reduced(self, operation: str, letters: str, values: Sequence[Piece]) -> Piece:
        indices = _row("".join(f"<mi>{letter}</mi>" for letter in letters))
        sign = _REDUCTIONS.get(operation)
        if sign and len(values) == 1:
            (value,) = values
            body = self.bracketed(value, value.binding < PRODUCT)
            return Piece(f"<munder><mo>{sign}</mo>{indices}</munder>{body}", PRODUCT)
        inner = "<mo separator='true'>,</mo>".join(value.text for value in values)
        head = f"<munder>{_word(operation)}{indices}</munder>"
        return Piece(f"<mrow>{head}{self.brackets(inner)}</mrow>")

    def part(self, value: Piece, name: str) -> Piece:
        return Piece(f"<mrow>{value.text}<mo>.</mo>{_word(name)}</mrow>")

    def option(self, name: str, value: str) -> Piece:
        return Piece(f"<mrow>{_word(name)}<mo>=</mo><mn>{escape(value)}</mn></mrow>")

    def derivative(self, of: str, by: str) -> Piece:
        return self.partial(of, by)

    def partial(self, of: str, by: str) -> Piece:
        sign = "<mo rspace='0'>\N{PARTIAL DIFFERENTIAL}</mo>"
        return self._quotient(sign, of, by)

    def total(self, of: str, by: str) -> Piece:
        return self._quotient(_upright("d"), of, by)

    def _quotient(self, sign: str, of: str, by: str) -> Piece:
        over, under = (f"<mrow>{sign}{self.name(name).text}</mrow>" for name in (of, by))
        return Piece(f"<mfrac>{over}{under}</mfrac>", POWER)

    def chained(self, operator: str) -> str:
        if operator == "@":
            return "<mo>\N{INVISIBLE TIMES}</mo><mspace width='0.4em'/>"
        return _operator(operator)

    def words(self, text: str) -> Piece:
        return Piece(f"<mtext>{escape(visible(text))}</mtext>")

    def mapped(self, value: Piece, to: Piece) -> Piece:
        return Piece(f"{value.text}<mo>\N{RIGHTWARDS ARROW FROM BAR}</mo>{to.text}", CONDITIONAL)

    def identity(self, size: Piece) -> Piece:
        return Piece(f"<msub><mi>I</mi>{_row(size.text)}</msub>")

    def cut(self, piece: Piece, limit: int | None) -> Piece:
        """A formula cannot end anywhere: a long one is left out whole."""
        long = limit is not None and len(piece.text) > _SCALE * limit
        return Piece("<mo>\N{HORIZONTAL ELLIPSIS}</mo>") if long else piece

    def begins_with_sign(self, piece: Piece) -> bool:
        return _SIGN.match(piece.text) is not None

    def is_rounded(self, piece: Piece) -> bool:
        return piece.binding == PRODUCT and _operator("%") in piece.text


def _row(text: str) -> str:
    return f"<mrow>{text}</mrow>"


def _operator(operator: str) -> str:
    return f"<mo>{escape(_OPERATORS[operator])}</mo>"


def _fence(text: str) -> str:
    return f"<mo fence='true' lspace='0' rspace='0'>{text}</mo>"


_CASES = (f"<mrow>{_fence('{')}<mtable class='cases'>", "</mtable></mrow>")


def _case(value: str, condition: str) -> str:
    return f"<mtr><mtd>{_row(value)}</mtd><mtd>{_row(condition)}</mtd></mtr>"


def _upright(text: str) -> str:
    return f"<mi mathvariant='normal'>{escape(visible(text))}</mi>"


def _word(text: str) -> str:
    """A letter in italics, and anything longer upright."""
    return f"<mi>{escape(visible(_GREEK.get(text, text)))}</mi>"


#: The notation of MathML Core.
MATHML: Notation = _MathML()
