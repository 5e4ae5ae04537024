"""A sparse Jacobian by few sweeps: columns, or rows, that do not meet are found together.

Rows that have very many entries are found by reverse sweeps and the others by forward sweeps where
that takes fewer, so that an arrow needs three.  A sparse Hessian is symmetric: a column with very
many entries is a row too.

Invariant: no entry is lost.  After the sweeps the matrix is multiplied by a random vector and
compared with one more sweep; where they differ, a row is computed in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gradc.runtime.bind import Bound
from gradc.runtime.layout import Array
from gradc.runtime.matrix import Entries
from gradc.runtime.pattern import Pattern, jacobian_pattern
from gradc.runtime.sweeps import Progress, Sweeps
from gradc.sparsity.colouring import coloured
from gradc.sparsity.sets import Numbers

_AGREE = 1e-6  # relative, of a product with a random vector


class Batch(NamedTuple):
    """Sweeps of one mode: sweep `c` finds the entries `entries[starts[c] : starts[c + 1]]`.

    `of` says in which sweep each row, or each column, is; -1 for those in none.  `places` says
    where in the product of the sweep each of the entries is.
    """

    mode: str
    of: Numbers
    entries: Numbers
    places: Numbers
    starts: Numbers

    @property
    def sweeps(self) -> int:
        """How many sweeps there are."""
        return self.starts.size - 1


class Mirrored(NamedTuple):
    """Entries that are equal to others because a matrix is symmetric."""

    entries: Numbers
    others: Numbers


class SparseJacobian:
    """A Jacobian or a Hessian by its entries, at one point after another.

    It may be computed wherever only the values of `wrt` are other than when it was made.
    """

    def __init__(
        self,
        sweeps: Sweeps,
        pattern: Pattern,
        batches: Sequence[Batch],
        mirrored: Mirrored | None = None,
    ) -> None:
        self.sweeps = sweeps
        self.rows, self.columns = pattern.places()
        self.shape = (pattern.sets.size, pattern.width)
        self.batches = [batch for batch in batches if batch.sweeps]
        self._mirrored = mirrored
        self._checked = False

    @staticmethod
    def of(sweeps: Sweeps, bound: Bound) -> SparseJacobian | None:
        """The Jacobian of a program; None where nothing is known of its zeros.

        Raises InputError where an index that is read is out of range.
        """
        pattern = jacobian_pattern(sweeps.program, sweeps.wrt, bound)
        if pattern is None:
            return None
        return SparseJacobian(sweeps, pattern, fewest_sweeps(pattern))

    @staticmethod
    def symmetric(sweeps: Sweeps, bound: Bound) -> SparseJacobian | None:
        """As `of`, of a program that computes a gradient: its Jacobian is a Hessian."""
        pattern = jacobian_pattern(sweeps.program, sweeps.wrt, bound)
        if pattern is None:
            return None
        pattern = with_mirror_images(pattern)
        return SparseJacobian(sweeps, pattern, [symmetric_sweeps(pattern)], upper_half(pattern))

    @property
    def count(self) -> int:
        """The number of sweeps."""
        return sum(batch.sweeps for batch in self.batches)

    @property
    def mode(self) -> str:
        """`forward`, `reverse`, or both."""
        modes = [batch.mode for batch in self.batches]
        return " and ".join(sorted(modes)) if modes else "forward"

    def move(self, bound: Bound) -> None:
        """Go on at other values of what it is differentiated in."""
        self.sweeps.move(bound)

    def entries(self, progress: Progress | None = None) -> Entries:
        """The entries at this point; the first time, they are checked."""
        values: Array = np.zeros(self.rows.size, self.sweeps.dtype)
        done, total = 0, self.count
        for batch in self.batches:
            forward = batch.mode == "forward"
            product = self.sweeps.forward if forward else self.sweeps.reverse
            for sweep in range(batch.sweeps):
                found = product((batch.of == sweep).astype(float))
                part = slice(batch.starts[sweep], batch.starts[sweep + 1])
                values[batch.entries[part]] = found[batch.places[part]]
                done += 1
                if progress is not None:
                    progress(done, total)
        if self._mirrored is not None:
            values[self._mirrored.entries] = values[self._mirrored.others]
        entries = Entries(self.rows, self.columns, values, self.shape)
        if not self._checked:
            check(entries, self.sweeps, self.mode)
            self._checked = True
        return entries


def fewest_sweeps(pattern: Pattern) -> list[Batch]:
    """By columns, by rows, or rows with many entries by themselves: whatever takes least."""
    rows, columns = pattern.places()
    one_mode = _of_one_mode(pattern, rows, columns)
    height, width = pattern.sets.size, pattern.width
    many = dense_rows(pattern.lengths, one_mode.sweeps)
    if not many.size:
        return [one_mode]
    apart = np.zeros(height, dtype=bool)
    apart[many] = True
    rest = ~apart[rows]
    starts = np.append(0, np.cumsum(np.where(apart, 0, pattern.lengths)))
    others = coloured(starts, columns[rest], width)
    if others.colours + many.size >= one_mode.sweeps:
        return [one_mode]
    alone = np.full(height, -1)
    alone[many] = np.arange(many.size)
    return [
        _batch("reverse", alone, many.size, np.flatnonzero(~rest), rows, columns),
        _batch("forward", others.of, others.colours, np.flatnonzero(rest), columns, rows),
    ]


def _of_one_mode(pattern: Pattern, rows: Numbers, columns: Numbers) -> Batch:
    """All entries by columns or by rows; of as many sweeps, by what there is less of."""
    height, width = pattern.sets.size, pattern.width
    degrees = np.bincount(columns, minlength=width)
    every = np.arange(rows.size)

    def forward() -> Batch:
        found = coloured(pattern.starts, pattern.members, width)
        return _batch("forward", found.of, found.colours, every, columns, rows)

    def reverse() -> Batch:
        order = np.argsort(columns, kind="stable")
        found = coloured(np.append(0, np.cumsum(degrees)), rows[order], height)
        return _batch("reverse", found.of, found.colours, every, rows, columns)

    # No mode takes fewer sweeps than the longest row, or column, has entries.
    least = [(int(degrees.max(initial=0)), height, reverse)]
    least.append((int(pattern.lengths.max(initial=0)), width, forward))
    (_, _, first), (bound, size, second) = sorted(least, key=lambda mode: mode[:2])
    found = first()
    if (bound, size) >= (found.sweeps, height + width - size):
        return found
    return min(found, second(), key=lambda batch: (batch.sweeps, batch.of.size))


def with_mirror_images(pattern: Pattern) -> Pattern:
    """The pattern with every entry whose mirror image is there."""
    rows, columns = pattern.places()
    width = max(pattern.width, 1)
    places = np.unique(np.concatenate([rows * width + columns, columns * width + rows]))
    row, column = np.divmod(places, width)
    starts = np.append(0, np.cumsum(np.bincount(row, minlength=pattern.width)))
    return Pattern(np.arange(pattern.width), starts, column, pattern.width)


def upper_half(pattern: Pattern) -> Mirrored:
    """The entries above the diagonal, with those below it, of a symmetric pattern."""
    rows, columns = pattern.places()
    upper = np.flatnonzero(columns > rows)
    places = rows * pattern.width + columns
    images = columns[upper] * pattern.width + rows[upper]
    return Mirrored(upper, np.searchsorted(places, images))


def symmetric_sweeps(pattern: Pattern) -> Batch:
    """Sweeps for the lower half of a symmetric matrix.

    A column with many entries may have a sweep of its own; its entries are those of its row too,
    so that the other columns need not be kept apart for it.
    """
    rows, columns = pattern.places()
    width = pattern.width
    colours = coloured(pattern.starts, pattern.members, width)
    of, count = colours.of, colours.colours
    apart = np.zeros(width, dtype=bool)
    many = dense_rows(pattern.lengths, count)
    if many.size:
        apart[many] = True
        rest = ~apart[rows] & ~apart[columns]
        starts = np.append(0, np.cumsum(np.bincount(rows[rest], minlength=width)))
        others = coloured(starts, columns[rest], width)
        if others.colours + many.size < count:
            of, count = others.of.copy(), others.colours + many.size
            of[many] = np.arange(others.colours, count)
        else:
            apart[many] = False
    lower = np.flatnonzero(columns <= rows)
    turned = apart[rows] & ~apart[columns]
    source, place = np.where(turned, rows, columns), np.where(turned, columns, rows)
    return _batch("forward", of, count, lower, source, place)


def dense_rows(lengths: Numbers, best: int) -> Numbers:
    """The longest rows, where taking them by themselves may need fewer than `best` sweeps."""
    order = np.argsort(-lengths, kind="stable")
    descending = np.append(lengths[order], 0)
    needed = np.arange(descending.size) + descending  # k rows apart, and what the next one takes
    k = int(np.argmin(needed))
    return order[:k] if needed[k] < best else order[:0]


def _batch(
    mode: str, of: Numbers, count: int, entries: Numbers, sources: Numbers, places: Numbers
) -> Batch:
    """The sweeps with these colours; each entry is in the sweep of its source, at its place."""
    colours = of[sources[entries]]
    order = np.argsort(colours, kind="stable")
    found = entries[order]
    starts = np.append(0, np.cumsum(np.bincount(colours, minlength=count)))
    return Batch(mode, of, found, places[found], starts)


def check(entries: Entries, sweeps: Sweeps, mode: str) -> None:
    """Compare the product with a random vector with one more sweep of a mode in use.

    Both are rounded, so a difference alone proves nothing; a number in a row, or a column,
    computed in full, where the pattern has none does.  Raises RuntimeError for that: a fault of
    the pattern.
    """
    lines, across = entries.rows, entries.columns
    height, width = entries.shape
    both: list[Callable[[Array], Array]] = [sweeps.forward, sweeps.reverse]
    if mode == "reverse":
        lines, across, height, width = across, lines, width, height
        both.reverse()
    product, whole = both
    vector = np.random.default_rng(0).uniform(0.5, 1.5, size=width)
    with np.errstate(all="ignore"):
        terms = entries.values * vector[across]
        expected = np.bincount(lines, terms, height)
        size = np.bincount(lines, np.abs(terms), height)
        wrong = np.abs(product(vector) - expected) - _AGREE * size
    wrong[~np.isfinite(wrong)] = 0.0
    if not wrong.size or wrong.max() <= 0.0:
        return
    line = int(np.argmax(wrong))
    full = whole((np.arange(height) == line).astype(float))
    full[across[lines == line]] = 0.0
    lost = np.flatnonzero(np.isfinite(full) & (full != 0.0))
    if lost.size:
        row, column = (line, int(lost[0])) if mode != "reverse" else (int(lost[0]), line)
        raise RuntimeError(f"the pattern lacks row {row}, column {column}")
