"""Explanations of mistakes in reductions, indices and ranges: see `unexpected`.

Each returns None where it does not apply.
"""

from __future__ import annotations

from gradc.diagnostics import Diagnostic, Label, Span
from gradc.frontend.lexer import Token, token_text
from gradc.frontend.mistakes import REDUCTIONS
from gradc.frontend.scene import OPERAND_STARTS, STATEMENT_ENDS, Scene, shortened

OPENS = {"RPAR": "LPAR", "RSQB": "LSQB"}


def reduction(scene: Scene) -> Diagnostic | None:
    """`sum(j)(x[j])`, `sum[j] x[j]`, `sum[j](x[j], y[j])`."""
    if scene.previous in OPENS and scene.kind in OPERAND_STARTS:
        name = _called(scene, len(scene.before) - 1)
        if name is None or token_text(name) not in REDUCTIONS:
            return None
        word = token_text(name)
        if scene.previous == "RSQB":
            return scene.diagnostic(
                "G0121",
                f"expected `(` after the indices of `{word}`, found {scene.describe_found()}",
                "expected `(`",
                f"write `{word}[j](x[j])`",
            )
        if scene.kind != "LPAR":
            return None
        return Diagnostic(
            "G0121",
            f"the indices of `{word}` stand in square brackets",
            (Label(Span(name.start(), scene.previous_end), "these are not indices"),),
            help=f"write `{word}[j](x[j])`",
            source=scene.source,
        )
    if scene.kind == "COMMA" and scene.after_operand and scene.open_brackets():
        place = scene.index_of(scene.open_brackets()[-1])
        if scene.before[place][0] == "LPAR" and scene.before[place - 1][0] == "RSQB":
            help_text = "over several indices, write `sum[i,j](x[i,j])`"
            message = "a reduction has one expression"
            return scene.diagnostic("G0121", message, "unexpected `,`", help_text)
    return None


def comprehension(scene: Scene) -> Diagnostic | None:
    """`sum(x[i] for i in 0:n)`, `[2*i for i in 0:n]`."""
    if token_text(scene.found) != "for" or not scene.after_operand or not scene.open_brackets():
        return None
    return scene.diagnostic(
        "G0121",
        "`for` is not part of an expression",
        "unknown here",
        "write `sum[i in 0:n](x[i])`, or define the elements: `z[i in 0:n] = 2*i`",
    )


def second_brackets(scene: Scene) -> Diagnostic | None:
    """`z[i][j] = ...`."""
    if scene.first != "NAME" or scene.kind != "LSQB" or scene.accepts != {"EQUAL"}:
        return None
    return scene.diagnostic(
        "G0121",
        "the indices of a definition stand in one pair of brackets",
        "unexpected `[`",
        "write `z[i,j] = ...`",
    )


def index_range(scene: Scene) -> Diagnostic | None:
    """`sum[i = 0:n](x[i])`."""
    brackets = scene.open_brackets()
    if scene.kind != "EQUAL" or scene.previous != "NAME" or not brackets:
        return None
    if token_text(brackets[-1]) != "[" or scene.new_statement() is not None:
        return None
    name = shortened(token_text(scene.before[-1][1]))
    return scene.diagnostic(
        "G0121", "an index gets its range with `in`", "expected `in`", f"write `{name} in 0:n`"
    )


def range_parts(scene: Scene) -> Diagnostic | None:
    """`in :n`, `in a:`, `in a:b:c:d`."""
    colons = 0
    depth = 0
    for kind, _ in reversed(scene.before):
        depth += (kind in ("RPAR", "RSQB")) - (kind in ("LPAR", "LSQB"))
        if depth == 0 and kind == "COLON":
            colons += 1
        if depth < 0 or (depth == 0 and kind in ("IN", "COMMA")):
            break
    else:
        return None
    if kind != "IN" or scene.first in ("INPUT", "PARAM"):
        return None
    if scene.first == "LOOP" and scene.kind in STATEMENT_ENDS:
        return None  # `loop t in T:` has no block
    if scene.kind == "COLON" and colons == 2 and scene.after_operand:
        help_text = "write `a:b` or `a:b:step`"
        return scene.diagnostic("G0101", "a range has three parts at most", "unexpected", help_text)
    if scene.kind == "COLON" and scene.previous == "IN":
        help_text = "write `0:n`, or `n` alone"
        return scene.diagnostic("G0113", "the range has no start", "expected a number", help_text)
    if scene.previous == "COLON" and scene.wants_operand:
        return scene.diagnostic(
            "G0113",
            f"the range has no {'end' if colons == 1 else 'step'}",
            "expected a number",
            "write `a:b`, or `a:b:step`, or `n` for 0 .. n-1",
        )
    return None


def _called(scene: Scene, last: int) -> Token | None:
    """The `f` of `f( ... )` or `f[ ... ]`, given the place of its closing bracket."""
    depth = 0
    for index in range(last, 0, -1):
        kind, _ = scene.before[index]
        depth += (kind in OPENS) - (kind in OPENS.values())
        if depth == 0:
            before, token = scene.before[index - 1]
            return token if before == "NAME" else None
    return None
