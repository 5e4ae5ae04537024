"""Random programs over the whole language: JavaScript has the values and derivatives of Python.

`GRADC_FUZZ=1000 pytest tests/test_js_generated.py` tries so many anew.
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from javascript import needs_node
from js_agreement import Twin, agree, directions, traces, twin
from programs import Case, programs
from test_generated_programs import FUZZ, sampled

import gradc
from gradc.runtime.bind import bind


def twins(case: Case) -> list[Twin]:
    compiled = gradc.compile(case.text)
    program = compiled.program
    bound = bind(program.inputs, case.data, program.requirements, program.source)
    arguments = list(bound.arrays.values())
    moved = directions(compiled.wrt, bound.sizes, 1)
    weights = directions(compiled.graph.outputs, bound.sizes, 2)
    label = repr(case)
    found = [twin(label, program, compiled.wrt, arguments, moved, weights)]
    if case.safe:
        found.append(traces(label, program, arguments, weights))
    return found


@needs_node
def test_generated_programs_agree(tmp_path: Path) -> None:
    cases: list[Case] = []

    @sampled(FUZZ or 200)
    @given(programs())
    def collect(case: Case) -> None:
        cases.append(case)

    collect()
    agree([each for case in cases for each in twins(case)], tmp_path, 1e-9)
