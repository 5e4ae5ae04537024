"""`gradc compile`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gradc.cli.boundary import reported
from gradc.cli.options import (
    dtype_option,
    format_option,
    names,
    program_argument,
    read_program,
    wrt_option,
)
from gradc.cli.output import files_read, write_result
from gradc.diagnostics import Diagnostic, UsageError
from gradc.ir.precision import Precision

if TYPE_CHECKING:
    from gradc.ir.graph import Var
    from gradc.ir.program import Program


@click.command("compile")
@program_argument
@click.option("-o", "--output", metavar="OUT", help="The file to write, else standard output.")
@click.option(
    "--target",
    type=click.Choice(["python", "js", "g"]),
    default="python",
    show_default=True,
    help="python: a module.  js: an ES module of JavaScript.  g: the program and its "
    "derivatives as one program.",
)
@click.option(
    "--mode",
    type=click.Choice(["forward", "reverse", "both"]),
    help="forward: tangent.  reverse: forward, reverse and value_and_grad.  "
    "Default: both for python and js, reverse for g.",
)
@click.option(
    "--order",
    type=click.IntRange(1, 2),
    default=1,
    show_default=True,
    help="2: also hvp, the gradient and its derivative along a direction.",
)
@click.option(
    "--trace",
    is_flag=True,
    help="Emit `trace` alone, which gives every value and every adjoint; `gradc run` executes the "
    "module of python.",
)
@wrt_option
@dtype_option
@format_option
def command(
    file: str,
    output: str | None,
    target: str,
    mode: str | None,
    order: int,
    trace: bool,
    wrt: str | None,
    dtype: str,
    format: str,
) -> None:
    """Emit code that computes a program and its derivatives: a self-contained module of
    Python or JavaScript, or a program of this language, which can be compiled again."""
    with reported(format):
        if target == "g" and (mode == "both" or order > 1 or trace):
            raise UsageError([_ONE_PROGRAM])
        if target in ("js", "g") and Precision(dtype) is Precision.SINGLE:
            raise UsageError([_DOUBLES_ONLY])
        program = read_program(file, format, dtype)
        chosen = program.wrt(names(wrt))
        if target == "g":
            from gradc.targets.g.emit import emit as emit_program

            text = emit_program(program, chosen, mode or "reverse")
        else:
            text = _module(program, chosen, target, mode or "both", order, trace)
        write_result(text.encode("utf-8"), output, files_read(file))


def _module(
    program: Program, wrt: Sequence[Var], target: str, mode: str, order: int, trace: bool
) -> str:
    if target == "js":
        from gradc.targets.js import emit as js

        if trace:
            return js.emit_trace(program, exported=True).text
        return js.emit(program, wrt, mode, order).text
    from gradc.targets.python import emit as python

    if trace:
        return python.emit_trace(program).text
    return python.emit(program, wrt, mode, order).text


_DOUBLES_ONLY = Diagnostic(
    "G0704",
    "the targets js and g have no --dtype float32",
    help="JavaScript computes with doubles, and a program says nothing of precision",
)

_ONE_PROGRAM = Diagnostic(
    "G0704",
    "the target g has one mode, forward or reverse, and no --order or --trace",
    help="compile the result again: gradc compile FILE --target g | gradc compile -",
)
