"""gradc: the first derivative as `value_and_grad(...)` gives it, all others by `prepared`.

The programs are those of `benchmarks/gradbench/programs/`, and of `programs/` here.  Sizes that
no array has (the number of steps, of nodes) replace the number that the text gives to a `dim`,
and a program has as output what is wanted.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

import gradc
from benchmarks.gradbench.bundles import RESIDUALS
from benchmarks.gradbench.engine import program_text
from benchmarks.gradbench.minors import minors_text, tables
from benchmarks.peers.peer import Built

PROGRAMS = Path(__file__).parent / "programs"
# Programs that say the derivative wanted themselves: the output for the value alone, and those
# for value and derivative where they are not the program's own.
VALUES: dict[str, tuple[str | None, str | None]] = {
    "lse": ("J", "J, g"),
    "kmeans": ("cost", None),
    "ba": (RESIDUALS, None),
    "ht": ("residuals", None),
    "saddle": (None, None),
    "particle": (None, None),
}


def build(workload: str, data: dict[str, Any]) -> Built:
    """The program's functions with their arguments."""
    if workload == "det":
        size = data["l"]
        return _by_gradient(minors_text(size), {"A": data["A"], **tables(size)}, ["A"])
    sizes = {name.upper(): value for name, value in data.items() if isinstance(value, int)}
    arguments = {name: value for name, value in data.items() if not isinstance(value, int)}
    if workload not in VALUES:
        return _by_gradient(_text(workload, None, sizes), arguments, list(data))
    value, both = VALUES[workload]
    text = _text(workload, both, sizes)
    compiled = _compiled(text)
    skipped = 0 if both is None else 1

    def arrays(found: Any) -> list[NDArray[Any]]:
        return [np.asarray(x) for x in _all(found)[skipped:]]

    def then() -> Built:
        alone = None if value is None else _compiled(_text(workload, value, sizes))
        return Built(
            None if alone is None else alone.prepared("forward", arguments),
            compiled.prepared("forward", arguments),
            arrays,
        )

    return Built(None, lambda: compiled.forward(**arguments), arrays, then)


def _all(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)


def _text(workload: str, output: str | None, sizes: dict[str, int]) -> str:
    path = PROGRAMS / f"{workload}.g"
    if path.exists():
        return path.read_text(encoding="utf-8")
    # GradBench's programs say modes, which evaluations compare; users leave them to the compiler.
    return program_text(workload, output, **sizes).replace(", mode=reverse)", ")")


def _by_gradient(text: str, arguments: dict[str, Any], names: list[str]) -> Built:
    program = _compiled(text)

    def arrays(found: Any) -> list[NDArray[Any]]:
        return [np.asarray(found[1][name]) for name in names if name in found[1]]

    def then() -> Built:
        value, gradient = (
            program.prepared(kind, arguments) for kind in ("forward", "value_and_grad")
        )
        return Built(value, gradient, arrays)

    return Built(None, lambda: program.value_and_grad(**arguments), arrays, then)


@cache
def _compiled(text: str) -> gradc.Compiled:
    engine = cast(Literal["auto", "numpy"], os.environ.get("PEER_ENGINE", "auto"))
    return gradc.compile(text, engine=engine, threads=1)


def versions() -> str:
    """Of the library."""
    return f"gradc {gradc.__version__}"
