"""Whether a derivative is what numbers say it is: one verdict for one element or direction.

* `agrees`     it is within the tolerance of the numerical derivative;
* `kink`       the slopes to the two sides differ, and it is one of them or between;
* `round-off`  rounding makes the numbers too uncertain to tell;
* `wrong`      it differs by more than all of that.

Invariant: a derivative is called wrong only after the noise of the values, the noise of the
gradient itself and rounding of all intermediate quantities have been looked at and are too small
to explain it; what is not a number is never said to agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradc.ir.verdicts import Judgement, Method, Verdict
from gradc.runtime.complexstep import Slope
from gradc.runtime.differences import Estimate, derivative, noise
from gradc.runtime.moving import noise_of
from gradc.runtime.subject import GRADIENT_SPACING, Element, Subject

Array = NDArray[np.float64]
Direction = Mapping[str, Array]

#: Relatively, how near forward and reverse mode are.
MODES_TOLERANCE = 1e-9

#: Times an estimate of an error, what it may be after all.
SAFETY = 4.0


@dataclass(frozen=True, eq=False)
class Asked:
    """A derivative to be judged: of an element, or along a direction with all it moves."""

    name: str
    reverse: float
    direction: Direction
    scale: float
    element: Element | None = None


class Judge:
    """Judges derivatives of one subject; `largest` is the size of its largest one."""

    def __init__(self, subject: Subject, tolerance: float, largest: float) -> None:
        self.subject = subject
        self.tolerance = tolerance
        self.largest = largest

    def judge(self, asked: Asked) -> Judgement:
        """The verdict on one derivative: by a complex step if it agrees with that, else by
        differences; where these are too uncertain, the complex step decides."""
        forward = self.subject.along(asked.direction)
        slope = self._slope(asked)
        if slope is not None and self._near(asked.reverse, slope.value):
            verdict: Verdict = "agrees"
            remark = ""
            if self._modes_differ(asked, forward, slope.error):
                verdict, remark = "wrong", "the two modes differ"
            return self._judgement(asked, forward, slope, "complex step", verdict, remark)
        path = self.subject.path(asked.direction, asked.element)
        estimate = derivative(path, asked.scale)
        verdict, error, remark = self._verdict(asked, forward, estimate)
        if slope is not None and verdict in ("round-off", "wrong"):
            slope = slope._replace(error=self._error_of(asked, slope))
            clear = abs(asked.reverse - slope.value) > SAFETY * slope.error
            if clear or verdict == "round-off":
                decided: Verdict = "wrong" if clear else "round-off"
                return self._judgement(asked, forward, slope, "complex step", decided, remark)
        method: Method = "one side" if estimate.one_sided else "differences"
        value = estimate.value
        if verdict == "kink" and error > 0.1 * abs(value):  # none at all, at a jump say
            value = math.nan
        found = Slope(value, error, estimate.step)
        return self._judgement(asked, forward, found, method, verdict, remark)

    def _judgement(
        self,
        asked: Asked,
        forward: float,
        slope: Slope,
        method: Method,
        verdict: Verdict,
        remark: str,
    ) -> Judgement:
        return Judgement(
            asked.name, asked.reverse, forward, slope.value, slope.error, method, verdict, remark
        )

    def _near(self, left: float, right: float) -> bool:
        return abs(left - right) <= self.tolerance * max(abs(left), abs(right))

    # By a complex step

    def _slope(self, asked: Asked) -> Slope | None:
        step = self.subject.complex_step
        if not math.isfinite(asked.reverse) or not step.covers(asked.direction):
            return None
        inputs = self.subject.inputs
        return step.slope(asked.direction, asked.scale, inputs, self._value(inputs))

    def _value(self, inputs: Mapping[str, Any]) -> float:
        with np.errstate(all="ignore"):
            return float(np.sum(self.subject.weighted(inputs)))

    def _error_of(self, asked: Asked, slope: Slope) -> float:
        """What rounding may do to the derivative by a complex step and to the gradient itself."""
        found = []
        for inputs in self._nearby(asked):
            there = self.subject.complex_step.slope(
                asked.direction, asked.scale, inputs, self._value(inputs)
            )
            if there is None:
                return math.inf
            found.append(np.asarray(there.value))
        _, underflow = self.subject.rounding()
        return max(
            slope.error,
            2.0 * float(noise_of(found)),
            underflow / slope.step,
            self._noise_of_gradient(asked),
        )

    # By differences

    def _verdict(
        self, asked: Asked, forward: float, estimate: Estimate
    ) -> tuple[Verdict, float, str]:
        reverse, value, error = asked.reverse, estimate.value, estimate.error
        if estimate.sides is not None:
            if estimate.apart <= 8.0 * sum(self.subject.rounding()):
                return "round-off", math.inf, "no numerical derivative"
            if estimate.jump:
                return "kink", error, "a jump: there is no slope"
            return self._at_kink(asked, estimate.sides, error)
        if not math.isfinite(reverse):
            return self._not_finite(reverse, value, error)
        if not math.isfinite(value) or not math.isfinite(error):
            return "round-off", error, "no numerical derivative"
        apart = abs(reverse - value)
        side = "values to one side only" if estimate.one_sided else ""
        if self._near(reverse, value):
            if self._modes_differ(asked, forward, error):
                return "wrong", error, "the two modes differ"
            return "agrees", error, side
        if reverse == 0.0 and apart <= SAFETY * error <= self.tolerance * self.largest:
            return "agrees", error, "zero, beside the others"
        error = max(error, self._uncertainty(asked, estimate))
        if apart <= SAFETY * error:
            return "round-off", error, side
        return "wrong", error, side

    def _at_kink(
        self, asked: Asked, sides: tuple[float, float], error: float
    ) -> tuple[Verdict, float, str]:
        low, high = min(sides), max(sides)
        slack = self.tolerance * max(abs(low), abs(high), abs(high - low))
        said = f"slope {sides[0]:.6g} to the left, {sides[1]:.6g} to the right"
        if low - slack <= asked.reverse <= high + slack or not math.isfinite(asked.reverse):
            return "kink", error, said
        return "wrong", error, f"not between the sides: {said}"

    def _not_finite(self, reverse: float, value: float, error: float) -> tuple[Verdict, float, str]:
        if math.isfinite(value) and error <= 1e-3 * abs(value) + self.tolerance * self.largest:
            return "wrong", error, "not finite, where the slope is"
        if math.isnan(reverse) or math.isnan(value):
            return "round-off", error, "not finite, and no slope found"
        return "kink", error, "infinite, and the slopes grow without bound"

    def _modes_differ(self, asked: Asked, forward: float, error: float) -> bool:
        apart = abs(asked.reverse - forward)
        if not apart > MODES_TOLERANCE * max(abs(asked.reverse), abs(forward)):
            return False
        error = max(error, sum(self.subject.rounding()) / asked.scale)
        return apart > SAFETY * max(error, self._noise_of_gradient(asked))

    def _uncertainty(self, asked: Asked, estimate: Estimate) -> float:
        """What rounding may do to the numerical derivative and to the gradient itself."""
        path = self.subject.path(asked.direction, asked.element)
        of_values = noise(path, estimate.step)
        of_values = max(of_values, sum(self.subject.rounding()))
        found = 2.0 * of_values / estimate.step if estimate.step else math.inf
        return max(found, self._noise_of_gradient(asked))

    def _noise_of_gradient(self, asked: Asked) -> float:
        found = [
            np.asarray(component(self.subject.gradient(inputs), asked.direction))
            for inputs in self._nearby(asked)
        ]
        size = float(noise_of(found))
        return 2.0 * size if math.isfinite(size) else 0.0

    def _nearby(self, asked: Asked) -> Iterator[dict[str, Any]]:
        """Inputs so near to each other that a smooth function is a straight line there."""
        for k in range(6):
            yield self.subject.moved(asked.direction, k * GRADIENT_SPACING * asked.scale)


def component(gradient: Mapping[str, Array], direction: Direction) -> float:
    """The derivative along a direction; where nothing moves, nothing counts, infinities neither."""
    total = 0.0
    with np.errstate(all="ignore"):
        for name, by in direction.items():
            total += float(np.sum(np.where(by == 0, 0.0, gradient[name] * by)))
    return total
