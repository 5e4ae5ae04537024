"""Helpers of emitted modules that need only `math`: what it lacks, and where it raises.

Invariant: reals follow IEEE 754 and C99.  No function raises for any float; signed zeros,
infinities and NaN give what NumPy would give.  Each definition is written for its reader in
emitted code: it stands alone but for the helpers that it calls by name.

Deliberately absent: functions of `math` that never raise (`atan`, `erf`, `hypot`, `tanh`).
This file is read as text, never imported by gradc.
"""

import math


def div(x: float, y: float) -> float:
    """x / y as in IEEE 754: 1/0 = inf, 0/0 = nan."""
    if y != 0:
        return x / y
    if x == 0 or math.isnan(x):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def floordiv(x: float, y: float) -> float:
    """x // y, and x / y where y is 0."""
    return x // y if y != 0 else div(x, y)


def mod(x: float, y: float) -> float:
    """x % y with the sign of y; nan where y is 0."""
    return x % y if y != 0 else math.nan


def int_floordiv(x: int, y: int) -> int:
    """x // y; 0 where y is 0, as NumPy has it."""
    return x // y if y != 0 else 0


def int_mod(x: int, y: int) -> int:
    """x % y with the sign of y; 0 where y is 0, as NumPy has it."""
    return x % y if y != 0 else 0


def checked(index: int, size: int, what: str, taken: bool = True) -> int:
    """The index where it is one of 0 .. size - 1, else 0; IndexError where it is taken."""
    if 0 <= index < size:
        return index
    if taken:
        allowed = f"0 .. {size - 1}" if size > 0 else "none at all"
        raise IndexError(f"{what} is read at index {index}; allowed is {allowed}")
    return 0


def power(x: float, y: float) -> float:
    """x**y as in C99: x**0 = 1, 0**-1 = inf, nan for a fractional power of x < 0."""
    try:
        return math.pow(x, y)
    except (OverflowError, ValueError):
        if x < 0 and y % 1 != 0:
            return math.nan
        return math.copysign(math.inf, x) if y % 2 == 1 else math.inf


def sqrt(x: float) -> float:
    """The square root; nan for x < 0."""
    return math.nan if x < 0 else math.sqrt(x)


def cbrt(x: float) -> float:
    """The real cube root, of either sign."""
    if x == 0 or not math.isfinite(x):
        return x
    root = math.copysign(abs(x) ** (1 / 3), x)
    return root - (root - x / (root * root)) / 3  # one step of Newton's method


def exp(x: float) -> float:
    """e**x; inf where it overflows."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def expm1(x: float) -> float:
    """e**x - 1, accurate near 0; inf where it overflows."""
    try:
        return math.expm1(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    """The natural logarithm; -inf at 0, nan for x < 0."""
    if x == 0:
        return -math.inf
    return math.nan if x < 0 else math.log(x)


def log1p(x: float) -> float:
    """log(1 + x), accurate near 0; -inf at -1, nan for x < -1."""
    if x == -1:
        return -math.inf
    return math.nan if x < -1 else math.log1p(x)


def log1pexp(x: float) -> float:
    """log(1 + e**x), without overflow and accurate for x << 0."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sigmoid(x: float) -> float:
    """1 / (1 + e**-x), without overflow and accurate in both tails."""
    t = math.exp(-abs(x))
    return 1 / (1 + t) if x >= 0 else t / (1 + t)


def sigmoid_tail(x: float) -> float:
    """The smaller one of sigmoid(x) and 1 - sigmoid(x)."""
    t = math.exp(-abs(x))
    return t / (1 + t)


def tanh_part(x: float) -> float:
    """tanh(abs(x)) near 0, and the negative tanh(abs(x)) - 1 elsewhere."""
    return math.tanh(abs(x)) if abs(x) < 0.55 else -2 * sigmoid_tail(2 * x)


def sin(x: float) -> float:
    """The sine; nan at infinity."""
    return math.nan if math.isinf(x) else math.sin(x)


def cos(x: float) -> float:
    """The cosine; nan at infinity."""
    return math.nan if math.isinf(x) else math.cos(x)


