"""The chain rule along paths: products of local derivatives, summed over the paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from gradc.explain.closed import formula_sizes
from gradc.explain.model import Block, Code, Display, Math, Row, Step, Words, prose
from gradc.explain.network import Path
from gradc.explain.scribe import Scribe
from gradc.explain.study import Route
from gradc.ir.graph import Atom, Var
from gradc.passes.dead import only_needed
from gradc.report.formula import Formulas
from gradc.report.notation import Piece
from gradc.report.numbers import number

# Operations in a derivative with everything substituted back.
_MOST_SUBSTITUTED = 60

#: Inputs whose paths are written down.
MOST_ROUTES = 12

# Factors in a sum over paths that is written out.
_SHORT_SUM = 6


class Chain(Scribe):
    """The steps that follow paths."""

    def shown(self) -> list[Route]:
        """The inputs whose paths are written down; none where that would be many."""
        found = [route for route in self.study.routes if route.terms]
        return found if len(found) <= MOST_ROUTES else []

    def step(self, route: Route) -> Step:
        """How one input reaches the output."""
        study, n = self.study, self.n
        start, output = n.name(route.start.name), n.name(study.output.name)
        blocks: list[Block] = []
        if len(route.terms) == 1:
            through = (" through ", *self.listed(study.through)) if study.through else ()
            blocks.append(
                prose(
                    "One path",
                    *through,
                    " leads from ",
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
                    f" along {len(route.terms)} paths",
                    *((" through ", *self.listed(study.through)) if study.through else ()),
                    ". This part" if study.through else ". The total derivative",
                    " is the sum, over all paths, of the products along them.",
                )
            )
            for i, term in enumerate(route.terms, 1):
                blocks.append(prose(f"Path {i}: ", *self._stops(term.path)))
                rows = self._products(self.n.words(f"path {i}"), term.path, term.product)
                blocks.append(Display(tuple(rows)))
        blocks.append(Display(tuple(self._sum(route))))
        several = (" for ", self.math(route.start)) if len(self.study.routes) > 1 else ()
        return Step(("The chain rule", *several), tuple(blocks))

    def substituted(self) -> Step | None:
        """The sums over paths without any intermediate variable; of scalars, and where short."""
        study = self.study
        if not study.scalar:
            return None
        sizes = formula_sizes(study.equations)
        blocks: list[Block] = []
        for route in self.shown():
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
                total = self._total(route)
                blocks.append(Display((Row(total, found),)))
        return Step(("Substitute back",), tuple(blocks)) if blocks else None

    def _total(self, route: Route) -> str:
        """What the sum over the paths of an input is: its derivative, or only a part of that."""
        if not self.study.through:
            return self.n.total(self.study.output.name, route.start.name).text
        several = len(self.study.routes) > 1
        return self.n.words(f"part for {route.start.name}" if several else "this part").text

    def _stops(self, path: Path) -> Words:
        stops = [path[0].operand, *(edge.result for edge in path)] if path else []
        words: list[str | Math | Code] = []
        for var in stops:
            words += ["" if not words else " \N{RIGHTWARDS ARROW} ", self.math(var)]
        return tuple(words)

    def _products(self, left: Piece, path: Path, product: Atom | None) -> Iterator[Row]:
        yield Row(left.text, self._symbols([path]).text)
        yield Row("", self._factors([path]).text)
        value = self.number(product)
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
        total = self._total(route)
        if sum(map(len, paths)) <= _SHORT_SUM or len(paths) == 1:
            yield Row(total, self._symbols(paths).text)
            yield Row("", self._factors(paths).text)
        else:
            named = [self.n.words(f"path {i}") for i in range(1, len(paths) + 1)]
            yield Row(total, self.n.sum(named).text)
        if len(paths) == 1 and len(paths[0]) > 1:
            yield from self._multiplied(paths[0])
        products = [self.number(term.product) for term in route.terms]
        if all(products) and len(products) > 1:
            numbers = [self.n.literal(text) for text in products]
            yield Row("", self.n.sum(numbers).text)
        if self.number(route.total):
            yield Row("", self.n.literal(self.number(route.total)).text)

    def _multiplied(self, path: Path) -> Iterator[Row]:
        """The numbers of the factors of a path."""
        texts = [self.number(edge.partial.value) for edge in reversed(path)]
        if all(texts):
            yield Row("", self.n.chain(list(map(self.n.literal, texts)), _operators(path)).text)


def _operators(path: Path) -> list[str]:
    """What stands between the factors of a path, from the output on: matrices are multiplied as
    such."""
    matrices = [bool(edge.jacobian.shape) for edge in reversed(path)]
    return ["@" if both else "*" for both in map(all, pairwise(matrices))]
