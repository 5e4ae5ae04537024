"""What `gradc run` prints: a table for people, strict JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gradc.ad.names import adjoint_name
from gradc.ir.dims import shape_text
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.report.numbers import array_cell, json_value
from gradc.report.table import Column, render_table, shortened

EQUATION_WIDTH = 72

Blocks = Mapping[tuple[str, str], object]


def run_table(
    program: Program, evaluation: Evaluation, output: str | None, width: int | None
) -> str:
    """Each named quantity with its equation, shape, value and dVar.

    `output` names what the derivatives are of; None where none were asked for.  With a
    `width` the table is fitted to so many columns.
    """
    kinds = {spec.name: spec.kind for spec in program.inputs}
    origins = {eq.out.name: eq.origin for eq in program.graph.equations if eq.origin}
    columns = [Column("name"), Column("equation"), Column("shape"), Column("value", "number")]
    if output is not None:
        columns += [Column("dVar"), Column(f"d{output}/dVar", "number")]
    rows = []
    for var in program.graph.named():
        origin = origins.get(var.name)
        row = [
            var.name,
            shortened(origin.text, EQUATION_WIDTH) if origin else kinds[var.name],
            shape_text(var.type.shape),
            array_cell(evaluation.values[var.name]),
        ]
        if output is not None:
            row += _derivative(var, evaluation)
        rows.append(row)
    return render_table(columns, rows, width)


def _derivative(var: Var, evaluation: Evaluation) -> list[str]:
    if var.name not in evaluation.adjoints:
        return ["", ""]
    name = adjoint_name(var)
    if var.name in evaluation.structural_zeros:
        return [name, "0 (no path)"]
    return [name, array_cell(evaluation.adjoints[var.name])]


def jacobian_table(program: Program, blocks: Blocks, width: int | None) -> str:
    """Each block of the Jacobian with its shape."""
    columns = [Column("block"), Column("shape"), Column("derivative")]
    types = {var.name: var.type.shape for var in program.graph.named()}
    rows = [
        [f"d{y}/d{x}", shape_text(types[y] + types[x]), array_cell(block)]
        for (y, x), block in blocks.items()
    ]
    return render_table(columns, rows, width)


def run_json(
    program: Program,
    evaluation: Evaluation,
    wrt: Sequence[Var],
    blocks: Blocks | None = None,
) -> str:
    """The numbers as strict JSON.

    `outputs`, `gradients`, `values` and `adjoints` map names to numbers or nested lists;
    non-finite numbers are the strings "nan", "inf" and "-inf".  `jacobian`, where it was asked
    for, maps each output to its blocks by input.
    """
    values, adjoints = evaluation.values, evaluation.adjoints
    outputs = [var.name for var in program.graph.outputs]
    result: dict[str, Any] = {
        "outputs": {name: json_value(values[name]) for name in outputs},
        "gradients": {
            var.name: json_value(adjoints[var.name]) for var in wrt if var.name in adjoints
        },
        "values": {name: json_value(value) for name, value in values.items()},
        "adjoints": {name: json_value(value) for name, value in adjoints.items()},
    }
    if blocks is not None:
        nested: dict[str, dict[str, Any]] = {}
        for (y, x), block in blocks.items():
            nested.setdefault(y, {})[x] = json_value(block)
        result["jacobian"] = nested
    return json.dumps(result, ensure_ascii=False, allow_nan=False)
