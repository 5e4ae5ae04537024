"""The steps of a derivation, from a study and its numbers: `derive`.

The order is that of a textbook: intermediate variables, local partials, the chain rule along each
path and the sum over paths, everything substituted back, the result.  Where quantities are arrays
or paths are many, the chain rule goes backward, one quantity after the other.

Deliberately absent: how anything is laid out, and where numbers come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gradc.explain.algebra import Algebra, algebra_of
from gradc.explain.closed import Case, Closed, formula_sizes
from gradc.explain.model import (
    Block,
    Code,
    Derivation,
    Display,
    Listing,
    Math,
    Paragraph,
    Row,
    Step,
    Words,
    prose,
)
from gradc.explain.network import MANY, Edge, Path
from gradc.explain.study import Route, Study
from gradc.ir.dims import shape_text
from gradc.ir.graph import Atom, Lit, Var
from gradc.ops.control import Loop
from gradc.passes.dead import only_needed
from gradc.report.formula import Formulas
from gradc.report.formula_control import loop_heading
from gradc.report.notation import ELEMENTS, Notation, Piece
from gradc.report.numbers import PLAIN_NUMBER, array_cell, number
from gradc.report.partials import Statement

#: Rows of one list, unless more are asked for.
MOST_ROWS = 60

# Operations in a derivative with everything substituted back.
_MOST_SUBSTITUTED = 60

# Factors in a sum over paths that is written out.
_SHORT_SUM = 6

# Terms of a sum over all that reads a quantity.
_MOST_TERMS = 12

_LONGEST = 240


@dataclass(frozen=True)
class Numbers:
    """What emitted code computed; empty without inputs."""

    values: Mapping[str, object] = field(default_factory=dict)
    adjoints: Mapping[str, object] = field(default_factory=dict)
    atoms: Mapping[Atom, object] = field(default_factory=dict)


def derive(study: Study, notation: Notation, numbers: Numbers, most: int = MOST_ROWS) -> Derivation:
    """All steps."""
    return _Derivation(study, notation, numbers, most).made()


class _Derivation:
    def __init__(self, study: Study, notation: Notation, numbers: Numbers, most: int) -> None:
        self.study = study
        self.n = notation
        self.numbers = numbers
        self.most = most
        self.algebra: Algebra | None = None
        self.routes = {route.start: route for route in study.routes}
        self.definitions = Formulas(
            study.elementary.program.graph.equations,
            limit=_LONGEST,
            number=number,
            notation=notation,
        )

    def made(self) -> Derivation:
        parts = [
            self._variables(),
            self._partials(),
            *(self._chain(route) for route in self.study.routes if route.terms),
            self._backward() if self._goes_backward() else None,
            self._substituted(),
            self._result(),
        ]
        steps = tuple(step for step in parts if step is not None)
        return Derivation(self._title(), tuple(self._opening()), steps)

    # What is said before

    def _title(self) -> Words:
        along = self.study.through
        what = "The part of the derivative of " if along else "The derivative of "
        words: list[str | Math | Code] = [what, self._math(self.study.output)]
        words.append(" with respect to ")
        words += self._listed(self.study.wrt)
        return (*words, " along paths through ", *self._listed(along)) if along else tuple(words)

    def _opening(self) -> Iterator[Block]:
        texts = [
            statement.equations[-1].origin.text
            for statement in self.study.statements
            if statement.equations[-1].origin is not None
        ]
        shown = list(dict.fromkeys(texts))
        yield Listing("\n".join(_middle_left_out(shown, 12)))
        lost = [var for var in self.study.wrt if var not in self.routes]
        if lost:
            yield prose(
                self._math(self.study.output),
                " does not depend on ",
                *self._listed(lost),
                ": no path leads there, and the derivative is 0.",
            )

    # Step by step

    def _variables(self) -> Step | None:
        rows = [self._definition(statement) for statement in self.study.statements]
        rows = [
            *(self._given(var) for var in self.study.elementary.wrt if self.numbers.values),
            *rows,
        ]
        if not rows:
            return None
        blocks: list[Block] = []
        generated = self.study.elementary.generated
        if generated:
            blocks.append(prose("Every operation gets a name of its own."))
        blocks += self._display(rows, "quantities")
        return Step(("Intermediate variables",), tuple(blocks))

    def _given(self, var: Var) -> Row:
        number = array_cell(self.numbers.values[var.name])
        return Row(self.n.name(var.name).text, self._written(number))

    def _written(self, number: str) -> str:
        """A number, or an array in words, in the place of a formula."""
        plain = PLAIN_NUMBER.fullmatch(number)
        return self.n.literal(number).text if plain else self.n.words(number).text

    def _definition(self, statement: Statement) -> Row:
        n, last = self.n, statement.equations[-1]
        left = ", ".join(n.name(var.name).text for var in statement.results)
        if last.op == "loop":
            heading = n.words(loop_heading(Loop.of(last)))
            return Row(left, heading.text, remark=f"--into {statement.result.name}")
        result = statement.result
        shape = shape_text(result.type.shape) if result.type.shape else ""
        remark = ", ".join(word for word in (shape, _opens(statement)) if word)
        return Row(left, self.definitions.definition(last), self._value(result), remark)

    def _partials(self) -> Step | None:
        rows = [self._partial(edge) for edge in self.study.network.edges]
        if not rows:
            return None
        if self.study.scalar:
            return Step(("Local partial derivatives",), tuple(self._display(rows, "partials")))
        words = prose(
            "The Jacobian of a result in an operand has a row for each element of the result "
            "and a column for each of the operand."
        )
        return Step(("Local Jacobians",), (words, *self._display(rows, "Jacobians")))

    def _partial(self, edge: Edge) -> Row:
        n, jacobian = self.n, edge.jacobian
        left = n.partial(edge.result.name, edge.operand.name).text
        remark = f"{jacobian.shape}, {jacobian.kind}" if jacobian.shape else ""
        if jacobian.piece is not None:
            return self._row(left, jacobian.piece, self._number(jacobian.numbers), remark)
        if edge.partial.is_factor:
            return self._row(left, edge.partial.piece, self._number(jacobian.numbers), remark)
        adjoint = self._adjoint(edge.result)
        return Row(left, n.mapped(adjoint, edge.partial.piece).text, remark=remark)

    def _row(self, left: str, right: Piece, value: str, remark: str = "") -> Row:
        """A row, without a number that the formula is already."""
        known = value if not value or right.text != self.n.literal(value).text else ""
        return Row(left, right.text, known, remark)

    def _chain(self, route: Route) -> Step:
        study, n = self.study, self.n
        start, output = n.name(route.start.name), n.name(study.output.name)
        blocks: list[Block] = []
        if len(route.terms) == 1:
            blocks.append(
                prose(
                    "One path leads from ",
                    Math(start.text),
                    " to ",
                    Math(output.text),
                    ": ",
                    *self._stops(route.terms[0].path),
                    ". The local derivatives along it are multiplied.",
                )
            )
        else:
            blocks.append(
                prose(
                    Math(start.text),
                    " reaches ",
                    Math(output.text),
                    f" along {len(route.terms)} paths. The total derivative is the sum, over all "
                    "paths, of the products along them.",
                )
            )
            for i, term in enumerate(route.terms, 1):
                blocks.append(prose(f"Path {i}: ", *self._stops(term.path)))
                rows = self._products(self.n.words(f"path {i}"), term.path, term.product)
                blocks.append(Display(tuple(rows)))
        blocks.append(Display(tuple(self._sum(route))))
        several = (" for ", self._math(route.start)) if len(self.routes) > 1 else ()
        return Step(("The chain rule", *several), tuple(blocks))

    def _stops(self, path: Path) -> Words:
        stops = [path[0].operand, *(edge.result for edge in path)] if path else []
        words: list[str | Math | Code] = []
        for var in stops:
            words += ["" if not words else " \N{RIGHTWARDS ARROW} ", self._math(var)]
        return tuple(words)

    def _products(self, left: Piece, path: Path, product: Atom | None) -> Iterator[Row]:
        yield Row(left.text, self._symbols([path]).text)
        yield Row("", self._factors([path]).text)
        value = self._number(product)
        if value:
            if len(path) > 1:
                yield from self._multiplied(path)
            yield Row("", self.n.literal(value).text)

    def _symbols(self, paths: Sequence[Path]) -> Piece:
        """The product of partials by their symbols, summed over paths."""
        n = self.n
        terms = [
            n.chain(
                [n.partial(edge.result.name, edge.operand.name) for edge in reversed(path)],
                _operators(path),
            )
            for path in paths
        ]
        return n.sum(terms)

    def _factors(self, paths: Sequence[Path], substituted: Formulas | None = None) -> Piece:
        n = self.n
        terms = []
        for path in paths:
            factors = []
            for edge in reversed(path):
                piece = edge.jacobian.piece
                if substituted is not None and edge.partial.value is not None:
                    piece = substituted.piece(edge.partial.value)
                assert piece is not None
                factors.append(piece)
            terms.append(n.chain(factors, _operators(path)))
        return n.sum(terms)

    def _sum(self, route: Route) -> Iterator[Row]:
        paths = [term.path for term in route.terms]
        total = self.n.total(self.study.output.name, route.start.name).text
        if sum(map(len, paths)) <= _SHORT_SUM or len(paths) == 1:
            yield Row(total, self._symbols(paths).text)
            yield Row("", self._factors(paths).text)
        else:
            named = [self.n.words(f"path {i}") for i in range(1, len(paths) + 1)]
            yield Row(total, self.n.sum(named).text)
        if len(paths) == 1 and len(paths[0]) > 1:
            yield from self._multiplied(paths[0])
        products = [self._number(term.product) for term in route.terms]
        if all(products) and len(products) > 1:
            numbers = [self.n.literal(text) for text in products]
            yield Row("", self.n.sum(numbers).text)
        if self._number(route.total):
            yield Row("", self.n.literal(self._number(route.total)).text)

    def _multiplied(self, path: Path) -> Iterator[Row]:
        """The numbers of the factors of a path."""
        texts = [self._number(edge.partial.value) for edge in reversed(path)]
        if all(texts):
            yield Row("", self.n.chain(list(map(self.n.literal, texts)), _operators(path)).text)

    def _goes_backward(self) -> bool:
        if not self.study.routes:
            return False
        if self.study.through and all(route.terms for route in self.study.routes):
            return False
        return not self.study.scalar or any(not route.terms for route in self.study.routes)

    def _backward(self) -> Step:
        study, n = self.study, self.n
        output = n.name(study.output.name)
        first = study.routes[0].start
        shape = (", in the shape of ", self._math(first)) if first.type.shape else ()
        words = prose(
            Math(self._adjoint(first).text),
            " is the derivative of ",
            Math(output.text),
            " with respect to ",
            Math(n.name(first.name).text),
            *shape,
            ", and so on. From the output back to the inputs, each is a sum over all that reads "
            "the quantity: its own derivative times the local one.",
        )
        blocks: list[Block] = [words]
        for route in study.routes:
            if route.count > 1 and not route.terms:
                count = "more than a billion" if route.count >= MANY else f"{route.count:,}"
                blocks.append(
                    prose(
                        f"{count} paths lead from ",
                        self._math(route.start),
                        " to ",
                        Math(output.text),
                        ": going backward, each operation counts once.",
                    )
                )
        rows = list(self._adjoints())
        return Step(("Backward",), (*blocks, *self._display(rows, "derivatives")))

    def _adjoints(self) -> Iterator[Row]:
        study = self.study
        yield Row(self._adjoint(study.output).text, self.n.number("1").text)
        order = [var for statement in study.statements for var in statement.results]
        moving = study.elementary.moving
        for var in (*reversed(order), *study.elementary.wrt):
            if var is study.output or var not in moving:
                continue
            uses = study.network.uses.get(study.network.node(var), ())
            edges = [edge for edge in uses if edge.operand is var]
            if not edges:
                continue
            terms = [self._contribution(edge) for edge in edges[:_MOST_TERMS]]
            if len(edges) > _MOST_TERMS:
                terms.append(self.n.words(f"{len(edges) - _MOST_TERMS:,} further terms"))
            value = None if study.through else self.numbers.adjoints.get(var.name)
            text = "" if value is None else array_cell(value)
            shape = shape_text(var.type.shape) if var.type.shape else ""
            yield Row(self._adjoint(var).text, self.n.sum(terms).text, text, shape)

    def _contribution(self, edge: Edge) -> Piece:
        n, partial = self.n, edge.partial
        if not partial.is_factor:
            return partial.piece
        adjoint = self._adjoint(edge.result)
        if partial.text == n.number("1").text:
            return adjoint
        if partial.text == n.literal("-1").text:
            return n.negative(adjoint)
        assert partial.factor is not None
        arrays = bool(partial.factor.type.shape and edge.result.type.shape)
        return n.chain([adjoint, partial.piece], [ELEMENTS if arrays else "*"])

    def _substituted(self) -> Step | None:
        study = self.study
        if not study.scalar:
            return None
        sizes = formula_sizes(study.equations)
        blocks: list[Block] = []
        for route in study.routes:
            paths = [term.path for term in route.terms]
            values = [edge.partial.value for path in paths for edge in path]
            if not paths or any(value is None for value in values):
                continue
            if sum(sizes.get(value, 1) for value in values if value) > _MOST_SUBSTITUTED:
                continue
            wanted = [value for value in values if type(value) is Var]
            parts = only_needed(study.equations, wanted)
            everything = Formulas(parts, lambda var: True, number=number, notation=self.n)
            found = self._factors(paths, everything).text
            if found != self._factors(paths).text:
                total = self.n.total(study.output.name, route.start.name).text
                blocks.append(Display((Row(total, found),)))
        return Step(("Substitute back",), tuple(blocks)) if blocks else None

    def _result(self) -> Step | None:
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
                rows.append(self._row(left, formulas.piece(value), text))
                rows += self._shorter(value, formulas, route)
            elif text:
                rows.append(Row(left, self._written(text)))
        if rows:
            blocks.append(Display(tuple(rows)))
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
        return self._adjoint(var).text

    def _case(self, case: Case, formulas: Formulas) -> Iterator[Block]:
        n = self.n
        conditions = [
            n.infix(order, formulas.piece(left), formulas.piece(right))
            for left, order, right in case.holds
        ]
        words: list[str | Math | Code] = ["Where "]
        for i, condition in enumerate(conditions):
            words += [" and " if i else "", Math(condition.text)]
        kink = any(order == "==" for _, order, _ in case.holds)
        yield Paragraph((*words, ", a kink:" if kink else ":"))
        rows: list[Row] = []
        for route, value in zip(self.study.routes, case.values, strict=True):
            rows.append(Row(self._left(route.start), formulas.piece(value).text))
            rows += self._shorter(value, formulas, None)
        yield Display(tuple(rows))

    def _shorter(self, value: Atom, formulas: Formulas, route: Route | None) -> Iterator[Row]:
        """The same as SymPy writes it, where that is shorter; of a route, with its number."""
        if self.algebra is None or type(value) is not Var:
            return
        known = self.numbers.adjoints.get(route.start.name) if route else None
        at = self.numbers.values if known is not None else {}
        piece = self.algebra.simplified(value, formulas.piece(value).text, at, known)
        if piece is not None:
            yield Row("", piece.text, remark="by SymPy")

    # Parts

    def _display(self, rows: Sequence[Row], what: str) -> Iterator[Block]:
        if len(rows) <= self.most:
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

    def _adjoint(self, var: Var) -> Piece:
        return self.n.adjoint(var.name, self.study.adjoint_names[var])

    def _math(self, var: Var) -> Math:
        return Math(self.n.name(var.name).text)

    def _listed(self, variables: Sequence[Var]) -> Words:
        words: list[str | Math | Code] = []
        for i, var in enumerate(variables):
            if i:
                words.append(" and " if i == len(variables) - 1 else ", ")
            words.append(self._math(var))
        return tuple(words)

    def _value(self, var: Var) -> str:
        value = self.numbers.values.get(var.name)
        return "" if value is None else array_cell(value)

    def _number(self, atom: Atom | None) -> str:
        if atom is None or not self.numbers.values:
            return ""
        if type(atom) is Lit:
            return number(float(atom.value))
        value = self.numbers.atoms.get(atom)
        return "" if value is None else array_cell(value)


def _opens(statement: Statement) -> str:
    """The option that explains the function that a statement calls."""
    called = [eq.param("graph").name for eq in statement.equations if eq.op == "call"]
    return " ".join(f"--into {name}" for name in dict.fromkeys(called))


def _operators(path: Path) -> list[str]:
    """What stands between the factors of a path, from the output on: matrices are multiplied as
    such."""
    matrices = [bool(edge.jacobian.shape) for edge in reversed(path)]
    return ["@" if both else "*" for both in map(all, pairwise(matrices))]


def _middle_left_out(lines: Sequence[str], most: int) -> list[str]:
    if len(lines) <= most:
        return list(lines)
    half = most // 2
    return [*lines[:half], f"... ({len(lines) - 2 * half} statements)", *lines[-half:]]
