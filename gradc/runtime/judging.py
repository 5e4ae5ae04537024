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
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradc.ir.verdicts import Judgement, Method, Verdict
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
        """The verdict on one derivative."""
        forward = self.subject.along(asked.direction)
        path = self.subject.path(asked.direction, asked.element)
        estimate = derivative(path, asked.scale)
        verdict, error, remark = self._verdict(asked, forward, estimate)
        method: Method = "differences, one side" if estimate.one_sided else "differences"
        return Judgement(
            asked.name, asked.reverse, forward, estimate.value, error, method, verdict, remark
        )

    def _verdict(
        self, asked: Asked, forward: float, estimate: Estimate
    ) -> tuple[Verdict, float, str]:
        reverse, value, error = asked.reverse, estimate.value, estimate.error
        if estimate.sides is not None:
            if estimate.jump:
                return "kink", error, "a jump: there is no slope"
            return self._at_kink(asked, estimate.sides, error)
        if not math.isfinite(reverse):
            return self._not_finite(reverse, value, error)
        if not math.isfinite(value) or not math.isfinite(error):
            return "round-off", error, "no numerical derivative"
        apart, scale = abs(reverse - value), max(abs(reverse), abs(value))
        side = "one side only" if estimate.one_sided else ""
        if apart <= self.tolerance * scale:
            if self._modes_differ(asked, forward):
                return "wrong", error, "the two modes differ"
            return "agrees", error, side
        if reverse == 0.0 and apart <= SAFETY * error <= self.tolerance * self.largest:
            return "agrees", error, "zero, beside the others"
        error = max(error, self._uncertainty(asked, forward, estimate))
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

    def _modes_differ(self, asked: Asked, forward: float) -> bool:
        apart = abs(asked.reverse - forward)
        if not apart > MODES_TOLERANCE * max(abs(asked.reverse), abs(forward)):
            return False
        return apart > SAFETY * self._noise_of_gradient(asked)

    def _uncertainty(self, asked: Asked, forward: float, estimate: Estimate) -> float:
        """What rounding may do to the numerical derivative and to the gradient itself."""
        path = self.subject.path(asked.direction, asked.element)
        of_values = noise(path, estimate.step)
        of_values = max(of_values, self.subject.rounding())
        found = 2.0 * of_values / estimate.step if estimate.step else math.inf
        modes = abs(asked.reverse - forward)
        return max(found, modes if math.isfinite(modes) else 0.0, self._noise_of_gradient(asked))

    def _noise_of_gradient(self, asked: Asked) -> float:
        subject, found = self.subject, []
        for k in range(6):
            moved = subject.moved(asked.direction, k * GRADIENT_SPACING * asked.scale)
            found.append(np.asarray(component(subject.gradient(moved), asked.direction)))
        size = float(noise_of(found))
        return 2.0 * size if math.isfinite(size) else 0.0


def component(gradient: Mapping[str, Array], direction: Direction) -> float:
    """The derivative along a direction; where nothing moves, nothing counts, infinities neither."""
    total = 0.0
    with np.errstate(all="ignore"):
        for name, by in direction.items():
            total += float(np.sum(np.where(by == 0, 0.0, gradient[name] * by)))
    return total
