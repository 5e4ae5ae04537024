"""The helpers of emitted Python modules against mpmath, NumPy, and each other.

The bounds are what is reached and what the documentation may promise: two units in the last
place everywhere, but for `lgamma` near its zeros and `polygamma`.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import itertools
import math
import random
import re
import subprocess
import sys
import warnings
from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest

from gradc.targets.python import helpers_math, helpers_numpy
from gradc.targets.python.helpers import helper_names, helper_source

EDGES = [0.0, 5e-324, 2.3e-308, 1e-20, 0.5, 1.0, 1.5, 2.0, 3.0, 37.0, 710.0, 1e16, 1.7e308]
EDGES = [*EDGES, math.inf]
EDGES = [*EDGES, *(-x for x in EDGES), math.nan]

# What NumPy calls a function of `helpers_math`.
NUMPY = {
    "div": np.divide,
    "floordiv": np.floor_divide,
    "mod": np.mod,
    "power": np.float_power,
    "asin": np.arcsin,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
}


def unary(name: str) -> tuple[Callable[[float], float], Callable[[np.ndarray], np.ndarray]]:
    """The scalar function and the vectorised one of the same name."""
    scalar = getattr(helpers_math, name, None) or getattr(math, name)
    vector = getattr(helpers_numpy, name, None) or NUMPY.get(name) or getattr(np, name)
    return scalar, vector


def same(actual: float, expected: float, ulps: float = 2) -> bool:
    """Equal, NaN and the sign of zero included, up to rounding."""
    if math.isnan(expected) or math.isinf(expected) or expected == 0:
        return repr(float(actual)) == repr(float(expected))
    return abs(actual - expected) <= ulps * math.ulp(expected)


def quiet(function: Callable[..., np.ndarray], *args: object) -> np.ndarray:
    """The result inside `np.errstate(all="ignore")`, where any warning is an error."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        return function(*args)


# --- accuracy ----------------------------------------------------------------------------


def sample(low: float, high: float, count: int = 150) -> list[float]:
    rng = random.Random(f"{low}{high}")
    return [rng.uniform(low, high) for _ in range(count)]


def magnitudes(low: float = -307, high: float = 308) -> list[float]:
    return [10**x for x in sample(low, high)]


def both_signs(points: list[float]) -> list[float]:
    return [*points, *(-x for x in points)]


def signed_root(x: mp.mpf) -> mp.mpf:
    return mp.sign(x) * mp.cbrt(abs(x))


ACCURACY = {
    "sqrt": (mp.sqrt, magnitudes()),
    "cbrt": (signed_root, both_signs([*magnitudes(), 5e-324, 1.79e308, 8.0, 27.0])),
    "exp": (mp.exp, [*sample(-708, 709), -744.0]),
    "expm1": (mp.expm1, [*sample(-40, 709), *both_signs(magnitudes(-300, 0))]),
    "log": (mp.log, [*magnitudes(), *sample(0.5, 2)]),
    "log1p": (mp.log1p, [*magnitudes(), *sample(-1, 1)]),
    "log1pexp": (lambda x: mp.log1p(mp.exp(x)), [*sample(-740, 50), *sample(-2, 2), -37.5]),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), [*sample(-740, 50), *sample(-2, 2)]),
    "sin": (mp.sin, [*sample(-10, 10), *magnitudes()]),
    "cos": (mp.cos, [*sample(-10, 10), *magnitudes()]),
    "tan": (mp.tan, [*sample(-10, 10), *magnitudes()]),
    "asin": (mp.asin, sample(-1, 1)),
    "acos": (mp.acos, sample(-1, 1)),
    "sinh": (mp.sinh, sample(-710, 710)),
    "cosh": (mp.cosh, sample(-710, 710)),
    "acosh": (mp.acosh, sample(1, 50)),
    "atanh": (mp.atanh, sample(-1, 1)),
    "erf": (mp.erf, sample(-6, 6)),
    "erfc": (mp.erfc, sample(-6, 26)),
}


