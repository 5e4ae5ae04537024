"""Single precision: every real number is a float32, and near what double precision gives.

Intermediate results are looked at as well (`watched`), and numbers are compared with those in
double precision at the same (rounded) data, to what rounding can explain.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from js_agreement import directions
from numeric import inner
from test_primitives import (
    ARRAY_CASES,
    ARRAY_PROGRAMS,
    CASES,
    LOGIC,
    case_id,
    data_for,
    expression,
    operands,
    points,
)
from watched import watched

import gradc
from gradc.cli.main import main
from gradc.diagnostics import UsageError
from gradc.ir.graph import DType, Var
from gradc.ir.precision import Precision, rounded
from gradc.ir.program import Program
from gradc.ops.primitive import Primitive
from gradc.runtime.bind import bind
from gradc.runtime.load import load_functions
from gradc.targets.python.emit import emit_trace
from gradc.targets.python.helpers import helper_names
from gradc.targets.python.single import IN_DOUBLE

pytestmark = pytest.mark.usefixtures("named_rows")

ROOT = Path(__file__).parents[1]
# The fit of `particle` takes many thousands of steps, and `soft_dtw` writes 1e300 for infinity.
EXAMPLES = sorted({path.stem for path in (ROOT / "examples").glob("*.g")} - {"particle"})
INFINITE = {"soft_dtw"}
EPS = float(np.finfo(np.float32).eps)
LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.finfo(np.float32).smallest_subnormal)
EXTREME = (0.0, -0.0, 1.0, -2.5, LARGEST, -LARGEST, SMALLEST, -1e-40, 1e30, inf, -inf, nan)

# What arithmetic in many steps, or a difference of large terms, rounds off besides.
SLACK = {
    "black_scholes": 1e-5,
    "greeks": 1e-5,
    "lse": 1e-6,
    "newton_sqrt": 1e-6,
    "power_iteration": 1e-6,
}


def single(program: Program) -> Program:
    return replace(program, precision=Precision.SINGLE)


def rounded_data(arguments: Sequence[Any]) -> list[Any]:
    """The data as both precisions can hold them."""
    return [
        a if np.asarray(a).dtype.kind == "i" else np.asarray(a, np.float32).astype(float)[()]
        for a in arguments
    ]


def of_its_type(value: Any, var: Var) -> bool:
    expected = {DType.REAL: np.float32, DType.INT: np.int64, DType.BOOL: np.bool_}
    if not var.type.shape and var.type.dtype is not DType.REAL:
        return isinstance(value, (int, np.integer, np.bool_))
    return np.asarray(value).dtype == expected[var.type.dtype]


def traced(program: Program, arguments: Sequence[Any], weights: Sequence[Any]) -> None:
    """Every quantity and adjoint of a program is a float32, and near what doubles give."""
    trace = emit_trace(single(program), every=True)
    functions, doubles = watched(trace.text)
    values, adjoints = functions["trace"](*arguments, *weights)
    assert doubles == []
    variables = [*trace.values, *trace.adjoints]
    for var, value in zip(variables, [*values, *adjoints], strict=True):
        assert of_its_type(value, var), (var, np.asarray(value).dtype)


class Twins:
    """The traces of a program in both precisions."""

    def __init__(self, program: Program) -> None:
        trace = emit_trace(single(program))
        self.variables = [*trace.values, *trace.adjoints]
        self._single = load_functions(trace.text, "single")["trace"]
        self._double = load_functions(emit_trace(program).text, "double")["trace"]

    @np.errstate(all="ignore")
    def agree(self, arguments: Sequence[Any], factor: float, slack: float = 1e-37) -> None:
        """They agree to `factor` times what rounding of the arguments, or of a number as large as
        the largest element, changes, and `slack` besides."""
        found = flat(self._single(*arguments))
        expected = flat(self._double(*map(plain, arguments)))
        random = np.random.default_rng(1)
        reach = [0.0] * len(expected)
        for _ in range(3):
            nudged = [nudge(each, random) for each in arguments]
            for i, other in enumerate(flat(self._double(*map(plain, nudged)))):
                change = np.max(np.abs(other - expected[i]), initial=0.0)
                reach[i] = np.fmax(reach[i], change)
        for var, one, other, change in zip(self.variables, found, expected, reach, strict=True):
            other = np.float64(np.float32(other))
            size = np.max(np.abs(other), initial=0.0)
            near = np.abs(one - other) <= factor * (change + EPS * size) + slack
            near |= (one == other) | (np.isnan(one) & np.isnan(other))
            assert np.all(near), (var, one, other, change)


def flat(results: tuple[Any, Any]) -> list[Any]:
    return [np.asarray(each, dtype=np.float64) for part in results for each in part]


def plain(value: Any) -> Any:
    """A number as one of Python's, as modules of scalars take it."""
    return value if np.ndim(value) else np.asarray(value).item()


