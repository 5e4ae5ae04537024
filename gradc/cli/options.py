"""Arguments and options that several commands share."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import click

from gradc.api import LARGEST_PROGRAM, decode_source, listed_names, read_bounded, read_source
from gradc.cli.boundary import report
from gradc.compiler import compile_program
from gradc.diagnostics import Diagnostic, Source, UsageError
from gradc.frontend.lower import check
from gradc.ir.precision import Precision
from gradc.ir.program import Program
from gradc.runtime.engines import MOST_THREADS, NAMES, Engine, Name

# JSON on standard input; as objects it takes ten times as much.
LARGEST_DATA = 2**30

# Processes, each of which takes tens of megabytes.
LARGEST_TEAM = 1024

F = TypeVar("F", bound=Callable[..., Any])

program_argument = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True)
)

wrt_option = click.option(
    "--wrt",
    metavar="NAMES",
    help="Inputs to differentiate with respect to, separated by commas. "
    "Default: the params, else every real input.",
)

dtype_option = click.option(
    "--dtype",
    type=click.Choice([each.value for each in Precision]),
    default=Precision.DOUBLE.value,
    show_default=True,
    help="The precision of real numbers.",
)

format_option = click.option(
    "--format",
    "format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How results and messages are written; messages go to standard error.",
)


def inputs_options(function: F) -> F:
    """`--inputs SPEC`, repeated, and bare `NAME=VALUE` arguments."""
    option = click.option(
        "--inputs",
        "specs",
        multiple=True,
        metavar="SPEC",
        help="NAME=VALUE[,NAME=VALUE...] with JSON-style arrays, a .json, .csv, .npy or .npz "
        "file, NAME=FILE, or - for JSON on standard input. May be repeated; NAME=VALUE "
        "arguments after it are taken too.",
    )
    return option(click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")(function))


def workers_options(function: F) -> F:
    """`--workers N` and `--scheduler ADDRESS`."""
    processes = click.option(
        "--workers",
        type=click.IntRange(1, LARGEST_TEAM),
        metavar="N",
        help="Compute blocks of rows, of --chunk ROWS or a few megabytes, in N processes.",
    )
    cluster = click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Compute blocks of rows on the Dask cluster whose scheduler is there, as in "
        "tcp://192.168.0.1:8786.",
    )
    return processes(cluster(function))


def engine_options(function: F) -> F:
    """`--engine NAME`, `--threads N` and `-v`."""
    engine = click.option(
        "--engine",
        type=click.Choice(NAMES),
        default=NAMES[0],
        show_default=True,
        help="What computes: emitted Python, of scalars only; the same with NumPy; or emitted C, "
        "which is compiled. auto: C where it takes less time with compiling, else NumPy.",
    )
    threads = click.option(
        "--threads",
        type=click.IntRange(1, MOST_THREADS),
        metavar="N",
        help="Divide long loops of C among N threads; numbers do not depend on N. Default: what "
        "OMP_NUM_THREADS says, else one for each core.",
    )
    verbose = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        help="Say on standard error which engine computes, and why.",
    )
    return engine(threads(verbose(function)))


def engine_of(name: Name, threads: int | None, verbose: bool, format: str) -> Engine:
    """What is asked for, and where what there is to say of it goes: once, for a request may need
    several functions."""
    if threads is not None and name in ("python", "numpy"):
        message = f"--threads divides loops of C, and --engine {name} asks for another engine"
        help = "leave one of them out, or choose --engine c"
        raise UsageError([Diagnostic("G0704", message, help=help)])
    said: set[str] = set()

    def say(line: str) -> None:
        if not verbose or said:
            return
        said.add(line)
        if format == "json":
            report([Diagnostic("", f"engine: {line}", severity="note")], format)
        else:
            click.echo(f"engine: {line}", err=True)

    warned: set[str] = set()

    def warn(found: Diagnostic) -> None:
        if found.message not in warned:
            warned.add(found.message)
            report([found], format)

    return Engine(name, threads, say, warn)


class Between(click.FloatRange):
    """A number of a range; one that is none compares as if it were in each."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


class Followed(click.Command):
    """A command with options that also take the NAME=VALUE arguments right behind theirs."""

    followed: tuple[str, ...] = ("--by",)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(_each_by(args, self.followed)))


# An assignment to a name or to an element, and not a path that happens to hold an equals sign.
_FOLLOWS = re.compile(r"\s*[^\W\d]\w*\s*(\[[^\[\]=]*\]\s*)?=")


def _each_by(args: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    """The arguments, with the option that it follows before each further assignment."""
    following, pending = None, False
    for i, arg in enumerate(args):
        if arg == "--":
            yield from args[i:]
            return
        if pending:
            pending = False
        elif arg.startswith("-") and arg != "-":
            following = next((o for o in options if arg == o or arg.startswith(f"{o}=")), None)
            pending = arg == following
        elif following is not None and _FOLLOWS.match(arg):
            yield following
        else:
            following = None
        yield arg


def read_checked(file: str, format: str) -> Program:
    """The program of a file as it is written, before derivatives are expanded."""
    program = check(_source(file))
    report(program.warnings, format)
    return program


def read_program(file: str, format: str, dtype: str = Precision.DOUBLE.value) -> Program:
    """The checked program of a file, or of standard input, for a precision; warnings are
    reported."""
    program = replace(compile_program(_source(file)), precision=Precision(dtype))
    report(program.warnings, format)
    return program


def _source(file: str) -> Source:
    if file == "-":
        return decode_source(
            "<stdin>", read_bounded(sys.stdin.buffer, "standard input", LARGEST_PROGRAM)
        )
    return read_source(file)


def names(text: str | None) -> list[str] | None:
    """The names in `a,b`; None where the option was not given."""
    return None if text is None else listed_names(text)


def input_specs(file: str, specs: Sequence[str], values: Sequence[str]) -> list[str]:
    """All inputs given; raises UsageError where program and data both are standard input."""
    given = [*specs, *values]
    if file == "-" and "-" in given:
        raise UsageError(
            [
                Diagnostic(
                    "G0704",
                    "the program and its inputs cannot both come from standard input",
                    help="name a file for one of them",
                )
            ]
        )
    stray = [value for value in values if "=" not in value and value != "-"]
    if stray and not specs:
        raise UsageError(
            [
                Diagnostic(
                    "G0704",
                    f"`{stray[0]}` is not NAME=VALUE",
                    help="give values as --inputs a=5 b=3, files as --inputs data.json",
                )
            ]
        )
    return given


def standard_input() -> str:
    """All of standard input as text."""
    content = read_bounded(sys.stdin.buffer, "standard input", LARGEST_DATA)
    return content.decode("utf-8", errors="surrogateescape")
