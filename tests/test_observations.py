"""Rows as observations: each has the numbers of a single run, whatever file it comes from."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from interrupts import hear_interrupts
from programs import Case, programs
from started import command

import gradc
from gradc.ir.graph import DType
from gradc.runtime.bind import Bound, bind
from gradc.runtime.jacobian import jacobian_of_bound
from gradc.runtime.observations import Observer

EXAMPLES = Path(__file__).parent.parent / "examples"
# Of those whose derivatives take seconds in a single run, none.
SLOW = {"particle", "landing"}


def agree(program: gradc.api.Compiled, bound: Bound, observed: set[str], rows: int = 3) -> None:
    """Rows near some data have, together, the results that each has by itself."""
    checked = program.program
    random = np.random.default_rng(0)
    values: dict[str, Any] = {}
    for spec in checked.inputs:
        if spec.name in observed:
            many = np.stack([np.asarray(bound.arrays[spec.name])] * rows)
            if spec.type.dtype is DType.REAL:
                many = many * (1 + 0.01 * random.normal(size=many.shape))
            values[spec.name] = many
    observer = Observer(checked, program.wrt, observed, bound)
    found = observer.observe(rows, values)
    for row in range(rows):
        arrays = dict(bound.arrays)
        for name, many in values.items():
            arrays[name] = many[row] if many.ndim > 1 else many[row].item()
        alone = bound._replace(arrays=arrays)
        jacobian = jacobian_of_bound(checked, alone, program.wrt)
        outputs = program.forward(**arrays)
        expected = [*(outputs if isinstance(outputs, tuple) else (outputs,))]
        expected += [
            jacobian.blocks[y.name, x.name] for y in checked.graph.outputs for x in program.wrt
        ]
        for result, each, one in zip(observer.results, found, expected, strict=True):
            one = np.asarray(one, dtype=float)
            assert each[row].shape == one.shape == result.shape
            scale = np.max(np.abs(one), initial=0.0, where=np.isfinite(one))
            np.testing.assert_allclose(each[row], one, rtol=1e-7, atol=1e-9 * (1 + scale))


def bound_to(program: gradc.api.Compiled, data: dict[str, Any]) -> Bound:
    checked = program.program
    return bind(checked.inputs, data, checked.requirements, checked.source)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.g")), ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    if path.stem in SLOW:
        pytest.skip("seconds a row")
    program = gradc.load(path)
    data = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    names = list(data)
    agree(program, bound_to(program, data), set(names[::2]))


@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs(safe=True))
def test_random_programs(case: Case) -> None:
    program = gradc.compile(case.text)
    names = [name for name in case.data if name in {s.name for s in program.program.inputs}]
    bound = bound_to(program, case.data)
    agree(program, bound, set(names))
    agree(program, bound, set(names[:1]))


def test_integers_conditions_and_loops() -> None:
    program = gradc.compile(
        "input x, k in 3\nparam w[3]\n"
        "loop t in 20 carry h = x while h < 5 { h = h*h + w[k] }\n"
        "J = log(h) if x > 0 else h*w[k]\n"
    )
    data = {"x": 0.5, "k": 1, "w": [0.5, 1.0, 2.0]}
    bound = bound_to(program, data)
    observer = Observer(program.program, program.wrt, ["x", "k"], bound)
    xs, ks = np.array([0.5, -1.0, 3.0, 9.0]), np.array([0, 1, 2, 0])
    found = observer.observe(4, {"x": xs, "k": ks})
    for row in range(4):
        value, gradient = program.value_and_grad(x=xs[row], k=int(ks[row]), w=data["w"])
        assert found[0][row] == pytest.approx(value, rel=1e-12)
        assert found[1][row] == pytest.approx(gradient["w"], rel=1e-12)


def test_a_quantity_called_rows() -> None:
    program = gradc.compile("rows = a*b; def f(rows_) = rows_^2\n row = rows*a; J = row + f(a)")
    observer = Observer(program.program, program.wrt, ["a"], bound_to(program, {"a": 1, "b": 2}))
    found = observer.observe(2, {"a": np.array([1.0, 2.0])})
    assert [each.tolist() for each in found] == [[3, 12], [6, 12], [1, 4]]


CIRCUIT = "u = b*c; v = a+u; J = 3*v\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "circuit.g").write_text(CIRCUIT, encoding="utf-8")
    return tmp_path


def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command(), "run", "circuit.g", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **more,
    )


def many_rows(folder: Path, count: int) -> None:
    lines = [f"{i / 8},{i % 7},{-i}" for i in range(count)]
    (folder / "rows.csv").write_text("a,b,c\n" + "\n".join(lines) + "\n", encoding="utf-8")


def test_a_row_of_results_for_each_row(folder: Path) -> None:
    many_rows(folder, 70_001)  # more than one block
    done = run("--inputs", "rows.csv", "-o", "out.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with open("out.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["J", "dJ/da", "dJ/db", "dJ/dc"]
    assert len(rows) == 70_001
    for i in (0, 1, 65_535, 65_536, 70_000):
        expected = [3 * (i / 8 + i % 7 * -i), 3.0, 3.0 * -i, 3.0 * (i % 7)]
        assert list(map(float, rows[i])) == expected


def test_every_format_holds_the_same(folder: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    feather = pytest.importorskip("pyarrow.feather")
    (folder / "circuit.g").write_text(
        "input x[2]\nparam w[2], b\ny = x*w + b\ns = dot(x, w)\noutput y, s\n", encoding="utf-8"
    )
    (folder / "rows.csv").write_text("p,q\n1,2\n-0.5,1e300\n0.1,3\n", encoding="utf-8")
    titles = ["y[0]", "y[1]", "s", "dy[0]/dw[0]", "dy[0]/dw[1]", "dy[1]/dw[0]", "dy[1]/dw[1]",
              "dy[0]/db", "dy[1]/db", "ds/dw[0]", "ds/dw[1]", "ds/db"]  # fmt: skip
    for form in ("csv", "jsonl", "parquet", "arrow", "npy", "npz"):
        done = run("--inputs", "x=rows.csv:p,q", "w=[2,3]", "b=0.5", "-o", f"out.{form}")
        assert (done.returncode, done.stderr) == (0, "")
    with open("out.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == titles
    matrix = np.array(rows, dtype=float)
    assert matrix[1].tolist() == [-0.5, 3e300, 3e300, -0.5, 0, 0, 1e300, 1, 1, -0.5, 1e300, 0]
    assert np.array_equal(np.load("out.npy"), matrix)
    for table in (parquet.read_table("out.parquet"), feather.read_table("out.arrow")):
        assert table.column_names == titles
        assert np.array_equal(np.stack([c.to_numpy() for c in table.columns], 1), matrix)
    arrays = np.load("out.npz")
    assert {name: array.shape for name, array in arrays.items()} == {
        "y": (3, 2), "s": (3,), "dy/dw": (3, 2, 2), "dy/db": (3, 2), "ds/dw": (3, 2), "ds/db": (3,)
    }  # fmt: skip
    assert np.array_equal(arrays["dy/dw"].reshape(3, 4), matrix[:, 3:7])
    lines = [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    assert lines[0]["outputs"] == {"y": [2.5, 6.5], "s": 8.0}
    assert lines[0]["jacobian"]["y"] == {"w": [[1, 0], [0, 2]], "b": [1, 1]}


def test_one_row_to_the_terminal_is_one_run(folder: Path) -> None:
    (folder / "rows.csv").write_text("a,b,c\n5,3,2\n", encoding="utf-8")
    assert "J = 3*v" in run("--inputs", "rows.csv").stdout
    run("--inputs", "rows.csv", "-o", "out.csv")
    assert Path("out.csv").read_text() == "J,dJ/da,dJ/db,dJ/dc\n33.0,3.0,6.0,9.0\n"


def test_no_row(folder: Path) -> None:
    (folder / "rows.csv").write_text("a,b,c\n", encoding="utf-8")
    assert run("--inputs", "rows.csv").stdout == "J,dJ/da,dJ/db,dJ/dc\n"
    pytest.importorskip("pyarrow")
    for form, size in (("npy", (0, 4)), ("parquet", None)):
        assert run("--inputs", "rows.csv", "-o", f"out.{form}").returncode == 0
        assert size is None or np.load(f"out.{form}").shape == size


def test_shared_inputs_and_chosen_derivatives(folder: Path) -> None:
    (folder / "rows.csv").write_text("first,other\n1,x\n2,y\n", encoding="utf-8")
    done = run("--inputs", "a=rows.csv:first", "b=2", "c=3", "--wrt", "b", "--format", "json")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"outputs": {"J": 21}, "gradients": {"b": 9}},
        {"outputs": {"J": 24}, "gradients": {"b": 9}},
    ]


def test_two_files_side_by_side(folder: Path) -> None:
    np.save("a.npy", np.array([1.0, 2.0, 3.0]))
    (folder / "bc.csv").write_text("b,c\n1,1\n2,2\n3,3\n", encoding="utf-8")
    done = run("--inputs", "a=a.npy", "bc.csv", "--wrt", "a")
    assert done.stdout == "J,dJ/da\n6.0,3.0\n18.0,3.0\n36.0,3.0\n"
    np.save("a.npy", np.array([1.0, 2.0]))
    done = run("--inputs", "a=a.npy", "bc.csv")
    assert done.returncode == 3
    assert "error[G0543]: a.npy has 2 rows, and bc.csv has more" in done.stderr


@pytest.mark.parametrize(
    ("header", "more", "code", "status"),
    [
        ("a,b", (), "G0520", 3),
        ("a,b,c,d", (), "G0521", 3),
        ("a,b,b", (), "G0503", 3),
        ("a,b,c", ("a=1",), "G0503", 3),
        ("a,b,c", ("--hessian",), "G0544", 2),
        ("a,b,c", ("--seed-output", "J=2"), "G0544", 2),
        ("a,b,c", ("-o", "out.txt"), "G0545", 2),
        ("a,b,c", ("-o", "rows.csv"), "G0702", 2),
        ("a,b,c", ("-o", "circuit.g.csv/x.csv"), "G0701", 2),
        ("a,b,c", ("--wrt", "u"), "G0401", 2),
    ],
)
def test_refused(folder: Path, header: str, more: tuple[str, ...], code: str, status: int) -> None:
    row = ",".join("1" for _ in header.split(","))
    text = f"{header}\n{row}\n{row}\n"
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    done = run("--inputs", "rows.csv", *more)
    assert code in done.stderr
    assert (done.returncode, done.stdout) == (status, "")
    assert (folder / "rows.csv").read_text(encoding="utf-8") == text


def test_an_output_needs_rows(folder: Path) -> None:
    done = run("a=1", "b=2", "c=3", "-o", "out.csv")
    assert (done.returncode, "G0547" in done.stderr) == (2, True)


def test_a_vector_and_a_scalar_from_one_file(folder: Path) -> None:
    (folder / "circuit.g").write_text("input x, w[D]\nJ = x*sum(w)\n", encoding="utf-8")
    (folder / "rows.csv").write_text("x,w\n1,2\n3,4\n", encoding="utf-8")
    done = run("--inputs", "rows.csv")
    assert (done.returncode, "G0542" in done.stderr) == (3, True)
    assert run("--inputs", "x=rows.csv:x", "w=[1,2]", "--wrt", "x").stdout == (
        "J,dJ/dx\n3.0,3.0\n9.0,3.0\n"
    )
    (folder / "w.csv").write_text("w\n1\n2\n", encoding="utf-8")
    done = run("--inputs", "x=rows.csv:x", "w.csv", "--wrt", "x")
    assert done.stdout == "J,dJ/dx\n3.0,3.0\n9.0,3.0\n"


@pytest.mark.parametrize("at", [0, 39_999, 79_999])
def test_a_bad_cell_leaves_no_file(folder: Path, at: int) -> None:
    many_rows(folder, 80_000)
    lines = (folder / "rows.csv").read_text().splitlines()
    lines[at + 1] = "1,oops,2"
    (folder / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "out.csv").write_text("kept", encoding="utf-8")
    done = run("--inputs", "rows.csv", "-o", "out.csv")
    assert done.returncode == 3
    assert f"rows.csv, row {at + 1} (line {at + 2}), column `b`: `oops`" in done.stderr
    assert (folder / "out.csv").read_text() == "kept"
    assert sorted(os.listdir()) == ["circuit.g", "out.csv", "rows.csv"]


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_a_file_of_pyarrow_is_given_up_in_silence(folder: Path, form: str) -> None:
    pytest.importorskip("pyarrow")
    (folder / "rows.csv").write_text("a,b,c\n" + "1,2,3\n" * 9 + "1,oops,3\n", encoding="utf-8")
    done = run("--inputs", "rows.csv", "--chunk", "3", "-o", f"out.{form}")
    assert done.returncode == 3
    assert done.stderr.startswith("error[G0507]: rows.csv, row 10")
    assert len(done.stderr.splitlines()) == 2
    assert sorted(os.listdir()) == ["circuit.g", "rows.csv"]


def test_a_full_device_is_named(folder: Path) -> None:
    many_rows(folder, 10)
    for form in ("csv", "npz"):
        (folder / f"full.{form}").symlink_to("/dev/full")
        done = run("--inputs", "rows.csv", "-o", f"full.{form}")
        assert done.returncode == 2
        assert done.stderr.startswith(f"error[G0701]: cannot write full.{form}: No space left")


def test_integers_of_rows_are_checked(folder: Path) -> None:
    (folder / "circuit.g").write_text(
        "input k in 3, x[4]\nparam w[3]\nJ = w[k] + x[k+1]\n", encoding="utf-8"
    )
    for cell, code in (("1.5", "G0523"), ("3", "G0524"), ("-1", "G0524"), ("1e30", "G0523")):
        (folder / "rows.csv").write_text(f"k\n0\n{cell}\n", encoding="utf-8")
        done = run("--inputs", "rows.csv", "x=[1,2,3,4]", "w=[1,2,3]")
        assert (done.returncode, code in done.stderr) == (3, True)
        assert "rows.csv, row 2, column `k`: " in done.stderr


def test_a_row_that_reads_out_of_range_is_named(folder: Path) -> None:
    (folder / "circuit.g").write_text(
        "input k in N, x[N]\nparam w\nJ = w*x[k+1]\n", encoding="utf-8"
    )
    (folder / "rows.csv").write_text("k\n0\n1\n3\n", encoding="utf-8")
    done = run("--inputs", "rows.csv", "x=[1,2,3,4]", "w=1")
    assert (done.returncode, done.stdout) == (3, "")
    assert "error[G0529]: rows.csv, row 3: " in done.stderr


def test_nan_is_a_number_and_is_told_of(folder: Path) -> None:
    (folder / "rows.csv").write_text("a,b,c\n1,2,3\n1,nan,3\n1,inf,0\n", encoding="utf-8")
    done = run("--inputs", "rows.csv")
    assert done.returncode == 4
    assert done.stdout.splitlines()[2] == "nan,3.0,9.0,nan"
    assert "the results of 2 rows are not finite: the first is J = nan of rows.csv, row 2" in (
        done.stderr
    )
    lines = run("--inputs", "rows.csv", "--format", "json").stdout.splitlines()
    assert json.loads(lines[1])["outputs"] == {"J": "nan"}


def test_a_full_disk_and_a_reader_that_leaves(folder: Path) -> None:
    many_rows(folder, 50_000)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gradc", "run", "circuit.g", "--inputs", "rows.csv"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error[G0701]")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    piped = f"{sys.executable} -m gradc run circuit.g --inputs rows.csv | head -2"
    short = subprocess.run(
        ["bash", "-o", "pipefail", "-c", piped],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (short.returncode, short.stderr) == (0, "")
    assert len(short.stdout.splitlines()) == 2


def test_an_interrupt_leaves_nothing(folder: Path) -> None:
    many_rows(folder, 400_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "gradc", "run", "circuit.g", "--inputs", "rows.csv", "-o", "o.csv"],
        stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts,
    )
    limit = time.monotonic() + 30
    while len(os.listdir()) < 3 and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert sorted(os.listdir()) == ["circuit.g", "rows.csv"]