def nudge(value: Any, random: np.random.Generator) -> Any:
    """A value of which each real number is rounded another way."""
    if np.asarray(value).dtype.kind == "i":
        return value
    return value * (1 + EPS * random.choice([-1.0, 1.0], size=np.shape(value)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    compiled = gradc.load(ROOT / "examples" / f"{name}.g")
    program = compiled.program
    data = json.loads((ROOT / "examples" / f"{name}.json").read_text(encoding="utf-8"))
    bound = bind(program.inputs, data)
    arguments = rounded_data(list(bound.arrays.values()))
    weights = rounded_data(directions(program.graph.outputs, bound.sizes, 5))
    traced(program, arguments, weights)
    if name not in INFINITE:
        Twins(program).agree([*arguments, *weights], 100, SLACK.get(name, 0.0))
    modes_agree(gradc.Compiled(single(program)), bound.sizes, arguments)


@pytest.mark.parametrize(("name", "sizes"), ARRAY_CASES, ids=str)
def test_arrays(name: str, sizes: dict[str, int]) -> None:
    compiled = gradc.compile(ARRAY_PROGRAMS[name])
    arguments = rounded_data(data_for(compiled, sizes, 1))
    weights = rounded_data(directions(compiled.graph.outputs, sizes, 3))
    traced(compiled.program, arguments, weights)
    Twins(compiled.program).agree([*arguments, *weights], 100)
    modes_agree(gradc.Compiled(single(compiled.program)), sizes, arguments)


@pytest.mark.parametrize(("row", "n"), CASES, ids=case_id)
def test_elementwise_rows(row: Primitive, n: int | None) -> None:
    """Values and derivatives of numbers and of arrays, and their types at extreme arguments."""
    names, text = operands(row), expression(row, n)
    scalars = gradc.compile(f"param {', '.join(names)}\nv = {text}").program
    shaped = ", ".join(f"{name}[N]" for name in names)
    arrays = gradc.compile(f"param {shaped}\nv = {text}").program
    at = rounded_data([np.array(column) for column in zip(*points(row), strict=True)])
    of_numbers, of_arrays = Twins(scalars), Twins(arrays)
    for i, point in enumerate(zip(*at, strict=True)):
        of_numbers.agree([*point, 1.0], 20)
        of_arrays.agree([*(each[i : i + 1] for each in at), np.ones(1)], 20)
    extreme = list(itertools.product(EXTREME, repeat=len(names)))
    columns = [np.array(column) for column in zip(*extreme, strict=True)]
    traced(arrays, columns, [np.ones(len(extreme))])
    for point in extreme[:: len(EXTREME) - 1]:
        traced(scalars, point, [1.0])


@pytest.mark.parametrize("array", [False, True], ids=["scalars", "arrays"])
@pytest.mark.parametrize("name", LOGIC)
def test_conditions(name: str, array: bool) -> None:
    shape = "[N]" if array else ""
    program = gradc.compile(f"param x{shape}, y{shape}\nv = 3*x if {LOGIC[name]} else 5*y").program
    twins = Twins(program)
    for x, y in itertools.product((0.0, -0.0, 1.0, -2.5, 1e-40, inf, nan), repeat=2):
        given = [np.array([x]), np.array([y])] if array else [x, y]
        twins.agree([*rounded_data(given), np.ones(1) if array else 1.0], 2)


PROGRAMS = {
    "literals": "param x[N], s\ny = 0.1*x + 1e-3\nJ = sum(y)*0.1 + 2*s - s/3 + s^2.5 + s**3",
    "sizes": "param x[N]\nJ = N*N*sum(x)/(N + 1) + N/3 + N**2 + N**0.5 + exp(N/7)",
    "mean of integers": "input k[N] in 9\nparam s\nJ = s*mean(k) + sum(k)/3 + s*(max(k)//2)",
    "integer division": "input a in 9, b in 9\nparam s\nJ = s*(a/(b + 1)) + a//2*s + 7/2",
    "counters": "param s\nz[i in 5] = s*i/2 + i^2\nJ = sum(z)",
    "constants": "const c = 0.1*3\nconst d = [1, 2.5]\nparam x[2]\nJ = sum(d*x)*c",
    "branches": "param s\nt = 1 if s > 0.1 else 2\nJ = t*s + (0.5 if s > 2 else s)",
    "literal arrays": "param s\nA = [[1, 2], [3, 4]]\nJ = sum(A @ [s, 0.25]) + sum([1/3, 2])",
    "loop of scalars": "param s\nloop k in 5 carry h = 0, t = 0.1 {\n"
    "t = t*s + k/2\nh = h + 0.3\n}\nJ = h*t",
    "loop of arrays": "param x[N]\nloop k in 3 carry h = zeros(N) {\n"
    "h = h + 0.5*x\ny[k] = sum(h) + k\n}\nJ = sum(y)*sum(h)",
    "while": "param s\nloop k in 20 carry h = 1.0 while h > 0.1 { h = h*s/2 }\nJ = h*s",
    "function": "def f(t, u) = 0.3*t + log1p(exp(u))*0.1\nparam s, x[N]\n"
    "y[i] = f(x[i], 0.7)\nJ = f(s, 2) + f(0.1, 0.2)*s + sum(y)",
    "derivative": "param s\nJ = s^4*0.1\ng = grad(J, s)\nv = g^2",
    "helpers": "param x[N], s\nJ = sum(sigmoid(x)) + relu(s) + log1pexp(s) + sigmoid(s) + erf(s)"
    " + lgamma(s + 3) + digamma(s + 3) + erfc(s) + sum(erf(x)) + sum(lgamma(x + 4))",
    "scalar maximum": "param s\nJ = maximum(s, 0.1) * minimum(2, s) + hypot(s, 0.3) + atan2(1, s)",
    "too large": "param s\nJ = s*1e300",
    "accumulation": "input k[M] in N\nparam x[N]\ny[m] = x[k[m]]*0.5\nJ = sum(y*y)",
}
DATA: dict[str, Any] = {"x": [0.5, -1.25], "s": 0.75, "k": [1, 0, 1], "a": 7, "b": 2}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str) -> None:
    program = gradc.compile(PROGRAMS[name]).program
    given = {spec.name: DATA[spec.name] for spec in program.inputs}
    bound = bind(program.inputs, given)
    arguments = list(bound.arrays.values())
    weights = rounded_data(directions(program.graph.outputs, bound.sizes, 5))
    traced(program, arguments, weights)
    if name != "too large":
        Twins(program).agree([*arguments, *weights], 50)
    modes_agree(gradc.Compiled(single(program)), bound.sizes, arguments)


def modes_agree(
    compiled: gradc.Compiled, sizes: Mapping[str, int], arguments: Sequence[Any]
) -> None:
    """`<J v, w> == <v, J^T w>` in single precision, and every result is of it."""
    functions, doubles = watched(compiled.python)
    moved = rounded_data(directions(compiled.wrt, sizes, 7))
    outputs = compiled.graph.outputs
    weights = rounded_data(directions(outputs, sizes, 8))
    value, saved = functions["forward"](*arguments)
    again, tangents = functions["tangent"](*arguments, *moved)
    adjoints = functions["reverse"](saved, *weights)
    assert doubles == []
    if len(outputs) == 1:
        value, again, tangents = (value,), (again,), (tangents,)
    real = [i for i, out in enumerate(outputs) if out.type.dtype is DType.REAL]
    for number in (*adjoints, *(each[i] for i in real for each in (value, again, tangents))):
        assert np.asarray(number).dtype == np.float32
    forward, size = inner([tangents[i] for i in real], [weights[i] for i in real])
    backward, other = inner(moved, adjoints)
    if np.isfinite([forward, backward]).all():
        assert abs(forward - backward) <= 3e3 * EPS * (size + other) + 1e-30
    if not compiled.program.is_scalar_valued:
        return
    value, gradients = functions["value_and_grad"](*arguments)
    assert doubles == []
    assert all(np.asarray(each).dtype == np.float32 for each in (value, *gradients))


# At the ends of the range


def test_constants_round_once() -> None:
    assert rounded(0.1) == float(np.float32(0.1))
    assert rounded(1e300) == inf
    assert rounded(-1e39) == -inf
    assert rounded(1e-50) == 0.0
    assert rounded(SMALLEST) == SMALLEST
    assert rounded(LARGEST) == LARGEST
    assert np.isnan(rounded(nan))


@pytest.mark.parametrize("shape", ["", "[N]"])
def test_largest_and_smallest_numbers(shape: str) -> None:
    declared = f"param x{shape}\n"
    square = gradc.compile(f"{declared}J = {'sum(x*x)' if shape else 'x*x'}", dtype="float32")
    point = [1.5e19] if shape else 1.5e19
    assert np.isfinite(square.value_and_grad(x=point)[0])
    point = [2e19] if shape else 2e19
    assert square.value_and_grad(x=point)[0] == inf
    half = gradc.compile(f"{declared}J = {'sum(x/2)' if shape else 'x/2'}", dtype="float32")
    point = [2 * SMALLEST] if shape else 2 * SMALLEST
    assert half.value_and_grad(x=point)[0] == SMALLEST
    point = [SMALLEST] if shape else SMALLEST
    assert half.value_and_grad(x=point)[0] == 0.0


@pytest.mark.parametrize("data", [1e39, np.float64(-1e300), 10**39])
def test_data_beyond_the_range_are_infinite(data: Any) -> None:
    found = gradc.compile("J = 2*x", dtype="float32").forward(x=data)
    assert found == np.copysign(inf, float(data))


# Interfaces


def test_results_of_the_interface_are_of_single_precision() -> None:
    compiled = gradc.compile("param x[N], s\nJ = sum(x*x)*s\nb = x > s\noutput J", dtype="float32")
    data = {"x": np.array([1.0, 2.0]), "s": 3}
    value, gradients = compiled.value_and_grad(**data)
    assert type(value) is np.float32
    assert [gradients[name].dtype for name in ("x", "s")] == [np.float32] * 2
    assert type(compiled.forward(**data)) is np.float32
    assert [each.dtype for each in compiled.jvp(data, {"x": [1, 0]})] == [np.float32] * 2
    assert compiled.hvp(data, {"x": [1, 0]})["x"].dtype == np.float32
    values: Any = compiled.run(**data).values
    assert values["x"].dtype == np.float32
    assert compiled.jacobian(**data).blocks["J", "x"].dtype == np.float32
    assert compiled.hessian(**data).blocks["x", "s"].dtype == np.float32


def test_integers_stay_integers() -> None:
    compiled = gradc.compile("input k[N] in 100000000\nparam s\nJ = s*sum(k*1.0)", dtype="float32")
    values: Any = compiled.run(k=[16777217, 3], s=1.0).values
    assert values["k"].dtype == np.int64
    assert values["k"][0] == 16777217


def test_another_precision_is_refused() -> None:
    with pytest.raises(UsageError, match="float16"):
        gradc.compile("J = x", dtype="float16")


def test_a_fit_in_single_precision_is_refused() -> None:
    with pytest.raises(UsageError, match="double precision"):
        gradc.compile("J = (x - 1)^2", dtype="float32").fit({"x": 0.0})


def command(*arguments: str, program: str) -> Any:
    return CliRunner().invoke(main, list(arguments), input=program)


def test_the_command_line_prints_the_digits_of_single_precision() -> None:
    found = command(
        "run", "-", "--inputs", "x=[0.1,3e38]", "--dtype", "float32", "--format", "json",
        program="param x[N]\nz = x*10\nJ = sum(z)",
    )  # fmt: skip
    printed = json.loads(found.stdout)
    assert printed["values"]["x"] == [0.1, 3e38]
    assert printed["values"]["z"] == [1.0, "inf"]
    assert "not finite" in found.stderr
    assert found.exit_code == 4
    table = command("run", "-", "--inputs", "x=0.1", "--dtype", "float32", program="J = x*x").stdout
    assert "0.01" in table
    assert "0.0100" not in table


def test_the_command_line_reports_data_beyond_the_range() -> None:
    found = command("run", "-", "--inputs", "x=1e39", "--dtype", "float32", program="J = x*2")
    assert found.exit_code == 4
    assert "appears first in x" in found.stderr


def test_the_command_line_emits_single_precision() -> None:
    text = command("compile", "-", "--dtype", "float32", program="J = 0.5*x").stdout
    assert "np.float32(0.5) * x" in text
    assert "Real numbers are float32." in text
    assert "float64" not in text


def test_tables_are_computed_in_single_precision(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("x,y\n0.1,1\n0.2,3\n", encoding="utf-8")
    observed = command(
        "run", "-", "--inputs", f"{data},w=0.1", "--dtype", "float32",
        program="input x, y\nparam w\nJ = w*x + y",
    )  # fmt: skip
    assert observed.stdout == "J,dJ/dw\n1.01,0.1\n3.02,0.2\n"
    program = "input x[N], y[N]\nparam w\nJ = sum(w*x + y)/N"
    options = ["--dtype", "float32", "--format", "json"]
    blocks = command(
        "run", "-", "--inputs", f"{data},w=0.1", "--chunk", "1", *options, program=program
    )
    found = json.loads(blocks.stdout)
    for number, expected in [(found["outputs"]["J"], 2.015), (found["gradients"]["w"], 0.15)]:
        assert number == pytest.approx(expected, rel=2 * EPS)
        assert len(str(number)) <= 10  # digits of single precision


@pytest.mark.parametrize("ending", [".csv", ".mtx"])
def test_matrices_are_written_in_the_digits_of_single_precision(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"jacobian{ending}"
    found = command(
        "run", "-", "--inputs", "x=[1,2]", "--dtype", "float32", "--jacobian", str(path),
        program="param x[N]\nz = 0.1*x",
    )  # fmt: skip
    assert found.exit_code == 0, found.stderr
    written = path.read_text(encoding="utf-8")
    assert "0.1" in written
    assert "0.100" not in written


@pytest.mark.parametrize("target", ["js", "g"])
def test_targets_of_doubles_refuse_single_precision(target: str) -> None:
    found = command("compile", "-", "--target", target, "--dtype", "float32", program="J = x")
    assert found.exit_code == 2
    assert "have no --dtype float32" in found.stderr


def test_helpers_in_double_precision_are_helpers() -> None:
    assert helper_names("numpy") >= IN_DOUBLE
    assert helper_names("float32") >= helper_names("numpy")
