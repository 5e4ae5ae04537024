"""What is asked of a fit, and the names of its methods; light, for the command line."""

from __future__ import annotations

from typing import NamedTuple

AUTO = "auto"
RATES = {"gd": 0.1, "adam": 0.01}  # of the methods that have a rate: their default
SCIPY = ("lbfgs", "lm", "trf")
LOSSES = ("squares", "sum", "mean")
PICTURES = ("loss", "fit", "path")
FORMATS = ("svg", "png", "pdf")
NAMES = (AUTO, *RATES, *SCIPY)


class Settings(NamedTuple):
    """What is asked for; None is the default of the method."""

    method: str = AUTO
    rate: float | None = None
    steps: int | None = None
    starts: int = 1
    seed: int = 0
    pictures: frozenset[str] = frozenset()  # of PICTURES, whose data are to be kept
