"""Emitted files of C: what they refuse, how many threads may run them, how large they get."""

from __future__ import annotations

import ctypes
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from c_agreement import agree, call, called, fault_text, renamed, twin
from c_compiling import built, compiled, needs_cc
from long_programs import deep, is_linear

import gradc
from gradc.cli.main import main
from gradc.diagnostics import UsageError
from gradc.ir.dims import Dim
from gradc.nests import threads
from gradc.targets.c.emit import emit, emit_trace
from gradc.targets.c.helpers import FOLDER
from gradc.targets.c.interface import Entry
from gradc.targets.c.sizes import _never_negative

MATRIX = "input X[N,D], k[N] in D\nparam w[D], s\nJ = sum(X @ w) * s + sum[i](w[k[i]])"

# Programs, with arguments and sizes.
FAULTS = [
    (
        "input x[N], n[M] in 9\nf[i in M] = x[n[i] - 2] if n[i] > 1 else 0\nJ = sum(f)",
        [[1.0, 2.0], [0, 1, 2, 5]],
        {"N": 2, "M": 4},
    ),
    (
        "def f(x, i) = x[i + 1]^2\ninput x[N], n[M] in 9\nloop t in M carry s = 1 {\n"
        " s = s*f(x, n[t])\n}\nJ = s",
        [[1.0, 2.0, 3.0], [0, 1, 5]],
        {"N": 3, "M": 3},
    ),
]


@needs_cc
def test_an_index_that_is_read_out_of_range_is_a_fault_in_the_words_of_python(
    tmp_path: Path,
) -> None:
    twins = []
    for number, (text, arguments, sizes) in enumerate(FAULTS):
        one = gradc.compile(text)
        each = twin(f"f{number}", text, one.program, one.wrt, arguments, sizes)
        kept = [one for one in each.calls if one[0] in ("forward", "value_and_grad")]
        each = each._replace(calls=kept)
        assert "is read at index" in str(called(each)[0])
        twins.append(each)
    agree(twins, tmp_path)


LARGE = {
    "logistic": "input X[N,D], y[N]\nparam w[D], b\nz = X @ w + b\nJ = mean(log1pexp(z) - y*z)",
    "elementwise": "param x[N]\nJ = sum(sin(x)*exp(-x^2))",
    "nearest": "input x[N,D]\nparam c[K,D]\nJ = sum[n](min[k](sum[d]((x[n,d] - c[k,d])^2)))",
    "chosen": "input k[N] in 7, y[N]\nparam c[K]\nJ = sum[i]((c[k[i]] - y[i])^2)",
}


@needs_cc
def test_the_number_of_threads_changes_no_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "WORTH", 2**12)
    sizes = {"N": 4_003, "D": 5, "K": 7}
    random = np.random.default_rng(1)
    emitted = []
    for name, text in LARGE.items():
        one = gradc.compile(text)
        data = [
            random.integers(0, 7, size=sizes["N"])
            if var.type.dtype.value == "int"
            else random.normal(size=[dim.evaluate(sizes) for dim in var.type.shape])
            for var in one.graph.inputs
        ]
        emitted.append((name, emit(renamed(one.program, name), one.wrt), data))
    texts = [each.text for _, each, _ in emitted]
    assert any("#pragma omp parallel" in text for text in texts)
    plain = built(texts, tmp_path / "plain", "-O2")
    try:
        threaded = built(texts, tmp_path / "threaded", "-O2", "-fopenmp")
        openmp = ctypes.CDLL("libgomp.so.1")
    except (AssertionError, OSError):
        pytest.skip("the compiler has no OpenMP")
    for name, each, data in emitted:
        entry = each.functions["value_and_grad"]
        found = []
        for count in (1, 2, 3):
            openmp.omp_set_num_threads(count)
            found.append(call(threaded, entry, data, sizes, with_workspace=count != 2))
        expected = call(plain, entry, data, sizes)
        for results in found:
            for one, other, without in zip(results, found[0], expected, strict=True):
                np.testing.assert_array_equal(one, other, err_msg=name)
                np.testing.assert_allclose(one, without, rtol=1e-9, atol=1e-9, err_msg=name)


