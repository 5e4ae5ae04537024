"""Blocks of rows in several processes and on a Dask cluster: the numbers are those of one process,
and a worker that ends loses nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from interrupts import hear_interrupts

import gradc
from gradc.diagnostics import InputError, NumericError, UsageError
from gradc.runtime.bind import bind
from gradc.runtime.cluster import Cluster
from gradc.runtime.processes import Processes
from gradc.runtime.split import RowSplit

LOGISTIC = """\
input X[N,D], y[N]
param w[D], b
z = X @ w + b
J = sum(log(1 + exp(z)) - y*z)
"""
SLOW = """\
param a
input x[N]
loop k in 300000 carry s = x {
    s = sin(s + a*x)
}
J = sum(s)
"""
RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(1000, 2))
LABELS = (ROWS.sum(1) + RANDOM.normal(size=1000) > 0).astype(float)
DATA = ("--inputs", "X=data.csv:p,q", "y=data.csv:k")
POINT = ("w=[1,-0.5]", "b=0.1", "--format", "json", "--chunk", "100")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    table = zip(ROWS.tolist(), LABELS.tolist(), strict=True)
    lines = [f"{p!r},{q!r},{k!r}" for (p, q), k in table]
    (tmp_path / "data.csv").write_text("p,q,k\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "f.g").write_text(LOGISTIC, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as found:
        yield found


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradc", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def logistic():
    program = gradc.compile(LOGISTIC).program
    split = RowSplit(program, program.wrt(["w", "b"]), "N", ["X", "y"])
    start = {"X": ROWS[:1], "y": LABELS[:1], "w": [1.0, -0.5], "b": 0.1}
    return split, bind(program.inputs, start)


def blocks(during=lambda start: None, size=25):
    for start in range(0, len(ROWS), size):
        during(start)
        yield size, {"X": ROWS[start : start + size], "y": LABELS[start : start + size]}


def fitted(*places: str) -> None:
    """Compare the parameters of a fit with those of one in this process."""
    given = ("--start", "w=[0,0]", "b=0", "--format", "json", "--chunk", "300", *places)
    parts = json.loads(command("fit", "f.g", *DATA, *given).stdout)
    whole = gradc.compile(LOGISTIC).fit({"X": ROWS, "y": LABELS}, {"w": [0, 0], "b": 0})
    assert whole.converged
    assert parts["converged"]
    for name in ("w", "b"):
        assert parts["parameters"][name] == pytest.approx(whole.parameters[name], rel=1e-6)


# Processes


def test_numbers_do_not_depend_on_the_number_of_processes(folder: Path) -> None:
    split, shared = logistic()
    here = split.evaluate(shared, lambda: blocks(size=100))
    totals = []
    for count in (1, 2, 3):
        with closing(Processes(count)) as processes:
            each = split.evaluate(shared, lambda: blocks(size=100), apply=processes.apply)
        totals.append((each.value, each.gradient["w"].tolist(), float(each.gradient["b"])))
    assert totals[0] == totals[1] == totals[2]
    assert totals[0][0] == pytest.approx(here.value, rel=1e-13)
    assert totals[0][1] == pytest.approx(here.gradient["w"], rel=1e-12)
    there = json.loads(command("run", "f.g", *DATA, *POINT, "--workers", "2").stdout)
    assert there["rows"] == 1000
    assert there["outputs"]["J"] == totals[0][0]
    assert (there["gradients"]["w"], there["gradients"]["b"]) == totals[0][1:]


def test_a_fit_has_the_parameters_of_one_process(folder: Path) -> None:
    fitted("--workers", "2")


def test_results_come_in_order_with_no_more_parts_ahead_than_there_is_room_for() -> None:
    text = "import time\ndef values(i):\n    time.sleep(0.3 * (i == 0))\n    return (i,)\n"
    read: list[int] = []
    with closing(Processes(2)) as processes:
        found = processes.apply(text, ([i] for i in range(60) if read.append(i) is None))
        assert next(found) == (0,)
        assert len(read) <= 12
        assert [i for (i,) in found] == list(range(1, 60))


@pytest.mark.parametrize("count", [1, 2])
def test_a_process_that_is_killed_loses_nothing(count: int) -> None:
    split, shared = logistic()
    whole = split.evaluate(shared, blocks)
    killed: list[int] = []

    def kill(start: int) -> None:
        children = multiprocessing.active_children()
        if start in (250, 500) and children:
            pid = children[0].pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    with closing(Processes(count)) as processes:
        found = split.evaluate(shared, lambda: blocks(kill), apply=processes.apply)
        again = split.evaluate(shared, blocks, apply=processes.apply)
    assert len(set(killed)) == 2
    assert (found.value, found.rows) == (again.value, 1000)
    assert found.value == pytest.approx(whole.value, rel=1e-13)
    assert found.gradient["w"] == pytest.approx(whole.gradient["w"], rel=1e-12)
    assert not multiprocessing.active_children()


def test_a_process_that_ends_while_it_computes_is_replaced(tmp_path: Path) -> None:
    text = (
        "import os, signal\ndef values(i, path):\n    if i == 3 and not os.path.exists(path):\n"
        "        open(path, 'w').close()\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return (i,)\n"
    )
    with closing(Processes(2)) as processes:
        arguments = ([i, str(tmp_path / "ended")] for i in range(9))
        assert [i for (i,) in processes.apply(text, arguments)] == list(range(9))
    assert (tmp_path / "ended").exists()


def test_rows_over_which_every_process_ends_are_given_up() -> None:
    text = "import os\ndef values(i):\n    os._exit(7) if i == 1 else None\n    return (i,)\n"
    with closing(Processes(2)) as processes, pytest.raises(NumericError) as caught:
        list(processes.apply(text, ([i] for i in range(4))))
    (found,) = caught.value.diagnostics
    assert found.code == "G0555"
    assert "status 7" in found.message
    assert not multiprocessing.active_children()


def test_what_is_raised_elsewhere_is_what_would_be_raised_here() -> None:
    program = gradc.compile("input k[N] in M\nparam a[M]\nJ = sum[i](a[k[i] + 1])\n").program
    split = RowSplit(program, program.wrt(["a"]), "N", ["k"])
    shared = bind(program.inputs, {"k": [0], "a": [1.0, 2.0]})
    some = [(1, {"k": np.array([index])}) for index in (0, 0, 1, 0)]
    with pytest.raises(InputError) as here:
        split.evaluate(shared, lambda: some)
    with closing(Processes(2)) as processes, pytest.raises(InputError) as there:
        split.evaluate(shared, lambda: some, apply=processes.apply)
    assert here.value.diagnostics == there.value.diagnostics
    assert here.value.diagnostics[0].code == "G0529"
    assert not multiprocessing.active_children()


def test_a_part_that_does_not_fit_in_memory_is_told_of() -> None:
    split, shared = logistic()
    text = "def values(*arguments):\n    raise MemoryError('too much')\n"
    with closing(Processes(1)) as processes, pytest.raises(NumericError) as caught:
        split.evaluate(shared, blocks, apply=lambda _, each: processes.apply(text, each))
    assert caught.value.diagnostics[0].code == "G0602"


def test_a_bad_cell_is_named(folder: Path) -> None:
    text = (folder / "data.csv").read_text(encoding="utf-8").replace("\n", "\nx,1,0\n", 1)
    (folder / "data.csv").write_text(text, encoding="utf-8")
    done = command("run", "f.g", *DATA, "w=[1,1]", "b=0", "--chunk", "10", "--workers", "2")
    assert (done.returncode, done.stdout) == (3, "")
    assert "data.csv, row 1 (line 2), column `p`" in done.stderr


def test_ctrl_c_ends_all_processes(folder: Path) -> None:
    (folder / "f.g").write_text(SLOW, encoding="utf-8")
    given = ("--inputs", "x=data.csv:p", "a=1", "--chunk", "10", "--workers", "2")
    started = subprocess.Popen(
        [sys.executable, "-m", "gradc", "run", "f.g", *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )
    time.sleep(2.5)
    os.killpg(started.pid, signal.SIGINT)
    begin = time.monotonic()
    out, err = started.communicate(timeout=20)
    assert time.monotonic() - begin < 5
    assert (started.returncode, out) == (130, "")
    assert "Traceback" not in err
    while is_there(started.pid) and time.monotonic() - begin < 10:
        time.sleep(0.05)  # a helper of multiprocessing's ends a little later
    assert not is_there(started.pid)


def is_there(group: int) -> bool:
    """Whether a group of processes has any."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--inputs", "X=[[1,2]]", "y=[1]", "w=[1,1]", "b=0"), "G0558"),
        ((*DATA, "w=[1,1]", "b=0", "--jacobian"), "G0558"),
        ((*DATA, "w=[1,1]", "b=0", "--scheduler", "tcp://127.0.0.1:1"), "G0704"),
        ((*DATA, "w=[1,1]", "b=0", "--workers", "0"), "G0704"),
    ],
)
def test_refused(folder: Path, arguments: tuple[str, ...], code: str) -> None:
    done = command("run", "f.g", "--workers", "2", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert code in done.stderr


def test_what_is_wrong_with_the_data_comes_first(folder: Path) -> None:
    given = ("--inputs", "X=no.csv:p,q", "y=data.csv:k", "--workers", "2")
    for done in (command("run", "f.g", *given), command("fit", "f.g", *given, "--start", "b=0")):
        assert done.returncode == 3
        assert "no.csv" in done.stderr


def test_a_row_of_results_for_each_row_is_refused(folder: Path) -> None:
    (folder / "f.g").write_text("input p, q\nJ = p*q\n", encoding="utf-8")
    done = command("run", "f.g", "--inputs", "data.csv", "--workers", "2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "G0558" in done.stderr


# A Dask cluster


def test_a_missing_extra_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError) as caught:
        Cluster("tcp://127.0.0.1:1")
    assert caught.value.diagnostics[0].help == "pip install 'gradc[dask]'"


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "here", "", "foo://a:1"])
def test_no_scheduler(folder: Path, address: str) -> None:
    begin = time.monotonic()
    with pytest.raises(UsageError) as caught:
        Cluster(address)
    assert caught.value.diagnostics[0].code == "G0556"
    assert time.monotonic() - begin < 10


