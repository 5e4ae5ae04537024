"""Explanations of mistakes in the form of a statement: see `unexpected`.

Each returns None where it does not apply.
"""

from __future__ import annotations

from gradc.diagnostics import Diagnostic, Label, Span
from gradc.frontend.lexer import Token, token_span, token_text
from gradc.frontend.scene import (
    CLAUSES,
    OPERAND_STARTS,
    STATEMENT_ENDS,
    STATEMENT_WORDS,
    Scene,
    shortened,
)

# How other languages read what stands elsewhere.
_IMPORTS = frozenset(("import", "from", "using", "include"))


def equal_sign(scene: Scene) -> Diagnostic | None:
    """A second `=` in a statement, or one inside an expression."""
    if scene.kind != "EQUAL" or not scene.before:
        return None
    if len(scene.before) == 1 and scene.previous in STATEMENT_WORDS:
        return _keyword(scene, scene.before[-1][1])
    if not any(kind == "EQUAL" for kind, _ in scene.before):
        if scene.before[0][0] not in ("INPUT", "PARAM", "OUTPUT"):
            return None
        word = token_text(scene.before[0][1])
        help_text = f"declare it with `{word}`, and define it in a statement of its own"
        return scene.diagnostic("G0109", f"`{word}` gives no values", "unexpected `=`", help_text)
    help_text = "to compare, write `==`; to define two names, write two statements"
    return scene.diagnostic("G0109", "a definition has one `=`", "unexpected `=`", help_text)


def keyword_as_name(scene: Scene) -> Diagnostic | None:
    """`dim = 3`, `x = 2*param`."""
    text = token_text(scene.found)
    if text not in scene.lexer.tables.raw.keywords:
        return None
    if not scene.before:
        is_name = scene.line_has_definition() and not _is_condition(scene)
        return _keyword(scene, scene.found) if is_name else None
    wants_name = "NAME" in scene.accepts and not scene.wants_operand
    may_be_name = "NAME" in scene.accepts or scene.begins_line(len(scene.before))
    if wants_name or (may_be_name and scene.kind in (*STATEMENT_WORDS, *CLAUSES)):
        return _keyword(scene, scene.found)
    return None


def _is_condition(scene: Scene) -> bool:
    """Whether a line begins as the `if x > 0:` of other languages, not as `if = 3`."""
    rest = scene.source.text[token_span(scene.found)[1] :].lstrip()
    return scene.kind in ("IF", "ELSE") and not rest.startswith(("=", "["))


def _keyword(scene: Scene, token: Token) -> Diagnostic:
    text = token_text(token)
    return Diagnostic(
        "G0111",
        f"`{text}` is a keyword and cannot be a name",
        (Label(Span(*token_span(token)), "a name should stand here"),),
        help=f"choose another name, such as `{text}_`",
        source=scene.source,
    )


def statement_start(scene: Scene) -> Diagnostic | None:
    """A statement that begins with neither a name nor a declaration."""
    if scene.before:
        return None
    if scene.kind in ("IF", "ELSE"):
        help_text = "write the condition inside a definition: `y = a if c else b`"
        return scene.diagnostic(
            "G0101", f"`{token_text(scene.found)}` is not a statement", "unexpected", help_text
        )
    if scene.line_has_definition():
        return _target(scene)
    is_expression = scene.kind in (*OPERAND_STARTS, "SIGN", "NOT")
    return scene.diagnostic(
        "G0109" if is_expression else "G0101",
        f"expected a statement, found {scene.describe_found()}",
        "a statement starts with a name or a declaration",
        f"give the value a name: `y = {scene.statement()}`" if is_expression else None,
    )


def definition_start(scene: Scene) -> Diagnostic | None:
    """What follows the `y` or `z[i]` of a definition and is not a `=`."""
    if scene.first != "NAME" or not scene.before or "EQUAL" not in scene.accepts:
        return None
    if any(kind == "EQUAL" for kind, _ in scene.before):
        return None
    target = shortened(scene.source.text[scene.before[0][1].start() : scene.previous_end])
    text = token_text(scene.found)
    if target in _IMPORTS:
        return scene.diagnostic(
            "G0109",
            f"`{target}` is not a statement",
            "expected `=`",
            "leave it out: every function is built in, and a program stands in one file",
        )
    if text == "==":
        return scene.diagnostic(
            "G0109",
            "`==` compares; a definition has `=`",
            "expected `=`",
            f"write `{scene.statement().replace('==', '=', 1)}`",
        )
    if scene.kind not in STATEMENT_ENDS and scene.line_has_definition():
        return _target(scene)
    return scene.diagnostic(
        "G0109",
        f"expected `=` after `{target}`, found {scene.describe_found()}",
        "expected `=`",
        f"give the value a name: `y = {scene.statement()}`"
        if scene.kind not in STATEMENT_ENDS
        else f"write `{target} = expression`",
    )


def _target(scene: Scene) -> Diagnostic:
    return Diagnostic(
        "G0110",
        "the left side of `=` must be a name",
        (Label(scene.left_side(), "not a name"),),
        help="write `name = expression` or `name[i] = expression`",
        source=scene.source,
    )
