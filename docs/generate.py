"""Writes the pages that are made from the code: `cli.md`, `functions.md`, `diagnostics.md`.

    python docs/generate.py            write them
    python docs/generate.py --check    exit with 1 where one of them is stale

The pages are made from the click commands, the table of functions, the rows of primitives and
the table of diagnostic codes.  Nothing is stated here that the code states.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

import gradc
from gradc.checking import WRONG_DERIVATIVE
from gradc.cli.boundary import INTERNAL_ERROR
from gradc.cli.fit_command import NOT_CONVERGED
from gradc.cli.main import main
from gradc.cli.start import INTERRUPTED
from gradc.diagnostics.codes import CODES
from gradc.frontend.functions import FUNCTIONS, Function
from gradc.ops.primitive import Edge, Primitive
from gradc.ops.table import PRIMITIVES
from gradc.report.partials import local_partials
from gradc.session import NUMERIC_FAILURE

DOCS = Path(__file__).resolve().parent
NOTE = "<!-- Made by docs/generate.py; change the code that it is made from. -->"


# The command line


def cli_page() -> str:
    """Every command with its arguments and options."""
    context = click.Context(main, info_name="gradc")
    lines = ["# Commands", "", NOTE, "", *_prose(main.help)]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        if command is None:
            continue
        lines += ["", f"## gradc {name}", "", *_prose(command.help), "", *_usage(name, command)]
    lines += ["", "## Exit codes", "", "| code | meaning |", "|------|---------|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in exit_codes()]
    lines += [
        "",
        "Results go to standard output, messages to standard error. With `--format json` messages,",
        "and the results of `gradc run`, are strict JSON; what `--verbose` says is one of the",
        "messages.",
        "",
        "## Environment",
        "",
        "| variable | effect |",
        "|----------|--------|",
        "| `NO_COLOR` | messages are not coloured, whatever the terminal |",
        "| `GRADC_TRACEBACK` | a fault of gradc itself is shown with its traceback |",
    ]
    return _joined(lines)


def exit_codes() -> Iterator[tuple[int, str]]:
    """The exit codes with their meanings."""
    yield 0, "done; there may be warnings"
    yield gradc.SourceError.exit_code, "the program is wrong"
    yield gradc.UsageError.exit_code, "the request is wrong: an option, an output file"
    yield gradc.InputError.exit_code, "the data are wrong"
    assert gradc.NumericError.exit_code == NUMERIC_FAILURE
    assert NOT_CONVERGED == NUMERIC_FAILURE
    yield (
        NUMERIC_FAILURE,
        "the numbers are: NaN or infinity (still printed), out of memory, not those of a minimum",
    )
    yield WRONG_DERIVATIVE, "a derivative is wrong, as `gradc check` finds"
    yield INTERNAL_ERROR, "a fault of gradc itself"
    yield INTERRUPTED, "interrupted by Ctrl-C"


def _prose(text: str | None) -> list[str]:
    return inspect.cleandoc((text or "").replace("\b\n", "")).splitlines()


def _usage(name: str, command: click.Command) -> Iterator[str]:
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    options = [p for p in command.params if isinstance(p, click.Option)]
    words = " ".join(p.metavar or (p.name or "").upper() for p in arguments)
    yield f"    gradc {name} [OPTIONS] {words}"
    yield ""
    yield "`FILE` is the program; `-` reads it from standard input."
    yield ""
    yield "| option | meaning |"
    yield "|--------|---------|"
    for option in options:
        yield f"| {_option(option)} | {_cell(option.help or '')}{_default(option)} |"


def _option(option: click.Option) -> str:
    spelled = ", ".join(option.opts)
    if isinstance(option.type, click.Choice):
        return f"`{spelled} {'|'.join(map(str, option.type.choices))}`".replace("|", "\\|")
    if option.is_flag:
        return f"`{spelled}`"
    return f"`{spelled} {option.metavar or (option.name or '').upper()}`"


def _default(option: click.Option) -> str:
    return f" Default: `{option.default}`." if option.show_default is True else ""


# Functions

GROUPS = {
    "elementwise": (
        "Elementwise functions",
        "They take scalars or arrays. Several operands have one shape, or are scalars.",
    ),
    "reduction": ("Reductions", "They take one array of any rank, unless stated otherwise."),
    "matrix": ("Vectors and matrices", "Operands are arrays of the ranks stated."),
    "array": ("Making and joining arrays", "Arguments in capitals are sizes."),
}

OPERATORS = {
    "add": "x + y",
    "sub": "x - y",
    "mul": "x * y",
    "div": "x / y",
    "floordiv": "x // y",
    "mod": "x % y",
    "pow": "x^y",
    "ipow": "x^3",
    "neg": "-x",
}


def functions_page() -> str:
    """Every operator and function: meaning, derivative, domain, edges, kinks."""
    lines = [
        "# Operators and functions",
        "",
        NOTE,
        "",
        "Each entry gives the meaning, what the derivative `df` of the result `f` contributes to",
        "that of each operand, where the function is defined, its values at the edge of its",
        "domain, and the derivative at kinks, where it is a convention. Reals are IEEE 754",
        "doubles: outside its domain a function gives NaN, and no function raises an exception.",
        "`pi` and `e` are the numbers, unless the program defines them otherwise.",
        "",
        "## Operators",
    ]
    for name, text in OPERATORS.items():
        row = PRIMITIVES[name]
        lines += ["", f"### `{text}`", "", row.doc]
        lines += _list(_facts(row, _contributions(f"f = {text}")))
    for group, (title, remark) in GROUPS.items():
        lines += ["", f"## {title}", "", remark]
        for function in FUNCTIONS.values():
            if function.group == group:
                lines += ["", f"### `{function.signature}`", "", function.doc]
                row = PRIMITIVES.get("polygamma" if function.name == "digamma" else function.name)
                facts = _contributions(_sample(function))
                lines += _list(_facts(row, facts))
    return _joined(lines)


def _sample(function: Function) -> str:
    """A program that applies a function to its operands; none where all are sizes."""
    names = list(function.parameters)
    if function.name in ("max", "min"):
        return f"input x[N]\nf = {function.name}(x)"
    if function.name == "scatter_add":
        return "input v[M], i[M] in N, x[N]\nf = scatter_add(v, i, N)"
    if function.variadic:
        names[-1:] = ["z"] if names[0].islower() and len(names) == 2 else []
    shape = {"elementwise": "", "array": "[N]"}.get(function.group, "[N]")
    values = [name for name in names if name.islower()]
    declared = [name + ("[N, N]" if name == "a" else shape) for name in values]
    given = ["2" if name == "N" and function.name == "polygamma" else name for name in names]
    given = ["c > 0" if name == "c" else name for name in given]
    if not declared:
        return ""
    if function.name == "reshape":
        given = ["x", "N", "1"]
    return f"input {', '.join(declared)}\nf = {function.name}({', '.join(given)})"


def _contributions(program: str) -> list[str]:
    if not program:
        return []
    found = local_partials(gradc.compile(program).program)
    names = []
    for edge in found.edges:
        adjoint = f"d{edge.result.name}"
        factor = edge.text if re.fullmatch(r"\w+(\(\w+\))?", edge.text) else f"({edge.text})"
        shown = f"{adjoint} * {factor}" if edge.is_factor else edge.text
        if edge.is_factor and edge.text == "1":
            shown = adjoint
        names.append(f"`d{edge.operand.name} += {shown}`")
    return names


def _list(facts: Iterable[str]) -> list[str]:
    items = list(facts)
    return ["", *items] if items else []


def _facts(row: Primitive | None, contributions: list[str]) -> Iterator[str]:
    if contributions:
        yield f"- derivative: {', '.join(contributions)}"
    elif row is not None and row.partials is not None:
        yield "- derivative: 0"
    if row is None:
        return
    if row.domain is not None:
        yield f"- domain: {row.domain.text}"
    for title, points in (("edges", row.edges), ("kinks", row.kinks)):
        if points:
            yield f"- {title}: {'; '.join(map(_point, points))}"
    for note in row.notes:
        yield f"- {note}"


def _point(edge: Edge) -> str:
    """`at 0: value -inf, derivative inf`."""
    at = ", ".join(map(_number, edge.at))
    text = f"at {f'({at})' if len(edge.at) > 1 else at}: value {_number(edge.value)}"
    known = ["any" if p is None else _number(p) for p in edge.partials]
    if not known:
        return text
    return f"{text}, derivative {known[0] if len(known) == 1 else '(' + ', '.join(known) + ')'}"


def _number(x: float) -> str:
    return f"{x:.12g}"


# Diagnostics

RANGES = {
    "G01": "Syntax",
    "G02": "Names and declarations",
    "G03": "Shapes and types",
    "G04": "Differentiation",
    "G05": "Input data",
    "G06": "Numbers",
    "G07": "Usage, output and environment",
    "G08": "Engines and compiled code",
}


def diagnostics_page() -> str:
    """Every code with its explanation."""
    lines = [
        "# Diagnostics",
        "",
        NOTE,
        "",
        "Every message has a code, which keeps its meaning for ever. Errors are found before",
        "anything runs, and all that can be found at once are reported together.",
    ]
    for prefix, title in RANGES.items():
        codes = {code: entry for code, entry in sorted(CODES.items()) if code.startswith(prefix)}
        if codes:
            lines += ["", f"## {title}"]
        for code, entry in codes.items():
            lines += ["", f"### {code} {entry.title}", "", entry.explanation]
            lines += ["", "Wrong:", "", *_indented(entry.bad)]
            lines += ["", "Right:", "", *_indented(entry.good)]
    return _joined(lines)


def _indented(text: str) -> Iterator[str]:
    for line in text.splitlines() or [""]:
        shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line)
        yield f"    {shown}".rstrip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


PAGES = {
    "cli.md": cli_page,
    "functions.md": functions_page,
    "diagnostics.md": diagnostics_page,
}


def run(arguments: list[str]) -> int:
    """Write the pages, or check them; the exit code."""
    stale = []
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"docs/{name}: {'stale' if '--check' in arguments else 'written'}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