def test_a_cluster_has_the_numbers_of_one_process_and_no_gradc(folder: Path, cluster) -> None:
    from distributed import Client

    split, shared = logistic()
    here = split.evaluate(shared, lambda: blocks(size=100))
    address = cluster.scheduler_address
    done = command("run", "f.g", *DATA, *POINT, "--scheduler", address)
    assert done.stderr == ""
    there = json.loads(done.stdout)
    assert there["outputs"]["J"] == pytest.approx(here.value, rel=1e-13)
    for name in ("w", "b"):
        assert there["gradients"][name] == pytest.approx(here.gradient[name], rel=1e-12)
    with Client(address, set_as_default=False) as client:
        modules = client.run(lambda: [name for name in sys.modules if name.startswith("gradc")])
    assert len(modules) == 2
    assert any(modules.values())
    assert all(name.startswith("gradc_emitted_") for each in modules.values() for name in each)


def test_a_fit_on_a_cluster(folder: Path, cluster) -> None:
    fitted("--scheduler", cluster.scheduler_address)


def test_what_a_cluster_raises_is_what_would_be_raised_here(cluster) -> None:
    program = gradc.compile("input k[N] in M\nparam a[M]\nJ = sum[i](a[k[i] + 1])\n").program
    split = RowSplit(program, program.wrt(["a"]), "N", ["k"])
    shared = bind(program.inputs, {"k": [0], "a": [1.0, 2.0]})
    some = [(1, {"k": np.array([index])}) for index in (0, 0, 1, 0)]
    with closing(Cluster(cluster.scheduler_address)) as there, pytest.raises(InputError) as caught:
        split.evaluate(shared, lambda: some, apply=there.apply)
    assert caught.value.diagnostics[0].code == "G0529"


def test_a_worker_of_a_cluster_that_is_killed_loses_nothing(cluster) -> None:
    from distributed import Client

    split, shared = logistic()
    whole = split.evaluate(shared, blocks)
    killed: list[int] = []
    with (
        Client(cluster, set_as_default=False) as client,
        closing(Cluster(cluster.scheduler_address)) as there,
    ):

        def kill(start: int) -> None:
            if start == 500:
                pid = next(iter(client.run(os.getpid).values()))
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

        found = split.evaluate(shared, lambda: blocks(kill), apply=there.apply)
    assert len(killed) == 1
    assert found.rows == 1000
    assert found.value == pytest.approx(whole.value, rel=1e-13)
    assert found.gradient["w"] == pytest.approx(whole.gradient["w"], rel=1e-12)


def test_a_cluster_without_workers_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr("gradc.runtime.cluster._REACHED", 1.0)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0", protocol="tcp") as empty,
        closing(Cluster(empty.scheduler_address)) as there,
        pytest.raises(UsageError) as caught,
    ):
        next(there.apply("", iter(())))
    assert caught.value.diagnostics[0].code == "G0557"
