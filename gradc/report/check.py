"""What `gradc check` prints: a table of verdicts for people, strict JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from gradc.ir.verdicts import VERDICTS, Judgement
from gradc.report.numbers import json_value, number, told_apart
from gradc.report.table import Column, render_table

#: Rows of one kind that a table shows in full.
MOST_ROWS = 40
MOST_REMARKS = 10


class Check(NamedTuple):
    """All verdicts, worst first, and what they are about."""

    elements: tuple[Judgement, ...]
    directions: tuple[Judgement, ...]
    total: int  # elements that there are
    outputs: tuple[str, ...]
    weighted: bool  # whether the outputs were added up with random weights
    tolerance: float
    faults: tuple[str, ...]  # what is wrong, where that is known


def check_text(check: Check, width: int | None) -> str:
    """A table of what was checked, remarks on its rows, and what that comes to.

    Forward mode has a column where a number of it differs from that of reverse mode.
    """
    rows, left_out = _shown([*check.elements, *check.directions])
    both = any(one.forward is not None and _differ(one.reverse, one.forward) for one in rows)
    titles = ["reverse", "forward", "numerical"] if both else ["reverse", "numerical"]
    columns = [
        Column("element"),
        *(Column(title, "number") for title in titles),
        Column("by"),
        Column("difference", "number"),
        Column("verdict"),
    ]
    parts = [render_table(columns, [_row(one, both) for one in rows], width)]
    if left_out:
        parts.append(f"and {left_out} more that agree")
    remarks = [f"{one.name}: {one.remark}" for one in rows if one.remark]
    if len(remarks) > MOST_REMARKS:
        remarks[MOST_REMARKS:] = [f"and {len(remarks) - MOST_REMARKS} more such remarks"]
    return "\n\n".join([*parts, *(["\n".join(remarks)] if remarks else []), summary(check)])


def _shown(found: Sequence[Judgement]) -> tuple[list[Judgement], int]:
    """What a table shows: all that do not agree, and some that do."""
    ordered = sorted(found, key=lambda one: VERDICTS.index(one.verdict))
    shown = [one for one in ordered if one.verdict != "agrees"]
    agreeing = ordered[len(shown) :]
    kept = agreeing[: max(MOST_ROWS - len(shown), 4)] if len(found) > MOST_ROWS else agreeing
    return [*shown, *kept], len(agreeing) - len(kept)


def _row(one: Judgement, both: bool) -> list[str]:
    difference = one.difference
    shown = "" if difference != difference else ("0" if difference == 0 else f"{difference:.1e}")
    reverse, numerical = number(one.reverse), number(one.numerical)
    if one.verdict == "wrong":
        reverse, numerical = told_apart(one.reverse, one.numerical)
    if one.numerical != one.numerical:
        numerical, shown = "none", ""
    return [
        one.name,
        reverse,
        *([_forward(one)] if both else []),
        numerical,
        one.method,
        shown,
        one.verdict,
    ]


def _differ(reverse: float, forward: float) -> bool:
    return reverse != forward and number(reverse) != number(forward)


def _forward(one: Judgement) -> str:
    return "" if one.forward is None else number(one.forward)


def summary(check: Check) -> str:
    """How much was checked, and how many verdicts of each kind there are."""
    many = len(check.elements)
    what = f"{many} of {check.total}" if many < check.total else f"{check.total}"
    checked = f"{what} {'element' if check.total == 1 else 'elements'}"
    if check.directions:
        checked += f" and {len(check.directions)} random directions"
    of = ", ".join(check.outputs)
    counts = Counter(one.verdict for one in (*check.elements, *check.directions))
    said = {
        "wrong": "wrong",
        "round-off": "lost in round-off",
        "kink": "at a kink",
        "agrees": "right",
    }
    verdicts = ", ".join(f"{counts[v]} {said[v]}" for v in VERDICTS if counts[v])
    weights = ", weighted at random" if check.weighted else ""
    return f"Derivatives of {of}{weights}: {checked} checked; {verdicts or 'nothing to check'}."


def check_json(check: Check) -> str:
    """The verdicts as strict JSON."""
    counts = Counter(one.verdict for one in (*check.elements, *check.directions))
    result: dict[str, Any] = {
        "outputs": list(check.outputs),
        "weighted_at_random": check.weighted,
        "tolerance": check.tolerance,
        "elements_in_all": check.total,
        "verdicts": {verdict: counts[verdict] for verdict in VERDICTS},
        "elements": [_judgement_json(one) for one in check.elements],
        "directions": [_judgement_json(one) for one in check.directions],
        "faults": list(check.faults),
    }
    return json.dumps(result, ensure_ascii=False, allow_nan=False)


def _judgement_json(one: Judgement) -> dict[str, Any]:
    numbers = {
        "reverse": one.reverse,
        "forward": one.forward,
        "numerical": one.numerical,
        "error": one.error,
        "difference": one.difference,
    }
    return {
        "element": one.name,
        **{name: None if x is None else json_value(x) for name, x in numbers.items()},
        "by": one.method,
        "verdict": one.verdict,
        "remark": one.remark,
    }
