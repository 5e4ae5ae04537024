"""Where errors become messages and exit codes.

0 done, 1 the program is wrong, 2 the request is, 3 the data are, 4 the numbers are,
5 a derivative is, as `gradc check` finds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import click

from gradc.collector import uninterrupted
from gradc.diagnostics import Diagnostic, GradcError

INTERNAL_ERROR = 70

_COLLECTED = "gradc.diagnostics"  # in the context of the command


def report(diagnostics: Iterable[Diagnostic], format: str) -> None:
    """Write diagnostics to standard error: as text at once, as JSON in one array at the end."""
    found = tuple(diagnostics)
    if not found:
        return
    if format == "json":
        from gradc.diagnostics.render import render_json

        context = click.get_current_context()
        collected = context.meta.setdefault(_COLLECTED, [])
        if not collected:
            context.call_on_close(lambda: click.echo(render_json(collected), err=True))
        collected += found
    else:
        _write_text(found)


def report_usage(error: click.UsageError, arguments: Sequence[str]) -> None:
    """Write what is wrong with the arguments of a command; none has run, and no context is left."""
    said = error.format_message().rstrip(".")
    command = error.ctx.command_path if error.ctx else "gradc"
    help = f"`{command} --help` shows what it takes"
    found = (Diagnostic("G0704", said[:1].lower() + said[1:], help=help),)
    options = " ".join(arguments).replace("=", " ")
    if "--format json" in options:
        from gradc.diagnostics.render import render_json

        click.echo(render_json(found), err=True)
    else:
        _write_text(found)


def _write_text(found: Sequence[Diagnostic]) -> None:
    from gradc.diagnostics.render import render_text

    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    text = render_text(found, color, terminal_width(sys.stderr) if color else None)
    click.echo(text, err=True, color=True)


def terminal_width(stream: TextIO) -> int | None:
    """The columns of the terminal that a stream writes to; None where it goes elsewhere."""
    if not stream.isatty():
        return None
    return os.get_terminal_size(stream.fileno()).columns or None


def speaks_unicode() -> bool:
    """Whether standard output can show the characters of formulas and plots."""
    try:
        "Δ≈●·░│└─┬←η".encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


@contextmanager
def reported(format: str) -> Iterator[None]:
    """Turn the errors of a command into messages and an exit code."""
    try:
        with uninterrupted():
            yield
    except GradcError as error:
        report(error.diagnostics, format)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader went away: what it wanted it has.  Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        name = error.filename or "standard input or output"
        reason = error.strerror or str(error)
        report([Diagnostic("G0701", f"cannot use {name}: {reason}")], format)
        sys.exit(2)
    except MemoryError:
        report([Diagnostic("G0602", "the computation does not fit in memory")], format)
        sys.exit(4)
    except Exception as error:
        if os.environ.get("GRADC_TRACEBACK"):
            raise
        message = f"a fault of gradc itself: {type(error).__name__}: {error}"
        help = "please report it with the program; GRADC_TRACEBACK=1 shows where it is"
        report([Diagnostic("G0799", message, help=help)], format)
        sys.exit(INTERNAL_ERROR)
