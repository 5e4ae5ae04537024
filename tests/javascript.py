"""Running emitted JavaScript: many modules in one process of node, numbers to the last bit."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

_RUNNER = """
import { readFileSync } from "node:fs";
const encoded = (x) => {
    if (x === undefined) throw new Error("undefined in a result");
    if (typeof x === "number") {
        return Number.isNaN(x) ? "nan" : !Number.isFinite(x) || Object.is(x, -0) ? `${
            Object.is(x, -0) ? "-0" : x > 0 ? "inf" : "-inf"}` : x;
    }
    if (typeof x === "boolean") return x;
    if (Array.isArray(x)) return x.map(encoded);
    if (x.shape.reduce((a, b) => a * b, 1) !== x.data.length) throw new Error("a wrong size");
    return { shape: x.shape, data: Array.from(x.data, encoded) };
};
const decoded = (x) => {
    if (typeof x === "string") {
        return { nan: NaN, inf: Infinity, "-inf": -Infinity, "-0": -0 }[x];
    }
    if (Array.isArray(x)) return x.map(decoded);
    return typeof x === "object" ? { shape: x.shape, data: x.data.map(decoded) } : x;
};
const jobs = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const { text, calls } of jobs) {
    const url = "data:text/javascript;base64," + Buffer.from(text).toString("base64");
    const results = [];
    try {
        const module = await import(url);
        for (const [name, args] of calls) {
            try {
                const saved = name === "reverse" ? [results.saved] : [];
                let result = module[name](...saved, ...decoded(args));
                if (name === "forward") [result, results.saved] = result;
                results.push(encoded(result));
            } catch (error) {
                results.push({ error: error.message });
            }
        }
        console.log(JSON.stringify(results));
    } catch (error) {
        console.log(JSON.stringify({ error: `${error.name}: ${error.message}` }));
    }
}
"""


class Job(NamedTuple):
    """A module, and the calls of its functions; `reverse` is given what `forward` saved."""

    text: str
    calls: Sequence[tuple[str, Sequence[Any]]]


def _blocks() -> ModuleType:
    """`docs/blocks.py`, which runs node too."""
    path = Path(__file__).parents[1] / "docs" / "blocks.py"
    spec = spec_from_file_location("blocks", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


node = _blocks().node
needs_node = pytest.mark.skipif(node() is None, reason="there is no node, nor Playwright's")


def run(jobs: Sequence[Job], folder: Path) -> list[list[Any]]:
    """The results of each job, in order: numbers, arrays, lists of them, or `Fault`."""
    program = node()
    assert program is not None
    (folder / "runner.mjs").write_text(_RUNNER, encoding="utf-8")
    written = [
        {"text": job.text, "calls": [[name, _encoded(list(args))] for name, args in job.calls]}
        for job in jobs
    ]
    (folder / "jobs.json").write_text(json.dumps(written), encoding="utf-8")
    done = subprocess.run(
        [program, "--stack-size=900", str(folder / "runner.mjs"), str(folder / "jobs.json")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(jobs)
    for job, results in zip(jobs, found, strict=True):
        if isinstance(results, dict):
            raise AssertionError(f"{results['error']} in\n{job.text}")
    return [[_decoded(result) for result in results] for results in found]


class Fault(str):
    """The message of what was thrown."""


def check(text: str, folder: Path) -> None:
    """Have node check the syntax of a module."""
    program = node()
    assert program is not None
    path = folder / "checked.mjs"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([program, "--check", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _encoded(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_encoded(one) for one in value]
    array = np.asarray(value)
    if array.shape:
        return {"shape": list(array.shape), "data": [_encoded(one) for one in array.ravel()]}
    if array.dtype.kind in "biu":
        return array.item()
    number = float(array)
    if number != number:
        return "nan"
    if number in (np.inf, -np.inf):
        return "inf" if number > 0 else "-inf"
    return "-0" if number == 0 and np.signbit(number) else number


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        if "error" in value:
            return Fault(value["error"])
        data = [_decoded(one) for one in value["data"]]
        return np.array(data, dtype=None if data else float).reshape(value["shape"])
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    return float(value) if isinstance(value, str) else value
