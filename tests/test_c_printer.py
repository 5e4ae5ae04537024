"""The printer of C: every statement of a loop nest, against the interpreter of nests."""

from __future__ import annotations

import ctypes
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_compiling import built, needs_cc
from nests_interpreter import run

from gradc.ir.dims import Dim
from gradc.ir.graph import DType, Origin
from gradc.nests.model import (
    Apply,
    Assign,
    Break,
    Buffer,
    CallFunction,
    Check,
    Const,
    Copy,
    Declare,
    Element,
    Expr,
    Fill,
    For,
    Function,
    Get,
    If,
    Let,
    Local,
    Shared,
    SizeOf,
    Stmt,
    Store,
)
from gradc.targets.c.expressions import Scene, tokens
from gradc.targets.c.function import Writer
from gradc.targets.c.helpers import helper_source, prologue
from gradc.targets.c.names import Identifiers

N, ZERO, TRUE = Dim.of("N"), Const(0, DType.INT), Const(True, DType.BOOL)


def real(name: str) -> Local:
    return Local(name, DType.REAL)


def index(name: str = "i") -> Local:
    return Local(name, DType.INT)


def add(left: Expr, right: Expr, dtype: DType = DType.REAL) -> Apply:
    return Apply("add", (left, right), dtype)


def function(name: str, parameters: Any, results: Any, *body: Stmt, **scratch: Any) -> Function:
    planned = scratch.get("scratch", ())
    return Function(name, parameters, results, body, planned, scratch.get("workspace", Dim.of(0)))


def text_of(*functions: Function, called: tuple[Function, ...] = ()) -> str:
    """Functions with the library that they need, as a file."""
    writer = Writer(Identifiers(["N"]), {"N": "N"}, False, [])
    texts = [writer.called(each, each.name) for each in called]
    for each in functions:
        roles = ["input"] * len(each.parameters)
        names = [result.name for result in each.results]
        printed = writer.exported(each.name, each, ("N",), roles, names)  # type: ignore[arg-type]
        if printed.need != Dim.of(0):
            texts.append(writer.workspace(f"{each.name}_workspace", ("N",), printed.need)[0])
        texts.append(printed.text)
    head = [
        "#include <stdbool.h>",
        "#include <stdlib.h>",
        "#define RESTRICT restrict\n#define ALIGNED",
        prologue(),
    ]
    head += [
        f"#pragma omp declare reduction({name} : {kind} : omp_out = {name}(omp_out, omp_in)) "
        "initializer(omp_priv = omp_orig)"
        for name, kind in writer.file.reductions
    ]
    return "\n\n".join([*head[:4], *helper_source(writer.helpers), *head[4:], *texts]) + "\n"


def call(library: ctypes.CDLL, each: Function, arguments: list[Any], n: int) -> Any:
    """The code and the results of a function; arrays in `arguments` come before scalars."""
    passed: list[Any] = []
    for parameter, value in zip(each.parameters, arguments, strict=True):
        if isinstance(parameter, Buffer):
            passed.append(np.ascontiguousarray(value).ctypes.data_as(ctypes.c_void_p))
        elif parameter.dtype is DType.INT:
            passed.append(ctypes.c_int64(value))
        else:
            passed.append(ctypes.c_double(value))
    kinds = {DType.REAL: np.float64, DType.INT: np.int64, DType.BOOL: np.bool_}
    outputs = [
        np.full(
            [d.evaluate({"N": n}) for d in result.shape] if isinstance(result, Buffer) else (),
            np.nan if result.dtype is DType.REAL else 0,
            kinds[result.dtype],
        )
        for result in each.results
    ]
    fault = (ctypes.c_int64 * 2)()
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in outputs]
    code = getattr(library, each.name)(*passed, ctypes.c_int64(n), *pointers, None, fault)
    return code, outputs, list(fault)


def same(library: ctypes.CDLL, each: Function, arguments: list[Any], n: int) -> None:
    """Whether a function gives what the interpreter gives."""
    code, found, _ = call(library, each, arguments, n)
    assert code == 0
    for one, other in zip(found, run(each, arguments, {"N": n}), strict=True):
        np.testing.assert_array_equal(one, np.asarray(other, one.dtype))