@pytest.mark.parametrize("name", ACCURACY)
def test_two_units_in_the_last_place(name: str) -> None:
    reference, points = ACCURACY[name]
    scalar, vector = unary(name)
    vectorised = quiet(vector, np.array(points))
    with mp.workdps(340 if name in ("sin", "cos", "tan") else 50):
        for x, many in zip(points, vectorised, strict=True):
            exact = float(reference(mp.mpf(x)))
            assert same(scalar(x), exact), x
            assert same(many, exact), x


def test_lgamma() -> None:
    """Relative to the value, or to 1 near its zeros."""
    points = [*sample(-20, 30, 300), *magnitudes(-300, 2)]
    vectorised = quiet(helpers_numpy.lgamma, np.array(points))
    with mp.workdps(50):
        for x, many in zip(points, vectorised, strict=True):
            exact = float(mp.log(abs(mp.gamma(mp.mpf(x)))))
            assert abs(helpers_math.lgamma(x) - exact) <= 1.5e-15 * max(1, abs(exact))
            assert many == helpers_math.lgamma(x)


def exact_polygamma(n: int, x: float) -> tuple[mp.mpf, mp.mpf]:
    """The value by mpmath, and the size of the larger term of the reflection formula."""
    point = mp.mpf(x)
    if x > 0:
        value = mp.psi(n, point)
        return value, abs(value)
    cot = mp.cot(mp.pi * point)
    poly = [mp.mpf(0), mp.mpf(1)]
    for _ in range(n):
        slope = [-k * c for k, c in enumerate(poly)][1:]
        poly = [a + b for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    reflected = mp.pi ** (n + 1) * sum(c * cot**k for k, c in enumerate(poly))
    other = (-1) ** n * mp.psi(n, 1 - point)
    return other - reflected, max(abs(other), abs(reflected))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 8, 20])
def test_polygamma(n: int) -> None:
    """1e-14 relative away from zeros, and near one relative to the terms that cancel there."""
    points = [*sample(0, 25, 60), *magnitudes(-9, 9)[:60], *sample(-20, 0, 60), -1e-9, -300.3]
    vectorised = quiet(helpers_numpy.polygamma, n, np.array(points))
    with mp.workdps(50):
        for x, many in zip(points, vectorised, strict=True):
            exact, scale = exact_polygamma(n, x)
            if n == 0:
                scale = max(scale, 1)
            bound = 1e-14 if abs(exact) > 0.1 * scale else 2e-14
            for value in (helpers_math.polygamma(n, x), many):
                assert abs(value - exact) <= bound * scale, x


@pytest.mark.parametrize("module", [helpers_math, helpers_numpy])
def test_polygamma_at_its_edges(module: object) -> None:
    polygamma = module.polygamma  # type: ignore[attr-defined]
    expected = [
        (0, 0.0, -math.inf),
        (0, -0.0, math.inf),
        (0, -1.0, math.nan),
        (0, math.inf, math.inf),
        (0, -math.inf, math.nan),
        (1, 0.0, math.inf),
        (1, -0.0, math.inf),
        (1, -3.0, math.inf),
        (1, math.inf, 0.0),
        (2, 0.0, -math.inf),
        (2, -0.0, math.inf),
        (2, -3.0, math.nan),
        (3, 5e-324, math.inf),
        (3, -1e-300, math.inf),
        (3, math.nan, math.nan),
    ]
    for n, x, value in expected:
        with np.errstate(all="ignore"):
            assert same(float(polygamma(n, x)), value), (n, x)


# --- edge values -------------------------------------------------------------------------

NATIVE = [
    *("sqrt", "cbrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos"),
    *("sinh", "cosh", "acosh", "atanh", "floor", "ceil", "sign"),
]


