"""Equations into the statements of a program, of a function or of a loop's body.

A named quantity has a statement of its own.  A nameless one is written in place where it is used
once and stays short; otherwise it gets a name made from the statement that it is a part of.
A statement is written as a whole where all its parts can be (`whole`), else element by element
(`element`); parts that allow neither form together are parted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, Equation, Lit, Size, Var
from gradc.ops.control import Loop
from gradc.ops.indexing import partly_checked
from gradc.targets.g.element import Place, Places, element_form
from gradc.targets.g.names import Names
from gradc.targets.g.pieces import Piece, call, number, size, subscript, truth
from gradc.targets.g.whole import axes_before, whole_form

# A nameless part that is wider gets a statement of its own.
PART_WIDTH = 48

_WORD = re.compile(r"\w+")
_INNER = re.compile(r"\[.*\]")  # the places of an access within a place

_WHOLE, _ELEMENT = 1, 2  # the forms that a part allows, together with the parts within it


class Expressions:
    """Writes the expressions of one scope; holds the parts that are written in place."""

    def __init__(
        self,
        names: Names,
        function: Callable[[Equation], str],
        constants: Container[Var] = (),
    ) -> None:
        self.names = names
        self.function = function
        self.constants = constants
        self.parts: dict[Var, Equation] = {}
        self.forms: dict[Var, int] = {}
        self.checks: dict[Var, Equation] = {}  # places that are checked where they are read
        self._bound: dict[str, Dim] = {}  # the indices of the statement, and how far each goes
        self._told: set[str] = set()  # those of which an access says so
        self._open: set[str] = set()  # those of which an access might say something else
        self._branches = 0
        self._fresh: Iterator[str] = iter(())

    def forms_of(self, equation: Equation) -> int:
        """The forms of one equation by itself."""
        whole = _WHOLE if whole_form(equation) else 0
        return whole | (_ELEMENT if element_form(equation) else 0)

    def is_constant(self, equation: Equation) -> bool:
        """Whether an equation defines a constant of the author's, and by constants alone."""
        pending = equation.inputs()
        while pending and equation.out in self.constants:
            var = pending.pop()
            if var in self.parts:
                pending += self.parts[var].inputs()
            elif var not in self.constants:
                return False
        return equation.out in self.constants

    # Whole quantities

    def check(self, atom: Atom) -> Equation | None:
        """The check of a place that is read under a condition, which is made where it is read."""
        return self.checks.get(atom) if type(atom) is Var else None

    def whole(self, atom: Atom) -> Piece:
        """An operand as a whole quantity."""
        if isinstance(atom, Lit):
            return truth(atom.value) if isinstance(atom.value, bool) else number(atom.value)
        if isinstance(atom, Size):
            return size(atom.dim)
        equation = self.parts.get(atom) or self.checks.get(atom)
        if equation is None:
            return Piece(self.names[atom])
        return self.written(equation)

    def written(self, equation: Equation) -> Piece:
        """The value of an equation as a whole."""
        write = whole_form(equation)
        assert write is not None
        return write(self, equation)

    # Elements

    def by_elements(self, equation: Equation) -> tuple[list[str], Piece]:
        """The indices of the left-hand side, with their ranges where nothing else says them,
        and the element there."""
        self._fresh = self.names.indices()
        self._bound, self._told, self._open = {}, set(), set()
        places = self._bind(equation.out.type.shape)
        write = element_form(equation)
        assert write is not None
        piece = write(self, equation, places)
        return [self._declared(place.name) for place in places], piece

    def _bind(self, extents: Sequence[Dim]) -> Places:
        found = []
        for extent in extents:
            name = next(self._fresh)
            self._bound[name] = extent
            found.append(Place(Piece(name), name))
        return tuple(found)

    def _declared(self, index: str) -> str:
        told = index in self._told and index not in self._open
        return index if told else f"{index} in {self._bound[index]}"

    def mapped(self, equation: Equation) -> tuple[list[str], Piece]:
        """A function of vectors or matrices, for each place on the axes before theirs."""
        self._fresh, self._bound = self.names.indices(), {}
        count = axes_before(equation)
        indices = [place.name for place in self._bind(equation.out.type.shape[:count])]
        args = [subscript(self.whole(arg), indices) for arg in equation.args]
        return [f"{index} in {self._bound[index]}" for index in indices], call(equation.op, args)

    def at(self, atom: Atom, places: Places) -> Piece:
        """The element of an operand at some places."""
        if type(atom) is not Var:
            return self.whole(atom)
        equation = self.parts.get(atom) or self.checks.get(atom)
        if equation is None:
            return self._access(atom, places)
        if not places and self.forms.get(atom, 0) & _WHOLE:
            return self.written(equation)
        write = element_form(equation)
        assert write is not None
        return write(self, equation, places)

    def branch(self, atom: Atom, places: Places) -> Piece:
        """As `at`, of an operand that is read in a branch only."""
        self._branches += 1
        piece = self.at(atom, places)
        self._branches -= 1
        return piece

    def _access(self, var: Var, places: Places) -> Piece:
        piece = Piece(self.names[var])
        if not places:
            return piece
        for place, dim in zip(places, var.type.shape, strict=True):
            self._note(place, dim)
        return subscript(piece, [place.piece.text for place in places])

    def _note(self, place: Place, dim: Dim) -> None:
        """What an access says of the range of an index: outside branches, an index by itself
        goes over the whole axis."""
        if self._branches:
            return
        index = place.piece.text
        if self._bound.get(index) == dim:
            self._told.add(index)
        else:
            self._open.update(_WORD.findall(_INNER.sub("", index)))

    def reduction(
        self, function: str, extents: Sequence[Dim], body: Callable[[Places], Piece]
    ) -> Piece:
        """`function[k](body)` over new indices."""
        places = self._bind(extents)
        piece = body(places)
        indices = ", ".join(self._declared(place.name) for place in places)
        return Piece(f"{function}[{indices}]({piece.text})")


