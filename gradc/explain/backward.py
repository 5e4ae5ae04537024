"""The chain rule backward, one quantity after the other: reverse mode by hand."""

from __future__ import annotations

from collections.abc import Iterator

from gradc.explain.chain import MOST_ROUTES
from gradc.explain.model import Block, Math, Row, Step, prose
from gradc.explain.network import MANY, Edge
from gradc.explain.scribe import Scribe
from gradc.ir.dims import shape_text
from gradc.report.notation import ELEMENTS, Piece
from gradc.report.numbers import array_cell

# Terms of a sum over all that reads a quantity.
_MOST_TERMS = 12


_WITHIN = prose(
    "A d in front of a name is the derivative of the output of the whole program with respect to "
    "that quantity. From the results back to what is read, each is a sum over all that reads the "
    "quantity: its own derivative times the local one."
)


class Backward(Scribe):
    """The step that goes from the output to the inputs."""

    def needed(self) -> bool:
        """Whether paths alone do not say it all."""
        if self.study.given:
            return bool(self.study.statements)
        if not self.study.routes:
            return False
        if self.study.through and all(route.terms for route in self.study.routes):
            return False
        if len(self.study.routes) > MOST_ROUTES:
            return True
        return not self.study.scalar or any(not route.terms for route in self.study.routes)

    def step(self) -> Step:
        """Every adjoint, from those of what reads the quantity."""
        if self.study.given:
            rows = list(self._adjoints())
            return Step(("Backward",), (_WITHIN, *self.display(rows, "derivatives")))
        study, n = self.study, self.n
        output = n.name(study.output.name)
        first = study.routes[0].start
        shape = (", in the shape of ", self.math(first)) if first.type.shape else ()
        part = " is the part of the derivative of " if study.through else " is the derivative of "
        words = prose(
            Math(self.adjoint(first).text),
            part,
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
                        self.math(route.start),
                        " to ",
                        Math(output.text),
                        ": going backward, each operation counts once.",
                    )
                )
        rows = list(self._adjoints())
        return Step(("Backward",), (*blocks, *self.display(rows, "derivatives")))

    def _adjoints(self) -> Iterator[Row]:
        study, given = self.study, self.study.given
        if not given:
            yield Row(self.adjoint(study.output).text, self.n.number("1").text)
        order = [var for statement in study.statements for var in statement.results]
        moving = study.elementary.moving
        for var in (*reversed(order), *study.elementary.wrt):
            if (var is study.output and not given) or var not in moving:
                continue
            uses = study.network.uses.get(study.network.node(var), ())
            edges = [edge for edge in uses if edge.operand is var]
            if not edges and var not in given:
                continue
            terms = [self.n.words(given[var])] if var in given else []
            terms += [self._contribution(edge) for edge in edges[:_MOST_TERMS]]
            if len(edges) > _MOST_TERMS:
                terms.append(self.n.words(f"{len(edges) - _MOST_TERMS:,} further terms"))
            value = None if study.through else self.numbers.adjoints.get(var.name)
            text = "" if value is None else array_cell(value)
            shape = shape_text(var.type.shape) if var.type.shape else ""
            yield Row(self.adjoint(var).text, self.n.sum(terms).text, text, shape)

    def _contribution(self, edge: Edge) -> Piece:
        n, partial = self.n, edge.partial
        if not partial.is_factor:
            return partial.piece
        adjoint = self.adjoint(edge.result)
        if partial.text == n.number("1").text:
            return adjoint
        if partial.text == n.literal("-1").text:
            return n.negative(adjoint)
        assert partial.factor is not None
        arrays = bool(partial.factor.type.shape and edge.result.type.shape)
        return n.chain([adjoint, partial.piece], [ELEMENTS if arrays else "*"])
