"""`gradc dump`."""

from __future__ import annotations

import click

from gradc.cli.boundary import reported
from gradc.cli.options import format_option, names, program_argument, read_checked, wrt_option
from gradc.cli.output import files_read, write_result


def _list(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from gradc.dumping import listing

        click.echo(listing(), nl=False)
        context.exit()


@click.command("dump")
@program_argument
@click.option("-o", "--output", metavar="OUT", help="The file to write, else standard output.")
@click.option("--after", metavar="PASS", help="Stop after this pass. Default: the last.")
@click.option(
    "--mode",
    type=click.Choice(["primal", "reverse", "forward"]),
    default="primal",
    show_default=True,
    help="primal: the program.  reverse, forward: with the derivative of that graph.",
)
@wrt_option
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list,
    help="Show the passes in their order and exit.",
)
@format_option
def command(
    file: str, output: str | None, after: str | None, mode: str, wrt: str | None, format: str
) -> None:
    """Print the typed graph of a program, one equation a line, as passes leave it."""
    with reported(format):
        from gradc.dumping import dump

        program = read_checked(file, format)
        graph = dump(program, after, mode, names(wrt))
        write_result(str(graph).encode("utf-8"), output, files_read(file))
