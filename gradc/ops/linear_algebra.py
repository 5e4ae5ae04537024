"""Rows of linear algebra: solve, inverse, determinants, Cholesky.

Formulas: M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation (2008); I. Murray, Differentiation of the Cholesky decomposition (2016).  A
singular matrix gives what IEEE arithmetic would: NaN or an infinity, never an exception.

The last two axes are those of a matrix; axes before them are those of an array of matrices,
each treated by itself.  The right-hand side of `solve` has the same axes before its own, which
are one less than a matrix has for a vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradc.ir.graph import Atom, DType, Equation, Lit, Type
from gradc.ops import batch_rules
from gradc.ops.primitive import Fn, Form, Helper, Params, Primitive, TypeMismatchError

if TYPE_CHECKING:
    from gradc.ops.builder import Builder


def _first_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(DType.REAL, types[0].shape)


def _solve_rule(types: Sequence[Type], params: Params) -> Type:
    matrix, right = types
    many, rows = matrix.shape[:-2], matrix.shape[-1:]
    if right.shape[: len(many) + 1] != many + rows or len(right.shape) > len(matrix.shape):
        raise TypeMismatchError("each matrix needs one vector, or one matrix, of its size")
    return Type(DType.REAL, right.shape)


def _number_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(DType.REAL, types[0].shape[:-2])


def _rank(atom: Atom) -> int:
    return len(atom.type.shape)


def _turned(b: Builder, matrix: Atom) -> Atom:
    *many, row, column = range(_rank(matrix))
    return b.emit("transpose", (matrix,), (("perm", (*many, column, row)),))


def _contract(b: Builder, left: Atom, right: Atom, spec: str) -> Atom:
    """The contraction that `spec` states for matrices, for each of many."""
    many = "abcdefgh"[: _rank(left) - len(spec.split(",")[0])]
    operands, result = spec.split("->")
    letters = ",".join(many + operand for operand in operands.split(","))
    return b.contract(left, right, f"{letters}->{many}{result}")


def _product(b: Builder, left: Atom, right: Atom) -> Atom:
    return _contract(b, left, right, "ij,j->i" if _rank(right) < _rank(left) else "ik,kj->ij")


def _inner(b: Builder, left: Atom, right: Atom) -> Atom:
    """The sum of the products of corresponding elements of two matrices."""
    return b.sum(b.apply("mul", (left, right)), (_rank(left) - 2, _rank(left) - 1))


def _trace(b: Builder, matrix: Atom) -> Atom:
    return b.sum(b.emit("diagonal", (matrix,)), (_rank(matrix) - 2,))


def _solve_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`d(A^-1 y) = -A^-1 dA x`; in y the solution is linear."""
    moved = b.emit("solve", (eq.args[0], _product(b, tangent, eq.out)))
    return b.apply("neg", (moved,))


def _solve_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.emit("solve", (_turned(b, eq.args[0]), ct))


def _inv_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`d(A^-1) = -A^-1 dA A^-1`."""
    return b.apply("neg", (_product(b, _product(b, eq.out, tangent), eq.out),))


def _det_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """Jacobi's formula with cofactors, which holds for singular matrices too."""
    return _inner(b, b.emit("cofactors", (eq.args[0],)), tangent)


def _cofactors_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`C = det(A) A^-T`, so `dC = C tr(A^-1 dA) - C dA^T A^-T`; for a regular matrix."""
    ratio = b.emit("solve", (eq.args[0], tangent))
    trace, shape = _trace(b, ratio), eq.out.type.shape
    factor = b.broadcast(trace, shape, tuple(range(len(shape) - 2))) if trace.type.shape else trace
    turned = _contract(b, eq.out, ratio, "ik,jk->ij")
    return b.apply("sub", (b.apply("mul", (factor, eq.out)), turned))


def _logdet_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`d log|det A| = tr(A^-1 dA)`."""
    return _trace(b, b.emit("solve", (eq.args[0], tangent)))


def _cholesky_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`dL = L phi(L^-1 dA L^-T)`, where phi keeps the lower half, the diagonal halved."""
    symmetric = b.apply("mul", (Lit(0.5), b.add(tangent, _turned(b, tangent))))
    half = b.emit("solve", (eq.out, symmetric))
    inner = b.emit("solve", (eq.out, _turned(b, half)))
    return _product(b, eq.out, b.emit("lower_half", (inner,)))


def _lower_half_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.emit("lower_half", (ct,))


LINEAR_ALGEBRA = (
    Primitive(
        "solve",
        "The solution x of `A @ x = y`, by LU factors with pivoting.",
        _solve_rule,
        {"numpy": Helper("solve"), "js": Helper("solve"), "g": Form("of_matrices")},
        transpose=_solve_transpose,
        jvp=_solve_jvp,
        linear=frozenset({1}),
        notes=("NaN where the matrix is singular.",),
        pattern="solve",
        batch=batch_rules.solve,
        analytic=True,
    ),
    Primitive(
        "inv",
        "The inverse of a square matrix; `solve(A, y)` is cheaper and more accurate.",
        _first_rule,
        {"numpy": Helper("inv"), "js": Helper("inv"), "g": Form("of_matrices")},
        jvp=_inv_jvp,
        notes=("NaN where the matrix is singular.",),
        batch=batch_rules.over_leading,
        analytic=True,
    ),
    Primitive(
        "det",
        "The determinant.",
        _number_rule,
        {"numpy": Fn("np.linalg.det"), "js": Helper("det"), "g": Form("of_matrices")},
        jvp=_det_jvp,
        notes=("The derivative is the matrix of cofactors, singular matrices included.",),
        batch=batch_rules.over_leading,
        analytic=True,
    ),
    Primitive(
        "cofactors",
        "The matrix of cofactors, by singular values.",
        _first_rule,
        {"numpy": Helper("cofactors"), "js": Helper("cofactors"), "g": Form("of_matrices")},
        jvp=_cofactors_jvp,
        notes=("Its own derivative, the second of `det`, is NaN at a singular matrix.",),
        batch=batch_rules.over_leading,
    ),
    Primitive(
        "logdet",
        "The logarithm of the absolute value of the determinant, without overflow.",
        _number_rule,
        {"numpy": Helper("logdet"), "js": Helper("logdet"), "g": Form("of_matrices")},
        jvp=_logdet_jvp,
        notes=("-inf where the matrix is singular.",),
        batch=batch_rules.over_leading,
        analytic=True,
    ),
    Primitive(
        "cholesky",
        "The lower triangular L with `L @ L.T` equal to the symmetric part of the operand.",
        _first_rule,
        {"numpy": Helper("cholesky"), "js": Helper("cholesky"), "g": Form("of_matrices")},
        jvp=_cholesky_jvp,
        notes=("NaN where the matrix is not positive definite.",),
        batch=batch_rules.over_leading,
    ),
    Primitive(
        "lower_half",
        "The lower triangle with the diagonal halved.",
        _first_rule,
        {"numpy": Helper("lower_half"), "js": Helper("lower_half"), "g": Form("lower_half")},
        transpose=_lower_half_transpose,
        pattern="lower",
        batch=batch_rules.over_leading,
        analytic=True,
    ),
)
