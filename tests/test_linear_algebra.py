"""Linear algebra against mpmath, at singular matrices, and where shapes do not fit."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import gradc
from gradc.diagnostics import SourceError
from gradc.targets.python import helpers_numpy

RANDOM = np.random.default_rng(7)
SQUARE = RANDOM.normal(size=(4, 4))
POSITIVE = SQUARE @ SQUARE.T + np.eye(4)
RIGHT = RANDOM.normal(size=4)


def exactly(matrix: np.ndarray) -> mpmath.matrix:
    return mpmath.matrix(matrix.tolist())


def floats(matrix: mpmath.matrix) -> np.ndarray:
    return np.array(matrix.tolist(), dtype=float)


@pytest.fixture(autouse=True)
def precisely() -> object:
    with mpmath.workdps(50):
        yield


def test_the_derivatives_of_solve_are_solves_themselves() -> None:
    program = gradc.compile("param A[N,N], y[N]\ninput c[N]\nJ = c @ solve(A, y)")
    value, gradients = program.value_and_grad(A=SQUARE, y=RIGHT, c=np.ones(4))
    x = mpmath.lu_solve(exactly(SQUARE), mpmath.matrix(RIGHT.tolist()))
    weights = mpmath.lu_solve(exactly(SQUARE).T, mpmath.matrix([1, 1, 1, 1]))
    assert value == pytest.approx(float(sum(x)), rel=1e-12)
    np.testing.assert_allclose(gradients["y"], floats(weights).ravel(), rtol=1e-12)
    np.testing.assert_allclose(gradients["A"], floats(-weights * x.T), rtol=1e-11)


def test_solve_takes_many_right_hand_sides() -> None:
    sides = RANDOM.normal(size=(4, 3))
    found = gradc.compile("param A[N,N]\ninput Y[N,M]\nX = solve(A, Y)").forward(A=SQUARE, Y=sides)
    np.testing.assert_allclose(SQUARE @ found, sides, rtol=1e-12, atol=1e-12)


def test_the_derivative_of_det_is_the_matrix_of_cofactors() -> None:
    value, gradients = gradc.compile("param A[N,N]\nJ = det(A)").value_and_grad(A=SQUARE)
    exact = exactly(SQUARE)
    assert value == pytest.approx(float(mpmath.det(exact)), rel=1e-13)
    expected = floats(mpmath.det(exact) * mpmath.inverse(exact).T)
    np.testing.assert_allclose(gradients["A"], expected, rtol=1e-11)


@pytest.mark.parametrize(
    ("singular", "cofactors"),
    [
        ([[1, 2], [2, 4]], [[4, -2], [-2, 1]]),
        ([[0, 0], [0, 0]], [[0, 0], [0, 0]]),
        ([[0, 0, 0], [0, 2, 0], [0, 0, 3]], [[6, 0, 0], [0, 0, 0], [0, 0, 0]]),
        ([[5]], [[1]]),
    ],
)
def test_det_has_its_derivative_at_singular_matrices_too(
    singular: list[list[float]], cofactors: list[list[float]]
) -> None:
    _, gradients = gradc.compile("param A[N,N]\nJ = det(A)").value_and_grad(A=singular)
    np.testing.assert_allclose(gradients["A"], cofactors, atol=1e-14)


@pytest.mark.parametrize("scale", [1.0, 1e200, 1e-200])
def test_logdet_does_not_overflow(scale: float) -> None:
    value, gradients = gradc.compile("param A[N,N]\nJ = logdet(A)").value_and_grad(A=SQUARE * scale)
    exact = exactly(SQUARE * scale)
    assert value == pytest.approx(float(mpmath.log(abs(mpmath.det(exact)))), rel=1e-13)
    np.testing.assert_allclose(gradients["A"], floats(mpmath.inverse(exact).T), rtol=1e-11)


def test_inv_and_its_derivative() -> None:
    value, gradients = gradc.compile("param A[N,N]\nJ = sum(inv(A))").value_and_grad(A=SQUARE)
    inverse = floats(mpmath.inverse(exactly(SQUARE)))
    assert value == pytest.approx(inverse.sum(), rel=1e-12)
    expected = -inverse.T @ np.ones((4, 4)) @ inverse.T
    np.testing.assert_allclose(gradients["A"], expected, rtol=1e-10)


def test_cholesky_gives_the_log_determinant_and_its_derivative() -> None:
    program = gradc.compile("param S[N,N]\nL = cholesky(S)\nJ = 2*sum(log(diag(L)))")
    value, gradients = program.value_and_grad(S=POSITIVE)
    exact = exactly(POSITIVE)
    assert value == pytest.approx(float(mpmath.log(mpmath.det(exact))), rel=1e-13)
    np.testing.assert_allclose(gradients["S"], floats(mpmath.inverse(exact)), rtol=1e-10)


def test_cholesky_is_that_of_the_symmetric_part() -> None:
    skew = np.triu(np.ones((4, 4)), 1)
    program = gradc.compile("param S[N,N]\nL = cholesky(S)")
    np.testing.assert_allclose(
        program.forward(S=POSITIVE + skew - skew.T), program.forward(S=POSITIVE), rtol=1e-12
    )


@pytest.mark.parametrize("expression", ["sum(solve(A, y))", "sum(inv(A))", "sum(cholesky(A))"])
def test_a_matrix_that_is_singular_gives_nan_and_no_exception(expression: str) -> None:
    program = gradc.compile(f"param A[N,N], y[N]\nJ = {expression} + 0*sum(y)")
    value, gradients = program.value_and_grad(A=np.zeros((2, 2)), y=[1.0, 2.0])
    assert math.isnan(value)
    assert np.all(np.isnan(gradients["A"]))


def test_logdet_of_a_singular_matrix_is_minus_infinity() -> None:
    assert gradc.compile("param A[N,N]\nJ = logdet(A)").forward(A=np.zeros((2, 2))) == -math.inf


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("input A[N,M]\nJ = det(A)", "G0303"),
        ("input x[N]\nJ = logdet(x)", "G0303"),
        ("input A[N,N], y[M]\nJ = sum(solve(A, y))", "G0305"),
        ("input A[N,N], y\nJ = sum(solve(A, y))", "G0303"),
        ("input A[N,M], y[N]\nJ = sum(solve(A, y))", "G0303"),
        ("input A[N,N]\nJ = sum(cholesky(A > 0))", "G0302"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(program: str, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        gradc.compile(program)
    assert [d.code for d in caught.value.diagnostics] == [code]


# Many matrices at once

MANY = np.stack([SQUARE, np.zeros((4, 4)), POSITIVE])


@pytest.mark.parametrize("helper", [helpers_numpy.inv, helpers_numpy.cholesky])
def test_a_singular_matrix_among_many_spoils_itself_alone(helper: Any) -> None:
    found = helper(np.stack([POSITIVE, np.zeros((4, 4)), POSITIVE]))
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2]], np.stack([helper(POSITIVE)] * 2))


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2)])
def test_a_singular_matrix_has_no_solution_and_its_neighbours_have(shape: tuple[int, ...]) -> None:
    right = np.ones(shape)
    found = helpers_numpy.solve(MANY, right)
    assert found.shape == shape
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[2], helpers_numpy.solve(POSITIVE, right[2]))


def test_a_vector_for_each_of_as_many_matrices_as_it_has_elements() -> None:
    """NumPy 2 takes a stack of vectors for one matrix, unless told otherwise."""
    matrices = np.stack([POSITIVE, 2 * POSITIVE, 4 * POSITIVE, 8 * POSITIVE])
    found = helpers_numpy.solve(matrices, np.stack([RIGHT] * 4))
    expected = [helpers_numpy.solve(matrix, RIGHT) for matrix in matrices]
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_cofactors_of_a_matrix_that_is_not_finite_are_nan_alone() -> None:
    matrices = np.stack([SQUARE, np.full((4, 4), np.inf)])
    found = helpers_numpy.cofactors(matrices)
    np.testing.assert_allclose(found[0], helpers_numpy.cofactors(SQUARE), rtol=1e-13)
    assert np.isnan(found[1]).all()