class Block:
    """Writes the equations of one scope as lines."""

    def __init__(
        self,
        expressions: Expressions,
        loop: Callable[[Block, Equation], None],
        indent: str = "",
        part_width: int = PART_WIDTH,
    ) -> None:
        self.expressions = expressions
        self.loop = loop
        self.indent = indent
        self.part_width = part_width
        self.lines: list[str] = []
        self._uses: Mapping[Var, int] = {}
        self._width: dict[Var, int] = {}

    def write(self, equations: Sequence[Equation], results: Iterable[Var]) -> None:
        """Append the statements of equations; `results` are read after them by their names."""
        self._uses = uses_of(equations, results)
        for equation in equations:
            if equation.op == "loop":
                self.loop(self, equation)
            elif partly_checked(equation) and equation.out.anonymous:
                self.expressions.checks[equation.out] = equation
            else:
                self._equation(equation)

    def is_read(self, var: Var) -> bool:
        """Whether anything reads a quantity."""
        return var in self._uses

    def part(self, var: Var) -> Piece | None:
        """The expression of a result that was to be written in place; None where it has a
        statement, which is written now if it cannot be an expression."""
        expressions = self.expressions
        equation, forms = expressions.parts.get(var), expressions.forms.get(var, 0)
        if equation is None:
            return None
        if forms & _WHOLE:
            return expressions.written(equation)
        if not var.type.shape:
            return expressions.by_elements(equation)[1]
        self._part(var)
        return None

    def _equation(self, equation: Equation) -> None:
        expressions, out = self.expressions, equation.out
        allowed = expressions.forms_of(equation)
        for arg in equation.args:
            if type(arg) is Var and arg in expressions.parts:
                both = allowed & expressions.forms[arg]
                if not both:
                    self._part(arg)
                else:
                    allowed = both
        width = self._estimate(equation)
        once = self._uses.get(out, 0) <= 1
        if out.anonymous and once and width <= self.part_width:
            expressions.parts[out] = equation
            expressions.forms[out] = allowed
            self._width[out] = width
        else:
            self._statement(equation, allowed)

    def _part(self, var: Var) -> None:
        """A part that was to be written in place gets a statement of its own."""
        expressions = self.expressions
        equation, allowed = expressions.parts.pop(var), expressions.forms.pop(var)
        del self._width[var]
        self._statement(equation, allowed)

    def _statement(self, equation: Equation, allowed: int) -> None:
        expressions = self.expressions
        left = expressions.names[equation.out]
        if allowed & _WHOLE:
            piece = expressions.written(equation)
        elif allowed & _ELEMENT:
            indices, piece = expressions.by_elements(equation)
            left += f"[{', '.join(indices)}]" if indices else ""
        else:
            indices, piece = expressions.mapped(equation)
            left += f"[{', '.join(indices)}]"
        lines = commented(f"{left} = {piece.text}", _source(equation), self.indent)
        if expressions.is_constant(equation):
            lines[-1] = f"const {lines[-1]}"
        self.lines += lines

    def _estimate(self, equation: Equation) -> int:
        """About how many columns an expression takes, from those of its parts."""
        width = 3 if len(equation.args) > 1 else len(equation.op) + 2
        for arg in equation.args:
            if type(arg) is Var:
                width += self._width.get(arg) or len(arg.name)
            else:
                width += 4
        return width


