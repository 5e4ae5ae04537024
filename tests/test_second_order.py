"""Derivatives of derivatives: Hessians, Hessian-vector products, emitted `hvp`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from started import command

import gradc

# Of one parameter, and so symmetric: `particle`, whose loops in loops take minutes.
EXAMPLES = sorted(
    path
    for path in (Path(__file__).parent.parent / "examples").glob("*.g")
    if path.stem != "particle"
)

PROGRAMS = {
    "cubes": ("param x[N], a\nJ = sum(x^3)*a + prod(x)", {"x": [1.0, 2.0, 3.0], "a": 2.0}),
    "scalars": ("J = sin(a*b)*exp(c) + a/c", {"a": 0.3, "b": 1.2, "c": 0.7}),
    "branches": (
        "param x[N]\nJ = sum(where(x > 0, x*log(x), x^2))",
        {"x": [0.5, -2.0, 3.0]},
    ),
    "matrices": (
        "param A[N,N], y[N]\nJ = y @ solve(A, y) + logdet(A)",
        {"A": [[3.0, 0.2], [0.1, 2.0]], "y": [1.0, -0.5]},
    ),
    "a Jacobian of a loop in a loop": (
        "param e\nloop i in 2 carry f = ones(1)*e {\n"
        "  loop j in 1 carry w = f {\n    w = f[j]*cos(e)*ones(1)\n  }\n"
        "  f = tanh(f*w)\n  d[i] = log(f[0])\n}\n"
        "g = d*sin(e)\nx = jacobian(g, e, mode=reverse)\nJ = sum(sin(x))",
        {"e": 0.67},
    ),
    "no second derivative": ("param x[N]\ninput c[N]\nJ = dot(c, x)", {"x": [1.0], "c": [2.0]}),
}


def differences_of_gradients(compiled: gradc.Compiled, inputs: dict[str, Any]) -> np.ndarray:
    """The Hessian of all parameters as one matrix, from Richardson-extrapolated differences."""
    names = [var.name for var in compiled.wrt]
    sizes = [np.size(inputs[name]) for name in names]

    def gradient(shift: np.ndarray) -> np.ndarray:
        parts = np.split(shift, np.cumsum(sizes)[:-1])
        moved = {
            name: np.asarray(inputs[name]) + part.reshape(np.shape(inputs[name]))
            for name, part in zip(names, parts, strict=True)
        }
        _, found = compiled.value_and_grad(**{**inputs, **moved})
        return np.concatenate([np.ravel(found[name]) for name in names])

    columns = []
    for unit in np.eye(sum(sizes)):
        d = [(gradient(h * unit) - gradient(-h * unit)) / (2 * h) for h in (1e-3, 5e-4, 2.5e-4)]
        e = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
        columns.append((16 * e[1] - e[0]) / 15)
    return np.array(columns).T


def as_matrix(compiled: gradc.Compiled, inputs: dict[str, Any]) -> np.ndarray:
    """The blocks of `hessian` as one matrix."""
    names = [var.name for var in compiled.wrt]
    blocks = compiled.hessian(**inputs).blocks
    return np.block(
        [
            [np.reshape(blocks[x, y], (np.size(inputs[x]), np.size(inputs[y]))) for y in names]
            for x in names
        ]
    )


@pytest.mark.parametrize(("source", "inputs"), PROGRAMS.values(), ids=PROGRAMS)
def test_the_hessian_is_the_derivative_of_the_gradient(source: str, inputs: dict[str, Any]) -> None:
    compiled = gradc.compile(source)
    found = as_matrix(compiled, inputs)
    np.testing.assert_allclose(found, differences_of_gradients(compiled, inputs), atol=1e-8)
    np.testing.assert_allclose(found, found.T, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("source", "inputs"), PROGRAMS.values(), ids=PROGRAMS)
def test_hvp_is_the_hessian_times_the_direction(source: str, inputs: dict[str, Any]) -> None:
    compiled = gradc.compile(source)
    random = np.random.default_rng(3)
    direction = {var.name: random.normal(size=np.shape(inputs[var.name])) for var in compiled.wrt}
    flat = np.concatenate([np.ravel(part) for part in direction.values()])
    found = compiled.hvp(inputs, direction)
    expected = as_matrix(compiled, inputs) @ flat
    np.testing.assert_allclose(
        np.concatenate([np.ravel(found[name]) for name in direction]), expected, atol=1e-11
    )


@pytest.mark.parametrize(("source", "inputs"), PROGRAMS.values(), ids=PROGRAMS)
def test_the_emitted_hvp_runs_alone(source: str, inputs: dict[str, Any]) -> None:
    from gradc.targets.python.emit import emit

    compiled = gradc.compile(source)
    namespace: dict[str, Any] = {}
    exec(emit(compiled.program, compiled.wrt, "reverse", 2).text, namespace)
    direction = {var.name: np.ones(np.shape(inputs[var.name]))[()] for var in compiled.wrt}
    arguments = [inputs[var.name] for var in compiled.graph.inputs]
    gradients, products = namespace["hvp"](*arguments, *direction.values())
    _, expected = compiled.value_and_grad(**inputs)
    for var, gradient, product in zip(compiled.wrt, gradients, products, strict=True):
        np.testing.assert_allclose(gradient, expected[var.name])
        np.testing.assert_allclose(product, compiled.hvp(inputs, direction)[var.name])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command(), *arguments], capture_output=True, text=True, check=False)


def test_the_command_gives_all_of_them(tmp_path: Path) -> None:
    program = tmp_path / "cubes.g"
    program.write_text(PROGRAMS["cubes"][0])
    data = ["--inputs", "x=[1,2,3]", "a=2"]
    asked = ["--hessian", "--hvp", "x=[1,0,0]", "--jvp", "a=1", "--format", "json"]
    found = json.loads(run("run", str(program), *data, *asked).stdout)
    assert found["jvp"] == {"J": 36.0}
    assert found["hvp"] == {"x": [12.0, 3.0, 2.0], "a": 3.0}
    assert found["hessian"]["x"]["x"] == [[12.0, 3.0, 2.0], [3.0, 24.0, 1.0], [2.0, 1.0, 36.0]]
    assert found["hessian"]["a"] == {"x": [3.0, 12.0, 27.0], "a": 0.0}
    text = run("run", str(program), *data, *asked[:-2]).stdout
    assert "d2J/(dx da)" in text
    assert "[[12, 3, 2], [3, 24, 1], [2, 1, 36]]" in text


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--hvp", "q=1"], "G0405"),
        (["--hvp", "x=[1,2]"], "G0525"),
        (["--jvp", "x=oops"], "G0507"),
    ],
)
def test_a_direction_that_does_not_fit_is_an_error_in_the_data(
    tmp_path: Path, arguments: list[str], code: str
) -> None:
    program = tmp_path / "cubes.g"
    program.write_text(PROGRAMS["cubes"][0])
    done = run("run", str(program), "--inputs", "x=[1,2,3]", "a=2", *arguments)
    assert done.returncode == 3
    assert code in done.stderr


@pytest.mark.parametrize("arguments", [["run", "--hessian"], ["compile", "--order", "2"]])
def test_second_order_needs_one_scalar_output(tmp_path: Path, arguments: list[str]) -> None:
    program = tmp_path / "array.g"
    program.write_text("param x[N]\ny = x*x")
    inputs = ["--inputs", "x=[1,2]"] if arguments[0] == "run" else []
    done = run(arguments[0], str(program), *inputs, *arguments[1:])
    assert done.returncode == 2
    assert "G0404" in done.stderr


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_hessians_of_the_examples_are_symmetric(path: Path) -> None:
    compiled = gradc.load(path)
    if compiled.program.is_scalar_valued:
        inputs = json.loads(path.with_suffix(".json").read_text())
        found = as_matrix(compiled, inputs)
        scale = np.max(np.abs(found), initial=1e-300)
        np.testing.assert_allclose(found / scale, found.T / scale, atol=1e-12)
