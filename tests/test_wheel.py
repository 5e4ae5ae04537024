"""The wheel has what the program needs, and works where there is no checkout.

It is built without isolation, by the backend that the `test` extra installs, so that nothing is
downloaded; it is installed without dependencies into a fresh environment, which finds those of
the running one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TIME_LIMIT = 300


def run(*command, cwd, **extra):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**environment, **extra},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    directory = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", directory)
    run(*build, ROOT, cwd=directory)
    (built,) = directory.glob("gradc-*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_has_every_file_of_the_package(names):
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "gradc").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    assert ours <= names


@pytest.mark.parametrize(
    "name",
    [
        "gradc/grammars/gradc.lark",
        "gradc/py.typed",
        "gradc/frontend/_tables.py",
        "gradc/targets/js/helpers_arrays.js",
        "gradc/targets/js/helpers_entry.js",
        "gradc/targets/js/helpers_linear.js",
        "gradc/targets/js/helpers_math.js",
        "gradc/targets/js/helpers_reductions.js",
        "gradc/targets/python/helpers_math.py",
        "gradc/targets/python/helpers_numpy.py",
    ],
)
def test_it_has_what_is_read_at_run_time(names, name):
    assert name in names


def test_it_has_nothing_else(names):
    metadata = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert any(name.endswith("entry_points.txt") for name in metadata)
    assert all(name.startswith("gradc/") for name in names - metadata)
    assert not [name for name in names if name.endswith(".pyc") or "/tests/" in name]


def test_the_grammar_is_the_one_of_the_checkout(wheel):
    with zipfile.ZipFile(wheel) as archive:
        shipped = archive.read("gradc/grammars/gradc.lark")
    assert shipped == (ROOT / "grammars" / "gradc.lark").read_bytes()


def test_it_runs_outside_the_checkout(wheel, tmp_path):
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    paths = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path
    )
    target = Path(paths.strip())
    # The dependencies of the running environment, without the checkout that it may point to.
    shared = os.pathsep.join([str(target), sysconfig.get_path("purelib")])
    install = (sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target")
    run(*install, target, wheel, cwd=tmp_path)
    code = (
        "import gradc, sys; from gradc.cli.main import main; print(gradc.__file__); "
        "main(['run', 'circuit.g', '--inputs', 'a=5', 'b=3', 'c=2', '--format', 'json'])"
    )
    (tmp_path / "circuit.g").write_bytes((ROOT / "examples" / "circuit.g").read_bytes())
    where, result = run(python, "-c", code, cwd=tmp_path, PYTHONPATH=shared).splitlines()
    assert Path(where).is_relative_to(target)
    assert '"gradients": {"a": 3.0, "b": 6.0, "c": 9.0}' in result
    version = run(python, "-m", "gradc", "--version", cwd=tmp_path, PYTHONPATH=shared)
    assert version.startswith("gradc, version ")


def test_the_grammar_is_found_in_the_wheel(wheel, tmp_path):
    code = "from gradc.frontend.tables import grammar_path; print(grammar_path())"
    install = (sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target")
    run(*install, tmp_path / "site", wheel, cwd=tmp_path)
    found = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert Path(found.strip()).is_relative_to(tmp_path / "site")
    assert Path(found.strip()).is_file()
