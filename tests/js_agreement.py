"""Emitted JavaScript against emitted Python: the same calls, the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from javascript import Fault, Job, run

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.runtime.load import load_functions
from gradc.targets.js import emit as js
from gradc.targets.python import emit as python

Call = tuple[str, Sequence[Any]]


class Twin(NamedTuple):
    """A text of JavaScript, one of Python, and calls of the functions that both have."""

    label: str
    javascript: str
    python: str
    calls: Sequence[Call]


def twin(
    label: str,
    program: Program,
    wrt: Sequence[Var],
    arguments: Sequence[Any],
    moved: Sequence[Any],
    weights: Sequence[Any],
) -> Twin:
    """Both modules of a program, and a call of each of their functions."""
    calls = [("forward", arguments), ("reverse", weights), ("tangent", [*arguments, *moved])]
    if program.is_scalar_valued:
        calls.append(("value_and_grad", arguments))
    return Twin(label, js.emit(program, wrt).text, python.emit(program, wrt).text, calls)


def traces(label: str, program: Program, arguments: Sequence[Any], weights: Sequence[Any]) -> Twin:
    """Both traces of a program, and a call."""
    one, other = js.emit_trace(program), python.emit_trace(program)
    assert list(map(str, one.values)) == list(map(str, other.values))
    assert list(map(str, one.adjoints)) == list(map(str, other.adjoints))
    text = one.text + "\nexport { trace };"
    return Twin(label, text, other.text, [("trace", [*arguments, *weights])])


def directions(variables: Sequence[Var], sizes: Mapping[str, int], seed: int) -> list[Any]:
    """Random numbers in the shapes of some quantities."""
    random = np.random.default_rng(seed)
    shapes = [tuple(dim.evaluate(sizes) for dim in var.type.shape) for var in variables]
    return [random.normal(size=shape) if shape else float(random.normal()) for shape in shapes]


def agree(
    twins: Sequence[Twin], folder: Path, tolerance: float = 1e-12, signed: bool = False
) -> None:
    """Whether all calls have the same results; `signed` looks at the signs of zeros too."""
    every = run([Job(each.javascript, each.calls) for each in twins], folder)
    for each, found in zip(twins, every, strict=True):
        expected = called(each)
        for (function, _), one, other in zip(each.calls, found, expected, strict=True):
            what = f"{function} of {each.label}"
            if isinstance(other, Fault):
                assert one == other, what
                continue
            assert not isinstance(one, Fault), f"{what}: {one}"
            close(one, other, what, tolerance, 0.0, signed)


def called(each: Twin) -> list[Any]:
    """What the Python module gives; a message where it raises."""
    functions = load_functions(each.python, "twin")
    results: list[Any] = []
    saved: Any = None
    for name, args in each.calls:
        given = (saved, *args) if name == "reverse" else args
        try:
            result = functions[name](*given)
        except (ValueError, IndexError) as error:
            results.append(Fault(error))
            continue
        if name == "forward":
            result, saved = result
        results.append(result)
    return results


def close(
    found: Any, expected: Any, what: str, tolerance: float, scale: float, signed: bool
) -> None:
    """Whether results are equal to rounding, beside the largest number of a call: an adjoint may
    be what is left of larger ones."""
    if isinstance(expected, tuple):
        assert len(found) == len(expected), what
        largest = max([scale, *map(magnitude, expected)])
        for one, other in zip(found, expected, strict=True):
            close(one, other, what, tolerance, largest, signed)
        return
    left, right = (np.asarray(value) for value in (found, expected))
    assert left.shape == right.shape, (what, left.shape, right.shape)
    assert (left.dtype == bool) == (right.dtype == bool) or not left.size, what
    left, right = left.astype(float), right.astype(float)
    atol = tolerance * max(scale, magnitude(expected)) / 10
    np.testing.assert_allclose(left, right, rtol=tolerance, atol=atol, err_msg=what)
    if signed:
        zeros = right == 0
        signs = [np.signbit(side[zeros]) for side in (left, right)]
        np.testing.assert_array_equal(*signs, err_msg=what)


def magnitude(value: Any) -> float:
    """The largest finite absolute value."""
    if isinstance(value, tuple):
        return max(map(magnitude, value), default=0.0)
    array = np.asarray(value, dtype=float)
    return float(np.max(np.abs(array[np.isfinite(array)]), initial=0.0))
