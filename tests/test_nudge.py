"""`gradc nudge`: changes, their linear predictions, and what round-off may be."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import gradc
from gradc.cli.main import main
from gradc.nudging import Request, nudge
from gradc.report.plot import WIDTH, Series, log_log
from gradc.runtime.moving import noise_of

EXAMPLES = Path(__file__).parents[1] / "examples"
CIRCUIT = "u = b*c; v = a+u; J = 3*v\n"


def run(tmp_path, program, *arguments, name="f.g"):
    file = tmp_path / name
    file.write_text(program, encoding="utf-8")
    return CliRunner().invoke(main, ["nudge", str(file), *arguments], prog_name="gradc")


def values(tmp_path, program, *arguments):
    done = run(tmp_path, program, *arguments, "--format", "json")
    return done, json.loads(done.stdout)


def nudged(program, specs, by, **options):
    request = Request(specs, by, **options)
    return nudge(gradc.compile(program).program, request, lambda: "")


def test_the_circuit(tmp_path):
    done = run(tmp_path, CIRCUIT, "--inputs", "a=5", "b=3", "c=2", "--by", "b=0.001")
    assert done.exit_code == 0
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    for name, old, new, change in (
        ("u", "6", "6.002", "0.002"),
        ("v", "11", "11.002", "0.002"),
        ("J", "33", "33.006", "0.006"),
    ):
        cells = re.split(r"\s{2,}", rows[name])
        assert cells[2:6] == [old, new, change, change]
    assert rows["a"].split()[2:] == ["5", "5", "0", "0", "0"]
    assert "ΔJ ≈ db*Δb = 6*0.001 = 0.006; in fact 0.006" in done.stdout


def test_several_nudges_follow_by(tmp_path):
    words = ["--by", "a=0.1", "b=0.001", "--inputs", "a=5", "b=3", "c=2"]
    done, found = values(tmp_path, CIRCUIT, *words)
    assert done.exit_code == 0
    assert list(found["nudge"]) == ["a", "b"]
    assert found["total"]["predicted"] == pytest.approx(0.306, rel=1e-12)
    assert found["values"]["J"]["new"] == pytest.approx(33.306, rel=1e-12)


def test_the_prediction_is_forward_mode_and_the_error_is_of_second_order():
    result = nudged("y = exp(a)*sin(b)", ["a=0.3,b=0.4"], ["a=1e-3,b=2e-3"])
    change = next(n for n in result.nudged.nodes if n.var.name == "y").change
    ea, sb, cb = np.exp(0.3), np.sin(0.4), np.cos(0.4)
    assert change.predicted == pytest.approx(ea * sb * 1e-3 + ea * cb * 2e-3, rel=1e-9)
    second = ea * (sb * 1e-6 + 2 * cb * 2e-6 - sb * 4e-6) / 2
    assert change.error == pytest.approx(abs(second), rel=1e-2)
    assert change.seen
    assert result.nudged.total.predicted == pytest.approx(change.predicted, rel=1e-12)


def test_round_off_is_not_an_error_of_the_prediction(tmp_path):
    """The program is linear; 1e9 costs the change nine digits."""
    done, found = values(tmp_path, "y = (x + 1e9) - 1e9", "--inputs", "x=0.1", "--by", "x=1e-4")
    y = found["values"]["y"]
    assert done.exit_code == 0
    assert y["error"] > 1e-9
    assert y["relative_error"] is None
    assert y["round_off"] > y["error"]
    text = run(tmp_path, "y = (x + 1e9) - 1e9", "--inputs", "x=0.1", "--by", "x=1e-4").stdout
    assert "`<`: round-off of the change hides" in text


def test_a_change_below_the_last_place_is_no_kink(tmp_path):
    done = run(tmp_path, "y = x + 1e9", "--inputs", "x=1", "--by", "x=1e-9")
    assert done.exit_code == 0
    assert "G0734" not in done.stderr
    assert "`<`: round-off of the change hides" in done.stdout


def test_a_small_error_that_is_real_is_seen():
    result = nudged("y = x^2", ["x=1"], ["x=1e-6"])
    change = result.nudged.total
    assert change.seen
    assert change.error == pytest.approx(1e-12, rel=1e-3)


@pytest.mark.parametrize(
    ("by", "expected"),
    [("w=[0.01,0,0]", [0.01, 0, 0]), ("w[2]=0.001", [0, 0, 0.001]), ("w[0]=1,w[1]=2", [1, 2, 0])],
)
def test_arrays_and_elements(tmp_path, by, expected):
    program = "input w[N]\ny[i] = w[i]^2\nJ = sum(y)"
    done, found = values(tmp_path, program, "--inputs", "w=[1,2,3]", "--by", by)
    assert done.exit_code == 0
    assert found["nudge"]["w"] == pytest.approx(expected, rel=1e-9)
    assert found["values"]["y"]["predicted"] == pytest.approx(
        np.linalg.norm(2 * np.array([1, 2, 3]) * expected), rel=1e-9
    )
    text = run(tmp_path, program, "--inputs", "w=[1,2,3]", "--by", by).stdout
    assert "3.74166" in text
    assert "Of arrays, norms are shown." in text
    assert "[N]" in text
    assert "ΔJ ≈ sum(dw*Δw) = " in text


def test_integers_are_shown_and_do_not_move(tmp_path):
    program = "input x[N], k in N\nj = argmax[n](x[n])\ny = x[k] + x[j]"
    words = ["--inputs", "x=[1,2]", "k=1", "--by", "x[0]=5"]
    done, found = values(tmp_path, program, *words)
    assert done.exit_code == 0
    assert found["values"]["k"] == {"shape": [], "old": 1, "new": 1}
    assert found["values"]["j"] == {"shape": [], "old": 1, "new": 0}
    rows = run(tmp_path, program, *words).stdout.splitlines()
    assert next(row for row in rows if row.startswith("j ")).split()[-3:] == ["1", "0", "-1"]


@pytest.mark.parametrize(
    ("program", "inputs", "by", "code", "exit_code", "said"),
    [
        ("input k in 3, x\ny = x*k", "k=1,x=1", "k=1", "G0731", 2, "integers"),
        ("input alpha\ny = 2*alpha", "alpha=1", "alhpa=1", "G0731", 2, "did you mean `alpha`?"),
        ("input alpha\ny = 2*alpha", "alpha=1", "y=1", "G0731", 2, "computes"),
        ("input w[N]\ny = sum(w)", "w=[1,2]", "w=1", "G0732", 3, "w[0]=0.001"),
        ("input w[N]\ny = sum(w)", "w=[1,2]", "w[2]=1", "G0732", 2, "shape [2]"),
        ("input w[N]\ny = sum(w)", "w=[1,2]", "w[0,0]=1", "G0732", 2, "1 axis"),
        ("input w[N]\ny = sum(w)", "w=[1,2]", "w[-1]=1", "G0732", 2, "element"),
        ("input w[N]\ny = sum(w)", "w=[1,2]", "w[0]=1,w[0]=2", "G0732", 2, "twice"),
        ("input w[N]\ny = sum(w)", "w=[1,2]", "w[0]=a", "G0732", 2, "number"),
        ("input w[N]\ny = sum(w)", "w=[1,2]", "w[0]=1e999", "G0732", 2, "finite"),
        ("input w[N]\ny = sum(w)", "w=[1,2]", "w=[1,2,3]", "G0525", 3, "3"),
        ("y = x^2", "x=1", "x[0]=1", "G0732", 2, "one number"),
        ("y = x^2", "x=1", "x=nan", "G0732", 2, "finite"),
        ("y = x^2", "x=1", "x=0", "G0733", 2, "0"),
        ("y = x^2", "x=1", "x=", "G0506", 3, ""),
    ],
)
def test_requests_that_do_not_fit(tmp_path, program, inputs, by, code, exit_code, said):
    done = run(tmp_path, program, "--inputs", inputs, "--by", by)
    assert done.exit_code == exit_code, done.stderr
    assert code in done.stderr
    assert said in done.stderr
    assert not done.stdout


def test_no_nudge_is_an_error(tmp_path):
    done = run(tmp_path, CIRCUIT, "a=5,b=3,c=2")
    assert done.exit_code == 2
    assert "--by b=0.001" in done.stderr


def test_a_nudge_lost_in_rounding_is_said(tmp_path):
    done = run(tmp_path, "y = 2*x", "--inputs", "x=1", "--by", "x=1e-20")
    assert done.exit_code == 0
    assert "lost in rounding" in done.stderr


@pytest.mark.parametrize(
    ("program", "x", "by", "name"),
    [
        ("y = abs(x)", 0, -0.001, "y"),
        ("p = 2*x\ny = relu(p)\nz = y^2 + y", 0, 0.001, "y"),
        ("y = maximum(x, 0.5)", 0.5, 0.001, "y"),
        ("y = floor(x)", 2, -0.001, "y"),
        ("input x\nv[i in 2] = x*i\ny = norm(v)", 0, 0.001, "y"),
    ],
)
def test_kinks_and_jumps_are_named(tmp_path, program, x, by, name):
    done = run(tmp_path, program, "--inputs", f"x={x}", "--by", f"x={by}")
    assert done.exit_code == 0
    assert f"G0734]: the change of `{name}` is not linear" in done.stderr


@pytest.mark.parametrize(
    "program", ["y = x^2", "y = x*abs(x)", "y = exp(50*x)", "y = (x+1e6)^2-1e12"]
)
def test_smooth_points_are_not_called_kinks(tmp_path, program):
    done = run(tmp_path, program, "--inputs", "x=0", "--by", "x=0.01")
    assert "G0734" not in done.stderr


def test_a_result_that_is_not_finite(tmp_path):
    done, found = values(tmp_path, "y = sqrt(x)", "--inputs", "x=0", "--by", "x=0.001")
    assert done.exit_code == 4
    assert found["values"]["y"]["predicted"] == "inf"
    done = run(tmp_path, "y = 1/x", "--inputs", "x=1", "--by", "x=-1")
    assert done.exit_code == 4
    assert "G0601" in done.stderr


def test_several_outputs_and_a_seed(tmp_path):
    program = "input x[N]\ny = x^2\nz = sum(y)\noutput y, z"
    done = run(tmp_path, program, "--inputs", "x=[1,2]", "--by", "x[0]=0.1")
    assert done.exit_code == 0
    assert "G0404" in done.stderr
    assert "≈" not in done.stdout
    words = ["--inputs", "x=[1,2]", "--by", "x[0]=0.1", "--seed-output", "y=[3,1]"]
    done, found = values(tmp_path, program, *words)
    assert found["total"]["predicted"] == pytest.approx(0.6, rel=1e-12)
    assert found["total"]["change"] == pytest.approx(0.63, rel=1e-12)
    assert "Δsum(weights*y) ≈" in run(tmp_path, program, *words).stdout
    assert "Δsum(y) ≈" in run(tmp_path, program, *words[:-1], "y").stdout


# The sweep


@pytest.mark.parametrize(
    ("program", "x", "trend", "order"),
    [
        ("y = sin(x)*exp(x)", 0.7, "smooth", 2),
        ("y = x^3", 0, "smooth", 3),
        ("y = abs(x) + x^2", 0, "kink", 1),
        ("y = relu(x)", 0, "kink", 1),
        ("y = ceil(x)", 2, "jump", 0),
        ("y = abs(x)^1.5", 0, "between", 1.5),
        ("y = 3*(x + 2)", 1, "linear", None),
        ("y = relu(x)", 1, "linear", None),
        ("y = log(exp(x))", 1, "exact", None),
    ],
)
def test_trends(tmp_path, program, x, trend, order):
    words = ["--inputs", f"x={x}", "--by", "x=0.01", "--sweep"]
    done, found = values(tmp_path, program, *words)
    assert done.exit_code == 0
    assert found["sweep"]["trend"] == trend
    if order is None:
        assert found["sweep"]["order"] is None
    else:
        assert found["sweep"]["order"] == pytest.approx(order, abs=0.05)


def test_a_sweep_stops_where_round_off_takes_over(tmp_path):
    done = run(tmp_path, "y = exp(x)", "--inputs", "x=1", "--by", "x=0.1", "--sweep")
    rows = [line for line in done.stdout.splitlines() if "(round-off)" in line]
    assert len(rows) == 1
    assert "Order 2" in done.stdout
    assert re.search(r"From scale 1e-0[5-8] on, round-off", done.stdout)
    assert " order 2   " in done.stdout


def test_a_sweep_from_a_tiny_nudge_goes_up(tmp_path):
    words = ["--inputs", "x=1", "--by", "x=1e-7", "--sweep"]
    _, found = values(tmp_path, "y = exp(x)", *words)
    assert found["sweep"]["trend"] == "smooth"
    assert found["sweep"]["sizes"][0]["scale"] > 1


def test_nothing_is_said_of_sizes_where_nothing_moves(tmp_path):
    words = ["--inputs", "x=3", "z=1", "--by", "x=1e-300", "--sweep"]
    done = run(tmp_path, "y = x^2*z", *words)
    assert "lost in rounding" in done.stderr
    assert "linear" not in done.stdout
    assert "scale" not in done.stdout


def test_a_terminal_without_unicode_gets_ascii(tmp_path):
    result = nudged("y = x^2", ["x=1"], ["x=0.1"], sweep=True)
    assert not result.text(unicode=True).isascii()
    assert result.text(unicode=False).isascii()
    assert "delta y ~ dx*delta x = 2*0.1 = 0.2; in fact 0.21" in result.text(unicode=False)


def test_a_plot_is_within_its_width():
    points = [(10.0**-k, 10.0 ** (-2 * k)) for k in range(300) if 10.0 ** (-2 * k)]
    text = log_log([Series("error", "point", points)], "size", "error", True)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.count("●") > 10
    assert not log_log([Series("none", "point", [(0.0, 1.0), (1.0, float("inf"))])], "x", "y", True)


def test_noise_is_estimated():
    rng = np.random.default_rng(1)
    noise = 1e-9 * rng.uniform(-0.5, 0.5, (5, 400))
    line = np.linspace(1.0, 1.001, 5)[:, None] + noise
    found = noise_of(list(line))
    assert np.median(found) == pytest.approx(0.29e-9, rel=0.5)
    assert noise_of([np.float64(k) for k in range(5)]) == 0


# `particle` minimises by loops in loops, twenty seconds to a value.
QUICK = [path for path in sorted(EXAMPLES.glob("*.g")) if path.stem != "particle"]


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_every_example_can_be_nudged(path):
    """The prediction of every quantity is one: its error falls by more than the nudge."""
    program = gradc.load(path).program
    specs = [str(path.with_suffix(".json"))]
    first = program.wrt()[0]
    bound = gradc.session.bind_specs(program, specs, lambda: "")
    zeros = np.zeros(np.shape(bound.arrays[first.name]))
    place = f"[{','.join('0' * zeros.ndim)}]" if zeros.ndim else ""
    result = nudge(program, Request(specs, [f"{first.name}{place}=1e-4"]), lambda: "")
    assert result.exit_code == 0
    assert not [note for note in result.notes if note.code == "G0734"]
    json.loads(result.json())
    assert result.nudged.total.finite
