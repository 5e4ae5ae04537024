"""Pictures of a fit: SVG, PNG and PDF by matplotlib, and plain text for a terminal.

    loss    the objective after each step
    fit     data and model, along the input they depend on, or else one against the other
    path    the steps on the objective of one or two parameters; the elements of more, step by step

Invariant: the same fit gives the same bytes, without a date, a path or a random name in them.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from gradc.ir.fitted import Fitted
from gradc.report.plot import Axis, Decades, Even, Series, plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (6.4, 4.0)  # inches
_BLUE, _RED, _GREY = "#1f5fa8", "#c0392b", "#808080"
_MOST_LINES = 10  # of a path with many parameters
_MANY = 60  # points of a path after which its marks are small

# The same everywhere, whatever a user has configured.
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "gradc",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
}
_NAMELESS: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def picture(fitted: Fitted, kind: str, suffix: str) -> bytes:
    """A picture of a fit in the format of a suffix: svg, png, pdf."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.add_subplot()
        {"loss": _loss, "fit": _fit, "path": _path}[kind](axes, fitted)
        content = io.BytesIO()
        figure.savefig(content, format=suffix, metadata=_NAMELESS[suffix], dpi=150)
    return content.getvalue()


def is_known(fitted: Fitted, kind: str) -> bool:
    """Whether the data of a picture were kept; after an interrupt only those of the loss are."""
    if kind == "fit":
        return fitted.observed is not None
    return kind == "loss" or not fitted.interrupted


def _logarithmic(fitted: Fitted) -> bool:
    """Whether the objective spans orders of magnitude, and is positive."""
    least = min(fitted.history)
    return least > 0.0 and max(fitted.history) > 10.0 * least


def _loss(axes: Axes, fitted: Fitted) -> None:
    from matplotlib.ticker import MaxNLocator

    marked = "o" if len(fitted.history) <= _MANY else ""
    axes.plot(range(len(fitted.history)), fitted.history, marker=marked, color=_BLUE, ms=3)
    if _logarithmic(fitted):
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step")
    axes.set_ylabel(_plain(fitted.what))


def _fit(axes: Axes, fitted: Fitted) -> None:
    seen = fitted.observed
    assert seen is not None
    if seen.across is None:
        axes.plot(seen.data, seen.model, "o", color=_BLUE, ms=3)
        ends = [min(seen.data.min(), seen.model.min()), max(seen.data.max(), seen.model.max())]
        axes.plot(ends, ends, color=_GREY, lw=1)
        axes.set_xlabel(_plain(seen.label))
        axes.set_ylabel(f"model of {_plain(seen.label)}")
        return
    order = seen.across.argsort(kind="stable")
    axes.plot(seen.across, seen.data, "o", color=_BLUE, ms=3, label="data")
    axes.plot(seen.across[order], seen.model[order], color=_RED, label="model")
    axes.set_xlabel(_plain(seen.across_label))
    axes.set_ylabel(_plain(seen.label))
    axes.legend(frameon=False)


def _path(axes: Axes, fitted: Fitted) -> None:
    import numpy as np

    points, ground = np.array(fitted.path), fitted.landscape
    marked = "o" if len(points) <= _MANY else ""
    if ground is None:
        for i, name in enumerate(fitted.elements[:_MOST_LINES]):
            axes.plot(points[:, i], label=_plain(name))
        axes.set_xlabel("step")
        axes.legend(frameon=False)
        return
    names = [_plain(name) for name in ground.elements]
    heights = np.where(np.isfinite(ground.heights), ground.heights, np.nan)
    if len(names) == 1:
        axes.plot(ground.axes[0], heights, color=_GREY, lw=1)
        axes.plot(points[:, 0], fitted.history, marker=marked, color=_RED, ms=3)
        axes.set_ylabel(_plain(fitted.what))
    else:
        least = np.nanmin(heights)
        # Levels close to each other at the minimum, where the steps are small.
        drop = np.nanmax(heights) - least
        levels = least + drop * np.linspace(0.02, 1.0, 14) ** 2
        if drop > 0.0:
            axes.contour(*ground.axes, heights, levels=levels, colors=_GREY, linewidths=0.7)
        axes.plot(points[:, 0], points[:, 1], marker=marked, color=_RED, ms=3, lw=1)
        axes.plot(*points[-1], "o", color=_RED, ms=6)
        axes.set_ylabel(names[1])
    axes.set_xlabel(names[0])


def _plain(name: str) -> str:
    """A name without what matplotlib would take for a formula."""
    return name.replace("$", r"\$")


def text_picture(fitted: Fitted, kind: str, unicode: bool) -> str:
    """The loss or the fit in plain text; empty where there is nothing to draw."""
    steps = list(enumerate(fitted.history))
    if kind == "loss":
        up: type[Axis] = Decades if _logarithmic(fitted) else Even
        series = [Series(fitted.what, "point", _thinned(steps))]
        return plot(series, "step", fitted.what, unicode, (Even, up))
    seen = fitted.observed
    if kind == "fit" and seen is not None:
        across = seen.data if seen.across is None else seen.across
        model = Series("model", "line", _pairs(across, seen.model))
        data = Series("data", "point", _pairs(across, seen.data))
        label = seen.label if seen.across is None else seen.across_label
        return plot([model, data], label, seen.label, unicode, (Even, Even))
    if kind == "path" and len(fitted.elements) == 2:
        points = [(float(x), float(y)) for x, y in fitted.path]
        along, upward = fitted.elements
        return plot([Series("steps", "point", points)], along, upward, unicode, (Even, Even))
    return ""


def _pairs(across: Any, up: Any) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in zip(across, up, strict=True)]


def _thinned(points: list[tuple[int, float]]) -> list[tuple[float, float]]:
    """At most a few thousand of many points, first and last among them."""
    every = max(1, math.ceil(len(points) / 2000))
    return [(float(x), y) for x, y in [*points[::every], points[-1]]]
