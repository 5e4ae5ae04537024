r"""The notation of LaTeX, for what stands in mathematical mode.

Invariant: whatever a name or a word is, what is written is mathematics and nothing else: every
character that LaTeX gives a meaning is written as a command that shows it, so no name can end a
formula, open a group or run a command.  Every brace is closed.  Commands are those of `amsmath`,
less `\operatorname`, which GitHub does not take.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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
_GREEK = f"{_SMALL} {_MORE}".split()

# The command of a Greek letter, by its name and by itself.
_COMMAND_OF = {**{name: name for name in _GREEK}, **dict(zip(_LETTERS, _GREEK, strict=True))}

# Functions that have a command of their own.
_COMMANDS = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "det", "max", "min")

_OPERATORS = {
    "*": r"\,",
    ELEMENTS: r" \odot ",
    "@": r"\,",
    "+": " + ",
    "-": " - ",
    "%": r" \bmod ",
    "==": " = ",
    "!=": r" \neq ",
    "<": " < ",
    "<=": r" \leq ",
    ">": " > ",
    ">=": r" \geq ",
    "and": r" \wedge ",
    "or": r" \vee ",
}

_SPECIAL = {
    "\\": r"\backslash ",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "^": r"\hat{\ }",
    "~": r"\sim ",
    " ": r"\ ",
}

_CASES = (r"\begin{cases} ", r" \end{cases}")

_REDUCTIONS = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min"}


_NAME = re.compile(r"(?P<word>.*?[^\W\d_])_*(?P<number>\d+)", re.S)


class _Latex(Notation):
    def name(self, name: str) -> Piece:
        """A letter or a Greek one in italics, a word upright, digits at the end as an index."""
        word, _, rest = name.partition("_")
        match = _NAME.fullmatch(name)
        if match and "_" not in match["word"]:
            return Piece(f"{_word(match['word'])}_{{{match['number']}}}")
        if word and rest and not name.endswith("_"):
            return Piece(f"{_word(word)}_{{{_word(rest)}}}")
        return Piece(_word(name))

    def number(self, text: str) -> Piece:
        mantissa, _, exponent = text.partition("e")
        if exponent and mantissa.replace(".", "").isdigit():
            return Piece(rf"{mantissa} \cdot 10^{{{int(exponent)}}}", PRODUCT)
        if text in ("nan", "inf"):
            return Piece(r"\infty" if text == "inf" else r"\mathrm{nan}")
        return Piece(text if text.replace(".", "").isdigit() else _word(text))

    def adjoint(self, name: str, adjoint: str) -> Piece:
        if adjoint != f"d{name}":
            return self.name(adjoint)
        return Piece(rf"\mathrm{{d}}{self.name(name).text}")

    def infix(self, operator: str, left: Piece, right: Piece) -> Piece:
        if operator == "/":
            return Piece(rf"\frac{{{left.text}}}{{{right.text}}}", POWER)
        if operator == "//":
            fraction = rf"\frac{{{left.text}}}{{{right.text}}}"
            return Piece(rf"\lfloor {fraction} \rfloor", POWER)
        if operator == "**":
            base = self.bracketed(left, left.binding <= POWER)
            return Piece(f"{{{base}}}^{{{right.text}}}", POWER)
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
        if operator == "*" and right[:1].isdigit():
            return rf"{left} \cdot {right}"
        return f"{left}{_OPERATORS[operator]}{right}"

    def minus(self, operand: str) -> str:
        return f"-{operand}"

    def brackets(self, text: str) -> str:
        return rf"\left({text}\right)"

    def inverse(self, operand: Piece) -> Piece:
        return Piece(rf"\neg {self.bracketed(operand, operand.binding < COMPARISON)}", NOT)

    def conditional(self, then: Piece, condition: Piece, otherwise: Piece) -> Piece:
        first = rf"{then.text} & \text{{if }} {condition.text}"
        last = rf"{otherwise.text} & \text{{otherwise}}"
        if otherwise.binding == CONDITIONAL and otherwise.text.startswith(_CASES[0]):
            last = otherwise.text.removeprefix(_CASES[0]).removesuffix(_CASES[1])
        return Piece(rf"{_CASES[0]}{first} \\ {last}{_CASES[1]}", CONDITIONAL)

    def call(self, function: str, arguments: Iterable[Piece]) -> Piece:
        pieces = list(arguments)
        texts = [piece.text for piece in pieces]
        if function == "outer" and len(pieces) == 2:
            return self.infix("@", pieces[0], self.transposed(pieces[1]))
        if function == "sqrt" and len(texts) == 1:
            return Piece(rf"\sqrt{{{texts[0]}}}")
        if function == "abs" and len(texts) == 1:
            return Piece(rf"\left|{texts[0]}\right|")
        if function == "norm" and len(texts) == 1:
            return Piece(rf"\left\|{texts[0]}\right\|")
        if function == "exp" and len(texts) == 1 and r"\begin" not in texts[0]:
            return Piece(f"e^{{{texts[0]}}}", POWER)
        return Piece(f"{_function(function)}{self.brackets(', '.join(texts))}")

    def subscript(self, value: Piece, items: Sequence[Piece]) -> Piece:
        indices = ", ".join(item.text for item in items)
        return Piece(f"{{{self.bracketed(value, value.binding <= POWER)}}}_{{{indices}}}")

    def at(self, value: Piece, letters: str) -> Piece:
        if not letters:
            return value
        return self.subscript(value, [Piece(" ".join(letters))])

    def span(self, start: Piece | None, stop: Piece | None) -> Piece:
        return Piece(f"{start.text if start else ''}:{stop.text if stop else ''}")

    def transposed(self, value: Piece) -> Piece:
        return Piece(rf"{{{self.bracketed(value, value.binding <= POWER)}}}^{{\top}}", POWER)

    def contracted(self, left: Piece, right: Piece, ranks: tuple[int, int]) -> Piece:
        """As with columns: a vector on the left is a row, and `w @ X` is the column `X.T w`."""
        if ranks == (1, 2):
            return self.infix("@", self.transposed(right), left)
        return self.infix("@", self.transposed(left) if ranks == (1, 1) else left, right)

    def array(self, items: Iterable[Piece]) -> Piece:
        return Piece(rf"\left[{', '.join(item.text for item in items)}\right]")

    def filled(self, number: str, sizes: Sequence[Piece]) -> Piece:
        return Piece(rf"\mathbf{{{number}}}_{{{_by(sizes)}}}")

    def reduced(self, operation: str, letters: str, values: Sequence[Piece]) -> Piece:
        command = _REDUCTIONS.get(operation)
        name = command if command and len(values) == 1 else _function(operation)
        head = f"{name}_{{{' '.join(letters)}}}"
        if command and len(values) == 1:
            (value,) = values
            least = PRODUCT if operation in ("sum", "prod") else POWER
            return Piece(f"{head} {self.bracketed(value, value.binding < least)}", PRODUCT)
        return Piece(f"{head}{self.brackets(', '.join(value.text for value in values))}")

    def part(self, value: Piece, name: str) -> Piece:
        return Piece(f"{value.text}.{_word(name)}")

    def option(self, name: str, value: str) -> Piece:
        return Piece(f"{_word(name)}={value}")

    def derivative(self, of: str, by: str) -> Piece:
        return self.partial(of, by)

    def partial(self, of: str, by: str) -> Piece:
        over, under = self.name(of).text, self.name(by).text
        return Piece(rf"\frac{{\partial {over}}}{{\partial {under}}}", POWER)

    def total(self, of: str, by: str) -> Piece:
        over, under = self.name(of).text, self.name(by).text
        return Piece(rf"\frac{{\mathrm{{d}}{over}}}{{\mathrm{{d}}{under}}}", POWER)

    def chained(self, operator: str) -> str:
        return {"*": r" \cdot ", "@": r"\;"}.get(operator, _OPERATORS.get(operator, " "))

    def words(self, text: str) -> Piece:
        return Piece(rf"\text{{{prose(text)}}}")

    def mapped(self, value: Piece, to: Piece) -> Piece:
        return Piece(rf"{value.text} \mapsto {to.text}", CONDITIONAL)

    def identity(self, size: Piece) -> Piece:
        return Piece(rf"I_{{{size.text}}}")

    def cut(self, piece: Piece, limit: int | None) -> Piece:
        """A formula cannot end anywhere: a long one is left out whole."""
        long = limit is not None and len(piece.text) > _SCALE * limit
        return Piece(r"\ldots") if long else piece

    def begins_with_sign(self, piece: Piece) -> bool:
        return piece.text.startswith("-")

    def is_rounded(self, piece: Piece) -> bool:
        return piece.binding == PRODUCT and r"\bmod" in piece.text


# How much longer a formula is than in plain text.
_SCALE = 4


def prose(text: str) -> str:
    """Plain text in the text mode of LaTeX."""
    shown = visible(text)
    return "".join(_PROSE.get(character, character) for character in shown)


_PROSE = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
}


def _word(text: str) -> str:
    """A letter in italics, a Greek one by its command, and anything longer upright."""
    if text in _COMMAND_OF:
        return f"\\{_COMMAND_OF[text]} "
    if len(text) == 1 and text.isascii() and text.isalnum():
        return text
    safe = "".join(_SPECIAL.get(character, character) for character in visible(text))
    if safe.isascii():
        return rf"\mathrm{{{safe}}}"
    return rf"\text{{{prose(text)}}}"


def _function(name: str) -> str:
    if name in _COMMANDS:
        return f"\\{name}"
    return rf"\mathrm{{{name}}}" if name in _COMMAND_OF else _word(name)


def _by(sizes: Sequence[Piece]) -> str:
    return r" \times ".join(size.text for size in sizes)


#: The notation of LaTeX's mathematical mode.
LATEX: Notation = _Latex()