def cumulated() -> Function:
    """Running sums, the largest element, and how many are positive."""
    x, y = Buffer("x", DType.REAL, (N,), "input"), Buffer("y", DType.REAL, (N,), "output")
    h = Buffer("h", DType.REAL, (N, Dim.of(3)), "scratch")
    total, top, count, i, j = (
        real("total"),
        real("top"),
        Local("count", DType.INT),
        index(),
        index(),
    )
    element = Element(x, (Get(i),))
    body = (
        Fill(h, Const(1.0)),
        Declare(total, Const(0.0)),
        Declare(top, Const(-np.inf)),
        Declare(count, ZERO),
        For(
            i,
            ZERO,
            SizeOf(N),
            (
                Assign(total, element, "add"),
                Assign(top, element, "maximum"),
                Store(Element(y, (Get(i),)), Get(total)),
                If(
                    Apply("gt", (element, Const(0.0)), DType.BOOL),
                    (Assign(count, Const(1, DType.INT), "add"),),
                    (If(Apply("lt", (element, Const(-2.0)), DType.BOOL), (Break(TRUE),)),),
                ),
                For(j, ZERO, Const(3, DType.INT), (Store(Element(h, (Get(i), Get(j))), element),)),
            ),
        ),
        Assign(total, Element(h, (ZERO, Const(2, DType.INT))), "mul"),
    )
    return function(
        "cumulated", (x,), (y, total, top, count), *body, scratch=((h, Dim.of(0)),), workspace=N * 3
    )


def backwards() -> Function:
    """A loop that counts down by two, and a copy."""
    x, y = Buffer("x", DType.REAL, (N,), "input"), Buffer("y", DType.REAL, (N,), "output")
    i = index()
    start = Apply("sub", (SizeOf(N), Const(1, DType.INT)), DType.INT)
    store = Store(Element(y, (Get(i),)), Apply("neg", (Const(-1.5),)), "add")
    return function(
        "backwards", (x,), (y,), Copy(y, x), For(i, start, Const(-1, DType.INT), (store,), step=-2)
    )


def lanes() -> Function:
    """Reductions in vector registers, one by a function."""
    x = Buffer("x", DType.REAL, (N,), "input")
    total, low, i = real("total"), real("low"), index()
    element = Element(x, (Get(i),))
    body = (Assign(total, element, "add"), Assign(low, element, "minimum"))
    joined = ((total, "add"), (low, "minimum"))
    return function(
        "lanes",
        (x,),
        (total, low),
        Declare(total, Const(0.0)),
        Declare(low, Const(np.inf)),
        For(i, ZERO, SizeOf(N), body, lanes=True, joined=joined),
    )


def shared(check: bool = False) -> Function:
    """A loop that threads share: a sum, buffers that are added to, one of them on the stack, and
    memory of their own."""
    x, k = Buffer("x", DType.REAL, (N,), "input"), Buffer("k", DType.INT, (N,), "input")
    y = Buffer("y", DType.REAL, (N,), "output")
    own = Buffer("t", DType.REAL, (Dim.of(1),), "scratch")
    few = Buffer("few", DType.REAL, (Dim.of(2),), "stack")
    second = Element(few, (Const(1, DType.INT),))
    total, i = real("total"), index()
    place = Element(k, (Get(i),))
    body: tuple[Stmt, ...] = (
        Store(Element(own, (ZERO,)), Element(x, (Get(i),))),
        Assign(total, Element(own, (ZERO,)), "add"),
        Store(Element(y, (place,)), Element(own, (ZERO,)), "add"),
        Store(second, Element(own, (ZERO,)), "add"),
    )
    if check:
        body = (Check(place, N, "y[k[i]]", TRUE), *body)
    loop = For(i, ZERO, SizeOf(N), body, origin=Origin("y = x", None))  # type: ignore[arg-type]
    return function(
        "shared_checked" if check else "shared",
        (x, k),
        (total, y),
        Declare(total, Const(0.0)),
        Fill(y, Const(0.0)),
        Fill(few, Const(3.0)),
        Shared(loop, Const(100, DType.INT), ((total, "add"), (y, "add"), (few, "add")), (own,)),
        Assign(total, second, "add"),
        scratch=((own, Dim.of(0)),),
        workspace=Dim.of(8),
    )


