"""A fit: methods from one start or several, and the best of what they find.

Invariant: the result is a point that was evaluated and is finite, and says of itself what was
verified there.  Ctrl-C ends the fit with the best point so far; before the first one there is
nothing to keep, and it goes on to the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.diagnostics import Diagnostic, NumericError
from gradc.fit.box import Box
from gradc.fit.methods import Method, chosen
from gradc.fit.problem import Problem
from gradc.fit.settings import Settings
from gradc.fit.statistics import statistics
from gradc.fit.surroundings import landscape, observed
from gradc.fit.verdict import Verdict, dense, verdict
from gradc.fit.watch import Listener, StopFit, Watch
from gradc.ir.fitted import Fitted, Starts

Array = NDArray[np.float64]

# Objectives that agree so far are the same minimum.
_SAME = 1e-9

# How far other starts lie from the one that is given, in sizes of their parameters.
_SPREAD = 2.0


class _End(NamedTuple):
    """Where one method from one start has ended."""

    method: Method
    watch: Watch
    point: Array
    objective: float
    verdict: Verdict
    interrupted: bool = False
    limited: bool = False


def solve(problem: Problem, box: Box, settings: Settings, listener: Listener | None) -> Fitted:
    """The best point that the methods find.

    Raises UsageError for a method that does not suit, NumericError where the objective is not
    finite at the start.
    """
    methods = chosen(problem, box, settings)
    ends: list[_End] = []
    try:
        for start in starting_points(problem.start, box, settings.starts, settings.seed):
            if problem.slope(start).finite:
                ends.append(_from_one_start(problem, start, box, methods, settings, listener))
            elif ends:
                ends.append(ends[0]._replace(objective=np.inf, verdict=Verdict(False, "")))
            else:
                raise NumericError([_not_finite(problem)])
            if ends[-1].interrupted:
                break
        return _fitted(problem, box, ends, settings)
    except KeyboardInterrupt:
        if not ends:
            raise
        return _fitted(problem, box, [*ends, ends[0]._replace(interrupted=True)], settings)


def _order(end: _End, least: float) -> tuple[bool, bool, float]:
    """Sorts ends: first those at the least objective, of these the converged ones."""
    same = end.objective <= least + _SAME * abs(least)
    return not same, not end.verdict.converged, end.objective


def starting_points(start: Array, box: Box, count: int, seed: int) -> Iterator[Array]:
    """The start that is given, and others at random: evenly between two bounds, else normally about
    the start, by twice its size."""
    random = np.random.default_rng(seed)
    closed = np.isfinite(box.low) & np.isfinite(box.high)
    low, high = np.where(closed, box.low, 0.0), np.where(closed, box.high, 0.0)
    size = np.where(start == 0.0, 1.0, np.abs(start))
    yield start
    for _ in range(count - 1):
        even = low + (high - low) * random.random(start.size)
        normal = start + _SPREAD * size * random.standard_normal(start.size)
        yield box.clip(np.where(closed, even, normal))


def _not_finite(problem: Problem) -> Diagnostic:
    return Diagnostic(
        "G0775",
        f"the objective ({problem.objective}) or its derivative is not finite at the start",
        help="start elsewhere",
    )


def _from_one_start(
    problem: Problem,
    start: Array,
    box: Box,
    methods: list[Method],
    settings: Settings,
    listener: Listener | None,
) -> _End:
    """The end of the first method that converges to one point, or the best end of all."""
    ends: list[_End] = []
    for method in methods:
        try:
            end = _attempt(problem, start, box, method, settings, listener)
        except KeyboardInterrupt:
            if not ends:
                raise
            end = ends[-1]._replace(interrupted=True)  # before the next method knows anything
        ends.append(end)
        if end.interrupted or (end.verdict.converged and end.verdict.unique):
            break
    best = min(ends, key=lambda end: _order(end, min(e.objective for e in ends)))
    return best._replace(interrupted=ends[-1].interrupted)


def _attempt(
    problem: Problem,
    start: Array,
    box: Box,
    method: Method,
    settings: Settings,
    listener: Listener | None,
) -> _End:
    """One method from one start."""
    limit = method.steps if settings.steps is None else settings.steps
    watch = Watch(problem, limit, listener, "path" in settings.pictures)
    try:
        return _ended(problem, start, box, method, settings, watch)
    except KeyboardInterrupt:
        if watch.best is None:
            raise
        found = Verdict(False, "interrupted")
        return _End(method, watch, watch.best, watch.best_objective, found, interrupted=True)


def _ended(
    problem: Problem, start: Array, box: Box, method: Method, settings: Settings, watch: Watch
) -> _End:
    """Where a method ends, and what is true there."""
    stopped: StopFit | None = None
    try:
        point = method.run(problem, start, box, watch)
        point = method.finish(problem, point, box, watch.history[0])
    except StopFit as stop:
        stopped = stop
        ended = watch.last if method.shows_steps and stop.limited else watch.best
        point = start if ended is None else ended
    objective = problem.value(point)
    if not np.isfinite(objective) and watch.best is not None:
        point, objective = watch.best, watch.best_objective
    found = verdict(problem, point, box, watch.history[0])
    if stopped is not None and not found.converged:
        found = found._replace(reason=str(stopped))
    asked = stopped is not None and stopped.limited and settings.steps is not None
    return _End(method, watch, point, objective, found, limited=asked and not found.converged)


def _fitted(problem: Problem, box: Box, ends: list[_End], settings: Settings) -> Fitted:
    """The best end as the result; after an interrupt without any further evaluation."""
    interrupted = ends[-1].interrupted
    evaluations = problem.evaluations
    least = min(end.objective for end in ends)
    best = min(range(len(ends)), key=lambda i: _order(ends[i], least))
    end = ends[best]
    known = end.verdict.converged and not interrupted
    norm, found = end.watch.best_norm, None
    if not interrupted:
        gradient = problem.slope(end.point).gradient
        norm = float(np.linalg.norm(gradient[~box.held(end.point, gradient)]))
        found = statistics(problem, end.point, box, known) if dense(problem) else None
    seen = hills = None
    if not interrupted and "fit" in settings.pictures:
        seen = observed(problem, end.point)
    if not interrupted and "path" in settings.pictures:
        hills = landscape(problem, end.watch.path)
    starts = None
    if settings.starts > 1:
        near = least + _SAME * abs(least)
        starts = Starts(
            len(ends),
            settings.seed,
            sum(e.verdict.converged for e in ends),
            sum(e.objective <= near for e in ends),
            best + 1,
        )
    reason = "interrupted" if interrupted else end.verdict.reason
    if known and not end.verdict.unique:
        reason += "; it is not the only such point"
    return Fitted(
        parameters=problem.packing.unpack(end.point),
        what=problem.objective,
        least_squares=problem.least_squares,
        objective=end.objective,
        converged=known,
        reason=reason,
        method=end.method.title,
        iterations=end.watch.steps,
        evaluations=evaluations,
        gradient_norm=norm,
        history=tuple(end.watch.history),
        path=tuple(end.watch.path),
        elements=problem.packing.elements(),
        statistics=found,
        starts=starts,
        observed=seen,
        landscape=hills,
        interrupted=interrupted,
        limited=end.limited,
    )