def uses_of(equations: Sequence[Equation], results: Iterable[Var]) -> dict[Var, int]:
    """How often each quantity is read; a result is read by its name, as is what a loop reads."""
    uses: dict[Var, int] = {}
    named = [*results]
    for equation in equations:
        for var in equation.inputs():
            uses[var] = uses.get(var, 0) + 1
        if partly_checked(equation):
            named += equation.inputs()
        elif equation.op == "loop":
            loop = Loop.of(equation)
            named += [v for v in (*loop.captured, loop.count) if type(v) is Var]
    for var in named:
        uses[var] = uses.get(var, 0) + 2
    return uses


def _source(equation: Equation) -> str | None:
    """The author's statement, for a comment; that of a loop stands at the loop."""
    origin = equation.origin
    if origin is None or equation.out.anonymous or origin.text.startswith("loop "):
        return None
    return origin.text


# Lines

LINE_WIDTH = 100


def commented(text: str, comment: str | None, indent: str) -> list[str]:
    """A statement with a comment behind it, or before it where the line would be too long.

    Of a long statement each of its parts says as much: a comment has one line.
    """
    lines = broken(indent + text, indent)
    if comment is None or (len(comment) <= len(text) + LINE_WIDTH and _same(text, comment)):
        return lines
    room = LINE_WIDTH - len(indent) - 2
    if len(comment) > room:
        comment = f"{comment[: room - 3].rstrip()}..."
    if len(lines) == 1 and len(lines[0]) + len(comment) + 4 <= LINE_WIDTH:
        return [f"{lines[0]}  # {comment}"]
    return [f"{indent}# {comment}", *lines]


def _same(text: str, comment: str) -> bool:
    return "".join(text.split()) == "".join(comment.replace("^", "**").split())


def broken(text: str, indent: str) -> list[str]:
    """A line broken at blanks within brackets, where newlines are white space."""
    if len(text) <= LINE_WIDTH:
        return [text]
    lines: list[str] = []
    start, last, lead = 0, 0, ""
    for place in [*_blanks_in_brackets(text), len(text)]:
        if len(lead) + place - start > LINE_WIDTH and last > start:
            lines.append(lead + text[start:last])
            start, lead = last + 1, indent + "    "
        last = place
    return [*lines, lead + text[start:]]


def _blanks_in_brackets(text: str) -> Iterator[int]:
    depth = 0
    for position, character in enumerate(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == " " and depth:
            yield position
