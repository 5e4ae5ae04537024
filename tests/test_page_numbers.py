"""The page writes numbers as the runner does, and reads what people type: its scripts in Node."""

from __future__ import annotations

import json
import math
import random
import shutil
import struct
import subprocess

import numpy as np
import pytest

from gradc.report.numbers import array_cell, array_summary, number
from gradc.report.page.document import asset

ENTRY = ("numbers.js", "entry.js")

node = shutil.which("node")
pytestmark = pytest.mark.skipif(node is None, reason="needs Node.js")


def bits(x):
    return struct.pack("<d", float(x)).hex()


def script(body, argument, *names):
    """What an expression over functions of the page's scripts gives for an argument `d`."""
    text = "".join(map(asset, names)) + (
        "const d = JSON.parse(require('fs').readFileSync(0));"
        "const real = (hex) => Buffer.from(hex, 'hex').readDoubleLE();"
        "const bits = (x) => (b => (b.writeDoubleLE(x), b.toString('hex')))(Buffer.alloc(8));"
        f"process.stdout.write(JSON.stringify({body}));"
    )
    done = subprocess.run(
        [node, "-e", text],
        input=json.dumps(argument),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def hard_numbers():
    rng = random.Random(1)
    yield from (0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308)
    yield from (100000.5, 100001.5, 1000005e5, 1000015e5, 1e10, -1e10, 9999999999.0, 999999.5)
    yield from (0.0001, 0.00001, 9.999995, 99999.95, 9.9999950000000001e-5, 33.0, -1e-300)
    for _ in range(4000):
        yield struct.unpack("d", struct.pack("Q", rng.getrandbits(64)))[0]
        yield rng.gauss(0, 1) * 10 ** rng.randint(-8, 14)
        yield float(rng.randint(-(10**11), 10**11))
        yield (rng.randint(100000, 999999) + 0.5) * 2.0 ** rng.randint(-3, 3)  # ties
        yield (rng.randint(100000, 999999) * 10 + 5) * 10.0 ** rng.randint(-9, 12)


def arrays():
    rng = random.Random(2)
    for _ in range(600):
        shape = tuple(rng.choice([0, 1, 2, 3, 7, 20, 40]) for _ in range(rng.randint(1, 3)))
        kind = rng.choice([lambda: rng.gauss(0, 10), lambda: float(rng.randint(-5, 5))])
        value = np.array([kind() for _ in range(math.prod(shape))]).reshape(shape)
        if value.size and rng.random() < 0.3:
            odd = rng.choice([math.nan, math.inf, -math.inf, -0.0, 1e-300, 1e300])
            value.flat[rng.randrange(value.size)] = odd
        yield value
    for size in (8, 9, 127, 128, 129, 1000, 1001, 12345):  # where NumPy adds in another order
        yield np.array([rng.random() for _ in range(size)])
    yield np.full(5, math.nan)


def test_every_number_is_written_as_python_does():
    numbers = list(hard_numbers())
    written = script("d.map(real).map(number)", list(map(bits, numbers)), "numbers.js")
    assert written == list(map(number, numbers))


def test_every_array_is_written_as_python_does():
    values = list(arrays())
    given = [[value.shape, [bits(x) for x in value.ravel()]] for value in values]
    array = "d.map(([shape, data]) => ({shape, data: Float64Array.from(data.map(real))}))"
    cells = script(f"{array}.map((x) => arrayCell(x))", given, "numbers.js")
    summaries = script(f"{array}.map((x) => arraySummary(x))", given, "numbers.js")
    with np.errstate(all="ignore"):
        assert cells == list(map(array_cell, values))
        assert summaries == list(map(array_summary, values))


def test_truth_values_are_words():
    assert script("[true, false].map(number)", None, "numbers.js") == ["true", "false"]
    value = "{shape: [2], data: [true, false]}"
    assert script(f"arrayCell({value})", None, "numbers.js") == "[true, false]"


@pytest.mark.parametrize(
    "text",
    ["5", " -0.25 ", "1e-3", "+5", ".5", "1E+3", "nan", "inf", "-inf", "0", "-0", "12345678901234"],
)
def test_a_number_is_read(text):
    got = script("bits(readNumber(d, {integer: false, below: null}).value)", text, *ENTRY)
    assert got == bits(float(text))


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1,5", "0x10", "1e", "--1", "1 2", "__proto__", "1_000", "\uff11", "1e999", "01"],
)
def test_what_is_no_number_is_refused(text):
    got = script("readNumber(d, {integer: false, below: null})", text, *ENTRY)
    assert "value" not in got
    assert got["problem"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [("1.5", "integer"), ("3", "one of 0 .. 2"), ("-1", "one of 0 .. 2"), ("nan", "integer")],
)
def test_an_index_is_checked(text, problem):
    got = script("readNumber(d, {integer: true, below: 3})", text, *ENTRY)
    assert problem in got["problem"]


def test_an_array_is_read():
    read = "readArray(d[0], d[1], {integer: false, below: null}).value"
    got = script(read, ["[[1, 2.5], [-3, 4e2]]", [2, 2]], *ENTRY)
    assert got == {"shape": [2, 2], "data": [1, 2.5, -3, 400]}
    special = script(f"{read}.data.map(bits)", ["[nan, -inf, inf]", [3]], *ENTRY)
    assert special[1:] == [bits(-math.inf), bits(math.inf)]


@pytest.mark.parametrize(
    "text",
    ["", "[1, 2", "[1]", "[1, 2, 3]", "[[1, 2]]", '["a", 2]', "[1, null]", "{}", "[1, 1e999]", "7"],
)
def test_what_is_no_such_array_is_refused(text):
    got = script("readArray(d, [2], {integer: false, below: null})", text, *ENTRY)
    assert "value" not in got
    assert got["problem"]


def test_what_is_written_reads_back():
    numbers = [x for x in hard_numbers() if not math.isnan(x)][:3000]
    back = "d.map((hex) => bits(readNumber(typed(real(hex)), {integer: false, below: null}).value))"
    assert script(back, list(map(bits, numbers)), *ENTRY) == list(map(bits, numbers))


def test_a_number_lies_on_its_slider():
    numbers = [x for x in hard_numbers() if x == 0 or 1e-300 < abs(x) < 1e300]
    inside = (
        "d.map(real).filter((x) => { const r = sliderRange(x, {integer: false, below: null});"
        "return !(r.min <= x && x <= r.max && r.step > 0 && liesOn(x, r)); })"
    )
    assert script(inside, list(map(bits, numbers)), *ENTRY) == []
