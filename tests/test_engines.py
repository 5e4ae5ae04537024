"""Engines: which runs when, that they agree, and what happens where one cannot run."""

from __future__ import annotations

import copy
import json
import math
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from started import command

import gradc
from gradc.diagnostics import Diagnostic, InputError, NumericError, UsageError
from gradc.native.faults import NativeError
from gradc.runtime import compiled, engines
from gradc.runtime.engines import Engine, Name, Wanted
from gradc.runtime.inputs import read_inputs
from gradc.runtime.work import work

ROOT = Path(__file__).parents[1]
CIRCUIT = "u = b*c; v = a+u; J = 3*v\n"
LOGISTIC = """
input X[N, D], y[N]
param w[D], b
p = sigmoid(X @ w + b)
J = -sum(y*log(p) + (1 - y)*log(1 - p))
"""
PICKED = "input x[N], i[M] in N\nJ = sum[m](x[i[m]]^2)\n"
LOOKED_UP = "input x[N], k in N + 9\nJ = x[k - 1]^2\n"


def data(n: int = 6, d: int = 3) -> dict[str, object]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, d))
    return {"X": x, "y": (x[:, 0] > 0) * 1.0, "w": rng.normal(size=d), "b": 0.3}


def close(found: object, expected: object) -> None:
    """Results of any structure, equal to rounding."""
    if isinstance(expected, dict):
        assert isinstance(found, dict)
        assert found.keys() == expected.keys()
        found, expected = tuple(found.values()), tuple(expected.values())
    if isinstance(expected, tuple):
        assert isinstance(found, tuple)
        for one, other in zip(found, expected, strict=True):
            close(one, other)
        return
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """One cache for the tests of this file, and none of the user's."""
    base = tmp_path_factory.getbasetemp() / "engines cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(base))
    monkeypatch.delenv("CC", raising=False)


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command(), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# The choice


def choice(text: str, sizes: dict[str, int], calls: float = 1.0, name: engines.Name = "auto"):  # type: ignore[no-untyped-def]
    program = gradc.compile(text).program
    return engines._choice(Engine(name), Wanted(program, (), ("forward",), sizes, calls))


def test_small_data_are_not_compiled_for() -> None:
    few = {"N": 10, "D": 3}
    assert not choice(LOGISTIC, few).native
    assert not choice(CIRCUIT, {}, 10_000).native
    assert choice(LOGISTIC, few, calls=10_000) == choice(LOGISTIC, few, calls=10_000)
    assert choice(LOGISTIC, few, calls=1_000_000).native
    many = choice(LOGISTIC, {"N": 30_000_000, "D": 3})
    assert many.native
    assert not many.only_kept
    assert choice(LOGISTIC, {"N": 1_500_000, "D": 3}).only_kept


PAIRS = "input x[N], y[M]\nd[i, j] = (x[i] - y[j])^2\nJ = sum[i](max[j](d[i, j]))\n"


def test_c_runs_where_numpy_takes_much_memory_and_compiling_is_soon_done() -> None:
    short = "input x[N]\nJ = sum(sin(x) * cos(x))\n"
    few, many = {"N": 4_000_000}, {"N": 10_500_000}
    assert choice(short, few).only_kept
    worth = choice(short, many)
    assert worth.native
    assert not worth.only_kept
    assert worth.why.startswith("NumPy would take about")
    assert not choice(short, many, name="numpy").native


def test_the_estimate_of_memory() -> None:
    sizes = {"N": 1000, "M": 500}
    pairs = work(gradc.compile(PAIRS).program.graph, sizes)
    assert 4e6 <= pairs.memory(("forward",)) <= 17e6  # one to four matrices of 4 MB
    loop = "input x[N]\nloop k in 50 carry s = x { s = sin(s)*x }\nJ = sum(s)\n"
    steps = work(gradc.compile(loop).program.graph, sizes)
    assert steps.memory(("forward",)) <= 40_000  # what one step makes is gone after it
    assert steps.memory(("value_and_grad",)) >= 50 * 8000  # and kept for a gradient


