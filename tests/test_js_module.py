"""Emitted JavaScript as modules: what they take, what they refuse, how large they get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from javascript import Fault, Job, check, needs_node, run
from js_agreement import agree, called, traces, twin
from long_programs import chain, deep, is_linear

import gradc
from gradc.cli.main import main
from gradc.runtime.bind import bind
from gradc.targets.js.emit import emit, emit_trace, emit_values

MATRIX = "input X[N,D], k[N] in D\nparam w[D], s\nJ = sum(X @ w) * s + sum[i](w[k[i]])"


def module(text: str) -> str:
    compiled = gradc.compile(text)
    return emit(compiled.program, compiled.wrt).text


@needs_node
def test_forms_of_arguments(tmp_path: Path) -> None:
    """Nested arrays, typed arrays and {shape, data} are the same."""
    text = module(MATRIX) + (
        "\nexport const again = () => [[[1, 2], [3, 4]], {shape: [2, 2], data: [1, 2, 3, 4]},"
        "{shape: [2, 2], data: Float64Array.of(1, 2, 3, 4)}].flatMap((X) => ["
        "value_and_grad(X, Int32Array.of(0, 1), Float32Array.of(1, 2), 3),"
        "value_and_grad(X, [0, 1], {shape: [2], data: [1, 2]}, {shape: [], data: [3]})]);"
    )
    ((found,),) = run([Job(text, [("again", [])])], tmp_path)
    assert len(found) == 6
    for value, (dw, ds) in found:
        assert (value, list(dw), ds) == (51, [13, 19], 16)


REFUSED = [
    ([[[1.0, 2.0]], [0], [1.0], 3.0], "w has shape (1,), expected (2,)"),
    ([[1.0, 2.0], [0], [1.0], 3.0], "X has 1 axes, expected 2"),
    ([[[1.0, 2.0]], [0], [1.0, 2.0], [3.0]], "s has 1 axes, expected 0"),
    ([[[1.0, 2.0]], [2], [1.0, 2.0], 3.0], "k has integers outside 0 .. 1"),
    ([[[1.0, 2.0]], [0.5], [1.0, 2.0], 3.0], "k has float64 elements, expected integers"),
    ([[[1.0, 2.0]], [0, 1], [1.0, 2.0], 3.0], "k has shape (2,), expected (1,)"),
]


@needs_node
@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_does_not_fit_is_refused_in_the_words_of_python(
    arguments: list[Any], message: str, tmp_path: Path
) -> None:
    compiled = gradc.compile(MATRIX)
    each = twin("refused", compiled.program, compiled.wrt, arguments, [], [])
    each = each._replace(calls=each.calls[:1])
    agree([each], tmp_path)
    assert called(each) == [Fault(message)]


@needs_node
def test_what_no_array_is(tmp_path: Path) -> None:
    text = module("input x[N]\nJ = sum(x)")
    given = ["[1, [2]]", "[[1], [2, 3]]", "'12'", "null", "undefined", "[1, '2']", "[null]", "{}"]
    given += ["{shape: [2], data: [1]}", "{shape: [1], data: ['1']}", "[true]"]
    text += f"\nexport const several = [{', '.join(given)}];"
    text += "\nexport const refused = (i) => forward(several[i]);"
    (found,) = run([Job(text, [("refused", [i]) for i in range(len(given))])], tmp_path)
    for value, fault in zip(given, found, strict=True):
        assert isinstance(fault, Fault), value
        assert fault.startswith("x "), fault


@needs_node
def test_an_index_that_is_read_out_of_range_is_an_error(tmp_path: Path) -> None:
    for text, data in (
        ("input x[N], n\nloop i in N carry s = 0 {\n s = s + x[i*i]\n}\nJ = s*n", ([1.0] * 3, 2.0)),
        ("input x[N], k[M]\ninput n[M] in 4\nJ = sum[i](x[n[i]]*k[i])", ([1.0], [2.0], [3])),
    ):
        compiled = gradc.compile(text)
        each = twin(text, compiled.program, compiled.wrt, data, [], [])
        agree([each._replace(calls=each.calls[:1])], tmp_path)


@needs_node
def test_sizes_that_are_linear_in_an_axis(tmp_path: Path) -> None:
    text = "input x[2*N + 1], y[M, N*M]\nJ = sum[i in N](x[2*i + 1]) + sum(y)"
    compiled = gradc.compile(text)
    twins = [
        twin(text, compiled.program, compiled.wrt, data, data, [1.0])
        for data in ([np.ones(5), np.ones((3, 6))], [np.ones(1), np.ones((2, 0))])
    ]
    faults = [[np.ones(4), np.ones((3, 6))], [np.ones(0), np.ones((3, 0))]]
    for data in faults:
        each = twin(text, compiled.program, compiled.wrt, data, data, [1.0])
        twins.append(each._replace(calls=each.calls[:1]))
        assert isinstance(called(twins[-1])[0], Fault)
    agree(twins, tmp_path)


@needs_node
def test_integers_and_truth_values(tmp_path: Path) -> None:
    text = (
        "input k[N] in 7, n\ninput x[N]\n"
        "a[i] = k[i]*(k[i] - 3)\nb[i] = a[i] // 2 - a[i] % 3\nc[i] = -a[i]*b[i]\n"
        "flag[i] = x[i] > 0 and not k[i] == 3\nsome = any[i](flag[i])\nevery = all[i](flag[i])\n"
        "top = argmax[i](x[i])\nlow = argmin[i](x[i])\n"
        "J = sum(c)/2 + (x[top] if some else 1) + (1 if every else 0.5)*x[low]*n\n"
    )
    program = gradc.compile(text).program
    for data in ({"k": [0, 3, 6], "x": [1.0, -2.0, 0.5]}, {"k": [4], "x": [-1.0]}):
        bound = bind(program.inputs, {**data, "n": 2.0}, program.requirements, program.source)
        arguments = list(bound.arrays.values())
        trace = emit_trace(program)
        module = trace.text + "\nexport { trace };"
        (((values, _),),) = run([Job(module, [("trace", [*arguments, 1.0])])], tmp_path)
        expected = gradc.compile(text).run(**data, n=2.0).values
        for var, value in zip(trace.values, values, strict=True):
            assert np.array_equal(value, expected[var.name]), var
            for number in np.ravel(value):
                whole = var.type.dtype.value != "real"
                assert not (whole and repr(float(number)) == "-0.0"), var


@needs_node
def test_second_order(tmp_path: Path) -> None:
    from gradc.targets.python import emit as python

    for text, arguments, moved in (
        ("J = sin(a*b) + a^3", [0.5, 2.0], [1.0, -1.0]),
        ("param w[N]\nJ = sum(exp(w))*norm(w)", [np.arange(1.0, 4)], [np.ones(3)]),
    ):
        compiled = gradc.compile(text)
        first = emit(compiled.program, compiled.wrt, order=2).text
        other = python.emit(compiled.program, compiled.wrt, order=2).text
        each = twin(text, compiled.program, compiled.wrt, arguments, moved, [1.0])
        calls = [*each.calls, ("hvp", [*arguments, *moved])]
        agree([each._replace(javascript=first, python=other, calls=calls)], tmp_path)


@needs_node
def test_modes(tmp_path: Path) -> None:
    compiled = gradc.compile("J = a*b")
    texts = {m: emit(compiled.program, compiled.wrt, m).text for m in ("forward", "reverse")}
    for mode, exported in (
        ("forward", ["tangent"]),
        ("reverse", ["forward", "reverse", "value_and_grad"]),
    ):
        check(texts[mode], tmp_path)
        lines = [line for line in texts[mode].splitlines() if line.startswith("export ")]
        assert [line.split()[2].split("(")[0] for line in lines] == exported


def test_parts_export_nothing() -> None:
    program = gradc.compile(MATRIX).program
    for text in (emit_trace(program).text, emit_values(program)):
        assert "export" not in text
        assert "import" not in text


@needs_node
def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "p.g", tmp_path / "p.mjs"
    source.write_text("J = a*b\n", encoding="utf-8")
    for arguments in ([], ["--trace"], ["--mode", "forward"], ["--order", "2"], ["--wrt", "a"]):
        with pytest.raises(SystemExit) as done:
            main(["compile", str(source), "--target", "js", "-o", str(out), *arguments])
        assert not done.value.code
        check(out.read_text(encoding="utf-8"), tmp_path)
    capsys.readouterr()


# Size and time


def test_text_and_time_are_linear() -> None:
    assert is_linear(lambda program: emit_trace(program).text, (1000, 4000))


@needs_node
def test_large_programs_load_and_run(tmp_path: Path) -> None:
    twins = []
    for name, text in deep(2000).items():
        compiled = gradc.compile(text)
        twins.append(twin(name, compiled.program, compiled.wrt, [0.75], [1.0], [1.0]))
    long = gradc.compile(chain(5_000, "sin({}) + x")).program
    twins.append(traces("statements", long, [0.75], [1.0]))
    agree(twins, tmp_path, 1e-9)


@needs_node
def test_large_arrays(tmp_path: Path) -> None:
    compiled = gradc.compile("param x[N]\nJ = sum(x*exp(-x)) + logsumexp(x) + max(x)")
    given = [np.linspace(-1, 1, 200_001)]
    agree([twin("large", compiled.program, compiled.wrt, given, given, [1.0])], tmp_path)
