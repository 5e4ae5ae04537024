"""Equations into the statements of one function body.

A named quantity has a line of its own.  An anonymous one is written in place where it is
used once and the line stays short; otherwise it gets a name made from the statement that it
is a part of.  Loops are written by `loops`, which says which names their results have.

Invariant: every quantity is computed by exactly one expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gradc.ir.dims import Dim
from gradc.ir.graph import REAL, Atom, DType, Equation, Graph, Lit, Var
from gradc.ops.control import Loop
from gradc.targets.statements.calls import Calls
from gradc.targets.statements.identifiers import Identifiers
from gradc.targets.statements.notes import Notes
from gradc.targets.statements.operands import Operands
from gradc.targets.statements.parts import (
    PART_WIDTH,
    SUM_WIDTH,
    estimated_width,
    is_view,
)
from gradc.targets.statements.places import Place
from gradc.targets.statements.scopes import once_more, stem
from gradc.targets.statements.style import Style
from gradc.targets.statements.tree import (
    Assign,
    AugAssign,
    Binary,
    Call,
    Expr,
    ExprStmt,
    Name,
    Stmt,
    TupleAssign,
)

if TYPE_CHECKING:
    from gradc.targets.statements.carried import LoopFacts, Step


class Body(Operands):
    """Writes equations as statements, in one scope of identifiers."""

    def __init__(self, style: Style, identifiers: Identifiers, calls: Calls) -> None:
        super().__init__(style, identifiers, Notes(calls.plain_results, calls.plain_reals))
        self.calls = calls
        self.statements: list[Stmt] = []
        self.facts: dict[Var, LoopFacts] = {}  # of the loops in a loop, by their first result
        self.indices: list[str] = []  # of the loops around, outermost first
        self.owned: set[Var] = set()  # arrays that nothing else refers to
        self._uses: dict[Var, int] = {}
        self._places: dict[Var, Place] = {}
        self._copies: dict[Var, list[Place]] = {}
        self._steps: dict[Var, tuple[str, Step]] = {}
        self._absorbed: dict[Var, Equation] = {}
        self._same: dict[Var, list[Var]] = {}  # what is written as the name of others

    def write(
        self,
        equations: Sequence[Equation],
        results: Sequence[Var],
        before: Mapping[int, Stmt] | None = None,
        in_place: bool = False,
    ) -> None:
        """Append the statements of equations; `results` are read after them.

        `before` holds statements to be written before the equation with that number; the
        number after the last one stands for the end.  A result is read by its name, or by its
        expression if it may be written `in_place`.
        """
        self.notes.add(equations)
        self.once_more = once_more(equations)
        self.count(equations, results, in_place)
        ahead = before or {}
        for number in range(len(equations) + 1):
            if number in ahead:
                self.statements.append(ahead[number])
            if number < len(equations):
                self.equation(equations[number])

    def saved(self, equations: Iterable[Equation]) -> None:
        """Note what is special about results of equations that are written elsewhere."""
        self.notes.add(equations)

    def count(
        self,
        equations: Sequence[Equation],
        results: Sequence[Var],
        in_place: bool = False,
        outside: Iterable[Atom] = (),
    ) -> None:
        """Count how often quantities are read, by equations and as results.

        What stands `outside` of a loop is read again by its next step, and counts as such.
        """
        uses: dict[Var, int] = {}
        for equation in equations:
            for var in equation.inputs():
                uses[var] = uses.get(var, 0) + 1
            if equation.op == "loop":  # what is read in each step is computed once, before it
                for atom in Loop.of(equation).captured:
                    if type(atom) is Var:
                        uses[atom] += 1
        for var in results:
            uses[var] = uses.get(var, 0) + (1 if in_place else 2)
        for atom in outside:
            if type(atom) is Var:
                uses[atom] = max(uses.get(atom, 0) + 1, self.uses(atom))
        self._uses.update(uses)
        self._adopt_names(equations)
        if self.style.arrays is not None:
            self.extents.note(equations, results)

    def _adopt_names(self, equations: Sequence[Equation]) -> None:
        """Have what a loop goes on with called as the loop's result: the same quantity so far,
        if nothing else reads it."""
        for equation in reversed(equations):
            if equation.op == "loop":
                loop = Loop.of(equation)
                for first, final in zip(loop.initial, loop.finals, strict=True):
                    if type(first) is Var and "%%" in first.name and stem(first) == stem(final):
                        named = not final.anonymous or final in self.names
                        if named and self.uses(first) == 1 and first not in self.names:
                            self.names[first] = self.identifier(final)

    def uses(self, var: Var) -> int:
        """How often a quantity is read."""
        return self._uses.get(var, 0)

    def is_last_reader(self, var: Var) -> bool:
        """Whether nothing else reads what a quantity is written as, where that is a name of
        another one."""
        todo = [var]
        while todo:
            same = self._same.get(todo.pop(), ())
            if any(self.uses(each) > 1 for each in same):
                return False
            todo += same
        return True

    # Where results go

    def place(self, var: Var, place: Place) -> None:
        """Have a quantity written to a place, and nowhere else."""
        self._places[var] = place

    def place_of(self, var: Var) -> Place | None:
        """The place where a quantity is written instead of to a name."""
        return self._places.get(var)

    def copy(self, var: Var, place: Place) -> None:
        """Have a quantity stored at a place, too, as soon as it is known."""
        self._copies.setdefault(var, []).append(place)

    def accumulate(self, result: Var, name: str, step: Step) -> None:
        """Have a sum written as one onto the quantity of that name."""
        self._steps[result] = (name, step)
        if step.absorbed is not None:
            self._absorbed[step.absorbed.out] = step.absorbed

    @contextmanager
    def block(self) -> Iterator[list[Stmt]]:
        """Have what is written go to a block of its own."""
        outer, self.statements = self.statements, []
        try:
            yield self.statements
        finally:
            self.statements = outer

    # Statements

    def _store(self, place: Place, value: Expr, comment: str | None = None) -> None:
        self.statements.append(self.style.store(self, place, value, comment))

    def equation(self, equation: Equation) -> None:
        """Append what computes the results of an equation."""
        out = equation.out
        if out in self._absorbed:
            return
        if out in self._steps:
            self._accumulate(equation, *self._steps[out])
        elif equation.op == "loop":
            from gradc.targets.statements.loops import write_loop

            write_loop(self, equation)
        elif equation.op == "call":
            self._call(equation)
        elif equation.op != "broadcast" or not self._left_spread(equation):
            self._define(equation, self._spelled(equation))

    def _left_spread(self, equation: Equation) -> bool:
        """Leave it to what reads a repeated quantity to repeat it, if that does."""
        arrays = self.style.arrays
        if arrays is None or self.plain(equation.args[0]):
            return False
        operand = equation.args[0]
        if operand in self.extents.partial:  # one number, which is repeated in any shape
            number = self.atom(operand)
            if not self._lacks_axes(equation, number):
                self._define(equation, arrays.filled(self, number, equation.out.type.shape))
            return True
        return self._lacks_axes(equation, arrays.spread(self, equation, self._operands(equation)))

    def _lacks_axes(self, equation: Equation, value: Expr) -> bool:
        """Write a result without all its axes, if it is repeated wherever it is read."""
        out, axes = equation.out, self.extents.of(equation)
        if axes is None:
            return False
        if out in self._places:
            self._store(self._places[out], value, self.comment(equation, out))
            return True
        if not self._may_be_in_place(out) or not self.extents.may_lack_axes(out):
            return False
        self.extents.partial[out] = axes
        if self._fits_in_place(equation, value) or is_view(value):
            self.written[out] = value
        else:
            self.statements.append(Assign(self.identifier(out), value))
            self.width[out] = len(self.identifier(out))
        return True

    def _operands(self, equation: Equation) -> list[Expr]:
        if len(equation.args) == 1 and type(equation.args[0]) is not Var:
            return [self.atom(equation.args[0])]
        literal = self.atom if self._of_single_numbers(equation) else self.number
        return [literal(arg) for arg in equation.args]

    def _of_single_numbers(self, equation: Equation) -> bool:
        """Whether no operand is an array, beside which a literal would have its precision."""
        return self.single is not None and all(map(self.is_number, equation.args))

    def _spelled(self, equation: Equation) -> Expr:
        value = self.style.spell(self, equation, self._operands(equation))
        if isinstance(value, Call) and isinstance(value.func, str):
            if value.func in self.style.helpers(equation):
                self.helper(value.func)
            self.uses_module |= value.func.startswith(f"{self.style.module}.")
        return value

    def _define(self, equation: Equation, value: Expr) -> None:
        """Write a result in place, or to the name or the place that it has."""
        out, arrays = equation.out, self.style.arrays
        if equation.op != "broadcast" and self.extents.of(equation) is not None:
            if self._lacks_axes(equation, value):
                return
            assert arrays is not None
            value = arrays.filled(self, value, out.type.shape)
        if out.type.shape and arrays is not None and arrays.makes(value):
            self.owned.add(out)
        comment = self.comment(equation, out)
        if out in self._places:
            self._store(self._places[out], value, comment)
        elif self._may_be_in_place(out) and self._fits_in_place(equation, value):
            self.written[out] = value
            if isinstance(value, Name):
                self._same[out] = [
                    var for var in equation.inputs() if self.written.get(var) == value
                ]
        else:
            name = self.identifier(out)
            if value != Name(name):  # a carried quantity that stays as it is
                self.statements.append(Assign(name, value, comment))
            self.width[out] = len(name)
            self.defined(out)

    def _may_be_in_place(self, out: Var) -> bool:
        return out.anonymous and out not in self.names and out not in self._copies

    def defined(self, out: Var) -> None:
        """Note that a quantity is known under its name."""
        for place in self._copies.get(out, ()):
            self._store(place, self.name(out))

    def comment(self, equation: Equation, out: Var) -> str | None:
        """The author's statement, beside a quantity that has a name of the author's."""
        place = self._places.get(out)
        named = not out.anonymous or out in self.names or (place is not None and place.named)
        return equation.origin.text if equation.origin and named else None

    def _call(self, equation: Equation) -> None:
        """`a, b = function(x, y, N)`."""
        graph: Graph = equation.param("graph")
        callee = self.calls.callees[graph]
        args = self._arguments(graph, equation.args)
        args += [self.size(Dim.of(name)) for name in callee.sizes]
        value = Call(callee.name, tuple(args))
        if len(graph.outputs) == 1:
            self._define(equation, value)
            return
        targets = tuple(self.identifier(v) if self.uses(v) else "_" for v in equation.outs)
        named = next((v for v in equation.outs if self.comment(equation, v)), equation.out)
        self.statements.append(TupleAssign(targets, value, self.comment(equation, named)))
        for out in equation.outs:
            self.defined(out)

    def _arguments(self, graph: Graph, args: Sequence[Atom]) -> list[Expr]:
        """The operands of a function, which takes NumPy's numbers for real scalars, and
        literals where they do no harm."""
        values = [self.atom(arg) for arg in args]
        if self.style.guard_plain is not None:
            reals = [i for i, arg in enumerate(args) if arg.type == REAL and self.plain(arg)]
            literals = frozenset(i for i in reals if type(args[i]) is Lit)
            taken = self.calls.takes_floats(graph, literals) if literals else False
            for i in reals:
                if i not in literals or not taken:
                    values[i] = self.style.guard_plain(values[i], DType.REAL)
        return values

    def _accumulate(self, equation: Equation, name: str, step: Step) -> None:
        """A sum onto what a loop carries, in its place."""
        out = equation.out
        comment = self.comment(equation, out)
        self.statements.append(self._added(out, name, step)._replace(comment=comment))
        self.call(out, name)
        self.owned.add(out)
        self.defined(out)

    def _added(self, out: Var, name: str, step: Step) -> AugAssign | ExprStmt:
        arrays = self.style.arrays
        if arrays is not None and step.absorbed is not None:
            added = arrays.add_at(self, Name(name), step.op, step.absorbed)
            if added is not None:
                return added
            self.written[step.absorbed.out] = self._spelled(step.absorbed)
        if arrays is not None and out.type.shape:
            return arrays.add(self, name, step.op, step.part)
        part = self.number(step.part) if self.single is None else self.atom(step.part)
        return AugAssign(name, step.op, part)

    def _fits_in_place(self, equation: Equation, value: Expr) -> bool:
        out = equation.out
        if self.uses(out) > 1:
            return False
        width = estimated_width(equation, value, self.width)
        if width > (SUM_WIDTH if isinstance(value, Binary) and value.op in "+-" else PART_WIDTH):
            return False
        self.width[out] = width
        return True
