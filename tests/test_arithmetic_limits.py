"""Numbers at the limits of doubles and of integers, in programs: no exception, no wrong value."""

from __future__ import annotations

from math import inf, isnan

import numpy as np
import pytest

import gradc
from gradc.ir.graph import Lit, Var
from gradc.ops.builder import Builder

INFINITE = "1e308*10"


def test_an_infinite_exponent_is_not_an_integer() -> None:
    assert gradc.compile(f"J = x**({INFINITE})").forward(x=0.5) == 0.0
    assert gradc.compile(f"J = x**({INFINITE} - {INFINITE})").forward(x=1.0) == 1.0


def test_a_large_whole_exponent() -> None:
    value, gradients = gradc.compile("J = x**2147483648").value_and_grad(x=1.0000000001)
    assert value == pytest.approx(1.2395, rel=1e-4)
    assert gradients["x"] == pytest.approx(2147483648 * value, rel=1e-8)


def test_integers_beside_numbers_that_no_integer_holds() -> None:
    program = gradc.compile(f"input k[N] in 5, x\nJ = x*sum(k + 1e300) if {INFINITE} > x else 0")
    assert program.forward(k=[1, 2], x=0.5) == pytest.approx(1e300)
    assert gradc.compile(f"input k in 5, x\nJ = x if k < {INFINITE} else 0").forward(k=2, x=3) == 3


@pytest.mark.parametrize("data", [("k", 2), ("k[N]", [2])])
def test_integers_divided_by_zero_follow_ieee(data: tuple[str, object]) -> None:
    declared, value = data
    take = "sum(k {} 0)" if "[" in declared else "(k {} 0)"
    quotient = gradc.compile(f"input {declared} in 5, x\nJ = x * {take.format('//')}")
    assert quotient.forward(k=value, x=1) == inf
    remainder = gradc.compile(f"input {declared} in 5, x\nJ = x * {take.format('%')}")
    assert isnan(remainder.forward(k=value, x=1))


def test_integers_divided_by_whole_numbers_stay_integers() -> None:
    program = gradc.compile("input k[N] in 9, x\nq = k // 2; r = k % 2; J = x*sum(q*10 + r)")
    evaluation = program.run(k=[7, 8], x=1)
    assert evaluation.values["q"].dtype.kind == "i"  # type: ignore[union-attr]
    assert evaluation.values["J"] == 71


@pytest.mark.parametrize(
    "text",
    [
        *("1/0", "5 % 0", "5 // 0", "N/0", "(N-1)**-1", "0**-1", "(N-1) // 0", "(-8)**(1/3)"),
        *("log(N-1)", "sqrt(N-2)", "exp(N*1000)", "(1 if N > 1 else 2) / 0", "0 % (N-1)"),
    ],
)
def test_plain_numbers_in_a_module_of_arrays_follow_ieee(text: str) -> None:
    program = gradc.compile(f"input x[N]\nJ = sum(x) + {text}")
    value, gradients = program.value_and_grad(x=[1.0])
    assert not np.isfinite(value)
    assert gradients["x"] == [1.0]


@pytest.mark.parametrize("make", ["zeros(N-3)", "ones(N-3)", "reshape(x[1:], N-4, 1)", "x[N-3:]"])
def test_a_size_below_zero_is_found_when_data_are_bound(make: str) -> None:
    source = f"input x[N]\nJ = sum(x) + sum({make})"
    if make.startswith("reshape"):
        source = "input x[N]\nJ = sum(x) + sum(reshape(zeros(N-4), N-4, 1))"
    with pytest.raises(gradc.InputError) as caught:
        gradc.compile(source).forward(x=[1.0])
    assert {d.code for d in caught.value.diagnostics} == {"G0528"}


def test_a_constant_that_is_infinite_is_no_size() -> None:
    with pytest.raises(gradc.SourceError) as caught:
        gradc.compile(f"const c = {INFINITE}\ninput x[N]\nJ = sum(x[0:c])")
    assert [d.code for d in caught.value.diagnostics] == ["G0306"]


