"""`gradc run --jacobian OUT` and `--hessian OUT`: what is written, where, and what is refused."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from started import command

import gradc
from gradc.cli.matrix_options import _with_values
from gradc.diagnostics import NumericError
from gradc.runtime import pattern, room
from gradc.runtime.bind import bind
from gradc.runtime.matrices import jacobian_matrix

ROOT = Path(__file__).parents[1]
PROGRAM = "param x[N], a\ny = a*x^2\ns = sum(x)\noutput y, s\n"
VALUES = ("--inputs", "x=[1,2,3]", "a=2")
JACOBIAN = [[4, 0, 0, 1], [0, 8, 0, 4], [0, 0, 12, 9], [1, 1, 1, 0]]
ROSENBROCK = "param x, w[2]\nJ = (1 - x)^2 + 100*(w[0] - x^2)^2 + x*w[1]^3\n"


@pytest.fixture
def run(tmp_path):
    """Runs `gradc run` on a program in an empty directory; no traceback may be seen."""

    def run(*arguments, program=PROGRAM):
        (tmp_path / "f.g").write_text(program, encoding="utf-8")
        done = subprocess.run(
            [*command(), "run", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    return run


def read(path: Path) -> np.ndarray:
    """A matrix in any of the formats, by other people's readers."""
    if path.suffix == ".npy":
        return np.load(path)
    if path.suffix == ".npz":
        return scipy.sparse.load_npz(path).toarray()
    if path.suffix == ".mtx":
        return scipy.io.mmread(path).toarray()
    with path.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    return np.array([[float(cell) for cell in row[1:]] for row in rows])


@pytest.mark.parametrize("name", ["J.npy", "J.csv", "J.mtx", "J.npz", "J.NPY"])
def test_the_matrix_is_written(run, tmp_path, name):
    done = run("f.g", *VALUES, "--jacobian", name)
    assert done.returncode == 0
    assert name in done.stdout
    assert "dy/dx" not in done.stdout
    path = tmp_path / name
    if name == "J.NPY":
        path = path.rename(tmp_path / "small.npy")
    np.testing.assert_array_equal(read(path), JACOBIAN)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("name", ["H.npy", "H.csv", "H.mtx", "H.npz"])
def test_the_hessian_is_written(run, tmp_path, name):
    values = ("--inputs", "x=2", "w=[3,0.5]")
    done = run("f.g", *values, f"--hessian={name}", program=ROSENBROCK)
    assert done.returncode == 0
    expected = [[2 - 400 * (3 - 12), -800, 0.75], [-800, 200, 0], [0.75, 0, 6]]
    np.testing.assert_allclose(read(tmp_path / name), expected, rtol=1e-14)
    if name.endswith(".mtx"):
        assert (tmp_path / name).read_text().startswith("%%MatrixMarket matrix coordinate real sym")


def test_rows_and_columns_have_names(run, tmp_path):
    text = "param W[2,2], β\nr[i,j] = β*W[i,j]\n"
    run("f.g", "--inputs", "W=[[1,2],[3,4]]", "β=1", "--jacobian", "J.csv", program=text)
    with (tmp_path / "J.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["", "W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]", "β"]
    assert [row[0] for row in rows[1:]] == ["r[0,0]", "r[0,1]", "r[1,0]", "r[1,1]"]
    run("f.g", "--inputs", "W=[[1,2],[3,4]]", "β=1", "--jacobian", "J.mtx", program=text)
    lines = (tmp_path / "J.mtx").read_text(encoding="utf-8").splitlines()
    assert lines[1:4] == [
        "% rows 1 to 4: r[2,2]",
        "% columns 1 to 4: W[2,2]",
        "% column 5: β",
    ]
    assert scipy.io.mmread(tmp_path / "J.mtx").shape == (4, 5)


def test_numbers_keep_every_bit(run, tmp_path):
    text = "param x[3]\ny = x^2/3\n"
    for name in ("J.npy", "J.csv", "J.mtx", "J.npz"):
        run("f.g", "--inputs", "x=[0.1,1e-300,1e300]", "--jacobian", name, program=text)
        x = np.array([0.1, 1e-300, 1e300])
        np.testing.assert_array_equal(np.diag(read(tmp_path / name)), 2.0 * x * (1 / 3.0))


def test_json_says_what_was_written(run):
    done = run("f.g", *VALUES, "--jacobian", "J.npy", "--format", "json")
    said = json.loads(done.stdout)
    assert "jacobian" not in said
    assert said["files"]["jacobian"]["file"] == "J.npy"
    assert said["files"]["jacobian"]["shape"] == [4, 4]


def test_no_elements(run, tmp_path):
    text = "param x[N], a\ny[i] = a*x[i]\n"
    for name in ("J.npy", "J.csv", "J.npz"):
        assert (
            run("f.g", "--inputs", "x=[]", "a=1", "--jacobian", name, program=text).returncode == 0
        )
        if name != "J.csv":
            assert read(tmp_path / name).shape == (0, 1)


