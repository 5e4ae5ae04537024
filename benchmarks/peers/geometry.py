"""Data of the two workloads with geometry: cameras that see points, and the mesh of a hand.

Both are drawn, with the sizes of the files that GradBench sends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

BONES, VERTICES = 22, 544
# The hand's root and wrist, then five fingers of four bones in a row.
PARENTS = np.array(
    [-1, 0, *(1 if bone == 0 else 4 * f + bone + 1 for f in range(5) for bone in range(4))]
)


def ba(draw: Generator, n: int, m: int, p: int) -> dict[str, Any]:
    """Cameras, points and weights, what was seen, and by which camera and of which point."""
    cameras = np.concatenate(
        [
            0.3 * draw.standard_normal((n, 3)),  # rotation
            draw.standard_normal((n, 3)),  # centre
            draw.uniform(400, 600, (n, 1)),  # focal length
            draw.standard_normal((n, 2)),  # principal point
            0.01 * draw.standard_normal((n, 2)),  # radial distortion
        ],
        axis=1,
    )
    return {
        "cam": cameras,
        "X": draw.standard_normal((m, 3)) + np.array([0.0, 0.0, 10.0]),
        "w": draw.uniform(0.5, 1.5, p),
        "feat": 100 * draw.standard_normal((p, 2)),
        "camera": np.arange(p) % n,
        "point": np.arange(p) % m,
    }


def ht(draw: Generator, n: int) -> dict[str, Any]:
    """The pose of a hand, where on triangles of its mesh points lie, the mesh, and the points.

    A vertex hangs on at most four bones, and vertices that no point refers to are left out.
    """
    relative = np.stack([np.eye(4)] * BONES)
    relative[:, :3, 3] = 0.3 * draw.standard_normal((BONES, 3))
    absolute: list[Any] = []
    for bone, parent in enumerate(PARENTS):
        own = relative[bone]
        absolute.append(own if parent < 0 else absolute[parent] @ own)
    weight = np.zeros((VERTICES, BONES))
    for row in weight:
        row[draw.choice(BONES, 4, replace=False)] = draw.dirichlet(np.ones(4))
    rest = np.concatenate([draw.standard_normal((VERTICES, 3)), np.ones((VERTICES, 1))], axis=1)
    used, corner = np.unique(draw.integers(0, VERTICES, (n, 3)), return_inverse=True)
    return {
        "theta": 0.3 * draw.standard_normal(26),
        "u": draw.uniform(0, 0.5, (n, 2)),
        "parent": PARENTS + 1,
        "relative": relative,
        "inverse": np.linalg.inv(np.stack(absolute)),
        "rest": rest[used],
        "weight": weight[used],
        "mirror": -1.0,
        "corner": corner.reshape(n, 3),
        "point": draw.standard_normal((n, 3)),
    }
