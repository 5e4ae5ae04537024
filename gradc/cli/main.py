"""The command `gradc`: each command is loaded when it is called."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

import gradc
from gradc.cli.boundary import report_usage
from gradc.cli.start import INTERRUPTED

COMMANDS = {
    "run": "Print every value and every derivative.",
    "compile": "Emit a self-contained module with the derivatives.",
    "explain": "Derive the derivatives step by step.",
    "nudge": "Move inputs a little, and compare with the linear prediction.",
    "check": "Compare derivatives with numerical ones, and find what is wrong.",
    "dot": "Draw the computation graph, forward and backward.",
    "page": "Write a page that computes: sliders, both sweeps step by step.",
    "inputs": "Print sample data for a program, to be changed and run.",
    "fit": "Find the parameters that fit data, with standard errors.",
    "dump": "Print the typed graph after each pass.",
    "cache": "Show where compiled code is kept, or remove it.",
}


class _Lazy(click.Group):
    """A group whose commands are modules of this package, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"gradc.cli.{cmd_name}_command")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, args: Sequence[str] | None = None, *rest: Any, **settings: Any) -> Any:
        """As click's, but what click says of wrong arguments is a message like any other."""
        _mend_streams()
        given = list(sys.argv[1:] if args is None else args)
        if not given:
            return super().main(args, *rest, **settings)  # the help
        settings["standalone_mode"] = False
        try:
            sys.exit(super().main(given, *rest, **settings))
        except click.UsageError as error:
            report_usage(error, given)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(INTERRUPTED)


def _mend_streams() -> None:
    """Make streams that were closed before the start empty, as Python's own `print` takes them,
    and show as escapes what the encoding of standard output lacks."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(gradc.__version__, "--version", prog_name="gradc")
def main() -> None:
    """Equations in; readable gradient code, diagrams and numbers out.

    A program is a text of equations such as

        u = b*c; v = a+u; J = 3*v

    The derivative of the output J with respect to a quantity X is called dX.
    """
