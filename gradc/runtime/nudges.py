"""Reading nudges: `b=0.001`, `w=[0.01,0,0]`, and one element, `w[2]=0.001`.

Invariant: what comes out has the shapes of the inputs at the sizes of the data, and is finite;
whatever is wrong with any nudge is reported at once.  A number is no nudge for a whole array:
whether every element should move by it, or the norm, is for the person to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from gradc.diagnostics import Diagnostic, InputError, UsageError
from gradc.ir.graph import DType, Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound
from gradc.runtime.directions import directions
from gradc.runtime.inputs import read_inputs, segments
from gradc.runtime.literals import TYPED, parse_number
from gradc.runtime.problems import counted, quoted
from gradc.runtime.values import RawValue

Array = NDArray[np.float64]

_ELEMENT = re.compile(r"\s*(?P<name>[^\W\d]\w*)\s*\[(?P<places>[^\[\]]*)\]\s*=(?P<value>.*)", re.S)


def read_nudges(
    program: Program, bound: Bound, specs: Sequence[str], stdin: Callable[[], str]
) -> dict[str, Array]:
    """How much each input that is named moves.

    Raises UsageError for names that cannot be nudged and for elements that there are not,
    InputError for values that are none or do not fit.
    """
    whole, elements = _parted(specs)
    given = read_inputs(whole, stdin)
    inputs = {var.name: var for var in program.graph.inputs}
    names = dict.fromkeys((*given, *(element.name for element in elements)))
    problems = [p for name in names if (p := _not_nudged(program, inputs, name)) is not None]
    if problems:
        raise UsageError(problems)
    problems = [
        _number_for_array(inputs[name])
        for name, raw in given.items()
        if inputs[name].type.shape and isinstance(raw.data, (int, float))
    ]
    if problems:
        raise InputError(problems)
    moving = [var for var in program.graph.inputs if var.name in names]
    plain: Mapping[str, RawValue] = given
    found = directions(moving, bound.sizes, plain)
    nudges = {v.name: np.array(d, dtype=np.float64) for v, d in zip(moving, found, strict=True)}
    problems = [p for e in elements if (p := e.put(nudges[e.name])) is not None]
    if problems:
        raise UsageError(problems)
    return _finite(nudges)


class _Element:
    """A nudge of one element."""

    def __init__(self, name: str, places: str, value: str, text: str) -> None:
        self.name = name
        self.places = places
        self.value = value
        self.text = text

    def put(self, array: Array) -> Diagnostic | None:
        """Write it into the nudge of the whole input; what is wrong if it does not fit there."""
        shape = array.shape
        words = [word.strip() for word in self.places.split(",")]
        if not all(re.fullmatch(r"[0-9]{1,18}", word) for word in words):
            what = f"{quoted(self.text)} does not name an element"
            return Diagnostic("G0732", what, help="an element is named like w[2] or A[0,1]")
        places = tuple(map(int, words))
        if len(places) != len(shape):
            has = f"has {len(shape)} {'axis' if len(shape) == 1 else 'axes'}" if shape else "is one"
            gives = counted(len(places), "place")
            what = f"{quoted(self.text)} gives {gives}; {quoted(self.name)} {has}"
            return Diagnostic("G0732", what if shape else f"{what} number", help=self._help(shape))
        if any(place >= size for place, size in zip(places, shape, strict=True)):
            sizes = ", ".join(map(str, shape))
            what = f"there is no element {quoted(self.text)}: {self.name} has shape [{sizes}]"
            return Diagnostic("G0732", what, help="elements are counted from 0")
        try:
            number = parse_number(self.value.strip(), TYPED)
        except OverflowError:
            number = math.inf
        if number is None:
            what = f"{quoted(self.value.strip())} is no number to nudge {quoted(self.text)} by"
            return Diagnostic("G0732", what, help="write a number, as in 0.001")
        if array[places] != 0:
            return Diagnostic("G0732", f"{quoted(self.text)} is nudged twice")
        array[places] = number
        return None

    def _help(self, shape: tuple[int, ...]) -> str:
        return f"write {self.name}[{','.join('0' for _ in shape)}]=0.001".replace("[]", "")


def _parted(specs: Sequence[str]) -> tuple[list[str], list[_Element]]:
    """The nudges of whole inputs, as inputs are given, and those of elements."""
    whole: list[str] = []
    elements: list[_Element] = []
    for spec in specs:
        rest = []
        for start, end in segments(spec):
            part = spec[start:end]
            match = _ELEMENT.fullmatch(part)
            if match is None:
                rest.append(part)
            else:
                text = f"{match['name']}[{match['places'].strip()}]"
                name = normalize("NFKC", match["name"])
                elements.append(_Element(name, match["places"], match["value"], text))
        if rest:
            whole.append(",".join(rest))
    return whole, elements


def _not_nudged(program: Program, inputs: Mapping[str, Var], name: str) -> Diagnostic | None:
    """Why a name cannot be nudged; None where it can."""
    if name in inputs:
        if inputs[name].type.dtype is DType.REAL:
            return None
        what = f"{quoted(name)} holds integers, which cannot move a little"
        return Diagnostic("G0731", what, help="give it another value with --inputs instead")
    real = [v.name for v in inputs.values() if v.type.dtype is DType.REAL]
    near = get_close_matches(name, real, n=1)
    computed = any(var.name == name for var in program.graph.named())
    found = "a quantity that the program computes" if computed else "not in the program"
    listed = f"the real inputs are: {', '.join(real[:8])}{' ...' if len(real) > 8 else ''}"
    help = f"did you mean {quoted(near[0])}?" if near and not computed else listed
    if not real:
        help = "the program has no real inputs"
    return Diagnostic("G0731", f"only inputs are nudged; {quoted(name)} is {found}", help=help)


def _number_for_array(var: Var) -> Diagnostic:
    rank = len(var.type.shape)
    element = f"{var.name}[{','.join('0' for _ in range(rank))}]=0.001"
    nested = f"{var.name}={'[' * rank}0.001, ...{']' * rank}"
    return Diagnostic(
        "G0732",
        f"{quoted(var.name)} is an array, and is nudged by an array or in one element",
        help=f"write {element} for one element, {nested} for all",
    )


def _finite(nudges: dict[str, Array]) -> dict[str, Array]:
    problems = [
        Diagnostic("G0732", f"the nudge of {quoted(name)} is not finite", help="a nudge is small")
        for name, by in nudges.items()
        if not np.isfinite(by).all()
    ]
    if not problems and not any(np.any(by) for by in nudges.values()):
        help = "give an amount other than 0, as in --by b=0.001"
        problems = [Diagnostic("G0733", "nothing is nudged: every amount is 0", help=help)]
    if problems:
        raise UsageError(problems)
    return nudges
