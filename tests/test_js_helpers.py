"""What emitted JavaScript calls, `Math` and the helpers, against mpmath and the Python helpers.

The bounds are those that `docs/javascript.md` promises: four units in the last place, but for
`lgamma` near its zeros and `polygamma`.  Engines differ in `Math`; the engine here is V8.
"""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import mpmath as mp
import pytest
from javascript import Job, needs_node, run
from test_python_helpers import ACCURACY, EDGES, exact_polygamma, magnitudes, same, sample

from gradc.ops.primitive import Fn, Helper
from gradc.ops.table import PRIMITIVES
from gradc.targets.js.helpers import helper_names, helper_source
from gradc.targets.js.names import WORDS
from gradc.targets.python import helpers_math

UNITS = 4
FILES = Path(__file__).parents[1] / "gradc" / "targets" / "js"
UNARY = [
    *ACCURACY,
    *("floor", "ceil", "sign", "abs", "relu", "tanh", "asinh", "atan", "lgamma"),
]
BINARY = ["floordiv", "mod", "pow", "maximum", "minimum", "hypot", "atan2"]


def spelled(name: str) -> str:
    """What JavaScript calls for a primitive."""
    spelling = PRIMITIVES[name].spell["js"]
    return spelling.name if isinstance(spelling, Fn | Helper) else name


def applied(names: list[str], points: dict[str, list[tuple[float, ...]]], folder: Path):
    """The values of functions at points."""
    jobs = []
    for name in names:
        called = spelled(name)
        text = "\n".join(helper_source([called]))
        text += f"\nexport function apply(points) {{ return points.map((x) => {called}(...x)); }}"
        jobs.append(Job(text, [("apply", [points[name]])]))
    return {name: results[0] for name, results in zip(names, run(jobs, folder), strict=True)}


@needs_node
def test_functions_are_accurate(tmp_path: Path) -> None:
    names = list(ACCURACY)
    points = {name: [(x,) for x in ACCURACY[name][1]] for name in names}
    for name, found in applied(names, points, tmp_path).items():
        reference = ACCURACY[name][0]
        with mp.workdps(340 if name in ("sin", "cos", "tan") else 50):
            for (x,), value in zip(points[name], found, strict=True):
                assert same(value, float(reference(mp.mpf(x))), UNITS), (name, x)


@needs_node
def test_edges_are_those_of_the_python_helpers(tmp_path: Path) -> None:
    ones = {name: [(x,) for x in EDGES] for name in UNARY}
    twos = {name: list(itertools.product(EDGES, EDGES)) for name in BINARY}
    points = ones | twos
    for name, found in applied([*UNARY, *BINARY], points, tmp_path).items():
        for at, value in zip(points[name], found, strict=True):
            expected = in_python(name, at)
            units = 16 if name == "lgamma" else UNITS  # Python's own is 15 off at 1.5
            assert same(value, expected, units), (name, at, value, expected)


def in_python(name: str, at: tuple[float, ...]) -> float:
    name = {"pow": "power"}.get(name, name)
    function = getattr(helpers_math, name, None) or getattr(math, name, None) or abs
    return float(function(*at))


@needs_node
def test_integers_have_no_minus_zero(tmp_path: Path) -> None:
    numbers = [-7, -4, -1, 0, 1, 2, 3, 6, 2**53 - 1, -(2**53) + 1]
    pairs = list(itertools.product(numbers, numbers))
    for name in ("floordiv", "mod"):
        text = "\n".join(helper_source([f"int_{name}"]))
        text += f"\nexport function apply(all) {{ return all.map((x) => int_{name}(...x)); }}"
        ((found,),) = run([Job(text, [("apply", [pairs])])], tmp_path)
        for pair, value in zip(pairs, found, strict=True):
            assert repr(value) == repr(getattr(helpers_math, f"int_{name}")(*pair)), (name, pair)


@needs_node
def test_lgamma(tmp_path: Path) -> None:
    points = [*sample(-20, 30, 300), *magnitudes(-300, 2), *sample(0.9, 2.1)]
    found = applied(["lgamma"], {"lgamma": [(x,) for x in points]}, tmp_path)["lgamma"]
    with mp.workdps(50):
        for x, value in zip(points, found, strict=True):
            exact = float(mp.log(abs(mp.gamma(mp.mpf(x)))))
            if x > 0:
                assert same(value, exact, 8), (x, value, exact)
            assert abs(value - exact) <= 2e-15 * max(1, abs(exact)), (x, value, exact)


@needs_node
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_polygamma(n: int, tmp_path: Path) -> None:
    points = [*sample(-20, 30), *magnitudes(-20 if n else -300, 2)]
    text = "\n".join(helper_source(["polygamma"]))
    text += "\nexport const apply = (n, points) => points.map((x) => polygamma(n, x));"
    ((found, edges),) = run([Job(text, [("apply", [n, points]), ("apply", [n, EDGES])])], tmp_path)
    with mp.workdps(50):
        for x, value in zip(points, found, strict=True):
            exact, size = exact_polygamma(n, x)
            assert abs(value - exact) <= 2e-14 * size, (n, x)
    for x, value in zip(EDGES, edges, strict=True):
        expected = helpers_math.polygamma(n, x)
        assert same(value, expected) or abs(value - expected) <= 1e-13 * abs(expected), (n, x)


# The files


def test_helpers_are_cut_whole() -> None:
    files = "\n".join(path.read_text(encoding="utf-8") for path in sorted(FILES.glob("*.js")))
    definitions = re.findall(r"^(?:function|const) (\w+)", files, re.MULTILINE)
    assert sorted(definitions) == sorted(helper_names())
    for name in helper_names():
        source = "\n".join(helper_source([name]))
        assert source.count("{") == source.count("}"), name
        assert source.startswith(("/**", "// ")), f"{name} says what it is"


def test_no_name_in_a_helper_is_that_of_another() -> None:
    """Else it would be emitted for nothing."""
    for path in FILES.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        local = re.findall(r"^ +(?:const|let) (?:\[([\w, ]+)\]|(\w+))", text, re.MULTILINE)
        names = {word for several, one in local for word in re.findall(r"\w+", several or one)}
        names.update(
            word
            for params in re.findall(r"function \w+\(([^)]*)\)|\(([\w, ]+)\) =>", text)
            for word in re.findall(r"\w+", ",".join(params))
        )
        assert not names & helper_names(), names & helper_names()


def test_helpers_are_no_reserved_words() -> None:
    assert not helper_names() & WORDS