def calling() -> tuple[Function, Function]:
    """A function that checks an index and has memory of its own, and one that calls it."""
    x, i = Buffer("x", DType.REAL, (N,), "input"), Local("place", DType.INT)
    h = Buffer("h", DType.REAL, (N,), "scratch")
    result = real("value")
    inner = function(
        "chosen",
        (x, i),
        (result,),
        Check(Get(i), N, "x[i + 1]", TRUE),
        Copy(h, x),
        Let(result, Element(h, (Get(i),))),
        scratch=((h, Dim.of(0)),),
        workspace=N,
    )
    outer_x, outer_i = Buffer("x", DType.REAL, (N,), "input"), Local("i", DType.INT)
    g, value = Buffer("g", DType.REAL, (N,), "scratch"), real("value")
    outer = function(
        "calling",
        (outer_x, outer_i),
        (value,),
        Copy(g, outer_x),
        Declare(value, Const(0.0)),
        CallFunction(inner, (g, Get(outer_i)), (value,)),
        Assign(value, Element(g, (Get(outer_i),)), "add"),
        scratch=((g, Dim.of(0)),),
        workspace=N,
    )
    return inner, outer


@needs_cc
def test_statements(tmp_path: Path) -> None:
    every = [cumulated(), backwards(), lanes(), shared()]
    library = built([text_of(*every)], tmp_path)
    for n in (0, 1, 2, 7, 333):
        x = np.random.default_rng(n).normal(size=n)
        if n:
            same(library, every[0], [x], n)
            same(library, every[0], [x - 1.5], n)
            same(library, every[1], [x], n)
        same(library, every[2], [np.round(x * 8)], n)
        same(library, every[3], [np.round(x * 8), np.arange(n)[::-1].copy()], n)
    x = np.array([1.0, np.nan, -1.0])
    assert np.isnan(call(library, every[2], [x], 3)[1]).all()


@needs_cc
def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    """To the last bit, also for sums that depend on their order, and for faults."""
    checked, plain = shared(check=True), shared()
    text = text_of(checked, plain)
    flags = ("-fopenmp",)
    try:
        library = built([text], tmp_path / "threads", *flags)
        openmp = ctypes.CDLL("libgomp.so.1")
    except (AssertionError, OSError):
        pytest.skip("the compiler has no OpenMP")
    single = built([text], tmp_path / "single")
    n = 20_003
    random = np.random.default_rng(3)
    x, k = random.normal(size=n) * 10.0 ** random.integers(-8, 8, size=n), random.integers(0, n, n)
    results = [call(single, plain, [x, k], n)]
    for count in (1, 2, 3, 5):
        openmp.omp_set_num_threads(count)
        results.append(call(library, plain, [x, k], n))
        results.append(call(library, checked, [x, k], n))
    for code, (total, y), _ in results:
        assert code == 0
        assert total == results[0][1][0]
        np.testing.assert_array_equal(y, results[0][1][1])
    k[[14_000, 18_000]] = n, -5
    for count in (1, 2, 4):
        openmp.omp_set_num_threads(count)
        for each in (single, library):
            code, _, fault = call(each, checked, [x, k], n)
            assert (code, fault) == (1, [n, n])


@needs_cc
def test_functions_that_call_functions(tmp_path: Path) -> None:
    inner, outer = calling()
    library = built([text_of(outer, called=(inner,))], tmp_path)
    x = np.array([0.5, 1.5, 2.5])
    code, (value,), _ = call(library, outer, [x, 2], 3)
    assert (code, value) == (0, 5.0)
    for wrong in (-1, 3, 2**62):
        code, _, fault = call(library, outer, [x, wrong], 3)
        assert (code, fault) == (1, [wrong, 3])


@needs_cc
def test_sizes_that_are_absurd_are_refused(tmp_path: Path) -> None:
    library = built([text_of(cumulated())], tmp_path)
    need = library.cumulated_workspace
    need.restype = ctypes.c_int64
    assert need(ctypes.c_int64(10)) == 37
    for size in (-1, 2**62, 2**63 - 1, -(2**63), 2**61):
        assert need(ctypes.c_int64(size)) == -1
        code, _, _ = _refused(library, size)
        assert code == -1


def _refused(library: ctypes.CDLL, size: int) -> Any:
    nothing = [None] * 5
    return library.cumulated(None, ctypes.c_int64(size), *nothing, None), None, None


