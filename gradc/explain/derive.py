"""The steps of a derivation, from a study and its numbers: `derive`.

The order is that of a textbook: intermediate variables, local partials, the chain rule along each
path and the sum over paths, everything substituted back, the result.  Where quantities are arrays
or paths are many, the chain rule goes backward, one quantity after the other.

Deliberately absent: how anything is laid out, and where numbers come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradc.ad.rules import differentiable
from gradc.explain.backward import Backward
from gradc.explain.chain import Chain
from gradc.explain.model import (
    Block,
    Code,
    Derivation,
    Display,
    Listing,
    Math,
    Row,
    Step,
    Words,
    prose,
)
from gradc.explain.network import Edge
from gradc.explain.result import Result
from gradc.explain.scribe import MOST_ROWS, Numbers, Scribe
from gradc.explain.study import THROUGH_STATEMENT, Study
from gradc.ir.dims import shape_text
from gradc.ir.graph import DType, Var
from gradc.ops.control import Loop
from gradc.ops.table import PRIMITIVES
from gradc.report.formula import Formulas
from gradc.report.formula_control import loop_heading
from gradc.report.notation import Notation, cut
from gradc.report.numbers import array_cell, number
from gradc.report.partials import Statement, statements

# A definition of more characters is cut.
_LONGEST = 240


def derive(study: Study, notation: Notation, numbers: Numbers, most: int = MOST_ROWS) -> Derivation:
    """All steps."""
    return _Derivation(study, notation, numbers, most).made()


class _Derivation(Scribe):
    def __init__(self, study: Study, notation: Notation, numbers: Numbers, most: int) -> None:
        super().__init__(study, notation, numbers, most)
        self.routes = {route.start: route for route in study.routes}
        self.definitions = Formulas(
            study.elementary.program.graph.equations,
            limit=_LONGEST,
            number=number,
            notation=notation,
        )

    def made(self) -> Derivation:
        """Everything, in order."""
        given = (self.study, self.n, self.numbers, self.most)
        chain, backward = Chain(*given), Backward(*given)
        parts = [
            self._variables(),
            self._partials(),
            *map(chain.step, chain.shown()),
            backward.step() if backward.needed() else None,
            chain.substituted(),
            Result(*given).step(),
            self._between_steps(),
        ]
        steps = tuple(step for step in parts if step is not None)
        return Derivation(self._title(), tuple(self._opening()), steps)

    def _title(self) -> Words:
        inner = self.study.inner
        if inner is not None and inner.carried:
            return ("One step of the loop that makes ", Math(self.n.name(inner.name).text))
        if inner is not None:
            return ("The derivative of the function ", Math(self.n.name(inner.name).text))
        along = self.study.through
        what = "The part of the derivative of " if along else "The derivative of "
        words: list[str | Math | Code] = [what, self.math(self.study.output)]
        if not self.study.wrt:
            return tuple(words)
        words.append(" with respect to ")
        words += self.listed(self.study.wrt)
        return (*words, " along paths through ", *self.listed(along)) if along else tuple(words)

    def _opening(self) -> Iterator[Block]:
        generated = self.study.elementary.generated
        shown = self.study.statements or tuple(statements(self.study.program.graph))
        own = [s for s in shown if s.result not in generated]
        texts = [text for text in map(self._text, own) if text]
        lines = [cut(text, _LONGEST) for text in dict.fromkeys(texts)]
        if lines:
            yield Listing("\n".join(_middle_left_out(lines, 12)))
        yield from self._authored()
        if self.study.inner is not None and self.study.inner.remark:
            yield prose(self.study.inner.remark)
        lost = [var for var in self.study.wrt if var not in self.routes]
        if self.study.inner is not None and not self.study.statements:
            yield prose("No derivative goes through any of this.")
        elif not self.study.wrt:
            yield prose(*self._nothing_to_derive())
        elif lost and not self.study.given:
            yield prose(
                self.math(self.study.output),
                " does not depend on ",
                *self.listed(lost),
                ": no path leads there, and the derivative is 0.",
            )

    def _nothing_to_derive(self) -> Words:
        inputs = self.study.program.graph.inputs
        if any(map(differentiable, inputs)):
            return ("No input is chosen that a derivative could be taken with respect to.",)
        output = self.math(self.study.output)
        if not inputs:
            return (output, " is a constant: it reads no input, so there is nothing to derive.")
        return ("No input of ", output, " is a real number, so it has no derivative.")

    def _text(self, statement: Statement) -> str:
        """A statement as its author wrote it."""
        origin = statement.equations[-1].origin
        known = origin.text if origin is not None else ""
        return self.study.authored.texts.get(statement.result, known)

    def _authored(self) -> Iterator[Block]:
        """The derivatives that the author of a function states."""
        inner = self.study.inner
        if inner is None or inner.authored is None:
            return
        graph = inner.authored
        formulas = Formulas(graph.equations, lambda var: True, notation=self.n, number=number)
        real = [var for var in graph.inputs if var.type.dtype is DType.REAL]
        yield prose(
            "The author states this derivative; it takes the place of what follows from the "
            "equations, which is derived here."
        )
        yield Display(
            tuple(
                Row(self.n.partial(inner.name, var.name).text, formulas.piece(out).text)
                for var, out in zip(real, graph.outputs, strict=True)
            )
        )

    def _between_steps(self) -> Step | None:
        """How adjoints go from one step of a loop to the one before."""
        inner = self.study.inner
        if inner is None or not (inner.carried or inner.shared):
            return None
        names = self.study.adjoint_names
        blocks: list[Block] = []
        for before, after in inner.carried:
            if before in names and after in names and before in self.study.elementary.moving:
                blocks.append(
                    prose(
                        "The loop runs backward: ",
                        Math(self.adjoint(before).text),
                        " of one step is ",
                        Math(self.adjoint(after).text),
                        " of the step before it; that of the first step is the adjoint of what ",
                        self.math(before),
                        " begins with.",
                    )
                )
        shared = [var for var in inner.shared if var in self.study.elementary.moving]
        if shared:
            blocks.append(
                prose(
                    "All steps read ",
                    *self.listed(shared),
                    ": what the steps contribute to their derivatives is added up over the steps.",
                )
            )
        return Step(("From step to step",), tuple(blocks)) if blocks else None

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
        blocks += self.display(rows, "quantities")
        return Step(("Intermediate variables",), tuple(blocks))

    def _given(self, var: Var) -> Row:
        number = array_cell(self.numbers.values[var.name])
        return Row(self.n.name(var.name).text, self.written(number))

    def _definition(self, statement: Statement) -> Row:
        n, last, result = self.n, statement.equations[-1], statement.result
        left = ", ".join(n.name(var.name).text for var in statement.results)
        shape = shape_text(result.type.shape) if result.type.shape else ""
        if result in self.study.hidden:
            text = self._text(statement)
            right = cut(text.partition(" = ")[2] or text, _LONGEST)
            return Row(left, n.words(right).text, self.value(result), shape)
        if last.op == "loop":
            heading = n.words(loop_heading(Loop.of(last)))
            return Row(left, heading.text, remark=f"--into {result.name}")
        remark = ", ".join(word for word in (shape, _opens(statement)) if word)
        return Row(left, self.definitions.definition(last), self.value(result), remark)

    def _partials(self) -> Step | None:
        rows = [self._partial(edge) for edge in self.study.network.edges]
        if not rows:
            return None
        kinks = tuple(self._kinks())
        if self.study.scalar:
            blocks = (*self.display(rows, "partials"), *kinks)
            return Step(("Local partial derivatives",), blocks)
        words = prose(
            "The Jacobian of a result in an operand has a row for each element of the result "
            "and a column for each of the operand."
        )
        return Step(("Local Jacobians",), (words, *self.display(rows, "Jacobians"), *kinks))

    def _kinks(self) -> Iterator[Block]:
        """What holds by convention where an operation has no derivative."""
        moving = self.study.elementary.moving
        used = {
            equation.op: PRIMITIVES[equation.op].kinks
            for statement in self.study.statements
            for equation in statement.equations
            if any(var in moving for var in equation.inputs())
        }
        for op, kinks in used.items():
            if kinks:
                at = ", ".join(map(number, kinks[0].at))
                place = f"at {at}" if len(kinks[0].at) == 1 else f"at ({at}), for instance"
                there = " and ".join(number(p) for p in kinks[0].partials if p is not None)
                verb = "derivative is" if len(kinks[0].at) == 1 else "derivatives are"
                yield prose(
                    Code(op), f" has a kink, {place}; there its {verb} {there}, by convention."
                )

    def _partial(self, edge: Edge) -> Row:
        n, jacobian = self.n, edge.jacobian
        left = n.partial(edge.result.name, edge.operand.name).text
        remark = ", ".join(word for word in (jacobian.shape, jacobian.kind) if word)
        if edge.result in self.study.hidden:
            return self._through(edge, left, remark)
        if jacobian.piece is not None:
            return self.row(left, jacobian.piece, self.number(jacobian.numbers), remark)
        if edge.partial.is_factor:
            return self.row(left, edge.partial.piece, self.number(jacobian.numbers), remark)
        adjoint = self.adjoint(edge.result)
        return Row(left, n.mapped(adjoint, edge.partial.piece).text, remark=remark)

    def _through(self, edge: Edge, left: str, remark: str) -> Row:
        """A partial of a statement that is one step: its number, where there is one."""
        number = self.number(edge.jacobian.numbers)
        if number:
            return Row(left, self.written(number), remark=remark)
        return Row(left, self.n.words(THROUGH_STATEMENT).text, remark=remark)


def _opens(statement: Statement) -> str:
    """The option that explains the function that a statement calls."""
    called = [eq.param("graph").name for eq in statement.equations if eq.op == "call"]
    return " ".join(f"--into {name}" for name in dict.fromkeys(called))


def _middle_left_out(lines: Sequence[str], most: int) -> list[str]:
    if len(lines) <= most:
        return list(lines)
    half = most // 2
    return [*lines[:half], f"... ({len(lines) - 2 * half} statements)", *lines[-half:]]
