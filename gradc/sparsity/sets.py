"""Sets of columns, each kept once and known by a number: `Sets`.

A pattern gives every element of an array the set of columns that it can depend on, as an array of
such numbers.  What moves elements moves numbers; only where elements are combined are sets united,
and equal unions are found once.  The work is linear in the columns that are listed, not in the
size of the matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

EMPTY = 0  # the number of the empty set; column j alone is j + 1

_REMEMBERED = 256  # pairs of whole arrays whose union is kept
_SHORT = 100  # unions of so few columns cost no more than the elements that they belong to
_AT_ONCE = 2**22  # columns that are listed at a time


class TooDenseError(Exception):
    """The sets have so many columns that a pattern is of no use."""


class Sets:
    """The sets that occur, and their unions."""

    def __init__(self, columns: int, limit: int) -> None:
        """At most `limit` columns are listed in all unions that are not short, or TooDenseError
        is raised."""
        self._width = max(columns, 1)
        self._left = limit
        self._members = _Rows(np.arange(columns), np.append(0, np.arange(columns + 1)))
        # Equal sets have equal sums of these; what has an equal sum is compared.
        self._marks = np.random.default_rng(0).integers(0, 2**63, columns, dtype=np.int64)
        self._by_mark: dict[int, int] = {
            mark: column + 1 for column, mark in enumerate(self._marks.tolist())
        }
        self._unions: dict[int | bytes, int] = {}
        self._joined: dict[tuple[int, int], tuple[Numbers, Numbers, Numbers]] = {}

    def columns(self, numbers: Numbers) -> tuple[Numbers, Numbers]:
        """The columns of some sets, ascending for each, and how many each has."""
        return self._members.rows(numbers)

    def join(self, left: Numbers, right: Numbers) -> Numbers:
        """The unions of corresponding sets of two arrays of one shape."""
        if left is right:
            return left
        if left.size == 1:
            return np.full(left.shape, self._pair(int(left.flat[0]), int(right.flat[0])))
        key = (id(left), id(right))
        if key not in self._joined:
            if len(self._joined) >= _REMEMBERED:
                self._joined.clear()
            self._joined[key] = (left, right, self._join(left, right))
        return self._joined[key][2]

    def _pair(self, left: int, right: int) -> int:
        """The union of two sets."""
        if left == right or not right:
            return left
        if not left:
            return right
        key = (min(left, right) << 32) + max(left, right)
        found = self._unions.get(key)
        if found is None:
            columns, _ = self._members.rows(np.array([left, right]))
            self._count(columns.size)
            union = _distinct(columns)
            (found,) = self._numbered(_Rows(union, np.array([0, union.size])))
            self._unions[key] = found
        return found

    def _count(self, listed: int) -> None:
        """Take columns that are listed for unions that are not short from what is left."""
        if listed > _SHORT:
            self._left -= listed
        if self._left < 0:
            raise TooDenseError

    def _join(self, left: Numbers, right: Numbers) -> Numbers:
        if np.array_equal(left, right) or not right.any():
            return left
        if not left.any():
            return right
        low, high = np.minimum(left, right).ravel(), np.maximum(left, right).ravel()
        codes = low * len(self._members) + high
        order = np.argsort(codes, kind="stable")
        ordered = codes[order]
        first = np.append(True, ordered[1:] != ordered[:-1])
        places = np.empty(codes.size, dtype=np.int64)
        places[order] = np.cumsum(first) - 1
        both = np.concatenate(np.divmod(ordered[first], len(self._members)))
        count = both.size // 2
        return self.merge(both, np.tile(np.arange(count), 2), count)[places].reshape(left.shape)

    def reduce(self, numbers: Numbers, axes: Sequence[int]) -> Numbers:
        """The unions along some axes."""
        kept = [axis for axis in range(numbers.ndim) if axis not in axes]
        shape = tuple(numbers.shape[axis] for axis in kept)
        count = int(np.prod(shape, dtype=np.int64))
        rows = numbers.transpose([*kept, *axes]).reshape(count, -1) if count else numbers
        groups = np.repeat(np.arange(count), rows.shape[1] if count else 0)
        return self.merge(rows.ravel(), groups, count).reshape(shape)

    def merge(self, numbers: Numbers, groups: Numbers, count: int) -> Numbers:
        """The union of the sets of each of so many groups."""
        result = np.zeros(count, dtype=np.int64)
        there = numbers != EMPTY
        many = len(self._members)
        group, number = np.divmod(_distinct(groups[there] * many + numbers[there]), many)
        if not group.size:
            return result
        starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
        counts = np.diff(np.append(starts, group.size))
        alone = counts == 1
        result[group[starts[alone]]] = number[starts[alone]]
        several = ~alone
        if several.any():
            united = self._united(number, starts[several], counts[several])
            result[group[starts[several]]] = united
        return result

    def _united(self, numbers: Numbers, starts: Numbers, counts: Numbers) -> list[int]:
        """The unions of runs of ascending numbers."""
        unions = self._unions
        keys: list[int | bytes]
        if (counts == 2).all():
            keys = ((numbers[starts] << 32) + numbers[starts + 1]).tolist()
        else:
            raw, stops = numbers.tobytes(), (8 * (starts + counts)).tolist()
            keys = [raw[a:b] for a, b in zip((8 * starts).tolist(), stops, strict=True)]
        unknown = {key: place for place, key in enumerate(keys) if key not in unions}
        if unknown:
            which = np.array(list(unknown.values()))
            found = self._new_unions(numbers, starts[which], counts[which])
            unions.update(zip(unknown, found, strict=True))
        return [unions[key] for key in keys]

    def _new_unions(self, numbers: Numbers, starts: Numbers, counts: Numbers) -> list[int]:
        """The numbers of unions that are not known yet."""
        inside = self._members.lengths(numbers[_ranges(starts, counts)])
        sizes = np.add.reduceat(inside, np.cumsum(counts) - counts)
        self._count(int(sizes[sizes > _SHORT].sum()))
        parts = np.cumsum(sizes) // _AT_ONCE
        found: list[int] = []
        for part in np.split(np.arange(counts.size), np.flatnonzero(np.diff(parts)) + 1):
            found += self._listed(numbers, starts[part], counts[part])
        return found

    def _listed(self, numbers: Numbers, starts: Numbers, counts: Numbers) -> list[int]:
        columns, sizes = self._members.rows(numbers[_ranges(starts, counts)])
        groups = np.repeat(np.repeat(np.arange(counts.size), counts), sizes)
        group, column = np.divmod(_distinct(groups * self._width + columns), self._width)
        bounds = np.append(0, np.cumsum(np.bincount(group, minlength=counts.size)))
        return self._numbered(_Rows(column, bounds))

    def _numbered(self, new: _Rows) -> list[int]:
        """The numbers of some sets, which are kept where they are not known."""
        marks = np.add.reduceat(self._marks[new.flat], new.starts[:-1]).tolist()
        fresh: list[int] = []
        found: list[int] = []
        following = len(self._members)
        for place, mark in enumerate(marks):
            number = self._by_mark.setdefault(mark, following)
            if number == following:
                fresh.append(place)
                following += 1
            found.append(number)
        self._members.append(new, np.array(fresh, dtype=np.int64))
        return self._distinguished(new, np.array(found))

    def _distinguished(self, new: _Rows, found: Numbers) -> list[int]:
        """Numbers of sets that have equal marks, but of those only that are equal."""
        listed, lengths = self._members.rows(found)
        if np.array_equal(lengths, np.diff(new.starts)) and np.array_equal(listed, new.flat):
            return list(map(int, found))
        for place in range(found.size):
            one = np.array([place])
            own, _ = new.rows(one)
            if not np.array_equal(own, self._members.rows(found[one])[0]):
                found[place] = len(self._members)
                self._members.append(new, one)
        return list(map(int, found))


class _Rows:
    """Rows of different lengths, one after another; more can be added."""

    def __init__(self, flat: Numbers, starts: Numbers) -> None:
        self._flat, self._filled = flat, flat.size
        self._starts, self._many = starts, starts.size - 1

    def __len__(self) -> int:
        return self._many

    @property
    def flat(self) -> Numbers:
        """All elements."""
        return self._flat[: self._filled]

    @property
    def starts(self) -> Numbers:
        """Where each row begins, and where the last one ends."""
        return self._starts[: self._many + 1]

    def lengths(self, rows: Numbers) -> Numbers:
        """The number of elements of some rows."""
        return self._starts[rows + 1] - self._starts[rows]

    def rows(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """The elements of some rows, and how many each has."""
        lengths = self.lengths(rows)
        return self._flat[_ranges(self._starts[rows], lengths)], lengths

    def append(self, other: _Rows, rows: Numbers) -> None:
        """Add some rows of others."""
        flat, lengths = other.rows(rows)
        self._flat = _grown(self._flat, self._filled, flat)
        stops = self._filled + np.cumsum(lengths)
        self._starts = _grown(self._starts, self._many + 1, stops)
        self._filled += flat.size
        self._many += lengths.size


def _grown(array: Numbers, filled: int, more: Numbers) -> Numbers:
    """An array with more behind what is filled, in twice the space where that is full."""
    if filled + more.size > array.size:
        larger = np.empty(2 * (filled + more.size), dtype=np.int64)
        larger[:filled] = array[:filled]
        array = larger
    array[filled : filled + more.size] = more
    return array


def _ranges(starts: Numbers, counts: Numbers) -> Numbers:
    """`start, start + 1, ...` for each start, so many of them."""
    before = np.cumsum(counts) - counts
    found: Numbers = np.arange(counts.sum()) + np.repeat(starts - before, counts)
    return found


def _distinct(codes: Numbers) -> Numbers:
    """Numbers in ascending order, each once."""
    ordered = np.sort(codes)
    if not ordered.size:
        return ordered
    found: Numbers = ordered[np.append(True, ordered[1:] != ordered[:-1])]
    return found
