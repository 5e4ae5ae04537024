"""Every example runs, and its numbers agree with the mathematics written out in `references`.

The references are in mpmath at 50 digits.  Derivatives are central differences of the
reference with a step of 1e-15, whose error is about 1e-30; where an example has a kink, the
reference states its derivative.  Both modes are compared, one unit direction at a time.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf
from references import DERIVATIVES, REFERENCES, SECOND_WAYS
from started import command

import gradc

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.g"))
TOLERANCE = 1e-10
SMALL = 1e-4  # below this part of its array an element is a difference of larger terms
TRANSPOSES = 1e-13

# Loops of many thousands of steps, and fewer where any step is as good as another.
FEWER = {"particle": ("loop n in 1000", "loop n in 30")}


@pytest.fixture(autouse=True)
def fifty_digits():
    with mp.workdps(50):
        yield


def inputs_of(name):
    return json.loads((ROOT / "examples" / f"{name}.json").read_text(encoding="utf-8"))


def load(name, fewer=False):
    """The program, differentiated with respect to all its real inputs."""
    text = (ROOT / "examples" / f"{name}.g").read_text(encoding="utf-8")
    if fewer and name in FEWER:
        assert FEWER[name][0] in text
        text = text.replace(*FEWER[name])
    every = gradc.compile(text)
    indices = {spec.name for spec in every.program.inputs if spec.below is not None}
    wrt = [key for key in inputs_of(name) if key not in indices]
    return gradc.compile(text, wrt=wrt), indices


def exact(value):
    return [exact(item) for item in value] if isinstance(value, list) else mpf(value)


def exact_inputs(name, indices):
    return {k: v if k in indices else exact(v) for k, v in inputs_of(name).items()}


def numbers(value):
    """The elements of nested lists, in order."""
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value]


def with_element(value, position, change):
    """Nested lists with one element changed, counted in the order of `numbers`."""
    if not isinstance(value, list):
        return value + change
    changed = list(value)
    for i, item in enumerate(value):
        size = len(numbers(item))
        if position < size:
            changed[i] = with_element(item, position, change)
            break
        position -= size
    return changed


def derivatives_of(name, inputs, wrt):
    """d output / d input by the reference: for each pair a matrix of elements by elements."""
    outputs = REFERENCES[name](**inputs)
    if name in DERIVATIVES:
        stated = DERIVATIVES[name](**inputs)
        return {
            (y, x): np.reshape(numbers(stated[y][x]), (len(numbers(outputs[y])), -1))
            for y in outputs
            for x in wrt
        }
    step = mpf(10) ** -15
    columns = {(y, x): [] for y in outputs for x in wrt}
    for x in wrt:
        for position in range(len(numbers(inputs[x]))):
            up, down = (
                REFERENCES[name](**{**inputs, x: with_element(inputs[x], position, change)})
                for change in (step, -step)
            )
            for y in outputs:
                pairs = zip(numbers(up[y]), numbers(down[y]), strict=True)
                columns[y, x].append([(a - b) / (2 * step) for a, b in pairs])
    return {pair: np.array(found, dtype=object).T for pair, found in columns.items()}


def assert_close(found, expected, what):
    """Each element agrees to TOLERANCE of itself, or of SMALL of the largest of its array."""
    found, expected = numbers(np.asarray(found).tolist()), numbers(np.asarray(expected).tolist())
    largest = max(map(abs, expected), default=0)
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert isinstance(a, float), what
        error = abs(mpf(a) - b)
        scale = max(abs(b), SMALL * largest)
        assert error <= TOLERANCE * scale, f"{what}, element {i}: {a!r}, expected {mp.nstr(b, 20)}"


def emitted(compiled):
    """The functions of the module that `gradc compile` prints."""
    module = {"__name__": "emitted"}
    exec(compiled.python, module)
    return module


def arguments(compiled, name):
    """The inputs in the order in which emitted functions take them."""
    given = inputs_of(name)
    whole = {spec.name for spec in compiled.program.inputs if spec.below is not None}
    arrays = [
        np.asarray(given[var.name], int if var.name in whole else float)
        for var in compiled.graph.inputs
    ]
    return [array if array.ndim else array[()] for array in arrays]


def several(value):
    return value if isinstance(value, tuple) else (value,)


def units(shapes):
    """For each element of arrays of these shapes: which array, which element, unit arrays."""
    for which, shape in enumerate(shapes):
        for element in range(int(np.prod(shape, dtype=int))):
            arrays = [np.zeros(shape) for shape in shapes]
            arrays[which].flat[element] = 1.0
            yield which, element, [array if array.ndim else float(array) for array in arrays]


def test_every_example_has_a_reference_and_inputs():
    assert sorted(REFERENCES) == EXAMPLES
    assert len(EXAMPLES) >= 14
    assert sorted(path.stem for path in (ROOT / "examples").glob("*.json")) == EXAMPLES
    assert set(DERIVATIVES) | set(SECOND_WAYS) <= set(EXAMPLES)


def test_every_example_is_listed():
    page = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+)`", page)) == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_values_and_derivatives_in_both_modes(name):
    compiled, indices = load(name)
    inputs = exact_inputs(name, indices)
    wrt = [var.name for var in compiled.wrt]
    outputs, expected = REFERENCES[name](**inputs), derivatives_of(name, inputs, wrt)
    names = [var.name for var in compiled.graph.outputs]
    assert sorted(names) == sorted(outputs)
    functions, given = emitted(compiled), arguments(compiled, name)
    value, saved = functions["forward"](*given)
    values = dict(zip(names, several(value), strict=True))
    for y in names:
        assert_close(np.asarray(values[y], float), outputs[y], y)
    shapes = {key: np.shape(inputs_of(name)[key]) for key in wrt}
    for which, element, seeds in units([np.shape(values[y]) for y in names]):
        adjoints = several(functions["reverse"](saved, *seeds))
        for x, adjoint in zip(wrt, adjoints, strict=True):
            assert np.shape(adjoint) == shapes[x]
            row = expected[names[which], x][element]
            assert_close(np.asarray(adjoint, float), row, f"reverse d{names[which]}/d{x}")
    tangents = {
        pair: np.zeros_like(block, dtype=float).reshape(block.shape)
        for pair, block in expected.items()
    }
    for which, element, moves in units(list(shapes.values())):
        _, found = functions["tangent"](*given, *moves)
        for y, tangent in zip(names, several(found), strict=True):
            tangents[y, wrt[which]][:, element] = np.ravel(tangent)
    for (y, x), block in expected.items():
        assert_close(tangents[y, x], block, f"forward d{y}/d{x}")


@pytest.mark.parametrize("name", EXAMPLES)
def test_forward_and_reverse_are_transposes(name):
    """`w . (J v)` equals `(J^T w) . v`, with the two products from the two modes."""
    compiled, _ = load(name, fewer=True)
    functions, given = emitted(compiled), arguments(compiled, name)
    rng = np.random.default_rng(20)
    named = dict(zip([var.name for var in compiled.graph.inputs], given, strict=True))
    moves = [rng.standard_normal(np.shape(named[var.name])) for var in compiled.wrt]
    value, saved = functions["forward"](*given)
    weights = [rng.standard_normal(np.shape(y)) for y in several(value)]
    moves, weights = (
        [a if a.ndim else float(a) for a in map(np.asarray, each)] for each in (moves, weights)
    )
    adjoints = several(functions["reverse"](saved, *weights))
    again, tangents = functions["tangent"](*given, *moves)
    for one, other in zip(several(value), several(again), strict=True):
        assert np.array_equal(one, other)
    forward = [w * t for w, t in zip(weights, several(tangents), strict=True)]
    reverse = [a * m for a, m in zip(adjoints, moves, strict=True)]
    size = sum(np.sum(np.abs(term)) for term in (*forward, *reverse))
    assert abs(sum(map(np.sum, forward)) - sum(map(np.sum, reverse))) <= TRANSPOSES * size


@pytest.mark.parametrize("name", EXAMPLES)
def test_table(name):
    program = f"examples/{name}"
    done = subprocess.run(
        [*command(), "run", f"{program}.g", "--inputs", f"{program}.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    _, indices = load(name)
    first_words = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    assert (
        set(inputs_of(name)) | set(REFERENCES[name](**exact_inputs(name, indices))) <= first_words
    )


@pytest.mark.parametrize("name", sorted(SECOND_WAYS))
def test_references_agree_with_a_second_formula(name):
    _, indices = load(name)
    inputs = exact_inputs(name, indices)
    outputs, again = REFERENCES[name](**inputs), SECOND_WAYS[name](**inputs)
    for y, expected in again.items():
        for a, b in zip(numbers(outputs[y]), numbers(expected), strict=True):
            assert abs(a - b) <= mpf(10) ** -30 * max(1, abs(b)), y


def test_the_differences_are_accurate():
    """The method of this file, on a function whose derivative is known."""
    with mp.workdps(50):
        x = mpf("0.3")
        found = derivatives_of("log_sin", {"x": x}, ["x"])["J", "x"][0, 0]
        known = 6 * x**2 * mpmath.cot(x**3)
        assert abs(found - known) < mpf(10) ** -25
