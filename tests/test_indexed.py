"""Indexed definitions and reductions: each program specifies one sentence of section 4.

Values are found by hand; derivatives in both modes are those of the interpreter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from agreement import Agreement, agree

import gradc

A = np.array([[1.0, 2.0, -1.0], [3.0, 4.0, 0.5]])
S = np.array([[1.0, 2.0, -1.0], [0.25, 4.0, 0.5], [3.0, -2.0, 7.0]])
X = np.array([2.0, 3.0, 5.0, 7.0])

Case = tuple[str, dict[str, Any], dict[str, Any]]

MAPS: dict[str, Case] = {
    "a product of a matrix and a vector": (
        "param X[N, D], w[D], b\nz[i] = sum[j](X[i, j] * w[j]) + b",
        {"X": A, "w": [1.0, 0.5, 2.0], "b": 10.0},
        {"z": [10.0, 16.0]},
    ),
    "a product of matrices": (
        "param A[N, K], B[K, M]\nC[i, j] = sum[k](A[i, k] * B[k, j])",
        {"A": A, "B": S},
        {"C": A @ S},
    ),
    "a product of a matrix and its transpose": (
        "param A[N, K]\nC[i, j] = sum[k](A[i, k] * A[j, k])",
        {"A": A},
        {"C": A @ A.T},
    ),
    "an outer product, without a reduction": (
        "param x[N], y[M]\nP[i, j] = x[i] * y[j]",
        {"x": [1.0, 2.0], "y": X},
        {"P": np.outer([1.0, 2.0], X)},
    ),
    "a sum over each axis": (
        "param A[N, M]\nr[i] = sum[j](A[i, j])\nc[j] = sum[i](A[i, j])\nt = sum[i, j](A[i, j])",
        {"A": A},
        {"r": [2.0, 7.5], "c": [4.0, 6.0, -0.5], "t": 9.5},
    ),
    "indices in another order than their axes": (
        "param A[N, M]\nB[j, i] = A[i, j] * (i + 1)\nC[k, i, j] = A[i, j] * A[i, k]",
        {"A": A},
        {"B": (A * [[1.0], [2.0]]).T, "C": np.einsum("ij,ik->kij", A, A)},
    ),
    "a diagonal": (
        "param S[N, N]\nd[i] = S[i, i]\nt = sum[i](S[i, i] * S[i, i])",
        {"S": S},
        {"d": [1.0, 4.0, 7.0], "t": 66.0},
    ),
    "a transposed access": (
        "param S[N, N]\na[i, j] = (S[i, j] - S[j, i]) / 2",
        {"S": S},
        {"a": (S - S.T) / 2},
    ),
    "one index of two axes of several arrays": (
        "param T[N, N, N], x[N]\ny[i] = T[i, i, i] * x[i] + sum[j](T[j, i, j])",
        {"T": np.arange(8.0).reshape(2, 2, 2), "x": [1.0, 10.0]},
        {"y": [0.0 + 0 + 5, 70.0 + 2 + 7]},
    ),
    "an index that nothing reads": (
        "param x\ndim N = 3\ny[i in N] = x\nz[i in N, j in 2] = x * j",
        {"x": 2.0},
        {"y": [2.0] * 3, "z": [[0.0, 2.0]] * 3},
    ),
    "an index as a number": (
        "param x[N]\ny[i] = x[i]^i\nz[i] = x[i] / (i + 1) + N",
        {"x": X},
        {"y": [1.0, 3.0, 25.0, 343.0], "z": [6.0, 5.5, 4 + 5 / 3, 5.75]},
    ),
    "whole quantities beside elements": (
        "param x[N], A[N, M]\ny[i] = x[i] / sum(x) * norm(x)\nz[i] = sum(A) * x[i]",
        {"x": [3.0, 4.0], "A": A},
        {"y": [15 / 7, 20 / 7], "z": [28.5, 38.0]},
    ),
    "an array of one element": (
        "param x[N]\ny[i] = x[i]^2\nA[i, j] = x[i] * x[j]",
        {"x": [3.0]},
        {"y": [9.0], "A": [[9.0]]},
    ),
    "an array of no elements": (
        "param x[N], b\ny[i] = x[i]^2\ns = sum[i](x[i]) + b\np = prod[i](x[i])",
        {"x": [], "b": 2.0},
        {"y": np.zeros(0), "s": 2.0, "p": 1.0},
    ),
    "k-means": (
        "param X[N, D], c[K, D]\nJ = sum[n](min[k](sum[d]((X[n,d] - c[k,d])^2)))",
        {"X": [[0.0, 0.0], [4.0, 5.0], [1.0, 0.0]], "c": [[0.5, 0.0], [3.0, 3.0]]},
        {"J": 0.25 + 5.0 + 0.25},
    ),
    "bundle adjustment": (
        "param proj[P, M], wt[P]\ninput feat[P, M]\nr[p,m] = wt[p] * (proj[p,m] - feat[p,m])",
        {"proj": A, "wt": [2.0, 3.0], "feat": np.ones((2, 3))},
        {"r": [[0.0, 2.0, -4.0], [6.0, 9.0, -1.5]]},
    ),
}

RANGES: dict[str, Case] = {
    "offsets shorten a range": (
        "param u[N]\nlap[i] = u[i] - 2*u[i+1] + u[i+2]",
        {"u": X},
        {"lap": [1.0, 0.0]},
    ),
    "an offset with a sign, in a reduction": (
        "param u[N]\ns = sum[i](u[i] * u[i-1])\nt = sum[i](u[i+1] - u[i-1])",
        {"u": X},
        {"s": 6.0 + 15.0 + 35.0, "t": 3.0 + 4.0},
    ),
    "an offset on two axes": (
        "param S[N, N]\nc[i, j] = S[i, j] + S[i+1, j+1] - S[i+1, j] - S[i, j+1]",
        {"S": S},
        {"c": [[2.75, -0.5], [-8.75, 12.5]]},
    ),
    "an offset is a size": (
        "param u[N + K], w[K], v[N]\ny[i] = sum[k](u[i + k + 1] * w[k]) + 0*v[i]",
        {"u": X, "w": [1.0], "v": [0.0] * 3},
        {"y": [3.0, 5.0, 7.0]},
    ),
    "an access runs backwards": (
        "param u[N]\nr[i in N] = u[N - 1 - i]\ns = sum[i in N](u[i] * u[N-1-i])",
        {"u": X},
        {"r": X[::-1], "s": float(X @ X[::-1])},
    ),
    "an access goes in steps": (
        "param u[N]\ns = sum[i in 2](u[2*i] * u[2*i + 1])",
        {"u": X},
        {"s": 6.0 + 35.0},
    ),
    "a stated range": (
        "param x[N]\ny[i in 2] = x[i]\nz[i in 0:N-1] = x[i] * x[i+1]\ns = sum[i in 1:N-1](x[i])",
        {"x": X},
        {"y": [2.0, 3.0], "z": [6.0, 15.0, 35.0], "s": 8.0},
    ),
    "a range up to an outer index": (
        "param x[N]\nc[i in N] = sum[j in 0:i](x[j])\nd[i in N] = sum[j in i:N](x[j])",
        {"x": X},
        {"c": [0.0, 2.0, 5.0, 10.0], "d": [17.0, 15.0, 12.0, 7.0]},
    ),
    "a range of pairs": (
        "param x[N]\nJ = sum[i in N, j in 0:i](x[i] * x[j])\n"
        "K = sum[i](sum[j in i+1:N](x[i] * x[j]))",
        {"x": X},
        {"J": (17.0**2 - 87.0) / 2, "K": (17.0**2 - 87.0) / 2},
    ),
    "a running product, maximum and minimum": (
        "param x[N]\np[i in N] = prod[j in 0:i+1](x[j])\nm[i in N] = max[j in 0:i+1](-x[j])\n"
        "e[i in N] = min[j in 0:i](x[j])\nl[i in N] = logsumexp[j in 0:i+1](x[j])",
        {"x": X},
        {
            "p": [2.0, 6.0, 30.0, 210.0],
            "m": [-2.0] * 4,
            "e": [np.inf, 2.0, 2.0, 2.0],
            "l": np.log(np.cumsum(np.exp(X))),
        },
    ),
    "a triangular matrix from its elements": (
        "param l[D*(D-1)//2]\ndim D = 3\nL[i in D, j in D] = l[i*(i-1)//2 + j] if j < i else 0",
        {"l": [1.0, 2.0, 3.0]},
        {"L": [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 3.0, 0.0]]},
    ),
    "only the branch taken is read": (
        "param x[N], y[N]\nf[i in N] = x[i]*y[i-1] if i > 0 else x[0]",
        {"x": X, "y": [1.0, 2.0, 3.0, 4.0]},
        {"f": [2.0, 3.0, 10.0, 21.0]},
    ),
    "a boundary": (
        "param u[N]\nv[i in N] = u[i-1] if i == N-1 else u[i+1] if i == 0 else (u[i-1] + u[i+1])/2",
        {"u": X},
        {"v": [3.0, 3.5, 5.0, 5.0]},
    ),
    "a condition bounds an index, its branches do not": (
        "param x[N], y[M]\nz[i] = y[i] if x[i] > 2 and i < M else x[i]",
        {"x": X, "y": [10.0, 20.0]},
        {"z": [2.0, 20.0, 5.0, 7.0]},
    ),
    "an infinity in the branch not taken": (
        "param x[N]\nz[i in N] = 1/(x[i] - 2) + log(x[i] - 3) if i > 1 else x[i]",
        {"x": X},
        {"z": [2.0, 3.0, 1 / 3 + np.log(2), 0.2 + np.log(4)]},
    ),
}

REDUCTIONS: dict[str, Case] = {
    "all kinds": (
        "param x[N]\na = sum[i](x[i]); b = mean[i](x[i]); c = prod[i](x[i]); d = max[i](x[i]); "
        "e1 = min[i](x[i]); f = logsumexp[i](x[i]); g = norm[i](x[i])",
        {"x": X},
        {
            "a": 17.0,
            "b": 4.25,
            "c": 210.0,
            "d": 7.0,
            "e1": 2.0,
            "f": np.log(np.sum(np.exp(X))),
            "g": np.sqrt(87.0),
        },
    ),
    "positions of extrema": (
        "param A[N, M]\nk[i] = argmax[j](A[i, j]) / 2\ny[i] = A[i, argmin[j](A[i, j])]\n"
        "s = argmax[i in 1:N](A[i, 0]) * A[0, 0]",
        {"A": A},
        {"k": [0.5, 0.5], "y": [-1.0, 0.5], "s": 1.0},
    ),
    "the first of ties is the position": (
        "param x[N]\nk = (argmax[i](x[i]) + 10*argmin[i](x[i])) / 2",
        {"x": [1.0, 5.0, 5.0, 1.0]},
        {"k": 0.5},
    ),
    "ties of extrema share the derivative": (
        "param x[N]\nJ = max[i](x[i]) + 3*min[i](x[i] * x[i])",
        {"x": [2.0, -1.0, 2.0, 1.0]},
        {"J": 5.0},
    ),
    "truth values": (
        "param A[N, M]\ny[i] = sum[j](A[i, j]) if all[j](A[i, j] > 0) else -1\n"
        "z = 1 if any[i, j](A[i, j] == 0.5) else 0",
        {"A": A},
        {"y": [-1.0, 7.5], "z": 1.0},
    ),
    "over several indices": (
        "param A[N, M]\na = mean[i, j](A[i, j]); b = max[i, j](A[i, j]); c = prod[j, i](A[i, j]); "
        "d = norm[i, j](A[i, j])",
        {"A": A},
        {"a": 9.5 / 6, "b": 4.0, "c": -12.0, "d": np.sqrt(31.25)},
    ),
    "inside reductions": (
        "param A[N, M]\nJ = sum[i](max[j](A[i, j])) * min[j](sum[i](A[i, j]^2))",
        {"A": A},
        {"J": 6.0 * 1.25},
    ),
    "of what does not depend on the index": (
        "param x[N], s\nJ = sum[i in N](s) + prod[i in N](s)",
        {"x": X, "s": 1.5},
        {"J": 6.0 + 1.5**4},
    ),
    "of arrays": (
        "param A[N, M]\nv = sum[i](A[i])\nm = max[i](A[i] * 2)",
        {"A": A},
        {"v": [4.0, 6.0, -0.5], "m": [6.0, 8.0, 1.0]},
    ),
    "beside functions of the same name": (
        "param x[N]\nsum = sum(x) + sum[i](x[i])\ny[i] = max(x[i], 4) + max(x)",
        {"x": X},
        {"sum": 34.0, "y": [11.0, 11.0, 12.0, 14.0]},
    ),
}

GATHERS: dict[str, Case] = {
    "through integers": (
        "param x[N]\ninput idx[P] in N\ngath[p] = x[idx[p]]",
        {"x": X, "idx": [3, 3, 0, 1, 3]},
        {"gath": [7.0, 7.0, 2.0, 3.0, 7.0]},
    ),
    "through integers of integers": (
        "param x[N]\ninput a[N] in N, b[N] in N\ny[i] = x[a[b[i]]] * b[i]",
        {"x": X, "a": [1, 0, 3, 2], "b": [2, 2, 0, 1]},
        {"y": [14.0, 14.0, 0.0, 2.0]},
    ),
    "at an offset in range": (
        "param x[N + 1]\ninput a[P] in N\ny[p] = x[a[p] + 1] - x[a[p]]",
        {"x": X, "a": [0, 2]},
        {"y": [1.0, 2.0]},
    ),
    "on one axis of two": (
        "param A[N, M]\ninput a[P] in M\nB[i, p] = A[i, a[p]]\nc[p, i] = A[i, a[p]] * p",
        {"A": A, "a": [2, 0]},
        {"B": [[-1.0, 1.0], [0.5, 3.0]], "c": [[0.0, 0.0], [1.0, 3.0]]},
    ),
    "on both axes": (
        "param A[N, M]\ninput a[P] in N, b[P] in M\ny[p] = A[a[p], b[p]]\nZ[p, q] = A[a[p], b[q]]",
        {"A": A, "a": [1, 0, 1], "b": [2, 2, 0]},
        {"y": [0.5, -1.0, 3.0], "Z": [[0.5, 0.5, 3.0], [-1.0, -1.0, 1.0], [0.5, 0.5, 3.0]]},
    ),
    "on the axes outside of one between": (
        "param T[N, M, N]\ninput a[N] in N\ny[p, j] = T[a[p], j, a[p]] * T[p, j, 0]",
        {"T": np.arange(8.0).reshape(2, 2, 2), "a": [1, 0]},
        {"y": [[0.0, 14.0], [0.0, 12.0]]},
    ),
    "of a row": (
        "param A[N, M]\ninput a[P] in N\ny[p] = sum(A[a[p]])\nB[p, j] = A[a[p], j]",
        {"A": A, "a": [1, 1, 0]},
        {"y": [7.5, 7.5, 2.0], "B": A[[1, 1, 0]]},
    ),
    "by a scalar": (
        "param x[N]\ninput k in N\ny = x[k]^2",
        {"x": X, "k": 2},
        {"y": 25.0},
    ),
    "one label of each row": (
        "param z[N, K]\ninput label[N] in K\nJ = -mean[n](z[n, label[n]] - logsumexp[k](z[n, k]))",
        {"z": A, "label": [1, 0]},
        {"J": None},
    ),
    "a range up to an integer": (
        "param x[N]\ninput a[P] in N\ny[p] = sum[j in 0:a[p]](x[j])",
        {"x": X, "a": [3, 0, 2]},
        {"y": [10.0, 0.0, 5.0]},
    ),
    "at a position that is computed": (
        "param x[N]\ny[i in N] = x[(i*i) % 3] + x[i // 2]\ndim N = 4",
        {"x": X},
        {"y": [2.0 + 2, 3.0 + 2, 3.0 + 3, 2.0 + 3]},
    ),
    "around a circle": (
        "param x[N]\nd[i in N] = x[(i + 1) % N] - x[i]",
        {"x": X},
        {"d": [1.0, 2.0, 2.0, -5.0]},
    ),
}

PARTS: dict[str, Case] = {
    "a row is a vector": (
        "param X[N, D], w[D]\nz[i] = dot(X[i], w) + norm(X[i])",
        {"X": [[3.0, 4.0], [0.0, 5.0]], "w": [1.0, 2.0]},
        {"z": [16.0, 15.0]},
    ),
    "a column is a vector": (
        "param X[N, D], w[N]\nz[j] = X[:, j] @ w",
        {"X": A, "w": [1.0, 2.0]},
        {"z": [7.0, 10.0, 0.0]},
    ),
    "a function of whole arrays is mapped": (
        "param X[N, D], M[D, D]\ny[n] = softmax(X[n])\nz[n] = M @ X[n] + X[n, 0]",
        {"X": A, "M": S},
        {
            "y": np.exp(A) / np.sum(np.exp(A), 1, keepdims=True),
            "z": A @ S.T + A[:, :1],
        },
    ),
    "elements of sub-arrays": (
        "param X[N, D]\ny[n] = X[n][0] * (X[n] + X[0])[1]\nz[n] = sum(X[n, 1:]) + X[n][1:][1]",
        {"X": A},
        {"y": [4.0, 18.0], "z": [0.0, 5.0]},
    ),
    "matrices of a batch": (
        "param A[B, N, N], y[B, N]\nx[b] = solve(A[b], y[b])\nd[b] = det(A[b])\n"
        "q[b] = y[b] @ A[b] @ y[b]\nC[b] = A[b] @ A[b].T\nt[b] = trace(inv(A[b]))",
        {
            "A": [[[2.0, 0.0], [0.0, 4.0]], [[1.0, 1.0], [0.0, 2.0]]],
            "y": [[2.0, 4.0], [3.0, 2.0]],
        },
        {
            "x": [[1.0, 1.0], [2.0, 1.0]],
            "d": [8.0, 2.0],
            "q": [8.0 + 64.0, 9.0 + 6.0 + 8.0],
            "C": [[[4.0, 0.0], [0.0, 16.0]], [[2.0, 2.0], [2.0, 4.0]]],
            "t": [0.75, 1.5],
        },
    ),
    "arrays that are made in each element": (
        "param x[N]\nv[i] = [x[i], x[i]^2]\nw[i] = sum(stack(x, x*x)[1]) * x[i]\n"
        "m[i] = det([[x[i], 1], [2, x[0]]])\ne2[i in 2] = x[i] * eye(2)",
        {"x": [2.0, 3.0]},
        {
            "v": [[2.0, 4.0], [3.0, 9.0]],
            "w": [26.0, 39.0],
            "m": [2.0, 4.0],
            "e2": [[[2.0, 0.0], [0.0, 2.0]], [[3.0, 0.0], [0.0, 3.0]]],
        },
    ),
    "a condition chooses between rows": (
        "param X[N, D], w[D]\ny[n] = X[n] if X[n, 0] > 2 else w\n"
        "z[n in N] = X[n-1] if n > 0 else w",
        {"X": A, "w": [9.0, 8.0, 7.0]},
        {"y": [[9.0, 8.0, 7.0], A[1]], "z": [[9.0, 8.0, 7.0], A[0]]},
    ),
}

ALL = {
    f"{group}: {name}": case
    for group, cases in {
        "maps": MAPS,
        "ranges": RANGES,
        "reductions": REDUCTIONS,
        "gathers": GATHERS,
        "parts": PARTS,
    }.items()
    for name, case in cases.items()
}


def with_all_outputs(text: str, expected: dict[str, Any]) -> str:
    return f"{text}\noutput {', '.join(expected)}"


@pytest.mark.parametrize("name", ALL)
def test_it_means(name: str) -> None:
    text, data, expected = ALL[name]
    known = {key: value for key, value in expected.items() if value is not None}
    agree(with_all_outputs(text, expected), data, **known)


def test_the_order_of_definitions_is_free_for_data_of_any_size() -> None:
    for size in (1, 2, 5):
        x = np.linspace(1.0, 2.0, size)
        text = "param x[N]\nc[i in N] = sum[j in 0:i+1](x[j]^2)\nJ = sum[i](c[i] * x[i])"
        agree(text, {"x": x}, c=np.cumsum(x**2))


def test_second_derivatives() -> None:
    text = (
        "param x[N], A[N, N]\ninput a[N] in N\n"
        "y[i] = sum[j](A[i, j] * sin(x[j])) * x[a[i]]\nJ = sum[i](y[i]^2) + max[i](x[i]^3)"
    )
    random = np.random.default_rng(1)
    data = {"x": random.normal(size=3), "A": random.normal(size=(3, 3)), "a": [2, 0, 2]}
    Agreement(text, data).check_hessian()


WRONG = {
    "an index without a bound": "param x\ny[i] = x",
    "an index bounded only in a branch": "param x[N]\ny[i] = x[i] if N > 2 else 0",
    "axes of different sizes": "param x[N], y[M]\nz[i] = x[i] + y[i]",
    "an index that is not bound": "param x[N]\ny[i] = x[j]",
    "an index that is a quantity": "param x[N], i\ny[i] = x[i]",
    "an index after its reduction": "param x[N]\ny = sum[i](x[i]) + i",
    "an index twice on the left": "param S[N, N]\ny[i, i] = S[i, i]",
    "an index on the left again in a reduction": "param S[N, N]\ny[i] = sum[i](S[i, i])",
    "too many subscripts": "param x[N]\ny[i] = x[i, 0]",
    "a subscript that is a real": "param x[N], s\ny[i] = x[s] + x[i]",
    "a subscript always out of range": "param x[3]\ny = sum[i in 3](x[i + 1])",
    "a left-hand range from 1": "param x[N]\ny[i in 1:N] = x[i]",
    "no reduction of this name": "param x[N]\ny = total[i](x[i])",
    "a truth value as an element": "param x[N]\ny = sum[i](x[i] > 0)",
    "a number in any": "param x[N]\ny = 1 if any[i](x[i]) else 0",
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused(name: str) -> None:
    with pytest.raises(gradc.SourceError):
        gradc.compile(WRONG[name])


OUTSIDE: dict[str, tuple[str, dict[str, Any]]] = {
    "for some sizes": ("param x[N]\ny[i in N - 1] = x[i + 2]", {"x": X}),
    "below, for the first element": ("param x[N]\ny[i] = x[i] * x[i - 1]", {"x": X}),
    "in the branch that is taken": ("param x[N]\ny[i in N] = x[i+1] if i >= 0 else 0", {"x": X}),
    "through an integer": ("param x[N]\ninput a[P] in N\ny[p] = x[a[p] + 1]", {"x": X, "a": [3]}),
    "below, through an integer": (
        "param x[N]\ninput a[P] in N\ny[p] = x[a[p] - 1]",
        {"x": X, "a": [1, 0]},
    ),
    "in the data": ("param x[N]\ninput a[P] in N\ny[p] = x[a[p]]", {"x": X, "a": [4]}),
    "below 0 in the data": ("param x[N]\ninput a[P] in N\ny[p] = x[a[p]]", {"x": X, "a": [-1]}),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_read_outside_an_array_is_an_error_never_a_wrapped_read(name: str) -> None:
    text, data = OUTSIDE[name]
    with pytest.raises((gradc.SourceError, gradc.InputError, IndexError)):
        gradc.compile(text).forward(**data)
