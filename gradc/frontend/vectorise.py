"""From one element to whole arrays.

Every part of an element becomes an array with one leading axis for each index that occurs in
it, and no others: `X[i,j]` is `X` itself, `X[i+1]` a slice, `x[idx[p]]` a gather, a sum of
products a contraction of the factors, which are never multiplied out first.  Parts are made on
demand, from the root, each once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradc.frontend.elements import Index
from gradc.frontend.ranges import Ranges
from gradc.frontend.reducing import Reducing
from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Atom, DType, Equation, Lit, Size, Var
from gradc.ops.batching import Batched, Label, batch
from gradc.ops.builder import Builder

Items = list[tuple[Dim, Dim | None]]


class Vectoriser:
    """Writes the parts of one element into a builder, as arrays over their indices."""

    def __init__(self, builder: Builder, ranges: Ranges) -> None:
        self.builder = builder
        self.ranges = ranges
        self.scratch = ranges.builder
        self.indices = ranges.by_var
        self.extents = {var: _known(index) for var, index in ranges.by_var.items()}
        self.reducing = Reducing(self)
        self._made: dict[Var, Batched] = {}
        self._labels: dict[Var, frozenset[Label]] = {}
        self._masks: dict[Var, Atom] = {}

    def make(self, root: Atom) -> Batched:
        """The array of an element; iterative over its parts."""
        pending = [root]
        while pending:
            atom = pending[-1]
            if type(atom) is not Var or atom in self._made:
                pending.pop()
                continue
            equation = self.scratch.definition(atom)
            if equation is None:
                self._made[atom] = self._leaf(atom)
                continue
            missing = [a for a in self._needs(equation) if type(a) is Var and a not in self._made]
            if missing:
                pending.extend(reversed(missing))
            else:
                self._write(equation)
        return self.value(root)

    def value(self, atom: Atom) -> Batched:
        """A part that was made, or a literal."""
        return self._made[atom] if type(atom) is Var else Batched(atom, ())

    def labels(self, atom: Atom) -> frozenset[Label]:
        """The indices that a part depends on."""
        pending = [atom]
        while pending:
            node = pending[-1]
            if type(node) is not Var or node in self._labels:
                pending.pop()
                continue
            equation = self.scratch.definition(node)
            if equation is None:
                own = (node,) if node in self.indices else ()
                self._labels[node] = frozenset(own)
                continue
            below = [a for a in self._operands(equation) if type(a) is Var]
            missing = [a for a in below if a not in self._labels]
            if missing:
                pending.extend(missing)
                continue
            union = frozenset[Label]().union(*(self._labels[a] for a in below))
            if equation.op == "reduce":
                union -= {index.var for index in equation.param("indices")}
            self._labels[node] = union
        return self._labels[atom] if type(atom) is Var else frozenset()

    def _operands(self, equation: Equation) -> Sequence[Atom]:
        """The operands of a part; that an index is checked makes no axis."""
        if equation.op == "checked":
            return equation.args[:1]
        args = list(equation.args)
        for i in range(len(args)):
            args[i] = self.ranges.checks.get((equation.out, i), args[i])
        if equation.op == "reduce":
            args += self.reducing.masks(equation)
        return args

    # Parts

    def _leaf(self, var: Var) -> Batched:
        index = self.indices.get(var)
        if index is None:
            return Batched(var, ())
        return Batched(self.counted(index), (var,))

    def counted(self, index: Index) -> Atom:
        """The values of an index, in order."""
        b = self.builder
        value: Atom = b.emit("iota", (), (("size", self.extents[index.var]),))
        if index.step != 1:
            value = b.emit("mul", (Lit(index.step, INT), value))
        if index.first.constant != 0:
            value = b.emit("add", (value, _integer(index.first)))
        return value

    def _needs(self, equation: Equation) -> Iterable[Atom]:
        if equation.op == "reduce":
            return self.reducing.needs(equation)
        if equation.op == "gather":
            args = self._operands(equation)
            slices = self._slices(equation, args)
            return [a for i, a in enumerate(args) if i - 1 not in slices]
        if equation.op == "checked":
            return equation.args
        return self._operands(equation)

    def _write(self, equation: Equation) -> None:
        if equation.op == "reduce":
            self._made[equation.out] = self.reducing.reduce(equation)
        elif equation.op == "gather" and not self.labels(equation.args[0]):
            self._made[equation.out] = self._gather(equation)
        elif equation.op == "checked":
            self._made[equation.out] = self._checked(equation)
        else:
            self._batch(equation)

    def _batch(self, equation: Equation) -> None:
        args = [self.value(arg) for arg in self._operands(equation)]
        b = self.builder
        if any(arg.labels for arg in args):
            results: Sequence[Batched] = batch(b, equation, args, self.extents)
        else:
            atoms = tuple(arg.atom for arg in args)
            if equation.others or any(equation.graphs()):
                outs: Sequence[Var] = b.emit_all(equation.op, atoms, equation.params)
            else:
                outs = (b.emit(equation.op, atoms, equation.params),)
            results = [Batched(out, ()) for out in outs]
        self._made.update(zip(equation.outs, results, strict=True))

    def _checked(self, equation: Equation) -> Batched:
        """An index is wrong where it is taken for any value of indices that it does not have, or
        for any element of a condition that is an array."""
        b = self.builder
        index, taken = map(self.value, equation.args)
        others = [label for label in taken.labels if label not in index.labels]
        truth = taken
        if others or taken.own:
            axes = tuple(taken.labels.index(label) for label in others)
            axes += tuple(range(len(taken.labels), len(taken.atom.type.shape)))
            left = tuple(label for label in taken.labels if label in index.labels)
            truth = Batched(b.emit("any", (taken.atom,), (("axes", axes),)), left)
        if truth.labels:
            truth = self.aligned(truth, index.labels)
        return Batched(b.emit("checked", (index.atom, truth.atom), equation.params), index.labels)

    # Reading elements

    def _slices(
        self, equation: Equation, args: Sequence[Atom]
    ) -> dict[int, tuple[Dim, Label | None]]:
        """The integers of an access that are a position, or an index from an offset on: by
        their number, with the offset.  An index that occurs twice is none."""
        if self.labels(args[0]):
            return {}
        found: dict[int, tuple[Dim, Label | None]] = {}
        used: dict[Label, int] = {}
        for atom in args[1:]:
            for label in self.labels(atom):
                used[label] = used.get(label, 0) + 1
        for i, atom in enumerate(args[1:]):
            if (equation.out, i + 1) in self.ranges.checks:
                continue
            affine = self.ranges.integers.affine(atom)
            if not affine.terms:
                found[i] = (affine.constant, None)
                continue
            (label, factor), *more = affine.terms.items()
            index = self.indices.get(label)
            plain = index is not None and index.step == 1 and factor.constant == 1 and not more
            if plain and used[label] == 1:
                found[i] = (affine.constant, label)
        return found

    def _gather(self, equation: Equation) -> Batched:
        """The elements of a quantity that has no index itself."""
        b, args = self.builder, self._operands(equation)
        slices = self._slices(equation, args)
        value = self.value(args[0]).atom
        axes: tuple[int, ...] = equation.param("axes")
        shape = value.type.shape
        items: Items = [(Dim.of(0), extent) for extent in shape]
        along: dict[int, Label] = {}
        for i, (offset, label) in slices.items():
            if label is None:
                items[axes[i]] = (offset, None)
            else:
                start = offset + self.indices[label].first
                items[axes[i]] = (start, start + self.extents[label])
                along[axes[i]] = label
        if items != [(Dim.of(0), extent) for extent in shape]:
            value = b.emit("index", (value,), (("items", tuple(items)),))
        kept = [axis for axis in range(len(shape)) if items[axis][1] is not None]
        names: list[Label | None] = [along.get(axis) for axis in kept]
        moving = [i for i in range(len(axes)) if i not in slices]
        if moving:
            places = self._common([self.value(args[i + 1]) for i in moving])
            at = tuple(kept.index(axes[i]) for i in moving)
            value = b.emit("gather", (value, *(p.atom for p in places)), (("axes", at),))
            labels = next((p.labels for p in places if p.labels), ())
            front = at[0] if at[-1] - at[0] == len(at) - 1 else 0
            names = [name for i, name in enumerate(names) if i not in at]
            names[front:front] = labels
        return self._labels_first(value, names)

    def _common(self, places: Sequence[Batched]) -> list[Batched]:
        """Integers as arrays over the same indices; scalars as they are."""
        labels = max((p.labels for p in places), key=len)
        labels += tuple(dict.fromkeys(m for p in places for m in p.labels if m not in labels))
        return [self.aligned(place, labels) if place.labels else place for place in places]

    def _labels_first(self, value: Atom, names: Sequence[Label | None]) -> Batched:
        """An array whose axes are indices or its own, the indices moved to the front."""
        order = [axis for axis, name in enumerate(names) if name is not None]
        order += [axis for axis, name in enumerate(names) if name is None]
        labels = tuple(name for name in names if name is not None)
        if order != sorted(order):
            value = self.builder.emit("transpose", (value,), (("perm", tuple(order)),))
        return Batched(value, labels)

    # Alignment

    def aligned(self, value: Batched, labels: tuple[Label, ...]) -> Batched:
        """A part over exactly these indices, in this order; repeated along those it lacks."""
        own = len(value.atom.type.shape) - len(value.labels)
        atom, have = value
        wanted = tuple(label for label in labels if label in have)
        if have != wanted:
            perm = tuple(have.index(label) for label in wanted)
            perm += tuple(range(len(have), len(have) + own))
            atom = self.builder.emit("transpose", (atom,), (("perm", perm),))
        if wanted != labels:
            rest = atom.type.shape[len(wanted) :]
            shape = (*(self.extents[label] for label in labels), *rest)
            axes = tuple(labels.index(label) for label in wanted)
            axes += tuple(range(len(labels), len(labels) + own))
            atom = self.builder.broadcast(atom, shape, axes)
        return Batched(atom, labels)

    def real(self, value: Batched) -> Batched:
        """A part as real numbers."""
        if value.atom.type.dtype is DType.REAL:
            return value
        return Batched(self.builder.emit("real", (value.atom,)), value.labels)


def _known(index: Index) -> Dim:
    assert index.extent is not None
    return index.extent


def _integer(dim: Dim) -> Atom:
    return Size(dim, INT) if dim.constant is None else Lit(dim.constant, INT)
