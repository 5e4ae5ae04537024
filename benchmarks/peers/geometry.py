"""Data of the two workloads with geometry: cameras that see points, and the mesh of a hand.

Both are drawn, with the sizes of the files that GradBench sends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

BONES, VERTICES, TRIANGLES = 22, 544, 1084
# The hand's root and wrist, then five fingers of four bones in a row.
PARENTS = np.array(
    [-1, 0, *(1 if bone == 0 else 4 * f + bone + 1 for f in range(5) for bone in range(4))]
)


def ba(draw: Generator, p: int) -> dict[str, Any]:
    """Cameras, points, weights and features, one of each for an observation.

    GradBench sends one of each and repeats it, to be treated as different.
    """
    cams = np.concatenate(
        [
            0.3 * draw.standard_normal((p, 3)),  # rotation
            draw.standard_normal((p, 3)),  # centre
            draw.uniform(400, 600, (p, 1)),  # focal length
            draw.standard_normal((p, 2)),  # principal point
            0.01 * draw.standard_normal((p, 2)),  # radial distortion
        ],
        axis=1,
    )
    return {
        "cams": cams,
        "X": draw.standard_normal((p, 3)) + np.array([0.0, 0.0, 10.0]),
        "w": draw.uniform(0.5, 1.5, p),
        "feats": 100 * draw.standard_normal((p, 2)),
    }


def ht(draw: Generator, n: int) -> dict[str, Any]:
    """The pose of a hand, where on triangles of its mesh points lie, the mesh, and the points.

    A vertex hangs on at most four bones, as in the files of GradBench.
    """
    relatives = np.stack([np.eye(4)] * BONES)
    relatives[:, :3, 3] = 0.3 * draw.standard_normal((BONES, 3))
    absolutes: list[Any] = []
    for bone, parent in enumerate(PARENTS):
        own = relatives[bone]
        absolutes.append(own if parent < 0 else absolutes[parent] @ own)
    weights = np.zeros((VERTICES, BONES))
    for row in weights:
        row[draw.choice(BONES, 4, replace=False)] = draw.dirichlet(np.ones(4))
    return {
        "us": draw.uniform(0, 0.5, (n, 2)),
        "theta": 0.3 * draw.standard_normal(26),
        "relatives": relatives,
        "inverses": np.linalg.inv(np.stack(absolutes)),
        "positions": np.concatenate(
            [draw.standard_normal((VERTICES, 3)), np.ones((VERTICES, 1))], axis=1
        ),
        "weights": weights,
        "corners": draw.integers(0, VERTICES, (n, 3)),
        "points": draw.standard_normal((n, 3)),
    }
