"""`gradc check`: verdicts on derivatives, and what is wrong where one is."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import gradc
from gradc.checking import WRONG_DERIVATIVE, Request, check_gradient
from gradc.cli.main import main
from gradc.ops.table import PRIMITIVES
from gradc.runtime.differences import derivative

EXAMPLES = Path(__file__).parents[1] / "examples"


def checked(program, *specs, **options):
    return check_gradient(gradc.compile(program).program, Request(specs, **options), lambda: "")


def verdicts(result):
    return {one.name: one.verdict for one in result.check.elements}


def run(tmp_path, program, *arguments):
    file = tmp_path / "f.g"
    file.write_text(program, encoding="utf-8")
    return CliRunner().invoke(main, ["check", str(file), *arguments], prog_name="gradc")


# Programs that are right


# `particle` minimises by loops in loops, twenty seconds to a value.
QUICK = [path for path in sorted(EXAMPLES.glob("*.g")) if path.stem != "particle"]


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_examples_pass(path):
    program = gradc.load(path).program
    result = check_gradient(program, Request([str(path.with_suffix(".json"))]), lambda: "")
    assert result.exit_code == 0
    found = Counter(one.verdict for one in result.check.elements)
    # At p = 0 the entropy has a kink: the branch taken says 0.
    allowed = {"agrees", "kink"} if path.stem == "entropy" else {"agrees"}
    assert set(found) <= allowed
    json.loads(result.json())


def test_the_table(tmp_path):
    done = run(tmp_path, "u = b*c; v = a+u; J = 3*v", "--inputs", "a=5", "b=3", "c=2")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["element", "reverse", "numerical"]
    assert lines[3].split() == ["b", "6", "6", "complex", "step", "0", "agrees"]
    assert "3 elements and 3 random directions checked; 6 right." in done.stdout


# Hard cases: no false alarm

TRICKY = [
    ("y = x^1000", "x=0.99"),
    ("y = x^1000", "x=2"),
    ("y = x^1000", "x=-1.01"),
    ("y = x^-30", "x=1e-9"),
    ("y = exp(1000*x)", "x=0.5"),
    ("y = sin(1e6*x)", "x=1"),
    ("y = atan(1e8*x)", "x=1e-9"),
    ("y = tanh(x)", "x=30"),
    ("y = sigmoid(x)", "x=-700"),
    ("y = log(x)", "x=1e-300"),
    ("y = x*1e-300", "x=1e-300"),
    ("y = x*1e300", "x=1e-300"),
    ("y = x*x", "x=1e-200"),
    ("y = 1/x", "x=1e-150"),
    ("y = (x + 1e20) - 1e20", "x=1"),
    ("y = (x + 1e9) - 1e9", "x=1e-3"),
    ("y = (1 - cos(x))/x^2", "x=1e-8"),
    ("y = (exp(x) - 1)/x", "x=1e-9"),
    ("y = sqrt(x^2 + 1e-20)", "x=0"),
    ("y = sqrt(x + 1e10) - sqrt(x)", "x=1"),
    ("y = (x - 1)^2", "x=1"),
    ("y = (a - b)^2", "a=1.0000001,b=1"),
    ("y = (a - b)/(a + b)", "a=1.0000000001,b=1"),
    ("y = log(exp(x) + exp(-x))", "x=300"),
    ("y = a + 1e-12*b", "a=1,b=1"),
    ("y = a*1e200 + b*1e-200", "a=1,b=1"),
    ("y = asin(x)", "x=0.9999999999"),
    ("y = acosh(x)", "x=1.0000000001"),
    ("y = sqrt(x)", "x=1e-300"),
    ("y = x*log(x)", "x=1e-30"),
    ("y = lgamma(x)", "x=1e-5"),
    ("y = digamma(x)", "x=100"),
    ("y = erf(x)", "x=5"),
    ("y = erfc(x)", "x=20"),
    ("y = abs(x - 1)", "x=1.0000001"),
    ("y = floor(x)*x", "x=2.5"),
    ("y = x % 0.3", "x=1"),
    ("y = norm([a, b])", "a=1e-200,b=1e-200"),
    ("y = x^1.5", "x=0"),
    ("y = x if x > 0 else 2*x", "x=1"),
    ("y = sin(x)/x if abs(x) > 1e-4 else 1 - x^2/6", "x=1e-3"),
    ("def f(t) {\n z = t + 1e18\n return z - 1e18\n}\ny = f(x)", "x=1"),
    ("loop k in 2 carry s = x {\n s = s + 1e18\n}\ny = s - 2e18", "x=1"),
    ("input x[N]\na = sin(2*pi)\ny = var((2 + sin(x))^a)", "x=[0.6,0.4,3.2]"),
    ("y = x - x", "x=3"),
    ("y = 0*x", "x=3"),
    ("y = 7 + 0*x", "x=0"),
    ("y = x^2", "x=1e-320"),
    ("y = det([[a, b], [b, a]])", "a=1,b=1"),
    ("y = cbrt(x)", "x=1e-12"),
    ("y = exp(-1/x^2)", "x=0.02"),
    ("y = sin(1/x)", "x=1e-3"),
    ("y = (x*1e16 + 1) - x*1e16", "x=1"),
]


@pytest.mark.parametrize(("program", "inputs"), TRICKY)
def test_no_false_alarm(program, inputs):
    result = checked(program + "\n", inputs)
    found = [*result.check.elements, *result.check.directions]
    assert not [one for one in found if one.verdict == "wrong"]
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("program", "inputs"),
    [
        ("y = f(x)", "x=1.3"),
        ("y = exp(f(x)/10)", "x=0.7"),
        ("y = f(x)*1e-300", "x=1.3"),
        ("y = f(x)*1e300", "x=1.3"),
        ("y = f(x)", "x=1e-90"),
        ("y = f(x)", "x=1e90"),
        ("y = abs(f(x))", "x=-2"),
        ("y = a*f(x) + 3*a", "a=2,x=1"),
    ],
)
@pytest.mark.parametrize("factor", [3.000003, 2.999997, 3.1, 0, -3])
def test_no_false_agreement(program, inputs, factor):
    """Off by a millionth, a derivative is wrong."""
    result = checked(f"def f(t) = t^3 with dt = {factor}*t^2\n{program}", inputs)
    assert verdicts(result)["x"] == "wrong"
    assert result.exit_code == WRONG_DERIVATIVE == 5
    right = checked(f"def f(t) = t^3 with dt = 3*t^2\n{program}", inputs)
    assert verdicts(right)["x"] == "agrees"


@pytest.mark.parametrize(
    ("program", "inputs"),
    [
        ("y = abs(x)", "x=0"),
        ("y = relu(x)", "x=0"),
        ("y = relu(x)*3 + x", "x=0"),
        ("y = maximum(a, b)", "a=1,b=1"),
        ("y = minimum(a, 2)", "a=2"),
        ("input x[N]\ny = max(x)", "x=[1,3,3]"),
        ("input x[N]\ny = norm(x)", "x=[0,0]"),
        ("y = hypot(a, b)", "a=0,b=0"),
        ("y = floor(x)", "x=2"),
        ("y = sign(x)", "x=0"),
        ("y = x % 2", "x=4"),
        ("y = abs(x)^1.0", "x=0"),
        ("y = x if x > 1 else x^2", "x=1"),
        ("y = cbrt(x)", "x=0"),
        ("y = sqrt(x)", "x=0"),
        ("y = abs(sin(x))", "x=0"),
        ("y = 1e-200*abs(x)", "x=0"),
        ("y = abs(x - 1)*cos(700*x) + abs(x - 1.001) % 0.3", "x=1"),
    ],
)
def test_kinks_are_recognised(program, inputs):
    result = checked(program, inputs)
    found = [one for one in result.check.elements if one.verdict != "agrees"]
    assert found
    assert {one.verdict for one in found} == {"kink"}
    assert result.exit_code in (0, 4)


def test_a_convention_beyond_the_sides_is_wrong():
    result = checked("def f(t) = abs(t) with dt = 5\ny = f(x)", "x=0")
    assert verdicts(result) == {"x": "wrong"}


def test_what_is_not_finite_never_agrees(tmp_path):
    done = run(tmp_path, "y = log(x)", "--inputs", "x=0")
    assert done.exit_code == 4
    assert "G0601" in done.stderr
    done = run(tmp_path, "def f(t) = t^2 with dt = log(-t)\ny = f(x)", "--inputs", "x=2")
    assert done.exit_code == 5
    assert "G0735" in done.stderr
    assert verdicts(checked("y = 1/x", "x=1e-200")) == {"x": "round-off"}
    result = checked("y = atan2(a, b)", "a=0,b=0")
    assert set(verdicts(result).values()) == {"kink"} or result.exit_code == 4
    assert "agrees" not in verdicts(result).values()


# What is wrong

CUBE = "def cube(t) = t^3 with dt = 3*t\n"


@pytest.mark.parametrize(
    ("program", "inputs"),
    [
        (CUBE + "y = cube(x)", "x=2"),
        (CUBE + "input x[N]\ny = sum(cube(x))", "x=[1.5,2]"),
        (CUBE + "input x[N]\nz[i] = cube(x[i]) + i\ny = sum(z)", "x=[1.5,2]"),
        (CUBE + "def g(s) {\n q = cube(s) + 1\n return q*2\n}\ny = g(x)", "x=2"),
        (CUBE + "loop k in 3 carry s = x {\n s = cube(s)/2\n}\ny = s", "x=0.9"),
        (
            CUBE + "def g(s) {\n loop k in 3 carry q = s {\n  q = q + cube(q)/9\n }\n return q\n}\n"
            "input x[N]\nz[i] = g(x[i])\ny = sum(z)",
            "x=[1.5,2]",
        ),
        (CUBE + "y = cube(x) if x > 1 else x", "x=2"),
        (CUBE + "z = cube(x)*x\ng = grad(z, x)\ny = g*x", "x=2"),
        (CUBE + "def root(s) = sqrt(s) with ds = 0.5/sqrt(s)\ny = root(cube(x))", "x=2"),
        (
            "def cube(t) {\n loop k in 60 carry low = 0, high = 90 {\n  m = (low + high)/2\n"
            "  low = low if m > t^3 else m\n  high = m if m > t^3 else high\n }\n return low\n}"
            " with dt = 3*t\ny = cube(x)",
            "x=2",
        ),
    ],
)
def test_an_authors_derivative_is_named(tmp_path, program, inputs):
    done = run(tmp_path, program, "--inputs", inputs)
    if "grad(z" in program:  # there it is part of the value, which is as it is stated
        assert done.exit_code in (0, 5)
        return
    assert done.exit_code == 5
    assert "G0735" in done.stderr
    assert "the author of `cube` states is wrong" in done.stderr
    assert "dt = 3*t" in done.stderr
    assert "root" not in done.stderr.split("stated here")[0].split("G0735")[1].split("\n")[0]


def test_numbers_that_differ_are_printed_differently(tmp_path):
    program = "def f(t) = t^2 with dt = 2*t + 1e-6\ny = f(x)"
    done = run(tmp_path, program, "--inputs", "x=1")
    assert "2.000001" in done.stdout
    assert "is 2.000001, by numbers 2; without what is stated it is 2" in done.stderr


def test_the_argument_is_named(tmp_path):
    program = "def f(a, b) = a^2*b with da = 2*a*b, db = 3*a^2\ny = f(x, x)"
    done = run(tmp_path, program, "--inputs", "x=2")
    assert done.exit_code == 5
    assert "f.g:1:38" in done.stderr
    assert "^^^^^^^^^^ stated here" in done.stderr


MUTATIONS = {
    "sin": (lambda x, out: (1.001,), "y = sin(x)"),
    "exp": (lambda x, out: (2 * out,), "y = exp(x)"),
    "mul": (lambda x, y, out: (y, y), "y = x*(x + 1)"),
    "tanh": (lambda x, out: (1.0 - out,), "input v[N]\nz = tanh(v)\ny = sum(z)"),
    "log": (lambda x, out: (1.000001 / x,), "y = log(x)"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_row_is_caught(monkeypatch, name):
    """A derivative rule that is off is found, and the statement that uses it."""
    partials, program = MUTATIONS[name]
    monkeypatch.setitem(PRIMITIVES, name, replace(PRIMITIVES[name], partials=partials))
    before = "input x\n" if "v[N]" not in program else ""
    data = "v=[0.3,0.8]" if "v[N]" in program else "x=0.7"
    result = checked(before + program + "\nq = y*3 - 2\noutput q", data)
    assert "wrong" in verdicts(result).values()
    assert result.exit_code == 5
    (note,) = [note for note in result.notes if note.severity == "error"]
    assert note.code == "G0736"
    assert ("`z`" if "v[N]" in program else "`y`") in note.message
    assert note.labels


def test_a_statement_that_passes_change_is_found(monkeypatch):
    """What is checked one by one are the statements as they are emitted, after all passes."""
    row = PRIMITIVES["sin"]
    wrong = replace(row, partials=lambda x, out: (1.01,))
    monkeypatch.setitem(PRIMITIVES, "sin", wrong)
    program = "input x[N]\ndim M = 3\np = (2 + 3)*x\nJ = sum(q)\n".replace(
        "J", "q[i] = (sin(p[i]) + sin(p[i])*(1 + 1)) + M\nJ"
    )
    result = checked(program, "x=[0.3,0.8]")
    assert result.exit_code == 5
    assert result.notes[-1].code == "G0736"
    assert "`q`" in result.notes[-1].message


def test_modes_that_differ_are_caught(monkeypatch):
    """What the two modes say is never taken for rounding of each other."""
    from gradc.runtime.subject import Subject

    along = Subject.along
    monkeypatch.setattr(Subject, "along", lambda self, direction: along(self, direction) * 1.00001)
    for program in ("y = sin(x)", "y = abs(x)"):
        result = checked(program, "x=0.7")
        (one,) = result.check.elements
        assert (one.verdict, one.remark) == ("wrong", "the two modes differ")
        assert result.exit_code == 5


def test_a_wrong_transpose_is_caught(monkeypatch):
    row = PRIMITIVES["softmax"]
    wrong = replace(row, jvp=lambda b, eq, t, which: b.apply("mul", (eq.out, t)))
    monkeypatch.setitem(PRIMITIVES, "softmax", wrong)
    result = checked("input x[N]\np = softmax(x)\ny = p[0]", "x=[0.3,0.8]")
    assert result.exit_code == 5
    assert "`p`" in result.notes[-1].message


# Outputs, sizes, options


def test_array_outputs_are_weighted(tmp_path):
    program = "input x[N]\ny = x^2\nz = sum(x)\noutput y, z"
    result = checked(program, "x=[1,2]")
    assert result.check.weighted
    assert set(verdicts(result).values()) == {"agrees"}
    assert "weighted at random" in result.text()
    chosen = checked(program, "x=[1,2]", seed_output="y=[3,0]")
    assert [one.reverse for one in sorted(chosen.check.elements)] == [6.0, 0.0]


def test_a_wrong_element_among_many_is_found():
    program = "def f(t, s) = t^2 with dt = 2*t + s, ds = 0\ninput x[N], s[N]\nJ = sum(f(x, s))"
    x, s = np.linspace(1, 2, 3000), np.zeros(3000)
    s[1717] = 1e-2
    bound = {"x": x, "s": s}
    result = check_gradient_of(program, bound, wrt=["x"])
    assert len(result.check.elements) <= 101
    assert result.check.total == 3000
    assert verdicts(result)["x[1717]"] == "wrong"
    assert result.exit_code == 5
    assert "of 3000 elements" in result.text()


def check_gradient_of(program, arrays, **options):
    """A check of data that are arrays, by files."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        np.savez(path, **arrays)
        return checked(program, str(path), **options)


