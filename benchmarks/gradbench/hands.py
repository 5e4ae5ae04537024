"""Hand tracking: the mesh, the skeleton, and the points that were measured.

Of the mesh only the vertices are computed that a point refers to.  With coordinates `us` a point
refers to a triangle, without them to a vertex: then all three corners are that vertex, at
coordinates (0, 0), and the columns of the coordinates are left out of the Jacobian.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.gradbench.engine import Prepared, bound, program
from benchmarks.gradbench.reading import RefusedError, Wholes, read

_BONES = 22
_ANGLES = 26


def ht_objective(given: Any) -> Prepared:
    """The residuals of all points, three numbers each."""
    run = bound(program("ht", "residuals"), "forward", _hand(given))
    return Prepared(run, lambda residuals: residuals.ravel().tolist())


def ht_jacobian(given: Any) -> Prepared:
    """For each residual its derivatives in the coordinates of its own point, and in theta."""
    inputs = _hand(given)
    on_triangles = len(read(given, "us").value) > 0
    run = bound(program("ht", "J" if on_triangles else "J_theta"), "forward", inputs)
    return Prepared(run, lambda jacobian: jacobian.reshape(-1, jacobian.shape[-1]).tolist())


def _hand(given: Any) -> dict[str, Any]:
    def model(name: str) -> Any:
        return read(given, "data", "model", name)

    if model("bone_count").whole(1) != _BONES:
        raise RefusedError(
            f"the model has {model('bone_count').value} bones; a hand has {_BONES} here"
        )
    parents = model("parents").wholes(_BONES)
    if not all(-1 <= parent < bone for bone, parent in enumerate(parents)):
        raise RefusedError("data.model.parents: a parent is to stand before its bones, -1 for none")
    rest = model("base_positions").reals(None, 4)
    weights = model("weights").reals(len(rest), _BONES)
    points = read(given, "data", "points").reals(None, 3)
    used, corners = np.unique(_corners(given, len(points), len(rest)), return_inverse=True)
    us = read(given, "us")
    return {
        "parent": parents + 1,
        "relative": model("base_relatives").reals(_BONES, 4, 4),
        "inverse": model("inverse_base_absolutes").reals(_BONES, 4, 4),
        "rest": rest[used],
        "weight": weights[used],
        "mirror": -1.0 if model("is_mirrored").truth() else 1.0,
        "point": points,
        "corner": corners.reshape(len(points), 3),
        "theta": read(given, "theta").reals(_ANGLES),
        "u": us.reals(len(points), 2) if us.value else np.zeros((len(points), 2)),
    }


def _corners(given: Any, points: int, vertices: int) -> Wholes:
    """The three vertices that each point refers to."""
    at = read(given, "data", "correspondences").wholes(points)
    what, corners = "vertices", np.repeat(np.arange(vertices)[:, None], 3, axis=1)
    if read(given, "us").value:
        what, corners = "triangles", read(given, "data", "model", "triangles").wholes(None, 3)
    if at.size and not (at.min() >= 0 and at.max() < len(corners)):
        raise RefusedError(f"data.correspondences: there are {len(corners)} {what}")
    chosen = corners[at]
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < vertices):
        raise RefusedError(f"data.model.triangles: there are {vertices} vertices")
    return chosen
