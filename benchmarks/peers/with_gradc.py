"""gradc: `gradc.load(PATH).value_and_grad(...)`, with the engine that it chooses for itself.

Sizes that no array has (the number of steps, of nodes) are whole numbers of the data; they
replace the number that the program's text gives to its `dim`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

import gradc
from benchmarks.peers.peer import Built

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = Path(__file__).parent / "programs"
DIRECTIONS = {"kmeans": "kmeans_newton"}  # programs whose output is the derivative wanted
SEARCHES = ("saddle", "particle")  # programs whose output is found by derivatives


def build(workload: str, data: dict[str, Any]) -> Built:
    """The program's functions with their arguments."""
    sizes = {name.upper(): value for name, value in data.items() if isinstance(value, int)}
    arguments = {name: value for name, value in data.items() if not isinstance(value, int)}
    program = _program(workload, sizes)
    if workload in SEARCHES:
        return Built(None, lambda: program.forward(**arguments), _listed)
    if workload in DIRECTIONS:
        direction = _program(DIRECTIONS[workload], sizes)
        return Built(
            lambda: program.forward(**arguments),
            lambda: direction.forward(**arguments),
            _listed,
        )
    return Built(
        lambda: program.forward(**arguments),
        lambda: program.value_and_grad(**arguments),
        lambda found: [np.asarray(found[1][name]) for name in data if name in found[1]],
    )


def _program(program: str, sizes: dict[str, int]) -> gradc.Compiled:
    path = PROGRAMS / f"{program}.g"
    if not path.exists():
        path = EXAMPLES / f"{program}.g"
    if not sizes:
        return gradc.load(path)
    text = path.read_text(encoding="utf-8")
    for name, size in sizes.items():
        text = re.sub(rf"^dim {name} = \d+", f"dim {name} = {size}", text, flags=re.MULTILINE)
    return gradc.compile(text)


def _listed(found: Any) -> list[Any]:
    return [np.asarray(part) for part in (found if isinstance(found, tuple) else (found,))]


def versions() -> str:
    """Of the library."""
    return f"gradc {gradc.__version__}"
