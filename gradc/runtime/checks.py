"""Checking the derivatives of a program: which ones, and what the verdicts come to.

All elements are checked up to a bound; of more, those with the largest derivatives and a random
sample.  Random directions move everything, so that what is wrong anywhere shows; where one is
wrong and none of the elements that were checked, halves of it lead to the element.

Deliberately absent: why a derivative is wrong (`culprits`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.ir.verdicts import VERDICTS, Judgement
from gradc.runtime.judging import SAFETY, Asked, Direction, Judge, component
from gradc.runtime.subject import Element, Subject

Array = NDArray[np.float64]
Gradient = Mapping[str, Array]

SEED = 20260101
DIRECTIONS = 3
ALL_UP_TO = 1000  # elements, unless a number is given
OF_MORE = 100
OF_MANY = 20  # where one evaluation takes long by itself
MANY = 100_000


class WrongOne(NamedTuple):
    """A derivative that is wrong, and what it should be."""

    asked: Asked
    judgement: Judgement

    def agrees(self, value: float, tolerance: float) -> bool:
        """Whether another value for it would be right."""
        should = self.judgement.numerical
        apart = abs(value - should)
        return apart <= max(tolerance * abs(should), SAFETY * self.judgement.error)


class Checked(NamedTuple):
    """The verdicts, worst first, and how many elements there are in all."""

    elements: tuple[Judgement, ...]
    directions: tuple[Judgement, ...]
    total: int
    wrong: tuple[WrongOne, ...]  # the worst element first, directions last


def check(subject: Subject, tolerance: float, most: int | None = None) -> Checked:
    """Judge the derivative in each element, and along random directions."""
    gradient = subject.gradient()
    largest = max((_largest(part) for part in gradient.values()), default=0.0)
    judge = Judge(subject, tolerance, largest)
    total = sum(part.size for part in gradient.values())
    if most is None:
        most = total if total <= ALL_UP_TO else OF_MORE if total <= MANY else OF_MANY
    rng = np.random.default_rng(SEED)
    asked = [_asked(subject, gradient, element) for element in _chosen(gradient, most, rng)]
    elements = {one: judge.judge(one) for one in asked}
    directions: dict[Asked, Judgement] = {}
    for number in range(DIRECTIONS if total > 1 else 0):
        along = _random(subject, gradient, rng, number)
        directions[along] = found = judge.judge(along)
        if found.verdict == "wrong" and not _any_wrong(elements):
            element = _search(judge, gradient, along)
            if element is not None and element not in [one.element for one in asked]:
                one = _asked(subject, gradient, element)
                elements[one] = judge.judge(one)
    wrong = [
        WrongOne(one, found)
        for one, found in (*elements.items(), *directions.items())
        if found.verdict == "wrong"
    ]
    wrong.sort(key=lambda one: (one.asked.element is None, -_size(one.judgement.difference)))
    return Checked(
        _worst_first(elements.values()), _worst_first(directions.values()), total, tuple(wrong)
    )


def _any_wrong(found: Mapping[Asked, Judgement]) -> bool:
    return any(judgement.verdict == "wrong" for judgement in found.values())


def _largest(part: Array) -> float:
    finite = abs(part[np.isfinite(part)])
    return float(np.max(finite, initial=0.0))


def _chosen(gradient: Gradient, most: int, rng: np.random.Generator) -> list[Element]:
    """The elements to be checked: all of few; of many the largest and the rest at random."""
    flat = np.concatenate([np.ravel(part) for part in gradient.values()] or [np.zeros(0)])
    if flat.size <= most:
        numbers = np.arange(flat.size)
    else:
        # What is not a number comes first: it is the most in need of a check.
        size = np.where(np.isfinite(flat), abs(flat), np.inf)
        first = np.argpartition(-size, most // 2)[: most // 2] if most > 1 else np.zeros(0, int)
        rest = np.setdiff1d(np.arange(flat.size), first, assume_unique=True)
        others = rng.choice(rest, most - first.size, replace=False)
        numbers = np.sort(np.concatenate([first, others]))
    return list(_elements(gradient, numbers))


def _elements(gradient: Gradient, numbers: NDArray[np.int64]) -> Iterator[Element]:
    """Elements by their numbers, ascending, in all inputs one after another."""
    start = 0
    for name, part in gradient.items():
        here = numbers[(numbers >= start) & (numbers < start + part.size)] - start
        start += part.size
        if not part.shape:
            yield from [Element(name)] * here.size
            continue
        for place in zip(*np.unravel_index(here.astype(int), part.shape), strict=True):
            yield Element(name, tuple(map(int, place)))


def _asked(subject: Subject, gradient: Gradient, element: Element) -> Asked:
    reverse = float(gradient[element.input][element.place])
    unit, scale = subject.unit(element), subject.scale(element)
    return Asked(element.name, reverse, unit, scale, element)


def _random(subject: Subject, gradient: Gradient, rng: np.random.Generator, number: int) -> Asked:
    """A direction in which every element moves in proportion to its size."""
    direction = {}
    for name in subject.wrt:
        start = subject.start(name)
        around = float(np.max(abs(start[np.isfinite(start)]), initial=0.0)) or 1.0
        size = np.where((start == 0) | ~np.isfinite(start), around, abs(start))
        direction[name] = (
            size * rng.uniform(0.5, 1.0, start.shape) * rng.choice([-1.0, 1.0], start.shape)
        )
    reverse = component(gradient, direction)
    return Asked(f"random {number + 1}", reverse, direction, 1.0)


def _search(judge: Judge, gradient: Gradient, asked: Asked) -> Element | None:
    """The element that makes a direction wrong, if halving that leads to one."""
    names = list(asked.direction)
    flat = np.concatenate([np.ravel(asked.direction[name]) for name in names])
    inside = np.arange(flat.size)
    while inside.size > 1:
        half = inside[: inside.size // 2]
        for part in (half, inside[half.size :]):
            direction = _part(asked.direction, names, flat, part)
            reverse = component(gradient, direction)
            if judge.judge(Asked("", reverse, direction, 1.0)).verdict == "wrong":
                inside = part
                break
        else:
            return None
    (element,) = _elements({name: gradient[name] for name in names}, inside)
    return element


def _part(
    direction: Direction, names: Sequence[str], flat: Array, inside: NDArray[np.int64]
) -> dict[str, Array]:
    """A direction with the elements of some numbers only, in the inputs that these are in."""
    kept = np.zeros(flat.size)
    kept[inside] = flat[inside]
    found, start = {}, 0
    for name in names:
        shape = direction[name].shape
        size = math.prod(shape)
        found[name] = kept[start : start + size].reshape(shape)
        start += size
    return found


def _worst_first(found: Iterable[Judgement]) -> tuple[Judgement, ...]:
    return tuple(sorted(found, key=lambda j: (VERDICTS.index(j.verdict), -_size(j.difference))))


def _size(x: float) -> float:
    return x if math.isfinite(x) else math.inf
