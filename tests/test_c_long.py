"""Long programs over arrays in C: a compiler ends soon, and library functions that are called are
those that were written in place."""

from __future__ import annotations

import resource

import numpy as np
import pytest
from c_compiling import needs_cc

import gradc
from gradc.native.build import Workshop
from gradc.native.cache import temporary_cache
from gradc.native.compilers import find_compiler
from gradc.targets.c.emit import emit

pytestmark = needs_cc

STEPS = (
    "tanh({a}) + 0.5*{b}",
    "{a}*{b}/(1 + {b}^2)",
    "sin({a}) - {b}",
    "exp(-{a}^2)*{b}",
    "0.9*{a} + 0.1*{b}",
    "log1p({a}^2) + cos({b})",
)


def statements(count: int, first: str) -> list[str]:
    """Each of two before it."""
    names = ["y", first]
    found = []
    for number in range(count):
        step = STEPS[number % len(STEPS)].format(a=names[-1], b=names[-1 - number % 7 % 2])
        names.append(f"v{number}")
        found.append(f"v{number} = {step}")
    return found


def chained(count: int) -> str:
    """Statements in a row, each over the same axis."""
    last = f"J = sum(v{count - 1}^2)"
    return "\n".join(["input x[N], y[N]", *statements(count, "x"), last])


def looped(count: int) -> str:
    """The same within the body of a loop."""
    body = [*statements(count, "h"), f"h = tanh(v{count - 1})"]
    return "\n".join(["input x[N], y[N]", "loop t in 10 carry h = x {", *body, "}", "J = sum(h^2)"])


def compiling(text: str) -> float:
    """Seconds of the processor that a compiler takes for value and gradient, unoptimised or not."""
    compiled = gradc.compile(text)
    emitted = emit(compiled.program, compiled.wrt, "reverse", 1, {}, ("value_and_grad",))
    workshop = Workshop(find_compiler(), temporary_cache("this is a test"))
    assert workshop.toolchain.flags  # which takes a compilation, too
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    workshop.built(emitted.text)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize(
    ("text", "most"), [(chained(300), 12.0), (looped(100), 10.0)], ids=["chained", "looped"]
)
def test_a_compiler_ends_soon(text: str, most: float) -> None:
    assert compiling(text) < most


SPECIAL = [0.0, -0.0, 0.5, -2.0, 1e-300, 1e300, -1e12, 1e18, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [0, 1, 7, 64, 1003])
def test_functions_that_are_called(dtype: str, size: int) -> None:
    steps = []
    for number in range(12):
        steps.append(f"a{number} = sin({number + 1}*x)*cos(x - {number}) + tanh(x/{number + 1})")
        steps.append(f"b{number} = exp(-x*x)*{number} + log1p(x*x) + sigmoid(x*{number}) + cbrt(x)")
    total = " + ".join(f"a{number}*b{number}" for number in range(12))
    text = "\n".join(["input x[N]", *steps, f"z = {total}", "output z"])
    x = np.resize(np.array([*SPECIAL, *np.linspace(-3, 3, 40)]), size)
    direction = np.linspace(-1, 1, size)
    with np.errstate(all="ignore"):
        (value, slope), (expected, derivative) = (
            gradc.compile(text, engine=engine, dtype=dtype).jvp({"x": x}, {"x": direction})
            for engine in ("c", "numpy")
        )
    tolerance = 1e-11 if dtype == "float64" else 1e-3
    np.testing.assert_allclose(value, expected, tolerance, tolerance)
    np.testing.assert_allclose(slope, derivative, tolerance, tolerance)
    compiled = gradc.compile(text, dtype=dtype)
    emitted = emit(compiled.program, compiled.wrt, "forward", 1, {}, ("tangent",)).text
    suffix = "f" if dtype == "float32" else ""
    assert f"\nG_SHARED {'float' if suffix else 'double'} g_sin{suffix}(" in emitted
