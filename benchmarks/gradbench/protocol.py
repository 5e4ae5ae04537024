"""The protocol: one message a line in, one response a line out.

Invariant: every message has exactly one response with its id, whatever it holds and whatever
goes wrong; what is wrong is said in `error`.  Deliberately absent: evaluations.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable
from typing import Any, NamedTuple, TextIO

from benchmarks.gradbench import engine
from benchmarks.gradbench.engine import Prepared
from benchmarks.gradbench.evaluations import EVALUATIONS, Function
from benchmarks.gradbench.reading import RefusedError, read
from gradc.diagnostics import GradcError

Message = dict[str, Any]


def serve(lines: Iterable[bytes], out: TextIO) -> None:
    """Answer messages until there are no more."""
    for line in lines:
        if line.strip():
            print(json.dumps(response(line)), file=out, flush=True)


def response(line: bytes) -> Message:
    """The response to one line."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": None, "success": False, "error": f"a message is one line of JSON: {error}"}
    if not isinstance(message, dict):
        return {"id": None, "success": False, "error": "a message is an object of JSON"}
    return {"id": message.get("id"), **_content(message)}


def _content(message: Message) -> Message:
    kind = message.get("kind")
    if kind == "start":
        return {"tool": "gradc", "config": {"engine": engine.chosen()}}
    if kind not in ("define", "evaluate"):
        return {}
    try:
        return {"success": True, **(_define if kind == "define" else _evaluate)(message)}
    except (RefusedError, GradcError) as error:
        return {"success": False, "error": str(error)}
    except Exception as error:  # the eval is to hear of it, and to go on with its next message
        return {"success": False, "error": f"{type(error).__name__}: {error}"}


def _define(message: Message) -> Message:
    start = time.perf_counter_ns()
    for function in _module(message).values():
        function.compile()
    return {"timings": [_timing("compile", time.perf_counter_ns() - start)]}


def _evaluate(message: Message) -> Message:
    functions = _module(message)
    name = message.get("function")
    if not isinstance(name, str) or name not in functions:
        raise RefusedError(
            f"{message['module']} has no function {name!r}; it has {_list(functions)}"
        )
    if "input" not in message:
        raise RefusedError("the message has no `input`")
    given = message["input"]
    runs = _runs(given)
    prepared = functions[name].prepare(given)
    result, times = _timed(prepared, runs)
    timings = [_timing("evaluate", nanoseconds) for nanoseconds in times]
    return {"output": prepared.output(result), "timings": timings}


def _module(message: Message) -> dict[str, Function]:
    name = message.get("module")
    if not isinstance(name, str) or name not in EVALUATIONS:
        raise RefusedError(f"there is no module {name!r}; there are {_list(EVALUATIONS)}")
    return EVALUATIONS[name]


class _Runs(NamedTuple):
    least: int
    seconds: float


def _runs(given: object) -> _Runs:
    """How often and how long to run; once where the input does not say."""
    if not isinstance(given, dict):
        return _Runs(1, 0.0)
    fields = {"min_runs": 1, "min_seconds": 0.0, **given}
    least = read(fields, "min_runs").whole(1)
    seconds = read(fields, "min_seconds").number()
    if not (seconds >= 0 and math.isfinite(seconds)):
        raise RefusedError(f"min_seconds is {seconds}; allowed is 0 and more")
    return _Runs(least, seconds)


def _timed(prepared: Prepared, runs: _Runs) -> tuple[Any, list[int]]:
    """The last result, and the nanoseconds of each run."""
    times: list[int] = []
    limit = runs.seconds * 1e9
    elapsed = 0
    result: Any = None
    while len(times) < runs.least or elapsed < limit:
        start = time.perf_counter_ns()
        result = prepared.run()
        taken = time.perf_counter_ns() - start
        times.append(taken)
        elapsed += taken
    return result, times


def _timing(name: str, nanoseconds: int) -> Message:
    return {"name": name, "nanoseconds": nanoseconds}


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
