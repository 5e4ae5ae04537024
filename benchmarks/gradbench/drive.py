"""The driver: sends the messages of evaluations to the tool, and checks what it answers.

    python -m benchmarks.gradbench.drive [EVALUATION ...] [--small] [--seconds S]

Outputs at small sizes are compared with references to nine digits.  At GradBench's own sizes
times are printed: of the first run, and the median of all.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from benchmarks.gradbench.evaluations import EVALUATIONS
from benchmarks.gradbench.inputs import Workload, workloads
from benchmarks.gradbench.references import differences, expected

_ROOT = Path(__file__).parents[2]


class Tool:
    """A process of the tool, and the conversation with it."""

    def __init__(self, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.gradbench", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
            env={**os.environ, **(environment or {})},
        )
        self._next = 0

    def __enter__(self) -> Tool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def send(self, kind: str, **content: Any) -> Any:
        """The response to a message."""
        message = {"id": self._next, "kind": kind, **content}
        return self.line(json.dumps(message))

    def line(self, text: str) -> Any:
        """The response to a line, whatever it is."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(text, file=self._process.stdin, flush=True)
        self._next += 1
        return json.loads(self._process.stdout.readline())


class Outcome(NamedTuple):
    """What became of one evaluation of one function."""

    evaluation: str
    function: str
    description: str
    problems: tuple[str, ...]
    microseconds: tuple[float, ...]  # of each run


def drive(
    tool: Tool, evaluation: str, small: bool, seconds: float, functions: Iterable[str] = ()
) -> Iterator[Outcome]:
    """Run the functions named, or all of an evaluation, for all its workloads."""
    tool.send("start", eval=evaluation)
    defined = tool.send("define", module=evaluation)
    if not defined["success"]:
        yield Outcome(evaluation, "define", "", (defined["error"],), ())
        return
    for workload in workloads(evaluation, small):
        for function in functions or EVALUATIONS[evaluation]:
            yield _outcome(tool, evaluation, function, workload, small, seconds)


def _outcome(
    tool: Tool, evaluation: str, function: str, workload: Workload, check: bool, seconds: float
) -> Outcome:
    given = workload.input
    if isinstance(given, dict):
        given = {**given, "min_runs": 1, "min_seconds": seconds}
    of = tool.send(
        "evaluate",
        module=evaluation,
        function=function,
        input=given,
        description=workload.description,
    )
    problems: tuple[str, ...] = ()
    if not of["success"]:
        problems = (of["error"],)
    elif check:
        wanted = expected(evaluation, function, workload.input)
        problems = tuple(differences(of["output"], wanted))
    error = {"error": "\n".join(problems)} if problems else {}
    tool.send("analysis", of=of["id"], valid=not problems, **error)
    times = tuple(timing["nanoseconds"] / 1e3 for timing in of.get("timings", ()))
    return Outcome(evaluation, function, workload.description, problems, times)


def main() -> None:
    """Run the evaluations named, or all, and print a line for each function and size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradbench.drive")
    parser.add_argument("evaluations", nargs="*", metavar="EVALUATION")
    parser.add_argument("--small", action="store_true", help="small sizes, with references")
    parser.add_argument("--seconds", type=float, default=0.2, help="of each function at each size")
    parser.add_argument("--engine", default="c", help="of the tool")
    parser.add_argument("--threads", default="1", help="of the tool")
    options = parser.parse_args()
    unknown = [name for name in options.evaluations if name not in EVALUATIONS]
    if unknown:
        sys.exit(f"no evaluation {unknown[0]!r}; there are {', '.join(EVALUATIONS)}")
    failed = False
    with Tool("--engine", options.engine, "--threads", options.threads) as tool:
        for evaluation in options.evaluations or EVALUATIONS:
            for outcome in drive(tool, evaluation, options.small, options.seconds):
                failed = failed or bool(outcome.problems)
                print(_line(outcome), flush=True)
    sys.exit(1 if failed else 0)


def _line(outcome: Outcome) -> str:
    what = f"{outcome.evaluation:<9} {outcome.function:<10} {outcome.description:<22}"
    if outcome.problems:
        return f"{what} {'; '.join(outcome.problems)}"
    times = outcome.microseconds
    return f"{what} {times[0]:>12.1f} us first {statistics.median(times):>12.1f} us median"


if __name__ == "__main__":
    main()
