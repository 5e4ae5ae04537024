"""The harness of the benchmarks at tiny sizes, and the page made of stored measurements.

Only gradc and NumPy are used: the other libraries are not installed where tests run.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import benchmarks.__main__
from benchmarks.peers import report, runner, scaling, with_gradc, with_numpy, worker
from benchmarks.peers.peer import ABSENT, PEERS
from benchmarks.peers.workloads import SIZES, WORKLOADS

TINY = runner.Budget(first=120.0, turn=0.001, rounds=3, seconds=5.0, sizes=["tiny"])


@pytest.fixture(scope="module")
def measured() -> list[dict[str, Any]]:
    return runner.run(["lse", "llsq"], ["gradc", "NumPy by hand"], TINY)["records"]


def test_every_peer_is_measured_in_its_own_process(measured: list[dict[str, Any]]) -> None:
    assert [(r["workload"], r["peer"]) for r in measured] == [
        ("lse", "gradc"),
        ("lse", "NumPy by hand"),
        ("llsq", "gradc"),
        ("llsq", "NumPy by hand"),
    ]
    for record in measured:
        assert len(record["gradient"]) == len(record["value"]) == 3
        assert 0 < min(record["gradient"]) < record["first"]
        assert record["peak"] > 10


@pytest.mark.parametrize("name", sorted(with_numpy.FUNCTIONS))
def test_gradc_agrees_with_formulas_by_hand(name: str) -> None:
    if ("gradc", name) in ABSENT:
        pytest.skip(ABSENT["gradc", name])
    data = WORKLOADS[name].data("tiny")
    ours, other = with_gradc.build(name, data).repeated(), with_numpy.build(name, data)
    found = ours.arrays(ours.gradient())
    wanted = other.arrays(other.gradient())
    assert len(found) == len(wanted)
    for one, another in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one.ravel(), another.ravel(), rtol=1e-8, atol=1e-10)
    if ours.value and other.value:
        one, another = ours.value(), other.value()
        if not isinstance(one, tuple):
            one, another = (one,), (another,)
        for a, b in zip(one, another, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-11)


def test_an_answer_that_differs_is_named(tmp_path: Any) -> None:
    class Answer:
        def __init__(self, name: str, values: list[float]) -> None:
            self.answer = tmp_path / f"{name}.npz"
            np.savez(self.answer, np.array(values))

    answers: dict[str, Any] = {
        "JAX": Answer("other", [1.0, 2.0001]),
        "PyTorch": Answer("close", [1.0, 2.0 + 1e-9]),
        "CasADi": Answer("nothing", [1.0, np.nan]),
        "autograd": Answer("short", [1.0]),
        "NumPy by hand": Answer("same", [1.0, 2.0]),
    }
    wrong = runner._wrong(answers)
    assert wrong["JAX"] == "wrong: 1.0e-04 of 2.0e+00 from NumPy by hand"
    assert wrong["autograd"] == "wrong: not as many numbers as NumPy by hand"
    assert wrong.keys() == {"JAX", "CasADi", "autograd"}


def test_a_peer_that_fails_or_is_slow_is_named_with_the_reason() -> None:
    slow = replace(TINY, first=0.01)
    (record,) = runner.measured(WORKLOADS["lse"], "tiny", [PEERS["NumPy by hand"]], slow)
    assert record["absent"] == "over 0 s"
    broken = replace(PEERS["NumPy by hand"], module="with_nothing")
    (record,) = runner.measured(WORKLOADS["lse"], "tiny", [broken], TINY)
    assert "with_nothing" in record["absent"]


def test_a_slow_peer_is_not_asked_for_a_larger_size() -> None:
    def record(peer: str, **what: Any) -> dict[str, Any]:
        return {"workload": "lse", "size": "small", "peer": peer, **what}

    budget = replace(TINY, longest=2.0)
    records = [
        record("JAX", gradient=[1.9, 1.8]),
        record("PyTorch", gradient=[2.1]),
        record("autograd", absent="over 30 s"),
        record("CasADi", absent="no such function"),
    ]
    slow = runner._slow(records, budget)
    assert slow == {"PyTorch": "over 2 s at a smaller size", "autograd": "over 30 s"}
    found = runner.measured(WORKLOADS["lse"], "tiny", [PEERS["PyTorch"]], budget, slow)
    assert [r["absent"] for r in found] == ["over 2 s at a smaller size"]


def test_one_call_of_a_slow_function_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[None] = []
    monkeypatch.setitem(worker.CLOCKS, "slow", lambda: float(len(calls)))  # a second a call
    assert worker.samples(lambda: calls.append(None), 0.001, "slow") == [1.0]
    assert len(calls) == 1


def test_short_calls_are_timed_many_together(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[None] = []
    monkeypatch.setitem(worker.CLOCKS, "fast", lambda: len(calls) * 1e-6)
    times = worker.samples(lambda: calls.append(None), 0.002, "fast")
    assert len(calls) == 1 + len(times) * int(worker.SHORT / 1e-6)
    assert times == pytest.approx([1e-6] * len(times))


def test_a_quick_run_takes_one_size() -> None:
    assert runner.QUICK.chosen(WORKLOADS["lse"]) == ["middle"]
    assert runner.QUICK.chosen(WORKLOADS["logistic"]) == ["large"]
    assert runner.Budget().chosen(WORKLOADS["lse"]) == [*SIZES]


def test_the_slope_is_that_of_log_log_axes() -> None:
    record = {"n": [1e4, 1e5, 1e6], "seconds": [1e-3, 1e-1, 1e1]}
    assert report.slope(record) == pytest.approx(2.0)


def test_growth_and_the_floor_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "GROWING", {"lse": {}})
    (first,) = scaling.growth((10, 20), "wall")
    assert first["workload"] == "lse"
    assert all(0 < time < 1 for time in first["seconds"])
    assert scaling.floor("tiny", "wall").keys() == {"reading", "gradient"}


def stored(ours: float, other: float) -> dict[str, Any]:
    def record(peer: str, time: float) -> dict[str, Any]:
        return {
            "workload": "lse",
            "size": "middle",
            "peer": peer,
            "gradient": [time, 1.1 * time, 0.9 * time],
            "value": [time / 2] * 3,
            "first": 0.25,
            "peak": 99.4,
            "version": f"{peer} 1.0",
        }

    absent = {"workload": "lse", "size": "middle", "peer": "CasADi", "absent": "no such function"}
    machine = {"cpu": "C", "cores": 2, "system": "S", "python": "3.12.1", "threads": 1}
    records = [record("gradc", ours), record("JAX", other), absent]
    growth = {"workload": "lse", "others": {}, "n": [10, 100, 1000], "seconds": [1e-6, 1e-5, 1e-4]}
    floor = {"reading": 4e-3, "gradient": 5e-3}
    found: dict[str, Any] = {"machine": machine, "clock": "wall", "records": records}
    return found | {"growth": [growth], "floor": floor}


def test_the_page_says_where_gradc_is_not_first() -> None:
    ahead, behind = report.page(stored(1e-3, 2e-3)), report.page(stored(3e-3, 2e-3))
    assert "0.50 of JAX" in ahead
    assert "gradc is first at 1, and takes at most half" in ahead
    assert "**not first**" not in ahead
    assert "**not first:** 1.50 of JAX" in behind
    assert "**not first** at lse n=40,000" in behind


def test_the_page_states_machine_versions_spread_and_reasons() -> None:
    page = report.page(stored(1e-3, 2e-3))
    assert "C, 2 cores" in page
    assert "JAX 1.0, gradc 1.0" in page
    assert "1.00 ms ±10%" in page
    assert "| CasADi | no such function | lse n=40,000 |" in page
    assert "| lse n=40,000 | 0.25 s | 0.25 s | \N{EN DASH} | 1.00 |" in page
    assert "| lse n=40,000 | 99 MiB | 99 MiB | \N{EN DASH} | 1.00 of JAX |" in page
    assert "1.25 times that" in page
    assert "| lse | 1.00 us | 10.0 us | 100 us | 1.00 |" in page
    assert re.search(r"\| lse n=40,000 \| 2.0 \| 2.0 \|", page)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (2.5e-7, "0.25 us"),
        (1.234e-6, "1.23 us"),
        (0.0123, "12.3 ms"),
        (0.999, "999 ms"),
        (12.34, "12.3 s"),
    ],
)
def test_times_have_three_digits(time: float, text: str) -> None:
    assert report.seconds(time) == text


def test_the_stored_page_is_the_one_of_the_stored_measurements() -> None:
    found = json.loads(report.STORED.read_text("utf-8"))
    assert report.PAGE.read_text("utf-8") == report.page(found)


def test_reasons_to_leave_out_are_of_peers_and_workloads_that_exist() -> None:
    for peer, workload in ABSENT:
        assert peer in PEERS
        assert workload in WORKLOADS
    for workload in WORKLOADS.values():
        assert set(workload.sizes) <= set(SIZES)


@pytest.mark.parametrize("part", [["--quick"], ["--workloads", "lse"], ["--peers", "gradc"]])
def test_a_part_of_the_measurements_leaves_the_page_alone(
    part: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(*arguments: Any) -> dict[str, Any]:
        arguments[-1]({"records": []})  # as after each workload
        return {"records": []}

    monkeypatch.setattr(runner, "run", measured)
    monkeypatch.setattr(runner, "scaling", lambda *_: {})
    monkeypatch.setattr(report, "main", lambda: pytest.fail("the page is written"))
    monkeypatch.setattr("sys.argv", ["benchmarks", *part])
    before = report.STORED.read_bytes()
    benchmarks.__main__.main()
    assert report.STORED.read_bytes() == before
    assert "is left as it was" in capsys.readouterr().out


@pytest.mark.parametrize("names", [[], ["peers"], ["report"]])
def test_a_page_without_its_plot_is_not_begun(
    names: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmarks.__main__, "find_spec", lambda name: None)
    monkeypatch.setattr(runner, "run", lambda *_: pytest.fail("it is measured"))
    monkeypatch.setattr("sys.argv", ["benchmarks", *names])
    with pytest.raises(SystemExit):
        benchmarks.__main__.main()
    assert "matplotlib is not installed" in capsys.readouterr().err
