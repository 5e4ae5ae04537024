"""Random programs over the whole language: C has the values and derivatives of Python.

`GRADC_FUZZ=1000 pytest tests/test_c_generated.py` tries so many anew.
"""

from __future__ import annotations

from pathlib import Path

from c_agreement import Twin, agree, needs_cc, traces, twin
from hypothesis import given
from programs import Case, programs
from test_generated_programs import FUZZ, sampled

import gradc
from gradc.runtime.bind import bind

DEFAULT = 60


def twins(case: Case, name: str) -> list[Twin]:
    compiled = gradc.compile(case.text)
    program = compiled.program
    bound = bind(program.inputs, case.data, program.requirements, program.source)
    arguments = list(bound.arrays.values())
    label = repr(case)
    found = [twin(name, label, program, compiled.wrt, arguments, bound.sizes)]
    if case.safe:
        found.append(traces(f"{name}_whole", label, program, arguments, bound.sizes))
    return found


@needs_cc
def test_generated_programs_agree(tmp_path: Path) -> None:
    cases: list[Case] = []

    @sampled(FUZZ or DEFAULT)
    @given(programs())
    def collect(case: Case) -> None:
        cases.append(case)

    collect()
    agree([each for n, case in enumerate(cases) for each in twins(case, f"p{n}")], tmp_path, 1e-9)
