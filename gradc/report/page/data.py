"""What the page knows of a program, as strict JSON.

Quantities are known by their place among the named ones of the graph, so that no name of an
author's is ever a key.  Invariant: every text that is shown is one that `visible` returned.
Deliberately absent: values and derivatives, which the page computes; only inputs and the weights
of the outputs have numbers here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gradc.ad.names import adjoint_name
from gradc.diagnostics.display import visible
from gradc.ir.dims import shape_text
from gradc.ir.graph import DType
from gradc.ir.program import Program
from gradc.report.numbers import json_value
from gradc.report.page.source import Mark, marked_lines
from gradc.report.page.steps import Sweeps
from gradc.report.partials import Partials
from gradc.report.run import NO_PATH, run_equations


class Numbers(NamedTuple):
    """What the page starts with.

    `inputs` and `seeds` are the arguments of the emitted function, in order.  `output` is what the
    derivatives are of, None where none is chosen; `lost` names the quantities without a path to
    it.
    """

    inputs: Sequence[object]
    limits: Sequence[int | None]  # of the inputs that are `in K`, K
    seeds: Sequence[object]
    output: str | None
    lost: frozenset[str]
    sampled: bool  # whether nobody gave the inputs


class Returned(NamedTuple):
    """Where the emitted function returns a value and an adjoint, by name."""

    values: Mapping[str, int]
    adjoints: Mapping[str, int]


def page_data(
    program: Program, partials: Partials, sweeps: Sweeps, numbers: Numbers, returned: Returned
) -> dict[str, Any]:
    """All that the page shows and does not compute."""
    places = {var.name: i for i, var in enumerate(program.graph.named())}
    return {
        "file": visible(program.source.name),
        "output": None if numbers.output is None else visible(numbers.output),
        "sampled": numbers.sampled,
        "inputs": _inputs(program, numbers),
        "seeds": list(map(json_value, numbers.seeds)),
        "quantities": _quantities(program, partials, numbers, returned),
        "outputs": [places[var.name] for var in program.graph.outputs],
        "wrt": [places[var.name] for var in program.wrt()],
        "noPath": NO_PATH,
        "source": marked_lines(program.source.text, _marks(program, partials, places)),
        "forward": [step._asdict() for step in _with_contributions(sweeps.forward)],
        "backward": [step._asdict() for step in _with_contributions(sweeps.backward)],
    }


def _inputs(program: Program, numbers: Numbers) -> list[dict[str, Any]]:
    given = zip(program.inputs, numbers.inputs, numbers.limits, strict=True)
    return [
        {
            "name": visible(spec.name),
            "kind": spec.kind,
            "declared": f"{visible(spec.name)}{shape_text(spec.type.shape)}"
            if spec.type.shape
            else visible(spec.name),
            "shape": list(getattr(value, "shape", ())),
            "integer": spec.type.dtype is DType.INT,
            "below": limit,
            "value": json_value(value),
        }
        for spec, value, limit in given
    ]


def _quantities(
    program: Program, partials: Partials, numbers: Numbers, returned: Returned
) -> list[dict[str, Any]]:
    differentiated = numbers.output is not None
    inputs, outputs = set(program.graph.inputs), set(program.graph.outputs)
    rows = []
    for var, equation in zip(program.graph.named(), run_equations(program), strict=True):
        adjoint = returned.adjoints.get(var.name) if differentiated else None
        kind = "input" if var in inputs else "output" if var in outputs else "quantity"
        if var in program.constants:
            kind = "constant"
        rows.append(
            {
                "name": visible(var.name),
                "equation": visible(equation),
                "shape": shape_text(var.type.shape),
                "derivative": "" if adjoint is None else visible(adjoint_name(var)),
                "called": visible(partials.adjoint_names.get(var, "")),
                "value": returned.values[var.name],
                "adjoint": adjoint,
                "lost": adjoint is not None and var.name in numbers.lost,
                "kind": kind,
            }
        )
    return rows


def _marks(program: Program, partials: Partials, places: Mapping[str, int]) -> list[Mark]:
    marks = [Mark(spec.span, places[spec.name]) for spec in program.inputs if spec.span is not None]
    for statement in partials.statements:
        origin = statement.equations[-1].origin
        if origin is not None:
            marks += [Mark(origin.span, places[var.name]) for var in statement.results]
    return marks


def _with_contributions(steps: Sequence[Any]) -> list[Any]:
    """The steps with their contributions as mappings too."""
    return [
        step._replace(contributions=[one._asdict() for one in step.contributions]) for step in steps
    ]
