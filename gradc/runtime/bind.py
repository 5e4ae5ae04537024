"""Binding data to the declared inputs of a program, before anything runs.

Invariant: either every input has a value of its element type, rank and sizes, every index
its range and every size its bound, or one `InputError` says everything that is wrong.
Deliberately absent: reading data (`inputs`) and running programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gradc.diagnostics import Diagnostic, InputError, Label, Source, Span
from gradc.ir.dims import shape_text
from gradc.ir.graph import DType
from gradc.ir.interface import InputSpec, SizeRequirement
from gradc.runtime.arrays import Concrete, Dense, as_integer, as_real, dense, index_text
from gradc.runtime.problems import counted, failure, quoted
from gradc.runtime.sizes import Axis, Solution, solve, where
from gradc.runtime.values import RawValue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHOWN = 8  # how many of many names a message lists


class Bound(NamedTuple):
    """The data of one run.

    `sizes` gives every named size.  `arrays` gives every input, in order of declaration: a
    float or an int for a scalar, else a C-contiguous float64 or int64 array.  An array that
    was float64 and contiguous already is the caller's own, not a copy; nothing writes to it.
    """

    sizes: dict[str, int]
    arrays: dict[str, Concrete]


def bind(
    inputs: Sequence[InputSpec],
    values: Mapping[str, object],
    constraints: Sequence[SizeRequirement] = (),
    source: Source | None = None,
    unread: frozenset[str] | None = frozenset(),
) -> Bound:
    """The values as arrays, and the sizes that they imply.

    `values` maps names to what `read_inputs` returns, or to numbers, nested lists and arrays
    of the Python interface.  `source` is the program, for pointing at declarations.  `unread`
    names values that were given but could not be read, so that they are not called missing;
    None stands for all of them (`inputs.Reading`).  Raises
    `InputError` with all problems: names missing or unknown, elements that are no numbers,
    ranks, integers, sizes, index ranges, and the bounds in `constraints`.
    """
    expect_names(values)
    normal = {normal_name(name): value for name, value in values.items()}
    return _Binder(inputs, normal, constraints, source, unread).bound()


def expect_names(values: object) -> None:
    """Raises TypeError for data that are not given by name."""
    if not hasattr(values, "keys"):
        given = type(values).__name__
        raise TypeError(f"data are given by name, as in {{'x': 1.0}}, not as a {given}")


def normal_name(name: str) -> str:
    """A name as programs have it; Python does the same to the names of its arguments."""
    if name.isascii():
        return name
    from unicodedata import normalize

    return normalize("NFKC", name)


class _Binder:
    def __init__(
        self,
        inputs: Sequence[InputSpec],
        values: Mapping[str, object],
        constraints: Sequence[SizeRequirement],
        source: Source | None,
        unread: frozenset[str] | None,
    ) -> None:
        self._inputs = inputs
        self._unread = unread
        self._values = values
        self._constraints = constraints
        self._source = source
        self._problems: list[Diagnostic] = []

    def bound(self) -> Bound:
        self._check_names()
        arrays: dict[str, Concrete] = {}
        for spec in self._inputs:
            if spec.name in self._values:
                try:
                    arrays[spec.name] = _concrete(spec, self._values[spec.name])
                except InputError as error:
                    for diagnostic in error.diagnostics:
                        self._report(diagnostic, (spec,))
        solution = self._solve(arrays)
        for spec in self._inputs:
            if spec.name in arrays:
                self._check_range(spec, arrays[spec.name], solution)
        for requirement in self._constraints:
            self._check_requirement(requirement, solution)
        if self._problems:
            raise InputError(self._problems)
        return Bound(solution.sizes, arrays)

    def _report(self, diagnostic: Diagnostic, about: Iterable[InputSpec] = ()) -> None:
        """Keep a problem, pointing at the declarations of the inputs that it is about."""
        places = {s.span: f"{s.name} is declared here" for s in about if s.span is not None}
        self._keep(diagnostic, places)

    def _keep(self, diagnostic: Diagnostic, places: Mapping[Span, str]) -> None:
        if self._source is not None and places:
            labels = tuple(Label(span, text) for span, text in places.items())
            diagnostic = replace(diagnostic, labels=labels, source=self._source)
        self._problems.append(diagnostic)

    def _check_names(self) -> None:
        declared = {spec.name: spec for spec in self._inputs}
        given = self._values.keys() | (declared.keys() if self._unread is None else self._unread)
        missing = [spec for spec in self._inputs if spec.name not in given]
        if missing:
            names = _listed([_declaration(spec) for spec in missing])
            example = ",".join(_example(spec) for spec in missing[:4])
            more = ",..." if len(missing) > 4 else ""
            help = f"give {'them' if len(missing) > 1 else 'it'} as in {example}{more}"
            self._report(
                Diagnostic("G0520", f"no value is given for {names}", help=help), missing[:_SHOWN]
            )
        unknown = [name for name in self._values if name not in declared]
        for name in unknown[:_SHOWN]:
            self._report(_unknown(name, list(declared)))
        if len(unknown) > _SHOWN:
            names = _listed([quoted(name) for name in unknown[_SHOWN:]])
            self._report(Diagnostic("G0521", f"nor has the program an input {names}"))

    def _solve(self, arrays: Mapping[str, Concrete]) -> Solution:
        axes: list[Axis] = []
        hopeless: set[str] = set()
        needed: list[str] = []
        for spec in self._inputs:
            dims = [*spec.type.shape, *([] if spec.below is None else [spec.below])]
            names = [name for dim in dims for name in sorted(dim.names())]
            needed += names
            if spec.name in arrays:
                lengths = getattr(arrays[spec.name], "shape", ())
                axes += [Axis(spec, axis, length) for axis, length in enumerate(lengths)]
            else:
                hopeless.update(names)
        for requirement in self._constraints:
            needed += sorted(requirement.dim.names())
        solution = solve(axes, needed, frozenset(hopeless))
        for problem in solution.problems:
            self._report(problem.diagnostic, problem.about)
        return solution

    def _check_range(self, spec: InputSpec, value: Concrete, solution: Solution) -> None:
        """Every element of an input declared `in K` is one of 0 .. K-1."""
        if spec.below is None or not spec.below.names() <= solution.sizes.keys():
            return
        limit = spec.below.evaluate(solution.sizes)
        if isinstance(value, (int, float)):
            outside = [] if 0 <= value < limit else [(spec.name, int(value))]
            more = 0
        else:
            outside, more = _outside(spec.name, value, limit)
        if not outside:
            return
        listed = ", ".join(f"{quoted(place)} is {number}" for place, number in outside)
        others = f" (and {counted(more, 'other element')})" if more else ""
        allowed = f"0 .. {limit - 1}" if limit > 0 else "no value at all"
        message = f"{listed}{others}; allowed is {allowed}"
        names = sorted(spec.below.names())
        notes = (f"declared in {spec.below}, where {where(names, solution)}",) if names else ()
        self._report(Diagnostic("G0524", message, notes=notes), (spec,))

    def _check_requirement(self, requirement: SizeRequirement, solution: Solution) -> None:
        names = sorted(requirement.dim.names())
        if not solution.sizes.keys() >= set(names):
            return
        size = requirement.dim.evaluate(solution.sizes)
        if size >= requirement.minimum:
            return
        given = f" for {where(names, solution)}" if names else ""
        note = f"{requirement.dim} must be at least {requirement.minimum}, it is {size}"
        diagnostic = Diagnostic("G0528", f"{requirement.what}{given}", notes=(note,))
        span = requirement.span
        self._keep(diagnostic, {} if span is None else {span: "does not fit these data"})


def _concrete(spec: InputSpec, given: object) -> Concrete:
    """A value in the element type and the rank of its input; raises `InputError`."""
    raw = given if isinstance(given, RawValue) else RawValue(given, "")
    value = _with_rank(spec, dense(_scalar_of_column(spec, raw), spec.name), raw)
    if spec.type.dtype is DType.INT:
        return as_integer(value, spec.name)
    return as_real(value, spec.name)


def _scalar_of_column(spec: InputSpec, raw: RawValue) -> object:
    """The only element of a one-row column that is to bind a scalar, else the data."""
    data = raw.data
    if raw.from_column and not spec.type.shape and isinstance(data, Sized) and len(data) == 1:
        return data[0]  # type: ignore[index]
    return data


def _with_rank(spec: InputSpec, value: Dense, raw: RawValue) -> Dense:
    shape: tuple[int, ...] = getattr(value, "shape", ())
    if len(shape) == len(spec.type.shape):
        return value
    given = f"has shape [{', '.join(map(str, shape))}]" if shape else "is a number"
    declared = f"is declared with shape {shape_text(spec.type.shape)}"
    if not spec.type.shape:
        declared = "is declared as a scalar"
    place = f" (at {raw.place})" if raw.place else ""
    message = f"the value given for {quoted(spec.name)}{place} {given}; {spec.name} {declared}"
    help = f"write {_example(spec)}" if not shape else None
    raise failure("G0522", message, help)


def _outside(
    name: str, value: NDArray[np.float64] | NDArray[np.int64], limit: int
) -> tuple[list[tuple[str, int]], int]:
    """The first elements out of 0 .. limit-1 with their places, and how many more there are."""
    wrong = ((value < 0) | (value >= limit)).reshape(-1).nonzero()[0]
    flat = value.reshape(-1)
    listed = [(name + index_text(int(i), value.shape), int(flat[i])) for i in wrong[:3]]
    return listed, len(wrong) - len(listed)


def _listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _declaration(spec: InputSpec) -> str:
    shape = shape_text(spec.type.shape) if spec.type.shape else ""
    return f"`{spec.name}{shape}`"


def _example(spec: InputSpec) -> str:
    """A value of the right rank, as people type it: `w=[1,2]`."""
    number = "[" * len(spec.type.shape) + "1" + "]" * len(spec.type.shape)
    return f"{spec.name}={number}"


def _unknown(name: str, declared: Sequence[str]) -> Diagnostic:
    from difflib import get_close_matches

    folded = [other for other in declared if other.casefold() == name.casefold()]
    near = folded or get_close_matches(name, declared, n=1)
    if near:
        help = f"did you mean {quoted(near[0])}?"
    elif declared:
        help = f"the inputs are {_listed(declared)}"
    else:
        help = "the program has no inputs"
    return Diagnostic("G0521", f"the program has no input {quoted(name)}", help=help)
