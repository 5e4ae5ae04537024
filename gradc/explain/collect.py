"""A gradient as a person would write it: `Collector`.

Numbers and scalar factors move to the front of products, through sums, transposes and
contractions: `X.T @ (-(1/N*(2*r)))` becomes `-(2/N)*(X.T @ r)`; powers of one scalar are joined.
All of it holds for real numbers, where both sides are defined; it may change the rounding, so what
is made here is for reading, and whoever shows it compares its numbers with those of `gradc run`.

With `assumed`, comparisons have known truths, and only the branch taken is left.

Deliberately absent: multiplying out, and everything for which a computer algebra system is there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from gradc.ir.dims import Dim, Quotient, Shape
from gradc.ir.graph import BOOL, Atom, DType, Equation, Lit, Size, Var
from gradc.ops.builder import Builder
from gradc.ops.table import PRIMITIVES


class Form(NamedTuple):
    """`coefficient * product(atom**power) * core`; without a core it is a scalar."""

    coefficient: float = 1.0
    powers: tuple[tuple[Atom, int], ...] = ()
    core: Atom | None = None


_ONE = Form()

# A higher power of a product is left as it stands.
_LARGEST_POWER = 16


class Collector:
    """The forms of quantities; new equations go to `builder`.

    Quantities that are `kept` are written by their names.
    """

    def __init__(
        self, builder: Builder, kept: Collection[Var], assumed: Mapping[Var, bool]
    ) -> None:
        self.builder = builder
        self.kept = kept
        self.assumed = assumed
        self._forms: dict[Atom, Form] = {}
        self._values: dict[Atom, Atom] = {}
        self._ones: dict[Shape, Var] = {}
        self._identities: set[Atom] = set()

    def replace(self, var: Var, atom: Atom) -> None:
        """Let a variable be another atom: a seed the number 1."""
        self._set(var, self._form(atom))

    def take(self, equation: Equation) -> None:
        """Take in the next equation of a graph."""
        if equation.out in self.assumed:
            self._values[equation.out] = Lit(self.assumed[equation.out], BOOL)
        elif PRIMITIVES[equation.op].structured or equation.out in self.kept:
            pass  # known by its name
        elif equation.out.type.dtype is not DType.REAL:
            self._values[equation.out] = self._implied(equation) or self._applied(equation)
        else:
            rule = _RULES.get(equation.op)
            form = None if rule is None else rule(self, equation)
            if form is None and _linear(equation):
                form = self.through(equation)
            self._set(equation.out, self._leaf(self._applied(equation)) if form is None else form)

    def value(self, atom: Atom) -> Atom:
        """A quantity, from the equations of the builder."""
        if type(atom) is not Var:
            return atom
        if atom not in self._values:
            form = self._forms.get(atom)
            self._values[atom] = atom if form is None else self._written(form)
        return self._values[atom]

    # Forms

    def _set(self, var: Var, form: Form) -> None:
        self._forms[var] = form

    def _form(self, atom: Atom) -> Form:
        if type(atom) is Lit:
            return Form(float(atom.value))
        if type(atom) is Size:
            return _of_size(atom.dim)
        found = self._forms.get(atom)
        return self._leaf(self._values.get(atom, atom)) if found is None else found

    def _leaf(self, atom: Atom) -> Form:
        if atom.type.shape:
            return Form(core=atom)
        return Form(float(atom.value)) if type(atom) is Lit else Form(powers=((atom, 1),))

    def _applied(self, equation: Equation) -> Atom:
        """An equation of the values of its operands, as they are."""
        args = tuple(self.value(arg) for arg in equation.args)
        if PRIMITIVES[equation.op].elementwise:
            return self.builder.apply(equation.op, args, equation.params)
        return self.builder.emit(equation.op, args, equation.params)

    def _implied(self, equation: Equation) -> Atom | None:
        """Of `x == 0 and x >= 0` the first, which says it all."""
        if equation.op != "and":
            return None
        left, right = map(self.value, equation.args)
        for one, other in ((left, right), (right, left)):
            equal, order = self.builder.definition(one), self.builder.definition(other)
            if equal is None or order is None or equal.op != "eq" or equal.args != order.args:
                continue
            if order.op in ("ge", "le"):
                return one
        return None

    def _written(self, form: Form) -> Atom:
        """The equations of a form: its sign first, then numbers and scalars, then the core."""
        b = self.builder
        if form.coefficient == 0.0:
            return Lit(0.0) if form.core is None else b.zeros(form.core.type.shape)
        powers = sorted(form.powers, key=lambda factor: self._rank(factor[0]))
        over = [self._power(atom, power) for atom, power in powers if power > 0]
        under = [self._power(atom, -power) for atom, power in powers if power < 0]
        size = abs(form.coefficient)
        if size != 1.0 or not (over or form.core is not None):
            over.insert(0, Lit(size))
        top = self._product(over) if over else Lit(1.0)
        if under:
            top = b.emit("div", (top, self._product(under)))
        if form.core is not None:
            spread = (("shape", form.core.type.shape), ("axes", ()))
            if type(top) is Lit and top.value == 1.0:
                top = form.core
            elif self._is_ones(form.core):
                top = b.emit("broadcast", (top,), spread)
            else:
                top = b.emit("mul", (top, form.core))
        return b.apply("neg", (top,)) if form.coefficient < 0 else top

    def _rank(self, atom: Atom) -> int:
        """Sizes stand before quantities, and those before what is computed of them."""
        if type(atom) is Size:
            return 0
        return 1 if self.builder.definition(atom) is None else 2

    def _power(self, atom: Atom, power: int) -> Atom:
        return atom if power == 1 else self.builder.emit("ipow", (atom,), (("n", power),))

    def _product(self, factors: Sequence[Atom]) -> Atom:
        total = factors[0]
        for factor in factors[1:]:
            total = self.builder.emit("mul", (total, factor))
        return total

    def _filled(self, shape: Shape) -> Var:
        if shape not in self._ones:
            params = (("shape", shape), ("axes", ()))
            self._ones[shape] = self.builder.emit("broadcast", (Lit(1.0),), params)
        return self._ones[shape]

    def _is_ones(self, atom: Atom | None) -> bool:
        return atom is not None and atom in self._ones.values()

    # Rules

    def copy(self, equation: Equation) -> Form:
        return self._form(equation.args[0])

    def neg(self, equation: Equation) -> Form:
        form = self._form(equation.args[0])
        return form._replace(coefficient=-form.coefficient)

    def mul(self, equation: Equation) -> Form:
        return self._times(self._form(equation.args[0]), self._form(equation.args[1]))

    def _times(self, left: Form, right: Form) -> Form:
        core = left.core
        if left.core is None or self._is_ones(left.core):
            core = right.core or left.core
        elif right.core is not None and not self._is_ones(right.core):
            core = self.builder.emit("mul", (left.core, right.core))
        powers = _joined(left.powers, right.powers, 1)
        return Form(left.coefficient * right.coefficient, powers, core)

    def div(self, equation: Equation) -> Form | None:
        left, right = map(self._form, equation.args)
        if right.coefficient == 0.0:
            return None
        core = left.core
        if right.core is not None and not self._is_ones(right.core):
            core = self.builder.emit("div", (left.core or Lit(1.0), right.core))
        powers = _joined(left.powers, right.powers, -1)
        return Form(left.coefficient / right.coefficient, powers, core)

    def ipow(self, equation: Equation) -> Form | None:
        form, n = self._form(equation.args[0]), equation.param("n")
        if form.core is not None or form.coefficient == 0.0 or abs(n) > _LARGEST_POWER:
            return None
        powers = tuple((atom, power * n) for atom, power in form.powers if n)
        return Form(form.coefficient**n, powers) if abs(form.coefficient) < 1e4 else None

    def add(self, equation: Equation) -> Form | None:
        return self._added(equation, 1.0)

    def sub(self, equation: Equation) -> Form | None:
        return self._added(equation, -1.0)

    def _added(self, equation: Equation, sign: float) -> Form | None:
        """Terms that are equal but for their numbers; arrays with the same factor in front."""
        left, right = map(self._form, equation.args)
        if right.coefficient == 0.0 and _spans(left, equation):
            return left
        if left.coefficient == 0.0 and _spans(right, equation):
            return right._replace(coefficient=sign * right.coefficient)
        if left.core is right.core and dict(left.powers) == dict(right.powers):
            return left._replace(coefficient=left.coefficient + sign * right.coefficient)
        shared = left[:2] == right[:2] and left[:2] != _ONE[:2]
        if not shared or left.core is None or right.core is None:
            return None
        if left.core.type.shape != right.core.type.shape:
            return None
        return left._replace(core=self.builder.apply(equation.op, (left.core, right.core)))

    def broadcast(self, equation: Equation) -> Form | None:
        if equation.param("axes"):
            return None
        form = self._form(equation.args[0])
        return form._replace(core=self._filled(equation.param("shape")))

    def select(self, equation: Equation) -> Form | None:
        """The branch taken, where that is known; else with the number of a branch in front."""
        condition = self.value(equation.args[0])
        then, otherwise = map(self._form, equation.args[1:])
        if type(condition) is Lit:
            taken = then if condition.value else otherwise
            shape = equation.out.type.shape
            spread = shape and taken.core is None
            return taken._replace(core=self._filled(shape)) if spread else taken
        if otherwise.coefficient != 0.0:
            return None
        sizes = tuple(factor for factor in then.powers if type(factor[0]) is Size)
        if then.coefficient == 0.0:
            shape = equation.out.type.shape
            return Form(0.0, (), self._filled(shape) if shape else None)
        others = tuple(factor for factor in then.powers if type(factor[0]) is not Size)
        if then.core is None and not then.powers:
            return None  # a number
        args = (condition, self._written(Form(1.0, others, then.core)), Lit(0.0))
        return self._times(
            self._leaf(self.builder.apply("select", args)), Form(then.coefficient, sizes)
        )

    def contract(self, equation: Equation) -> Form | None:
        """With ones: a sum over axes of the other operand."""
        forms = [self._form(arg) for arg in equation.args]
        operands, result = equation.param("spec").split("->")
        letters = operands.split(",")
        found = self._without_identity(forms, letters, result)
        if found is not None:
            return found
        for i in (0, 1):
            kept = "".join(letter for letter in letters[i] if letter in result)
            if not self._is_ones(forms[1 - i].core) or forms[i].core is None or kept != result:
                continue
            axes = tuple(k for k, letter in enumerate(letters[i]) if letter not in result)
            if not axes or set(letters[1 - i]) != {letters[i][axis] for axis in axes}:
                continue
            core = forms[i].core
            assert core is not None
            return self._around(forms, self.builder.sum(core, axes))
        return self._with_square_of_ones(forms, letters, result)

    def _with_square_of_ones(
        self, forms: Sequence[Form], letters: Sequence[str], to: str
    ) -> Form | None:
        """A product with a square of ones, which is its own transpose, written without one."""
        left, right = forms[0].core, forms[1].core
        for i in (0, 1):
            core = forms[i].core
            if left is None or right is None or not self._is_ones(core) or len(letters[i]) != 2:
                continue
            assert core is not None
            rows, columns = core.type.shape
            free = [letter for letter in letters[i] if letter in to]
            if rows != columns or len(free) != 1 or len(to) != 2:
                continue
            (summed,) = (letter for letter in letters[i] if letter not in to)
            ones = free[0] + summed if to[0] == free[0] else summed + free[0]
            operands = (letters[0], ones) if i else (ones, letters[1])
            params = (("spec", _lettered(operands, to)),)
            return self._around(forms, self.builder.emit("contract", (left, right), params))
        return None

    def sum(self, equation: Equation) -> Form | None:
        """Of ones: as many as there are."""
        form = self._form(equation.args[0])
        if not self._is_ones(form.core):
            return None
        assert form.core is not None
        axes = equation.param("axes")
        sizes = [dim for i, dim in enumerate(form.core.type.shape) if i in axes]
        shape = equation.out.type.shape
        found = form._replace(core=self._filled(shape) if shape else None)
        for size in sizes:
            found = self._times(found, _of_size(size))
        return found

    def transpose(self, equation: Equation) -> Form | None:
        """Of ones: ones."""
        form = self._form(equation.args[0])
        ones = self._is_ones(form.core)
        return form._replace(core=self._filled(equation.out.type.shape)) if ones else None

    def diagonal_matrix(self, equation: Equation) -> Form | None:
        """Of ones: the identity."""
        form = self._form(equation.args[0])
        if not self._is_ones(form.core):
            return None
        assert form.core is not None
        identity = self.builder.emit("diagonal_matrix", (form.core,))
        self._identities.add(identity)
        return form._replace(core=identity)

    def _without_identity(
        self, forms: Sequence[Form], letters: Sequence[str], to: str
    ) -> Form | None:
        """A product with an identity: the other operand, its axes in the order of the result."""
        for i in (0, 1):
            core, other = forms[1 - i].core, letters[1 - i]
            if forms[i].core not in self._identities or core is None:
                continue
            first, last = letters[i][0], letters[i][1]
            for gone, kept in ((first, last), (last, first)):
                renamed = other.replace(gone, kept)
                if kept in other or gone in to or sorted(renamed) != sorted(to):
                    continue
                if renamed != to:
                    perm = (("perm", tuple(map(renamed.index, to))),)
                    core = self.builder.emit("transpose", (core,), perm)
                return self._around(forms, core)
        return None

    def through(self, equation: Equation) -> Form | None:
        """Something linear in each operand: what stands in front of those comes to its front."""
        real = [arg.type.dtype is DType.REAL for arg in equation.args]
        forms = [self._form(arg) for arg in equation.args if arg.type.dtype is DType.REAL]
        if any(form.core is None for form in forms):
            return None
        cores = iter(form.core for form in forms)
        args = tuple(
            (next(cores) if is_real else self.value(arg)) or arg
            for arg, is_real in zip(equation.args, real, strict=True)
        )
        return self._around(forms, self.builder.emit(equation.op, args, equation.params))

    def _around(self, forms: Sequence[Form], core: Atom) -> Form:
        """What stands in front of several forms, in front of what was made of their cores."""
        form = self._leaf(core)
        for each in forms:
            form = self._times(form, each._replace(core=None))
        return form


def _spans(form: Form, equation: Equation) -> bool:
    """Whether a form has the shape of a result."""
    return (form.core is not None) == bool(equation.out.type.shape)


def _of_size(dim: Dim) -> Form:
    """A size: its number, and its names as factors."""
    if len(dim.terms) != 1:
        return Form(powers=((Size(dim), 1),))
    ((names, k),) = dim.terms
    factors = [name for name in dict.fromkeys(names) if not isinstance(name, Quotient)]
    if len(factors) < len(set(names)):
        return Form(powers=((Size(dim), 1),))
    powers = tuple((Size(Dim.of(name)), names.count(name)) for name in factors)
    return Form(k / dim.denominator, powers)


def _joined(
    left: tuple[tuple[Atom, int], ...], right: tuple[tuple[Atom, int], ...], sign: int
) -> tuple[tuple[Atom, int], ...]:
    """The powers of a product, or with the sign -1 of a quotient."""
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + sign * power
    return tuple((atom, power) for atom, power in powers.items() if power)


def _lettered(operands: Sequence[str], to: str) -> str:
    """An einsum whose letters are those of the alphabet, in the order in which they appear."""
    order = dict.fromkeys("".join(operands))
    names = str.maketrans(dict(zip(order, "ijklmnop", strict=False)))
    return f"{','.join(operands)}->{to}".translate(names)


def _linear(equation: Equation) -> bool:
    """Whether a row is linear in each real operand by itself."""
    row = PRIMITIVES[equation.op]
    real = sum(arg.type.dtype is DType.REAL for arg in equation.args)
    return row.transpose is not None and not row.linear and (row.multilinear or real == 1)


_RULES: Mapping[str, Callable[[Collector, Equation], Form | None]] = {
    "copy": Collector.copy,
    "neg": Collector.neg,
    "mul": Collector.mul,
    "div": Collector.div,
    "ipow": Collector.ipow,
    "add": Collector.add,
    "sub": Collector.sub,
    "broadcast": Collector.broadcast,
    "select": Collector.select,
    "contract": Collector.contract,
    "sum": Collector.sum,
    "transpose": Collector.transpose,
    "diagonal_matrix": Collector.diagonal_matrix,
}
