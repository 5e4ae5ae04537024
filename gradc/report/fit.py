"""What `gradc fit` prints: the result for people, strict JSON for programs, each step of descent.

Invariant: what is not known is blank in a table and null in JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradc.diagnostics import Diagnostic
from gradc.ir.fitted import Fitted, Statistics, Step
from gradc.report.numbers import array_cell, json_value, number
from gradc.report.table import Column, render_table

# Of more elements than this, arrays are summarised; of more than the second, no covariance shown.
_MOST_ROWS = 40
_MOST_COVARIANCES = 12
_SIDE_BY_SIDE = 4  # columns of a covariance that a terminal has room for

# The digits of smaller gradients are those of rounding errors.
_NO_GRADIENT = 1e-6

# Every step up to this one is shown; of later ones those with one digit that is not zero.
_EVERY_STEP = 20


def fit_text(fitted: Fitted, width: int | None = None) -> str:
    """The parameters, what is known about them, and why the fit ended."""
    parts = [_parameter_table(fitted, width), _facts(fitted)]
    if fitted.statistics is not None:
        parts.append(_covariance(fitted.statistics))
    return "\n\n".join([*filter(None, parts), _ending(fitted)])


def _parameter_table(fitted: Fitted, width: int | None) -> str:
    errors = fitted.standard_errors if fitted.converged else None
    columns = [Column("parameter"), Column("value", "number")]
    columns += [Column("standard error", "number")] if errors is not None else []
    rows = []
    for name, value in fitted.parameters.items():
        error = None if errors is None else errors[name]
        for label, one, its in _rows(name, value, error, fitted):
            rows.append([label, one, *([its] if errors is not None else [])])
    return render_table(columns, rows, width)


def _rows(name: str, value: Any, error: Any, fitted: Fitted) -> Iterator[tuple[str, str, str]]:
    """A row for each element of a parameter, or one for all of many."""
    held = () if fitted.statistics is None else fitted.statistics.at_bound
    size = sum(math.prod(getattr(v, "shape", ())) for v in fitted.parameters.values())
    shape = getattr(value, "shape", ())
    if shape and size > _MOST_ROWS:
        yield name, array_cell(value), "" if error is None else array_cell(error)
        return
    places = [""] if not shape else [f"[{', '.join(i)}]" for i in _indices(shape)]
    values, errors = _flat(value), [math.nan] * len(places) if error is None else _flat(error)
    for place, one, its in zip(places, values, errors, strict=True):
        label = name + place
        known = number(its) if not math.isnan(its) else "at its bound" if label in held else ""
        yield label, number(one), known


def _indices(shape: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """The indices of all elements, row by row."""
    for flat in range(math.prod(shape)):
        index = []
        for length in reversed(shape):
            flat, place = divmod(flat, length)
            index.append(str(place))
        yield tuple(reversed(index))


def _flat(value: Any) -> list[float]:
    return [float(value)] if not getattr(value, "shape", ()) else [float(x) for x in value.ravel()]


def _facts(fitted: Fitted) -> str:
    """The objective and what follows from it, a line each."""
    facts = [(fitted.what, number(fitted.objective))]
    found = fitted.statistics
    if found is not None:
        if found.residual_standard_deviation is not None:
            facts.append(("residual standard deviation", number(found.residual_standard_deviation)))
        count = f"{_counted(found.residuals, 'residual')}, "
        count += _counted(len(found.elements), "parameter")
        facts.append(("degrees of freedom", f"{found.degrees_of_freedom}  ({count})"))
        if found.rank < len(found.elements) - len(found.at_bound):
            facts.append(("rank of the Jacobian", str(found.rank)))
    norm = fitted.gradient_norm
    shown = f"less than {number(_NO_GRADIENT)}" if norm < _NO_GRADIENT else number(norm)
    facts.append(("norm of the gradient", shown))
    width = max(len(label) for label, _ in facts)
    return "\n".join(f"{label:<{width}}  {value}" for label, value in facts)


def _covariance(found: Statistics) -> str:
    """The covariance of the parameters, where there is one and it has few rows."""
    known = [i for i in range(len(found.elements)) if not math.isnan(found.covariance[i, i])]
    if not 1 < len(known) <= _MOST_COVARIANCES:
        return ""
    tables = []
    for first in range(0, len(known), _SIDE_BY_SIDE):
        across = known[first : first + _SIDE_BY_SIDE]
        columns = [Column("covariance"), *(Column(found.elements[j], "number") for j in across)]
        rows = [
            [found.elements[i]]
            + [number(float(found.covariance[i, j])) if j <= i else "" for j in across]
            for i in known[first:]
        ]
        tables.append(render_table(columns, rows))
    return "\n\n".join(tables)


def _ending(fitted: Fitted) -> str:
    steps = _counted(fitted.iterations, "step")
    said = "converged" if fitted.converged else "not converged"
    lines = [f"{said}: {fitted.reason}"]
    starts = fitted.starts
    if starts is not None:
        tried = _counted(starts.tried, "start")
        lines.append(
            f"{tried} (seed {starts.seed}): {starts.converged} converged, "
            f"{starts.reached} at this minimum; found from start {starts.best}"
        )
    lines.append(f"{fitted.method}: {steps}, {_counted(fitted.evaluations, 'evaluation')}")
    return "\n".join(lines)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def fit_notes(fitted: Fitted) -> tuple[Diagnostic, ...]:
    """What a reader of the numbers must know."""
    notes = []
    if fitted.interrupted:
        message = "interrupted; these are the best parameters so far"
        notes.append(Diagnostic("G0781", message, severity="warning"))
    elif not fitted.converged and not fitted.limited:
        message = "the fit has not converged: these parameters are not those of a minimum"
        notes.append(Diagnostic("G0777", message, help=fitted.reason, severity="warning"))
    lost = fitted.statistics.undetermined if fitted.statistics is not None else ()
    if lost and fitted.converged:
        listed = ", ".join(lost[:8]) + (f" and {len(lost) - 8} more" if len(lost) > 8 else "")
        message = f"the residuals do not determine {listed}"
        help = "fix some of them, or give data that tell them apart; they have no standard error"
        notes.append(Diagnostic("G0778", message, help=help, severity="warning"))
    return tuple(notes)


def fit_json(fitted: Fitted) -> str:
    """The result as strict JSON; what is not known is null."""
    found, starts = fitted.statistics, fitted.starts
    errors = fitted.standard_errors
    result: dict[str, Any] = {
        "parameters": {name: json_value(v) for name, v in fitted.parameters.items()},
        "standard_errors": None
        if errors is None
        else {name: _known(json_value(v)) for name, v in errors.items()},
        "objective": json_value(fitted.objective),
        "converged": fitted.converged,
        "reason": fitted.reason,
        "iterations": fitted.iterations,
        "evaluations": fitted.evaluations,
        "method": fitted.method,
        "gradient_norm": json_value(fitted.gradient_norm),
        "elements": None if found is None else list(found.elements),
        "covariance": None if found is None else _known(json_value(found.covariance)),
        "residuals": None if found is None else found.residuals,
        "degrees_of_freedom": None if found is None else found.degrees_of_freedom,
        "residual_standard_deviation": None if found is None else found.residual_standard_deviation,
        "rank": None if found is None else found.rank,
        "undetermined": [] if found is None else list(found.undetermined),
        "at_bound": [] if found is None else list(found.at_bound),
        "starts": None if starts is None else starts._asdict(),
    }
    return json.dumps(result, ensure_ascii=False, allow_nan=False)


def _known(value: Any) -> Any:
    """JSON with null for what is NaN."""
    if isinstance(value, list):
        return [_known(item) for item in value]
    return None if value == "nan" else value


def parameters_json(parameters: Mapping[str, object]) -> str:
    """Parameters as `gradc run --inputs` reads them, with every digit."""
    lines = [
        f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(json_value(value))}"
        for name, value in parameters.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def is_shown(step: int) -> bool:
    """Whether a step of many is printed: 1 to 20, then 30, 40, ..., 100, 200, ..."""
    return step <= _EVERY_STEP or step % 10 ** int(math.log10(step)) == 0


def step_text(step: Step, rate: float, unicode: bool) -> str:
    """A step of gradient descent with its numbers; empty for one that is not shown."""
    if step.after is None or not is_shown(step.number + 1):
        return ""
    arrow, eta, minus = ("←", "η", "−") if unicode else ("<-", "rate", "-")  # noqa: RUF001
    times = "·" if unicode else "*"
    lines = [f"step {step.number + 1}: {step.what} = {number(step.objective)}"]
    for name, before in step.point.items():
        slope = array_cell(step.gradient[name])
        slope = f"({slope})" if slope.startswith("-") else slope
        lines.append(
            f"  {name} {arrow} {name} {minus} {eta}{times}d{name} = {array_cell(before)} {minus} "
            f"{number(rate)}{times}{slope} = {array_cell(step.after[name])}"
        )
    return "\n".join(lines)


def progress_text(step: Step) -> str:
    """One line about a step."""
    return (
        f"step {step.number}: objective {number(step.objective)}, "
        f"gradient {number(step.gradient_norm)}"
    )