@needs_cc
def test_sizes_that_are_fixed_are_no_parameters(tmp_path: Path) -> None:
    one = gradc.compile(MATRIX)
    entry = emit(one.program, one.wrt, sizes={"D": 2}).functions["value_and_grad"]
    roles = [parameter.role for parameter in entry.parameters]
    assert roles == ["input"] * 4 + ["size"] + ["output"] * 3 + ["workspace", "fault"]
    assert entry.sizes == ("N",)


def test_only_what_is_asked_for_is_written() -> None:
    one = gradc.compile(MATRIX)
    for mode, kinds in (
        ("forward", ["tangent"]),
        ("reverse", ["forward", "reverse", "value_and_grad"]),
        ("both", ["forward", "reverse", "value_and_grad", "tangent"]),
    ):
        assert list(emit(one.program, one.wrt, mode).functions) == kinds
    found = emit(one.program, one.wrt, kinds=("tangent",))
    assert list(found.functions) == ["tangent"]
    assert list(emit(one.program, one.wrt, order=2).functions)[-1] == "hvp"
    assert "log1pexp" not in found.text  # of the library what is used


@needs_cc
def test_single_precision(tmp_path: Path) -> None:
    """The types are those of single precision, and nothing is computed in another."""
    from dataclasses import replace

    from gradc.ir.precision import Precision

    texts = [MATRIX, "param A[N,N], b[N]\nx = solve(A, b)\nJ = dot(x, x) + logdet(A)", "J = a/3+b"]
    for number, text in enumerate(texts):
        one = gradc.compile(text)
        program = replace(renamed(one.program, f"s{number}"), precision=Precision.SINGLE)
        text = emit(program, one.wrt).text
        path = tmp_path / f"s{number}.c"
        path.write_text(text, encoding="ascii")
        compiled(["-fsyntax-only", "-Wdouble-promotion", str(path)])
        entries = text.partition('extern "C"')[2]
        signatures = [line for line in entries.splitlines() if "RESTRICT" in line]
        assert "float *RESTRICT J_out" in entries
        assert not any("double *RESTRICT" in line for line in signatures)


