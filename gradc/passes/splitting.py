"""A graph that reduces over rows of data, in parts that see some rows at a time: `split`.

The graph is cut at its reductions over the rows.  What is computed before them, row by row, makes
a stage: a graph from some rows to the sums for them.  Sums for parts of the rows are joined, and
what has no rows is computed from them: between the stages what the next one reads, and at last
the outputs.  A derivative is a graph as any other, so its sums over rows, the gradient say, are
found in the same way as those of the value.

How many stages there are, and so how often the rows are read, depends on what reads what: a row
that reads a sum over all rows belongs to a later stage.  Where it is only multiplied by it, as
adjoints are by those of sums, the factor is kept apart (`terms`) and applied to the sum of the
products instead: `sum(c*x) = c*sum(x)`.  So a mean has one stage, its gradient included.

Invariant: the stages have the value of the whole, to rounding.  Raises `MixedRowsError` where an
equation brings rows together otherwise.  Deliberately absent: reading rows and running stages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from gradc.ir.graph import Atom, DType, Equation, Graph, Lit, Param, Size, Var
from gradc.ops.builder import Builder
from gradc.ops.table import PRIMITIVES
from gradc.passes.inline import inlined
from gradc.passes.row_axis import MixedRowsError, effect, held_effect, makes_zeros, row_axis
from gradc.passes.stages import Cut, Split

_MOST_TERMS = 8

Params = tuple[tuple[str, Param], ...]
Terms = list[tuple["Var | None", Var]]  # factors without rows, and what they multiply


def split(graph: Graph, rows: str, known_length: bool) -> Split:
    """The parts of a graph that has `rows`, the name of a size, among its shapes.

    With `known_length` the number of rows may be read in the first stage.  Raises MixedRowsError.
    """
    return _Splitting(graph, rows, known_length).result()


class _Splitting:
    def __init__(self, graph: Graph, rows: str, known_length: bool) -> None:
        self.graph = graph
        self.rows = rows
        self.first_length = 0 if known_length else 1
        self.b = Builder(graph.names())
        self.level: dict[Var, int] = dict.fromkeys(graph.inputs, 0)
        self.cuts: dict[Var, tuple[int, str]] = {}
        self.terms: dict[Var, Terms] = {}
        self.counters: set[Var] = set()
        self.zeros: set[Var] = set()
        self.lengths: dict[Size, Var] = {}

    def result(self) -> Split:
        for var in self.graph.inputs:
            self._axis(var)
        for equation in _flat(self.b, self.graph.equations):
            try:
                self._step(self._with_lengths(equation))
            except MixedRowsError as error:
                raise MixedRowsError(str(error), error.equation or equation) from None
        for var in self.graph.outputs:
            if self._axis(var) is not None:
                raise MixedRowsError(f"`{var.name}` has an element for each row")
        return Cut(self.graph, self.rows, self.b.equations, self.cuts, self.lengths).split()

    def _axis(self, atom: Atom) -> int | None:
        return row_axis(atom.type, self.rows)

    def _level(self, atom: Atom) -> int:
        return self.level[atom] if type(atom) is Var else 0

    # Equations

    def _with_lengths(self, equation: Equation) -> Equation:
        """The equation with inputs for the sizes that depend on the number of rows."""
        args = tuple(
            self._length(arg) if type(arg) is Size and self.rows in arg.dim.names() else arg
            for arg in equation.args
        )
        return equation if args == equation.args else equation._replace(args=args)

    def _length(self, size: Size) -> Var:
        if size not in self.lengths:
            var = Var(self.b.unique("length"), size.type)
            self.lengths[size] = var
            self.level[var] = self.first_length
        return self.lengths[size]

    def _step(self, equation: Equation) -> None:
        self.b.origin, self.b.stem = equation.origin, equation.out.name.split("%")[0]
        late = [arg for arg in dict.fromkeys(equation.inputs()) if arg in self.terms]
        if late:
            if self._distributed(equation, late):
                return
            for var in late:
                self._settle(var)
        elif self._begins(equation):
            return
        if equation.op == "softmax" and self._over_rows(equation):
            self._softmax(equation)
        elif equation.op == "unit" and self._over_rows(equation):
            self._unit(equation)
        else:
            self._place(equation)

    def _place(self, equation: Equation) -> None:
        """Append an equation, and find the stage of its results."""
        level = max(map(self._level, equation.args), default=0)
        if equation.op in ("call", "loop"):
            quiet = [False] * len(equation.args)
            joins = ["sum" if s else None for s in self._held(equation, quiet)]
        elif any(self._axis(atom) is not None for atom in (*equation.args, equation.out)):
            joins = [effect(equation, self.rows, self.counters).joins]
        else:
            joins = [None]
        self.b.append(equation)
        for out, join in zip(equation.outs, joins, strict=True):
            self._axis(out)
            self.level[out] = level
            if join is not None:
                if out.type.dtype is DType.BOOL:
                    raise MixedRowsError("a truth about all rows is read")
                self.cuts[out] = (level, join)
                self.level[out] = level + 1
        if equation.op == "iota" and equation.param("size").symbol == self.rows:
            self.counters.add(equation.out)
        if makes_zeros(equation):
            self.zeros.add(equation.out)

    def _held(self, equation: Equation, quiet: Sequence[bool]) -> Sequence[bool]:
        return held_effect(equation, self.rows, quiet, self.zeros)

    def _emit(self, op: str, args: tuple[Atom, ...], params: Params = ()) -> Var:
        """The result of a new equation."""
        kind = PRIMITIVES[op].type_rule([arg.type for arg in args], dict(params))
        out = Var(self.b.fresh(self.b.stem), kind)
        self._place(Equation(out, op, args, params, self.b.origin))
        return out

    def _over_rows(self, equation: Equation) -> bool:
        axis = self._axis(equation.args[0])
        return axis is not None and axis in equation.param("axes")

    def _softmax(self, equation: Equation) -> None:
        """`exp(x - logsumexp(x))`, whose reduction over the rows can be joined."""
        total = self._spread(self._emit("logsumexp", equation.args, equation.params), equation)
        shifted = self._emit("sub", (equation.args[0], total))
        self._place(equation._replace(op="exp", args=(shifted,), params=()))

    def _unit(self, equation: Equation) -> None:
        """`x / norm(x)`, which is 0 at 0."""
        norm = self._emit("norm", equation.args, equation.params)
        at_zero = self._emit("eq", (norm, Lit(0.0)))
        divisor = self._emit("select", (at_zero, Lit(inf), norm))
        args = (equation.args[0], self._spread(divisor, equation))
        self._place(equation._replace(op="div", args=args, params=()))

    def _spread(self, reduced: Var, equation: Equation) -> Var:
        """A reduction over some axes, repeated along them; a scalar as it is."""
        axes, shape = equation.param("axes"), equation.out.type.shape
        if len(axes) == len(shape):
            return reduced
        kept = tuple(axis for axis in range(len(shape)) if axis not in axes)
        return self._emit("broadcast", (reduced,), (("shape", shape), ("axes", kept)))

    # Factors without rows, kept apart from what they multiply

    def _later(self, factor: Atom, of: Atom) -> bool:
        """Whether a factor is a number that is known only after some rows are summed."""
        if type(factor) is not Var or factor.type.shape or factor.type.dtype is not DType.REAL:
            return False
        return factor not in self.terms and self._level(factor) > self._level(of)

    def _begins(self, equation: Equation) -> bool:
        """Note a product of rows with a number that is known only later."""
        out, args = equation.out, equation.args
        if out.type.dtype is not DType.REAL or equation.others or self._axis(out) is None:
            return False
        found: tuple[Var, Atom] | None = None
        if equation.op == "broadcast" and self._later(args[0], Lit(1.0)):
            params = (("shape", out.type.shape), ("axes", ()))
            found = self._number(args[0]), self._emit("broadcast", (Lit(1.0),), params)
        elif equation.op == "mul":
            for factor, of in (args, args[::-1]):
                if self._axis(of) is not None and self._later(factor, of):
                    found = self._number(factor), of
        elif equation.op == "div" and self._axis(args[0]) is not None and self._later(*args[::-1]):
            found = self._emit("div", (Lit(1.0), args[1])), args[0]
        if found is None or type(found[1]) is not Var:
            return False
        self.terms[out] = [(found[0], found[1])]
        return True

    def _number(self, atom: Atom) -> Var:
        assert type(atom) is Var
        return atom

    def _distributed(self, equation: Equation, late: Sequence[Var]) -> bool:
        """Apply an equation that is linear in such products to what is multiplied; false where
        it is not."""
        if equation.others or equation.out.type.dtype is not DType.REAL:
            return False
        if equation.op in ("add", "sub"):
            terms = self._added(equation)
        elif len(late) == 1 and equation.args.count(late[0]) == 1:
            terms = self._applied(equation, late[0])
        else:
            terms = None
        if terms is None or len(terms) > _MOST_TERMS:
            return False
        if self._axis(equation.out) is not None:
            self.terms[equation.out] = terms
        else:
            self._total(equation.out, terms)
        return True

    def _added(self, equation: Equation) -> Terms | None:
        if any(type(arg) is not Var or self._axis(arg) is None for arg in equation.args):
            return None
        left, right = (self.terms.get(arg, [(None, arg)]) for arg in equation.inputs())
        terms = dict(left)
        for factor, of in right:
            if factor in terms:
                terms[factor] = self._emit(equation.op, (terms[factor], of))
            else:
                terms[factor] = of if equation.op == "add" else self._emit("neg", (of,))
        return list(terms.items())

    def _applied(self, equation: Equation, late: Var) -> Terms | None:
        place = equation.args.index(late)
        others = [arg for i, arg in enumerate(equation.args) if i != place]
        row = PRIMITIVES[equation.op]
        if (
            equation.op in ("mul", "div")
            and not others[0].type.shape
            and not (equation.op == "div" and place)
        ):
            return [
                self._scaled(equation.op, factor, of, others[0]) for factor, of in self.terms[late]
            ]
        chosen = equation.op == "select" and place and Lit(0.0) in others
        linear = row.transpose is not None and (not row.linear or place in row.linear)
        scaled = equation.op in ("neg", "copy", "mul") or (equation.op == "div" and not place)
        if not (chosen or linear or scaled):
            return None
        found: Terms = []
        for factor, of in self.terms[late]:
            args = (*equation.args[:place], of, *equation.args[place + 1 :])
            found.append((factor, self._emit(equation.op, args, equation.params)))
        return found

    def _scaled(self, op: str, factor: Var | None, of: Var, number: Atom) -> tuple[Var | None, Var]:
        if self._later(number, of):
            return self._emit(op, (Lit(1.0) if factor is None else factor, number)), of
        return factor, self._emit(op, (of, number))

    def _total(self, out: Var, terms: Terms) -> None:
        """Define a variable as the sum of products."""
        total: Var | None = None
        for factor, of in terms:
            product = of if factor is None else self._emit("mul", (factor, of))
            total = product if total is None else self._emit("add", (total, product))
        assert total is not None
        self._place(Equation(out, "copy", (total,), (), self.b.origin))

    def _settle(self, var: Var) -> None:
        """Define what was kept in terms, for an equation that is not linear in it."""
        self._total(var, self.terms.pop(var))


def _flat(b: Builder, equations: Sequence[Equation]) -> Iterator[Equation]:
    """The equations with the bodies of functions in the place of their calls."""
    pending = list(reversed(equations))
    while pending:
        equation = pending.pop()
        if equation.op == "call":
            pending += reversed(inlined(b, equation))
        else:
            yield equation
