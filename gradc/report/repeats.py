"""Blocks of statements that a program repeats: layers, steps that were written out one by one.

Two statements are alike where one becomes the other by renaming: the same equations with the
same literals on quantities of the same types.  A block is repeated where its statements are
alike and are connected in the same way: each operand is the one so many statements before, or
the same quantity each time, or an input each time.  The first repetition may begin with what
stands before the block.

Candidates for the period are the distances between equal words of statements, of 1, 2, 4, 8, ...
statements; each is tried where it was found, and the longest blocks win.  Linear in the length
of the program, times its logarithm.  Deliberately absent: blocks within blocks.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from gradc.ir.graph import Atom, Lit, Var
from gradc.report.partials import Statement

#: So many repetitions are drawn as one.
FEWEST = 4

# How an operand is the same in two repetitions: the one so many statements before, the same
# quantity, or an input.
_MOVES, _SAME, _INPUT = 1, 2, 4

# Few statements that are alike, and not connected, are no block.
_FEWEST_UNCONNECTED = 8


class Run(NamedTuple):
    """So many statements from `start`, again and again."""

    start: int
    period: int
    times: int

    @property
    def stop(self) -> int:
        """The first statement behind the last repetition."""
        return self.start + self.period * self.times


def repeats(statements: Sequence[Statement], alone: Iterable[Var] = ()) -> list[Run]:
    """The blocks of a program, in order; none holds a statement that results in one of `alone`."""
    words = _Words(statements, frozenset(alone))
    found: list[Run] = []
    free = [True] * len(statements)
    for run in sorted(words.runs(), key=lambda run: (run.period - (run.stop - run.start), run)):
        shorter = _longest_free(run, free)
        if shorter is not None:
            found.append(shorter)
            free[shorter.start : shorter.stop] = [False] * (shorter.stop - shorter.start)
    return sorted(found)


def _longest_free(run: Run, free: Sequence[bool]) -> Run | None:
    """The part of a run that no longer one has taken, where that is still repeated enough.

    Longer runs may reach into this one at its ends only: within, they would have its period.
    """
    start, stop = run.start, run.stop
    while start < stop and not free[start]:
        start += 1
    while stop > start and not free[stop - 1]:
        stop -= 1
    count = (stop - start) // run.period
    return Run(start, run.period, count) if count >= FEWEST and all(free[start:stop]) else None


class _Words:
    """Statements as letters: equal where the statements are alike, connections apart."""

    def __init__(self, statements: Sequence[Statement], alone: frozenset[Var]) -> None:
        place = {var: i for i, one in enumerate(statements) for var in one.results}
        self.operands = [tuple(place.get(var, -1) for var in one.operands) for one in statements]
        self.read = [one.operands for one in statements]
        known: dict[Hashable, int] = {}
        self.letters = [
            known.setdefault(i if not alone.isdisjoint(one.results) else likeness(one), len(known))
            for i, one in enumerate(statements)
        ]

    def runs(self) -> set[Run]:
        """All blocks with enough repetitions, by their period, as far as they go."""
        found: set[Run] = set()
        tried: dict[int, list[tuple[int, int]]] = {}  # by period: the extents, in order
        for distances in self._distances():
            for i, period in enumerate(distances):
                if not period or self._ways(i, i + period) is None:
                    continue
                extents = tried.setdefault(period, [])
                before = bisect(extents, (i, len(self.letters)))
                if before and i < extents[before - 1][1]:
                    continue
                low, high = self._extent(i, period)
                extents.insert(before, (low, high))
                run = self._run(low, high, period)
                if run.times >= FEWEST and (
                    run.period * run.times >= _FEWEST_UNCONNECTED or self._connected(run)
                ):
                    found.add(run)
        return found

    def _connected(self, run: Run) -> bool:
        """Whether the second repetition reads anything of the first."""
        second = range(run.start + run.period, run.start + 2 * run.period)
        return any(run.start <= a < second.start for i in second for a in self.operands[i])

    def _distances(self) -> Iterable[list[int]]:
        """For words of 1, 2, 4, ... letters, how far each is from the next that is equal; or 0."""
        letters, width = self.letters, 1
        while True:
            nearest: dict[int, int] = {}
            distances = [0] * len(letters)
            for i in range(len(letters) - 1, -1, -1):
                distances[i] = nearest.get(letters[i], i) - i
                nearest[letters[i]] = i
            yield distances
            known: dict[tuple[int, int], int] = {}
            pairs = zip(letters, letters[width:], strict=False)
            letters = [known.setdefault(pair, len(known)) for pair in pairs]
            width *= 2
            if len(known) == len(letters):
                return

    def _extent(self, i: int, period: int) -> tuple[int, int]:
        """From where to where each statement is like the one a period later, in one way."""
        ways: dict[int, tuple[int, ...]] = {}  # by the place in the block, for each operand
        low = high = i
        while high + period < len(self.letters) and self._continues(high, period, ways):
            high += 1
        while low > 0 and self._continues(low - 1, period, ways):
            low -= 1
        return low, high

    def _continues(self, i: int, period: int, ways: dict[int, tuple[int, ...]]) -> bool:
        """Whether a statement is like the one a period later, in a way in which others are."""
        own = self._ways(i, i + period)
        if own is None:
            return False
        known = ways.get(i % period, own)
        both = tuple(a & b for a, b in zip(known, own, strict=True))
        if not all(both):
            return False
        ways[i % period] = both
        return True

    def _run(self, low: int, high: int, period: int) -> Run:
        """The block, begun earlier where what it carries on is then something before it."""
        first = low
        for i in range(low - 1, max(low - period, 0) - 1, -1):
            if self._ways(i, i + period, max(low - period, 0)) is None:
                break
            first = i
        return Run(first, period, (high + period - first) // period)

    def _ways(self, i: int, j: int, first: int = -1) -> tuple[int, ...] | None:
        """How a statement is like a later one: the ways for each operand; None where it is not.

        The earlier one may read anything before `first`, where the later one reads something
        of the block.
        """
        if self.letters[i] != self.letters[j]:
            return None
        ways = []
        for k, (a, b) in enumerate(zip(self.operands[i], self.operands[j], strict=True)):
            way = _SAME if self.read[i][k] is self.read[j][k] else 0
            if a < 0 and b < 0:
                way |= _INPUT
            elif (a >= 0 and b - a == j - i) or a < first <= b < j:
                way |= _MOVES
            if not way:
                return None
            ways.append(way)
        return tuple(ways)


def likeness(statement: Statement) -> Hashable:
    """What a statement has in common with all that differ by their names alone."""
    known: dict[Var, int] = {var: i for i, var in enumerate(statement.operands)}
    parts: list[Hashable] = [tuple(var.type for var in statement.operands)]
    for equation in statement.equations:
        args = tuple(_letter(arg, known) for arg in equation.args)
        parts.append((equation.op, equation.params, args, tuple(v.type for v in equation.outs)))
        known.update((out, len(known)) for out in equation.outs)
    return tuple(parts)


def _letter(atom: Atom, known: dict[Var, int]) -> Hashable:
    if isinstance(atom, Var):
        return known[atom]
    if isinstance(atom, Lit):
        return (str(atom.value), atom.type)  # 0.0 and -0.0 differ, and NaN is itself
    return atom
