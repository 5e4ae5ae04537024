"""What ARCHITECTURE.md says of equations with indices and of equations that hold graphs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gradc.ad.reverse import vjp
from gradc.compiler import compile_program
from gradc.diagnostics import Source
from gradc.ir.graph import Equation, Graph
from gradc.ops.table import PRIMITIVES

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.g"))

PROGRAMS = {
    "elements": """
input X[N, D], place[P] in N
param w[D]
z[i] = sum[j](X[i,j]*w[j])
g[p] = z[place[p]]
J = sum[p](max[j](X[place[p],j])*g[p]) + logsumexp[i in 1:N](z[i] - z[i-1])
""",
    "functions and loops": """
input x[T]
param a
def f(u, t) {
    loop k in 3 carry v = u { v = tanh(a*v + t) }
    return v
}
loop t in T carry h = 0 while h < 10 checkpoint 4 {
    h = f(h, x[t])
    y[t] = h
}
J = sum(y)
""",
    "derivatives": """
param w[N]
def f(u) { s = sum[i](u[i]^4); return grad(s, u) }
loop k in 4 carry v = w {
    J = dot(f(v), v)
    v = v - solve(hessian(J, v), grad(J, v))
}
A = jacobian(v, w)
""",
}


def graph_of(text: str) -> Graph:
    """The graph of a program as later stages see it."""
    return compile_program(Source("<test>", text)).graph


def equations_of(graph: Graph) -> Iterator[Equation]:
    """The equations of a graph and of the graphs that it holds."""
    pending, seen = [graph], {graph}
    while pending:
        for equation in pending.pop().equations:
            yield equation
            inner = [g for g in equation.graphs() if g not in seen]
            seen.update(inner)
            pending += inner


def all_programs() -> Iterator[tuple[str, str]]:
    yield from PROGRAMS.items()
    for path in EXAMPLES:
        yield path.stem, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [pytest.param(t, id=name) for name, t in all_programs()])
def test_what_later_stages_see_are_primitives(text: str) -> None:
    """No reduction over an index and no request for a derivative is left anywhere."""
    assert {equation.op for equation in equations_of(graph_of(text))} <= PRIMITIVES.keys()


@pytest.mark.parametrize(
    ("body", "most"),
    [
        ("y[i] = sum[k,l](A[i,k]*B[k,l]*w[l])", 1),
        ("y[i] = sum[k](A[i,k]*A[i,k])", 1),
        ("y[i,l] = sum[k](A[i,k]*B[k,l])", 2),
        ("y[i,l] = sum[k](A[i,k]*B[k,l] - B[k,l]*A[i,k])", 2),
        ("y[i,k] = sum[l](A[i,k]*B[k,l])", 2),
        ("y[i] = sum[k,l](A[i,k]*v[k]*B[k,l]*w[l])", 1),
    ],
)
def test_products_are_contracted_and_not_multiplied_out(body: str, most: int) -> None:
    """No array that is computed has more axes than the result, or than a factor of one index."""
    text = f"input A[N, K], B[K, L], v[K], w[L]\n{body}\nJ = sum(y)"
    ranks = [len(equation.out.type.shape) for equation in equations_of(graph_of(text))]
    assert max(ranks) <= most


def test_a_function_is_one_graph_for_each_kind_of_arguments() -> None:
    graph = graph_of(
        "input x[N], y[N], A[N, M]\n"
        "def f(u, n) = u^n\n"
        "z = f(x, 2) + f(y, 2) + f(x, 3)\n"
        "s[i] = f(x[i], 2)\n"
        "J = sum(z) + sum(s) + sum(f(A, 2))"
    )
    calls = [equation for equation in graph.equations if equation.op == "call"]
    first, second, cubed, *others = [call.param("graph") for call in calls]
    assert first is second
    assert len({first, cubed, *others}) == 4


def test_a_carried_name_is_one_variable_inside_and_another_outside() -> None:
    """What a body reads from outside is the same variable there, and an operand of the loop."""
    graph = graph_of("param a, b\nloop k in 3 carry h = a { h = b*h }\nJ = h")
    (loop,) = (equation for equation in graph.equations if equation.op == "loop")
    _, carried, captured = loop.param("body").inputs
    a, b = graph.inputs
    assert (loop.args, captured) == ((a, b), b)
    assert carried is not a
    assert carried is not loop.out


def test_a_jacobian_is_a_loop_over_rows_or_columns() -> None:
    text = "param w[{n}]\nr[i] = sum[j](w[i]*w[j])\nA = jacobian(r, w)"
    few, many = (list(equations_of(graph_of(text.format(n=n)))) for n in (2, 2000))
    assert len(few) == len(many)
    assert [equation.op for equation in few].count("loop") == 1


@pytest.mark.parametrize(
    ("function", "again"),
    [("x*y*(2 - y)", True), ("x*exp(y)", False), ("0 if y < x else y*y", True), ("g(y)*x", False)],
)
def test_what_a_short_function_computes_is_not_saved(function: str, again: bool) -> None:
    """Of a step of the method of Heun only what comes before it is saved, where the slopes take
    basic arithmetic and no call of another function."""
    text = (
        "param x[N]\ndef g(y) = y*y + 1\n"
        f"def f(x, y) = {function}\n"
        "loop t in 9 carry y = x*x {\n"
        "    k = f(x, y)\n    l = f(x, y + 0.1*k)\n    y = y + 0.05*(k + l)\n}\nJ = sum(y)\n"
    )
    graph = graph_of(text)
    forward, *_ = (each for each in vjp(graph, graph.inputs).graph.equations if each.op == "loop")
    collected = len(forward.outs) - 1
    assert (collected == 1) == again
