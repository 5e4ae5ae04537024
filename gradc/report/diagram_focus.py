"""One quantity of a program, what it depends on and what depends on it.

The nearest are drawn, one box each; what is further than the view says, or than a picture has
place for, is counted in one box on either side.  Everything else is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.report.diagram_plan import FEW, Box, Plan, Unit
from gradc.report.view import View

# How many arrows far a picture goes that cannot show all, where nothing else is asked for.
_NEAR = 3


def focused(units: tuple[Unit, ...], view: View) -> Plan:
    """The boxes around the quantity that the view names, which is one of the program's."""
    focus = next(
        i for i, unit in enumerate(units) if any(v.name == view.focus for v in unit.results)
    )
    readers: list[list[int]] = [[] for _ in units]
    for i, unit in enumerate(units):
        for read in dict.fromkeys(unit.reads):
            readers[read].append(i)
    before = _distances(focus, [unit.reads for unit in units])
    behind = _distances(focus, readers)
    near = sorted(
        (distance, unit) for side in (before, behind) for unit, distance in side.items() if distance
    )
    furthest = view.within
    if furthest is None:
        furthest = len(units) if len(near) <= FEW else _NEAR
    within = [(distance, unit) for distance, unit in near if distance <= furthest]
    shown = {unit for _, unit in _fitting(within, max(view.limit - 3, 1))}
    boxes = [Box("one", (unit,)) for unit in sorted({focus, *shown})]
    hidden_before = tuple(sorted(before.keys() - shown - {focus}))
    hidden_behind = tuple(sorted(behind.keys() - shown - {focus}))
    if hidden_before:
        boxes.insert(0, Box("before", hidden_before))
    if hidden_behind:
        boxes.append(Box("behind", hidden_behind))
    return Plan(units, tuple(boxes), (), focus)


def _fitting(near: Sequence[tuple[int, int]], most: int) -> Sequence[tuple[int, int]]:
    """The nearest, at most so many: all that are as far as the last, unless few are left then."""
    if len(near) <= most:
        return near
    cut = near[most][0]
    whole = [pair for pair in near if pair[0] < cut]
    return whole if 3 * len(whole) >= most else near[:most]


def _distances(start: int, neighbours: Sequence[Sequence[int]]) -> dict[int, int]:
    """How many arrows lead from a unit to each that can be reached."""
    found = {start: 0}
    rim = [start]
    while rim:
        following: list[int] = []
        for unit in rim:
            for other in neighbours[unit]:
                if other not in found:
                    found[other] = found[unit] + 1
                    following.append(other)
        rim = following
    return found
