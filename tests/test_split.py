"""Programs split along their rows: the numbers of the whole, whatever the parts are."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_compiling import needs_cc
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from programs import Case, programs
from started import command

import gradc
from gradc.cli.main import main
from gradc.diagnostics import UsageError
from gradc.passes.verify import verify
from gradc.runtime import split as split_module
from gradc.runtime.bind import Bound, bind
from gradc.runtime.split import RowSplit, Total

EXAMPLES = Path(__file__).parent.parent / "examples"

# How often the rows are read, where their number is not known before.
PASSES = {
    ("batch_norm", "N"): 3,
    ("embedding", "N"): 1,
    ("gaussian_nll", "N"): 1,
    ("gmm", "N"): 1,
    ("huber", "N"): 1,
    ("kmeans", "N"): 1,
    ("layer_norm", "N"): 1,
    ("logistic_regression", "N"): 1,
    ("matrix_factorization", "R"): 1,
    ("message_passing", "E"): 2,
    ("nearest", "N"): 1,
    ("neuron", "N"): 1,
    ("neuron_batch", "N"): 1,
    ("ridge", "N"): 1,
    ("ridge_validation", "M"): 1,
    ("ridge_validation", "N"): 1,
    ("softplus", "N"): 1,
    ("two_layer", "N"): 1,
}


def bound_to(program: gradc.api.Compiled, data: Mapping[str, Any]) -> Bound:
    checked = program.program
    return bind(checked.inputs, data, checked.requirements, checked.source)


def with_rows(program: gradc.api.Compiled, size: str) -> list[str]:
    """The inputs whose first axis is a size."""
    shapes = {spec.name: spec.type.shape for spec in program.program.inputs}
    return [name for name, shape in shapes.items() if shape and shape[0].symbol == size]


def in_parts(
    program: gradc.api.Compiled, bound: Bound, size: str, part: int, known: bool = False
) -> tuple[RowSplit, Total]:
    names = with_rows(program, size)
    wrt = [var for var in program.program.wrt() if var.name not in names]
    split = RowSplit(program.program, wrt, size, names, known)
    length = bound.sizes[size]

    def blocks() -> Iterator[tuple[int, dict[str, Any]]]:
        for start in range(0, length, part):
            rows = {name: bound.arrays[name][start : start + part] for name in names}
            yield min(part, length - start), rows

    return split, split.evaluate(bound, blocks, length if known else 0)


def agree(program: gradc.api.Compiled, bound: Bound, size: str, part: int, known: bool) -> RowSplit:
    split, found = in_parts(program, bound, size, part, known)
    whole = program.run(**bound.arrays)
    (output,) = program.program.graph.outputs
    np.testing.assert_allclose(found.value, whole.values[output.name], rtol=1e-9, atol=1e-11)
    for name, value in found.gradient.items():
        expected = np.asarray(whole.adjoints[name])
        scale = np.max(np.abs(expected), initial=0, where=np.isfinite(expected))
        np.testing.assert_allclose(value, expected, rtol=1e-8, atol=1e-10 * (1 + scale))
    return split


@pytest.mark.parametrize(("name", "size"), PASSES)
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("part", [1, 2, 100])
def test_examples(name: str, size: str, known: bool, part: int) -> None:
    program = gradc.load(EXAMPLES / f"{name}.g")
    data = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    split = agree(program, bound_to(program, data), size, part, known)
    if not known:
        assert split.passes == PASSES[name, size]


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs(safe=True), st.sampled_from((1, 2)), st.booleans())
def test_random_programs(case: Case, part: int, known: bool) -> None:
    program = gradc.compile(case.text)
    bound = bound_to(program, case.data)
    if "N" not in bound.sizes:
        reject()
    try:
        agree(program, bound, "N", part, known)
    except UsageError as error:
        codes = {diagnostic.code for diagnostic in error.diagnostics}
        if not codes <= {"G0548", "G0404"}:
            raise


PROGRAMS = [
    ("input x[N]\nparam a\nJ = sum(exp(a*x))", 1),
    ("input x[N]\nparam a\nJ = mean(a*x)^2", 1),
    ("input x[N]\nparam a, c\nJ = mean(exp(a*x)) * mean(sin(c*x)) / N", 1),
    ("input x[N]\nparam a\nJ = logsumexp(a*x)", 2),
    ("input x[N]\nparam a\nJ = max(a*x) - min(x*x)", 3),
    ("input x[N]\nparam a\nJ = var(a*x)", 3),
    ("input x[N]\nparam a\nJ = norm(x - a)", 2),
    ("input x[N], y[N]\nparam a\nz = a*x\nJ = sum((z - mean(z))*(y - mean(y)))", 3),
    (
        "input X[N, D], k[N] in D\nparam W[D, D]\nZ = X @ W\nl[i] = logsumexp(Z[i]) - Z[i, k[i]]\n"
        "J = mean(l)",
        1,
    ),
    ("input X[N, D]\nparam w[D]\nG = X.T @ X\nJ = dot(w, G @ w)", 1),
    (
        "input X[N, D]\nparam W[D, D]\n"
        "loop t in 3 carry H = X { H = tanh(H @ W) }\nJ = mean(reshape(H, N, D) @ ones(D))",
        2,
    ),
    ("input x[N]\nparam a\nf[i] = a*x[i] if x[i] > 0 else x[i]/a\nJ = sum(f)", 1),
    ("def f(t) = exp(t)*a_(t)\ndef a_(t) = t + 1\ninput x[N]\nparam a\nJ = sum(f(a*x))", 1),
]


@pytest.mark.parametrize(("text", "passes"), PROGRAMS)
@pytest.mark.parametrize("known", [False, True])
def test_programs(text: str, passes: int, known: bool) -> None:
    program = gradc.compile(text)
    random = np.random.default_rng(1)
    sizes = {"N": 7, "D": 3}
    data: dict[str, Any] = {}
    for spec in program.program.inputs:
        shape = tuple(dim.evaluate(sizes) for dim in spec.type.shape)
        data[spec.name] = (
            random.integers(0, 3, shape) if spec.below else random.normal(size=shape) * 0.5
        )
    split = agree(program, bound_to(program, data), "N", 2, known)
    assert split.passes <= passes
    assert known or split.passes == passes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("input x[N]\nparam a\nJ = a*x[0]", "single rows are read"),
        ("input x[N]\nparam a\nd[i] = x[i+1] - a*x[i]\nJ = sum(d)", "quantity has the length"),
        ("input x[N]\nparam a\nd[i,j] = a*x[i] - x[j]\nJ = sum(d)", "for each pair of rows"),
        (
            "input x[N]\nparam a\nloop t in N carry h = a { h = h*x[t] }\nJ = h",
            "goes over the rows",
        ),
        ("input x[N], k[N] in N\nparam a\ny[i] = a*x[k[i]]\nJ = sum(y)", "holds numbers of rows"),
        ("input x[N]\nparam w[N]\nJ = dot(x, w)", "has the size N too"),
        ("input x[N]\nparam a\nJ = sum(x) + a", None),
        ("input x[N], y[M]\nparam a\nJ = a*sum(y)", "do not depend on sums"),
        ("input x[N]\nparam a\nr[i] = i*x[i]*a\nJ = sum(r)", "the number of a row is used"),
        ("input x[N]\nparam a\nJ = a if sum(x) > 1 else a*a*sum(x)", None),
    ],
)
def test_why_a_program_is_not_split(text: str, why: str | None) -> None:
    program = gradc.compile(text)
    names = [name for name in with_rows(program, "N") if name != "w"]
    wrt = program.program.wrt()
    if why is None:
        RowSplit(program.program, wrt, "N", names)
        return
    with pytest.raises(UsageError) as caught:
        RowSplit(program.program, wrt, "N", names)
    (found,) = caught.value.diagnostics
    assert found.code == "G0548"
    assert why in found.message


def test_stages_are_valid_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = []
    emitted = split_module.emit_values

    def watch(program: Any) -> str:
        graphs.append(program.graph)
        return emitted(program)

    monkeypatch.setattr(split_module, "emit_values", watch)
    for name, size in PASSES:
        program = gradc.load(EXAMPLES / f"{name}.g")
        names = with_rows(program, size)
        wrt = [var for var in program.program.wrt() if var.name not in names]
        RowSplit(program.program, wrt, size, names)
    assert len(graphs) > 3 * len(PASSES)
    for graph in graphs:
        verify(graph)


def test_no_rows() -> None:
    program = gradc.compile("input x[N]\nparam a\nJ = sum(a*x) + a")
    bound = Bound({}, {"a": 2.0})
    split = RowSplit(program.program, program.wrt, "N", ["x"])
    assert split.evaluate(bound, lambda: iter(())) == Total(2.0, {"a": 1.0}, 0)


def test_many_parts_add_up_without_drift() -> None:
    program = gradc.compile("input x[N]\nparam a\nJ = a*sum(x)")
    split = RowSplit(program.program, program.wrt, "N", ["x"])
    x = np.full(70_000, 0.1)
    blocks = lambda: ((1, {"x": x[i : i + 1]}) for i in range(len(x)))  # noqa: E731
    found = split.evaluate(Bound({}, {"a": 1.0}), blocks)
    assert abs(found.value - 7000) < 1e-9
    assert found.rows == 70_000


LOGISTIC = (EXAMPLES / "logistic_regression.g").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    rows = random.normal(size=(1000, 2))
    labels = (rows.sum(1) > 0).astype(int)
    lines = [f"{p!r},{q!r},{k}" for (p, q), k in zip(rows.tolist(), labels, strict=True)]
    (tmp_path / "data.csv").write_text("p,q,k\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "f.g").write_text(LOGISTIC, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command(), "run", "f.g", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


DATA = ("--inputs", "X=data.csv:p,q", "y=data.csv:k", "w=[1,-0.5]", "b=0.1")


def test_blocks_of_a_file_give_the_numbers_of_the_whole(folder: Path) -> None:
    whole = json.loads(run(*DATA, "--format", "json").stdout)
    assert "rows" not in whole
    for chunk in ("1", "333", "1000", "5000"):
        done = run(*DATA, "--format", "json", "--chunk", chunk)
        found = json.loads(done.stdout)
        assert (found["rows"], found["passes"], done.returncode) == (1000, 1, 0)
        assert found["outputs"]["J"] == pytest.approx(whole["outputs"]["J"], rel=1e-12)
        for name in ("w", "b"):
            assert found["gradients"][name] == pytest.approx(whole["gradients"][name], rel=1e-9)
    shown = run(*DATA, "--chunk", "100").stdout
    assert shown.startswith("1,000 rows of data.csv, read once\n")
    assert "dw    [D]" in shown


def test_a_program_that_is_not_split_says_why_and_is_run(folder: Path) -> None:
    (folder / "f.g").write_text("input y[N]\nparam a\nJ = a*y[0] + sum(y)\n", encoding="utf-8")
    done = run("--inputs", "y=data.csv:p", "a=2", "--chunk", "10")
    assert done.returncode == 0
    assert "warning[G0548]" in done.stderr
    assert "f.g:3" in done.stderr
    assert "J = a*y[0] + sum(y)" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        ((*DATA[:3], "w=[1,2]"), "G0520", 3),
        ((*DATA, "c=1"), "G0521", 3),
        ((*DATA, "y=[1,2]"), "G0503", 3),
        ((*DATA[:3], "w=[1,2,3]", "b=0"), "G0525", 3),
        ((*DATA, "--wrt", "z"), "G0401", 2),
        ((*DATA, "--chunk", "0"), "G0704", 2),
        ((*DATA, "--hessian"), "G0549", 2),
        (("X=[[1,2]]", "y=[1]", "w=[1,2]", "b=0"), "G0549", 2),
    ],
)
def test_refused(folder: Path, arguments: tuple[str, ...], code: str, status: int) -> None:
    done = run("--chunk", "10", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert code in done.stderr


def test_a_derivative_for_each_row_is_not_summed(folder: Path) -> None:
    (folder / "f.g").write_text("input y[N], a\nJ = a*sum(y)\n", encoding="utf-8")
    done = run("--inputs", "y=data.csv:p", "a=2", "--chunk", "100")
    assert "the derivative with respect to `y` has an element for each row" in done.stderr
    assert "dJ/dVar" in done.stdout
    done = run("--inputs", "y=data.csv:p", "a=2", "--chunk", "100", "--wrt", "a")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1,000 rows of data.csv, read once")


def test_a_bad_cell_is_named(folder: Path) -> None:
    lines = (folder / "data.csv").read_text().splitlines()
    lines[778] = "1,2,yes"
    (folder / "data.csv").write_text("\n".join(lines), encoding="utf-8")
    done = run(*DATA, "--chunk", "10")
    assert (done.returncode, done.stdout) == (3, "")
    assert "data.csv, row 778 (line 779), column `k`: `yes` is not a number" in done.stderr


def test_a_result_that_is_not_finite_is_told_of(folder: Path) -> None:
    lines = (folder / "data.csv").read_text().splitlines()
    lines[5] = "nan,2,1"
    (folder / "data.csv").write_text("\n".join(lines), encoding="utf-8")
    done = run(*DATA, "--chunk", "10")
    assert done.returncode == 4
    assert "the result is not finite: J is nan" in done.stderr


@needs_cc
def test_c_takes_all_rows_of_a_long_file_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr("gradc.totals.LONG", 100)
    Path("f.g").write_text("input y[N]\nparam a\nJ = a*sum(y)", encoding="utf-8")
    Path("g.g").write_text("param y[N]\nJ = sum(y^2)", encoding="utf-8")
    given = ["--inputs", "y=data.csv:p", "-v"]

    def ran(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["run", *arguments])

    whole = ran("f.g", *given, "a=2", "--engine", "c")
    assert ": it was asked for" in whole.output
    assert "a*sum(y)" in whole.output
    assert "block by block" in ran("f.g", *given, "a=2").output
    refused = ran("f.g", *given, "a=2", "--engine", "c", "--chunk", "10")
    assert (refused.exit_code, "G0805" in refused.output) == (2, True)
    apart = ran("g.g", *given, "--engine", "c", "--chunk", "10")
    assert apart.exit_code == 0
    assert ": it was asked for" in apart.output
    assert "block by block" not in apart.output
    assert "declare that" not in apart.output
