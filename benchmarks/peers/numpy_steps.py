"""Programs of many steps in NumPy by hand: each derivative is that of the steps, run backwards or
beside them.

Deliberately absent: formulas over whole arrays (`with_numpy`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _shifted(y: Array) -> Array:
    """What each y is multiplied by: the one before it, and 1 for the first."""
    found = np.empty_like(y)
    found[0] = 1
    found[1:] = y[:-1]
    return found


def _shifted_back(g: Array) -> Array:
    """The transpose of the linear part of `_shifted`."""
    found = np.empty_like(g)
    found[-1] = 0
    found[:-1] = g[1:]
    return found


def ode(x: Array, s: int) -> Any:
    h, y = 2 / s, np.zeros_like(x)
    for _ in range(s):
        k1 = x * _shifted(y)
        k2 = x * _shifted(y + h / 2 * k1)
        k3 = x * _shifted(y + h / 2 * k2)
        k4 = x * _shifted(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[-1]


def ode_gradient(x: Array, s: int) -> Any:
    h, y, stages = 2 / s, np.zeros_like(x), []
    for _ in range(s):
        s1 = _shifted(y)
        s2 = _shifted(y + h / 2 * (k1 := x * s1))
        s3 = _shifted(y + h / 2 * (k2 := x * s2))
        s4 = _shifted(y + h * (k3 := x * s3))
        stages.append((s1, s2, s3, s4))
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + x * s4)
    dx, dy = np.zeros_like(x), np.zeros_like(x)
    dy[-1] = 1
    for s1, s2, s3, s4 in reversed(stages):
        d4 = h / 6 * dy
        u4 = _shifted_back(x * d4)
        d3 = h / 3 * dy + h * u4
        u3 = _shifted_back(x * d3)
        d2 = h / 3 * dy + h / 2 * u3
        u2 = _shifted_back(x * d2)
        d1 = h / 6 * dy + h / 2 * u2
        dx += d1 * s1 + d2 * s2 + d3 * s3 + d4 * s4
        dy = dy + u4 + u3 + u2 + _shifted_back(x * d1)
    return y[-1], dx


def _gates(layer: Array, a: Array, h: Array) -> tuple[Array, Array]:
    """Forget, in and out gates in rows, and the change, of weights and biases [2, 4, b]."""
    z = layer[0] * np.stack([a, h, a, h]) + layer[1]
    return 1 / (1 + np.exp(-z[:3])), np.tanh(z[3])


def lstm(main: Array, extra: Array, state: Array, seq: Array) -> Any:
    b = seq.shape[1]
    layers = main.reshape(-1, 2, 4, b)
    h, c = list(state[::2]), list(state[1::2])
    total = 0.0
    for now, then in pairwise(seq):
        a = now * extra[0]
        for i, layer in enumerate(layers):
            (forget, take, give), change = _gates(layer, a, h[i])
            c[i] = c[i] * forget + take * change
            h[i] = a = give * np.tanh(c[i])
        y = a * extra[1] + extra[2]
        total += then @ y - then.sum() * np.log(2 + np.exp(y).sum())
    return -total / (b * (len(seq) - 1))


def lstm_gradient(main: Array, extra: Array, state: Array, seq: Array) -> Any:
    b = seq.shape[1]
    layers = main.reshape(-1, 2, 4, b)
    h, c = list(state[::2]), list(state[1::2])
    total, saved = 0.0, []
    for now, then in pairwise(seq):
        a = now * extra[0]
        steps = []
        for i, layer in enumerate(layers):
            gates, change = _gates(layer, a, h[i])
            cell = c[i] * gates[0] + gates[1] * change
            risen = np.tanh(cell)
            steps.append((a, h[i], c[i], gates, change, risen))
            c[i] = cell
            h[i] = a = gates[2] * risen
        y = a * extra[1] + extra[2]
        shares = np.exp(y)
        rest = 2 + shares.sum()
        total += then @ y - then.sum() * np.log(rest)
        saved.append((steps, a, then - then.sum() * shares / rest))
    scale = -1 / (b * (len(seq) - 1))
    d_layers, d_extra = np.zeros_like(layers), np.zeros_like(extra)
    d_h, d_c = np.zeros_like(state[::2]), np.zeros_like(state[::2])
    d_z = np.empty((4, b))
    for now, (steps, a, d_y) in zip(seq[-2::-1], reversed(saved), strict=True):
        d_extra[1] += scale * d_y * a
        d_extra[2] += scale * d_y
        d_a = scale * d_y * extra[1]
        for i in range(len(layers) - 1, -1, -1):
            a, before, cell, (forget, take, give), change, risen = steps[i]
            d_out = d_a + d_h[i]
            d_cell = d_c[i] + d_out * give * (1 - risen * risen)
            d_z[0] = d_cell * cell * forget * (1 - forget)
            d_z[1] = d_cell * change * take * (1 - take)
            d_z[2] = d_out * risen * give * (1 - give)
            d_z[3] = d_cell * take * (1 - change * change)
            d_layers[i, 0] += d_z * (a, before, a, before)
            d_layers[i, 1] += d_z
            weights = layers[i, 0]
            d_a = d_z[0] * weights[0] + d_z[2] * weights[2]
            d_h[i] = d_z[1] * weights[1] + d_z[3] * weights[3]
            d_c[i] = d_cell * forget
        d_extra[0] += d_a * now
    return scale * total, d_layers.reshape(main.shape), d_extra


def _descent(f: Callable[[Array], tuple[Any, Array]], x: Array) -> Array:
    """Steps double after ten that succeed, and halve after one that does not."""
    (value, slope), rate, good = f(x), 1e-5, 0
    while math.hypot(*slope) > 1e-5:
        if good == 10:
            rate, good = 2 * rate, 0
        moved = x - rate * slope
        if math.hypot(*(moved - x)) <= 1e-5:
            break
        lower, there = f(moved)
        if lower < value:
            x, value, slope, good = moved, lower, there, good + 1
        else:
            rate, good = rate / 2, 0
    return x


def saddle(start: Array) -> Any:
    # Where y ends does not depend on x, so the derivative through it is that of |x|^2.
    def highest() -> Array:
        return _descent(lambda y: (y @ y, 2 * y), start)

    def ridge(x: Array) -> tuple[Any, Array]:
        y = highest()
        return x @ x - y @ y, 2 * x

    x = _descent(ridge, start)
    return None, np.concatenate([x, highest()])


def _landing(w: Array) -> tuple[float, Array]:
    """The square of where the particle lands, and its derivative in w along the flight."""
    at = 10 - w[0]
    x, y, vx, vy = 0.0, 8.0, 0.75, 0.0
    dx, dy, dvx, dvy = 0.0, 0.0, 0.0, 0.0
    while y + 0.1 * vy > 0:
        ax = ay = dax = day = 0.0
        for place, moves in ((at, -1.0), (0.0, 0.0)):
            px, py, dpy = x - 10, y - place, dy - moves
            square = px * px + py * py
            cube = square * math.sqrt(square)
            d_cube = -3 * (px * dx + py * dpy) / square
            ax, ay = ax + px / cube, ay + py / cube
            dax, day = dax + (dx + px * d_cube) / cube, day + (dpy + py * d_cube) / cube
        x, y, dx, dy = x + 0.1 * vx, y + 0.1 * vy, dx + 0.1 * dvx, dy + 0.1 * dvy
        vx, vy, dvx, dvy = vx + 0.1 * ax, vy + 0.1 * ay, dvx + 0.1 * dax, dvy + 0.1 * day
    landed = x - y / vy * vx
    slope = dx - dy / vy * vx + y * dvy / (vy * vy) * vx - y / vy * dvx
    return landed * landed, np.array([2 * landed * slope])


def particle(w0: float) -> Any:
    return None, _descent(_landing, np.array([w0]))