@pytest.mark.parametrize("name", NATIVE)
def test_scalars_are_as_in_numpy_at_the_edges(name: str) -> None:
    scalar, vector = unary(name)
    for x, expected in zip(EDGES, quiet(vector, np.array(EDGES)), strict=True):
        assert same(scalar(x), expected), x


@pytest.mark.parametrize("name", ["div", "floordiv", "mod", "power"])
def test_two_operands_are_as_in_numpy_at_the_edges(name: str) -> None:
    scalar = getattr(helpers_math, name)
    for x, y in itertools.product(EDGES, repeat=2):
        expected = quiet(NUMPY[name], np.float64(x), np.float64(y))
        assert same(scalar(x, y), expected), (x, y)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_extrema_are_as_in_numpy_and_of_zeros_the_second(name: str) -> None:
    scalar = getattr(helpers_math, name)
    for x, y in itertools.product(EDGES, repeat=2):
        expected = y if x == y else getattr(np, name)(x, y)
        assert same(scalar(x, y), expected), (x, y)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sigmoid", [(-math.inf, 0.0), (-1e308, 0.0), (-0.0, 0.5), (40.0, 1.0), (math.inf, 1.0)]),
        ("log1pexp", [(-math.inf, 0.0), (-1e308, 0.0), (1e308, 1e308), (math.inf, math.inf)]),
        ("relu", [(-math.inf, 0.0), (-0.0, 0.0), (0.0, 0.0), (2.5, 2.5), (math.inf, math.inf)]),
        ("erf", [(-math.inf, -1.0), (-0.0, -0.0), (0.0, 0.0), (math.inf, 1.0)]),
        ("erfc", [(-math.inf, 2.0), (0.0, 1.0), (30.0, 0.0), (math.inf, 0.0)]),
        ("lgamma", [(x, math.inf) for x in (-math.inf, -3.0, -0.0, 0.0, 1e308, math.inf)]),
        ("lgamma", [(1.0, 0.0), (2.0, 0.0)]),
    ],
)
def test_what_numpy_lacks_at_the_edges(name: str, expected: list[tuple[float, float]]) -> None:
    scalar, vector = unary(name)
    for x, value in [*expected, (math.nan, math.nan)]:
        assert same(scalar(x), value), x
        assert same(float(quiet(vector, np.float64(x))), value), x


def test_scalars_and_arrays_agree() -> None:
    points = [*EDGES, *sample(-30, 30)]
    for name in ("sigmoid", "log1pexp", "relu", "erf", "erfc", "lgamma"):
        scalar, vector = unary(name)
        for x, value in zip(points, quiet(vector, np.array(points)), strict=True):
            assert same(scalar(x), value), (name, x)
    for n in range(5):
        values = quiet(helpers_numpy.polygamma, n, np.array(points))
        for x, value in zip(points, values, strict=True):
            expected = helpers_math.polygamma(n, x)
            assert same(value, expected) or abs(value - expected) <= 1e-13 * max(1, abs(expected))


@pytest.mark.parametrize(
    "function",
    [
        *(getattr(helpers_numpy, name) for name in ("sigmoid", "log1pexp", "relu", "erf")),
        *(getattr(helpers_numpy, name) for name in ("erfc", "lgamma", "softmax")),
        lambda x: helpers_numpy.polygamma(2, x),
    ],
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 3, 4)])
def test_elementwise_helpers_keep_the_shape(
    function: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...]
) -> None:
    argument = np.full(shape, 0.7)[()]
    result = quiet(function, argument)
    assert type(result) is type(argument)
    assert result.shape == shape
    assert result.dtype == np.float64


# --- reductions and arrays ---------------------------------------------------------------


