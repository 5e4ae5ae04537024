"""Every example runs, and its numbers agree with the mathematics written out again here.

The references are in mpmath at 50 digits and know nothing of gradc: each states its formula
from the cited source, element by element.  Derivatives are central differences of the
reference with a step of 1e-15, whose error is about 1e-30; one example has a kink and states
its derivative.
"""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.g"))
TOLERANCE = 1e-10


def gradc(*arguments):
    """Standard output of a command that succeeds."""
    done = subprocess.run(
        [sys.executable, "-m", "gradc", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# References: a function of the inputs by name, returning the outputs by name


def dot(x, y):
    return sum((a * b for a, b in zip(x, y, strict=True)), mpf(0))


def column(a, j):
    return [row[j] for row in a]


def circuit(a, b, c):
    return {"J": 3 * (a + b * c)}


def log_sin(x):
    return {"J": mp.log(mp.sin(x**3) ** 2)}


def polynomial(x):
    return {"J": x * (1 + x)}


def neuron(x, y, w, b):
    return {"J": (max(mpf(0), dot(w, x) + b) - y) ** 2 / 2}


def neuron_batch(X, y, w, b):  # noqa: N803
    errors = [max(mpf(0), dot(w, x) + b) - t for x, t in zip(X, y, strict=True)]
    return {"J": sum(e**2 for e in errors) / (2 * len(y))}


def logistic_regression(X, y, w, b):  # noqa: N803
    total = mpf(0)
    for x, t in zip(X, y, strict=True):
        p = 1 / (1 + mp.exp(-(dot(w, x) + b)))
        total -= t * mp.log(p) + (1 - t) * mp.log(1 - p)
    return {"J": total / len(y) + mpf(0.1) / 2 * dot(w, w)}


def softmax_cross_entropy(x, t, W, b):  # noqa: N803
    # In the one-hot t the example trusts that its elements sum to 1; so does the formula.
    z = [dot(row, x) + bias for row, bias in zip(W, b, strict=True)]
    return {"J": mp.log(sum(map(mp.exp, z))) - dot(t, z)}


def two_layer(X, Y, W1, b1, W2, b2):  # noqa: N803
    total = mpf(0)
    for x, y in zip(X, Y, strict=True):
        hidden = [mp.tanh(dot(x, column(W1, h)) + b1[h]) for h in range(len(b1))]
        for k, target in enumerate(y):
            total += (dot(hidden, column(W2, k)) + b2[k] - target) ** 2
    return {"J": total / (2 * len(X))}


def ridge(X, y, w, **rest):  # noqa: N803
    squares = sum((dot(x, w) - t) ** 2 for x, t in zip(X, y, strict=True))
    return {"J": squares + rest["lambda"] * dot(w, w)}


def log_sum_exp(x, T):  # noqa: N803
    return {"J": T * mp.log(sum(mp.exp(a / T) for a in x))}


def morse(D, a, r_e, r):  # noqa: N803
    return {"V": D * (1 - mp.exp(-a * (r - r_e))) ** 2}


def lennard_jones(epsilon, sigma, p, q, r):
    def pair(x, y):
        s = sigma**2 / sum((a - b) ** 2 for a, b in zip(x, y, strict=True))
        return 4 * epsilon * (s**6 - s**3)

    return {"E": pair(p, q) + pair(q, r) + pair(r, p)}


def spring_chain(k, beta, L, x):  # noqa: N803
    energy = mpf(0)
    for left, right in pairwise([mpf(0), *x]):
        stretch = right - left - L
        energy += k * stretch**2 / 2 + beta * stretch**4 / 4
    return {"V": energy}


def double_pendulum(m1, m2, l1, l2, theta1, theta2, w1, w2):
    # From the velocities of the two bobs rather than from the closed formula.
    vx1, vy1 = l1 * w1 * mp.cos(theta1), l1 * w1 * mp.sin(theta1)
    vx2, vy2 = vx1 + l2 * w2 * mp.cos(theta2), vy1 + l2 * w2 * mp.sin(theta2)
    y1 = -l1 * mp.cos(theta1)
    y2 = y1 - l2 * mp.cos(theta2)
    kinetic = (m1 * (vx1**2 + vy1**2) + m2 * (vx2**2 + vy2**2)) / 2
    return {"L": kinetic - mpf(9.81) * (m1 * y1 + m2 * y2)}


def rosenbrock(x):
    return {"J": sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))}


