"""References of examples that take derivatives within the program, and of physics."""

from __future__ import annotations

from decimal import Decimal, localcontext

import mpmath
from mpmath import mp, mpf

from references.registry import dot, reference, second_way


@reference
def greeks(S, K, sigma, r, T):
    """By the formulas of Hull's book."""
    root = sigma * mp.sqrt(T)
    d1 = (mp.log(S / K) + (r + sigma**2 / 2) * T) / root
    d2 = d1 - root
    discounted, density = K * mp.exp(-r * T), mp.npdf(d1)
    vega = S * density * mp.sqrt(T)
    return {
        "C": S * mp.ncdf(d1) - discounted * mp.ncdf(d2),
        "delta": mp.ncdf(d1),
        "gamma": density / (S * root),
        "vega": vega,
        "vanna": -density * d2 / sigma,
        "volga": vega * d1 * d2 / sigma,
        "theta": -S * density * sigma / (2 * mp.sqrt(T)) - r * discounted * mp.ncdf(d2),
        "rho": T * discounted * mp.ncdf(d2),
    }


@reference
def newton_step(x):
    """The Hessian of Rosenbrock's function is tridiagonal."""
    size = len(x)
    g, H = mpmath.matrix(size, 1), mpmath.matrix(size, size)
    for i in range(size - 1):
        a, b = x[i], x[i + 1]
        g[i] += -400 * a * (b - a**2) - 2 * (1 - a)
        g[i + 1] += 200 * (b - a**2)
        H[i, i] += 1200 * a**2 - 400 * b + 2
        H[i + 1, i + 1] += 200
        H[i, i + 1] = H[i + 1, i] = -400 * a
    step = mpmath.lu_solve(H, g)
    return {"x_new": [a - b for a, b in zip(x, step, strict=True)]}


@reference
def gauss_newton(t, y, damping, p):
    def residuals(p):
        return [p[0] * mp.exp(-p[1] * a) + p[2] - b for a, b in zip(t, y, strict=True)]

    # The step is the least-squares solution of [A; sqrt(damping) I] step = [-r; 0].
    rows = [[mp.exp(-p[1] * a), -p[0] * a * mp.exp(-p[1] * a), mpf(1)] for a in t]
    rows += [[mp.sqrt(damping) if i == j else mpf(0) for j in range(3)] for i in range(3)]
    right = [-r for r in residuals(p)] + [mpf(0)] * 3
    step = mpmath.qr_solve(mpmath.matrix(rows), mpmath.matrix(right))[0]
    moved = [a + b for a, b in zip(p, step, strict=True)]
    return {"J": dot(residuals(moved), residuals(moved))}


@reference
def lagrangian(m1, m2, l1, l2, q, w):
    """The equations of motion as they are usually printed, solved for the accelerations."""
    g, (q1, q2), (w1, w2) = mpf(9.81), q, w
    d = q1 - q2
    spread = 2 * m1 + m2 - m2 * mp.cos(2 * d)
    a1 = -g * (2 * m1 + m2) * mp.sin(q1) - m2 * g * mp.sin(q1 - 2 * q2)
    a1 -= 2 * mp.sin(d) * m2 * (w2**2 * l2 + w1**2 * l1 * mp.cos(d))
    a2 = w1**2 * l1 * (m1 + m2) + g * (m1 + m2) * mp.cos(q1) + w2**2 * l2 * m2 * mp.cos(d)
    return {"a": [a1 / (l1 * spread), 2 * mp.sin(d) * a2 / (l2 * spread)]}


def euler_landing(w):
    """The squared abscissa where the charged particle of the source crosses the axis, and its
    derivative in w: the state carries its own, x, v, dx/dw, dv/dw.

    In decimal numbers of 60 digits, which are a hundred times as fast as mpmath's.
    """
    with localcontext() as context:
        context.prec = 60
        return tuple(mpf(str(value)) for value in _euler_landing(Decimal(mp.nstr(w, 55))))


def _euler_landing(w):
    dt, zero = Decimal.from_float(0.1), Decimal(0)
    x, y, vx, vy = zero, Decimal(8), Decimal("0.75"), zero
    dx = dy = dvx = dvy = zero
    while y + dt * vy > 0:
        ax = ay = dax = day = zero
        for height, rise in ((10 - w, -1), (zero, 0)):
            p, q, dp, dq = x - 10, y - height, dx, dy - rise
            square = p * p + q * q
            cube = 1 / (square * square.sqrt())
            change = -3 * (p * dp + q * dq) * cube / square
            ax, ay = ax + p * cube, ay + q * cube
            dax, day = dax + dp * cube + p * change, day + dq * cube + q * change
        x, y, dx, dy = x + dt * vx, y + dt * vy, dx + dt * dvx, dy + dt * dvy
        vx, vy, dvx, dvy = vx + dt * ax, vy + dt * ay, dvx + dt * dax, dvy + dt * day
    slope, dslope = vx / vy, (dvx * vy - vx * dvy) / (vy * vy)
    found, moved = x - y * slope, dx - dy * slope - y * dslope
    return found * found, 2 * found * moved


@reference
def landing(w):
    return {"J": euler_landing(w)[0]}


@reference
def particle(w0):
    tolerance = mpf(1e-5)
    w, (J, g), rate, good = w0, euler_landing(w0), mpf(1e-5), 0
    while abs(g) > tolerance:
        if good == 10:
            rate, good = 2 * rate, 0
            continue
        if abs(rate * g) <= tolerance:
            break
        J_new, g_new = euler_landing(w - rate * g)
        if J_new < J:
            w, J, g, good = w - rate * g, J_new, g_new, good + 1
        else:
            rate, good = rate / 2, 0
    return {"w": w}


@reference
def saddle(start):
    """Both descents are linear: each step multiplies by 1 - 2 * 0.1."""

    def descended(point):
        factor = 1 - 2 * mpf(0.1)
        while True:
            size = 2 * mp.sqrt(dot(point, point))
            point = [factor * a for a in point]
            if size <= mpf(1e-5):
                return point

    return {"x": descended(start), "y": descended(start)}


@reference
def coulomb(q, x):
    total = mpf(0)
    for i in range(len(q)):
        for j in range(len(q)):
            if i != j:
                square = sum((a - b) ** 2 for a, b in zip(x[i], x[j], strict=True))
                total += q[i] * q[j] / mp.sqrt(square) / 2
    return {"E": total}


@second_way("landing")
def landing_by_potential(w):
    """The force as a difference quotient of the potential."""

    def potential(x, y):
        return 1 / mp.hypot(x - 10, y - (10 - w)) + 1 / mp.hypot(x - 10, y)

    dt, step = mpf(0.1), mpf(10) ** -16
    x, y, vx, vy = mpf(0), mpf(8), mpf(0.75), mpf(0)
    while y + dt * vy > 0:
        ax = (potential(x - step, y) - potential(x + step, y)) / (2 * step)
        ay = (potential(x, y - step) - potential(x, y + step)) / (2 * step)
        x, y, vx, vy = x + dt * vx, y + dt * vy, vx + dt * ax, vy + dt * ay
    return {"J": (x - y * vx / vy) ** 2}
