"""How long a gradient takes NumPy, and how much memory, and how long a compiler: rough estimates,
from sizes alone.

They decide whether compiling is worth its time, so they must be cheap, and the same for the same
program and sizes on every machine; a factor of three either way does no harm.  Deliberately
absent: measuring, which would make the engine, and with it the last bits of numbers, depend on
what else the machine does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import prod, sqrt
from typing import NamedTuple

from gradc.ir.graph import Equation, Graph, Type
from gradc.ops.control import Loop
from gradc.ops.table import PRIMITIVES

# Seconds, on a machine of 2024: an equation of emitted Python with scalars and with arrays, an
# element of an array, and a product and a sum within a contraction.
_SCALAR, _ARRAY, _ELEMENT, _PRODUCT = 1e-7, 2e-6, 2e-9, 2e-10

# An element of an array that is so long that the system hands out its memory anew, page by page.
_LONG, _FRESH = 1e5, 5e-9

# The bytes of an element.
_WORD = 8.0

# A gradient beside its value.
_SWEEPS = 3.0

# The steps of a loop that ends by a condition, where it may run for more.
_WHILE = 1000

# Of compiling: a file with little in it, each equation with its part in a derivative, each that
# adds up elements of arrays, for which there are loops in loops, and each of scalars where there
# are many, which `nests.splitting` puts into functions of their own.
_FILE, _EQUATION, _LOOPS, _SPLIT = 0.2, 0.004, 0.03, 0.001
_WHOLE = 250  # equations of scalars in one function


class Work(NamedTuple):
    """Seconds that the values take in NumPy or Python, and that compiling takes for the equations
    and for what adds up elements; how many elements the longest array has; and the bytes of all
    arrays that NumPy makes for the values, and of those of loops that a gradient keeps."""

    value: float
    equations: float
    loops: float
    longest: float
    arrays: float
    saved: float

    @property
    def gradient(self) -> float:
        """Seconds of a gradient."""
        return _SWEEPS * self.value

    def of(self, kinds: Collection[str]) -> float:
        """Seconds of a call of all functions of some kinds."""
        return self.value if _values_only(kinds) else self.gradient

    def memory(self, kinds: Collection[str]) -> float:
        """Bytes of arrays that NumPy makes for functions of some kinds: of the values, for those
        of a gradient go into memory that others have left."""
        return self.arrays if _values_only(kinds) else self.arrays + self.saved

    def compiling(self, kinds: Collection[str]) -> float:
        """Seconds of compiling functions of some kinds."""
        equations = self.equations / _SWEEPS if _values_only(kinds) else self.equations
        return _FILE + equations + self.loops


def _values_only(kinds: Collection[str]) -> bool:
    """Whether `forward` is all, which computes no derivative."""
    return {*kinds} == {"forward"}


def work(graph: Graph, sizes: Mapping[str, int]) -> Work:
    """The estimates for a program at given sizes."""
    found: dict[Graph, _Needs] = {}
    equations, scalars, loops, longest = 0, 0, 0, 0.0
    pending = [graph]
    while pending:  # a graph after those that it holds; a function once, however often it is called
        here = pending[-1]
        inner = [each for eq in here.equations for each in eq.graphs() if each not in found]
        pending += inner
        if not inner:
            pending.pop()
            if here not in found:
                counted = [_Counted(eq, _counts(eq, sizes)) for eq in here.equations]
                found[here] = _together([_needs(each, sizes, found) for each in counted])
                longest = max([longest, *(each.most for each in counted)])
                equations += len(counted)
                scalars += sum(not eq.out.type.shape for eq in here.equations)
                loops += sum(map(_adds_up, counted))
    split = max(scalars - _WHOLE, 0)
    statements = _EQUATION * (equations - split) + _SPLIT * split
    seconds, arrays, saved = found[graph]
    return Work(seconds, statements, _LOOPS * loops, longest, arrays, saved)


def has_arrays(graph: Graph) -> bool:
    """Whether any quantity of a program, in functions and loops too, has an axis."""
    pending, seen = [graph], {graph}
    while pending:
        here = pending.pop()
        for equation in here.equations:
            if any(var.type.shape for var in equation.outs):
                return True
            inner = [each for each in equation.graphs() if each not in seen]
            seen.update(inner)
            pending += inner
        if any(var.type.shape for var in here.inputs):
            return True
    return False


class _Counted(NamedTuple):
    """An equation, and the numbers of elements that it reads and writes; none of scalars."""

    equation: Equation
    counts: tuple[float, ...]

    @property
    def most(self) -> float:
        return max(self.counts, default=1.0)


class _Needs(NamedTuple):
    """The seconds of a value, the bytes of its arrays, and of those that a gradient keeps."""

    seconds: float
    arrays: float
    saved: float


_OF_SCALARS = _Needs(_SCALAR, 0.0, 0.0)


def _together(needs: list[_Needs]) -> _Needs:
    return _Needs(*map(sum, zip(*needs, strict=True))) if needs else _Needs(0.0, 0.0, 0.0)


def _needs(counted: _Counted, sizes: Mapping[str, int], graphs: Mapping[Graph, _Needs]) -> _Needs:
    """What an equation needs, with the graphs that it holds: all arrays of a function, and those
    of one step of a loop, whose others are gone, but for what is carried where it is saved."""
    equation = counted.equation
    held = [graphs[each] for each in equation.graphs()]
    if not held and not counted.counts:
        return _OF_SCALARS
    inside = _together(held)
    made = _bytes((var.type for var in equation.outs), sizes)
    steps, saved = 1.0, inside.saved
    if equation.op == "loop":
        loop = Loop.of(equation)
        most = max(loop.length.evaluate(sizes), 0)
        steps = most if loop.condition is None else min(most, _WHILE)
        carried = _bytes((var.type for var in loop.finals), sizes)
        saved = steps * carried + inside.saved
    seconds = _seconds(counted, sizes, steps * inside.seconds)
    return _Needs(seconds, made + inside.arrays, saved)


def _bytes(types: Iterable[Type], sizes: Mapping[str, int]) -> float:
    """Of arrays of these types; scalars take none."""
    return sum(_WORD * _count(type, sizes) for type in types if type.shape)


def _adds_up(counted: _Counted) -> bool:
    """Whether an equation makes one element of many."""
    row = PRIMITIVES[counted.equation.op]
    reduces = row.joins is not None or (row.multilinear and not row.elementwise)
    return reduces and bool(counted.counts)


def _counts(equation: Equation, sizes: Mapping[str, int]) -> tuple[float, ...]:
    types = [var.type for var in equation.outs]
    if not PRIMITIVES[equation.op].reads_part:
        types += [atom.type for atom in equation.args]
    if not any(type.shape for type in types):
        return ()
    return tuple(_count(type, sizes) for type in types)


def _count(type: Type, sizes: Mapping[str, int]) -> float:
    return float(prod(max(dim.evaluate(sizes), 0) for dim in type.shape))


def _seconds(counted: _Counted, sizes: Mapping[str, int], inside: float) -> float:
    """Of an equation, with `inside` those of the graphs that it holds."""
    if not counted.counts:
        return _SCALAR + inside
    row = PRIMITIVES[counted.equation.op]
    if row.multilinear and not row.elementwise:
        return _ARRAY + _PRODUCT * _products(counted, sizes)
    return _ARRAY + (_ELEMENT if counted.most < _LONG else _FRESH) * counted.most + inside


def _products(counted: _Counted, sizes: Mapping[str, int]) -> float:
    """How many products a contraction adds up: one for each element of all its axes together."""
    spec = dict(counted.equation.params).get("spec")
    if not isinstance(spec, str):
        return sqrt(prod(counted.counts))
    letters = spec.partition("->")[0].split(",")
    extents: dict[str, int] = {}
    for names, atom in zip(letters, counted.equation.args, strict=True):
        for name, dim in zip(names, atom.type.shape, strict=True):
            extents[name] = max(dim.evaluate(sizes), 0)
    return float(prod(extents.values()))