def test_logsumexp() -> None:
    logsumexp = helpers_numpy.logsumexp
    inf = math.inf
    cases = [
        ([1000.0, 1000.0], 1000 + math.log(2)),
        ([-1e308, -1e308], -1e308),
        ([0.0, -800.0], 0.0),
        ([-inf, -inf], -inf),
        ([-inf, 3.0], 3.0),
        ([inf, 1.0], inf),
        ([inf, -inf], inf),
        ([math.nan, 1.0], math.nan),
        ([], -inf),
        ([2.5], 2.5),
    ]
    for values, expected in cases:
        assert same(float(quiet(logsumexp, np.array(values))), expected), values
    x = np.arange(24.0).reshape(2, 3, 4)
    for axis in (0, 2, (0, 2), None):
        assert np.allclose(logsumexp(x, axis), np.log(np.sum(np.exp(x), axis)), rtol=1e-15)
    assert logsumexp(np.float64(3.0)) == 3.0
    assert type(logsumexp(x)) is np.float64


def test_softmax() -> None:
    softmax = helpers_numpy.softmax
    inf = math.inf
    assert np.allclose(
        softmax(np.array([1000.0, 1001.0])), [0.2689414213699951, 0.7310585786300049]
    )
    assert np.array_equal(quiet(softmax, np.array([-inf, 5.0])), [0.0, 1.0])
    assert np.array_equal(quiet(softmax, np.array([inf, 5.0, inf])), [0.5, 0.0, 0.5])
    assert np.array_equal(quiet(softmax, np.array([-inf, -inf])), [0.5, 0.5])
    assert np.isnan(quiet(softmax, np.array([math.nan, 1.0]))).all()
    x = np.arange(6.0).reshape(2, 3)
    assert np.allclose(np.sum(softmax(x, 1), 1), 1.0)
    assert np.allclose(np.sum(softmax(x, (0, 1))), 1.0)
    assert softmax(np.zeros((0, 3)), 0).shape == (0, 3)


def test_norm() -> None:
    norm = helpers_numpy.norm
    for scale in (1e200, 1e-200, 5e-324, 1.0):
        assert same(float(quiet(norm, np.array([3.0, -4.0]) * scale)), 5 * scale), scale
    for values, expected in [
        ([], 0.0),
        ([0.0, -0.0], 0.0),
        ([math.inf, 1.0], math.inf),
        ([1.0, math.nan], math.nan),
        ([1.2e308, 1.2e308, 1.2e308], math.inf),
    ]:
        assert same(float(quiet(norm, np.array(values))), expected), values
    x = np.array([[3.0, 4.0], [0.0, 0.0], [1e200, 1e200]])
    assert np.allclose(norm(x, 1), [5.0, 0.0, math.sqrt(2) * 1e200], rtol=1e-15)
    assert type(norm(x)) is np.float64
    assert norm(np.zeros((0, 3)), 0).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("axis", [None, 1])
def test_unit_has_length_one(axis: int | None) -> None:
    x = np.array([[3.0, -4.0]])
    for scale in (1e308 / 4, 1e-200, 5e-324, 1.0):
        assert np.allclose(quiet(helpers_numpy.unit, x * scale, axis), [[0.6, -0.8]], rtol=1e-15)
    assert helpers_numpy.unit(np.zeros((2, 2)), axis).tolist() == [[0, 0], [0, 0]]
    infinite = quiet(helpers_numpy.unit, np.array([[-math.inf, 1.0, math.inf]]), axis)
    assert np.allclose(infinite, [[-math.sqrt(0.5), 0.0, math.sqrt(0.5)]], rtol=1e-15)
    assert np.isnan(quiet(helpers_numpy.unit, np.array([[math.nan, 1.0]]), axis)).all()


@pytest.mark.parametrize("axis", [None, 1])
@pytest.mark.parametrize("x", [[0.1, 0.2, 0.3], [5.0, 1.0, 2.0], [0.0, -9.0, 0.1]])
def test_products_with_the_jacobians_of_softmax_and_of_unit(
    x: list[float], axis: int | None
) -> None:
    t = np.array([[1.0, -2.0, 0.5]])
    p, u = helpers_numpy.softmax(np.array([x]), axis), helpers_numpy.unit(np.array([x]), axis)
    expected = p * (t - np.sum(p * t))
    assert np.allclose(helpers_numpy.softmax_product(p, t, axis), expected, atol=1e-15)
    expected = t - u * np.sum(u * t)
    assert np.allclose(helpers_numpy.rejection(u, t, axis), expected, atol=1e-15)