def black_scholes(S, sigma, r, T, K):  # noqa: N803
    d1 = (mp.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * mp.sqrt(T))
    d2 = d1 - sigma * mp.sqrt(T)
    return {"C": S * mp.ncdf(d1) - K * mp.exp(-r * T) * mp.ncdf(d2)}


def gaussian_nll(x, mu, rho):
    sigma = mp.exp(rho)
    return {"J": -sum(mp.log(mp.npdf(a, mu, sigma)) for a in x)}


def gaussian_process(d2, y, log_f, log_l, log_s):
    f, length, noise = mp.exp(log_f), mp.exp(log_l), mp.exp(log_s)
    n = len(y)
    K = mpmath.matrix(n, n)  # noqa: N806
    for i in range(n):
        for j in range(n):
            K[i, j] = f**2 * mp.exp(-d2[i][j] / (2 * length**2)) + (noise**2 if i == j else 0)
    alpha = mpmath.lu_solve(K, mpmath.matrix(y))
    return {"J": dot(y, alpha) / 2 + mp.log(mpmath.det(K)) / 2 + mpf(n) / 2 * mp.log(2 * mp.pi)}


def van_der_waals(a, b, n, V, T):  # noqa: N803
    volume = V / n  # of one mole
    return {"P": mpf(8.31446261815324) * T / (volume - b) - a / volume**2}


def huber(X, y, delta, w):  # noqa: N803
    total = mpf(0)
    for x, t in zip(X, y, strict=True):
        r = abs(dot(x, w) - t)
        total += r**2 / 2 if r <= delta else delta * r - delta**2 / 2
    return {"J": total}


def entropy(p):
    return {"H": -sum((a * mp.log(a) for a in p if a > 0), mpf(0))}


def polar(r, phi):
    z = mp.rect(r, phi)
    return {"x": z.real, "y": z.imag}


REFERENCES = {
    name: globals()[name]
    for name in (
        *("circuit", "log_sin", "polynomial", "neuron", "neuron_batch", "logistic_regression"),
        *("softmax_cross_entropy", "two_layer", "ridge", "log_sum_exp", "morse"),
        *("lennard_jones", "spring_chain", "double_pendulum", "rosenbrock", "black_scholes"),
        *("gaussian_nll", "gaussian_process", "van_der_waals", "huber", "entropy", "polar"),
    )
}

# Where differences do not give the derivative: at p = 0 the branch taken is constant.
DERIVATIVES = {
    "entropy": lambda p: {"H": {"p": [-mp.log(a) - 1 if a > 0 else mpf(0) for a in p]}},
}


@pytest.fixture(autouse=True)
def fifty_digits():
    with mp.workdps(50):
        yield


def exact(value):
    return [exact(item) for item in value] if isinstance(value, list) else mpf(value)


def inputs_of(name):
    return json.loads((ROOT / "examples" / f"{name}.json").read_text(encoding="utf-8"))


def derivatives_of(name, inputs):
    """d output / d input by the reference: nested lists of the inputs' shapes."""
    if name in DERIVATIVES:
        return DERIVATIVES[name](**inputs)
    reference = REFERENCES[name]
    step = mpf(10) ** -15
    outputs = reference(**inputs)

    def along(output, value, put):
        """The derivative by one input; `put` makes inputs with the value replaced."""
        if isinstance(value, list):
            return [
                along(output, item, lambda new, i=i: put([*value[:i], new, *value[i + 1 :]]))
                for i, item in enumerate(value)
            ]
        up, down = reference(**put(value + step)), reference(**put(value - step))
        return (up[output] - down[output]) / (2 * step)

    return {
        output: {
            name: along(output, value, lambda new, name=name: {**inputs, name: new})
            for name, value in inputs.items()
        }
        for output in outputs
    }


