"""`gradc fit`: what it finds, what it says about it, and what it never says."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from interrupts import hear_interrupts

import gradc
from gradc.cli.main import main
from gradc.diagnostics import InputError, NumericError, UsageError
from gradc.fit import solve
from gradc.ir.fitted import Step
from gradc.report.fit import is_shown

ROOT = Path(__file__).parents[1]
LINE = "input x[N], y[N]\nparam w, b\n"
RESIDUALS = LINE + "r = w*x + b - y\n"
MEAN = LINE + "J = mean((w*x + b - y)^2)\n"
X = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
Y = np.array([1.1, 2.9, 5.2, 6.8, 9.1])
DATA = {"x": X, "y": Y}
HOME = {"w": 0.0, "b": 0.0}

# One evaluation of `particle` is a fit of its own, of a thousand steps.
EXAMPLES = sorted({*(ROOT / "examples").glob("*.g")} - {ROOT / "examples" / "particle.g"})


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The programs and data of this file, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    Path("residuals.g").write_text(RESIDUALS)
    Path("mean.g").write_text(MEAN)
    rows = "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True))
    Path("data.csv").write_text("x,y\n" + rows)
    return tmp_path


def invoke(arguments: str):
    return CliRunner().invoke(main, ["fit", *arguments.split()])


def codes(caught) -> list[str]:
    return [d.code for d in caught.value.diagnostics]


def closed_form() -> tuple[np.ndarray, np.ndarray]:
    """The line of least squares, and the covariance of its parameters."""
    design = np.stack([X, np.ones_like(X)], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ Y
    residuals = design @ beta - Y
    return beta, inverse * (residuals @ residuals) / (len(X) - 2)


# Least squares


@pytest.mark.parametrize("method", ["auto", "lm", "trf", "lbfgs"])
def test_a_line_has_the_parameters_and_the_covariance_of_the_closed_form(method) -> None:
    fitted = gradc.compile(RESIDUALS).fit(DATA, HOME, method=method)
    beta, covariance = closed_form()
    assert fitted.converged
    assert [fitted.parameters["w"], fitted.parameters["b"]] == pytest.approx(beta, rel=1e-12)
    assert fitted.statistics.covariance == pytest.approx(covariance, rel=1e-10)
    errors = [fitted.standard_errors["w"], fitted.standard_errors["b"]]
    assert errors == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-10)
    assert fitted.statistics.degrees_of_freedom == 3
    assert fitted.gradient_norm < 1e-12


def test_the_shapes_of_parameters_are_kept() -> None:
    text = "input X[N, D], y[N]\nparam w[D], b\nr = X @ w + b - y\n"
    random = np.random.default_rng(1)
    design, true = random.standard_normal((30, 4)), np.array([1.0, -2.0, 0.5, 3.0])
    data = {"X": design, "y": design @ true + 0.25}
    fitted = gradc.compile(text).fit(data, {"w": np.zeros(4), "b": 0.0})
    assert fitted.converged
    assert fitted.reason == "the residuals are zero to rounding"
    assert fitted.parameters["w"] == pytest.approx(true)
    assert fitted.standard_errors["w"].shape == (4,)
    assert fitted.statistics.elements == ("w[0]", "w[1]", "w[2]", "w[3]", "b")


def test_residuals_may_be_a_matrix_and_parameters_too() -> None:
    text = "input X[N, D], Y[N, K]\nparam W[D, K]\nR = X @ W - Y\n"
    random = np.random.default_rng(2)
    design, true = random.standard_normal((9, 3)), random.standard_normal((3, 2))
    fitted = gradc.compile(text).fit({"X": design, "Y": design @ true}, {"W": np.zeros((3, 2))})
    assert fitted.parameters["W"] == pytest.approx(true)
    assert fitted.statistics.residuals == 18


@pytest.mark.parametrize("text", [RESIDUALS, MEAN])
def test_one_jacobian_is_one_call_of_code_that_is_emitted_once(text, monkeypatch) -> None:
    from gradc.runtime import engines

    emitted = []
    real = engines.emit
    monkeypatch.setattr(engines, "emit", lambda *a: emitted.append(a[0]) or real(*a))
    fitted = gradc.compile(text).fit(DATA, HOME)
    assert fitted.evaluations > len(emitted)
    assert len(emitted) == 2  # residuals and Jacobian; gradient and Hessian


def test_more_parameters_than_residuals_have_no_standard_errors() -> None:
    fitted = gradc.compile(RESIDUALS).fit({"x": [1.0], "y": [3.0]}, HOME)
    assert fitted.converged
    assert fitted.objective < 1e-20
    assert fitted.statistics.residual_standard_deviation is None
    assert np.isnan(fitted.statistics.covariance).all()


def test_what_the_data_do_not_determine_has_no_standard_error() -> None:
    text = "input x[N], y[N]\nparam a, b, c\nr = a*b*x + c - y\n"
    fitted = gradc.compile(text).fit(DATA, {"a": 1.0, "b": 1.0, "c": 0.0})
    beta, covariance = closed_form()
    assert fitted.statistics.undetermined == ("a", "b")
    assert fitted.statistics.rank == 2
    assert np.isnan(fitted.standard_errors["a"])
    assert np.isnan(fitted.standard_errors["b"])
    assert fitted.parameters["c"] == pytest.approx(beta[1])
    assert fitted.standard_errors["c"] == pytest.approx(np.sqrt(covariance[1, 1]))
    assert "not the only such point" in fitted.reason


def test_a_parameter_that_nothing_depends_on_is_not_determined() -> None:
    fitted = gradc.compile(RESIDUALS.replace("w, b", "w, b, z")).fit(DATA, {**HOME, "z": 7.0})
    assert fitted.statistics.undetermined == ("z",)
    assert fitted.parameters["z"] == 7.0


# A scalar


def test_a_scalar_has_the_same_line_and_no_standard_errors() -> None:
    fitted = gradc.compile(MEAN).fit(DATA, HOME)
    assert fitted.converged
    assert fitted.standard_errors is None
    found = [fitted.parameters["w"], fitted.parameters["b"]]
    assert found == pytest.approx(closed_form()[0], rel=1e-12)


def test_a_logistic_regression_reaches_the_optimum_of_newtons_method() -> None:
    random = np.random.default_rng(3)
    design = random.standard_normal((200, 3))
    labels = (random.random(200) < 1 / (1 + np.exp(-design @ [1.0, -2.0, 0.5]))) * 1.0
    text = (
        "input X[N, D], t[N]\nparam w[D]\nz = X @ w\nJ = sum(log1pexp(z) - t*z) + 0.5*dot(w, w)\n"
    )
    w = np.zeros(3)
    for _ in range(30):
        p = 1 / (1 + np.exp(-design @ w))
        hessian = design.T @ (design * (p * (1 - p))[:, None]) + np.eye(3)
        w = w - np.linalg.solve(hessian, design.T @ (p - labels) + w)
    fitted = gradc.compile(text).fit({"X": design, "t": labels}, {"w": np.zeros(3)})
    assert fitted.converged
    assert fitted.parameters["w"] == pytest.approx(w, rel=1e-10)


def test_rosenbrock_is_solved_from_its_classic_start() -> None:
    text = "param x, y\nJ = (1 - x)^2 + 100*(y - x^2)^2\n"
    fitted = gradc.compile(text).fit({}, {"x": -1.2, "y": 1.0})
    assert fitted.parameters == pytest.approx({"x": 1.0, "y": 1.0}, rel=1e-10)


def test_a_program_with_a_loop_is_fitted() -> None:
    text = (
        "input y[T]\nparam k, y0\n"
        "loop t in T carry v = y0 {\n    v = v - 0.1*k*v\n    path[t] = v\n}\nr = path - y\n"
    )
    data = 2.0 * (1 - 0.1 * 0.7) ** np.arange(1, 9)
    fitted = gradc.compile(text).fit({"y": data}, {"k": 0.1, "y0": 1.0})
    assert fitted.parameters == pytest.approx({"k": 0.7, "y0": 2.0}, rel=1e-9)


def test_any_quantity_can_be_the_objective() -> None:
    text = RESIDUALS + "J = sum(r^2)\nL = sum(abs(r))\noutput J, L\n"
    compiled = gradc.compile(text)
    with pytest.raises(UsageError) as caught:
        compiled.fit(DATA, HOME)
    assert codes(caught) == ["G0776"]
    residuals = compiled.fit(DATA, HOME, objective="r")
    assert residuals.least_squares
    assert residuals.parameters == pytest.approx(compiled.fit(DATA, HOME, objective="J").parameters)


# Rows


@pytest.mark.parametrize(
    ("text", "loss"), [("r = w*x + b - y\n", "squares"), ("J = (w*x + b - y)^2\n", "mean")]
)
def test_rows_of_a_table_are_observations(files, text, loss) -> None:
    Path("row.g").write_text("input x, y\nparam w, b\n" + text)
    given = "row.g --inputs data.csv --start w=0 b=0 --format json"
    unsaid = invoke(given)
    assert unsaid.exit_code == 2
    assert "G0782" in unsaid.stderr
    done = json.loads(invoke(f"{given} --loss {loss}").stdout)
    beta, covariance = closed_form()
    assert done["converged"]
    assert done["parameters"] == pytest.approx({"w": beta[0], "b": beta[1]}, rel=1e-10)
    if loss == "squares":
        assert done["standard_errors"]["w"] == pytest.approx(np.sqrt(covariance[0, 0]))


def test_a_single_row_is_an_observation_where_a_loss_is_said(files) -> None:
    Path("row.g").write_text("input x, y\nparam w\nr = w*x - y\n")
    Path("one.csv").write_text("x,y\n2,3\n")
    done = json.loads(
        invoke("row.g --inputs one.csv --start w=0 --loss squares --format json").stdout
    )
    assert (done["residuals"], done["converged"]) == (1, True)
    assert done["parameters"]["w"] == pytest.approx(1.5)


def test_rows_may_share_some_data_and_have_arrays(files) -> None:
    Path("row.g").write_text("input x[2], c\nparam w[2]\nr[i in 2] = w[i]*x[i] - c\n")
    Path("rows.csv").write_text("p,q\n1,2\n2,3\n4,1\n")
    given = "row.g --inputs x=rows.csv:p,q c=1 --start w=[0,0] --loss squares --format json"
    done = json.loads(invoke(given).stdout)
    table = np.array([[1.0, 2.0], [2.0, 3.0], [4.0, 1.0]])
    assert done["parameters"]["w"] == pytest.approx(list(table.sum(0) / (table**2).sum(0)))
    assert done["residuals"] == 6


def test_the_elements_of_an_array_may_be_losses() -> None:
    text = LINE + "J = (w*x + b - y)^2\n"
    for loss in ("sum", "mean"):
        fitted = gradc.compile(text).fit(DATA, HOME, loss=loss)
        assert fitted.what == f"{loss} of J"
        assert fitted.parameters["w"] == pytest.approx(closed_form()[0][0])
    with pytest.raises(UsageError) as caught:
        gradc.compile(MEAN).fit(DATA, HOME, loss="sum")
    assert codes(caught) == ["G0779"]


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_data_in_blocks_have_the_same_minimum(files, chunk) -> None:
    given = "--inputs data.csv --start w=0 b=0 --format json"
    for program in ("mean.g", "residuals.g"):
        whole = json.loads(invoke(f"{program} {given}").stdout)
        parts = json.loads(invoke(f"{program} {given} --chunk {chunk}").stdout)
        assert parts["converged"]
        assert parts["parameters"] == pytest.approx(whole["parameters"], rel=1e-7)
        assert parts["objective"] == pytest.approx(whole["objective"], rel=1e-10)
        assert parts["standard_errors"] is None


def test_long_files_are_read_in_blocks_unless_residuals_fit(files, monkeypatch) -> None:
    from gradc import fitting, totals

    monkeypatch.setattr(totals, "LONG", 8)
    given = "--inputs data.csv --start w=0 b=0 --format json"
    errors = json.loads(invoke(f"residuals.g {given}").stdout)["standard_errors"]
    assert errors["w"] == pytest.approx(np.sqrt(closed_form()[1][0, 0]))
    used = []
    real = fitting.BlockProblem
    monkeypatch.setattr(fitting, "BlockProblem", lambda *a: used.append(a) or real(*a))
    assert json.loads(invoke(f"mean.g {given}").stdout)["converged"]
    monkeypatch.setattr(fitting, "_FITS", 8)
    assert json.loads(invoke(f"residuals.g {given}").stdout)["standard_errors"] is None
    assert len(used) == 2


def test_observations_are_read_in_blocks_too(files) -> None:
    Path("row.g").write_text("input x, y\nparam w, b\nr = w*x + b - y\n")
    given = "row.g --inputs data.csv --start w=0 b=0 --loss squares --chunk 2 --format json"
    found = json.loads(invoke(given).stdout)
    assert found["parameters"]["w"] == pytest.approx(closed_form()[0][0], rel=1e-7)


@pytest.mark.parametrize(
    "arguments",
    [
        "mean.g --inputs x=[0,1] y=[1,2] --start w=0 b=0 --chunk 2",
        "mean.g --inputs data.csv --start w=0 b=0 --chunk 2 --plot fit",
        "residuals.g --inputs data.csv --start w=0 b=0 --chunk 2 --method lm",
        "order.g --inputs data.csv --start w=0 --chunk 2",
    ],
)
def test_what_blocks_cannot_do_is_said(files, arguments) -> None:
    Path("order.g").write_text("input x[N], y[N]\nparam w\nd[i,j] = x[i] - w*y[j]\nJ = sum(d^2)\n")
    done = invoke(arguments)
    assert done.exit_code == 2
    assert "error" in done.stderr


# Methods with a rate


def test_gradient_descent_takes_the_steps_of_its_formula() -> None:
    fitted = gradc.compile(MEAN).fit(DATA, HOME, method="gd", rate=0.05, steps=7)
    w = b = 0.0
    for _ in range(7):
        e = w * X + b - Y
        w, b = w - 0.05 * 2 * np.mean(e * X), b - 0.05 * 2 * np.mean(e)
    assert fitted.parameters == pytest.approx({"w": w, "b": b})
    assert fitted.iterations == 7
    assert len(fitted.history) == 8
    assert not fitted.converged
    assert fitted.limited


@pytest.mark.parametrize(("method", "rate"), [("gd", 0.05), ("adam", 0.02)])
def test_descent_converges_given_time(method, rate) -> None:
    fitted = gradc.compile(MEAN).fit(DATA, HOME, method=method, rate=rate)
    assert fitted.converged
    found = [fitted.parameters["w"], fitted.parameters["b"]]
    assert found == pytest.approx(closed_form()[0], rel=1e-4)


def test_descent_of_residuals_is_that_of_their_sum_of_squares() -> None:
    whole = gradc.compile(LINE + "J = sum((w*x + b - y)^2)\n")
    parts = gradc.compile(RESIDUALS)
    settings = {"method": "gd", "rate": 0.01, "steps": 5}
    expected = whole.fit(DATA, HOME, **settings)
    found = parts.fit(DATA, HOME, **settings)
    assert found.parameters == pytest.approx(expected.parameters)
    assert np.isnan(found.statistics.covariance).all()


def test_too_large_a_rate_is_said_and_no_nan_is_a_result() -> None:
    fitted = gradc.compile(MEAN).fit(DATA, HOME, method="gd", rate=50.0)
    assert not fitted.converged
    assert not fitted.limited
    assert "smaller rate" in fitted.reason
    assert np.isfinite(list(fitted.parameters.values())).all()


# Bounds


@pytest.mark.parametrize("method", ["auto", "lbfgs", "trf"])
def test_a_bound_that_is_active_is_met_exactly(method) -> None:
    fitted = gradc.compile(RESIDUALS).fit(DATA, HOME, bounds={"w": [0.0, 1.5]}, method=method)
    assert fitted.converged
    assert fitted.parameters["w"] == 1.5
    assert fitted.parameters["b"] == pytest.approx(np.mean(Y - 1.5 * X), rel=1e-10)
    assert fitted.statistics.at_bound == ("w",)
    assert np.isnan(fitted.standard_errors["w"])
    residuals = 1.5 * X + fitted.parameters["b"] - Y
    known = np.sqrt(residuals @ residuals / 4 / 5)
    assert fitted.standard_errors["b"] == pytest.approx(known)


def test_bounds_that_are_not_active_change_nothing() -> None:
    bounds = {"w": [0.0, np.inf], "b": [-np.inf, 10.0]}
    fitted = gradc.compile(RESIDUALS).fit(DATA, HOME, bounds=bounds)
    beta, covariance = closed_form()
    assert [fitted.parameters["w"], fitted.parameters["b"]] == pytest.approx(beta, rel=1e-10)
    assert fitted.statistics.covariance == pytest.approx(covariance, rel=1e-8)


def test_bounds_of_an_array_are_for_all_elements_or_for_each() -> None:
    compiled = gradc.compile("param p[3]\nJ = sum((p - [1, 2, 3])^2)\n")
    start = {"p": [0.5, 0.5, 0.5]}
    for all_or_each in ([0.0, 1.5], [[0.0, 1.5]] * 3):
        fitted = compiled.fit({}, start, bounds={"p": all_or_each})
        assert fitted.parameters["p"] == pytest.approx([1.0, 1.5, 1.5])
        assert fitted.converged


@pytest.mark.parametrize("method", ["gd", "adam"])
def test_descent_stays_inside_the_bounds(method) -> None:
    settings = {"bounds": {"w": [0.0, 1.5]}, "method": method, "rate": 0.05}
    fitted = gradc.compile(MEAN).fit(DATA, HOME, **settings)
    assert fitted.converged
    assert fitted.parameters["w"] == 1.5


@pytest.mark.parametrize(
    "bounds",
    [{"w": [1.0, 0.0]}, {"w": [0.0, 0.0]}, {"w": 3.0}, {"w": [1.0, 2.0, 3.0]}, {"w": [1.0, 2.0]}],
    ids=str,
)
def test_bounds_that_do_not_fit_are_refused(bounds) -> None:
    with pytest.raises(InputError) as caught:
        gradc.compile(MEAN).fit(DATA, HOME, bounds=bounds)
    assert codes(caught) == ["G0774"]


# Several starts

WAVES = "param x\nJ = sin(3*x) + 0.1*(x - 2)^2\n"


def test_several_starts_leave_a_local_minimum() -> None:
    compiled = gradc.compile(WAVES)
    alone = compiled.fit({}, {"x": -4.0})
    many = compiled.fit({}, {"x": -4.0}, starts=30)
    assert alone.converged
    assert many.converged
    assert many.objective < alone.objective - 0.5
    assert many.parameters["x"] == pytest.approx(1.5801, abs=1e-4)
    assert many.starts.tried == 30
    assert many.starts.best > 1


def test_an_interrupt_between_two_methods_keeps_the_first(monkeypatch) -> None:
    attempt, calls = solve._attempt, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return attempt(*arguments)

    monkeypatch.setattr(solve, "_attempt", interrupted)
    turned = gradc.compile("input t[N]\nparam x\nr = cos(x)*t + 1\n")
    fitted = turned.fit({"t": [-1, -2, -3]}, {"x": 0.0})
    assert len(calls) == 2
    assert (fitted.interrupted, fitted.converged) == (True, False)
    assert fitted.parameters["x"] == 0.0


def test_starts_are_the_same_for_one_seed_and_others_for_another() -> None:
    compiled = gradc.compile(WAVES)
    found = [compiled.fit({}, {"x": -4.0}, starts=3, seed=seed).evaluations for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_starts_where_there_is_no_number_are_passed_over() -> None:
    fitted = gradc.compile("param x\nJ = x - log(x)\n").fit({}, {"x": 3.0}, starts=10)
    assert fitted.converged
    assert fitted.parameters["x"] == pytest.approx(1.0)


# What is not a minimum is not called one


@pytest.mark.parametrize(
    ("text", "start", "said"),
    [
        ("param x\nJ = x\n", {"x": 1.0}, "no minimum"),
        ("param x\nJ = -x^2\n", {"x": 1.0}, "no minimum"),
        ("param x\nJ = log(x)\n", {"x": 1.0}, "no minimum"),
        ("param x\nJ = exp(-x)\n", {"x": 0.0}, "no minimum"),
        ("param x\nJ = relu(x - 3)\n", {"x": 1.0}, "flat"),
        ("param x, y\nJ = x^2 - y^2\n", {"x": 0.0, "y": 0.0}, "saddle"),
        ("param x\nJ = x^3\n", {"x": 0.0}, "saddle"),
        ("param a, b\nr = [a*b - 1, 1]\n", {"a": 0.0, "b": 0.0}, "start elsewhere"),
        ("param x\nJ = sqrt(x)\n", {"x": 3.0}, "gradient is not zero"),
        ("param x\nJ = abs(x - 1.3) + 0.5*x\n", {"x": 3.0}, "kink"),
    ],
)
def test_no_minimum_is_not_called_one(text, start, said) -> None:
    fitted = gradc.compile(text).fit({}, start)
    assert not fitted.converged
    assert said in fitted.reason


@pytest.mark.parametrize(
    ("text", "start", "x"),
    [
        ("param x\nJ = x^4\n", 3.0, 0.0),
        ("param x\nJ = x - log(x)\n", 100.0, 1.0),  # steps lead to where log is NaN
        ("param x\nJ = -log(x) - log(3 - x)\n", 2.999999, 1.5),
        ("param x\nr = [sqrt(x) - 2, 0.1*x - 0.4]\n", 1e-3, 4.0),
    ],
)
def test_a_minimum_beside_what_is_no_number_is_found(text, start, x) -> None:
    fitted = gradc.compile(text).fit({}, {"x": start})
    assert fitted.converged
    assert fitted.parameters["x"] == pytest.approx(x, abs=1e-3)


@pytest.mark.parametrize("method", ["auto", "lbfgs", "trf", "gd"])
def test_too_few_steps_are_not_enough(method) -> None:
    text = "input x[N], y[N]\nparam a, k\nr = a*exp(-k*x) - y\n"
    settings = {"method": method, "steps": 2}
    if method == "gd":
        settings["rate"] = 1e-4
    fitted = gradc.compile(text).fit(DATA, {"a": 1.0, "k": 1.0}, **settings)
    assert not fitted.converged
    assert fitted.limited
    assert fitted.iterations == 2
    assert fitted.reason == "stopped after 2 steps, before a minimum was reached"
    assert np.isnan(fitted.standard_errors["a"])


def test_no_number_at_the_start_is_said() -> None:
    for text in ("param x\nJ = log(x) + x^2\n", "param x\nr = [log(x), x]\n"):
        with pytest.raises(NumericError) as caught:
            gradc.compile(text).fit({}, {"x": -1.0})
        assert codes(caught) == ["G0775", "G0601"]
        assert "appears first in" in caught.value.diagnostics[1].message


def test_a_number_that_is_missing_in_the_data_is_pointed_at() -> None:
    with pytest.raises(NumericError) as caught:
        gradc.compile(RESIDUALS).fit({"x": X, "y": [1.0, np.nan, 2.0, 3.0, 4.0]}, HOME)
    assert "NaN appears first in y[1]" in caught.value.diagnostics[1].message


# What is given


@pytest.mark.parametrize(
    ("inputs", "start", "expected"),
    [
        (DATA, {"w": 0.0}, ["G0772"]),
        (DATA, {}, ["G0772"]),
        ({"x": X}, {"w": 0.0}, ["G0772", "G0520"]),
        (DATA, {**HOME, "x": X}, ["G0773"]),
        (DATA, {**HOME, "ww": 1.0}, ["G0773"]),
        (DATA, {"w": [1.0], "b": 0.0}, ["G0522"]),
    ],
)
def test_what_is_missing_or_too_much_is_said(inputs, start, expected) -> None:
    with pytest.raises(InputError) as caught:
        gradc.compile(MEAN).fit(inputs, start)
    assert codes(caught) == expected


def test_no_residuals_are_nothing_to_minimise() -> None:
    with pytest.raises(InputError) as caught:
        gradc.compile(RESIDUALS).fit({"x": [], "y": []}, HOME)
    assert codes(caught) == ["G0776"]


def test_a_start_that_is_missing_is_named_with_an_example() -> None:
    compiled = gradc.compile("input X[N, D], y[N]\nparam weights[D], b\nr = X @ weights + b - y\n")
    with pytest.raises(InputError) as caught:
        compiled.fit({"X": [[1.0]], "y": [1.0]}, {"weight": [1.0]})
    near, missing = caught.value.diagnostics
    assert near.help == "did you mean `weights`?"
    assert missing.message == "no start is given for `weights[D]`, `b`"
    assert missing.help == "give it as in --start weights=[0] b=0"


def test_parameters_among_the_inputs_start_there() -> None:
    fitted = gradc.compile(MEAN).fit({**DATA, "w": 1.0}, {"b": 2.0})
    assert fitted.converged


def test_without_params_what_starts_is_fitted() -> None:
    text = "input x[N], y[N], w, b\nr = w*x + b - y\n"
    fitted = gradc.compile(text).fit(DATA, HOME)
    assert set(fitted.parameters) == {"w", "b"}
    fixed = gradc.compile(text).fit({**DATA, "b": 1.0}, {"w": 0.0})
    assert set(fixed.parameters) == {"w"}
    with pytest.raises(UsageError) as caught:
        gradc.compile(text).fit({**DATA, **HOME}, {})
    assert codes(caught) == ["G0773"]


def test_wrt_chooses_among_the_params() -> None:
    fitted = gradc.compile(MEAN, wrt=["w"]).fit({**DATA, "b": 1.0}, {"w": 0.0})
    assert fitted.parameters == pytest.approx({"w": (X @ (Y - 1.0)) / (X @ X)})


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (MEAN, {"method": "lm"}),
        (MEAN, {"method": "trf"}),
        (MEAN, {"rate": 0.1}),
        (RESIDUALS, {"method": "lm", "bounds": {"w": [-1.0, 1.0]}}),
    ],
)
def test_a_method_that_does_not_suit_is_refused(text, settings) -> None:
    with pytest.raises(UsageError) as caught:
        gradc.compile(text).fit(DATA, HOME, **settings)
    assert codes(caught) == ["G0779"]


def test_without_scipy_the_line_that_installs_it_is_said(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(UsageError) as caught:
        gradc.compile(MEAN).fit(DATA, HOME)
    assert codes(caught) == ["G0771"]
    assert gradc.compile(MEAN).fit(DATA, HOME, method="gd", rate=0.05).converged


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_fitted_or_refused_with_a_message(path) -> None:
    """A few steps from the example's own data, whatever the program is about."""
    compiled = gradc.load(path)
    data = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    start = {var.name: data[var.name] for var in compiled.wrt}
    try:
        fitted = compiled.fit(data, start, steps=3)
    except UsageError as error:
        found = [d.code for d in error.diagnostics]
    else:
        found = [] if np.isfinite(fitted.objective) and fitted.reason else ["?"]
    assert found == (["G0776"] if len(compiled.graph.outputs) > 1 else [])