@needs_cc
def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "p.g", tmp_path / "p.c"
    source.write_text(MATRIX, encoding="utf-8")
    for arguments in ([], ["--trace"], ["--mode", "forward"], ["--order", "2"], ["--sizes", "D=3"]):
        with pytest.raises(SystemExit) as done:
            main(["compile", str(source), "--target", "c", "-o", str(out), *arguments])
        assert not done.value.code
        compiled([str(out), "-fsyntax-only"])
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "c", "--sizes", "Q=3"], "no size `Q`"),
        (["--target", "c", "--sizes", "N=3,N=4"], "given twice"),
        (["--target", "c", "--sizes", "N"], "is not NAME=NUMBER"),
        (["--target", "c", "--sizes", "N=-1"], "is not NAME=NUMBER"),
        (["--target", "c", "--sizes", "N=9999999999999"], "larger than 2**40"),
        (["--target", "c", "--sizes", f"N={'9' * 5000}"], "larger than 2**40"),
        (["--target", "python", "--sizes", "N=3"], "options of the target c"),
        (["--header"], "options of the target c"),
        (["--trace", "--mode", "forward"], "leave --mode, --order and --wrt out"),
        (["--trace", "--order", "2"], "leave --mode, --order and --wrt out"),
        (["--trace", "--wrt", "X"], "leave --mode, --order and --wrt out"),
    ],
)
def test_what_is_refused(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "p.g"
    source.write_text(MATRIX, encoding="utf-8")
    with pytest.raises(SystemExit) as done:
        main(["compile", str(source), *arguments])
    assert done.value.code == 2
    assert message in capsys.readouterr().err


def test_more_elements_than_can_be_counted_are_refused() -> None:
    text = "param x[5000000000]\nloop t in 5000000000 carry w = x {\n  w = sin(w)*x\n}\nJ = sum(w)"
    program = gradc.compile(text).program
    with pytest.raises(UsageError, match="more than 64 bits"):
        emit(program, program.wrt())


def test_the_text_of_a_fault() -> None:
    assert fault_text(["x[i]"], (1, 7, 0)) == "x[i] is read at index 7; allowed is none at all"


# Size and time


def test_text_and_time_are_linear() -> None:
    assert is_linear(lambda program: emit_trace(program).text, (400, 1600))


@needs_cc
def test_deep_expressions(tmp_path: Path) -> None:
    twins = []
    for name, text in deep(500).items():
        one = gradc.compile(text)
        twins.append(twin(name, name, one.program, one.wrt, [0.75], {}))
    agree(twins, tmp_path, 1e-9)


def test_no_pointer_is_made_from_an_integer() -> None:
    """GCC takes objects that lie apart for one where a pointer is, and reads too early."""
    made = re.compile(r"\*\)[\s(]*(?:void \*\)[\s(]*)?uintptr_t")
    for file in Path(FOLDER).glob("*.c"):
        assert not made.search(file.read_text(encoding="utf-8")), file.name


SMALL = {
    "ends": "input x[N]\nJ = x[4] + x[N-1]",
    "differences": "input x[N], y[M+2]\nh[i in N] = y[i]*x[i]\nJ = sum(h)*x[1] + y[M - N]",
    "sorted": "param x[N]\ny = softmax(x[1:N-3])\nJ = sum[i in N-4](y[i]*y[N-5-i])",
    "halves": "input x[N//2], y[N]\nJ = sum[i in N//2](y[2*i+1]*x[i]) + y[N//2]",
}


@needs_cc
def test_sizes_for_which_the_program_reads_out_of_range_are_refused(tmp_path: Path) -> None:
    files, kept = [], []
    for name, text in SMALL.items():
        one = gradc.compile(text)
        kept.append((one.program, emit(renamed(one.program, name), one.wrt)))
        files.append(kept[-1][1].text)
    library = built(files, tmp_path)
    refused = 0
    for program, emitted in kept:
        for entry in emitted.functions.values():
            for given in product(range(-1, 9), repeat=len(entry.sizes)):
                sizes = dict(zip(entry.sizes, given, strict=True))
                axes = [dim for var in program.graph.inputs for dim in var.type.shape]
                meets = all(dim.evaluate(sizes) >= 0 for dim in axes) and all(
                    need.dim.evaluate(sizes) >= need.minimum for need in program.requirements
                )
                refused += not meets
                assert (_status(library, entry, sizes) == 0) == meets or min(given) < 0
                if entry.workspace is not None and not meets:
                    count = getattr(library, entry.workspace)
                    assert count(*map(ctypes.c_int64, given)) == -1
    assert refused


def _status(library: ctypes.CDLL, entry: Entry, sizes: dict[str, int]) -> int:
    """What a function returns for arrays of zeros."""
    arguments: list[object] = []
    for each in entry.parameters:
        if each.role == "size":
            arguments.append(ctypes.c_int64(sizes[each.symbol or ""]))
        elif each.role in ("workspace", "fault"):
            arguments.append(None)
        elif each.shape or each.role == "output":
            count = max(1, *(dim.evaluate(sizes) for dim in each.shape), 1)
            arguments.append((ctypes.c_double * count)())
        else:
            arguments.append(ctypes.c_double(0.0))
    status: int = getattr(library, entry.name)(*arguments)
    return status


def test_a_file_says_what_it_requires_of_sizes_once_and_only_where_it_does() -> None:
    said = {}
    for name, text in SMALL.items():
        one = gradc.compile(text)
        emitted = emit(one.program, one.wrt)
        assert ("Requires" in emitted.header) == ("Requires" in emitted.text)
        said[name] = re.search(r"// Requires (.*); returns -1", emitted.header)
    assert said["ends"] is not None
    assert said["ends"][1] == "N >= 5"
    one = gradc.compile(SMALL["ends"])
    fixed = emit(one.program, one.wrt, sizes={"N": 7}).text
    plain = gradc.compile("input x[N], y[N, M+1]\nJ = sum(x) + sum(y)")
    for text in (fixed, emit(plain.program, plain.wrt, kinds=["forward"]).text):
        assert "Requires" not in text
        assert "return -1" not in text


def test_what_is_true_of_all_sizes_is_not_required() -> None:
    n, m = Dim.of("N"), Dim.of("M")
    never = [n * n - n, n * n * m * 2 - n * m - m * n, n * n * m - m * n, n + m, n * n * n - n * n]
    may = [n * n - n * 2, n * m - n, n - m, n * m * m * m - n * n * m, n * n - n * m, n * 2 - n * n]
    for size in (*never, *may):
        values = [size.evaluate({"N": i, "M": j}) for i, j in product(range(6), repeat=2)]
        assert _never_negative(size) == (size in never) == (min(values) >= 0)