def test_norm_is_accurate() -> None:
    points = both_signs(sample(-1, 1))
    with mp.workdps(50):
        exact = float(mp.sqrt(sum(mp.mpf(x) ** 2 for x in points)))
    assert same(float(helpers_numpy.norm(np.array(points))), exact)


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_prod_others(zeros: int) -> None:
    x = np.array([[2.0, 3.0, 5.0, 7.0], [1.5, -2.0, 4.0, 0.25]])
    x[:, :zeros] = 0.0
    expected = [[math.prod(np.delete(row, i)) for i in range(4)] for row in x]
    assert np.array_equal(helpers_numpy.prod_others(x), expected)


def test_prod_others_of_one_and_of_none() -> None:
    assert helpers_numpy.prod_others(np.array([7.0])).tolist() == [1.0]
    assert helpers_numpy.prod_others(np.zeros((2, 0))).shape == (2, 0)


def test_embed() -> None:
    assert helpers_numpy.embed(np.array([1.0, 2.0]), (4,), np.s_[1:3]).tolist() == [0, 1, 2, 0]
    assert helpers_numpy.embed(np.array([5.0]), (2, 1), np.s_[1, :]).tolist() == [[0.0], [5.0]]


def test_read_takes_zeros_from_nothing() -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert helpers_numpy.read_at(x, np.s_[:, np.array([2, 0])], (2, 2)).tolist() == [[2, 0], [5, 3]]
    assert helpers_numpy.read_at(x[:0], np.array([0, 0]), (2, 3)).tolist() == [[0] * 3] * 2
    assert helpers_numpy.read_at(np.zeros(0, int), np.int64(0), ()).dtype == np.int64


def test_scatter_add_adds_up() -> None:
    places = np.array([1, 1, 0])
    value = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    found = helpers_numpy.scatter_add(value, (3, 2), places)
    assert found.tolist() == [[5, 6], [4, 6], [0, 0]]
    found = helpers_numpy.scatter_add(value.T, (2, 3), np.s_[:, places])
    assert found.tolist() == [[5, 4, 0], [6, 6, 0]]
    found = helpers_numpy.scatter_add(np.array([1.0, 2.0, 4.0]), (2, 2), (places, places))
    assert found.tolist() == [[4, 0], [0, 3]]
    assert helpers_numpy.scatter_add(np.zeros(2), (0,), np.array([0, 0])).shape == (0,)


@pytest.mark.parametrize("module", [helpers_math, helpers_numpy])
def test_an_index_is_checked_where_it_is_taken(module: object) -> None:
    assert module.checked(2, 3, "x[i]") == 2
    assert module.checked(3, 3, "x[i]", False) == 0
    assert module.checked(-1, 0, "x[i]", False) == 0
    with pytest.raises(IndexError, match=re.escape("x[i] is read at index -1; allowed is 0 .. 2")):
        module.checked(-1, 3, "x[i]")
    with pytest.raises(IndexError, match=re.escape("x[i] is read at index 0; allowed is none")):
        module.checked(0, 0, "x[i]", True)


def test_the_indices_of_an_array_are_checked_where_they_are_taken() -> None:
    indices, taken = np.array([2, -1, 7]), np.array([True, False, True])
    assert helpers_numpy.checked(indices, 8, "x", taken).tolist() == [2, 0, 7]
    with pytest.raises(IndexError, match=r"x is read at index 7; allowed is 0 \.\. 4"):
        helpers_numpy.checked(indices, 5, "x", taken)
    with pytest.raises(IndexError, match=r"x is read at index -1; allowed is 0 \.\. 7"):
        helpers_numpy.checked(indices, 8, "x")