def test_the_estimate_counts_a_function_once_and_a_loop_as_often_as_it_runs() -> None:
    text = "def f0(x) = sin(x)\n" + "".join(
        f"def f{k}(x) = f{k - 1}(x) + f{k - 1}(f{k - 1}(x))\n" for k in range(1, 32)
    )
    deep = work(gradc.compile(f"input x\n{text}J = f31(x)\n").program.graph, {})
    assert deep.compiling(("value_and_grad",)) < 2
    loop = gradc.compile("input x[N]\nloop i in N carry s = 0.0 { s = s + x[i] }\nJ = s\n").program
    one, ten = work(loop.graph, {"N": 1000}), work(loop.graph, {"N": 10_000})
    assert ten.gradient == pytest.approx(10 * one.gradient, rel=0.1)


def test_the_estimate_of_values_and_of_contractions() -> None:
    both = "input X[N, D], c[K, D]\na[n, k] = sum[d]((X[n,d] - c[k,d])^2)\nJ = sum(a)\n"
    program = gradc.compile(both).program
    found = work(program.graph, {"N": 10_000, "D": 8, "K": 100})
    assert 0.01 < found.value < 0.2  # of 8 million elements
    assert found.of(("forward",)) == found.value
    assert found.of(("value_and_grad",)) == found.of(("forward", "reverse")) == found.gradient
    assert found.gradient > 2 * found.value
    apart = gradc.compile("input X[N, D]\nJ = X[0, 0]\n").program
    least = work(apart.graph, {"N": 9, "D": 9}).compiling(("forward",))
    assert found.compiling(("forward",)) > least + 0.03
    assert found.compiling(("forward",)) < found.compiling(("value_and_grad",))


def test_a_compiler_that_has_made_nothing_is_not_asked_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said: list[str] = []
    program = gradc.compile(LOGISTIC).program
    wanted = Wanted(program, (), ("forward",), {"N": 1_500_000, "D": 3})
    assert engines._choice(Engine(), wanted).only_kept
    assert engines.compiled(wanted, Engine(say=said.append)) is None
    assert said[0].startswith("NumPy: about")
    assert not list(tmp_path.rglob("*.*"))  # nothing was compiled, not even what calls


def test_more_elements_than_addresses_are_left_to_numpy_to_refuse() -> None:
    text = "input x[N]\nJ = sum(zeros(N**8)) + sum(x)\n"
    assert not choice(text, {"N": 2000}, calls=math.inf).native
    with pytest.raises(NumericError, match="G0602"):
        gradc.compile(text, engine="c").value_and_grad(x=np.ones(2000))


def test_a_run_says_which_engine_and_why() -> None:
    arguments = ("run", "examples/neuron_batch.g", "--inputs", "examples/neuron_batch.json")
    expected = run(*arguments)
    assert expected.stderr == ""
    plain = run(*arguments, "-v", CC="/bin/false")
    assert plain.returncode == 0
    assert plain.stdout == expected.stdout
    assert plain.stderr.startswith("engine: NumPy: about ")
    native = run(*arguments, "--engine", "c", "--verbose")
    assert native.returncode == 0, native.stderr
    assert native.stdout == expected.stdout
    assert native.stderr.startswith("engine: C, compiled by ")
    again = run(*arguments, "--engine", "c", "--verbose", CC="")
    assert again.stderr.startswith("engine: C, compiled before: ")
    scalar = run("run", "examples/circuit.g", "a=5", "b=3", "c=2", "-v", "--inputs", "a=5")
    assert "engine: Python: about" in scalar.stderr or scalar.returncode == 3


def test_plain_python_has_no_arrays() -> None:
    with pytest.raises(UsageError, match="G0805"):
        gradc.compile(LOGISTIC, engine="python").run(**data())
    assert gradc.compile(CIRCUIT, engine="python").run(a=5, b=3, c=2).values["J"] == 33
    done = run("run", "examples/gmm.g", "--inputs", "examples/gmm.json", "--engine", "python")
    assert done.returncode == 2
    assert "G0805" in done.stderr


def test_rows_in_blocks_are_for_numpy(tmp_path: Path) -> None:
    (tmp_path / "mean.g").write_text("input x[N], a\nJ = sum(a*x)\n", encoding="utf-8")
    (tmp_path / "point.g").write_text("input x, a\nJ = a*x\n", encoding="utf-8")
    (tmp_path / "rows.csv").write_text("x\n1\n2\n3\n", encoding="utf-8")
    for name, more in (("mean.g", ["--wrt", "a", "--chunk", "2"]), ("point.g", [])):
        given = ["--inputs", f"x={tmp_path / 'rows.csv'}:x", "a=2", *more]
        done = run("run", str(tmp_path / name), *given, "-v")
        assert done.returncode == 0, done.stderr
        assert "engine: NumPy: rows of tables" in done.stderr
        done = run("run", str(tmp_path / name), *given, "--engine", "c")
        assert done.returncode == 2
        assert "G0805" in done.stderr


