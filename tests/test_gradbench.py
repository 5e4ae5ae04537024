"""The tool of benchmarks/gradbench answers all evaluations rightly, and anything else in words.

Outputs come through the protocol, from a process, and are compared to nine digits with formulas
and complex steps that use no derivative of gradc's.
"""

import json
import math
from itertools import pairwise, product

import numpy as np
import pytest
from c_compiling import needs_cc

from benchmarks.gradbench import references
from benchmarks.gradbench.bundles import pattern
from benchmarks.gradbench.drive import Tool, drive
from benchmarks.gradbench.engine import program
from benchmarks.gradbench.evaluations import EVALUATIONS
from benchmarks.gradbench.inputs import workloads
from benchmarks.gradbench.references import differences, expected, seen, slopes

# In Python each of the nested descents through a loop takes seconds.
SELECTED = {"saddle": ("rr",), "particle": ("rr",)}


@pytest.fixture(scope="module")
def tool():
    with Tool("--engine", "numpy") as running:
        yield running


@pytest.fixture(scope="module")
def compiling(tmp_path_factory):
    """A tool that runs C, which it keeps where nobody else does."""
    cache = {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Tool("--engine", "c", environment=cache) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def _each_reference_once():
    """Both tools are compared with the same numbers."""
    found = {}

    def once(evaluation, function, given):
        key = (evaluation, function, json.dumps(given))
        if key not in found:
            found[key] = expected(evaluation, function, given)
        return found[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.gradbench.drive.expected", once)
        yield


def evaluate(tool, module, function, given):
    return tool.send("evaluate", module=module, function=function, input=given)


@pytest.mark.parametrize("evaluation", EVALUATIONS)
def test_outputs(tool, evaluation):
    outcomes = list(drive(tool, evaluation, True, 0, SELECTED.get(evaluation, ())))
    assert outcomes
    assert [outcome for outcome in outcomes if outcome.problems] == []
    assert all(len(outcome.microseconds) == 1 for outcome in outcomes)


@needs_cc
@pytest.mark.parametrize("evaluation", EVALUATIONS)
def test_outputs_of_c(compiling, evaluation):
    outcomes = list(drive(compiling, evaluation, True, 0))
    assert [outcome for outcome in outcomes if outcome.problems] == []


def test_known_answers(tool):
    """Answers that are known without a formula of ours."""
    assert evaluate(tool, "hello", "square", 3)["output"] == 9
    assert evaluate(tool, "hello", "double", 9)["output"] == 18
    # y_2 = x_0 x_1 x_2 t^3/6 at t = 2
    y = evaluate(tool, "ode", "primal", {"x": [1, 2, 3], "s": 5})["output"]
    assert y == pytest.approx([2, 4, 8], rel=1e-13)
    identity = {"A": [1, 0, 0, 0, 1, 0, 0, 0, 1], "ell": 3}
    assert evaluate(tool, "det", "gradient", identity)["output"] == identity["A"]
    flat = {"x": [0.0] * 4}
    assert evaluate(tool, "lse", "primal", flat)["output"] == pytest.approx(math.log(4))
    assert evaluate(tool, "lse", "gradient", flat)["output"] == [0.25] * 4
    saddle = evaluate(tool, "saddle", "rr", {"start": [1.0, 1.0]})["output"]
    assert saddle == pytest.approx([8.246324826140356e-06] * 4, rel=1e-9)


def test_all_blocks_of_bundle_adjustment():
    """The Jacobian of observations that differ, as a matrix, against complex steps."""
    rng = np.random.default_rng(5)
    cameras, points, count = 3, 4, 8
    cam = rng.normal(size=(cameras, 11))
    cam[1, :3] = 0  # the branch of no turn
    places, w = rng.normal(size=(points, 3)), rng.random(count)
    feat = rng.normal(size=(count, 2))
    camera, point = rng.integers(0, cameras, count), rng.integers(0, points, count)
    blocks, last = program("ba").forward(
        feat=feat, camera=camera, point=point, cam=cam, X=places, w=w
    )
    rows, columns = pattern(camera, point, cameras, points)
    values = np.concatenate([blocks.ravel(), last])
    found = np.zeros((3 * count, 11 * cameras + 3 * points + count))
    for row, (start, end) in enumerate(pairwise(rows)):
        assert np.all(np.diff(columns[start:end]) > 0)
        found[row, columns[start:end]] = values[start:end]

    def residuals(x):
        c, p, v = np.split(x, [cam.size, cam.size + places.size])
        c, p = c.reshape(cam.shape), p.reshape(places.shape)
        own = [np.r_[c[camera[i]], p[point[i]], v[i]] for i in range(count)]
        both = [seen(o, f) for o, f in zip(own, feat, strict=True)]
        return np.concatenate([*both, 1 - v**2])

    wanted = slopes(residuals, np.r_[cam.ravel(), places.ravel(), w])
    assert list(differences(found, wanted)) == []


def test_runs_and_timings(tool):
    given = {"x": [1.0, 2.0], "min_runs": 4, "min_seconds": 0}
    assert len(evaluate(tool, "lse", "primal", given)["timings"]) == 4
    timings = evaluate(tool, "lse", "primal", {**given, "min_seconds": 0.05})["timings"]
    assert sum(timing["nanoseconds"] for timing in timings) >= 0.05e9
    assert {timing["name"] for timing in timings} == {"evaluate"}


def test_protocol(tool):
    start = tool.send("start", eval="gmm")
    assert start["tool"] == "gradc"
    assert start["config"]
    assert tool.send("analysis", of=0, valid=False, error="no").keys() == {"id"}
    assert tool.send("whatever").keys() == {"id"}
    assert tool.send("define", module="gmm")["success"] is True
    ids = [tool.send("start")["id"] for _ in range(3)]
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]


BA = {"n": 1, "m": 1, "p": 2, "cam": [0.1] * 11, "x": [1, 2, 3], "w": 0.5, "feat": [0, 0]}
HT = next(workloads("ht", small=True)).input
MODEL = HT["data"]["model"]


def changed(tree, value, *path):
    """A copy of nested objects with one field replaced."""
    name, *rest = path
    return {**tree, name: changed(tree[name], value, *rest) if rest else value}


@pytest.mark.parametrize(
    ("module", "function", "given", "words"),
    [
        ("nothing", "square", 1.0, "no module 'nothing'"),
        (["hello"], "square", 1.0, "no module"),
        ("hello", "cube", 1.0, "no function 'cube'; it has square, double"),
        ("hello", "square", "1", "the input is to be a number"),
        ("hello", "square", None, "the input is to be a number"),
        ("llsq", "primal", {"x": [1.0]}, "the input has no n"),
        ("llsq", "primal", [1.0], "the input is to be an object"),
        ("llsq", "primal", {"x": [1.0], "n": 2.5}, "n is 2.5"),
        ("llsq", "primal", {"x": [[1.0]], "n": 2}, "x has shape [1, 1]"),
        ("lse", "primal", {"x": ["1"]}, "x is to be an array of numbers"),
        ("lse", "primal", {"x": [1.0], "min_runs": 0}, "min_runs is 0"),
        ("lse", "primal", {"x": [1.0], "min_seconds": -1}, "min_seconds is -1"),
        ("ode", "primal", {"x": [1.0], "s": 0}, "s is 0"),
        ("det", "primal", {"A": [1.0, 2.0], "ell": 2}, "A has shape [2]; it is to have [4]"),
        ("det", "primal", {"A": [], "ell": 99}, "up to"),
        ("kmeans", "dir", {"points": [[1.0]], "centroids": [[1.0, 2.0]]}, "centroids has shape"),
        ("kmeans", "dir", {"points": [[1.0], [1.0, 2.0]], "centroids": []}, "different lengths"),
        ("kmeans", "dir", {"points": [[1.0]], "centroids": []}, "centroids"),
        ("lstm", "jacobian", {"extra_params": [[1.0], [1.0]]}, "extra_params has shape"),
        ("ba", "jacobian", {**BA, "cam": [1.0]}, "cam has shape [1]"),
        ("ba", "jacobian", {**BA, "p": 2**31}, "32 bits"),
        ("ht", "jacobian", {}, "the input has no data"),
        ("ht", "jacobian", changed(HT, 21, "data", "model", "bone_count"), "21 bones"),
        ("ht", "jacobian", changed(HT, [99], "data", "correspondences"), "correspondences"),
        ("ht", "jacobian", changed(HT, [5] * 22, "data", "model", "parents"), "parents"),
        ("ht", "jacobian", changed(HT, 1, "data", "model", "is_mirrored"), "true or false"),
        ("saddle", "rr", {"start": [1.0]}, "start has shape [1]"),
        ("particle", "ff", {"w": [1.0]}, "w is to be a number"),
    ],
)
def test_refusals(tool, module, function, given, words):
    found = evaluate(tool, module, function, given)
    assert found["success"] is False
    assert words in found["error"]
    assert "output" not in found


@pytest.mark.parametrize("line", ["{", "[]", "3", "null", '{"id": 1', "[" * 100000, '"\\ud800"'])
def test_lines_that_are_no_messages(tool, line):
    assert tool.line(line)["success"] is False
    assert tool.send("define", module="hello")["success"] is True


def test_a_reference_can_fail():
    """Every reference finds a digit that is wrong, an element that lacks, a name that lacks."""
    wanted = expected("gmm", "jacobian", next(workloads("gmm", small=True)).input)
    right = json.loads(json.dumps({name: array.tolist() for name, array in wanted.items()}))
    assert list(differences(right, wanted)) == []
    right["mu"][0][0] *= 1 + 1e-8
    assert "mu" in next(differences(right, wanted))
    del right["q"]
    assert next(differences(right, wanted))
    assert next(differences([1.0], [1.0, 2.0]))
    assert next(differences("x", 1.0))
    assert next(differences(math.nan, 1.0))


def test_every_function_has_a_reference():
    functions = {pair for name, found in EVALUATIONS.items() for pair in product([name], found)}
    assert functions == references.FUNCTIONS
