"""Code for complex numbers: each row that is analytic gives its derivative by a complex step."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import gradc
from gradc.checking import Request, check_gradient
from gradc.ops.table import PRIMITIVES
from gradc.passes.dead import without_dead_equations
from gradc.pipeline import prepared
from gradc.runtime.load import load_functions
from gradc.session import bind_specs
from gradc.targets.python.complex_style import emit_complex

EXAMPLES = Path(__file__).parents[1] / "examples"

SMOOTH = """
exp expm1 log log1p log1pexp sqrt sigmoid sin cos tan asin acos atan sinh cosh tanh asinh atanh
"""
NOT_ANALYTIC = "abs sign relu floor ceil erf erfc lgamma digamma cbrt"

SCALAR = [
    *(f"y = {f}(x)" for f in SMOOTH.split()),
    "y = acosh(x + 1)",
    "y = x + a - x*a/(1 + x)",
    "y = -x",
    "y = x^a",
    "y = a^x",
    "y = x^7 + x^-3 + (x - 1)^200 + (-x)^5",
    "y = x^2 if a > 0 else x",
    "y = sigmoid(-x) + log1pexp(-x)",
    "loop k in 4 carry s = x, p = 0 {\n p = p + s*k\n s = s*s\n z[k] = s + p\n}\ny = sum(z)",
    "loop k in 9 carry s = x while k < 5 {\n    s = s*x + k\n}\ny = s",
    "def f(t, s) {\n    u = t*s\n    return sin(u)\n}\ny = f(x, a) + f(a, x)",
]
ARRAYS = [
    "y = sum(x) + dot(x, w) + norm(x) + logsumexp(x)",
    "y = prod(x) + sum(softmax(x)*w)",
    "y = sum(solve(A, x)) + det(A) + logdet(A) + sum(inv(A))",
    "B = A.T + outer(x, w)\ny = trace(B) + sum(B[0]) + B[1, 1] + sum(diag(A))",
    "z = concat(x, w)\ny = sum(z[1:]*z[:3]) + sum(stack(x, w)) + sum(reshape(A, 4)^2)",
    "z[i] = x[k[i]]*w[i]\ny = sum(z) + sum(scatter_add(x, k, N)*w)",
    "z[i, j] = x[i]*w[j] + x[j]\ny = sum(z)",
    "g = grad(sum(x^3), x)\ny = sum(g*w)",
    "u = norm(x)\ng = grad(u, x)\ny = dot(g, w)",
    "p = softmax(x)\nq = sum(p*w)\ng = grad(q, x)\ny = dot(g, w)",
    "v = x[1]^3 + x[0]*x[1]\ng = grad(v, x)\ny = dot(g, w)",
    "v = prod(x)\ng = grad(v, x)\ny = sum(g*w)",
    "C = A @ A.T\nL = cholesky(C)\ng = grad(L[1, 0], A)\ny = sum(x*w)",
    "loop t in 3 carry h = zeros(N) {\n h = h + x*w[0]\n h = h + x[0]\n s[t] = h\n}\ny = sum(s)",
    "loop t in N carry h = w {\n    h[i] = h[i]*x[t] + i\n}\ny = sum(h)",
    "y = sum(eye(N) @ x) + sum(ones(N)*x)",
    "z[i in N] = sum[j in N](x[j] if j <= i else 0)\ny = sum(z*w)",
]


def program_of(text, arrays):
    head = "dim N = 2\ninput x[N], w[N], A[N, N], k[N] in N\n" if arrays else "input x, a\n"
    return gradc.compile(head + text).program


DATA = ["x=[0.4,0.8],w=[1.5,-0.5],A=[[2,0.3],[0.7,1.1]],k=[1,0]"]


@pytest.mark.parametrize("text", SCALAR)
def test_scalars(text):
    checked(program_of(text, False), ["x=0.4,a=1.7"])


@pytest.mark.parametrize("text", ARRAYS)
def test_arrays(text):
    checked(program_of(text, True), DATA)


def checked(program, specs):
    """Every derivative in x is checked, and found right, by a complex step."""
    result = check_gradient(program, Request(specs, ["x"]), lambda: "")
    found = [*result.check.elements, *result.check.directions]
    assert {(one.method, one.verdict) for one in found} == {("complex step", "agrees")}
    assert max(one.difference for one in found) < 1e-12


def test_every_analytic_row_is_tried():
    tried: set[str] = set()
    graphs = [program_of(text, False).graph for text in SCALAR]
    for text in ARRAYS:
        graphs.append(without_dead_equations(prepared(program_of(text, True)).graph))
    while graphs:
        for equation in graphs.pop().equations:
            tried.add(equation.op)
            graphs.extend(equation.graphs())
    rows = {name for name, row in PRIMITIVES.items() if row.analytic}
    # What integers become cannot move; a comparison stands before each `rejection`.
    still = {"real", "checked", "iota", "copy"}
    assert rows - tried <= still | {"rejection", "lower_half", "diagonal_matrix"}


@pytest.mark.parametrize(
    "text",
    [
        *(f"y = {f}(x)" for f in NOT_ANALYTIC.split()),
        "y = maximum(x, a)",
        "y = minimum(a, x)",
        "y = atan2(x, a)",
        "y = hypot(x, a)",
        "y = x % a",
        "y = x // a",
        "y = x if x > 0 else a",
        "loop k in 9 carry s = x while s < 5 {\n    s = s*s + 1\n}\ny = s",
        "def f(t) = abs(t)\ny = f(x) + f(a)",
        "loop k in 3 carry s = x, r = 0 {\n    r = r + relu(s)\n    s = s/2\n}\ny = r",
    ],
)
def test_what_is_not_analytic_is_not_stepped(text):
    text, analytic = emit_complex(program_of(text, False))
    assert "x" not in {var.name for var in analytic}
    compile(text, "emitted", "exec")


def test_a_condition_on_another_input_is_no_obstacle():
    _, analytic = emit_complex(program_of("y = x^2 if a > 0 else abs(a)", False))
    assert {var.name for var in analytic} == {"x"}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.g")), ids=lambda path: path.stem)
def test_real_values_are_those_of_other_code(path):
    program = gradc.load(path).program
    text, _ = emit_complex(program)
    values = load_functions(text, path.stem)["values"]
    if path.stem == "particle":  # twenty seconds to a value
        return
    bound = bind_specs(program, [str(path.with_suffix(".json"))], lambda: "")
    found = values(*bound.arrays.values())
    expected = gradc.load(path).forward(**bound.arrays)
    several = expected if isinstance(expected, tuple) else (expected,)
    for one, other in zip(found, several, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_no_derivative_has_a_part_in_it(monkeypatch):
    """The code for complex numbers is the same whatever rows and authors state."""
    from dataclasses import replace

    text = "input x\ndef f(t) = sin(t) with dt = {}\ny = f(x)*exp(x)"
    first, _ = emit_complex(gradc.compile(text.format("cos(t)")).program)
    row = PRIMITIVES["exp"]
    monkeypatch.setitem(PRIMITIVES, "exp", replace(row, partials=lambda x, out: (2.0 * out,)))
    second, _ = emit_complex(gradc.compile(text.format("0")).program)
    body = [t[t.index("import numpy") :] for t in (first, second)]
    assert body[0] == body[1]


def test_the_phase_of_powers_is_exact():
    """(-1.01)**1000 by a logarithm would lose the imaginary part."""
    program = gradc.compile("y = x^1000").program
    result = check_gradient(program, Request(["x=-1.01"]), lambda: "")
    (one,) = result.check.elements
    assert (one.method, one.verdict) == ("complex step", "agrees")
    assert one.numerical == pytest.approx(1000 * math.pow(-1.01, 999), rel=1e-12)


def test_names_of_what_is_emitted_are_free():
    program = "def values(t) = t^2\ndef integer_power(s) = s^3\ndef as_array(q) = sin(q)\n"
    program += "y = values(x) + integer_power(x) + as_array(x)"
    result = check_gradient(gradc.compile(program).program, Request(["x=2"]), lambda: "")
    (one,) = result.check.elements
    assert (one.method, one.verdict) == ("complex step", "agrees")
