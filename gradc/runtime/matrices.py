"""A Jacobian or a Hessian as one matrix: by its entries where a pattern is known, else whole."""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound
from gradc.runtime.engines import PLAIN, Engine
from gradc.runtime.jacobian import dense_matrix, fewest
from gradc.runtime.layout import Array
from gradc.runtime.matrix import Matrix
from gradc.runtime.products import gradient_program
from gradc.runtime.room import require_room
from gradc.runtime.sparse import SparseJacobian
from gradc.runtime.sweeps import Progress, Sweeps

_SPARSER = "write .mtx or .npz, which hold the entries that can be other than zero"
_PRODUCTS = "take products with it instead: --jvp, --hvp"


def jacobian_matrix(
    program: Program,
    bound: Bound,
    wrt: Sequence[Var],
    whole: bool = False,
    progress: Progress | None = None,
    engine: Engine = PLAIN,
) -> Matrix:
    """The derivatives of all elements of the outputs in all elements of `wrt`.

    `whole` says that zeros are wanted too.  Raises InputError where an index that is read is out
    of range, NumericError where memory does not suffice.
    """
    sweeps = Sweeps(program, wrt, bound, engine)
    if whole:
        _require_room(sweeps, "a Jacobian", _SPARSER)
    found = SparseJacobian.of(sweeps, bound)
    return _dense(sweeps, "a Jacobian", progress) if found is None else _sparse(found, progress)


def hessian_matrix(
    program: Program,
    bound: Bound,
    wrt: Sequence[Var],
    whole: bool = False,
    progress: Progress | None = None,
    engine: Engine = PLAIN,
) -> Matrix:
    """The second derivatives of a scalar output in all elements of `wrt`.

    Raises what `jacobian_matrix` raises, and UsageError where there is no single scalar output.
    """
    sweeps = Sweeps(gradient_program(program, wrt), wrt, bound, engine)
    if whole:
        _require_room(sweeps, "a Hessian", _SPARSER)
    found = SparseJacobian.symmetric(sweeps, bound)
    if found is None:
        matrix = _dense(sweeps, "a Hessian", progress)
        assert not isinstance(matrix.numbers, tuple)
        _mirror(matrix.numbers)
    else:
        matrix = _sparse(found, progress)
    return matrix._replace(rows=matrix.columns, symmetric=True)


def _sparse(found: SparseJacobian, progress: Progress | None) -> Matrix:
    found.sweeps.expected = found.count
    sweeps, entries = found.sweeps, found.entries(progress)
    return Matrix(sweeps.rows, sweeps.columns, entries, found.mode, found.count)


def _dense(sweeps: Sweeps, what: str, progress: Progress | None) -> Matrix:
    mode, count = fewest(sweeps)
    _require_room(sweeps, what, _PRODUCTS)
    numbers = dense_matrix(sweeps, progress)
    return Matrix(sweeps.rows, sweeps.columns, numbers, mode, count)


def _require_room(sweeps: Sweeps, what: str, instead: str) -> None:
    require_room((sweeps.rows.size, sweeps.columns.size), what, instead)


def _mirror(matrix: Array) -> None:
    """Make a matrix symmetric to the last bit: what is above the diagonal becomes what is below."""
    for i in range(len(matrix)):
        matrix[i, i + 1 :] = matrix[i + 1 :, i]
