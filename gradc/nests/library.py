"""What functions of a target's library need besides their operands: `workspace`.

The functions are those that `model.Invoke` names.  Operands, in order, all arrays in row-major
order; `many` is the number of matrices, `n` the rows of each, `work` memory that is used within:

* `matmul(a, b, c, m, n, k, a_row, a_column, b_row, b_column, c_row, c_column, accumulate, work)`:
  the sum over p of `a[i*a_row + p*a_column] * b[p*b_row + j*b_column]`, for i < m, j < n and p < k,
  becomes `c[i*c_row + j*c_column]`, or is added to it where `accumulate` is 1, or subtracted where
  it is -1;
* `solve(a, y, out, many, n, columns, work)`: `columns` right-hand sides for each matrix;
* `inv`, `det`, `logdet`, `cofactors`, `cholesky`: `(a, out, many, n, work)`.

No operand may share memory with what is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.dims import Dim

# What the library packs at most: panels of so many rows and columns, these rounded up to the
# widest tile of any machine.
_ROWS, _COLUMNS, _TILE = 256, 240, 48


def workspace(function: str, sizes: Sequence[Dim]) -> Dim:
    """How many elements of memory a function needs: `sizes` are m, n, k of `matmul`, n and the
    columns of `solve`, n of the others."""
    if function == "matmul":
        _, columns, rows = sizes
        return _panel(rows, columns)
    n = sizes[0]
    if function == "cofactors":
        return n * n + n * 4
    if function == "cholesky":
        return _panel(n, n)
    columns = sizes[1] if function == "solve" else n
    return n * n + _panel(n, _larger(n, columns))


def _panel(rows: Dim, columns: Dim) -> Dim:
    """The room for a packed panel of an operand of so many rows and columns."""
    deep = _ROWS if rows.constant is None else min(rows.constant, _ROWS)
    wide = _COLUMNS
    if columns.constant is not None:
        wide = min(-(-columns.constant // _TILE) * _TILE, _COLUMNS)
    return Dim.of(max(deep * wide, 1))


def _larger(a: Dim, b: Dim) -> Dim:
    if a.constant is None or b.constant is None:
        return a if a.constant is None else b
    return a if a.constant > b.constant else b
