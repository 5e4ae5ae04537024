"""What `gradc run` prints: a table for people, strict JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gradc.ad.names import adjoint_name
from gradc.ir.dims import shape_text
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Graph, Var
from gradc.ir.program import Program
from gradc.ops.control import Loop
from gradc.report.numbers import array_cell, json_value
from gradc.report.table import Column, render_table, shortened

EQUATION_WIDTH = 72

#: What stands for the derivative with respect to a quantity on which no output depends.
NO_PATH = "0 (no path)"


def run_table(
    program: Program, evaluation: Evaluation, output: str | None, width: int | None
) -> str:
    """Each named quantity with its equation, shape, value and dVar.

    `output` names what the derivatives are of; None where none were asked for.  With a
    `width` the table is fitted to so many columns.
    """
    columns = [Column("name"), Column("equation"), Column("shape"), Column("value", "number")]
    if output is not None:
        columns += [Column("dVar"), Column(f"d{output}/dVar", "number")]
    equations = run_equations(program)
    rows = []
    for var, equation in zip(program.graph.named(), equations, strict=True):
        shape = shape_text(var.type.shape)
        row = [var.name, equation, shape, array_cell(evaluation.values[var.name])]
        if output is not None:
            row += _derivative(var, evaluation)
        rows.append(row)
    return render_table(columns, rows, width)


def run_equations(program: Program) -> list[str]:
    """What stands in the column "equation" for each named quantity: of an input, its kind."""
    kinds = {spec.name: spec.kind for spec in program.inputs}
    statements = statements_of(program.graph)
    return [
        shortened(statements[var], EQUATION_WIDTH) if var in statements else kinds[var.name]
        for var in program.graph.named()
    ]


def statements_of(graph: Graph) -> dict[Var, str]:
    """The statement that defines each quantity; of what a loop carries or collects, the one in
    its body."""
    found = {}
    for equation in graph.equations:
        within: dict[Var, str] = {}
        results: tuple[Var, ...] = ()
        if equation.op == "loop":
            body = Loop.of(equation).body
            within, results = statements_of(body), body.outputs
        for position, var in enumerate(equation.outs):
            inner = within.get(results[position]) if position < len(results) else None
            if inner is not None:
                found[var] = inner
            elif equation.origin is not None:
                found[var] = equation.origin.text
    return found


def _derivative(var: Var, evaluation: Evaluation) -> list[str]:
    if var.name not in evaluation.adjoints:
        return ["", ""]
    name = adjoint_name(var)
    if var.name in evaluation.structural_zeros:
        return [name, NO_PATH]
    return [name, array_cell(evaluation.adjoints[var.name])]


class Section(NamedTuple):
    """Further derivatives that were asked for.

    `cells` are what a table shows, by their labels; `nested` is what JSON has under `key`.
    """

    key: str
    title: str
    cells: Mapping[str, object]
    nested: Mapping[str, Any]


class FileSection(NamedTuple):
    """A matrix that was written to a file instead of being shown."""

    key: str
    title: str
    path: str
    shape: tuple[int, int]
    entries: int
    mode: str
    sweeps: int


def file_table(section: FileSection, width: int | None) -> str:
    """A title, and the file with what is in it."""
    columns = [Column("file"), Column("shape"), Column("entries", "number")]
    shape = "x".join(map(str, section.shape))
    rows = [[section.path, shape, str(section.entries)]]
    return f"{section.title}\n\n{render_table(columns, rows, width)}"


def section_table(section: Section, width: int | None) -> str:
    """A title, and each derivative with its shape."""
    columns = [Column("derivative"), Column("shape"), Column("value", "number")]
    rows = [
        [label, "x".join(map(str, getattr(value, "shape", ()))) or "scalar", array_cell(value, 16)]
        for label, value in section.cells.items()
    ]
    return f"{section.title}\n\n{render_table(columns, rows, width)}"


def run_json(
    program: Program,
    evaluation: Evaluation,
    wrt: Sequence[Var],
    sections: Sequence[Section] = (),
    files: Sequence[FileSection] = (),
) -> str:
    """The numbers as strict JSON.

    `outputs`, `gradients`, `values` and `adjoints` map names to numbers or nested lists;
    non-finite numbers are the strings "nan", "inf" and "-inf".  Each section stands under its
    key: `jacobian` and `hessian` map names to blocks by input, `jvp` and `hvp` names to numbers.
    `files` says the same of a matrix that was written: its file, shape and number of entries.
    """
    values, adjoints = evaluation.values, evaluation.adjoints
    outputs = [var.name for var in program.graph.outputs]
    import json

    result: dict[str, Any] = {
        "outputs": {name: json_value(values[name]) for name in outputs},
        "gradients": {
            var.name: json_value(adjoints[var.name]) for var in wrt if var.name in adjoints
        },
        "values": {name: json_value(value) for name, value in values.items()},
        "adjoints": {name: json_value(value) for name, value in adjoints.items()},
    }
    for section in sections:
        result[section.key] = _nested(section.nested)
    if files:
        result["files"] = {
            file.key: {
                "file": file.path,
                "shape": list(file.shape),
                "entries": file.entries,
                "mode": file.mode,
                "sweeps": file.sweeps,
            }
            for file in files
        }
    return json.dumps(result, ensure_ascii=False, allow_nan=False)


def _nested(value: object) -> Any:
    if isinstance(value, Mapping):
        return {name: _nested(part) for name, part in value.items()}
    return json_value(value)
