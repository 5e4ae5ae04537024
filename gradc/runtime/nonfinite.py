"""Where a NaN or an infinity in a result comes from."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradc.diagnostics import Diagnostic, Label
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Var
from gradc.ir.program import Program


def explain_nonfinite(
    program: Program, evaluation: Evaluation, wrt: Sequence[Var]
) -> Diagnostic | None:
    """The first equation, forward and then backward, that is not finite.

    None where every output and every gradient is finite, whatever lies between.
    """
    results = [evaluation.values[var.name] for var in program.graph.outputs]
    results += [evaluation.adjoints[var.name] for var in wrt if var.name in evaluation.adjoints]
    if all(first_nonfinite(value) is None for value in results):
        return None
    origins = {eq.out.name: eq.origin for eq in program.graph.equations}
    for name, value in evaluation.values.items():
        bad = first_nonfinite(value)
        if bad is not None:
            return _diagnostic(program, name, name, bad, origins.get(name), "")
    for name in reversed(tuple(evaluation.adjoints)):
        bad = first_nonfinite(evaluation.adjoints[name])
        if bad is not None:
            backward = " in the backward sweep; every value is finite"
            return _diagnostic(program, name, f"d{name}", bad, origins.get(name), backward)
    return None


def first_nonfinite(value: object) -> tuple[str, float] | None:
    """The index and value of the first NaN or infinity; None where there is none."""
    if not hasattr(value, "shape") or not value.shape:
        number = float(value)  # type: ignore[arg-type]
        return None if math.isfinite(number) else ("", number)
    import numpy as np

    flat = np.ravel(value)  # type: ignore[call-overload]
    bad = np.flatnonzero(~np.isfinite(flat))
    if not bad.size:
        return None
    index = np.unravel_index(int(bad[0]), value.shape)
    return f"[{', '.join(str(int(i)) for i in index)}]", float(flat[bad[0]])


def _diagnostic(
    program: Program,
    name: str,
    shown: str,
    bad: tuple[str, float],
    origin: object,
    where: str,
) -> Diagnostic:
    index, number = bad
    kind = "NaN" if math.isnan(number) else "an infinity"
    span = getattr(origin, "span", None)
    if span is None:
        span = next((spec.span for spec in program.inputs if spec.name == name), None)
    labels = () if span is None else (Label(span, f"{shown}{index} is {number}"),)
    return Diagnostic(
        "G0601",
        f"the result is not finite: {kind} appears first in {shown}{index}{where}",
        labels,
        severity="warning",
        source=program.source,
    )
