"""Moving the inputs of a program along a direction: changes, and the changes predicted.

The prediction is linear: forward mode at the first point, applied to what the inputs really move
by.  Adding a nudge to an input rounds, so that is not quite the nudge; the difference between
the new input and the old is, to the last bit.

Round-off of a change is estimated from values at equally spaced points on the way: what is left
in their differences of high order is noise (J. Moré and S. Wild, Estimating computational noise,
2011).  The median over three parts of the way counts, so that neither a kink or a jump in one of
them is taken for noise, nor rounding that happens to be as regular as the points for none.

Deliberately absent: derivatives by differences (`differences`), and what any of this means for
people (`report`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.ir.changes import Change, Size
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import DType, Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound
from gradc.runtime.evaluate import Tracer, call, seed_values
from gradc.runtime.load import load_functions
from gradc.targets.python.emit import emit, emit_values

Array = NDArray[np.float64]

#: Where on the way each row of points begins, and how far apart its points are.
NOISE_ROWS = ((0.0, 0.05), (0.35, 0.0371), (0.75, 0.0423))
NOISE_POINTS = 5

#: Times its standard deviation, noise of the old value and the new are a change at most.
SPREAD = 4.0

#: Half a unit in the last place, relatively.
ROUNDING = 2.0**-53


class Step(NamedTuple):
    """One move of the inputs: what they move by, the new values, and the changes by name."""

    steps: Mapping[str, Array]
    evaluation: Evaluation
    changes: Mapping[str, Change]


class Mover:
    """A program at a point, and a direction from there."""

    def __init__(
        self,
        program: Program,
        bound: Bound,
        weights: Mapping[str, object] | None,
        direction: Mapping[str, Array],
        weighed: bool = True,
    ) -> None:
        """`weights` are those of the outputs, as adjoints need them; where nothing says what is
        differentiated, changes are not `weighed`.

        `direction` has the shapes of the inputs that it names; those are the ones that move.
        """
        self._inputs = bound.arrays
        self._direction = direction
        outputs = [var.name for var in program.graph.outputs]
        values = seed_values(program, bound.sizes, weights)
        self._seeds = dict(zip(outputs, values, strict=True))
        self._weighed = weighed
        self._tracer = Tracer(program)
        self._tangent = _Tangent(program, [v for v in program.graph.inputs if v.name in direction])
        self._values = _Values(program, self._tangent.outputs)
        self.start = self._tracer.at(self._inputs.values(), list(self._seeds.values()))

    def step(self, scale: float) -> Step:
        """Move by so many times the direction."""
        steps, moved = self._moved(scale)
        evaluation = self._tracer.at(moved.values(), list(self._seeds.values()))
        predicted = self._tangent.along(self._inputs, steps)
        noise = self._noise(scale)
        changes = {}
        for name, tangent in predicted.items():
            old, new = _array(self.start.values[name]), _array(evaluation.values[name])
            with np.errstate(all="ignore"):
                actual = _array(new - old)
                last_place = ROUNDING * (abs(old) + abs(new))
                round_off = _array(
                    SPREAD * noise[name] + np.where((actual != 0) | (tangent != 0), last_place, 0.0)
                )
            changes[name] = Change(actual, tangent, round_off)
        return Step(steps, evaluation, changes)

    def total(self, step: Step) -> Change:
        """The change of what is differentiated: of all outputs by their weights, or, where none
        are given, of each element of them."""
        changes = [step.changes[name] for name in self._seeds]
        if not self._weighed:
            parts = zip(*[[np.ravel(p) for p in change] for change in changes], strict=True)
            return Change(*(np.concatenate(part) for part in parts))
        pairs = list(zip(changes, map(_array, self._seeds.values()), strict=True))
        with np.errstate(all="ignore"):
            actual = sum(np.sum(weight * change.actual) for change, weight in pairs)
            predicted = sum(np.sum(weight * change.predicted) for change, weight in pairs)
            round_off = sum(np.sum(abs(weight) * change.round_off) for change, weight in pairs)
        return Change(_array(actual), _array(predicted), _array(round_off))

    def _moved(self, scale: float) -> tuple[dict[str, Array], dict[str, object]]:
        """What the inputs move by, and all inputs at the new point."""
        moved: dict[str, object] = dict(self._inputs)
        steps: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            for name, by in self._direction.items():
                old = _array(self._inputs[name])
                new = old + scale * by
                steps[name] = _array(new - old)
                moved[name] = new if new.shape else float(new)
        return steps, moved

    def _noise(self, scale: float) -> dict[str, Array]:
        """About the standard deviation of rounding in each real quantity, on the way."""
        rows = []
        for start, apart in NOISE_ROWS:
            places = [scale * (start + apart * k) for k in range(NOISE_POINTS)]
            points = [list(self._moved(place)[1].values()) for place in places]
            rows.append([self._values.at(point) for point in points])
        return {
            name: _array(np.median([noise_of([one[i] for one in row]) for row in rows], axis=0))
            for i, name in enumerate(self._values.names)
        }


class _Tangent:
    """Forward mode of every real quantity with a name, by one emitted function."""

    def __init__(self, program: Program, moving: Sequence[Var]) -> None:
        graph = program.graph
        real = [var for var in graph.named() if var.type.dtype is DType.REAL]
        self.outputs = tuple(dict.fromkeys(real))
        every = replace(program, graph=replace(graph, outputs=self.outputs))
        text = emit(every, moving, "forward").text
        self._run = load_functions(text, program.source.name)["tangent"]
        self._moving = tuple(var.name for var in moving)

    def along(self, inputs: Mapping[str, object], steps: Mapping[str, Array]) -> dict[str, Array]:
        """The tangent of each quantity."""
        directions: list[Any] = [steps[name] for name in self._moving]
        directions = [step if step.shape else float(step) for step in directions]
        _, tangents = call(self._run, [*inputs.values(), *directions])
        each = tangents if len(self.outputs) > 1 else (tangents,)
        return {var.name: _array(value) for var, value in zip(self.outputs, each, strict=True)}


class _Values:
    """The values of some quantities and nothing else, by one emitted function."""

    def __init__(self, program: Program, outputs: tuple[Var, ...]) -> None:
        some = replace(program, graph=replace(program.graph, outputs=outputs))
        self._run = load_functions(emit_values(some), program.source.name)["values"]
        self.names = tuple(var.name for var in outputs)

    def at(self, inputs: Sequence[object]) -> list[Array]:
        """The values at a point, in order."""
        return [_array(value) for value in call(self._run, inputs)]


def sized(scale: float, change: Change) -> Size:
    """A change as numbers."""
    with np.errstate(all="ignore"):
        if change.actual.shape:
            actual, predicted = norm(change.actual), norm(change.predicted)
        else:
            actual, predicted = float(change.actual), float(change.predicted)
        return Size(scale, actual, predicted, norm(change.error), norm(change.round_off))


def norm(array: Array) -> float:
    """The square root of the sum of squares, without overflow; the size of a number."""
    flat = np.ravel(np.abs(array))
    largest = float(np.max(flat, initial=0.0))
    if not 0.0 < largest < math.inf:
        return largest
    return largest * math.sqrt(float(np.sum((flat / largest) ** 2)))


def noise_of(values: Sequence[Array]) -> Array:
    """About the standard deviation of noise in values at equally spaced points.

    The larger of the estimates from the two highest orders of differences, since one that is too
    large does less harm here than one that is too small.
    """
    table = np.stack(values)
    found = np.zeros(table.shape[1:])
    with np.errstate(all="ignore"):
        size = abs(table).max(axis=0)
        size = np.where((size > 0.0) & (size < math.inf), size, 1.0)  # so that squares stay finite
        table = table / size
        for order in range(1, len(values)):
            table = np.diff(table, axis=0)
            if order >= len(values) - 2:
                gamma = math.factorial(order) ** 2 / math.factorial(2 * order)
                found = np.fmax(found, np.sqrt(gamma * np.mean(table**2, axis=0)))
        return _array(found * size)


def _array(value: object) -> Array:
    return np.asarray(value, dtype=np.float64)
