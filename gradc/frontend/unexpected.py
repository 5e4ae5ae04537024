"""Why a token does not fit, in the author's words.

Each explanation looks at one kind of mistake and returns None where it does not apply; the first
that applies speaks.  The last one always does: it says what was expected and what was found.
"""

from __future__ import annotations

from collections.abc import Callable

from gradc.diagnostics import Diagnostic, Label, Span
from gradc.frontend.characters import explain_character
from gradc.frontend.lexer import Token, token_span, token_text
from gradc.frontend.mistakes import LATER, not_in_this_version, unsupported
from gradc.frontend.scene import (
    DECLARATIONS,
    OPERAND_ENDS,
    OPERAND_STARTS,
    STATEMENT_ENDS,
    Scene,
    shortened,
)

Explanation = Callable[[Scene], Diagnostic | None]

#: Functions that take their indices in brackets, as in `sum[j](...)`.
REDUCTIONS = frozenset(
    ("sum", "mean", "prod", "max", "min", "logsumexp", "argmax", "argmin", "any", "all")
)

CLOSING = {"(": ")", "[": "]"}


def explain(scene: Scene) -> Diagnostic | None:
    """The diagnostic of a scene; None where the fault has been reported already."""
    if scene.kind == "$ERROR":
        return explain_character(scene.source, scene.found, scene.previous in OPERAND_ENDS)
    for explanation in EXPLANATIONS:
        diagnostic = explanation(scene)
        if diagnostic is not None:
            return diagnostic
    return anything_else(scene)


def later_version(scene: Scene) -> Diagnostic | None:
    """`def f(x) = ...`, `z[i] = ...`, `sum[j](...)`, `f(x) = ...`, `grad(J, w, mode=forward)`."""
    source = scene.source
    if scene.before:
        word = scene.before[0][1]
        if token_text(word) in LATER:
            is_name = scene.kind == "EQUAL" and len(scene.before) == 1
            return _keyword(scene, word) if is_name else not_in_this_version(source, word)
    if len(scene.before) == 1 and scene.previous == "NAME":
        span = Span(scene.before[0][1].start(), token_span(scene.found)[1])
        if scene.kind == "LSQB" and scene.after_bracket() in ("EQUAL", "IN"):
            return unsupported(source, span, "indexed definitions (`z[i] = ...`)")
        if scene.kind == "LPAR" and scene.after_bracket() == "EQUAL":
            return unsupported(source, span, "functions (`f(x) = ...`)")
    if scene.kind == "LPAR" and scene.previous == "RSQB":
        name = _reduction_before(scene)
        if name is not None:
            text = token_text(name)
            span = Span(name.start(), scene.previous_end)
            return unsupported(source, span, f"bracketed reductions (`{text}[j](...)`)")
    if scene.kind == "EQUAL" and [kind for kind, _ in scene.before[-2:]] in (
        ["COMMA", "NAME"],
        ["LPAR", "NAME"],
    ):
        brackets = scene.open_brackets()
        if brackets and token_text(brackets[-1]) == "(" and scene.new_statement() is None:
            name = scene.before[-1][1]
            span = Span(name.start(), scene.found.start() + 1)
            return unsupported(source, span, f"named arguments (`{token_text(name)}=`)")
    return None


def _reduction_before(scene: Scene) -> Token | None:
    """The `sum` of `sum[j]` when these are the last tokens of the scene."""
    depth = 0
    for index in range(len(scene.before) - 1, 0, -1):
        kind, _ = scene.before[index]
        depth += (kind in ("RPAR", "RSQB")) - (kind in ("LPAR", "LSQB"))
        if depth == 0:
            name_kind, name = scene.before[index - 1]
            found = name_kind == "NAME" and token_text(name) in REDUCTIONS
            return name if found else None
    return None