# Expressions


def printed(expr: Expr) -> str:
    scene = Scene({"N": "N", "D": "D"}, False)
    for name in "abcx":
        scene.locals[NAMED[name]] = name
    for name in "ij":
        scene.locals[COUNTED[name]] = name
        scene.counters.add(COUNTED[name])
    scene.locals[WHOLE] = "k"
    return "".join(tokens(scene, expr))


NAMED = {name: real(name) for name in "abcx"}
COUNTED = {name: index(name) for name in "ij"}
WHOLE = Local("k", DType.INT)
A, B, C, X = (Get(NAMED[name]) for name in "abcx")
I1, J1, K = Get(COUNTED["i"]), Get(COUNTED["j"]), Get(WHOLE)


def op(name: str, *args: Expr, dtype: DType = DType.REAL, **params: int) -> Apply:
    return Apply(name, args, dtype, tuple(params.items()))


def whole(name: str, *args: Expr) -> Apply:
    return Apply(name, args, DType.INT)


def truth(name: str, *args: Expr) -> Apply:
    return Apply(name, args, DType.BOOL)


EXPRESSIONS = [
    (op("add", op("add", A, B), C), "a + b + c"),
    (op("add", A, op("add", B, C)), "a + (b + c)"),
    (op("sub", A, op("sub", B, C)), "a - (b - c)"),
    (op("mul", op("add", A, B), op("mul", B, C)), "(a + b) * (b * c)"),
    (op("div", op("mul", A, B), C), "a * b / c"),
    (op("div", A, op("div", B, C)), "a / (b / c)"),
    (op("neg", op("neg", A)), "-(-a)"),
    (op("neg", Const(-1.0)), "-(-1.0)"),
    (op("sub", A, Const(-1.0)), "a + 1.0"),
    (op("neg", op("mul", A, B)), "-(a * b)"),
    (op("ipow", A, n=2), "a * a"),
    (op("div", B, op("ipow", A, n=2)), "b / (a * a)"),
    (op("select", truth("lt", A, B), A, op("add", B, C)), "a < b ? a : b + c"),
    (op("add", op("select", truth("lt", A, B), A, B), C), "(a < b ? a : b) + c"),
    (truth("and", truth("lt", A, B), truth("gt", A, C)), "(a < b) & (a > c)"),
    (truth("not", truth("lt", A, B)), "!(a < b)"),
    (truth("or", truth("not", truth("lt", A, B)), truth("gt", A, C)), "(!(a < b)) | (a > c)"),
    (op("real", I1), "(double)i"),
    (op("real", whole("add", I1, J1)), "(double)(i + j)"),
    (whole("add", I1, Const(1, DType.INT)), "i + 1"),
    (whole("mul", I1, J1), "g_muli(i, j)"),
    (whole("add", K, Const(1, DType.INT)), "g_addi(k, 1)"),
    (SizeOf(N * Dim.of("D") - 1), "D * N - 1"),
    (SizeOf(N, DType.REAL), "(double)N"),
    (SizeOf((N + 7).floored(8) * 8), "(N + 7) / 8 * 8"),
    (SizeOf((N - 7).floored(2)), "g_floordivi(N - 7, 2)"),
    (SizeOf((N * N - N).floored(2)), "(N * N - N) / 2"),
]


@pytest.mark.parametrize(("expr", "text"), EXPRESSIONS)
def test_expressions(expr: Expr, text: str) -> None:
    assert printed(expr) == text


def test_depth_costs_nothing() -> None:
    """Neither a stack nor more than linear time."""
    times = []
    for depth in (20_000, 80_000):
        expr: Expr = A
        for _ in range(depth):
            expr = op("neg", op("add", B, expr))
        start = time.process_time()
        assert len(printed(expr)) > depth
        times.append(time.process_time() - start)
    assert times[1] < 10 * times[0]


@needs_cc
@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler is installed")
def test_statements_as_cpp(tmp_path: Path) -> None:
    inner, outer = calling()
    text = text_of(cumulated(), backwards(), lanes(), shared(True), outer, called=(inner,))
    text = text.replace("#define RESTRICT restrict", "#define RESTRICT __restrict")
    built([text], tmp_path, "-fopenmp", language="c++")
