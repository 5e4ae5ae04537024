"""The program of a determinant by expansion by minors.

The determinant of a matrix is the sum of the elements of its first row, with alternating signs,
times the determinants of the minors below.  A minor of the last k rows belongs to a set of k
columns.  The expansion meets each of them many times, and here each is computed once: 2^n sets
instead of n! products.  Which column and which smaller minor belong to which term is a matter
of n alone, and is given to the program as tables.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from benchmarks.gradbench.reading import Wholes

LARGEST = 16  # the tables grow as 2^n


def minors_text(n: int) -> str:
    """The program for matrices of n rows: one equation for the minors of the last k rows."""
    inputs = "".join(
        f"input column_{k}[{comb(n, k)}, {k}] in {n}, rest_{k}[{comb(n, k)}, {k}] in "
        f"{comb(n, k - 1)}\n"
        for k in range(2, n + 1)
    )
    levels = "".join(
        f"row_{k} = A[{(n - k) * n}:{(n - k + 1) * n}]\n"
        f"minor_{k}[s] = sum[i in 0:{k}]"
        f"(sign[i]*row_{k}[column_{k}[s, i]]*minor_{k - 1}[rest_{k}[s, i]])\n"
        for k in range(2, n + 1)
    )
    return (
        f"{inputs}param A[{n * n}]\n"
        f"sign[i in {n}] = 1 if i % 2 == 0 else -1\n"
        f"minor_1 = A[{(n - 1) * n}:]\n"
        f"{levels}J = minor_{n}[0]\n"
    )


def tables(n: int) -> dict[str, Wholes]:
    """For each minor the columns of its first row, and the minors without these."""
    found: dict[str, Wholes] = {}
    places: dict[tuple[int, ...], int] = {(column,): column for column in range(n)}
    for k in range(2, n + 1):
        sets = list(combinations(range(n), k))
        found[f"column_{k}"] = np.array(sets, dtype=np.int64)
        rests = [[places[s[:i] + s[i + 1 :]] for i in range(k)] for s in sets]
        found[f"rest_{k}"] = np.array(rests, dtype=np.int64)
        places = {s: place for place, s in enumerate(sets)}
    return found
