"""What `gradc nudge` prints: a table for people, strict JSON for programs.

Invariant: where round-off may be all that a prediction misses, no error is shown as if it were
one of the prediction.  Of an array, the norms of its values and changes are shown.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gradc.diagnostics.display import visible
from gradc.ir.changes import Size, Sweep
from gradc.ir.dims import shape_text
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.report.numbers import array_norm, json_value, number
from gradc.report.partials import adjoint_names
from gradc.report.plot import Series, log_log
from gradc.report.run import statements_of
from gradc.report.table import Column, render_table, shortened

if TYPE_CHECKING:
    from gradc.ir.evaluation import Numeric

EQUATION_WIDTH = 40
HIDDEN = "<"  # stands before a bound on an error that round-off hides
MOST_TERMS = 4  # of what predicts the change of the output


class Node(NamedTuple):
    """One quantity before and after; `change` where it is real."""

    var: Var
    old: Numeric
    new: Numeric
    change: Size | None


class Nudged(NamedTuple):
    """What moving inputs by `steps` does.

    `output`, its elements perhaps with weights, is what the adjoints are of and `total` its change;
    where there is no output, `total` has norms over all outputs.
    """

    program: Program
    output: str | None
    weighted: bool
    nodes: tuple[Node, ...]
    adjoints: Mapping[str, Numeric]
    steps: Mapping[str, Any]
    total: Size


def nudge_text(nudged: Nudged, sweep: Sweep | None, width: int | None, unicode: bool) -> str:
    """The table of all quantities, the reverse view, and the sweep."""
    parts = [_table(nudged, width), _legend(nudged)]
    if nudged.output is not None:
        parts.append(_reverse_view(nudged, unicode))
    if sweep is not None:
        parts += [_sweep_table(sweep, width), _plot(sweep, unicode), trend_text(sweep)]
    return "\n\n".join(part for part in parts if part)


# The table


def _table(nudged: Nudged, width: int | None) -> str:
    statements = statements_of(nudged.program.graph)
    kinds = {spec.name: spec.kind for spec in nudged.program.inputs}
    arrays = any(node.var.type.shape for node in nudged.nodes)
    titles = ["old", "new", "change", "predicted", "rel. error"]
    columns = [Column("name"), Column("equation"), *([Column("shape")] if arrays else [])]
    columns += [Column(title, "number") for title in titles]
    rows = []
    for node in nudged.nodes:
        statement = statements.get(node.var)
        text = shortened(statement, EQUATION_WIDTH) if statement else kinds[node.var.name]
        shape = [shape_text(node.var.type.shape)] if arrays else []
        rows.append([node.var.name, text, *shape, *_numbers(node)])
    return render_table(columns, rows, width)


def _numbers(node: Node) -> list[str]:
    old: Any = node.old
    new: Any = node.new
    array = bool(node.var.type.shape)
    shown = [number(array_norm(value) if array else value) for value in (old, new)]
    if node.change is None:
        moved = "" if array or isinstance(old, bool) else number(new - old)
        return [*shown, moved, "", ""]
    change = node.change
    return [*shown, number(change.actual), number(change.predicted), relative_error(change)]


def relative_error(change: Size) -> str:
    """How much of the actual change the prediction misses; a bound where round-off hides it."""
    if not change.finite:
        return "none"
    if change.error == 0:
        return "0"
    actual = abs(change.actual)
    if not change.seen:
        return f"{HIDDEN} {change.round_off / actual:.0e}" if actual > change.round_off else HIDDEN
    return number(change.relative_error)


def _legend(nudged: Nudged) -> str:
    """What the cells of the table stand for, as far as there are such."""
    lines = []
    if any(node.var.type.shape for node in nudged.nodes):
        lines.append("Of arrays, norms are shown.")
    if any(n.change and relative_error(n.change).startswith(HIDDEN) for n in nudged.nodes):
        lines.append(f"`{HIDDEN}`: round-off of the change hides what the prediction misses.")
    return "\n".join(lines)


# The reverse view


def _reverse_view(nudged: Nudged, unicode: bool) -> str:
    """`ΔJ ≈ db*Δb = 6*0.001 = 0.006`."""
    delta, about = ("Δ", "≈") if unicode else ("delta ", "~")
    names = {var.name: name for var, name in adjoint_names(nudged.program.graph).items()}
    symbols, numbers = [], []
    for name, step in nudged.steps.items():
        adjoint = nudged.adjoints[name]
        if step.shape:
            symbols.append(f"sum({names[name]}*{delta}{name})")
            numbers.append(_factor((adjoint * step).sum()))
        else:
            symbols.append(f"{names[name]}*{delta}{name}")
            numbers.append(f"{_factor(adjoint)}*{_factor(step)}")
    if len(symbols) > MOST_TERMS:
        symbols[MOST_TERMS - 1 :], numbers[MOST_TERMS - 1 :] = ["..."], ["..."]
    total = nudged.total
    parts = [f"{delta}{_output(nudged)} {about} {' + '.join(symbols)}"]
    if any("*" in part for part in numbers) or len(numbers) > 1:
        parts.append(" + ".join(numbers))
    parts.append(number(total.predicted))
    return f"{visible(' = '.join(parts))}; in fact {number(total.actual)}"


def _factor(value: Any) -> str:
    text = number(float(value))
    return f"({text})" if text.startswith("-") else text


def _output(nudged: Nudged) -> str:
    """What the adjoints are of."""
    (output,) = nudged.program.graph.outputs
    factor = "weights*" if nudged.weighted else ""
    return f"sum({factor}{output.name})" if output.type.shape else output.name


# The sweep


def _sweep_table(sweep: Sweep, width: int | None) -> str:
    titles = ["scale", "actual", "predicted", "error"]
    columns = [Column(title, "number") for title in titles] + [Column("order")]
    rows = []
    for size in sweep.sizes:
        error = number(size.error)
        if size.finite and not size.seen and size.error:
            error = f"{error} (round-off)"
        order = "" if size.order is None else f"{size.order:.2f}"
        rows.append([number(size.scale), number(size.actual), number(size.predicted), error, order])
    return render_table(columns, rows, width)


def _plot(sweep: Sweep, unicode: bool) -> str:
    """The error over the size, with a line of order 2 through the largest error that is seen."""
    seen = [size for size in sweep.sizes if size.finite and size.seen]
    if len(seen) < 2:
        return ""
    finite = [size for size in sweep.sizes if size.finite]
    first, last = seen[0], finite[-1]
    decades = math.log10(first.scale / last.scale)
    lowest = min(size.error for size in seen) / 30.0
    line = []
    for k in range(121):
        scale = first.scale * 10.0 ** (-decades * k / 120)
        error = first.error * (scale / first.scale) ** 2
        if error >= lowest:
            line.append((scale, error))
    floor = [(size.scale, size.round_off) for size in finite if size.round_off >= lowest]
    series = [
        Series("order 2", "line", line),
        Series("round-off", "floor", floor),
        Series("error of the prediction", "point", [(size.scale, size.error) for size in seen]),
    ]
    return log_log(series, "scale of the nudge", "error", unicode)


def trend_text(sweep: Sweep) -> str:
    """What a sweep shows, in a sentence or two."""
    order = 0.0 if sweep.order is None else sweep.order
    said = {
        "linear": "Exact: the program is linear along this direction.",
        "exact": "No error above round-off at any of these sizes: as far as the numbers tell, the "
        "program\nis linear along this direction here.",
        "smooth": f"Order {round(order)}: the error falls by {10 ** round(order):,} "
        "where the nudge falls by 10, as at a smooth point.",
        "kink": "Order 1: the relative error stays. This is a kink; the derivative here is a "
        "convention.",
        "jump": "Order 0: the change does not become smaller with the nudge. This is a jump, which "
        "no\nderivative predicts.",
        "between": f"Order {order:.2f}, no whole number: the second derivative is unbounded here.",
        "round-off": "Round-off hides the error at these sizes; try a larger nudge.",
        "not finite": "The numbers are not finite.",
    }[sweep.trend]
    if sweep.trend == "smooth" and round(order) > 2:
        said += "\nThe second derivative along this direction is zero."
    hidden = sweep.hidden
    if hidden is not None and sweep.trend not in ("linear", "exact", "round-off"):
        said += f"\nFrom scale {number(hidden)} on, round-off of the actual change hides it."
    return said


# JSON


def nudge_json(nudged: Nudged, sweep: Sweep | None) -> str:
    """The numbers as strict JSON.

    `values` maps each quantity to its old and new value, and if it is real to its change: numbers
    for scalars, norms for arrays.  `relative_error` is null where round-off hides the error.
    """
    result: dict[str, Any] = {
        "nudge": {name: json_value(step) for name, step in nudged.steps.items()},
        "values": {node.var.name: _node_json(node) for node in nudged.nodes},
    }
    if nudged.output is not None:
        result["output"] = nudged.output
        result["total"] = _size_json(nudged.total)
    if sweep is not None:
        result["sweep"] = {
            "sizes": [{"scale": s.scale, **_size_json(s), "order": s.order} for s in sweep.sizes],
            "trend": sweep.trend,
            "order": sweep.order,
        }
    return json.dumps(result, ensure_ascii=False, allow_nan=False)


def _node_json(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {
        "shape": list(getattr(node.old, "shape", ())),
        "old": json_value(node.old),
        "new": json_value(node.new),
    }
    return found if node.change is None else {**found, **_size_json(node.change)}


def _size_json(size: Size) -> dict[str, Any]:
    relative = 0.0 if size.error == 0 else None
    if size.finite and size.seen and size.actual:
        relative = size.error / abs(size.actual)
    return {
        "change": json_value(size.actual),
        "predicted": json_value(size.predicted),
        "error": json_value(size.error),
        "round_off": json_value(size.round_off),
        "relative_error": relative,
    }