# The command


def test_a_teacher_sees_the_steps(files) -> None:
    done = invoke("mean.g --inputs data.csv --start w=0 b=0 --method gd --rate 0.1 --steps 2")
    assert done.exit_code == 0
    assert done.stdout.startswith(
        "step 1: J = 33.142\n"
        "  w ← w − η·dw = 0 − 0.1·(-28.04) = 2.804\n"  # noqa: RUF001
        "  b ← b − η·db = 0 − 0.1·(-10.04) = 1.004\n"  # noqa: RUF001
        "step 2: J = "
    )
    assert "not converged: stopped after 2 steps" in done.stdout


class Screen(io.StringIO):
    """What a terminal receives."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_where_the_fit_is_and_nothing_is_left(monkeypatch) -> None:
    from gradc.cli.fit_terminal import Progress

    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    with Progress("text", "auto", None) as progress:
        progress(Step("J", 3, 0.25, 1e-3, {}, {}))
        assert "step 3: objective 0.25, gradient 0.001" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Progress("text", "auto", None) as progress:
        progress(Step("J", 3, 0.25, 1e-3, {}, {}))
    assert sys.stderr.getvalue() == ""


def test_of_many_steps_some_are_shown() -> None:
    shown = [step for step in range(1, 1001) if is_shown(step)]
    assert shown == [*range(1, 21), *range(30, 101, 10), *range(200, 1001, 100)]


def test_the_json_has_the_keys_that_programs_rely_on(files) -> None:
    done = invoke("residuals.g --inputs data.csv --start w=0 b=0 --format json")
    found = json.loads(done.stdout, parse_constant=pytest.fail)
    beta, covariance = closed_form()
    assert found["parameters"] == pytest.approx({"w": beta[0], "b": beta[1]})
    assert found["standard_errors"]["w"] == pytest.approx(np.sqrt(covariance[0, 0]))
    assert found["covariance"][0] == pytest.approx(list(covariance[0]))
    assert found["converged"] is True
    assert isinstance(found["reason"], str)
    assert isinstance(found["iterations"], int)
    assert found["objective"] == pytest.approx(3 * found["residual_standard_deviation"] ** 2)
    scalar = json.loads(invoke("mean.g --inputs data.csv --start w=0 b=0 --format json").stdout)
    assert scalar.keys() == found.keys()
    assert scalar["standard_errors"] is None
    held = "residuals.g --inputs data.csv --start w=0 b=0 --bounds w=[0,1] --format json"
    assert json.loads(invoke(held).stdout)["standard_errors"]["w"] is None


def test_saved_parameters_run(files) -> None:
    fit = invoke("residuals.g --inputs data.csv --start w=0 b=0 -o params.json")
    assert fit.exit_code == 0
    saved = json.loads(Path("params.json").read_text())
    assert saved == pytest.approx(dict(zip(("w", "b"), closed_form()[0], strict=True)))
    run = CliRunner().invoke(
        main, ["run", "mean.g", "--inputs", "data.csv", "--inputs", "params.json"]
    )
    assert run.exit_code == 0
    again = invoke("residuals.g --inputs data.csv --start params.json --format json")
    assert json.loads(again.stdout)["parameters"] == pytest.approx(saved, rel=1e-14)


def test_starts_bounds_and_inputs_take_what_follows_them(files) -> None:
    given = "--inputs x=[0,1,2] y=[1,3,5.1] --start w=0 b=0 --bounds w=[0,1] b=[0,9]"
    done = invoke(f"mean.g {given} --format json")
    found = json.loads(done.stdout)
    assert found["parameters"]["w"] == 1.0
    assert found["converged"]


@pytest.mark.parametrize(
    "arguments", ["mean.g --inputs - --start -", "- --inputs data.csv --start -"]
)
def test_standard_input_is_read_once(files, arguments) -> None:
    done = CliRunner().invoke(main, ["fit", *arguments.split()], input=MEAN)
    assert done.exit_code == 2
    assert "G0704" in done.stderr


def test_names_that_are_pythons_own_are_fitted(files) -> None:
    Path("names.g").write_text(
        "input np[N], self[N]\nparam lambda, résidu\nr = lambda*np + résidu - self\n"
    )
    given = "np=[0,1,2] self=[1,3,5] --start lambda=0 résidu=0 --format json"
    found = json.loads(invoke(f"names.g --inputs {given}").stdout)
    assert found["parameters"] == pytest.approx({"lambda": 2.0, "résidu": 1.0})


def test_what_has_not_converged_exits_with_4(files) -> None:
    Path("fall.g").write_text("param x\nJ = exp(-x)\n")
    done = invoke("fall.g --start x=0")
    assert done.exit_code == 4
    assert "G0777" in done.stderr
    assert "\nconverged" not in done.stdout


def test_a_method_that_is_limited_by_gradc_exits_with_4(files) -> None:
    done = invoke("mean.g --inputs data.csv --start w=0 b=0 --method gd --rate 1e-9")
    assert done.exit_code == 4


def test_where_the_file_cannot_be_written_the_numbers_are_printed(files) -> None:
    arguments = "residuals.g --inputs data.csv --start w=0 b=0 -o no/such/folder/p.json"
    done = invoke(arguments)
    assert done.exit_code == 2
    assert "G0701" in done.stderr
    assert "converged" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_a_full_disk_is_a_message(files) -> None:
    arguments = "residuals.g --inputs data.csv --start w=0 b=0 -o /dev/full"
    done = invoke(arguments)
    assert done.exit_code == 2
    assert "No space left" in done.stderr


def started(arguments: str, cwd: Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "gradc", "fit", *arguments.split()],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )


def test_ctrl_c_prints_and_saves_the_best_parameters_so_far(files) -> None:
    arguments = "mean.g --inputs data.csv --start w=0 b=0 --method gd --rate 1e-7"
    process = started(f"{arguments} --steps 100000000 -o p.json", files)
    while "step 20" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "G0781" in err
    assert "Traceback" not in err
    assert "not converged: interrupted" in out
    saved = json.loads((files / "p.json").read_text())
    assert set(saved) == {"w", "b"}
    assert saved["w"] > 0
    assert not list(files.glob(".p.json*"))


@pytest.mark.parametrize("method", ["gd", "adam", "lbfgs", "lm", "trf"])
def test_an_interrupt_anywhere_leaves_the_best_point_so_far(method, monkeypatch) -> None:
    """In whatever call of emitted code it comes; before the first is done, there is none."""
    from gradc.fit import problem

    text = "input x[N], y[N]\nparam a, k\nr = a*exp(-k*x) - y\n"
    compiled = gradc.compile(text)
    start = {"a": 1.0, "k": 0.1}
    worst = float(np.sum((np.exp(-0.1 * X) - Y) ** 2))
    real, endings = problem.call, set()
    for last in [*range(1, 12), *range(12, 60, 7)]:
        calls = 0

        def interrupting(*arguments, last=last):
            nonlocal calls
            calls += 1
            if calls == last:
                raise KeyboardInterrupt
            return real(*arguments)

        monkeypatch.setattr(problem, "call", interrupting)
        try:
            fitted = compiled.fit(DATA, start, method=method, steps=25, starts=2)
        except KeyboardInterrupt:
            endings.add("nothing yet")
            assert last < 10
            continue
        endings.add("best" if fitted.interrupted else "done")
        assert fitted.objective <= worst * (1 + 1e-12)
        assert fitted.converged <= (not fitted.interrupted)
    assert {"nothing yet", "best"} <= endings


def test_a_reader_that_goes_away_is_no_error(files) -> None:
    process = started(
        "mean.g --inputs data.csv --start w=0 b=0 --method gd --rate 1e-3 --steps 3000", files
    )
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    assert "Traceback" not in process.stderr.read()
