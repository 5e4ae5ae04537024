"""Every example in C: all functions have the values of the Python target."""

from __future__ import annotations

import json
from pathlib import Path

from c_agreement import Twin, agree, traces, twin
from c_compiling import needs_cc

import gradc
from gradc.runtime.bind import bind

# The loops of `particle` take minutes in Python.
EXAMPLES = sorted(
    path for path in (Path(__file__).parents[1] / "examples").glob("*.g") if path.stem != "particle"
)


def twins(path: Path) -> list[Twin]:
    """The file and the trace of an example, with its data."""
    compiled = gradc.load(path)
    program, name = compiled.program, path.stem
    data = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    bound = bind(program.inputs, data, program.requirements, program.source)
    arguments = list(bound.arrays.values())
    return [
        twin(name, name, program, compiled.wrt, arguments, bound.sizes),
        traces(f"{name}_whole", name, program, arguments, bound.sizes),
    ]


@needs_cc
def test_every_example_has_the_values_of_the_python_target(tmp_path: Path) -> None:
    """Each file is compiled by itself: nothing is missing in it."""
    agree([each for path in EXAMPLES for each in twins(path)], tmp_path, alone=True)
