"""gradc: `gradc.load(PATH).value_and_grad(...)`, with the engine that it chooses for itself.

The programs are those of `benchmarks/gradbench/programs/`, and of `programs/` here.  Sizes that
no array has (the number of steps, of nodes) replace the number that the text gives to a `dim`,
and a program has as output what is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gradc
from benchmarks.gradbench.engine import program_text
from benchmarks.gradbench.minors import minors_text, tables
from benchmarks.peers.peer import Built

PROGRAMS = Path(__file__).parent / "programs"
# Programs whose outputs are the derivative wanted: the outputs of it, and of the value.
OUTPUTS = {
    "kmeans": ("direction", "cost"),
    "ba": ("block, d_weight", "reprojection, weight"),
    "ht": ("J", "residuals"),
    "saddle": ("xy", None),
    "particle": ("w", None),
}


def build(workload: str, data: dict[str, Any]) -> Built:
    """The program's functions with their arguments."""
    if workload == "det":
        l = data["l"]  # noqa: E741
        return _by_gradient(gradc.compile(minors_text(l)), {"A": data["A"], **tables(l)}, ["A"])
    sizes = {name.upper(): value for name, value in data.items() if isinstance(value, int)}
    arguments = {name: value for name, value in data.items() if not isinstance(value, int)}
    if workload not in OUTPUTS:
        return _by_gradient(_program(workload, None, sizes), arguments, list(data))
    derivative, value = OUTPUTS[workload]
    return Built(
        None if value is None else _forward(_program(workload, value, sizes), arguments),
        _forward(_program(workload, derivative, sizes), arguments),
        lambda found: [
            np.asarray(part) for part in (found if isinstance(found, tuple) else [found])
        ],
    )


def _program(workload: str, output: str | None, sizes: dict[str, int]) -> gradc.Compiled:
    path = PROGRAMS / f"{workload}.g"
    if path.exists():
        return gradc.load(path)
    return gradc.compile(program_text(workload, output, **sizes))


def _by_gradient(compiled: gradc.Compiled, arguments: dict[str, Any], names: list[str]) -> Built:
    return Built(
        lambda: compiled.forward(**arguments),
        lambda: compiled.value_and_grad(**arguments),
        lambda found: [np.asarray(found[1][name]) for name in names if name in found[1]],
    )


def _forward(compiled: gradc.Compiled, arguments: dict[str, Any]) -> Callable[[], Any]:
    return lambda: compiled.forward(**arguments)


def versions() -> str:
    """Of the library."""
    return f"gradc {gradc.__version__}"
