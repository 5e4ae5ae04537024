"""The C library's products of matrices and its linear algebra, compiled and called on arrays.

The reference is NumPy, and the helpers of emitted Python where they say what a singular matrix
gives.  Memory behind the workspace that `nests.library` promises is filled with a mark, so that a
function that needs more is found.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_compiling import CC, needs_cc
from c_functions import FLAGS

from gradc.ir.dims import Dim
from gradc.nests.library import workspace
from gradc.targets.c.helpers import helper_source, prologue
from gradc.targets.python import helpers_numpy

pytestmark = needs_cc

PER_MATRIX = ("inv", "det", "logdet", "cofactors", "cholesky")
SIZES = (0, 1, 2, 3, 5, 8, 31, 32, 33, 64, 65, 130)
MARK = 12345.0


class Library:
    """The compiled library; workspaces as small as they may be."""

    def __init__(self, path: Path) -> None:
        self.functions = ctypes.CDLL(str(path))

    def call(self, name: str, sizes: tuple[int, ...], *operands: Any) -> None:
        """A function on arrays and integers, with the workspace for `sizes` behind them."""
        room = workspace(name, [Dim.of(size) for size in sizes]).constant
        assert room is not None
        work = np.full(room + 64, MARK)
        given = [
            ctypes.c_void_p(each.ctypes.data) if isinstance(each, np.ndarray) else each
            for each in (*operands, work)
        ]
        getattr(self.functions, f"called_{name}")(*given)
        assert np.all(work[room:] == MARK)

    def of_matrices(self, name: str, a: Any) -> Any:
        """One of `PER_MATRIX`."""
        a = np.ascontiguousarray(a, np.float64)
        shape = a.shape[:-2] if name in ("det", "logdet") else a.shape
        out = np.full(shape, MARK)
        many, n = math.prod(a.shape[:-2]), a.shape[-1]
        before = a.copy()
        self.call(name, (n,), a, out, ctypes.c_int64(many), ctypes.c_int64(n))
        np.testing.assert_array_equal(a, before)
        return out

    def solve(self, a: Any, y: Any) -> Any:
        a, y = np.ascontiguousarray(a, np.float64), np.ascontiguousarray(y, np.float64)
        n, out = a.shape[-1], np.full(y.shape, MARK)
        columns = y.shape[-1] if y.ndim == a.ndim else 1
        sizes = [math.prod(a.shape[:-2]), n, columns]
        self.call("solve", (n, columns), a, y, out, *map(ctypes.c_int64, sizes))
        return out

    def matmul(self, a: Any, b: Any, c: Any, accumulate: int = 0) -> None:
        """c = a @ b, or added to it or subtracted; strides are those of the arrays."""
        (m, k), n = a.shape, b.shape[1]
        strides = [stride // 8 for stride in (*a.strides, *b.strides, *c.strides)]
        counts = map(ctypes.c_int64, (m, n, k, *strides))
        self.call("matmul", (m, n, k), a, b, c, *counts, ctypes.c_int(accumulate))


@pytest.fixture(scope="module", params=["-march=native", "-mno-avx512f", "-mno-avx"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("c_linear")
    source, built = folder / "linear.c", folder / "linear.so"
    one = "const double *a, double *x, int64_t many, int64_t n, double *work"
    wrappers = [f"void called_{f}({one}) {{ g_{f}(a, x, many, n, work); }}" for f in PER_MATRIX]
    wrappers += [
        "void called_solve(const double *a, const double *y, double *x, int64_t many, int64_t n,"
        " int64_t columns, double *work) { g_solve(a, y, x, many, n, columns, work); }",
        "void called_matmul(const double *a, const double *b, double *c, int64_t m, int64_t n,"
        " int64_t k, int64_t ar, int64_t ac, int64_t br, int64_t bc, int64_t cr, int64_t cc,"
        " int add, double *work)"
        " { g_matmul(a, b, c, m, n, k, ar, ac, br, bc, cr, cc, add, work); }",
    ]
    called = [f"g_{name}" for name in (*PER_MATRIX, "solve", "matmul")]
    source.write_text("\n".join([prologue(), *helper_source(called), *wrappers]), "utf-8")
    assert CC is not None
    command = [CC, *FLAGS, request.param, str(source), "-o", str(built), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 and "unrecognized" in done.stderr:
        pytest.skip(f"the compiler does not know {request.param}")
    assert done.returncode == 0, done.stderr
    return Library(built)


def random(*shape: int) -> Any:
    return np.random.default_rng(math.prod(shape)).normal(size=shape)


SHAPES = [
    *((0, 3, 2), (3, 0, 2), (3, 4, 0), (1, 1, 1), (7, 25, 3), (8, 24, 256)),
    *((9, 49, 257), (50, 241, 300), (17, 500, 5), (6, 16, 16), (30, 1, 40), (1, 30, 600)),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("accumulate", [0, 1, -1])
def test_products_of_all_layouts(
    library: Library, shape: tuple[int, int, int], accumulate: int
) -> None:
    m, n, k = shape
    for turned_a, turned_b in itertools.product((False, True), repeat=2):
        a = random(k, m).T if turned_a else random(m, k)
        b = random(n, k).T if turned_b else random(k, n)
        wide = random(m, n + 3)
        c = wide[:, :n]
        wanted = a @ b if accumulate == 0 else c + accumulate * (a @ b)
        behind = wide[:, n:].copy()
        turned = np.array(c, order="F")
        library.matmul(a, b, c, accumulate)
        np.testing.assert_allclose(c, wanted, rtol=1e-11, atol=1e-11)
        np.testing.assert_array_equal(wide[:, n:], behind)
        library.matmul(a, b, turned, accumulate)
        np.testing.assert_array_equal(turned, c)


@pytest.mark.parametrize(
    "shape", [(64, 48, 20), (65, 48, 20), (7, 240, 30), (3, 8, 1), (9, 40, 300)]
)
@pytest.mark.parametrize("more", [0, 1, 200])
def test_products_of_panels_that_are_read_where_they_lie(
    library: Library, shape: tuple[int, int, int], more: int
) -> None:
    """Few rows of a result, and rows of a panel that are whole vectors, near each other or not: the
    same numbers to the last bit as those of a panel that lies otherwise, and is packed."""
    m, n, k = shape
    a, b = random(m, k), random(k, n + more)[:, :n]
    for accumulate in (0, 1):
        found = random(m, n)
        packed = found.copy()
        wanted = a @ b + accumulate * found
        library.matmul(a, b, found, accumulate)
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-11)
        library.matmul(a, np.asfortranarray(b), packed, accumulate)
        np.testing.assert_array_equal(found, packed)


def test_products_of_what_is_not_finite(library: Library) -> None:
    a, b = random(20, 30), random(30, 40)
    a[3, 4], a[5, 6], b[7, 8] = np.nan, np.inf, -np.inf
    c = np.empty((20, 40))
    library.matmul(a, b, c)
    np.testing.assert_allclose(c, a @ b, rtol=1e-11)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", PER_MATRIX)
def test_many_matrices(library: Library, name: str, n: int) -> None:
    a = random(3, n, n)
    if name == "cholesky":
        a = a @ a.swapaxes(1, 2) + np.eye(n)
    reference = np.linalg.det if name == "det" else getattr(helpers_numpy, name)
    wanted = reference(a)
    if name == "cholesky":  # the part that is not symmetric does not count
        a = a + np.triu(np.ones((n, n)), 1) - np.tril(np.ones((n, n)), -1)
    found = library.of_matrices(name, a)
    np.testing.assert_allclose(
        found, wanted, rtol=1e-8, atol=1e-9 * np.max(np.abs(wanted), initial=1)
    )


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("columns", [None, 0, 1, 3, 40])
def test_solutions(library: Library, n: int, columns: int | None) -> None:
    a, y = random(2, n, n), random(2, n) if columns is None else random(2, n, columns)
    np.testing.assert_allclose(library.solve(a, y), helpers_numpy.solve(a, y), rtol=1e-8, atol=1e-8)


EDGES = [
    *([[1, 2], [2, 4]], [[0, 0], [0, 0]], [[0, 1], [1, 0]], [[-0.0]], [[np.inf, 1], [1, 1]]),
    *([[1e200, 0], [0, 1e200]], [[1e-200, 0], [0, 1e-200]], [[1, 1], [1, -np.inf]], [[np.nan]]),
    *(
        [[1, np.nan], [0, 1]],
        [[4, 2], [2, 1]],
        [[1, 0], [0, -1]],
        [[np.inf]],
        [[1, np.inf], [1, 1]],
    ),
    [[1e200, 0, 0], [0, 1e200, 0], [0, 0, 1e-300]],
]


@pytest.mark.parametrize("matrix", EDGES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_edges_are_those_of_numpy(library: Library, matrix: list[list[float]]) -> None:
    a = np.array(matrix, np.float64)
    y = np.ones(len(a))
    references = {name: getattr(helpers_numpy, name) for name in PER_MATRIX if name != "det"}
    for name, reference in (*references.items(), ("det", np.linalg.det)):
        wanted, found = reference(a), library.of_matrices(name, a)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(library.solve(a, y), helpers_numpy.solve(a, y), rtol=1e-12)


def test_one_singular_matrix_of_many_spoils_no_other(library: Library) -> None:
    a = np.stack([np.eye(3), np.zeros((3, 3)), 2 * np.eye(3)])
    found = library.of_matrices("inv", a)
    assert np.all(np.isnan(found[1]))
    np.testing.assert_array_equal(found[[0, 2]], np.stack([np.eye(3), np.eye(3) / 2]))


def test_cofactors_of_a_singular_matrix(library: Library) -> None:
    a = random(6, 5) @ random(5, 6)
    found = library.of_matrices("cofactors", a)
    np.testing.assert_allclose(found, helpers_numpy.cofactors(a), rtol=1e-6)