def unclosed_bracket(scene: Scene) -> Diagnostic | None:
    """`x = (a + b` and then the end, a `;` or the next statement."""
    brackets = scene.open_brackets()
    if not brackets:
        return None
    if scene.kind not in ("$END", "SEMICOLON") and scene.new_statement() is None:
        return None
    opening = token_text(brackets[-1])
    labels = [Label(Span(*token_span(brackets[-1])), "opened here")]
    start = scene.new_statement()
    if start is not None:
        labels.append(Label(Span(start, start + 1), "a new statement starts here"))
    elif scene.kind == "SEMICOLON":
        labels.append(Label(scene.found_span, "the statement ends here"))
    return Diagnostic(
        "G0105",
        f"`{opening}` is never closed",
        tuple(labels),
        help=f"add the missing `{CLOSING[opening]}`",
        source=scene.source,
    )


def wrong_closing_bracket(scene: Scene) -> Diagnostic | None:
    """`a)`, `(a]`."""
    if scene.kind not in ("RPAR", "RSQB"):
        return None
    closing = token_text(scene.found)
    brackets = scene.open_brackets()
    if not brackets:
        return _diagnostic(
            scene, "G0106", f"`{closing}` closes nothing", "no bracket is open here", "delete it"
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


def compound_assignment(scene: Scene) -> Diagnostic | None:
    """`x += 1`, `x := 1`."""
    last, found = scene.previous, scene.found
    start, end = token_span(found)
    text = scene.source.text
    if scene.kind == "EQUAL" and last in ("COLON", "SIGN", "OPERATOR"):
        start = scene.before[-1][1].start()
        if scene.previous_end != found.start():
            return None
    elif last == "NAME" and len(scene.before) == 1 and scene.kind in ("COLON", "SIGN", "OPERATOR"):
        if text[end : end + 1] != "=" or text[end : end + 2] == "==":
            return None
        end += 1
    else:
        return None
    operator = text[start:end]
    name = token_text(scene.before[0][1])
    return Diagnostic(
        "G0104",
        f"`{operator}` is not part of the language",
        (Label(Span(start, end), "unknown here"),),
        help=f"write `{shortened(name)} = ...`"
        if operator == ":="
        else "a name is defined once, with `=`; give the new value a new name",
        source=scene.source,
    )


def equal_sign(scene: Scene) -> Diagnostic | None:
    """A second `=` in a statement, or one inside an expression."""
    if scene.kind != "EQUAL" or not scene.before:
        return None
    if scene.previous in DECLARATIONS:
        return _keyword(scene, scene.before[-1][1])
    if not any(kind == "EQUAL" for kind, _ in scene.before):
        if scene.before[0][0] not in ("INPUT", "PARAM", "OUTPUT"):
            return None
        word = token_text(scene.before[0][1])
        help_text = f"declare it with `{word}`, and define it in a statement of its own"
        return _diagnostic(scene, "G0109", f"`{word}` gives no values", "unexpected `=`", help_text)
    help_text = "to compare, write `==`; to define two names, write two statements"
    return _diagnostic(scene, "G0109", "a definition has one `=`", "unexpected `=`", help_text)


def keyword_as_name(scene: Scene) -> Diagnostic | None:
    """`dim = 3`, `x = 2*param`."""
    text = token_text(scene.found)
    if text not in scene.lexer.tables.raw.keywords:
        return None
    if not scene.before:
        return _keyword(scene, scene.found) if scene.line_has_definition() else None
    if "NAME" in scene.accepts and (text in LATER or scene.kind in DECLARATIONS):
        return _keyword(scene, scene.found)
    return None


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
    if scene.kind == "IF":
        help_text = "write the condition inside a definition: `y = a if c else b`"
        return _diagnostic(scene, "G0101", "`if` is not a statement", "unexpected", help_text)
    if scene.line_has_definition():
        return _target(scene)
    is_expression = scene.kind in (*OPERAND_STARTS, "SIGN", "NOT")
    return _diagnostic(
        scene,
        "G0109" if is_expression else "G0101",
        f"expected a statement, found {scene.describe_found()}",
        "a statement starts with a name or a declaration",
        f"give the value a name: `y = {scene.statement()}`" if is_expression else None,
    )


def definition_start(scene: Scene) -> Diagnostic | None:
    """What follows the first name of a statement and is not a `=`."""
    if len(scene.before) != 1 or scene.previous != "NAME":
        return None
    name = shortened(token_text(scene.before[0][1]))
    text = token_text(scene.found)
    if text == "==":
        return _diagnostic(
            scene,
            "G0109",
            "`==` compares; a definition has `=`",
            "expected `=`",
            f"write `{scene.statement().replace('==', '=', 1)}`",
        )
    if scene.kind not in STATEMENT_ENDS and scene.line_has_definition():
        return _target(scene)
    return _diagnostic(
        scene,
        "G0109",
        f"expected `=` after `{name}`, found {scene.describe_found()}",
        "expected `=`",
        f"give the value a name: `y = {scene.statement()}`"
        if scene.kind not in STATEMENT_ENDS
        else f"write `{name} = expression`",
    )


def _target(scene: Scene) -> Diagnostic:
    return Diagnostic(
        "G0110",
        "the left side of `=` must be a name",
        (Label(scene.left_side(), "not a name"),),
        help="write `name = expression`",
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
    words = (*DECLARATIONS, "NOT")
    if scene.previous not in OPERAND_ENDS or scene.kind not in (*OPERAND_STARTS, *words):
        return None
    if "OPERATOR" not in scene.accepts and "_NEWLINE" not in scene.accepts:
        return None
    starts_statement = scene.kind in DECLARATIONS or (
        scene.kind == "NAME" and scene.line_has_definition()
    )
    if starts_statement and "_NEWLINE" in scene.accepts:
        return _diagnostic(
            scene,
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
    return _diagnostic(
        scene,
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
    elif scene.kind in STATEMENT_ENDS:
        help_text = "add the expression"
    elif scene.kind in ("RPAR", "RSQB", "COMMA"):
        help_text = f"add the expression, or delete the `{before}`" if before == "," else "add one"
    elif text in ("*", "/") and before == text:
        help_text = f"write `{text * 2}` without a space"
    else:
        help_text = "an operator stands between two expressions"
    return _diagnostic(
        scene,
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
            return _diagnostic(scene, "G0101", "a slice has no step", "unexpected", help_text)
        if kind == "COMMA" or token is brackets[-1]:
            break
    return None


def loose_word(scene: Scene) -> Diagnostic | None:
    """`x = a else b`, `x = a, b`: what makes sense only behind something else."""
    if scene.open_brackets():
        return None
    if scene.kind == "ELSE":
        help_text = "write `x if condition else y`"
        return _diagnostic(scene, "G0116", "`else` without `if`", "unexpected", help_text)
    if scene.kind == "COMMA" and "EQUAL" in (kind for kind, _ in scene.before):
        return _diagnostic(
            scene, "G0101", "a definition has one value", "unexpected `,`", "an array is `[a, b]`"
        )
    return None


EXPECTED: tuple[tuple[str, str], ...] = (
    ("EQUAL", "`=`"),
    ("COMMA", "`,`"),
    ("RPAR", "`)`"),
    ("RSQB", "`]`"),
    ("ELSE", "`else`"),
    ("COLON", "`:`"),
    ("_NEWLINE", "the end of the statement"),
)


def anything_else(scene: Scene) -> Diagnostic:
    """What was expected and what was found."""
    accepts = scene.accepts
    expected = [words for kind, words in EXPECTED if kind in accepts]
    if scene.wants_operand:
        expected.insert(0, "an expression")
    elif "NAME" in accepts:
        expected.insert(0, "a name")
    elif scene.after_operand:
        expected.insert(0, "an operator")
    first = ", ".join(expected[:-1])
    text = f"{first} or {expected[-1]}" if first else expected[0]
    return _diagnostic(
        scene, "G0101", f"expected {text}, found {scene.describe_found()}", f"expected {text}", None
    )


def _diagnostic(
    scene: Scene, code: str, message: str, remark: str, help_text: str | None
) -> Diagnostic:
    """A diagnostic whose one label is the token that does not fit."""
    label = Label(scene.found_span, remark)
    return Diagnostic(code, message, (label,), help=help_text, source=scene.source)


EXPLANATIONS: tuple[Explanation, ...] = (
    later_version,
    unclosed_bracket,
    wrong_closing_bracket,
    compound_assignment,
    equal_sign,
    keyword_as_name,
    statement_start,
    definition_start,
    conditional_without_else,
    missing_operator,
    slice_step,
    missing_expression,
    loose_word,
)