def test_zeros_of_either_sign_are_not_shared() -> None:
    b = Builder(share=True)
    x = Var("x")
    positive = b.emit("mul", (x, Lit(0.0)))
    assert b.emit("mul", (x, Lit(0.0))) is positive
    assert b.emit("mul", (x, Lit(-0.0))) is not positive


def test_powers_of_literals_ask_nothing_at_run_time() -> None:
    for text in ("J = 2**x", "J = x**0.5"):
        assert "if" not in gradc.compile(text).python.split("def tangent")[1]
    assert gradc.compile("J = 0**x").value_and_grad(x=2) == (0.0, {"x": 0.0})


def test_conditions_on_numbers_are_decided_at_compile_time() -> None:
    text = "const k = 2\ndim N = 3\ninput x[N]\nb = not N > 2 or 1 != 1; c = b\n"
    program = gradc.compile(f"{text}y = 0 if b and c else x if N == 3 else x*x\nJ = sum(y) * k")
    assert "eq" not in {eq.op for eq in program.graph.equations}
    value, gradients = program.value_and_grad(x=[1.0, 2.0, 3.0])
    assert value == 12
    np.testing.assert_array_equal(gradients["x"], [2, 2, 2])


def test_a_constant_has_no_seed() -> None:
    assert "dJ" not in gradc.compile("input x\nJ = 2").python.split("def value_and_grad")[1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum([N, N]**-1)", 1.0),
        ("max(N, N, N) + 0*x[0]", 2.0),
        ("sum((zeros(N) + N)**-1)", 1.0),
        ("sum((x*0 + 1)*where(x > 5, x, N)**-1)", 1.0),
        ("sum([[N, N], [N, N]]**-1)", 2.0),
        ("[N, 1][0] // 4", 0.0),
    ],
)
def test_an_array_of_sizes_holds_floats(text: str, value: float) -> None:
    assert gradc.compile(f"input x[N]\nJ = {text}").forward(x=[1.0, 2.0]) == value
    named = gradc.compile(f"input x[N]\nn = N\nJ = {text.replace('N', 'n').replace('(n)', '(N)')}")
    assert named.forward(x=[1.0, 2.0]) == value


def test_a_selected_number_that_was_saved_follows_ieee() -> None:
    text = "input x[N], s\nl = log(s) if s > 0 else 0\nJ = sum(x) + (1 if l <= 0 else l**-1)"
    assert gradc.compile(text).value_and_grad(x=[1.0], s=-1.0)[1]["s"] == 0.0
    quotient = gradc.compile("input x[N], s\nl = s if s > 0 else 0\nJ = sum(x) + s/l")
    assert quotient.value_and_grad(x=[1.0], s=-1.0)[0] == -inf


def test_an_input_may_be_the_output() -> None:
    assert gradc.compile("input x\noutput x").value_and_grad(x=2) == (2.0, {"x": 1.0})
    among_others = gradc.compile("input x, y\nz = x*y\noutput x", wrt=["x"])
    assert among_others.value_and_grad(x=2.0, y=3.0) == (2.0, {"x": 1.0})


@pytest.mark.parametrize("text", ["log(N*N*N*N)", "sqrt(max(N, 9)*N*(N*N))", "floor(N^2*N*N*N/N)"])
def test_a_product_of_sizes_is_a_double(text: str) -> None:
    value = gradc.compile(f"input x[N]\nJ = x[0] + {text}").forward(x=np.zeros(70000))
    expected = {"log": np.log(7e4**4), "sqr": 7e4**2, "flo": 7e4**4}[text[:3]]
    assert value == pytest.approx(expected)


def test_no_size_is_larger_than_a_double() -> None:
    factors = "*".join(["N"] * 400)
    assert gradc.compile(f"input x[N]\nJ = sum(x)*({factors})").forward(x=np.ones(10)) == inf
    doubled = "a0 = N + N\n" + "".join(f"a{i} = a{i - 1} + a{i - 1}\n" for i in range(1, 1100))
    assert gradc.compile(f"input x[N]\n{doubled}J = log(a99) + x[0]*a1099").forward(x=[1.0]) == inf


