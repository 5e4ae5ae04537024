"""Derivations: the classic results, the numbers of `gradc run`, and limits on what is printed."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import gradc
from gradc.diagnostics import UsageError
from gradc.explain.algebra import algebra_of
from gradc.explaining import UNCONFIRMED, Request, explain
from gradc.frontend.lower import check
from gradc.ir.graph import Graph, Var
from gradc.ops.builder import Builder
from gradc.ops.primitive import Helper
from gradc.ops.table import PRIMITIVES
from gradc.report.notation import TEXT
from gradc.report.numbers import array_cell
from gradc.runtime.load import load_functions
from gradc.session import NUMERIC_FAILURE
from gradc.targets.python.emit import emit

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.g"))


def derived(source: str, *specs: str, wrt: Sequence[str] | None = None, **request: object) -> str:
    """The derivation of a program, as text."""
    program = gradc.compile(source).program
    return explain(program, Request(specs, wrt, **request), lambda: "").text  # type: ignore[arg-type]


def step(text: str, title: str) -> str:
    """The lines of one step."""
    found = re.search(rf"^\d+\. {re.escape(title)}\n(.*?)(?=^\d+\. |\Z)", text, re.M | re.S)
    assert found, f"no step {title}"
    return found[1]


def equations(text: str) -> list[str]:
    """The indented lines, with single spaces."""
    lines = (line for line in text.split("\n") if line.startswith("    "))
    return [" ".join(line.split()) for line in lines]


# The classic results, as in T. Parr and J. Howard, "The Matrix Calculus You Need For Deep
# Learning" (2018)


def test_a_composition_is_a_product_along_one_path() -> None:
    text = derived("y = ln(sin(x^3)^2)")
    assert equations(step(text, "Intermediate variables")) == [
        "u1 = x**3",
        "u2 = sin(u1)",
        "u3 = u2**2",
        "y = log(u3)",
    ]
    assert equations(step(text, "Local partial derivatives")) == [
        "∂u1/∂x = 3*x**2",
        "∂u2/∂u1 = cos(u1)",
        "∂u3/∂u2 = 2*u2",
        "∂y/∂u3 = 1/u3",
    ]
    chain = step(text, "The chain rule")
    assert "One path leads from x to y: x → u1 → u2 → u3 → y." in chain
    assert equations(chain) == [
        "dy/dx = ∂y/∂u3 * ∂u3/∂u2 * ∂u2/∂u1 * ∂u1/∂x",
        "= 1/u3 * 2*u2 * cos(u1) * 3*x**2",
    ]
    assert equations(step(text, "Substitute back")) == [
        "dy/dx = 1/sin(x**3)**2 * 2*sin(x**3) * cos(x**3) * 3*x**2"
    ]
    assert equations(step(text, "Result")) == ["dy/dx = 6*x**2*cos(x**3)/sin(x**3)"]


def test_two_paths_are_a_total_derivative() -> None:
    text = derived("y = x + x^2", "x=3")
    chain = step(text, "The chain rule")
    assert "x reaches y along 2 paths. The total derivative is the sum" in chain
    assert equations(chain)[-4:] == [
        "dy/dx = ∂y/∂x + ∂y/∂u1 * ∂u1/∂x",
        "= 1 + 1 * 2*x",
        "= 1 + 6",
        "= 7",
    ]
    assert equations(step(text, "Result")) == ["dy/dx = 1 + 2*x = 7"]


def test_a_sum_inside_a_function() -> None:
    text = derived("y = sin(x + x^2)")
    assert "∂u2/∂x + ∂y/∂u2 * ∂u2/∂u1 * ∂u1/∂x" in " ".join(text.split())
    assert equations(step(text, "Substitute back")) == [
        "dy/dx = cos(x + x**2) * 1 + cos(x + x**2) * 1 * 2*x"
    ]


def test_the_sum_of_a_sum_of_vectors() -> None:
    text = derived("input x[N]\nparam w[N]\ny = sum(w + x)")
    assert equations(step(text, "Local Jacobians")) == [
        "∂u1/∂w = eye(N) N x N, identity",
        "∂y/∂u1 = ones(N).T 1 x N, a row of ones",
    ]
    assert equations(step(text, "The chain rule")) == [
        "dy/dw = ∂y/∂u1 @ ∂u1/∂w",
        "= ones(N).T @ eye(N)",
    ]
    assert equations(step(text, "Result")) == ["dw = ones(N)"]


def test_a_rectified_unit_has_cases_and_says_what_holds_at_the_kink() -> None:
    text = derived("input x[N]\nparam w[N], b\ny = max(0, w @ x + b)")
    result = step(text, "Result")
    cases = {case.split("\n")[0].strip(): equations(case) for case in result.split("Where ")[1:]}
    assert cases == {
        "w @ x + b > 0:": ["dw = x", "db = 1"],
        "w @ x + b < 0:": ["dw = zeros(N)", "db = 0"],
        "w @ x + b == 0, a kink:": ["dw = 0.5*x", "db = 0.5"],
    }


def test_the_mean_squared_error() -> None:
    text = derived("input X[N,D], y[N]\nparam w[D]\nJ = mean((y - X @ w)^2)")
    assert equations(step(text, "Local Jacobians")) == [
        "∂u1/∂w = X N x D, dense",
        "∂u2/∂u1 = -eye(N) N x N, a multiple of the identity",
        "∂u3/∂u2 = diag(2*u2) N x N, diagonal",
        "∂u4/∂u3 = ones(N).T 1 x N, a row of ones",
        "∂J/∂u4 = 1/N",
    ]
    assert equations(step(text, "Backward")) == [
        "dJ = 1",
        "du4 = dJ * 1/N",
        "du3 = du4 * ones(N) [N]",
        "du2 = du3 * 2*u2 [N]",
        "du1 = -du2 [N]",
        "dw = X.T @ du1 [D]",
    ]
    assert equations(step(text, "Result")) == ["dw = -2/N*(X.T @ (y - X @ w))"]


def test_cross_entropy_is_the_difference_of_probabilities() -> None:
    text = derived(
        "input x[D], t[K]\nparam W[K,D], b[K]\nz = W @ x + b\nJ = logsumexp(z) - dot(t, z)"
    )
    assert equations(step(text, "Result")) == [
        "dW = outer(softmax(W @ x + b) - t, x)",
        "db = softmax(W @ x + b) - t",
    ]


READABLE = {
    "input w[N], x\nJ = sum(w + x)": ["dw = ones(N)", "dx = N"],
    "input A[N, M], B[M, N]\nJ = trace(A @ B)": ["dA = B.T", "dB = A.T"],
    "input A[N, M]\nJ = sum(A.T @ A)": ["dA = 2*(A @ ones(M, M))"],
    "input A[N, M]\nJ = sum(A @ A.T)": ["dA = 2*(ones(N, N) @ A)"],
    "x = 1*z; y = " + "+".join(["x"] * 900): ["dy/dz = 900"],
}


@pytest.mark.parametrize(("source", "expected"), READABLE.items(), ids=range(len(READABLE)))
def test_ones_are_counted_and_identities_dropped(source: str, expected: list[str]) -> None:
    assert equations(step(derived(source), "Result")) == expected


def test_a_program_too_long_for_a_closed_form_says_so() -> None:
    text = derived("y = " + "*".join(["x"] * 5000))
    assert "No closed form is looked for in a program as long as this." in text


def test_cases_with_one_derivative_are_one_case() -> None:
    result = step(derived("param x, z\ny = x^z"), "Result")
    assert [line for line in result.split("\n") if line.startswith("Where")] == [
        "Where z != 0 and x != 0:",
        "Where z > 0 and x == 0:",
        "Where z < 0 and x == 0:",
        "Where z == 0 and x != 0:",
        "Where z == 0 and x == 0, a kink:",
    ]
    result = step(derived("y = x^x", "x=2"), "Result")
    assert "x == 0 and x >= 0" not in result
    assert "Where x != 0, as here:" in result
    assert "Where" not in derived("y = x if x > 0 else 1*x")


def test_with_numbers_the_case_that_holds_is_marked() -> None:
    source = "input x[N]\nparam w[N], b\ny = max(0, w @ x + b)"
    for b, case in ((1, "> 0"), (-9, "< 0"), (-2, "== 0")):
        text = derived(source, "x=[1,1]", "w=[1,1]", f"b={b}")
        assert re.findall(r"Where w @ x \+ b (.*), as here", text) == [case]
    assert "as here" not in derived(source)


# What the author named stays


def test_names_of_the_author_stay_and_new_ones_collide_with_none() -> None:
    text = derived("u1 = x*y; u = sin(u1*u2); J = exp(u)*u", wrt=["x"])
    assert equations(step(text, "Intermediate variables")) == [
        "u1 = x*y",
        "v1 = u1*u2",
        "u = sin(v1)",
        "v2 = exp(u)",
        "J = v2*u",
    ]


def test_what_does_not_move_stays_in_place() -> None:
    text = derived("J = a*x^2 + sin(b*c)", wrt=["x"])
    assert equations(step(text, "Intermediate variables")) == [
        "u1 = x**2",
        "u2 = a*u1",
        "J = u2 + sin(b*c)",
    ]


def test_an_input_without_a_path() -> None:
    text = derived("param a, b\nJ = a^2 + floor(b)")
    assert "J does not depend on b: no path leads there, and the derivative is 0." in text


# Choices


def test_one_path() -> None:
    text = derived("y = sin(x + x^2)", "x=1", path=("x", "u1", "y"))
    assert "along paths through x, u1 and y" in " ".join(text.split())
    assert equations(step(text, "The chain rule"))[0] == "this part = ∂y/∂u2 * ∂u2/∂u1 * ∂u1/∂x"
    assert "∂u2/∂x" not in text
    assert equations(step(text, "The chain rule"))[-1] == "= -0.832294"


def test_a_part_of_a_derivative_is_not_said_to_be_the_derivative() -> None:
    source = "param a, b, c\nu = a*b; v = u + c; J = v*u"
    text = derived(source, "a=1", "b=2", "c=3", path=("v",))
    chain = step(text, "The chain rule for a")
    assert "One path through v leads from a to J: a → u → v → J." in " ".join(chain.split())
    assert equations(chain)[0] == "part for a = ∂J/∂v * ∂v/∂u * ∂u/∂a"
    assert "∂J/∂u" not in text
    assert "dJ/da" not in text


def test_paths_through_one_result_of_a_loop() -> None:
    source = "input x[T]\nparam w\nloop t in T carry h = 0 {\n    h = tanh(w*h + x[t])\n"
    text = derived(source + "    e[t] = h - x[t]\n}\nJ = sum(e^2) + h", path=("h",))
    assert "∂J/∂h" in text
    assert "∂u1" not in text
    assert "2 paths" not in text


@pytest.mark.parametrize(
    ("path", "code"), [(("x", "typo"), "G0721"), (("c", "y"), "G0721"), (("u", "v"), "G0722")]
)
def test_a_path_that_is_none(path: tuple[str, ...], code: str) -> None:
    source = "param x\ninput c\nv = x*c; u = sin(v); y = u + v"
    with pytest.raises(UsageError) as error:
        derived(source, path=path)
    assert [problem.code for problem in error.value.diagnostics] == [code]


def test_several_outputs_need_a_choice() -> None:
    source = "param r, phi\nx = r*cos(phi)\ny = r*sin(phi)\noutput x, y"
    with pytest.raises(UsageError) as error:
        derived(source)
    (problem,) = error.value.diagnostics
    assert problem.code == "G0404"
    assert "--seed-output x" in (problem.help or "")
    assert "dy/dr = sin(phi)" in derived(source, seed_output="y")


def test_the_elements_of_an_array_are_summed() -> None:
    text = derived("input x[N]\nz = x^2\noutput z", "x=[1,2]", seed_output="z")
    assert equations(step(text, "Result")) == ["dx = 2*x = [2, 4]"]


# Into functions and loops

RECURRENT = """\
input x[T, D]
param W[H, H], U[H, D], h0[H]
loop t in T carry h = h0 {
    h = tanh(W @ h + U @ x[t])
    y[t] = sum(h)
}
J = sum(y)
"""


def test_a_loop_is_one_step_of_the_whole() -> None:
    text = derived(RECURRENT)
    assert "h, y = loop t in T --into h" in equations(text)
    assert "dW = back through the loop [H, H]" in equations(step(text, "Backward"))
    assert "A loop has no closed form" in text


def test_one_step_of_a_loop() -> None:
    text = derived(RECURRENT, into="h")
    assert text.startswith("One step of the loop that makes h\n")
    assert equations(step(text, "Intermediate variables")) == [
        "u1 = W @ h [H]",
        "u2 = U @ x[t] [H]",
        "u3 = u1 + u2 [H]",
        "h_next = tanh(u3) [H]",
        "y_t = sum(h_next)",
    ]
    assert equations(step(text, "Backward")) == [
        "dy_t = dy[t]",
        "dh_next = from the step after + dy_t * ones(H) [H]",
        "du3 = dh_next * 1/cosh(u3)**2 [H]",
        "du2 = du3 [H]",
        "du1 = du3 [H]",
        "dh = W.T @ du1 [H]",
        "dW = outer(du1, h) [H, H]",
        "dU = outer(du2, x[t]) [H, D]",
    ]
    last = " ".join(step(text, "From step to step").split())
    assert "dh of one step is dh_next of the step before it" in last
    assert "All steps read W and U: what the steps contribute" in last
    assert derived(RECURRENT, into="y").count("dh_next") == text.count("dh_next")


FUNCTIONS = """\
param a, b
def half(t) = t/2
def mean2(s, t) = half(s + t)
def soft(t) = log1p(exp(t)) with dt = sigmoid(t)
J = mean2(a*b, b)^2 + soft(a)
"""


def test_data_that_show_nothing_are_said_to() -> None:
    data = ("x=[[1],[2]]", "W=[[1]]", "U=[[1]]", "h0=[0]")
    assert "here there are none" in " ".join(derived(RECURRENT, *data, into="h").split())


def test_one_call_of_a_function_has_the_numbers_of_that_call() -> None:
    text = derived(FUNCTIONS, "a=2,b=3", into="mean2")
    assert equations(step(text, "Intermediate variables")) == [
        "s = 6",
        "t = 3",
        "u1 = s + t = 9",
        "mean2 = half(u1) = 4.5 --into half",
    ]
    assert equations(step(text, "Result")) == ["dmean2/ds = 0.5", "dmean2/dt = 0.5"]
    assert "t/2" in derived(FUNCTIONS, "a=2,b=3", into="half")


def test_an_authors_own_derivative_is_shown() -> None:
    text = derived(FUNCTIONS, "a=2,b=3", into="soft")
    assert "The author states this derivative" in text
    assert "∂soft/∂t = sigmoid(t)" in equations(text)
    assert "= 0.880797" in derived(FUNCTIONS, "a=2,b=3")


def test_what_cannot_be_gone_into() -> None:
    with pytest.raises(UsageError) as error:
        derived(FUNCTIONS, into="J")
    (problem,) = error.value.diagnostics
    assert problem.code == "G0723"
    assert problem.help == "choose among: mean2, soft, half"
    with pytest.raises(UsageError) as error:
        derived(FUNCTIONS, into="half", wrt=["a"])
    assert error.value.diagnostics[0].code == "G0704"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_function_and_loop_can_be_gone_into(path: Path) -> None:
    program = gradc.load(path).program
    pending, names = [check(program.source).graph], set()
    for graph in pending:
        for equation in graph.equations:
            pending += [inner for inner in equation.graphs() if inner not in pending]
            if equation.op == "call":
                names.add(equation.param("graph").name)
            elif equation.op == "loop":
                names.add(equation.out.name.partition("%")[0])
    for name in names:
        text = explain(program, Request(into=name), lambda: "").text
        assert "Intermediate variables" in text or "No derivative goes through" in text
        assert "%" not in text or "%" in program.source.text


def test_what_holds_at_kinks_is_said() -> None:
    text = derived("input x[N]\nparam w\nJ = sum(relu(w*x)) + sum(maximum(x, w*x))")
    assert "relu has a kink, at 0; there its derivative is 0, by convention." in text
    assert "maximum has a kink, at (2, 2), for instance; there its derivatives are 0.5" in text


# Limits


def test_exponentially_many_paths_are_counted_and_not_listed() -> None:
    lines = ["v0 = sin(x); v1 = cos(x)"]
    lines += [f"v{i} = sin(v{i - 1})*v{i - 2}" for i in range(2, 1001)]
    begin = time.perf_counter()
    text = derived("\n".join(lines), "x=0.5")
    assert time.perf_counter() - begin < 20
    assert "more than a billion paths lead from x to v1000" in " ".join(text.split())
    assert "The chain rule" not in text
    assert len(text) < 30_000


def test_a_program_of_5000_equations_is_short_and_says_what_it_left_out() -> None:
    lines = ["v0 = x"] + [f"v{i} = cos(v{i - 1}) + x/{i}" for i in range(1, 5001)]
    begin = time.perf_counter()
    text = derived("\n".join(lines), "x=0.5")
    assert time.perf_counter() - begin < 60
    assert len(text) < 40_000
    assert "further terms" in text
    assert "further quantities are left out; --most" in " ".join(text.split())


def test_a_sum_over_two_thousand_inputs_is_short() -> None:
    names = [f"p{i}" for i in range(2000)]
    text = derived(f"param {', '.join(names)}\nJ = {' + '.join(f'{n}^2' for n in names)}")
    assert "p6, p7 and 1,992 more" in " ".join(text.split())
    assert "The chain rule" not in text
    assert len(text) < 6_000


def test_an_array_of_three_thousand_elements_is_short() -> None:
    items = ", ".join(f"sin({i}*a)" for i in range(3000))
    for format in ("text", "markdown", "latex", "html"):
        assert len(derived(f"y = [{items}]\nJ = sum(y)", format=format)) < 10_000


def test_a_second_derivative_in_the_program() -> None:
    """Its parts are loops without names, which get some."""
    source = "param x[N]\nJ0 = sum(x^3); H = hessian(J0, x); J = sum(H)"
    assert equations(step(derived(source, "x=[1,2]"), "Result")) == ["dx = [6, 6]"]
    text = derived("param x\nJ0 = x^3*sin(x); g = grad(J0, x); J = g^2", "x=1")
    assert "= -2*g*x*(x**2*sin(x) - 6*x*cos(x) - 6*sin(x)) by SymPy" in equations(text)


@pytest.mark.parametrize(
    ("source", "specs"),
    [
        ("param x[N]\nJ = sum(x^2) + mean(x)", ("x=[]",)),
        ("y = log(x)*sqrt(x)", ("x=-1",)),
        ("y = 1/x", ("x=0",)),
        ("param x[N]\nJ = max(x)", ("x=[nan,1]",)),
    ],
)
def test_numbers_that_are_none_are_said(source: str, specs: tuple[str, ...]) -> None:
    result = explain(gradc.compile(source).program, Request(specs), lambda: "")
    assert result.exit_code == NUMERIC_FAILURE
    assert result.notes[0].code == "G0601"


def test_the_branch_not_taken_does_not_reach_the_derivative() -> None:
    text = derived("y = x*log(x) if x > 0 else 0", "x=0")
    result = step(text, "Result")
    assert "= 0" in result.split("Where")[0]
    assert "dy/dx = log(x) + 1" in equations(result)


def test_a_derivative_that_is_a_size() -> None:
    text = derived("input x[N]\nparam a\nJ = N*a", "x=[1,2,3]", "a=2")
    assert equations(step(text, "Result")) == ["dJ/da = N = 3"]
    text = derived(
        "input x[N]\nparam a\ndef f(s, n) = s*n\nJ = f(a, N)", "x=[1,2]", "a=5", into="f"
    )
    assert "n = 2" in equations(text)


@pytest.mark.parametrize("source", ["y = x", "y = 3", "param x\ny = 2*x\noutput x", "y = x - x"])
def test_small_programs(source: str) -> None:
    assert derived(source).startswith("The derivative of ")


def test_where_there_is_nothing_to_derive() -> None:
    assert equations(derived("const c = 3\ny = c^2")) == ["c = 3", "y = c^2"]
    assert "y is a constant" in derived("const c = 3\ny = c^2")
    assert "No input of y is a real number" in derived("input n[N] in 3\ny = sum[i](n[i])")
    assert "No input is chosen" in derived("y = x^2", wrt=[])
    assert "\n\n\n" not in derived("input x\noutput x")


# Closed forms by SymPy

SIMPLIFIED = {
    "y = sin(x + x^2)": "(2*x + 1)*cos(x**2 + x)",
    "y = x/(1 + x^2)": "(1 - x**2)/(x**2 + 1)**2",
    "y = sqrt(x^2)": "x/abs(x)",
    "y = sin(x)^2 + cos(x)^2": None,  # 0 already
    "y = exp(-x^2/2)": "-x*exp(-x**2/2)",
    "y = tanh(x) + log(x)*x - x": "log(x) + 1/cosh(x)**2",
    "y = ln(sin(x^3)^2)": None,
    "y = sigmoid(x)": None,  # what SymPy has for it is longer
}


@pytest.mark.parametrize(("source", "expected"), SIMPLIFIED.items(), ids=SIMPLIFIED)
def test_sympy_shortens_the_result(source: str, expected: str | None) -> None:
    for specs in ((), ("x=0.7",)):
        lines = equations(step(derived(source, *specs), "Result"))
        found = [line for line in lines if line.endswith(" by SymPy")]
        assert found == ([] if expected is None else [f"= {expected} by SymPy"])


def test_an_exponent_that_is_no_number_keeps_its_brackets() -> None:
    lines = equations(step(derived("y = x^(z/2)*x"), "Result"))
    assert "= x**(z/2)*(z + 2)/2 by SymPy" in lines


@pytest.mark.parametrize("name", [row.name for row in PRIMITIVES.values() if row.elementwise])
def test_a_row_is_the_same_function_for_sympy(name: str) -> None:
    """What SymPy computes of an expression is what emitted code does."""
    row = PRIMITIVES[name]
    if row.domain is None or row.spell["sympy"] == Helper("cbrt"):
        return
    params = (("n", 3),) if name in ("ipow", "polygamma") else ()
    inputs = tuple(Var(letter) for letter in "xyz"[: len(row.domain.samples)])
    builder = Builder("xyz")
    builder.stem = "out"
    builder.emit(name, inputs, params)
    algebra = algebra_of(builder.equations, TEXT)
    assert algebra is not None
    at = {
        var.name: 0.75 * low + 0.25 * high
        for var, (low, high) in zip(inputs, row.domain.samples, strict=True)
    }
    expression = algebra.expression(builder.equations[-1].out)
    graph = Graph("one", inputs, tuple(builder.equations), (builder.equations[-1].out,))
    program = replace(gradc.compile("x = 1").program, graph=graph, inputs=())
    forward = load_functions(emit(program, (), "reverse").text, "one")["forward"]
    value, _ = forward(*at.values())
    assert algebra.value(expression, at) == pytest.approx(float(value), rel=1e-12)


def test_without_sympy_the_steps_still_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sympy", None)
    text = derived("y = sin(x + x^2)")
    assert "SymPy may find a shorter form: pip install 'gradc[explain]'" in text
    assert equations(step(text, "Result")) == ["dy/dx = cos(x + x**2) + 2*x*cos(x + x**2)"]


# Every example


def _gradients(path: Path, seed: str | None) -> tuple[dict[str, object], list[str]]:
    loaded = gradc.load(path)
    inputs = json.loads(path.with_suffix(".json").read_text())
    if seed is None:
        evaluation = loaded.run(**inputs)
    else:
        from gradc.runtime.bind import bind
        from gradc.session import Request as RunRequest
        from gradc.session import evaluate_for

        program = loaded.program
        bound = bind(program.inputs, inputs, program.requirements, program.source)
        _, evaluation, _ = evaluate_for(program, bound, RunRequest(seed_output=seed))
    return dict(evaluation.adjoints), [var.name for var in loaded.wrt]


# A run of `particle` takes many seconds by itself.
QUICK = [path for path in EXAMPLES if path.stem != "particle"]


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_the_result_has_the_numbers_of_run(path: Path) -> None:
    program = gradc.load(path).program
    seed = None if program.is_scalar_valued else program.graph.outputs[0].name
    request = Request((str(path.with_suffix(".json")),), None, seed)
    result = explain(program, request, lambda: "")
    assert result.exit_code == 0
    adjoints, names = _gradients(path, seed)
    lost = "does not depend on" in result.text
    text = " ".join(step(result.text, "Result").split())
    for name in names:
        number = " ".join(array_cell(adjoints[name]).split())
        assert lost or f"= {number}" in text, name


SCALARS = [
    path
    for path in QUICK
    if not any(var.type.shape for var in gradc.load(path).graph.named())
    and gradc.load(path).program.is_scalar_valued
]


@pytest.mark.parametrize("path", SCALARS, ids=lambda path: path.stem)
def test_products_along_paths_add_up_to_the_derivative(path: Path) -> None:
    program = gradc.load(path).program
    result = explain(program, Request((str(path.with_suffix(".json")),)), lambda: "")
    adjoints, names = _gradients(path, None)
    for name in names:
        title = "The chain rule" if len(names) == 1 else f"The chain rule for {name}"
        if f". {title}\n" in result.text:
            total = equations(step(result.text, title))[-1].removeprefix("= ")
            assert float(total) == pytest.approx(float(str(adjoints[name])), rel=1e-5)


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_closed_forms_have_the_numbers_of_the_derivative(path: Path) -> None:
    program = gradc.load(path).program
    seed = None if program.is_scalar_valued else program.graph.outputs[0].name
    request = Request((str(path.with_suffix(".json")),), None, seed)
    assert UNCONFIRMED not in explain(program, request, lambda: "").text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_lines_fit_where_they_can_be_broken(path: Path) -> None:
    program = gradc.load(path).program
    seed = None if program.is_scalar_valued else program.graph.outputs[0].name
    text = explain(program, Request((), None, seed), lambda: "").text
    for line in text.split("\n"):
        own = any(line.strip() in " ".join(x.split()) for x in program.source.text.split("\n"))
        assert len(line) <= 80 or own or " " not in line.strip() or line.startswith("    "), line
