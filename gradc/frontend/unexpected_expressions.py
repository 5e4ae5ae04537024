"""Explanations of mistakes in brackets and expressions: see `unexpected`.

Each returns None where it does not apply.
"""

from __future__ import annotations

import re

from gradc.diagnostics import Diagnostic, Label, Span
from gradc.frontend.lexer import token_span, token_text
from gradc.frontend.scene import (
    OPERAND_ENDS,
    OPERAND_STARTS,
    STATEMENT_ENDS,
    STATEMENT_WORDS,
    Scene,
    shortened,
)

CLOSING = {"(": ")", "[": "]"}

#: What other languages join with `=`.
UPDATES = frozenset(("+", "-", "*", "/", "//", "%", "@", "**", "^"))

#: Operators of other languages that are made of this language's characters.
FOREIGN_RUNS: dict[str, str] = {
    "<>": "write `!=`",
    "=>": "write `>=`",
    "=<": "write `<=`",
    "===": "write `==`",
    "!==": "write `!=`",
    "<-": "write `=`",
    ":=": "write `=`",
    **dict.fromkeys(
        (f"{operator}=" for operator in UPDATES),
        "a name is defined once, with `=`; give the new value a new name",
    ),
}
_RUN = re.compile(r"[-+*/%@^<>=!:]+")


def foreign_operator(scene: Scene) -> Diagnostic | None:
    """`x += 1`, `x := 1`, `a <> b`: characters of the language in a strange order."""
    start = scene.found.start()
    if scene.previous in ("COLON", "SIGN", "OPERATOR", "EQUAL") and scene.previous_end == start:
        start = scene.before[-1][1].start()
    run = _RUN.match(scene.source.text, start)
    if run is None or run.group() not in FOREIGN_RUNS:
        return None
    help_text = FOREIGN_RUNS[run.group()]
    if scene.blocks and run.group()[:-1] in UPDATES:
        name = shortened(token_text(scene.before[0][1]))
        help_text = f"write `{name} = {name} {run.group()[:-1]} ...`, and carry `{name}` in a loop"
    return Diagnostic(
        "G0104",
        f"`{run.group()}` is not part of the language",
        (Label(Span(*run.span()), "unknown here"),),
        help=help_text,
        source=scene.source,
    )


def unclosed_bracket(scene: Scene) -> Diagnostic | None:
    """`x = (a + b` and then the end, a `;` or the next statement."""
    brackets = scene.open_brackets()
    if not brackets:
        return None
    ends = scene.kind in ("$END", "SEMICOLON") or (scene.kind == "RBRACE" and scene.blocks)
    begins = scene.kind == "LBRACE" and scene.first in ("DEF", "LOOP") and not scene.wants_operand
    start = scene.new_statement()
    if not ends and not begins and start is None:
        return None
    opening = token_text(brackets[-1])
    labels = [Label(Span(*token_span(brackets[-1])), "opened here")]
    if start is not None:
        labels.append(Label(Span(start, start + 1), "a new statement starts here"))
    elif scene.kind == "SEMICOLON":
        labels.append(Label(scene.found_span, "the statement ends here"))
    elif scene.kind in ("LBRACE", "RBRACE"):
        verb = "ends" if ends else "starts"
        labels.append(Label(scene.found_span, f"the block {verb} here"))
    return Diagnostic(
        "G0105",
        f"`{opening}` is never closed",
        tuple(labels),
        help=f"add the missing `{CLOSING[opening]}`",
        source=scene.source,
    )


def wrong_closing_bracket(scene: Scene) -> Diagnostic | None:
    """`a)`, `(a]`."""
    if scene.kind not in ("RPAR", "RSQB", "RBRACE") or (scene.kind == "RBRACE" and scene.blocks):
        return None
    closing = token_text(scene.found)
    brackets = scene.open_brackets()
    if not brackets:
        return scene.diagnostic(
            "G0106", f"`{closing}` closes nothing", "no bracket is open here", "delete it"
        )
    opening = token_text(brackets[-1])
    if CLOSING[opening] == closing:
        return None
    return Diagnostic(
        "G0106",
        f"`{opening}` is closed by `{closing}`",
        (
            Label(scene.found_span, f"expected `{CLOSING[opening]}`"),
            Label(Span(*token_span(brackets[-1])), "opened here"),
        ),
        help=f"write `{CLOSING[opening]}`, or close what is open between the two",
        source=scene.source,
    )


