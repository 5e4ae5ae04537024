"""`gradc compile`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
    type=click.Choice(["python", "c", "js", "g"]),
    default="python",
    show_default=True,
    help="python: a module.  c: a file of C11, which is C++ as well.  js: an ES module of "
    "JavaScript.  g: the program and its derivatives as one program.",
)
@click.option(
    "--mode",
    type=click.Choice(["forward", "reverse", "both"]),
    help="forward: tangent.  reverse: forward, reverse and value_and_grad.  "
    "Default: both for python, c and js, reverse for g.",
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
@click.option("--sizes", metavar="N=100,D=3", help="c: sizes that the file is made for.")
@click.option("--header", is_flag=True, help="c: the declarations only, for files that call it.")
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
    sizes: str | None,
    header: bool,
    wrt: str | None,
    dtype: str,
    format: str,
) -> None:
    """Emit code that computes a program and its derivatives: a self-contained module of
    Python or JavaScript, a file of C, or a program of this language, which can be compiled
    again."""
    with reported(format):
        if target != "c" and (sizes is not None or header):
            raise UsageError([_ONLY_C])
        if target == "g" and (mode == "both" or order > 1 or trace):
            raise UsageError([_ONE_PROGRAM])
        if target in ("js", "g") and Precision(dtype) is Precision.SINGLE:
            raise UsageError([_DOUBLES_ONLY])
        if trace and (mode is not None or order > 1 or wrt is not None):
            raise UsageError([_TRACE_ALONE])
        program = read_program(file, format, dtype)
        if order > 1 and not program.is_scalar_valued:
            raise UsageError([replace(program.needs_a_choice(), help=_SCALAR)])
        chosen = program.wrt(names(wrt))
        if target == "g":
            from gradc.targets.g.emit import emit as emit_program

            text = emit_program(program, chosen, mode or "reverse")
        elif target == "c":
            text = _file(program, chosen, mode or "both", order, trace, sizes, header)
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


def _file(
    program: Program,
    wrt: Sequence[Var],
    mode: str,
    order: int,
    trace: bool,
    sizes: str | None,
    header: bool,
) -> str:
    from gradc.targets.c import emit as c
    from gradc.targets.c.sizes import read_sizes

    fixed = {} if sizes is None else read_sizes(program, sizes)
    found = (
        c.emit_trace(program, sizes=fixed) if trace else c.emit(program, wrt, mode, order, fixed)
    )
    return found.header if header else found.text


_ONLY_C = Diagnostic(
    "G0704",
    "--sizes and --header are options of the target c",
    help="add --target c",
)
_TRACE_ALONE = Diagnostic(
    "G0704",
    "--trace emits one function, which gives the adjoint of every quantity",
    help="leave --mode, --order and --wrt out, or --trace",
)
_SCALAR = "say which in the program, as in `output J`; of an array, take its sum"
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