@pytest.mark.parametrize("engine", ["cuda", ""])
def test_engines_that_there_are_not(engine: str) -> None:
    with pytest.raises(UsageError, match="there is no engine"):
        gradc.compile(CIRCUIT, engine=engine)  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [0, -1, 1025, 10**20, 1.5, "2"])
def test_numbers_of_threads_that_cannot_be(threads: int) -> None:
    with pytest.raises(UsageError, match=f"by {threads!r} threads"):
        gradc.compile(CIRCUIT, threads=threads)


# Agreement


@pytest.mark.parametrize("name", ["attention", "bundle_adjustment", "hmm", "kalman", "kmeans"])
def test_every_way_of_asking_agrees(name: str) -> None:
    path = ROOT / "examples" / f"{name}.g"
    inputs = {
        key: value.data
        for key, value in read_inputs([str(path.with_suffix(".json"))], lambda: "").items()
    }
    plain, native = gradc.load(path, engine="numpy"), gradc.load(path, engine="c")
    close(native.forward(**inputs), plain.forward(**inputs))
    towards = {var.name: inputs[var.name] for var in plain.wrt}
    close(native.jvp(inputs, towards), plain.jvp(inputs, towards))
    one, other = native.jacobian(**inputs), plain.jacobian(**inputs)
    close(dict(one.blocks), dict(other.blocks))
    if not plain.program.is_scalar_valued:
        return
    close(native.value_and_grad(**inputs), plain.value_and_grad(**inputs))
    close(native.hvp(inputs, towards), plain.hvp(inputs, towards))
    one, other = native.run(**inputs), plain.run(**inputs)  # type: ignore[assignment]
    close(dict(one.values), dict(other.values))  # type: ignore[attr-defined]
    close(dict(one.adjoints), dict(other.adjoints))  # type: ignore[attr-defined]
    assert one.structural_zeros == other.structural_zeros  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    ["r = a*exp(b*t) - y\n", "J = mean((a*exp(b*t) - y)^2)\n"],
    ids=["residuals", "scalar"],
)
@pytest.mark.parametrize("method", ["auto", "lbfgs", "gd"])
def test_fits_agree(text: str, method: str) -> None:
    program = f"input t[N], y[N]\nparam a, b\n{text}"
    t = np.linspace(0, 1, 20)
    given = {"t": t, "y": 2 * np.exp(-t) + 0.01 * np.sin(40 * t)}
    found = [
        gradc.compile(program, engine=engine).fit(
            given, {"a": 1.5, "b": -0.5}, method=method, steps=300
        )
        for engine in ("numpy", "c")
    ]
    assert found[1].objective == pytest.approx(found[0].objective, rel=1e-6)
    for name in ("a", "b"):
        assert found[1].parameters[name] == pytest.approx(found[0].parameters[name], rel=1e-4)


def test_scalars_go_straight_through_python_only_where_c_is_worth_nothing() -> None:
    loop = "param x\nloop k in 100000 carry y = 0 {\n    y = y/2 + x\n}\noutput y"
    for engine, text, direct in [
        ("auto", "param x\ny = sin(x)*x", True),
        ("auto", loop, False),
        ("numpy", loop, True),
        ("c", "param x\ny = sin(x)*x", False),
        ("auto", "y = 2", False),
    ]:
        program = gradc.compile(text, engine=engine)
        assert callable(program.forward)
        assert ("emitted" in vars(program)) is direct


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_arguments_in_every_form() -> None:
    given = data()
    expected = gradc.compile(LOGISTIC, engine="numpy").value_and_grad(**given)
    native = gradc.compile(LOGISTIC, engine="c").value_and_grad
    x = given["X"]
    assert isinstance(x, np.ndarray)
    unaligned = np.zeros(x.nbytes + 1, dtype=np.uint8)[1:].view(np.float64).reshape(x.shape)
    unaligned[:] = x
    readonly = x.copy()
    readonly.flags.writeable = False
    forms = [x, x.copy(order="F"), np.repeat(x, 2, axis=0)[::2], x.tolist(), unaligned, readonly]
    forms += [x.astype(">f8"), np.asmatrix(x), x.astype(np.longdouble)]
    for form in forms:
        close(native(**{**given, "X": form}), expected)
        close(native(**{**given, "X": form, "b": np.float64(0.3)}), expected)
    whole = {**given, "y": np.asarray(given["y"], dtype=np.int64)}
    close(native(**whole), expected)


