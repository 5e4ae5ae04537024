"""`gradc inputs`: sample data that fit a program, and at which it is finite."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import gradc
from gradc.cli.main import main
from gradc.diagnostics import UsageError
from gradc.report.template import template
from gradc.runtime.samples import read_sizes, sample_sizes, samples

# `particle` minimises by loops in loops, twenty seconds to a value.
EXAMPLES = sorted(
    path for path in (Path(__file__).parents[1] / "examples").glob("*.g") if path.stem != "particle"
)


def sampled(text: str, **sizes: int) -> dict:
    return samples(gradc.compile(text).program, sizes).values


def invoke(*arguments: str, input: str | None = None):
    return CliRunner().invoke(main, arguments, input=input)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_runs_on_its_sample(path) -> None:
    printed = invoke("inputs", str(path))
    assert printed.exit_code == 0
    done = invoke("run", str(path), "--inputs", "-", "--format", "json", input=printed.stdout)
    assert done.exit_code == 0, done.stderr


def test_sizes_are_those_given() -> None:
    values = sampled("input X[N, D], y[N]\nJ = sum((X @ (2*y[0]*ones(D)) - y)^2)", N=100, D=7)
    assert np.shape(values["X"]) == (100, 7)
    assert np.shape(values["y"]) == (100,)


def test_sizes_differ_where_they_may() -> None:
    sizes = sample_sizes(gradc.compile("input A[N, M, K]\nJ = sum(A)").program, {})
    assert len(set(sizes.values())) == 3


def test_sizes_meet_what_the_program_requires() -> None:
    assert len(sampled("input x[N]\nJ = x[11]")["x"]) == 12
    values = sampled("input x[N], k[M] in N\ny[m] = x[k[m]] + x[M]\nJ = sum(y)")
    assert len(values["x"]) > len(values["k"])
    assert set(values["k"]) <= set(range(len(values["x"])))


def test_sizes_that_are_computed_are_solved() -> None:
    assert np.shape(sampled("input l[D*(D-1)//2], x[D]\nJ = sum(l)*sum(x)", D=4)["l"]) == (6,)


def test_an_axis_is_empty_if_asked() -> None:
    assert sampled("input x[N]\nJ = sum(x)", N=0) == {"x": []}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("J = acosh(x)", lambda v: v["x"] > 1),
        ("J = sqrt(-x)", lambda v: v["x"] < 0),
        ("input A[N, N]\nJ = sum(cholesky(A))", lambda v: np.linalg.eigvalsh(v["A"]).min() > 0),
        ("J = log(x/y)", lambda v: v["x"] / v["y"] > 0),
    ],
)
def test_numbers_lie_where_the_program_is_finite(text, holds) -> None:
    assert holds(sampled(text))


def test_where_nothing_is_finite_there_is_still_a_sample_and_it_is_said(tmp_path) -> None:
    assert 0.1 <= sampled("J = log(x - 1000)")["x"] <= 0.9
    (tmp_path / "f.g").write_text("J = log(x - 1000)")
    done = invoke("inputs", str(tmp_path / "f.g"))
    assert done.exit_code == 0
    assert "G0763" in done.stderr


def test_more_data_than_anybody_reads_are_refused_at_once() -> None:
    with pytest.raises(UsageError, match="1,000,000,000 numbers"):
        sampled("input x[N]\nJ = sum(x)", N=10**9)


def test_the_same_program_has_the_same_sample() -> None:
    text = "input X[N, D], k[N] in D\nJ = sum(X)"
    assert sampled(text) == sampled(text)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["M=3"], "the inputs have no size `M`"),
        (["N"], "`N` is not SIZE=NUMBER"),
        (["N=-1"], "`N=-1` is not SIZE=NUMBER"),
        (["N=1e3"], "`N=1e3` is not SIZE=NUMBER"),
        (["N=2", "N=3"], "the size `N` is given twice"),
        (["N=1"], "no data fit the program with N=1"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(given, message) -> None:
    program = gradc.compile("input x[N]\nJ = x[1]").program
    with pytest.raises(UsageError) as caught:
        sample_sizes(program, read_sizes(given))
    assert caught.value.diagnostics[0].message == message


def test_the_template_is_strict_json_with_a_line_for_each_row() -> None:
    values = {"a": 1.5, "T": [[[1, 2]], [[3, 4]]], "größe": [], "v": [0.1, 0.2]}
    text = template(values)
    assert json.loads(text) == values
    assert '"v": [0.1, 0.2]' in text
    assert "      [1, 2]\n" in text
    assert template({}) == "{}\n"


def test_many_numbers_take_a_moment_only() -> None:
    values = sampled("input X[N, D]\nJ = sum(log(X))", N=20_000, D=10)
    assert math.isclose(np.mean(values["X"]), 0.5, abs_tol=0.01)
