"""`gradc compile`."""

from __future__ import annotations

import click

from gradc.cli.boundary import reported
from gradc.cli.options import format_option, names, program_argument, read_program, wrt_option
from gradc.cli.output import write_result


@click.command("compile")
@program_argument
@click.option("-o", "--output", metavar="OUT", help="The file to write, else standard output.")
@click.option(
    "--mode",
    type=click.Choice(["forward", "reverse", "both"]),
    default="both",
    show_default=True,
    help="forward: tangent.  reverse: forward, reverse and value_and_grad.",
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
    mode: str,
    order: int,
    trace: bool,
    wrt: str | None,
    format: str,
) -> None:
    """Emit a self-contained Python module that computes the program and its derivatives."""
    with reported(format):
        from gradc.targets.python.emit import emit, emit_trace

        program = read_program(file, format)
        chosen = program.wrt(names(wrt))
        text = emit_trace(program).text if trace else emit(program, chosen, mode, order).text
        write_result(text.encode("utf-8"), output, None if file == "-" else file)
