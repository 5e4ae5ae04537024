"""What checking a derivative by numbers finds, as data.

`runtime` computes these and `report` shows them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Verdict = Literal["agrees", "kink", "round-off", "wrong"]

#: Worst first.
VERDICTS: tuple[Verdict, ...] = ("wrong", "round-off", "kink", "agrees")

Method = Literal["complex step", "differences", "one side"]


class Judgement(NamedTuple):
    """One derivative, of an element or along a direction, as the program and as numbers have it."""

    name: str
    reverse: float
    forward: float | None
    numerical: float
    error: float  # about how far off the numerical derivative may be
    method: Method
    verdict: Verdict
    remark: str = ""

    @property
    def difference(self) -> float:
        """How far the two are apart, relatively."""
        scale = max(abs(self.reverse), abs(self.numerical))
        return abs(self.reverse - self.numerical) / scale if scale else 0.0