@pytest.mark.parametrize("x", [-7, -4, 0, 4, 7])
@pytest.mark.parametrize("y", [-3, -2, 0, 2, 3])
def test_whole_quotients_are_those_of_numpy(x: int, y: int) -> None:
    with np.errstate(all="ignore"):
        assert helpers_math.int_floordiv(x, y) == np.int64(x) // np.int64(y)
        assert helpers_math.int_mod(x, y) == np.int64(x) % np.int64(y)


def test_arguments_are_checked() -> None:
    assert helpers_numpy.as_array("x", [[1, 2]], 2).dtype == np.float64
    with pytest.raises(ValueError, match="x has 1 axes, expected 2"):
        helpers_numpy.as_array("x", [1], 2)
    assert helpers_numpy.as_int_array("i", [], 1).dtype == np.int64
    with pytest.raises(ValueError, match="i has float64 elements, expected integers"):
        helpers_numpy.as_int_array("i", [1.0], 1)
    with pytest.raises(ValueError, match="i has 1 axes, expected 0"):
        helpers_numpy.as_int_array("i", [1], 0)
    with pytest.raises(ValueError, match=re.escape("x has shape (2,), expected (3,)")):
        helpers_numpy.check_shape("x", np.zeros(2), (3,))
    helpers_numpy.check_shape("x", np.zeros(2), (2,))


# --- the helpers as text -----------------------------------------------------------------

MODULES = {"math": helpers_math, "numpy": helpers_numpy}


@pytest.mark.parametrize("target", MODULES)
def test_every_definition_of_the_file_is_a_helper(target: str) -> None:
    tree = ast.parse(inspect.getsource(MODULES[target]))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert helper_names(target) == functions | {"BERNOULLI"}


@pytest.mark.parametrize("target", MODULES)
def test_each_helper_brings_what_it_needs_and_no_more(target: str) -> None:
    for name in helper_names(target):
        texts, imports = helper_source(target, [name])
        tree = ast.parse("\n".join(texts))
        nodes = list(ast.walk(tree))
        loaded = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        bound |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        defined = {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
        modules = {module.alias or module.module for module in imports}
        assert loaded - bound - defined - set(dir(builtins)) == modules
        assert defined | (bound & {"BERNOULLI"}) <= loaded | {name}


def test_helpers_come_in_the_order_of_the_file_and_strangers_are_passed_over() -> None:
    texts, imports = helper_source("math", ["minimum", "np.sum", "div", "polygamma", "foo"])
    names = [re.match(r"(?:#.*\n)?(?:def )?(\w+)", text)[1] for text in texts]
    helpers = ["div", "power", "BERNOULLI", "polygamma", "cot_derivative", "minimum"]
    assert names == helpers
    assert [module.module for module in imports] == ["math"]
    assert helper_source("numpy", []) == ([], ())


@pytest.mark.parametrize("target", MODULES)
def test_helper_text_is_clean(target: str, tmp_path: object) -> None:
    path = inspect.getsourcefile(MODULES[target])
    for command in (["check"], ["format", "--check"]):
        run = [sys.executable, "-m", "ruff", *command, "--isolated", path]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_helpers_raise_for_no_float() -> None:
    for name, function in inspect.getmembers(helpers_math, inspect.isfunction):
        count = len(inspect.signature(function).parameters)
        if name == "cot_derivative" or inspect.signature(function).return_annotation is int:
            continue  # only called where it is defined; of integers
        first = [0, 1, 2, 9] if name == "polygamma" else EDGES
        for args in itertools.product(first, *[EDGES] * (count - 1)):
            assert type(function(*args)) is float, (name, args)


def test_both_files_have_the_same_constants() -> None:
    assert helpers_math.BERNOULLI == helpers_numpy.BERNOULLI
