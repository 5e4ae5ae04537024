"""Covariance and standard errors of least squares, from the Jacobian at the minimum.

    covariance = s^2 (J^T J)^-1,   s^2 = RSS / (residuals - parameters)

G. Seber, C. Wild, Nonlinear regression, 1989, section 2.1; NIST's certified values are such.
Where the Jacobian has not full rank, only what is orthogonal to its null space is determined by
the residuals; the rest has no standard error.  A parameter at a bound is taken as given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradc.fit.box import Box
from gradc.fit.optimality import tangent_plane
from gradc.fit.problem import Problem, sum_of_squares
from gradc.ir.fitted import Statistics

Array = NDArray[np.float64]

# A unit vector that lies in the null space by more than this is not determined.
_IN_NULL_SPACE = 1e-6


def statistics(problem: Problem, point: Array, box: Box, minimum: bool) -> Statistics | None:
    """What the residuals say about the parameters; None where the numbers are not finite.

    Away from a minimum there is no covariance.
    """
    tangents = problem.tangents(point)
    if not tangents.finite:
        return None
    elements = problem.packing.elements()
    size, rows = point.size, tangents.residuals.size
    free = ~box.at_bound(point)
    plane = tangent_plane(tangents.jacobian[:, free])
    freedom = rows - plane.rank
    deviation = None
    if freedom > 0:
        deviation = float(np.sqrt(sum_of_squares(tangents.residuals) / freedom))
    inside = plane.right[: plane.rank]
    lost = 1.0 - np.sum(inside**2, axis=0) > _IN_NULL_SPACE
    half = inside.T / plane.singular[: plane.rank] / plane.scale[:, None]
    known = np.flatnonzero(free)[~lost]
    covariance = np.full((size, size), np.nan)
    if minimum and deviation is not None:
        found = deviation**2 * (half @ half.T)
        covariance[np.ix_(known, known)] = found[np.ix_(~lost, ~lost)]
    errors = problem.packing.unpack(np.sqrt(np.diag(covariance)))
    undetermined = tuple(elements[i] for i in np.flatnonzero(free)[lost])
    held = tuple(elements[i] for i in np.flatnonzero(~free))
    return Statistics(
        rows, freedom, deviation, plane.rank, elements, covariance, errors, undetermined, held
    )