@pytest.mark.parametrize(
    "wrong",
    [
        {"X": np.zeros((6, 4))},
        {"X": np.zeros(6)},
        {"b": [1.0]},
        {"b": True},
        {"X": "text"},
        {"more": 1.0},
        {"y": np.ma.masked_array(np.zeros(6), mask=True)},
        {"y": np.zeros(6, dtype=complex)},
    ],
)
def test_arguments_that_do_not_fit_are_refused_alike(wrong: dict[str, object]) -> None:
    plain = gradc.compile(LOGISTIC, engine="numpy").value_and_grad
    native = gradc.compile(LOGISTIC, engine="c").value_and_grad
    native(**data())
    for inputs in ({**data(), **wrong}, {k: v for k, v in data().items() if k != "w"}):
        with pytest.raises(InputError) as expected:
            plain(**inputs)
        with pytest.raises(InputError) as found:
            native(**inputs)
        assert found.value.diagnostics == expected.value.diagnostics


@pytest.mark.parametrize("index", [[0, 5], [-1, 0], [0, 2**60]])
def test_indices_of_the_data_are_checked_each_time(index: list[int]) -> None:
    native = gradc.compile(PICKED, engine="c").value_and_grad
    x = np.arange(5.0)
    close(native(x=x, i=np.array([1, 1])), (2.0, {"x": np.array([0.0, 4.0, 0.0, 0.0, 0.0])}))
    with pytest.raises(InputError) as found:
        native(x=x, i=np.array(index))
    with pytest.raises(InputError) as expected:
        gradc.compile(PICKED, engine="numpy").value_and_grad(x=x, i=np.array(index))
    assert found.value.diagnostics == expected.value.diagnostics


@pytest.mark.parametrize("index", [0, 6, 13, 1])
@pytest.mark.parametrize("way", ["forward", "value_and_grad", "run", "jacobian"])
def test_an_index_out_of_range_within_is_the_same_error(index: int, way: str) -> None:
    found: list[tuple[Diagnostic, ...]] = []
    for engine in ("numpy", "c"):
        program = gradc.compile(LOOKED_UP, engine=engine)
        try:
            getattr(program, way)(x=np.arange(1.0, 6.0), k=index)
        except InputError as error:
            found.append(error.diagnostics)
    if index == 1:
        assert not found
        return
    assert found[0] == found[1]
    (diagnostic,) = found[0]
    assert diagnostic.code == "G0529"
    assert diagnostic.labels


def test_numbers_that_are_not_finite_agree() -> None:
    text = "input x[N]\ny = log(x)*sqrt(x - 1)\nJ = sum(y)\n"
    x = np.array([0.0, -1.0, math.inf, math.nan, 1.0, 5e-324])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = gradc.compile(text, engine="numpy").run(x=x)
    found = gradc.compile(text, engine="c").run(x=x)
    np.testing.assert_array_equal(np.isnan(found.values["y"]), np.isnan(expected.values["y"]))
    np.testing.assert_array_equal(np.isnan(found.adjoints["x"]), np.isnan(expected.adjoints["x"]))


def test_single_precision() -> None:
    given = data()
    plain = gradc.compile(LOGISTIC, engine="numpy", dtype="float32").value_and_grad(**given)
    native = gradc.compile(LOGISTIC, engine="c", dtype="float32").value_and_grad
    for form in (given, {**given, "X": np.asarray(given["X"], dtype=np.float32)}):
        value, gradient = native(**form)
        assert type(value) is type(plain[0]) is np.float32
        assert gradient["w"].dtype == np.float32
        np.testing.assert_allclose(gradient["w"], plain[1]["w"], rtol=1e-4)
    again = native(**{**given, "X": np.asarray(given["X"], dtype=np.float32)})
    assert again[0] == value


