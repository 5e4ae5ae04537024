"""Every example in JavaScript: all functions have the values of the Python target."""

from __future__ import annotations

import json
from pathlib import Path

from javascript import needs_node
from js_agreement import Twin, agree, directions, traces, twin

import gradc
from gradc.report.partials import local_partials
from gradc.runtime.bind import bind
from gradc.targets.js.emit import emit_values
from gradc.targets.python.emit import emit

# The loops of `particle` take minutes in Python.
EXAMPLES = sorted(
    path for path in (Path(__file__).parents[1] / "examples").glob("*.g") if path.stem != "particle"
)


def twins(path: Path) -> list[Twin]:
    """The module, the trace and the local partials of an example, with its data."""
    compiled = gradc.load(path)
    program = compiled.program
    data = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    bound = bind(program.inputs, data, program.requirements, program.source)
    arguments = list(bound.arrays.values())
    moved = directions(compiled.wrt, bound.sizes, 1)
    weights = directions(compiled.graph.outputs, bound.sizes, 2)
    found = [
        twin(path.stem, program, compiled.wrt, arguments, moved, weights),
        traces(path.stem, program, arguments, weights),
    ]
    factors = local_partials(program).scalars
    if len(factors.graph.outputs) > 1:
        text = emit_values(factors) + "\nexport { values };"
        again = emit(factors, (), "reverse").text
        again += "\n\ndef values(*inputs):\n    return forward(*inputs)[0]\n"
        found.append(Twin(f"the partials of {path.stem}", text, again, [("values", arguments)]))
    return found


@needs_node
def test_every_example_has_the_values_of_the_python_target(tmp_path: Path) -> None:
    agree([each for path in EXAMPLES for each in twins(path)], tmp_path)
