"""Sample data for a program: sizes that fit its shapes, and numbers at which it is finite.

What is sensible for a program is found by trying.  Each kind of number below is simple to read;
the first at which every output and every derivative is finite is taken, the first of all where
none is.  Invariant: the same program and sizes give the same data, which `bind` accepts.
Deliberately absent: data that make sense for what a program is about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice, product
from random import Random
from typing import Any, NamedTuple

from gradc.diagnostics import Diagnostic, GradcError, UsageError
from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.ir.interface import InputSpec
from gradc.ir.program import Program
from gradc.runtime.bind import Bound, bind
from gradc.runtime.directions import filled
from gradc.runtime.evaluate import evaluate_bound
from gradc.runtime.nonfinite import explain_nonfinite

# Sizes that are not given: different ones, so that a transposed matrix does not fit by chance, and
# the first, most often a number of observations, the largest.
_USUAL = (5, 2, 3, 4)

# How many choices of sizes are tried before the program is taken to fit none.
_PATIENCE = 20_000

# More numbers than this nobody reads; data so large are made by a program.
_MOST = 10**7

# Numbers are tried at no more elements than this; the kind found serves any number of them.
_TRIAL = 10_000


class Kind(NamedTuple):
    """A kind of sample numbers: hundredths from `low` to `high`, and what is added to the
    diagonal of square matrices, which are symmetric then."""

    low: float
    high: float
    diagonal: float | None = None


_KINDS = (
    Kind(0.1, 0.9),
    Kind(0.1, 0.9, 2.0),
    Kind(1.1, 1.9),
    Kind(-0.9, -0.1),
    Kind(2.0, 9.0),
    Kind(0.01, 0.09),
)


class Samples(NamedTuple):
    """A value for each input, as a number or nested lists, by name.

    `finite` says whether the program and its derivatives are, there.
    """

    values: dict[str, Any]
    finite: bool


def samples(program: Program, given: Mapping[str, int]) -> Samples:
    """Sample data for the inputs of a program.

    `given` are sizes by name; the others are small.  Raises UsageError for a name that is no
    size of the inputs, where no sizes fit, and for sizes of more numbers than anybody reads.
    """
    sizes = sample_sizes(program, given)
    shapes = [[dim.evaluate(sizes) for dim in spec.type.shape] for spec in program.inputs]
    count = sum(map(math.prod, shapes))
    if count > _MOST:
        what = f"the inputs would hold {count:,} numbers; {_MOST:,} are the most"
        raise UsageError([Diagnostic("G0762", what, help="give smaller sizes")])
    kind = _suitable(program, sizes if count <= _TRIAL else sample_sizes(program, {}))
    return Samples(_values(program.inputs, sizes, kind or _KINDS[0]), kind is not None)


def read_sizes(texts: Iterable[str]) -> dict[str, int]:
    """The sizes in texts `N=100`; raises UsageError for anything else."""
    sizes: dict[str, int] = {}
    problems = []
    for text in texts:
        name, equals, number = (part.strip() for part in text.partition("="))
        if not (equals and number.isascii() and number.isdigit() and len(number) < 12):
            help = "give sizes as N=100 D=3"
            problems.append(Diagnostic("G0761", f"`{text}` is not SIZE=NUMBER", help=help))
        elif name in sizes:
            problems.append(Diagnostic("G0761", f"the size `{name}` is given twice"))
        else:
            sizes[name] = int(number)
    if problems:
        raise UsageError(problems)
    return sizes


def sample_sizes(program: Program, given: Mapping[str, int]) -> dict[str, int]:
    """Sizes at which every axis has an element and every requirement of the program is met.

    Raises UsageError where there are none with those that are given.
    """
    bounds = list(_bounds(program, given))
    names = list(dict.fromkeys(name for dim, _ in bounds for name in sorted(dim.names())))
    _check_names(given, names)
    free = [name for name in names if name not in given]
    for choice in islice(_choices(len(free)), _PATIENCE):
        sizes = {**given, **dict(zip(free, choice, strict=True))}
        if all(dim.evaluate(sizes) >= least for dim, least in bounds):
            return sizes
    shown = ", ".join(f"{name}={size}" for name, size in given.items()) or "small sizes"
    unmet = ", ".join(dict.fromkeys(f"{dim} >= {least}" for dim, least in bounds if dim.names()))
    raise UsageError(
        [Diagnostic("G0762", f"no data fit the program with {shown}", notes=(f"needed: {unmet}",))]
    )


def _bounds(program: Program, given: Container[str]) -> Iterator[tuple[Dim, int]]:
    """What sizes must be, at least; an axis is empty only if it was asked to be."""
    for spec in program.inputs:
        for dim in spec.type.shape:
            yield dim, int(any(name not in given for name in dim.names()))
        if spec.below is not None:
            yield spec.below, 1
    for requirement in program.requirements:
        yield requirement.dim, requirement.minimum


def _check_names(given: Mapping[str, int], names: Sequence[str]) -> None:
    problems = []
    for name in given:
        if name in names:
            continue
        near = get_close_matches(name, names, n=1)
        listed = ", ".join(names)
        help = f"did you mean `{near[0]}`?" if near else f"the sizes are: {listed}"
        what = f"the inputs have no size `{name}`"
        problems.append(Diagnostic("G0761", what, help=help if names else "there are no sizes"))
    if problems:
        raise UsageError(problems)


def _choices(count: int) -> Iterator[tuple[int, ...]]:
    """Values for so many sizes: the usual ones, then all small ones, then larger ones."""
    yield tuple(_USUAL[i % len(_USUAL)] for i in range(count))
    most = 2
    while True:
        for choice in product(range(1, most + 1), repeat=count):
            if not choice or max(choice) == most or most == 2:
                yield choice
        if not count:
            return
        most += 1


def _suitable(program: Program, sizes: Mapping[str, int]) -> Kind | None:
    """The first kind of numbers at which a program and its derivatives are finite, if any is."""
    for kind in _KINDS:
        values = _values(program.inputs, sizes, kind)
        try:
            bound = bind(program.inputs, values, program.requirements, program.source)
            if _is_finite(program, bound):
                return kind
        except GradcError:  # an index that these numbers lead out of range, for one
            continue
    return None


def _is_finite(program: Program, bound: Bound) -> bool:
    outputs = program.graph.outputs
    shapes = [tuple(dim.evaluate(bound.sizes) for dim in var.type.shape) for var in outputs]
    ones = {var.name: filled(1.0, shape) for var, shape in zip(outputs, shapes, strict=True)}
    evaluation = evaluate_bound(program, bound, ones)
    return explain_nonfinite(program, evaluation, program.wrt()) is None


def _values(inputs: Iterable[InputSpec], sizes: Mapping[str, int], kind: Kind) -> dict[str, Any]:
    random = Random(0)
    return {spec.name: _value(spec, sizes, kind, random) for spec in inputs}


def _value(spec: InputSpec, sizes: Mapping[str, int], kind: Kind, random: Random) -> Any:
    shape = [dim.evaluate(sizes) for dim in spec.type.shape]
    if spec.type.dtype is DType.INT:
        below = 3 if spec.below is None else spec.below.evaluate(sizes)
        return _nested(shape, lambda: random.randrange(below))
    low, high = round(kind.low * 100), round(kind.high * 100)
    value = _nested(shape, lambda: random.randint(low, high) / 100)
    if kind.diagonal is not None and len(shape) == 2 and shape[0] == shape[1]:
        for i, row in enumerate(value):
            row[:i] = [value[j][i] for j in range(i)]
            row[i] = round(row[i] + kind.diagonal * len(row), 2)
    return value


def _nested(shape: Sequence[int], number: Callable[[], float]) -> Any:
    """Nested lists of a shape; the number itself for no axes."""
    if not shape:
        return number()
    return [_nested(shape[1:], number) for _ in range(shape[0])]
