"""The codes of what can be wrong with a matrix that is to be written: G079.

Entries of the table in `codes`, which says what the fields are.
"""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode

MATRIX_CODES: dict[str, ErrorCode] = {
    "G0791": ErrorCode(
        "No format of matrices",
        "The name of the file says how a Jacobian or a Hessian is written: .npy and .csv hold all "
        "numbers, .mtx (Matrix Market) and .npz (as SciPy's `save_npz` writes it) those that can "
        "be other than zero, with their places.",
        bad="gradc run f.g --inputs x=[1,2] --jacobian J.txt",
        good="gradc run f.g --inputs x=[1,2] --jacobian J.csv",
    ),
    "G0792": ErrorCode(
        "Matrix too large",
        "The whole matrix needs more memory than there is. Nothing is begun then. A format that "
        "holds only the entries that can be other than zero, .mtx or .npz, takes less where each "
        "output depends on few inputs; products with the matrix, `--jvp` and `--hvp`, never form "
        "it.",
        bad="gradc run f.g --inputs large.npz --jacobian J.npy",
        good="gradc run f.g --inputs large.npz --jacobian J.mtx",
    ),
    "G0793": ErrorCode(
        "Two uses of one file",
        "A matrix is not written over another matrix of the same run. A file name that follows "
        "`--jacobian` or `--hessian` is that of the file to write.",
        bad="gradc run f.g --inputs data.csv --jacobian M.csv --hessian M.csv",
        good="gradc run f.g --inputs data.csv --jacobian J.csv --hessian H.csv",
    ),
}
