"""Appending equations to a graph under construction.

`emit` appends exactly what it is asked for; it serves the front end, which keeps the author's
operations as written.  `apply`, `scale`, `sum`, `broadcast` and `contract` serve derivatives:
they simplify where the result is identical for every double, NaN and infinities included, so
structural zeros and ones never enter the graph.

A structural zero is `None` here, never a literal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, Equation, Lit, Origin, Var
from gradc.ops.control import result_types
from gradc.ops.expr import Expr, Leaf
from gradc.ops.primitive import Partial
from gradc.ops.rewrites import REWRITES, folded
from gradc.ops.table import PRIMITIVES

ParamList = tuple[tuple[str, Any], ...]

_NO_PARAMS: dict[str, Any] = {}


class Builder:
    """Equations in order of definition, with unique names."""

    def __init__(self, taken: Iterable[str] = (), share: bool = False) -> None:
        self.share = share  # whether an equation that was written before is used again
        self.equations: list[Equation] = []
        self.origin: Origin | None = None
        self.stem = ""  # anonymous quantities are named after the statement they belong to
        self._taken = set(taken)
        self._counts: dict[str, int] = {}
        self._definitions: dict[Var, Equation] = {}
        self._starts: dict[Var, list[Dim]] = {}
        self._written: dict[tuple[str, tuple[Atom, ...], ParamList], Var] = {}

    def nested(self) -> Builder:
        """A builder for a graph within this one, in the same scope of names."""
        inner = Builder(share=self.share)
        inner.origin, inner.stem = self.origin, self.stem
        inner._taken, inner._counts = self._taken, self._counts
        return inner

    # Names

    def unique(self, name: str) -> str:
        """The name, with underscores appended until nothing else has it."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def fresh(self, stem: str) -> str:
        """A new anonymous name."""
        count = self._counts.get(stem, 0) + 1
        name = f"{stem}%{count}"
        while name in self._taken:
            count += 1
            name = f"{stem}%{count}"
        self._counts[stem] = count
        self._taken.add(name)
        return name

    # Equations

    def emit(
        self, op: str, args: tuple[Atom, ...], params: ParamList = (), name: str | None = None
    ) -> Var:
        """Append `name = op args` and return its variable; anonymous without a name."""
        if name is None and self._shares(op, args):
            written = self._written.get((op, args, params))
            if written is not None:
                return written
        rule = PRIMITIVES[op].type_rule
        result = rule([arg.type for arg in args], dict(params) if params else _NO_PARAMS)
        out = Var(name or self.fresh(self.stem), result)
        self.append(Equation(out, op, args, params, self.origin))
        return out

    def emit_all(
        self, op: str, args: tuple[Atom, ...], params: ParamList, names: Sequence[str | None] = ()
    ) -> tuple[Var, ...]:
        """Append an equation that holds graphs, and return all its results; those without a
        name are anonymous."""
        types = result_types(op, dict(params))
        wishes = [*names, *([None] * (len(types) - len(names)))]
        outs = tuple(
            Var(wish or self.fresh(self.stem), kind)
            for wish, kind in zip(wishes, types, strict=True)
        )
        self.append(Equation(outs[0], op, args, params, self.origin, outs[1:]))
        return outs

    def define(self, out: Var, value: Atom, mark: int) -> None:
        """Define a variable as a value: by the last equation, where that computes the value and
        was written after so many others."""
        last = self.equations[-1] if len(self.equations) > mark else None
        if type(value) is not Var or last is None or value not in last.outs:
            self.append(Equation(out, "copy", (value,), (), self.origin))
            return
        self.equations.pop()
        for each in last.outs:
            del self._definitions[each]
        key = (last.op, last.args, last.params)
        if self._written.get(key) is last.out:
            del self._written[key]
        first, *others = (out if each is value else each for each in last.outs)
        self.append(last._replace(out=first, others=tuple(others)))

    def append(self, equation: Equation) -> None:
        """Append an equation as it is."""
        self.equations.append(equation)
        for out in equation.outs:
            self._definitions[out] = equation
        if self._shares(equation.op, equation.args):
            self._written.setdefault((equation.op, equation.args, equation.params), equation.out)

    def _shares(self, op: str, args: tuple[Atom, ...]) -> bool:
        """Whether such equations are shared: 0.0 equals -0.0, but is another, and an array of
        one number is made anew, since what begins with it may be added to in place."""
        if not self.share or Lit not in map(type, args):
            return self.share
        return op != "broadcast" and not any(map(_negative_zero, args))

    def definition(self, atom: Atom) -> Equation | None:
        """The equation that defines an atom, if it was appended here."""
        return self._definitions.get(atom) if type(atom) is Var else None

    def part(self, atom: Atom) -> Equation | None:
        """The equation that defines a nameless part of a statement."""
        equation = self._definitions.get(atom) if type(atom) is Var else None
        return equation if equation is not None and equation.out.anonymous else None

    # Elementwise algebra, exact for every double

    def apply(self, op: str, args: tuple[Atom, ...], params: ParamList = ()) -> Atom:
        """An elementwise primitive, simplified where that changes no result, and otherwise in
        the form that lets derivatives cancel: signs in front, literals first in products and
        last in comparisons."""
        simpler = self.simpler(op, args, params)
        if simpler is not None:
            return simpler
        if op in ("mul", "div"):
            positive = [self.negated(arg) for arg in args]
            for i, inner in enumerate(positive):
                if inner is not None:
                    unsigned = (*args[:i], inner, *args[i + 1 :])
                    return self.apply("neg", (self.apply(op, unsigned),))
        if type(args[-1]) is Lit if op == "mul" else op == "eq" and type(args[0]) is Lit:
            args = (args[1], args[0])
        return self.emit(op, args, params)

    def reduced(self, op: str, args: tuple[Atom, ...], params: ParamList = ()) -> Atom:
        """A primitive, simplified where that changes no result, and otherwise as it is."""
        simpler = self.simpler(op, args, params)
        return self.emit(op, args, params) if simpler is None else simpler

    def simpler(self, op: str, args: tuple[Atom, ...], params: ParamList = ()) -> Atom | None:
        """What is identical to a primitive of some operands, and simpler; None if nothing is."""
        given = dict(params) if params else _NO_PARAMS
        if type(args[0]) is Lit and all(type(arg) is Lit for arg in args):
            literal = folded(op, args, given)
            if literal is not None:
                return literal
        rewrite = REWRITES.get(op)
        result = None if rewrite is None else rewrite(self, args, given)
        return self._of_scalars(op, args, params) if result is None else result

    def _of_scalars(self, op: str, args: tuple[Atom, ...], params: ParamList) -> Atom | None:
        """Elementwise of scalars that repeat: of the scalars themselves."""
        for arg in args:
            shape = arg.type.shape
            if shape:
                scalars = tuple(self.spread_scalar(arg) or arg for arg in args)
                if scalars == args or not PRIMITIVES[op].elementwise:
                    return None
                result = self.apply(op, scalars, params)
                return self.fill(result, shape)
        return None

    def spread_scalar(self, atom: Atom) -> Atom | None:
        """The scalar that an anonymous quantity repeats over an array, if it does."""
        equation = self.part(atom)
        if equation is None or equation.op != "broadcast":
            return None
        return None if equation.args[0].type.shape else equation.args[0]

    def add(self, left: Atom, right: Atom) -> Atom:
        """`left + right`: a difference where one is a negation, a double where they are one."""
        if left is right:
            return self.apply("mul", (Lit(2.0), left))
        if self.negated(left) is not None:
            left, right = right, left
        return self.apply("add", (left, right))

    def negated(self, atom: Atom) -> Atom | None:
        """The quantity that an anonymous one is the negation of, if it is."""
        equation = self.part(atom)
        return equation.args[0] if equation is not None and equation.op == "neg" else None

    def scale(self, factor: Atom, partial: Partial) -> Atom | None:
        """`factor * partial`; None where the partial is structurally zero.

        Written the way a person would: a division by `x` for the partial `1/x`, and a
        selection for a partial that selects, so that an infinite factor times the 0 of the
        other side never makes a NaN.
        """
        if not isinstance(partial, Expr):
            return self._scale_number(factor, float(partial))
        if isinstance(partial, Leaf):
            if type(partial.atom) is Lit:
                return self._scale_number(factor, float(partial.atom.value))
            return self.apply("mul", (factor, partial.atom))
        args = partial.args
        match partial.op:
            case "neg":
                scaled = self.scale(factor, args[0])
                return None if scaled is None else self.apply("neg", (scaled,))
            case "mul":
                scaled = self.scale(factor, args[0])
                return None if scaled is None else self.scale(scaled, args[1])
            case "div" if not isinstance(args[0], Expr):
                scaled = self._scale_number(factor, float(args[0]))
                if scaled is None:
                    return None
                return self.apply("div", (scaled, self.materialise(args[1])))
            case "select":
                return self._scale_selection(factor, partial)
            case _:
                return self.apply("mul", (factor, self.materialise(partial)))

    def _scale_number(self, factor: Atom, number: float) -> Atom | None:
        if number == 0.0:
            return None
        if number == -1.0:
            return self.apply("neg", (factor,))
        return self.apply("mul", (Lit(number), factor))

    def _scale_selection(self, factor: Atom, partial: Expr) -> Atom | None:
        condition, then, otherwise = partial.args
        truth = self.materialise(condition)
        if type(truth) is Lit:
            return self.scale(factor, then if truth.value else otherwise)
        scaled = (self.scale(factor, then), self.scale(factor, otherwise))
        branches = tuple(Lit(0.0) if branch is None else branch for branch in scaled)
        return self.apply("select", (truth, *branches))

    def materialise(self, formula: Partial) -> Atom:
        """The value of a formula, as equations."""
        if not isinstance(formula, Expr):
            return Lit(float(formula))
        if isinstance(formula, Leaf):
            return formula.atom
        args = tuple(self.materialise(arg) for arg in formula.args)
        return self.apply(formula.op, args, formula.params)

    # Arrays

    def sum(self, value: Atom, axes: Sequence[int]) -> Atom:
        """The sum over some axes; the value itself where there are none."""
        if not axes:
            return value
        return self.emit("sum", (value,), (("axes", tuple(axes)),))

    def broadcast(self, value: Atom, shape: Shape, axes: tuple[int, ...]) -> Atom:
        """The value with its axes at `axes` of `shape`, repeated along the others."""
        if value.type.shape == shape:
            return value
        return self.emit("broadcast", (value,), (("shape", shape), ("axes", axes)))

    def fill(self, value: Atom, shape: Shape) -> Atom:
        """A scalar repeated over a shape; an array of that shape as it is."""
        return self.broadcast(value, shape, ())

    def zeros(self, shape: Shape) -> Atom:
        """Zeros of a shape, where a structural zero has to become a value."""
        return self.fill(Lit(0.0), shape)

    def contract(self, left: Atom, right: Atom, spec: str) -> Atom:
        """The einsum of two operands: a transpose of an operand becomes part of it, and a
        scalar operand a factor."""
        operands, result = spec.split("->")
        a, b = operands.split(",")
        if not a and sorted(b) == sorted(result):
            return self.apply("mul", (left, self._permuted(right, b, result)))
        if not b and sorted(a) == sorted(result):
            return self.apply("mul", (right, self._permuted(left, a, result)))
        left, a = self._untransposed(left, a)
        right, b = self._untransposed(right, b)
        return self.emit("contract", (left, right), (("spec", f"{a},{b}->{result}"),))

    def _permuted(self, atom: Atom, letters: str, result: str) -> Atom:
        """An array whose axes have letters, in another order of them."""
        if letters == result:
            return atom
        return self.emit("transpose", (atom,), (("perm", tuple(map(letters.index, result))),))

    def _untransposed(self, atom: Atom, letters: str) -> tuple[Atom, str]:
        equation = self.part(atom)
        if equation is None or equation.op != "transpose":
            return atom, letters
        perm = equation.param("perm")
        return equation.args[0], "".join(letters[perm.index(axis)] for axis in range(len(perm)))

    def starts(self, equation: Equation, axis: int) -> list[Dim]:
        """Where each operand begins on an axis of their concatenation, and its end; added up
        once, since each operand asks."""
        if equation.out not in self._starts:
            sizes = (arg.type.shape[axis] for arg in equation.args)
            self._starts[equation.out] = list(accumulate(sizes, initial=Dim.of(0)))
        return self._starts[equation.out]

    def part_of_axis(self, value: Atom, axis: int, start: Dim, stop: Dim | None) -> Var:
        """One position (`stop` None) or a range of an axis, all of the others."""
        items = [(Dim.of(0), dim) for dim in value.type.shape]
        taken = (*items[:axis], (start, stop), *items[axis + 1 :])
        return self.emit("index", (value,), (("items", taken),))


def _negative_zero(atom: Atom) -> bool:
    """Whether an atom is the literal -0.0."""
    return type(atom) is Lit and atom.value == 0 and math.copysign(1.0, atom.value) < 0