# Calls from Python


def test_the_first_call_runs_numpy_and_the_second_c(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = compiled.CFunction.plan
    monkeypatch.setattr(
        compiled.CFunction, "plan", lambda self, sizes: made.append("plan") or real(self, sizes)
    )
    function = gradc.compile(LOGISTIC).value_and_grad
    first = function(**data())
    assert not made
    close(function(**data()), first)
    assert len(made) == 1
    close(function(**data()), first)
    assert len(made) == 1
    scalar = gradc.compile(CIRCUIT).value_and_grad
    for _ in range(5):
        assert scalar(a=5, b=3, c=2) == (33.0, {"a": 3.0, "b": 6.0, "c": 9.0})
    assert len(made) == 1


def test_sizes_that_vary_are_compiled_for_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[dict[str, int]] = []
    from gradc.targets.c import emit as module

    real = module.emit
    monkeypatch.setattr(module, "emit", lambda *a: texts.append(dict(a[4])) or real(*a))
    native = gradc.compile(LOGISTIC, engine="c").value_and_grad
    plain = gradc.compile(LOGISTIC, engine="numpy").value_and_grad
    for n in (1, 2, 5, 5, 7, 200, 9, 2, 0, 1000):
        close(native(**data(n)), plain(**data(n)))
    assert texts == [{"D": 3, "N": n} for n in (1, 2, 5)] + [{"D": 3}]
    close(native(**data(9, 2)), plain(**data(9, 2)))
    assert texts[-1] == {}


def test_an_access_is_that_of_the_text_that_found_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is emitted or compiled to say it, whatever sizes there have been since."""
    text = "input x[N], k[L] in N; J = sum[m](x[k[m] + 1])"
    native = gradc.compile(text, engine="c").forward
    for n in (3, 4, 5, 6):
        native(x=np.ones(n), k=np.array([1]))
    monkeypatch.setattr("gradc.targets.c.emit.emit", None)
    for n in (4, 3):
        with pytest.raises(InputError, match=f"is read at index {n}; allowed is 0 .. {n - 1}"):
            native(x=np.ones(n), k=np.array([n - 1]))


def test_results_belong_to_the_caller() -> None:
    native = gradc.compile("input x[N]\nJ = sum(x)\n", engine="c").value_and_grad
    x = np.ones(5)
    one, other = native(x=x)[1]["x"], native(x=x)[1]["x"]
    one[:] = 7
    assert (other == 1).all()
    assert other.flags.owndata
    assert other.flags.writeable
    assert (x == 1).all()


def test_a_prepared_call_reads_and_writes_in_place() -> None:
    given = data()
    w = given["w"]
    assert isinstance(w, np.ndarray)
    program = gradc.compile(LOGISTIC, engine="c")
    prepared = program.prepared("value_and_grad", given)
    _, first = prepared()
    close((prepared()), program.value_and_grad(**given))
    w += 1
    value, second = prepared()
    assert second["w"] is first["w"]
    close((value, second), program.value_and_grad(**given))
    assert program.prepared("forward", given)() == value
    plain = gradc.compile(LOGISTIC, engine="numpy").prepared("value_and_grad", given)
    close(plain(), (value, second))
    several = gradc.compile("input x[N]\noutput y, z\ny = 2*x\nz = sum(x)\n", engine="c")
    close(several.prepared("forward", {"x": [1.0, 2.0]})(), (np.array([2.0, 4.0]), 3.0))
    with pytest.raises(UsageError, match="cannot be prepared"):
        program.prepared("hvp", given)


@pytest.mark.parametrize("engine", ["c", "numpy"])
@pytest.mark.parametrize("given", ["float32", "float64"])
def test_a_prepared_call_in_single_precision_reads_in_place(
    engine: engines.Name, given: str
) -> None:
    x = np.ones(3, dtype=given)
    text = "param ﬁ[N]\nJ = sum(ﬁ*ﬁ)\n"
    program = gradc.compile(text, engine=engine, dtype="float32")
    prepared = program.prepared("value_and_grad", {"ﬁ": x})
    assert prepared()[0] == 3
    x[:] = 2
    value, gradient = prepared()
    assert value == 12
    assert gradient["fi"].tolist() == [4, 4, 4]


def test_a_prepared_call_checks_indices_that_were_changed() -> None:
    i = np.array([0, 1])
    prepared = gradc.compile(PICKED, engine="c").prepared("forward", {"x": np.ones(3), "i": i})
    assert prepared() == 2
    i[1] = 3
    with pytest.raises(InputError, match=r"allowed is 0 \.\. 2"):
        prepared()


def test_threads_of_python_do_not_disturb_each_other() -> None:
    native = gradc.compile(LOGISTIC, engine="c").value_and_grad
    expected = {n: native(**data(n)) for n in (5000, 6000, 7000)}
    wrong: list[int] = []

    def work() -> None:
        for n in (5000, 6000, 7000) * 20:
            value, gradient = native(**data(n))
            if value != expected[n][0] or (gradient["w"] != expected[n][1]["w"]).any():
                wrong.append(n)

    team = [threading.Thread(target=work) for _ in range(4)]
    for each in team:
        each.start()
    for each in team:
        each.join(timeout=120)
    assert not wrong


def test_any_number_of_threads_gives_the_same_numbers() -> None:
    given = data(200_000)
    found = [gradc.compile(LOGISTIC, engine="c", threads=n).value_and_grad for n in (1, 2, 5)]
    (one, *others) = [function(**given) for function in found]
    for other in others:
        assert other[0] == one[0]
        assert (other[1]["w"] == one[1]["w"]).all()


WAITING = """
import os
import gradc
os.environ.update({settings!r})
print(gradc.compile("input x[N]; J = sum(exp(x))", engine="c").forward(x=[0.0, 0.0]))
print(os.environ.get("OMP_WAIT_POLICY"))
"""


@pytest.mark.parametrize(
    ("settings", "policy", "left"),
    [({}, "PASSIVE", "None"), ({"OMP_WAIT_POLICY": "active"}, "ACTIVE", "active")],
)
def test_threads_wait_without_taking_time(settings: dict[str, str], policy: str, left: str) -> None:
    """Unless the user says otherwise, as OpenMP tells when it is loaded."""
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
    clean = {name: value for name, value in os.environ.items() if name not in names}
    found = subprocess.run(
        [sys.executable, "-c", WAITING.format(settings=settings)],
        env={**clean, "OMP_DISPLAY_ENV": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["2.0", left]
    if "OMP_WAIT_POLICY" not in found.stderr:
        pytest.skip("this OpenMP does not tell")
    assert f"OMP_WAIT_POLICY = '{policy}'" in found.stderr


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))]
)
def test_a_copy_of_a_program_computes(copied: Callable[[Any], Any]) -> None:
    """Its functions are its own: what is called or loaded is no part of it."""
    names: tuple[Name, ...] = ("numpy", "c")
    for name in names:
        program = gradc.compile("param x[N], y[N]; J = sum(x*y)", ["x"], engine=name, threads=1)
        inputs = {"x": np.array([1.0, 2.0]), "y": np.array([3.0, 4.0])}
        expected = program.value_and_grad(**inputs)
        program.jvp(inputs, {"x": [1.0, 0.0]})
        other = copied(program)
        assert other.engine == program.engine
        value, gradients = other.value_and_grad(**inputs)
        assert value == expected[0]
        assert list(gradients) == ["x"]
        assert np.array_equal(gradients["x"], expected[1]["x"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no copies of processes here")
def test_a_copy_of_a_process_computes() -> None:
    native = gradc.compile(LOGISTIC, engine="c", threads=2).value_and_grad
    expected = native(**data(200_000))[0]

    def child(pipe) -> None:  # type: ignore[no-untyped-def]
        pipe.send(native(**data(200_000))[0])

    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(there,))
    process.start()
    assert here.poll(60)
    assert here.recv() == expected
    process.join(timeout=60)


def test_many_inputs_and_none() -> None:
    names = [f"x{k}" for k in range(100)]
    text = f"input {', '.join(names)}, y[N]\nJ = sum(y)*({' + '.join(names)})\n"
    inputs = {name: float(k) for k, name in enumerate(names)}
    value, gradient = gradc.compile(text, engine="c").value_and_grad(**inputs, y=np.ones(3))
    assert value == 3 * 4950
    assert gradient["x7"] == 3.0
    assert gradc.compile("J = sum(ones(3))\n", engine="c").forward() == 3.0


def test_names_of_the_author_s() -> None:
    text = "input out[N], int, slots, π\nparam self\nJ = sum(out)*int*slots*π*self\n"
    program = gradc.compile(text, engine="c")
    inputs = {"out": [1.0, 2.0], "int": 2.0, "slots": 3.0, "π": 1.0, "self": 2.0}
    assert program.value_and_grad(**inputs) == (36.0, {"self": 18.0})


# What goes wrong


def test_no_compiler(no_compiler: None) -> None:
    with pytest.raises(NativeError, match="G0801"):
        gradc.compile(LOGISTIC, engine="c").value_and_grad(**data())
    function = gradc.compile(LOGISTIC).value_and_grad
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        close(function(**data()), function(**data()))
    said: list[str] = []
    wanted = Wanted(gradc.compile(LOGISTIC).program, (), ("forward",), {"N": 6, "D": 3}, math.inf)
    assert engines.compiled(wanted, Engine(say=said.append)) is None
    assert said[0].startswith("NumPy: no C compiler")


def test_a_compiler_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/bin/false")
    with pytest.raises(NativeError, match="G0802"):
        gradc.compile(LOGISTIC, engine="c").value_and_grad(**data())
    function = gradc.compile(LOGISTIC).value_and_grad
    first = function(**data())
    with pytest.warns(RuntimeWarning, match="G0802: .*false fails"):
        close(function(**data()), first)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is not tried again
        close(function(**data()), first)
    warned: list[Diagnostic] = []
    wanted = Wanted(gradc.compile(LOGISTIC).program, (), ("forward",), {"N": 6, "D": 3}, math.inf)
    found = engines.functions(wanted, Engine(warn=warned.append))
    close(found["forward"](*data().values())[0], first[0])
    assert (warned[0].code, warned[0].severity) == ("G0802", "warning")


def test_errors_of_the_command() -> None:
    given = ("--inputs", "examples/neuron_batch.json", "--engine", "c")
    done = run("run", "examples/neuron_batch.g", *given, CC="/bin/false")
    assert done.returncode == 2
    assert "error[G0802]" in done.stderr
    done = run("run", "examples/neuron_batch.g", *given, CC="missing", XDG_CACHE_HOME="/dev/null")
    assert done.returncode == 2
    assert "error[G0801]" in done.stderr


def test_a_cache_that_is_refused_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "gradc" / "native-1").mkdir(parents=True)
    (tmp_path / "gradc" / "native-1").chmod(0o777)
    given = ("--inputs", "examples/neuron_batch.json", "--engine", "c", "--format", "json")
    given += ("--jacobian", "--jvp", "w=[1,1,1]")  # three functions, one warning
    done = run("run", "examples/neuron_batch.g", *given, XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    (warning,) = json.loads(done.stderr)
    assert (warning["code"], warning["severity"]) == ("G0804", "warning")
    assert "can be written by other users" in warning["message"]
    assert not list((tmp_path / "gradc" / "native-1").iterdir())


def test_the_cache_command(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    assert "0 files, 0.0 MiB" in run("cache", **environment).stdout
    given = ("--inputs", "examples/neuron_batch.json", "--engine", "c")
    run("run", "examples/neuron_batch.g", *given, **environment)
    path = str(tmp_path / "gradc" / "native-1")
    assert run("cache", **environment).stdout.startswith(f"{path}: 3 files, ")
    assert "3 files, " in run("cache", "--clear", **environment).stdout
    assert "0 files" in run("cache", **environment).stdout
    nowhere = run("cache", XDG_CACHE_HOME="", HOME="")
    assert (nowhere.returncode, nowhere.stdout) == (
        0,
        "there is no home directory: nothing is kept\n",
    )


def test_a_reverse_sweep_leaves_the_inputs_that_it_starts_with_alone() -> None:
    """`dh` is 1*w at the end of the loop: a copy, and no array that a step may overwrite."""
    text = """
param w[M]
input X[N, M]
loop i in N carry h = w {
    h = h*X[i]
}
J = dot(h, w)
"""
    w = np.array([0.1, 0.2])
    value, gradient = gradc.compile(text, engine="c").value_and_grad(X=[[1, 2], [3, 4]], w=w)
    assert value == pytest.approx(0.35)
    np.testing.assert_allclose(gradient["w"], [0.6, 3.2])
    assert w.tolist() == [0.1, 0.2]
