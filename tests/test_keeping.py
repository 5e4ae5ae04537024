"""Loops keep of some functions what value and derivative follow of; nothing else changes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import test_loops
from c_compiling import needs_cc
from hypothesis import given
from numpy.testing import assert_allclose
from programs import Case, programs
from test_generated_programs import sampled
from test_nests import agree, seeds_for

import gradc
from gradc.ad.reverse import vjp
from gradc.passes.keeping import with_kept
from gradc.pipeline import prepared
from gradc.runtime.bind import bind
from gradc.targets.c.emit import emit

STEPS = """param a[N]
loop k in 2 carry p = a, s = zeros(N) {{
    p = {function}(p*(1 + k))
    s = s + p
}}
J = s @ a
"""
NEAR = 0.55
POINTS = [0.0, -0.0, 1e-300, 1e-9, 0.2, NEAR, NEAR / 2, 0.7, 3.0, 20.0, 40.0, 354.0, 400.0, 1e4]
POINTS += [math.nextafter(NEAR, 0), math.nextafter(NEAR, 1), 1e308]
EVERY = np.array([*POINTS, *(-x for x in POINTS)])
OTHERS = np.array([math.inf, -math.inf, math.nan, 1.0])


def reverse_of(text: str) -> Any:
    program = prepared(gradc.compile(text).program)
    return program, vjp(with_kept(program.graph), program.wrt()).graph


def values_agree(text: str, data: dict[str, Any], tight: bool = True) -> None:
    program, graph = reverse_of(text)
    bound = bind(program.inputs, data, program.requirements, program.source)
    values = list(bound.arrays.values())
    agree(graph, [*values, *seeds_for(graph, len(values), bound.sizes)], bound.sizes, tight=tight)


@pytest.mark.parametrize("name", test_loops.ALL)
def test_all_loops(name: str) -> None:
    text, data, _ = test_loops.ALL[name]
    values_agree(text + "\n", data)


@sampled(60)
@given(programs())
def test_generated_programs(case: Case) -> None:
    values_agree(case.text, case.data, case.safe)


@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
def test_an_element_is_written_by_what_is_kept_in_loops_only(function: str) -> None:
    kept = {"sigmoid": "sigmoid_tail", "tanh": "tanh_part"}[function]
    graph = gradc.compile(STEPS.format(function=function)).graph
    assert f" {kept} " in str(with_kept(graph))
    alone = gradc.compile(f"param a[N]\nJ = sum({function}(a))").graph
    assert with_kept(alone) is alone
    called = f"def f(x) = {function}(x)*x\n" + STEPS.format(function="f")
    assert f" {kept} " in str(with_kept(gradc.compile(called).graph))


@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
def test_the_reverse_sweep_computes_no_second_exponential(function: str) -> None:
    compiled = gradc.compile(STEPS.format(function=function))
    text = emit(compiled.program, compiled.wrt, kinds=("value_and_grad",)).text
    body = text[text.index("_value_and_grad(") :]
    kept = {"sigmoid": "g_sigmoid_tail", "tanh": "g_tanh_part"}[function]
    assert body.count(f"{kept}(") == 1
    for other in ("g_sigmoid(", "g_tanh(", "g_cosh(", "g_exp("):
        assert other not in body


@needs_cc
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
def test_c_has_the_numbers_of_numpy(function: str, dtype: str) -> None:
    text = STEPS.format(function=function)
    c, plain = (gradc.compile(text, engine=name, dtype=dtype) for name in ("c", "numpy"))
    points = EVERY if dtype == "float64" else EVERY[np.abs(EVERY) < 1e30]
    tolerance = 1e-13 if dtype == "float64" else 1e-5
    for x in points:
        at = np.array([x])
        (one, gradient), (other, expected) = c.value_and_grad(a=at), plain.value_and_grad(a=at)
        assert_allclose(one, other, rtol=tolerance)
        assert_allclose(gradient["a"], expected["a"], rtol=tolerance, atol=1e-300)
    (one, gradient), (other, expected) = c.value_and_grad(a=OTHERS), plain.value_and_grad(a=OTHERS)
    assert_allclose(one, other, rtol=tolerance)
    assert_allclose(gradient["a"], expected["a"], rtol=tolerance)


@needs_cc
def test_zeros_keep_their_signs() -> None:
    text = "param a[N]\nloop k in 1 carry p = a { p = tanh(p) }\nq = 1/p\nJ = sum(q)"
    c = gradc.compile(text, engine="c")
    assert c.value_and_grad(a=np.array([-0.0]))[0] == -math.inf
    assert c.value_and_grad(a=np.array([0.0]))[0] == math.inf


@needs_cc
@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
def test_the_last_digits_of_a_derivative_far_from_0_are_there(function: str) -> None:
    text = f"param a[N]\nloop k in 1 carry p = a {{ p = {function}(p) }}\nJ = sum(p)"
    x = np.array([-30.0, 15.0, 30.0])
    size = np.exp(-np.abs(x)) if function == "sigmoid" else np.exp(-2 * np.abs(x))
    exact = size / (1 + size) ** 2 * (1 if function == "sigmoid" else 4)
    found = gradc.compile(text, engine="c").value_and_grad(a=x)[1]["a"]
    assert_allclose(found, exact, rtol=1e-15)
