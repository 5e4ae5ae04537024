"""Random programs over the whole language: C has the values and derivatives of Python.

Some programs are compiled for blocks and pieces of a few elements, so that small data take several,
some for their sizes; others are called with larger data, too.  A program that cannot be emitted is
made as small as it can be by Hypothesis, and shown.  `GRADC_FUZZ=1000 pytest
tests/test_c_generated.py` tries so many anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_agreement import Twin, agree, called_with, traces, twin
from c_compiling import needs_cc
from hypothesis import given
from hypothesis import strategies as st
from programs import Case, programs
from test_generated_programs import FUZZ, sampled

import gradc
from gradc.diagnostics import InputError
from gradc.ir.program import Program
from gradc.nests import emission, interchange, steps, storage, threads
from gradc.runtime.bind import bind

DEFAULT = 60

# Sizes of further data.
LARGER = {"N": 7, "M": 5}


def twins(case: Case, name: str, order: int, fixed: bool) -> list[Twin]:
    compiled = gradc.compile(case.text)
    program = compiled.program
    bound = bind(program.inputs, case.data, program.requirements, program.source)
    arguments = list(bound.arrays.values())
    label, sizes = repr(case), bound.sizes
    order = order if program.is_scalar_valued else 1
    known = sizes if fixed else None
    found = [twin(name, label, program, compiled.wrt, arguments, sizes, order, known)]
    if case.safe and sizes and not fixed:
        larger = {name: LARGER[name] for name in sizes}
        others = numbers(program, larger)
        with suppress(InputError):  # what is stated of sizes need not hold for these
            bind(program.inputs, others, program.requirements, program.source)
            given = list(others.values())
            found.append(called_with(found[0], label, program, compiled.wrt, given, larger))
    if case.safe:
        found.append(traces(f"{name}_whole", label, program, arguments, sizes))
    return found


def numbers(program: Program, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Data of such sizes, several of a block, for what was compiled for any."""
    random = np.random.default_rng(0)
    found: dict[str, Any] = {}
    for spec in program.inputs:
        shape = tuple(dim.evaluate(sizes) for dim in spec.type.shape)
        below = None if spec.below is None else spec.below.evaluate(sizes)
        drawn = random.normal(size=shape) if below is None else random.integers(0, below, shape)
        found[spec.name] = drawn if shape else (float if below is None else int)(drawn)
    return found


def in_small_parts(patch: pytest.MonkeyPatch) -> None:
    """Few lanes in a block, few indices in a piece, a few steps at a time."""
    for module in (storage, emission):
        patch.setattr(module, "MOST_LANES", 3)
    patch.setattr(storage, "LEAST_LANES", 1)
    patch.setattr(threads, "WORTH", 1)
    patch.setattr(steps, "SHORT", 1)
    patch.setattr(interchange, "BLOCK", 2)
    patch.setattr(interchange, "TOGETHER", 2)


@needs_cc
def test_generated_programs_agree(tmp_path: Path) -> None:
    found: list[Twin] = []

    @sampled(FUZZ or DEFAULT)
    @given(programs(), st.booleans(), st.sampled_from((1, 2)), st.booleans())
    def collect(case: Case, small: bool, order: int, fixed: bool) -> None:
        with pytest.MonkeyPatch.context() as patch:
            if small:
                in_small_parts(patch)
            found.extend(twins(case, f"p{len(found)}", order, fixed))

    collect()
    agree(found, tmp_path, 1e-9)
