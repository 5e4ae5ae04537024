"""A program at a point, as what a check of its derivative needs: values, gradient, tangents.

The outputs are added up with weights; a value here is the array of all weighted elements, so that
differences are taken before they are added up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound
from gradc.runtime.complexstep import ComplexStep
from gradc.runtime.differences import Path
from gradc.runtime.evaluate import call, seed_values
from gradc.runtime.load import load_functions
from gradc.runtime.moving import ROUNDING
from gradc.targets.python.emit import emit, emit_trace, emit_values

Array = NDArray[np.float64]

#: The least positive number, in which underflow rounds.
LEAST = 2.0**-1074

#: How far apart points are at which the noise of a gradient is looked at, relatively.
GRADIENT_SPACING = 2.0**-44


class Element(NamedTuple):
    """One element of an input; of a scalar, the place is empty."""

    input: str
    place: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """As people write it: `w[3]`."""
        return f"{self.input}[{','.join(map(str, self.place))}]" if self.place else self.input


class Subject:
    """A program, its data, the weights of its outputs, and the inputs that derivatives are for."""

    def __init__(
        self,
        program: Program,
        bound: Bound,
        weights: Mapping[str, object] | None,
        wrt: Sequence[Var],
    ) -> None:
        self.program = program
        self.bound = bound
        self.wrt = tuple(var.name for var in wrt)
        self.inputs: dict[str, Any] = dict(bound.arrays)
        self.weights = seed_values(program, bound.sizes, weights)
        self._weights = [np.asarray(weight, dtype=np.float64) for weight in self.weights]
        self._variables = tuple(wrt)
        functions = load_functions(emit(program, wrt).text, program.source.name)
        self._forward, self._reverse = functions["forward"], functions["reverse"]
        self._tangent = functions["tangent"]
        self._tangents: dict[str, Any] = {}
        self._values = load_functions(emit_values(program), program.source.name)["values"]
        self._rounding: tuple[float, float] | None = None
        self._complex: ComplexStep | None = None

    def of(self, program: Program) -> Subject:
        """Another program with the same inputs and outputs, at the same point."""
        outputs = (var.name for var in program.graph.outputs)
        weights = dict(zip(outputs, self.weights, strict=True))
        return Subject(program, self.bound, weights, self._variables)

    def start(self, name: str) -> Array:
        """The value of an input."""
        return np.asarray(self.inputs[name], dtype=np.float64)

    def gradient(self, inputs: Mapping[str, Any] | None = None) -> dict[str, Array]:
        """The derivative in each input by reverse mode, here or at other inputs."""
        _, saved = call(self._forward, list((inputs or self.inputs).values()), self.program)
        found = call(self._reverse, [saved, *self.weights])
        return {n: np.asarray(g, dtype=np.float64) for n, g in zip(self.wrt, found, strict=True)}

    def weighted(self, inputs: Mapping[str, Any]) -> Array:
        """All elements of the outputs, times their weights."""
        values = call(self._values, list(inputs.values()), self.program)
        with np.errstate(all="ignore"):
            parts = [np.ravel(w * v) for w, v in zip(self._weights, values, strict=True)]
        return np.concatenate(parts)

    def along(self, direction: Mapping[str, Array]) -> float:
        """The derivative along a direction by forward mode; a direction has some of the inputs.

        Inputs that do not move must have no part in it: zero times an infinite partial is NaN.
        """
        if len(direction) == 1 and len(self.wrt) > 1:
            (name,) = direction
            steps: list[Any] = [_plain(direction[name])]
            run = self._tangent
            full = [
                steps[0] if other == name else _plain(np.zeros(self.start(other).shape))
                for other in self.wrt
            ]
            found = self._weigh(call(run, [*self.inputs.values(), *full])[1])
            if math.isfinite(found):
                return found
            return self._weigh(call(self._alone(name), [*self.inputs.values(), *steps])[1])
        steps = [_plain(direction[name]) for name in self.wrt]
        return self._weigh(call(self._tangent, [*self.inputs.values(), *steps])[1])

    def path(self, direction: Mapping[str, Array], element: Element | None = None) -> Path:
        """The weighted outputs along a direction; of a single element, with what it really moves
        by."""

        def at(t: float) -> tuple[Array, float]:
            moved = self.moved(direction, t)
            if element is None:
                return self.weighted(moved), t
            old = self.start(element.input)[element.place]
            new = np.asarray(moved[element.input])[element.place]
            return self.weighted(moved), float(new - old)

        return at

    def moved(self, direction: Mapping[str, Array], t: float) -> dict[str, Any]:
        """The inputs at a place along a direction."""
        moved = dict(self.inputs)
        with np.errstate(all="ignore"):
            for name, by in direction.items():
                moved[name] = _plain(self.start(name) + t * by)
        return moved

    def unit(self, element: Element) -> dict[str, Array]:
        """The direction of one element."""
        unit = np.zeros(self.start(element.input).shape)
        unit[element.place] = 1.0
        return {element.input: unit}

    def scale(self, element: Element) -> float:
        """How large the element is, as a power of two; of a zero, how large its neighbours are."""
        whole = self.start(element.input)
        size = abs(float(whole[element.place]))
        if size == 0.0:
            size = float(np.max(abs(whole), initial=0.0)) or 1.0
        return math.ldexp(1.0, max(-1000, math.frexp(size)[1] - 1)) if math.isfinite(size) else 1.0

    @property
    def complex_step(self) -> ComplexStep:
        """The same program for complex numbers."""
        if self._complex is None:
            self._complex = ComplexStep(self.program, self.inputs, self._weights)
        return self._complex

    def rounding(self) -> tuple[float, float]:
        """About how much rounding of all quantities may change the sum of the outputs, to first
        order: the sum of half a unit in the last place of each, times its adjoint; and how much of
        it is underflow.

        What happens within functions and loops is not seen.
        """
        if self._rounding is None:
            trace = emit_trace(self.program, every=True)
            run = load_functions(trace.text, self.program.source.name)["trace"]
            values, adjoints = call(run, [*self.inputs.values(), *self.weights])
            known = dict(zip(trace.values, values, strict=True))
            last_places = underflow = 0.0
            with np.errstate(all="ignore"):
                for var, adjoint in zip(trace.adjoints, adjoints, strict=True):
                    size = abs(np.asarray(adjoint))
                    last_places += _finite(np.sum(ROUNDING * abs(np.asarray(known[var])) * size))
                    underflow += _finite(np.sum(LEAST * size))
            self._rounding = last_places, underflow
        return self._rounding

    def _alone(self, name: str) -> Any:
        """The tangent along one input, in which no other has a part."""
        if name not in self._tangents:
            (var,) = [var for var in self._variables if var.name == name]
            text = emit(self.program, (var,), "forward").text
            self._tangents[name] = load_functions(text, self.program.source.name)["tangent"]
        return self._tangents[name]

    def _weigh(self, tangents: Any) -> float:
        each = tangents if len(self._weights) > 1 else (tangents,)
        with np.errstate(all="ignore"):
            return float(sum(np.sum(w * t) for w, t in zip(self._weights, each, strict=True)))


def _finite(size: Any) -> float:
    return float(size) if math.isfinite(size) else 0.0


def _plain(array: Array) -> Any:
    """A scalar as Python's own number, which emitted code without NumPy takes."""
    return array if array.shape else float(array)