def tan(x: float) -> float:
    """The tangent; nan at infinity."""
    return math.nan if math.isinf(x) else math.tan(x)


def asin(x: float) -> float:
    """The inverse sine; nan outside -1 <= x <= 1."""
    return math.nan if abs(x) > 1 else math.asin(x)


def acos(x: float) -> float:
    """The inverse cosine; nan outside -1 <= x <= 1."""
    return math.nan if abs(x) > 1 else math.acos(x)


def sinh(x: float) -> float:
    """The hyperbolic sine; an infinity where it overflows."""
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)


def cosh(x: float) -> float:
    """The hyperbolic cosine; inf where it overflows."""
    try:
        return math.cosh(x)
    except OverflowError:
        return math.inf


def acosh(x: float) -> float:
    """The inverse hyperbolic cosine; nan for x < 1."""
    return math.nan if x < 1 else math.acosh(x)


def atanh(x: float) -> float:
    """The inverse hyperbolic tangent; inf at 1, -inf at -1, nan beyond."""
    if abs(x) == 1:
        return math.copysign(math.inf, x)
    return math.nan if abs(x) > 1 else math.atanh(x)


def lgamma(x: float) -> float:
    """log|Gamma(x)|; inf at 0, -1, -2, ... and where it overflows."""
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return math.inf


# Bernoulli numbers B(2k) / (2k)!
BERNOULLI = (
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
)


def polygamma(n: int, x: float) -> float:
    """Derivative n of digamma; at 0, -1, ... inf for odd n, else nan (-inf at 0)."""
    if x <= 0 and not x % 1 > 0:
        if n % 2 == 1:
            return math.inf
        return math.nan if x < 0 else math.copysign(math.inf, -x)
    if x < 0:
        return (-1.0) ** n * polygamma(n, 1 - x) - cot_derivative(n, x)
    # Raise x by recurrence until the asymptotic series (Euler-Maclaurin) is exact.
    total = 0.0
    while x < 12 + n:
        total += power(x, -n - 1)
        x += 1
    total += power(x, -n) / n if n > 0 else -math.log(x)
    total += power(x, -n - 1) / 2
    term = (n + 1) * power(x, -n - 2)
    for k, b in enumerate(BERNOULLI):
        total += b * term
        term *= (n + 2 * k + 2) * (n + 2 * k + 3) / (x * x)
    return (-1.0) ** (n + 1) * math.prod(range(2, n + 1), start=1.0) * total


def cot_derivative(n: int, x: float) -> float:
    """Derivative n of pi * cot(pi * x), a polynomial in the cotangent; x no integer."""
    cot = 1 / math.tan(math.pi * (x - round(x)))
    coefficients = [0.0, 1.0]
    for _ in range(n):  # by cot' = -pi * (1 + cot**2)
        slope = [-k * c for k, c in enumerate(coefficients)][1:]
        raised = [0.0, 0.0, *slope]
        coefficients = [a + b for a, b in zip([*slope, 0.0, 0.0], raised, strict=True)]
    value = coefficients.pop()
    while coefficients:
        value = value * cot + coefficients.pop()
    return math.pi ** (n + 1) * value


def floor(x: float) -> float:
    """The largest integer not above x, as a float; x itself if infinite or nan."""
    return math.copysign(math.floor(x), x) if math.isfinite(x) else x


def ceil(x: float) -> float:
    """The smallest integer not below x, as a float; x itself if infinite or nan."""
    return math.copysign(math.ceil(x), x) if math.isfinite(x) else x


def sign(x: float) -> float:
    """1, 0 or -1 by the sign of x; nan for nan."""
    return x if math.isnan(x) else float((x > 0) - (x < 0))


def maximum(x: float, y: float) -> float:
    """The larger of x and y; nan if either is nan; of 0 and -0 it is y."""
    return x if x > y or math.isnan(x) else y


def relu(x: float) -> float:
    """x where it is positive, else 0; nan for nan."""
    return 0.0 if x <= 0 else x


def minimum(x: float, y: float) -> float:
    """The smaller of x and y; nan if either is nan; of 0 and -0 it is y."""
    return x if x < y or math.isnan(x) else y
