"""What functions of emitted C cost, and how accurate they are.

Each is called for numbers that fit the first cache: in a loop in vector registers, one number
after the other, and as the C library has it.  Errors are the largest of 400 000 points against
`long double`, in units in the last place; where there is none, they are left out.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

from gradc.targets.c.helpers import helper_source, prologue

FLAGS = (
    *("-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"),
    *("-mprefer-vector-width=512", "-ffp-contract=off", "-D_GNU_SOURCE", "-shared", "-fPIC"),
)
NUMBERS, REPEATED, TRIES, POINTS = 960, 20, 60, 400_000


class Function(NamedTuple):
    """A function, an interval of each operand, and its value in `long double`."""

    name: str
    intervals: tuple[tuple[float, float], ...]
    exact: str | None = None


ALL = (
    Function("exp", ((-20.0, 20.0),), "expl(x)"),
    Function("expm1", ((-3.0, 3.0),), "expm1l(x)"),
    Function("log", ((0.01, 100.0),), "logl(x)"),
    Function("log1p", ((-0.9, 10.0),), "log1pl(x)"),
    Function("log1pexp", ((-20.0, 20.0),), "x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x))"),
    Function("sigmoid", ((-20.0, 20.0),), "x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x))"),
    Function("pow", ((0.1, 10.0), (-20.0, 20.0)), "powl(x, y)"),
    Function("cbrt", ((-10.0, 10.0),), "cbrtl(x)"),
    Function("hypot", ((-4.0, 4.0), (-4.0, 4.0)), "hypotl(x, y)"),
    Function("sin", ((-100.0, 100.0),), "sinl(x)"),
    Function("cos", ((-100.0, 100.0),), "cosl(x)"),
    Function("tan", ((-100.0, 100.0),), "tanl(x)"),
    Function("asin", ((-1.0, 1.0),), "asinl(x)"),
    Function("acos", ((-1.0, 1.0),), "acosl(x)"),
    Function("atan", ((-10.0, 10.0),), "atanl(x)"),
    Function("atan2", ((-4.0, 4.0), (-4.0, 4.0)), "atan2l(x, y)"),
    Function("sinh", ((-20.0, 20.0),), "sinhl(x)"),
    Function("cosh", ((-20.0, 20.0),), "coshl(x)"),
    Function("tanh", ((-5.0, 5.0),), "tanhl(x)"),
    Function("asinh", ((-20.0, 20.0),), "asinhl(x)"),
    Function("acosh", ((1.0, 20.0),), "acoshl(x)"),
    Function("atanh", ((-1.0, 1.0),), "atanhl(x)"),
    Function("erf", ((-4.0, 4.0),), "erfl(x)"),
    Function("erfc", ((-6.0, 26.0),), "erfcl(x)"),
    Function("lgamma", ((0.5, 20.0),), None),
)


def main() -> None:
    """Print a table of all functions, in double and in single precision."""
    with tempfile.TemporaryDirectory() as folder:
        loaded = _built(Path(folder))
    print("ns for one number  vectors   single   C library   |  float32   |  error    float32")
    for function in ALL:
        print(f"{function.name:18}", end="")
        for kind in ("lanes", "each", "libm", "lanesf"):
            print(f"{_nanoseconds(loaded, function, kind):9.2f}", end="")
        for suffix in ("", "f"):
            error = _error(loaded, function, suffix)
            print("        -" if error is None else f"{error:9.2f}", end="")
        print()


def _built(folder: Path) -> ctypes.CDLL:
    names = [f"g_{function.name}{suffix}" for function in ALL for suffix in ("", "f")]
    loops = [_loops(function, suffix) for function in ALL for suffix in ("", "f")]
    texts = [prologue(), *helper_source(names), *loops]
    source, built = folder / "functions.c", folder / "functions.so"
    source.write_text("\n".join(texts), "ascii")
    subprocess.run(["cc", *FLAGS, str(source), "-o", str(built), "-lm"], check=True)
    return ctypes.CDLL(str(built))


def _loops(function: Function, suffix: str) -> str:
    name, number = function.name, "float" if suffix else "double"
    names = ("x", "y")[: len(function.intervals)]
    parameters = ", ".join(f"{number} {one}" for one in names)
    call, elements = ", ".join(names), ", ".join(f"{one}[i]" for one in names)
    arrays = f"const {number} *restrict x, const {number} *restrict y, {number} *restrict out"
    text = f"""
static __attribute__((noinline)) {number} one_{name}{suffix}({parameters})
{{
    return g_{name}{suffix}({call});
}}"""
    libm = f"{name}{suffix}" if name not in ("log1pexp", "sigmoid") else f"one_{name}{suffix}"
    for kind, called in (
        ("lanes", f"g_{name}{suffix}"),
        ("each", f"one_{name}{suffix}"),
        ("libm", libm),
    ):
        simd = "#pragma omp simd" if kind == "lanes" else ""
        text += f"""
void {kind}{suffix}_{name}(int64_t n, int64_t times, {arrays})
{{
    (void)y;
    for (int64_t k = 0; k < times; k++) {{
        __asm__ volatile("" ::: "memory");
{simd}
        for (int64_t i = 0; i < n; i++) out[i] = {called}({elements});
    }}
}}"""
    if function.exact is None:
        return text
    return (
        text
        + f"""
double error{suffix}_{name}(int64_t n, const {number} *a, const {number} *b)
{{
    double worst = 0.0;
    for (int64_t i = 0; i < n; i++) {{
        long double x = a[i], y = b[i], exact = {function.exact};
        (void)y;
        {number} found = one_{name}{suffix}({call}), rounded = fabsl(exact);
        long double unit = nextafter{suffix}(rounded, INFINITY) - rounded;
        double error = fabsl(found - exact) / unit;
        worst = error > worst ? error : worst;
    }}
    return worst;
}}"""
    )


def _points(function: Function, count: int, suffix: str) -> list[np.ndarray]:
    chosen = np.random.default_rng(0)
    dtype = np.float32 if suffix else np.float64
    first, *rest = function.intervals
    return [chosen.uniform(*one, count).astype(dtype) for one in (first, *(rest or [first]))]


def _nanoseconds(loaded: ctypes.CDLL, function: Function, kind: str) -> float:
    """The least time of some tries, for one number."""
    run = getattr(loaded, f"{kind}_{function.name}")
    points = _points(function, NUMBERS, "f" if kind.endswith("f") else "")
    arrays = [_aligned(one) for one in (*points, points[0])]
    places = [ctypes.c_void_p(array.ctypes.data) for array in arrays]
    best = float("inf")
    for _ in range(TRIES):
        start = perf_counter()
        run(ctypes.c_int64(NUMBERS), ctypes.c_int64(REPEATED), *places)
        best = min(best, perf_counter() - start)
    return best / NUMBERS / REPEATED * 1e9


def _aligned(numbers: np.ndarray) -> np.ndarray:
    """A copy that begins where a line of the cache does."""
    room = np.empty(numbers.nbytes + 64, np.uint8)
    start = -room.ctypes.data % 64
    copy = room[start : start + numbers.nbytes].view(numbers.dtype)
    copy[:] = numbers
    return copy


def _error(loaded: ctypes.CDLL, function: Function, suffix: str) -> float | None:
    if function.exact is None:
        return None
    run = getattr(loaded, f"error{suffix}_{function.name}")
    run.restype = ctypes.c_double
    points = _points(function, POINTS, suffix)
    return float(run(ctypes.c_int64(POINTS), *(ctypes.c_void_p(a.ctypes.data) for a in points)))
