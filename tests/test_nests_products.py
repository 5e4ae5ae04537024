"""Products of matrices within blocks: where they are calls of the library, and their values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from c_agreement import Twin, agree, called_with, twin
from c_compiling import needs_cc
from nests_interpreter import run
from test_nests_fusion import gradient, loops_over

import gradc
from gradc.ir.graph import DType
from gradc.nests.model import Element, Invoke, Shared
from gradc.nests.walk import every
from gradc.runtime.bind import bind

# What one lane computes for many components, and a sum over lanes for each of these.
MIXTURE = """input x[N, D]
param Q[K, E, D], c[K, E]
y[n, k, i] = sum[j](Q[k, i, j] * x[n, j]) - c[k, i]
J = sum[n](logsumexp[k](-sum[i](y[n, k, i]^2)))
"""
# Two products in a row, and their two adjoints.
LAYERS = """input X[N, D], t[N]
param A[D, H], B[H, H], w[H]
h = tanh(X @ A)
r = tanh(h @ B) @ w - t
J = mean(r^2)
"""
# A result whose rows lie side by side, one that has the lanes first, and a batch that comes last.
TURNED = """input x[N, D]
param A[D, H], B[D, H]
u = exp(sin(x))
y[n, h] = sum[d](u[n, d]*A[d, h])
J = sum(y^2) + sum[d, h](B[d, h]*sum[n](u[n, d]*cos(y[n, h])))
z[h, d] = sum[n](u[n, d]*y[n, h])
L = J + sum(z^3)
"""
# Few columns of many: what the lanes have is read where it lies.
CLASSES = """input X[N, D], label[N] in K
param W[D, K], b[K]
z[n, k] = sum[d](X[n, d]*W[d, k]) + b[k]
J = mean[n](logsumexp[k](z[n, k]) - z[n, label[n]])
"""
PROGRAMS = {"classes": CLASSES, "mixture": MIXTURE, "layers": LAYERS, "turned": TURNED}
LARGE = {
    "classes": {"D": 52, "K": 5},
    "mixture": {"K": 18, "E": 17, "D": 16},
    "layers": {"D": 17, "H": 25},
    "turned": {"D": 19, "H": 16},
}


def products(text: str, sizes: Mapping[str, int]) -> list[Invoke]:
    function = gradient(text, dict(sizes))
    return [stmt for stmt in every(function.body) if isinstance(stmt, Invoke)]


def test_products_of_a_block_are_calls() -> None:
    found = products(MIXTURE, LARGE["mixture"])
    assert [stmt.function for stmt in found] == ["matmul"] * 2
    assert len(loops_over(gradient(MIXTURE, LARGE["mixture"]), "N")) == 1
    assert len(products(LAYERS, LARGE["layers"])) == 5
    assert products(TURNED, LARGE["turned"])


def test_small_products_are_loops() -> None:
    assert not products(MIXTURE, {"K": 15, "E": 15, "D": 15})
    assert not products(CLASSES, {"D": 500, "K": 3})
    assert not products(MIXTURE, {"K": 18, "E": 16, "D": 16, "N": 8})
    assert not products(LAYERS, {"D": 8, "H": 8})


def test_the_large_axis_is_left_for_the_product() -> None:
    (forward, backward) = products(MIXTURE, {"K": 3, "E": 20, "D": 16})
    rows = [operand for stmt in (forward, backward) for operand in stmt.operands[3:4]]
    assert [getattr(row, "value", None) for row in rows] == [20, 20]


def test_threads_have_memory_of_their_own_for_products() -> None:
    function = gradient(MIXTURE, LARGE["mixture"])
    (shared,) = [stmt for stmt in every(function.body) if isinstance(stmt, Shared)]
    works = {stmt.operands[-1] for stmt in products_of(shared)}
    assert len(works) == 2
    assert works <= set(shared.private)


def products_of(shared: Shared) -> list[Invoke]:
    return [stmt for stmt in every(shared.loop.body) if isinstance(stmt, Invoke)]


def data(name: str, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Numbers for all inputs of a program."""
    random = np.random.default_rng(sum(sizes.values()))
    found: dict[str, np.ndarray] = {}
    for each in gradc.compile(PROGRAMS[name]).program.inputs:
        shape = [dim.evaluate(sizes) for dim in each.type.shape]
        if each.type.dtype is DType.INT:
            found[each.name] = random.integers(0, max(1, sizes["K"]), size=shape)
        else:
            found[each.name] = 0.5 * random.normal(size=shape)
    return found


def test_the_larger_operand_is_read_where_it_lies() -> None:
    for stmt in products(CLASSES, LARGE["classes"]):
        first = stmt.operands[0]
        assert isinstance(first, Element)
        assert first.buffer.name == "X"


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("n", [1, 63, 130])
@pytest.mark.parametrize("fixed", [False, True])
def test_as_loop_nests_they_have_the_values_of_the_engine(name: str, n: int, fixed: bool) -> None:
    sizes = {**LARGE[name], "N": n}
    compiled = gradc.compile(PROGRAMS[name], engine="numpy")
    given = data(name, sizes)
    function = gradient(PROGRAMS[name], LARGE[name] if fixed else {})
    value, *found = run(function, list(given.values()), sizes)
    expected, gradients = compiled.value_and_grad(**given)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    for one, other in zip(found, gradients.values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12 * np.max(np.abs(other)))


def twins(name: str, single: bool) -> list[Twin]:
    """A program with sizes that are fixed in it and with others, with NaN and infinities too."""
    found: list[Twin] = []
    dtype = "float32" if single else "float64"
    compiled = gradc.compile(PROGRAMS[name], dtype=dtype)
    program, wrt = compiled.program, compiled.wrt
    files: dict[tuple[tuple[str, int], ...], Twin] = {}  # the same one is for many sizes
    for n in (1, 65) if single else (0, 1, 15, 65, 200):
        for fixed in (LARGE[name], {**LARGE[name], "N": n}, {}):
            small = dict.fromkeys(LARGE[name], n % 7) if not fixed else {}
            sizes = {**LARGE[name], **small, "N": n}
            for special in (None, np.inf, np.nan):
                if special is not None and (n not in (1, 65) or 0 in sizes.values()):
                    continue
                given = data(name, sizes)
                if special is not None:
                    next(iter(given.values()))[0, 0] = special
                bound = bind(program.inputs, given, program.requirements, program.source)
                label = f"{name} of {n}, {fixed}, {special}"
                arguments = list(bound.arrays.values())
                key = tuple(fixed.items())
                if key not in files:
                    each = f"{name}{len(files)}"
                    files[key] = twin(each, label, program, wrt, arguments, sizes, fixed=fixed)
                found.append(called_with(files[key], label, program, wrt, arguments, sizes))
    return found


@needs_cc
@pytest.mark.parametrize("single", [False, True])
def test_they_have_the_values_of_python(tmp_path: Path, single: bool) -> None:
    found = [each for name in PROGRAMS for each in twins(name, single)]
    agree(found, tmp_path, 2e-4 if single else 1e-10)