def assert_close(found, expected, what):
    if isinstance(expected, list):
        assert len(found) == len(expected), what
        for i, (a, b) in enumerate(zip(found, expected, strict=True)):
            assert_close(a, b, f"{what}[{i}]")
        return
    assert isinstance(found, float), what
    error = abs(mpf(found) - expected)
    assert error <= TOLERANCE * abs(expected), f"{what}: {found!r}, expected {expected}"


def test_every_example_has_a_reference_and_inputs():
    assert sorted(REFERENCES) == EXAMPLES
    assert len(EXAMPLES) >= 14
    assert sorted(path.stem for path in (ROOT / "examples").glob("*.json")) == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_outputs_and_gradients(name):
    inputs = exact(list(inputs_of(name).values()))
    inputs = dict(zip(inputs_of(name), inputs, strict=True))
    outputs, expected = REFERENCES[name](**inputs), derivatives_of(name, inputs)
    for output in outputs:
        seed = () if len(outputs) == 1 else ("--seed-output", output)
        text = gradc(
            *("run", f"examples/{name}.g", "--inputs", f"examples/{name}.json"),
            *("--format", "json", "--wrt", ",".join(inputs), *seed),
        )
        result = json.loads(text)
        assert list(result["outputs"]) == [output]
        assert_close(result["outputs"][output], outputs[output], output)
        assert set(result["gradients"]) == set(inputs)
        for wrt, derivative in expected[output].items():
            assert_close(result["gradients"][wrt], derivative, f"d{output}/d{wrt}")


@pytest.mark.parametrize("name", EXAMPLES)
def test_table(name):
    text = gradc("run", f"examples/{name}.g", "--inputs", f"examples/{name}.json")
    first_words = {line.split()[0] for line in text.splitlines()}
    assert set(inputs_of(name)) | set(REFERENCES[name](**_doubles(name))) <= first_words


def _doubles(name):
    return {key: exact(value) for key, value in inputs_of(name).items()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_forward_and_reverse_are_transposes(name):
    """`w . (J v)` equals `(J^T w) . v`, with the two products from the two modes."""
    inputs = inputs_of(name)
    module = {"__name__": "emitted"}
    exec(gradc("compile", f"examples/{name}.g", "--wrt", ",".join(inputs)), module)
    parameters = inspect.signature(module["forward"]).parameters
    names = [name.rstrip("_") for name in parameters]  # `lambda` is `lambda_` in Python
    rng = np.random.default_rng(20)
    values = [np.asarray(inputs[key], float) for key in names]
    moves = [rng.standard_normal(value.shape) for value in values]
    values, moves = ([v if v.ndim else float(v) for v in vs] for vs in (values, moves))
    value, saved = module["forward"](*values)
    several = isinstance(value, tuple)
    weights = [float(w) for w in rng.standard_normal(len(value) if several else 1)]
    adjoints = module["reverse"](saved, *weights)
    again, tangents = module["tangent"](*values, *moves)
    assert again == value
    tangents = tangents if several else (tangents,)
    forward = sum(w * t for w, t in zip(weights, tangents, strict=True))
    adjoints = adjoints if isinstance(adjoints, tuple) else (adjoints,)
    terms = [np.sum(a * m) for a, m in zip(adjoints, moves, strict=True)]
    assert abs(forward - sum(terms)) <= TOLERANCE * sum(map(abs, terms))


def test_the_differences_are_accurate():
    """The method of this file, on a function whose derivative is known."""
    with mp.workdps(50):
        x = mpf("0.3")
        found = derivatives_of("log_sin", {"x": x})["J"]["x"]
        known = 6 * x**2 * mpmath.cot(x**3)
        assert abs(found - known) < mpf(10) ** -25
