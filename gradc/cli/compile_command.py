"""`gradc compile`."""

from __future__ import annotations

import click

from gradc.cli.boundary import reported
from gradc.cli.options import format_option, names, program_argument, read_program, wrt_option
from gradc.cli.output import write_result
from gradc.diagnostics import Diagnostic, UsageError


@click.command("compile")
@program_argument
@click.option("-o", "--output", metavar="OUT", help="The file to write, else standard output.")
@click.option(
    "--target",
    type=click.Choice(["python", "g"]),
    default="python",
    show_default=True,
    help="python: a module.  g: the program and its derivatives as one program.",
)
@click.option(
    "--mode",
    type=click.Choice(["forward", "reverse", "both"]),
    help="forward: tangent.  reverse: forward, reverse and value_and_grad.  "
    "Default: both for python, reverse for g.",
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
    help="Emit the module that `gradc run` executes, with every value and every adjoint.",
)
@wrt_option
@format_option
def command(
    file: str,
    output: str | None,
    target: str,
    mode: str | None,
    order: int,
    trace: bool,
    wrt: str | None,
    format: str,
) -> None:
    """Emit code that computes a program and its derivatives: a self-contained Python module, or
    a program of this language, which can be compiled and differentiated again."""
    with reported(format):
        if target == "g" and (mode == "both" or order > 1 or trace):
            raise UsageError([_ONE_PROGRAM])
        program = read_program(file, format)
        chosen = program.wrt(names(wrt))
        if target == "g":
            from gradc.targets.g.emit import emit as emit_program

            text = emit_program(program, chosen, mode or "reverse")
        else:
            from gradc.targets.python.emit import emit, emit_trace

            how = mode or "both"
            text = emit_trace(program).text if trace else emit(program, chosen, how, order).text
        write_result(text.encode("utf-8"), output, None if file == "-" else file)


_ONE_PROGRAM = Diagnostic(
    "G0704",
    "the target g has one mode, forward or reverse, and no --order or --trace",
    help="compile the result again: gradc compile FILE --target g | gradc compile -",
)
