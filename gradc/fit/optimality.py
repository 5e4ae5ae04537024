"""Whether a point is a minimum to first order: verified here, whatever a method says of itself.

Of a scalar: the gradient, times the size of its parameter, is negligible beside the objective or
beside what it has fallen by (Dennis and Schnabel, Numerical methods for unconstrained
optimization, 1983, section 7.2).  Of residuals: the part of them that the tangent plane could
still explain is negligible beside them (the relative offset of Bates and Watts, A relative offset
orthogonality convergence criterion for nonlinear least squares, 1981), or the Gauss-Newton step is
a rounding error of the parameters, as where the fit is exact.

Elements held at a bound do not count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.fit.box import Box
from gradc.fit.problem import Slope, Tangents

Array = NDArray[np.float64]

SLOPE_TOLERANCE = 1e-6
OFFSET_TOLERANCE = 1e-6
STEP_TOLERANCE = 1e-10

# Columns of unit length are taken for dependent below so many rounding errors for each element.
_RANK_ROUNDINGS = 8.0


def negligible(point: Array, slope: Slope, box: Box, first: float) -> bool:
    """Whether a gradient is as good as zero; `first` is the objective at the start."""
    return scaled_slope(point, slope, box, first) <= SLOPE_TOLERANCE


def scaled_slope(point: Array, slope: Slope, box: Box, first: float) -> float:
    """The largest change of the objective for a change of one parameter by its own size,
    relative to the objective, or to what it has fallen by."""
    if not slope.finite:
        return np.inf
    free = ~box.held(point, slope.gradient)
    with np.errstate(all="ignore"):
        changes = np.abs(slope.gradient) * np.maximum(np.abs(point), 1.0)
        largest = float(np.max(changes[free], initial=0.0))
        if largest == 0.0:
            return 0.0
        scale = max(abs(slope.objective), first - slope.objective)
        return largest / scale if scale > 0.0 else np.inf


class Plane(NamedTuple):
    """The tangent plane of the residuals, spanned by columns of the Jacobian.

    `scale` is the length of each column of the Jacobian.  The columns divided by it are `left @
    diag(singular) @ right`; those whose singular value is a rounding error are beyond `rank`.
    """

    scale: Array
    left: Array
    singular: Array
    right: Array
    rank: int


def tangent_plane(columns: Array) -> Plane:
    """The plane that finite columns span."""
    scale = lengths(columns)
    scale = np.where(scale > 0.0, scale, 1.0)
    left, singular, right = np.linalg.svd(columns / scale, full_matrices=False)
    least = _RANK_ROUNDINGS * max(columns.shape, default=1) * np.finfo(float).eps
    rank = int(np.sum(singular > least * np.max(singular, initial=0.0)))
    return Plane(scale, left, singular, right, rank)


def null_space(plane: Plane) -> Array:
    """The directions that change nothing, in columns divided by their lengths."""
    inside = plane.right[: plane.rank]
    if len(inside) == inside.shape[1]:
        return np.zeros((len(inside), 0))
    return np.asarray(np.linalg.svd(inside)[2][plane.rank :].T)


class Offset(NamedTuple):
    """How far residuals are from orthogonal to their tangent plane, in the parameters that no
    bound holds."""

    free: NDArray[np.bool_]
    rank: int
    lost: Array  # the directions of the parameters that change no residual, a column each
    explained: float  # the length of the part of the residuals that lies in the plane
    relative: float  # that, relative to the residuals
    step: Array  # the Gauss-Newton step of the free parameters, the shortest one
    step_size: float  # its size relative to the parameters, measured by the columns

    @property
    def negligible(self) -> bool:
        """Whether the residuals are orthogonal to the plane, or as good as zero."""
        return self.relative <= OFFSET_TOLERANCE or self.step_size <= STEP_TOLERANCE


def offset(point: Array, tangents: Tangents, box: Box) -> Offset:
    """The offset at a point where everything is finite."""
    residuals = tangents.residuals
    with np.errstate(all="ignore"):
        free = ~box.held(point, tangents.jacobian.T @ residuals)
    plane = tangent_plane(tangents.jacobian[:, free])
    along = plane.left[:, : plane.rank].T @ residuals
    scaled = plane.right[: plane.rank].T @ (along / plane.singular[: plane.rank])
    explained, length = float(np.linalg.norm(along)), float(np.linalg.norm(residuals))
    size = float(np.linalg.norm(plane.scale * point[free]))
    step = float(np.linalg.norm(scaled))
    lost = np.zeros((point.size, int(free.sum()) - plane.rank))
    lost[free] = null_space(plane) / plane.scale[:, None]
    return Offset(
        free,
        plane.rank,
        lost,
        explained,
        explained / length if length else 0.0,
        -scaled / plane.scale,
        step / size if size else (0.0 if step == 0.0 else np.inf),
    )


def lengths(columns: Array) -> Array:
    """The length of each column, without overflow and underflow."""
    largest = np.max(np.abs(columns), axis=0, initial=0.0)
    unit = np.where(largest > 0.0, largest, 1.0)
    return np.asarray(unit * np.sqrt(np.sum((columns / unit) ** 2, axis=0)))
