"""A Jacobian or a Hessian as one matrix, for a file."""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound
from gradc.runtime.jacobian import dense_matrix, fewest
from gradc.runtime.layout import Array
from gradc.runtime.matrix import Entries, Matrix
from gradc.runtime.matrix_files import sparse_format
from gradc.runtime.products import gradient_program
from gradc.runtime.room import require_room
from gradc.runtime.sweeps import Progress, Sweeps


def jacobian_matrix(
    program: Program,
    bound: Bound,
    wrt: Sequence[Var],
    path: str,
    progress: Progress | None = None,
) -> Matrix:
    """The derivatives of all elements of the outputs in all elements of `wrt`.

    Raises UsageError where `path` ends in no format of matrices, NumericError where memory does not
    suffice.
    """
    sparse_format(path)
    return _dense(Sweeps(program, wrt, bound), "a Jacobian", progress)


def hessian_matrix(
    program: Program,
    bound: Bound,
    wrt: Sequence[Var],
    path: str,
    progress: Progress | None = None,
) -> Matrix:
    """The second derivatives of a scalar output in all elements of `wrt`.

    Raises what `jacobian_matrix` raises, and UsageError where there is no single scalar output.
    """
    sparse_format(path)
    sweeps = Sweeps(gradient_program(program, wrt), wrt, bound)
    matrix = _dense(sweeps, "a Hessian", progress)
    numbers = matrix.numbers
    assert not isinstance(numbers, Entries)
    _mirror(numbers)
    return matrix._replace(rows=matrix.columns, symmetric=True)


def _dense(sweeps: Sweeps, what: str, progress: Progress | None) -> Matrix:
    mode, count = fewest(sweeps)
    require_room((sweeps.rows.size, sweeps.columns.size), what)
    numbers = dense_matrix(sweeps, progress)
    return Matrix(sweeps.rows, sweeps.columns, numbers, mode, count)


def _mirror(matrix: Array) -> None:
    """Make a matrix symmetric to the last bit: what is above the diagonal becomes what is below."""
    for i in range(len(matrix)):
        matrix[i, i + 1 :] = matrix[i + 1 :, i]
