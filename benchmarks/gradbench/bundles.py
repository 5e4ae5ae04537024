"""Bundle adjustment: observations, and the sparse Jacobian row by row (CSR).

A Jacobian has two rows for each observation, each with 11 elements of its camera, 3 of its
point and one of its weight, and below these a row for each weight.  Where its elements are
depends on who sees what and is laid out with the observations; a run fills in their values, into
the same memory each time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.gradbench.engine import Prepared, bound, program
from benchmarks.gradbench.reading import RefusedError, Wholes, read

RESIDUALS = "reprojection, weight"  # the outputs of the program that are residuals

_SHOWN = 30  # the protocol asks for so many first elements, and the last
_CAMERA, _POINT = 11, 3
_OWN = _CAMERA + _POINT + 1

Places = NDArray[np.int32]


class Pattern(NamedTuple):
    """Where rows begin, and the columns of the elements."""

    rows: Places
    columns: Places


def ba_objective(given: Any) -> Prepared:
    """The residuals: an input is one observation many times, and so is the output."""
    inputs = _observations(given)
    run = bound(program("ba", RESIDUALS), "forward", inputs)

    def output(result: Any) -> Any:
        reprojection, weight = result
        return {
            "reproj_error": {"elements": reprojection[0].tolist(), "repeated": len(reprojection)},
            "w_err": {"element": float(weight[0]), "repeated": len(weight)},
        }

    return Prepared(run, output)


def ba_jacobian(given: Any) -> Prepared:
    """The Jacobian: of each of three arrays the first elements and the last."""
    inputs = _observations(given)
    cameras, points = len(inputs["cam"]), len(inputs["X"])
    rows, columns = pattern(inputs["camera"], inputs["point"], cameras, points)
    run = bound(program("ba"), "forward", inputs)

    def output(result: Any) -> Any:
        blocks, weights = (array.ravel() for array in result)
        values = np.concatenate([blocks[:_SHOWN], weights[-1:]])
        return {"rows": _ends(rows), "cols": _ends(columns), "vals": values.tolist()}

    return Prepared(run, output)


def pattern(camera: Wholes, point: Wholes, cameras: int, points: int) -> Pattern:
    """The places of the elements for observations of points by cameras."""
    count = len(camera)
    first_point = _CAMERA * cameras
    first_weight = first_point + _POINT * points
    weight = first_weight + np.arange(count)
    columns = np.empty(31 * count, dtype=np.int32)
    blocks = columns[: 30 * count].reshape(count, 2, _OWN)
    blocks[:, :, :_CAMERA] = (_CAMERA * camera[:, None] + np.arange(_CAMERA))[:, None]
    blocks[:, :, _CAMERA:-1] = (first_point + _POINT * point[:, None] + np.arange(_POINT))[:, None]
    blocks[:, :, -1] = weight[:, None]
    columns[30 * count :] = weight
    rows = np.empty(3 * count + 1, dtype=np.int32)
    rows[: 2 * count + 1] = _OWN * np.arange(2 * count + 1)
    rows[2 * count + 1 :] = 30 * count + 1 + np.arange(count)
    return Pattern(rows, columns)


def _observations(given: Any) -> dict[str, Any]:
    """Camera, point, weight and image coordinates, each repeated, seen in turn."""
    cameras, points, count = (read(given, name).whole(1) for name in ("n", "m", "p"))
    if 31 * count >= 2**31 or _CAMERA * cameras + _POINT * points + count >= 2**31:
        raise RefusedError("n, m, p: the places of the Jacobian are to have 32 bits")
    camera = read(given, "cam").reals(_CAMERA)
    point = read(given, "x").reals(_POINT)
    numbers = np.arange(count)
    return {
        "cam": np.tile(camera, (cameras, 1)),
        "X": np.tile(point, (points, 1)),
        "w": np.full(count, read(given, "w").number()),
        "feat": np.tile(read(given, "feat").reals(2), (count, 1)),
        "camera": numbers % cameras,
        "point": numbers % points,
    }


def _ends(array: Places) -> list[int]:
    return [*array[:_SHOWN].tolist(), int(array[-1])]