def test_a_choice_between_sizes_holds_floats() -> None:
    program = gradc.compile("input x[N], y[M]\nk = N if x > 0 else M\nJ = sum(k**-1) + y[0]")
    assert program.forward(x=[1.0, -1.0], y=np.zeros(4)) == 0.75


@pytest.mark.parametrize("shape", ["", "[N]"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k*k*k", 1e45),
        ("-k*(k if x > 0 else 2*k)*k", -1e45),
        ("k - k*1000*1000*1000*1000", -1e27),
        ("*".join(["k"] * 22), inf),
        ("1 if " + "*".join(["k"] * 22) + " > 0 else 0", 1),
    ],
)
def test_no_product_of_integers_wraps(shape: str, text: str, expected: float) -> None:
    declared = f"dim K = 9007199254740991\ninput k{shape} in K, x{shape}\n"
    value = [10**15] if shape else 10**15
    program = gradc.compile(f"{declared}y = x*({text})\n" + ("J = sum(y)" if shape else ""))
    assert program.forward(k=value, x=[1.0] if shape else 1.0) == pytest.approx(expected)


def test_no_sum_of_integers_wraps() -> None:
    doubled = "".join(f"a{i} = a{i - 1} + a{i - 1}\n" for i in range(1, 1200))
    source = f"dim K = 1000\ninput k in K, x[N]\na0 = -k\n{doubled}J = x[0]*a70 + 0*(a1199 < 0)"
    source = source.replace("0*(a1199 < 0)", "(0 if a1199 < 0 else 1)")
    assert gradc.compile(source).forward(k=3, x=[1.0]) == -3.0 * 2**70


def test_small_integers_stay_integers() -> None:
    program = gradc.compile("input k[N] in 100, x\ni = k*k - 2*k[0]\nJ = x*sum(i)")
    assert program.run(k=[7, 8], x=1).values["i"].dtype.kind == "i"  # type: ignore[union-attr]


def test_a_count_of_elements_never_grows_without_bound() -> None:
    axes = ", ".join(f"N{i}+N{i + 1}" for i in range(32))
    sizes = ", ".join(f"y{i}[N{i}]" for i in range(33))
    declared = f"input {sizes}, x[{axes}]\n"
    assert gradc.compile(f"{declared}J = sum(x)").graph.outputs
    for text in ("mean(x)", "var(x)", "prod(x)", "sum(reshape(x, 1))", f"sum(zeros({axes}))"):
        with pytest.raises(gradc.SourceError) as caught:
            gradc.compile(f"{declared}J = {text}")
        assert [d.code for d in caught.value.diagnostics] == ["G0306"]


@pytest.mark.parametrize("axes", [1, 9, 10, 13, 32])
def test_an_array_of_any_rank_is_an_array(axes: int) -> None:
    program = gradc.compile(f"input x[{', '.join(['N'] * axes)}]\nJ = sum(x) + mean(concat(x, x))")
    assert program.forward(x=np.ones((1,) * axes)) == 2.0


def test_the_place_in_a_packed_triangle_is_an_integer_for_every_size() -> None:
    text = """
    input l[D*(D - 1)//2], x[D]
    by_row[i in D, j in D] = l[i*(i - 1)//2 + j] if j < i else 0
    by_column[i in D, j in D] = l[j*(2*D - j - 1)//2 + i - j - 1] if j < i else 0
    J = sum(x)
    """
    values = gradc.compile(text).run(l=[1, 2, 3], x=[0, 0, 0]).values
    np.testing.assert_array_equal(values["by_row"], [[0, 0, 0], [1, 0, 0], [2, 3, 0]])
    np.testing.assert_array_equal(values["by_column"], [[0, 0, 0], [1, 0, 0], [2, 3, 0]])
