"""Sizes that are found from axes that are not just a name: in emitted code as by `gradc run`."""

from __future__ import annotations

import types

import numpy as np
import pytest

import gradc

# A program with one output, the lengths that fit, and lengths that do not.
SOLVABLE = [
    ("input x[N, N*M]\nJ = sum(x) * M", [(2, 6), (1, 0)], [(2, 5), (0, 0)]),
    ("input x[N + 2]\nJ = sum(x) * N", [(2,), (5,)], [(1,), (0,)]),
    ("input x[2*N]\nJ = sum(x) * N", [(0,), (4,)], [(3,)]),
    ("input x[10 - N]\nJ = sum(x) * N", [(10,), (3,)], [(11,)]),
    ("input x[N, (N + 1)*M + N]\nJ = sum(x) * M", [(0, 3), (2, 8)], [(2, 9), (2, 1)]),
]


def emitted(text: str) -> types.ModuleType:
    module = types.ModuleType("emitted")
    exec(gradc.compile(text).python, module.__dict__)
    return module


@pytest.mark.parametrize(("text", "fit", "others"), SOLVABLE)
def test_emitted_code_solves_as_binding_does(text, fit, others):
    functions = emitted(text)
    for shape in fit:
        x = np.full(shape, 0.5)
        value, (dx,) = functions.value_and_grad(x)
        expected, gradient = gradc.compile(text).value_and_grad(x=x)
        assert value == expected
        np.testing.assert_array_equal(dx, gradient["x"])
        functions.tangent(x, x)
    for shape in others:
        with pytest.raises(gradc.InputError):
            gradc.compile(text).value_and_grad(x=np.ones(shape))
        with pytest.raises(ValueError, match=r"`x`|M cannot be found|x has shape"):
            functions.value_and_grad(np.ones(shape))


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("input x[N**2]\nJ = sum(x)", "N"),
        ("input x[N*M]\nJ = sum(x)", "NM"),
        ("input x[N + M], y[N - M]\nJ = sum(x) + sum(y)", "NM"),
        ("input x[N], y[(N - 3)*M]\nJ = sum(x) + sum(y)", "M"),
    ],
)
def test_sizes_that_no_data_determine_are_mistakes(text, sizes):
    with pytest.raises(gradc.SourceError) as caught:
        gradc.compile(text)
    assert [d.code for d in caught.value.diagnostics] == ["G0210"] * len(sizes)
    for diagnostic, size in zip(caught.value.diagnostics, sizes, strict=True):
        assert f"the size `{size}` cannot be found" in diagnostic.message


def test_the_degree_of_a_size_is_bounded():
    with pytest.raises(gradc.SourceError, match="too large"):
        gradc.compile(f"input x[N], y[{'*'.join(['N'] * 1000)}]\nJ = sum(x) + sum(y)")