def conditional_without_else(scene: Scene) -> Diagnostic | None:
    """`y = a if c`."""
    if "ELSE" not in scene.accepts or (
        scene.kind not in (*STATEMENT_ENDS, "RPAR", "RSQB", "COMMA")
    ):
        return None
    words = [token for kind, token in scene.before if kind == "IF"]
    return Diagnostic(
        "G0116",
        "`if` without `else`",
        (
            Label(scene.found_span, "expected `else`"),
            Label(Span(*token_span(words[-1])), "this condition"),
        ),
        help="write `x if condition else y`",
        source=scene.source,
    )


def missing_operator(scene: Scene) -> Diagnostic | None:
    """Two expressions side by side: `2x`, `(a)(b)`, `[1 2]`, `y = 3 z = 4`."""
    words = (*STATEMENT_WORDS, "NOT")
    if scene.previous not in (*OPERAND_ENDS, "RBRACE"):
        return None
    if scene.kind not in (*OPERAND_STARTS, *words):
        return None
    if "OPERATOR" not in scene.accepts and "_NEWLINE" not in scene.accepts:
        return None
    starts_statement = (
        scene.kind in STATEMENT_WORDS
        or scene.previous == "RBRACE"
        or (scene.kind == "NAME" and scene.line_has_definition())
    )
    if starts_statement and "_NEWLINE" in scene.accepts:
        return scene.diagnostic(
            "G0112",
            "two statements on one line",
            "a new statement starts here",
            "put a `;` or a new line between them",
        )
    left, right = scene.before[-1][1], scene.found
    pair = f"{shortened(token_text(left))}*{shortened(token_text(right))}"
    if scene.kind in ("LPAR", "LSQB") or scene.previous in ("RPAR", "RSQB"):
        pair = "a*b"
    number = scene.previous == "NUMBER" and scene.previous_end == right.start()
    if number and token_text(right)[:1] in "xXbBoO" and token_text(left) == "0":
        help_text = "numbers are decimal"
    elif number and token_text(right)[:1] == ".":
        help_text = "a number has one decimal point"
    elif number and token_text(right)[:1] == "_":
        help_text = "`_` may only stand between two digits"
    elif scene.kind == "NOT" or "OPERATOR" not in scene.accepts:
        return None
    elif "COMMA" in scene.accepts:
        help_text = f"write `,` between two items; for a product, `{pair}`"
    else:
        help_text = f"for a product, write `{pair}`"
    if scene.kind == "LPAR" and scene.previous != "NUMBER":
        help_text += "; only a name can be called"
    elif scene.kind == scene.previous == "NAME":
        help_text += f"; for a call, `{pair.replace('*', '(')})`"
    return scene.diagnostic(
        "G0108",
        f"expected an operator before {scene.describe_found()}",
        "something is missing before this",
        help_text,
    )


def missing_expression(scene: Scene) -> Diagnostic | None:
    """`x =`, `y = a *`, `f(a, )`, `a * / b`."""
    if not scene.wants_operand or not scene.before:
        return None
    before, text = token_text(scene.before[-1][1]), token_text(scene.found)
    if scene.kind == "_NEWLINE":
        help_text = "to go on in the next line, put the expression in brackets ( )"
    elif scene.kind in (*STATEMENT_ENDS, "LBRACE"):
        help_text = "add the expression"
    elif scene.kind in ("RPAR", "RSQB", "COMMA"):
        help_text = f"add the expression, or delete the `{before}`" if before == "," else "add one"
    elif text in ("*", "/") and before == text:
        help_text = f"write `{text * 2}` without a space"
    else:
        help_text = "an operator stands between two expressions"
    return scene.diagnostic(
        "G0113",
        f"expected an expression after `{before}`, found {scene.describe_found()}",
        "expected an expression",
        help_text,
    )


def slice_step(scene: Scene) -> Diagnostic | None:
    """`x[a:b:c]`."""
    brackets = scene.open_brackets()
    if scene.kind != "COLON" or not brackets or token_text(brackets[-1]) != "[":
        return None
    for kind, token in reversed(scene.before):
        if kind == "COLON":
            help_text = "write `x[start:stop]`"
            return scene.diagnostic("G0101", "a slice has no step", "unexpected", help_text)
        if kind == "COMMA" or token is brackets[-1]:
            break
    return None


def loose_word(scene: Scene) -> Diagnostic | None:
    """`x = a else b`, `x = a, b`: what makes sense only behind something else."""
    if scene.open_brackets():
        return None
    if scene.kind == "ELSE":
        help_text = "write `x if condition else y`"
        return scene.diagnostic("G0116", "`else` without `if`", "unexpected", help_text)
    if scene.kind == "COMMA" and "EQUAL" in (kind for kind, _ in scene.before):
        return scene.diagnostic(
            "G0101", "a definition has one value", "unexpected `,`", "an array is `[a, b]`"
        )
    return None
