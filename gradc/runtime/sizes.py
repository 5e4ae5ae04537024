"""Finding the named sizes of a program from the lengths of its data.

Every axis of every input gives one equation, symbolic size = length.  Invariant: sizes that
are returned are non-negative integers, and every equation that does not hold, or cannot be
solved, is reported; which input comes first decides the words of a message and nothing else.
Axes that are exactly one named size are read first; then, repeatedly, those that are linear
in one size still unknown.  Deliberately absent: systems, and roots of higher degree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd
from typing import NamedTuple

from gradc.diagnostics import Diagnostic
from gradc.ir.dims import Dim
from gradc.ir.interface import InputSpec
from gradc.runtime.problems import counted, quoted


class Axis(NamedTuple):
    """One axis of one input, and how long the data are along it."""

    spec: InputSpec
    axis: int
    length: int

    @property
    def dim(self) -> Dim:
        """The declared size."""
        return self.spec.type.shape[self.axis]

    @property
    def declared(self) -> str:
        """The axis and its declared size, as `axis 0 = N`."""
        return f"axis {self.axis} = {self.dim}"

    @property
    def extent(self) -> str:
        """The length in words: `5 rows`."""
        match len(self.spec.type.shape), self.axis:
            case 1, _:
                return counted(self.length, "element")
            case 2, 0:
                return counted(self.length, "row")
            case 2, 1:
                return counted(self.length, "column")
            case _:
                return f"length {self.length}"


class Problem(NamedTuple):
    """A diagnostic and the inputs that it is about."""

    diagnostic: Diagnostic
    about: tuple[InputSpec, ...]


class Solution(NamedTuple):
    """The sizes found, the axis that each comes from, and what does not fit."""

    sizes: dict[str, int]
    origins: dict[str, Axis]
    problems: list[Problem]


def solve(axes: Sequence[Axis], needed: Iterable[str], hopeless: frozenset[str]) -> Solution:
    """The sizes at which all axes have their lengths.

    `needed` are all named sizes that the program uses; `hopeless` those on which inputs that
    are missing or malformed bear, which are not reported again for being unknown.
    """
    solution = Solution({}, {}, [])
    failed = set(hopeless)
    for axis in axes:
        symbol = axis.dim.symbol
        if symbol is not None and symbol not in solution.sizes:
            _found(solution, symbol, axis.length, axis)
    _solve_linear(axes, solution, failed)
    for axis in axes:
        if axis.dim.names() <= solution.sizes.keys():
            _check(axis, solution)
    unknown = [n for n in dict.fromkeys(needed) if n not in solution.sizes and n not in failed]
    solution.problems.extend(_unsolved(name, axes) for name in unknown)
    return solution


def _found(solution: Solution, name: str, size: int, axis: Axis) -> None:
    solution.sizes[name] = size
    solution.origins[name] = axis


def _solve_linear(axes: Sequence[Axis], solution: Solution, failed: set[str]) -> None:
    pending = [axis for axis in axes if axis.dim.symbol is None and axis.dim.names()]
    progress = True
    while progress:
        progress = False
        for axis in list(pending):
            names = axis.dim.names() & solution.sizes.keys()
            dim = axis.dim.substitute({name: Dim.of(solution.sizes[name]) for name in names})
            if not dim.names():
                pending.remove(axis)
            elif len(dim.names()) == 1 and len(dim.terms[0][0]) == 1:
                pending.remove(axis)
                progress = True
                _solve_one(dim, axis, solution, failed)


def _solve_one(dim: Dim, axis: Axis, solution: Solution, failed: set[str]) -> None:
    """Solve `(k*name + c) / denominator = length`."""
    (name,) = dim.names()
    coefficients = dict(dim.terms)
    slope = coefficients[(name,)]
    rise = axis.length * dim.denominator - coefficients.get((), 0)
    size, rest = divmod(rise, slope)
    if not rest and size >= 0:
        _found(solution, name, size, axis)
        return
    failed.add(name)
    reason = ", not an integer" if rest else ""
    common = gcd(rise, slope)
    shown = f"{rise // common}/{slope // common}" if rest else str(size)
    message = (
        f"{quoted(axis.spec.name)} has {axis.extent} ({axis.declared}), "
        f"which makes {name} = {shown}{reason}"
    )
    solution.problems.append(Problem(Diagnostic("G0527", message), (axis.spec,)))


def _check(axis: Axis, solution: Solution) -> None:
    """Note a problem where the sizes found give an axis another length than it has."""
    expected = axis.dim.evaluate(solution.sizes)
    if expected == axis.length:
        return
    name = quoted(axis.spec.name)
    names = sorted(axis.dim.names())
    about = [axis.spec]
    if not names:
        message = f"{name} has {axis.extent} (axis {axis.axis}), declared are {expected}"
    elif axis.dim.symbol is not None:
        first = solution.origins[axis.dim.symbol]
        about.insert(0, first.spec)
        message = (
            f"{quoted(first.spec.name)} has {first.extent} ({first.declared}) but {name} has "
            f"{axis.length} ({axis.declared})"
        )
    else:
        message = f"{name} has {axis.extent} ({axis.declared}), but {axis.dim} is {expected}"
        about += [solution.origins[n].spec for n in names]
        message += f" where {where(names, solution)}"
    solution.problems.append(Problem(Diagnostic("G0525", message), tuple(about)))


def where(names: Iterable[str], solution: Solution) -> str:
    """The sizes and where each comes from: `N = 4 (axis 0 of x)`."""
    parts = []
    for name in names:
        axis = solution.origins[name]
        parts.append(
            f"{name} = {solution.sizes[name]} (axis {axis.axis} of {quoted(axis.spec.name)})"
        )
    return ", ".join(parts)


def _unsolved(name: str, axes: Sequence[Axis]) -> Problem:
    occurs = [axis for axis in axes if name in axis.dim.names()]
    message = f"the size {quoted(name)} cannot be found from the data: "
    if occurs:
        listed = ", ".join(f"{a.dim} (axis {a.axis} of {quoted(a.spec.name)})" for a in occurs[:3])
        message += f"it occurs only in {listed}"
    else:
        message += "no input has an axis of that size"
    help = f"fix it in the program, as in `dim {name} = 3`"
    return Problem(Diagnostic("G0526", message, help=help), tuple(a.spec for a in occurs[:3]))