def test_large_inputs_are_sampled():
    start = time.monotonic()
    result = check_gradient_of(
        "input x[N]\nJ = sum(sin(x)*x)", {"x": np.linspace(-3, 3, 200_000)}, elements=12
    )
    assert len(result.check.elements) == 12
    assert result.check.total == 200_000
    assert {one.verdict for one in result.check.elements} <= {"agrees", "round-off"}
    assert time.monotonic() - start < 60


def test_a_thousand_inputs_take_seconds():
    program = "\n".join(f"y{i} = sin(x{i})*{i + 1}" for i in range(300))
    program += "\nJ = " + " + ".join(f"y{i}" for i in range(300))
    start = time.monotonic()
    result = checked(program, ",".join(f"x{i}=0.{i + 1}" for i in range(300)))
    assert {one.verdict for one in result.check.elements} == {"agrees"}
    assert time.monotonic() - start < 40


def test_the_check_is_the_same_every_time():
    program = "input x[N]\nJ = sum(exp(x))"
    one, other = (checked(program, "x=[1,2,3]") for _ in range(2))
    assert one.json() == other.json()


@pytest.mark.parametrize(
    ("program", "arguments", "code", "exit_code"),
    [
        ("y = 2 + 3", (), "G0738", 2),
        ("y = x^2", ("x=1", "--wrt", "z"), "G0401", 2),
        ("y = x^2", (), "G0520", 3),
        ("y = x^2", ("x=1", "--seed-output", "q"), "G0403", 2),
        ("y = x^2", ("x=1", "--tolerance", "0"), "G0704", 2),
        ("y = x^2", ("x=1", "--tolerance", "nan"), "G0704", 2),
        ("y = x^2", ("x=1", "--elements", "0"), "G0704", 2),
    ],
)
def test_requests_that_do_not_fit(tmp_path, program, arguments, code, exit_code):
    done = run(tmp_path, program, *arguments)
    assert done.exit_code == exit_code
    assert code in done.stderr or code == "G0704"


def test_zero_size_arrays(tmp_path):
    done = run(tmp_path, "input x[N], a\nJ = sum(x) + a", "--inputs", "x=[]", "a=1")
    assert done.exit_code == 0
    assert "1 element" in done.stdout


def test_integers_and_names(tmp_path):
    program = "input x[N], k in N\nδ = x[k]^2\nlambda = δ*3"
    done = run(tmp_path, program, "--inputs", "x=[1,2]", "k=1", "--format", "json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["verdicts"]["agrees"] == len(found["elements"]) + len(found["directions"])


# Differences


@pytest.mark.parametrize(
    ("f", "at", "exact"),
    [
        (math.exp, 1.0, math.e),
        (math.sin, 0.7, math.cos(0.7)),
        (lambda x: x**5, 2.0, 80.0),
        (math.log, 1e-3, 1e3),
    ],
)
def test_differences_know_their_error(f, at, exact):
    found = derivative(lambda t: (np.array([f(at + t)]), (at + t) - at), at)
    assert abs(found.value - exact) <= 4 * found.error
    assert found.error <= 1e-9 * abs(exact)
    assert found.sides is None
