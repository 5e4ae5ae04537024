"""Reductions over indices: contractions where a sum of products allows one.

A sum is taken apart into terms and each term into factors.  Where multiplying the factors out
would need an axis that no factor has, or a term has several factors, they are contracted in
pairs, so that no array is larger than its factors or the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import ascii_letters
from typing import TYPE_CHECKING, NamedTuple

from gradc.frontend.elements import Index
from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Atom, DType, Equation, Lit, Size, Type, Var
from gradc.ops.batching import Batched, Label, batch

if TYPE_CHECKING:
    from gradc.frontend.vectorise import Vectoriser

Labels = frozenset[Label]

_NEUTRAL: dict[str, Lit] = {
    "sum": Lit(0.0),
    "mean": Lit(0.0),
    "norm": Lit(0.0),
    "prod": Lit(1.0),
    "max": Lit(float("-inf")),
    "min": Lit(float("inf")),
    "logsumexp": Lit(float("-inf")),
    "argmax": Lit(float("-inf")),
    "argmin": Lit(float("inf")),
    "any": Lit(False, Type(DType.BOOL)),
    "all": Lit(True, Type(DType.BOOL)),
}


class Term(NamedTuple):
    """A product: the sign and the factors, parts of the element."""

    negative: bool
    factors: tuple[Atom, ...]


class Reducing:
    """Writes the reductions of one element."""

    def __init__(self, whole: Vectoriser) -> None:
        self.whole = whole
        self._terms: dict[Var, list[Term] | None] = {}
        self._masks: dict[Var, list[Atom]] = {}

    def masks(self, equation: Equation) -> list[Atom]:
        """Where the elements of a reduction lie inside ranges that depend on other indices."""
        if equation.out not in self._masks:
            indices: tuple[Index, ...] = equation.param("indices")
            found = (self.whole.ranges.mask(index) for index in indices)
            self._masks[equation.out] = [mask for mask in found if mask is not None]
        return self._masks[equation.out]

    def needs(self, equation: Equation) -> Iterable[Atom]:
        """The parts that have to be made first."""
        terms = self._contraction(equation)
        masks = self.masks(equation)
        if terms is None:
            return [*equation.args, *masks]
        return [*dict.fromkeys(f for term in terms for f in term.factors), *masks]

    def reduce(self, equation: Equation) -> Batched:
        """The result of a reduction whose parts are made."""
        terms = self._contraction(equation)
        if terms is None:
            return self._plain(equation)
        total: Batched | None = None
        for term in terms:
            value = self._contract(equation, term)
            op = "sub" if term.negative and total is not None else "add"
            if total is None:
                total = self._apply("neg", value) if term.negative else value
            else:
                total = self._apply(op, total, value)
        assert total is not None
        return total

    def _apply(self, op: str, *args: Batched) -> Batched:
        shape = next((a.atom.type.shape[len(a.labels) :] for a in args), ())
        types = [Type(a.atom.type.dtype, a.atom.type.shape[len(a.labels) :]) for a in args]
        operands = tuple(
            a.atom if type(a.atom) is not Var else Var("part", kind)
            for a, kind in zip(args, types, strict=True)
        )
        one = Equation(Var("result", Type(DType.REAL, shape)), op, operands)
        if not any(a.labels for a in args):
            return Batched(self.whole.builder.apply(op, tuple(a.atom for a in args)), ())
        (result,) = batch(self.whole.builder, one, args, self.whole.extents)
        return result

    # Sums of products

    def _contraction(self, equation: Equation) -> list[Term] | None:
        """The terms of a sum that is written as contractions; None for any other reduction."""
        if equation.out not in self._terms:
            self._terms[equation.out] = self._decide(equation)
        return self._terms[equation.out]

    def _decide(self, equation: Equation) -> list[Term] | None:
        body = equation.args[0]
        if equation.param("kind") not in ("sum", "mean") or body.type != Type(DType.REAL):
            return None
        if equation.param("kind") == "mean" and self.masks(equation):
            return None
        terms = [Term(negative, self._factors(atom)) for negative, atom in self._addends(body)]
        products = [t for t in terms if len([f for f in t.factors if self._labelled(f)]) > 1]
        if not products:
            return None
        union = self.whole.labels(body).union(*map(self.whole.labels, self.masks(equation)))
        factors = [f for term in terms for f in term.factors]
        if any(self.whole.labels(f) == union for f in factors) and (
            len(terms) > 1 or self.masks(equation)
        ):
            return None
        if self.masks(equation) and not all(self._maskable(equation, t) for t in terms):
            return None
        return terms

    def _labelled(self, atom: Atom) -> bool:
        return bool(self.whole.labels(atom))

    def _maskable(self, equation: Equation, term: Term) -> bool:
        """Whether each mask has all its indices in one factor."""
        return all(
            any(self.whole.labels(mask) <= self.whole.labels(f) for f in term.factors)
            for mask in self.masks(equation)
        )

    def _addends(self, body: Atom) -> list[tuple[bool, Atom]]:
        """The terms of a sum, each with whether it is subtracted, in their order."""
        found: list[tuple[bool, Atom]] = []
        pending = [(False, body)]
        while pending:
            negative, atom = pending.pop()
            equation = self.whole.scratch.definition(atom)
            op = equation.op if equation is not None else ""
            if equation is None or op not in ("add", "sub", "neg"):
                found.append((negative, atom))
            elif op == "neg":
                pending.append((not negative, equation.args[0]))
            else:
                left, right = equation.args
                pending += [(negative != (op == "sub"), right), (negative, left)]
        return found

    def _factors(self, term: Atom) -> tuple[Atom, ...]:
        """The factors of a product, in their order; a square is two of them."""
        found: list[Atom] = []
        pending = [term]
        while pending:
            atom = pending.pop()
            equation = self.whole.scratch.definition(atom)
            if equation is not None and equation.op == "mul":
                pending += reversed(equation.args)
            elif equation is not None and equation.op == "ipow" and equation.param("n") == 2:
                pending += [equation.args[0]] * 2
            else:
                found.append(atom)
        return tuple(found)

    def _contract(self, equation: Equation, term: Term) -> Batched:
        """The sum of one term over the reduced indices."""
        reduced = [index.var for index in equation.param("indices")]
        values = [self.whole.real(self.whole.value(f)) for f in term.factors]
        for mask in self.masks(equation):
            labels = self.whole.labels(mask)
            at = next(i for i, v in enumerate(values) if labels <= set(v.labels))
            truth = self.whole.value(mask)
            values[at] = self._apply("select", truth, values[at], Batched(Lit(0.0), ()))
        scalars = [v for v in values if not v.labels]
        arrays = self._merged([v for v in values if v.labels], reduced)
        while len(arrays) > 1:
            arrays = self._paired(arrays, reduced)
        result = arrays[0] if arrays else scalars.pop()
        own = [label for label in reduced if label in result.labels]
        if own:
            result = self._summed(result, own)
        found = {label for value in values for label in value.labels}
        missing = (self.whole.extents[label] for label in reduced if label not in found)
        scalars = [*(Batched(_count(extent), ()) for extent in missing), *scalars]
        for scalar in scalars:
            result = self._apply("mul", scalar, result)
        if equation.param("kind") == "mean":
            for label in reduced:
                count = Batched(_count(self.whole.extents[label]), ())
                result = self._apply("div", result, count)
        return result

    def _merged(self, arrays: Sequence[Batched], reduced: Sequence[Label]) -> list[Batched]:
        """More than two factors: those over the same indices multiplied first."""
        left = list(arrays)
        at = 0
        while len(left) > 2 and at < len(left):
            same = [
                i for i in range(at + 1, len(left)) if set(left[i].labels) == set(left[at].labels)
            ]
            if same:
                left[at] = self._apply("mul", left[at], left.pop(same[0]))
            else:
                at += 1
        return left

    def _paired(self, arrays: Sequence[Batched], reduced: Sequence[Label]) -> list[Batched]:
        """Two factors contracted: those that leave the fewest axes."""
        best: tuple[int, int, int] | None = None
        for i in range(len(arrays)):
            for j in range(i + 1, len(arrays)):
                left = len(self._left(arrays, i, j, reduced))
                if best is None or left < best[0]:
                    best = (left, i, j)
        assert best is not None
        _, i, j = best
        labels = self._left(arrays, i, j, reduced)
        others = {m for k, v in enumerate(arrays) if k not in (i, j) for m in v.labels}
        a = self._alone(arrays[i], {*arrays[j].labels, *others}, reduced)
        b = self._alone(arrays[j], {*arrays[i].labels, *others}, reduced)
        if set(labels) == set(a.labels) == set(b.labels):
            product = self._apply("mul", a, b)
        else:
            product = self._einsum(a, b, labels)
        rest = [value for k, value in enumerate(arrays) if k not in (i, j)]
        return [product, *rest]

    def _alone(self, value: Batched, others: set[Label], reduced: Sequence[Label]) -> Batched:
        """A factor, summed over the indices that no other factor has."""
        own = [m for m in value.labels if m in reduced and m not in others]
        return self._summed(value, own) if own else value

    def _left(
        self, arrays: Sequence[Batched], i: int, j: int, reduced: Sequence[Label]
    ) -> tuple[Label, ...]:
        """The indices that remain when two factors are contracted, in the order in which they
        are bound: those of the left-hand side come first."""
        others = {m for k, v in enumerate(arrays) if k not in (i, j) for m in v.labels}
        union = {*arrays[i].labels, *arrays[j].labels}
        return tuple(
            m for m in self.whole.extents if m in union and (m not in reduced or m in others)
        )

    def _einsum(self, a: Batched, b: Batched, labels: Sequence[Label]) -> Batched:
        letters = _letters((*a.labels, *b.labels))
        x, y, z = ("".join(letters[m] for m in part) for part in (a.labels, b.labels, labels))
        return Batched(self.whole.builder.contract(a.atom, b.atom, f"{x},{y}->{z}"), tuple(labels))

    def _summed(self, value: Batched, labels: Sequence[Label]) -> Batched:
        axes = tuple(sorted(value.labels.index(label) for label in labels))
        left = tuple(label for label in value.labels if label not in labels)
        return Batched(self.whole.builder.sum(value.atom, axes), left)

    # Other reductions

    def _plain(self, equation: Equation) -> Batched:
        """A reduction of the whole array of its body."""
        kind: str = equation.param("kind")
        indices: tuple[Index, ...] = equation.param("indices")
        reduced = [index.var for index in indices]
        body = self.whole.value(equation.args[0])
        count: Batched | None = None
        for mask in self.masks(equation):
            truth = self.whole.value(mask)
            ones = Batched(Lit(1.0), ())
            count = self._apply("select", truth, count or ones, Batched(Lit(0.0), ()))
            neutral = _NEUTRAL[kind]
            if body.atom.type.dtype is DType.INT:
                body = self.whole.real(body)
            body = self._masked(truth, body, Batched(neutral, ()))
        missing = tuple(label for label in reduced if label not in body.labels)
        if missing:
            body = self.whole.aligned(body, (*body.labels, *missing))
        if kind == "mean":
            total = self._summed(body, reduced)
            return self._apply("div", total, self._number(count, reduced))
        if kind in ("argmax", "argmin"):
            return self._place(kind, body, indices[0])
        if kind == "prod":
            return self._product(body, reduced)
        axes = tuple(sorted(body.labels.index(label) for label in reduced))
        left = tuple(label for label in body.labels if label not in reduced)
        return Batched(self.whole.builder.emit(kind, (body.atom,), (("axes", axes),)), left)

    def _masked(self, truth: Batched, body: Batched, neutral: Batched) -> Batched:
        """The body inside its range, what changes nothing outside."""
        own = body.atom.type.shape[len(body.labels) :]
        kind = Type(body.atom.type.dtype, own)
        if kind.dtype is DType.BOOL:
            op, other = ("and", truth) if not neutral.atom.value else ("or", self._apply_not(truth))  # type: ignore[union-attr]
            one = Equation(Var("r", kind), op, (Var("c", kind), Var("x", kind)))
            args = [other, body]
        else:
            one = Equation(
                Var("r", kind), "select", (Var("c", Type(DType.BOOL)), Var("x", kind), neutral.atom)
            )
            args = [truth, body, neutral]
        (result,) = batch(self.whole.builder, one, args, self.whole.extents)
        return result

    def _apply_not(self, truth: Batched) -> Batched:
        return Batched(self.whole.builder.emit("not", (truth.atom,)), truth.labels)

    def _number(self, count: Batched | None, reduced: Sequence[Label]) -> Batched:
        """How many elements there are."""
        if count is not None:
            labels = (*count.labels, *(m for m in reduced if m not in count.labels))
            return self._summed(self.whole.aligned(count, labels), reduced)
        total = Dim.of(1)
        for label in reduced:
            total = total * self.whole.extents[label]
        return Batched(_count(total), ())

    def _place(self, kind: str, body: Batched, index: Index) -> Batched:
        """The value of the index at the extremum."""
        b = self.whole.builder
        axis = body.labels.index(index.var)
        left = tuple(label for label in body.labels if label is not index.var)
        at: Atom = b.emit(kind, (body.atom,), (("axes", (axis,)),))
        if index.step != 1:
            at = b.emit("mul", (Lit(index.step, INT), at))
        if index.first.constant != 0:
            first = index.first
            start = Lit(first.constant, INT) if first.constant is not None else Size(first, INT)
            at = b.emit("add", (at, start))
        return Batched(at, left)

    def _product(self, body: Batched, reduced: Sequence[Label]) -> Batched:
        """Products are taken along one last axis."""
        b = self.whole.builder
        left = tuple(label for label in body.labels if label not in reduced)
        atom, own = body.atom, len(body.atom.type.shape) - len(body.labels)
        perm = [body.labels.index(label) for label in left]
        perm += range(len(body.labels), len(body.labels) + own)
        perm += [body.labels.index(label) for label in reduced]
        if perm != sorted(perm):
            atom = b.emit("transpose", (atom,), (("perm", tuple(perm)),))
        rank = len(perm) - len(reduced)
        if len(reduced) > 1:
            total = Dim.of(1)
            for label in reduced:
                total = total * self.whole.extents[label]
            shape = (*atom.type.shape[:rank], total)
            atom = b.emit("reshape", (atom,), (("shape", shape),))
        return Batched(b.emit("prod", (atom,), (("axes", (rank,)),)), left)


def _letters(labels: Iterable[Label]) -> dict[Label, str]:
    """A letter for each index: its own name where that is one."""
    letters: dict[Label, str] = {}
    for label in dict.fromkeys(labels):
        wishes = (label.name, *ascii_letters)
        free = (w for w in wishes if w in ascii_letters and w not in letters.values())
        letters[label] = next(w for w in free if len(w) == 1)
    return letters


def _count(size: Dim) -> Atom:
    return Size(size) if size.constant is None else Lit(float(size.constant))