def test_what_is_not_finite_is_said(run):
    done = run(
        "f.g", "--inputs", "x=[0,1]", "--jacobian", "J.npy", program="param x[N]\ny = sqrt(x)\n"
    )
    assert done.returncode == 4
    assert "J.npy is not finite: row 1 (y[0]), column 1 (x[0]) is inf\n" in done.stderr
    for x, more in (("[0,0]", "is 1"), ("[0,0,0]", "are 2")):
        done = run(
            "f.g", "--inputs", f"x={x}", "--jacobian", "J.mtx", program="param x[N]\ny = sqrt(x)\n"
        )
        assert f"is inf, and so {more} more" in done.stderr


# What follows the option


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("f.g --jacobian", "f.g --jacobian="),
        ("f.g --jacobian a=5", "f.g --jacobian= a=5"),
        ("f.g --inputs b=3 --jacobian X=data.npy", "f.g --inputs b=3 --jacobian= X=data.npy"),
        ("--jacobian f.g a=5", "--jacobian= f.g a=5"),
        ("f.g --jacobian --hessian", "f.g --jacobian= --hessian="),
        ("f.g --jacobian J.npy a=5", "f.g --jacobian=J.npy a=5"),
        ("f.g --hessian out/H.mtx --jacobian=J.csv", "f.g --hessian=out/H.mtx --jacobian=J.csv"),
        ("f.g --jacobian - a=5", "f.g --jacobian= - a=5"),
        ("f.g --jacobian J.txt", "f.g --jacobian=J.txt"),
        ("f.g -- --jacobian J.npy", "f.g -- --jacobian J.npy"),
    ],
)
def test_what_follows_the_option(given, taken):
    assert list(_with_values(given.split())) == taken.split()


def test_without_a_name_it_is_printed(run, tmp_path):
    done = run("f.g", "--inputs", "x=[1,2,3]", "--jacobian", "a=2")
    assert "dy/dx" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["f.g"]
    assert run("--jacobian", "f.g", *VALUES).stdout == run("f.g", *VALUES, "--jacobian").stdout


# What is refused


def refused(done, code):
    assert done.returncode == 2
    assert f"error[{code}]" in done.stderr
    assert done.stdout == ""


def test_a_format_must_be_known(run):
    refused(run("f.g", *VALUES, "--jacobian", "J.txt"), "G0791")
    refused(run("f.g", *VALUES, "--hessian=H"), "G0791")


def test_nothing_is_written_over(run, tmp_path):
    (tmp_path / "x.csv").write_text("x\n1\n2\n")
    refused(run("f.g", "--inputs", "x=x.csv", "a=1", "--jacobian", "x.csv"), "G0702")
    refused(run("f.g", "--inputs", "a=1,x=./x.csv", "--jacobian", "x.csv"), "G0702")
    refused(run("f.g", *VALUES, "--jacobian", "J.npy", "--hessian", "./J.npy"), "G0793")
    assert (tmp_path / "x.csv").read_text() == "x\n1\n2\n"
    (tmp_path / "p.csv").write_text(PROGRAM)
    refused(run("p.csv", *VALUES, "--jacobian=p.csv"), "G0702")


def test_a_folder_that_is_not_there_is_found_before_anything_runs(run):
    refused(run("f.g", *VALUES, "--jacobian", "missing/J.npy"), "G0701")


def test_a_seed_goes_with_no_matrix(run):
    refused(run("f.g", *VALUES, "--seed-output", "s", "--jacobian", "J.npy"), "G0704")


def test_a_hessian_needs_one_output(run, tmp_path):
    refused(run("f.g", *VALUES, "--hessian", "H.npy"), "G0404")
    assert not (tmp_path / "H.npy").exists()


def test_a_matrix_that_does_not_fit_is_refused(monkeypatch):
    compiled = gradc.compile("param x[N]\ny = x*sum(x)\nz = x^2\noutput y, z\n")
    program = compiled.program

    def made(**how):
        bound = bind(program.inputs, {"x": np.ones(1000)}, program.requirements, program.source)
        return jacobian_matrix(program, bound, compiled.wrt, **how)

    monkeypatch.setattr(room, "available", lambda: 15_999_999)
    with pytest.raises(NumericError, match=r"2,000 x 1,000 numbers takes 16 MB; there are 16 MB"):
        made(whole=True)
    assert made().stored == 1_001_000
    monkeypatch.setattr(room, "available", lambda: 16_000_000)
    assert made(whole=True).shape == (2000, 1000)
    monkeypatch.setattr(pattern, "LARGEST", 1000)
    assert made().stored == 2_000_000
    monkeypatch.setattr(room, "available", lambda: 1_000_000)
    with pytest.raises(NumericError, match="G0792"):
        made()


def test_memory_is_known_here():
    there = room.available()
    assert there is not None
    assert there > 2**20
    assert [room.amount(n) for n in (12, 1600, 8_000_000, 10**21)] == [
        "12 bytes",
        "1.6 kB",
        "8 MB",
        "1e+06 PB",
    ]
