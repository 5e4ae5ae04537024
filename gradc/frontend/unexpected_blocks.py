"""Explanations of mistakes in functions, loops and blocks: see `unexpected`.

Each returns None where it does not apply.
"""

from __future__ import annotations

from gradc.diagnostics import Diagnostic, Label, Span
from gradc.frontend.lexer import token_span, token_text
from gradc.frontend.mistakes_blocks import loose_block
from gradc.frontend.scene import CLAUSES, OPERAND_STARTS, STATEMENT_ENDS, Scene, shortened

#: Words with which other languages begin a loop or a function.
FOREIGN_LOOPS = frozenset(("for", "foreach", "repeat", "do"))
FOREIGN_FUNCTIONS = frozenset(("function", "func", "fn", "fun", "define", "proc"))

FUNCTION_FORMS = "write `def f(x) = expression` or `def f(x) { ...; return y }`"
LOOP_FORM = "write `loop t in T { ... }`"


def unclosed_block(scene: Scene) -> Diagnostic | None:
    """`loop t in T {` and then the end of the file."""
    if scene.kind != "$END" or not scene.blocks or "RBRACE" not in scene.accepts:
        return None
    return Diagnostic(
        "G0105",
        "`{` is never closed",
        (Label(Span(*token_span(scene.blocks[-1])), "opened here"),),
        help="add the missing `}`",
        source=scene.source,
    )


def brace(scene: Scene) -> Diagnostic | None:
    """`y = {1, 2}`, `x = 3 { y = 4 }`."""
    if scene.kind != "LBRACE":
        return None
    if scene.first == "DEF" and scene.previous == "EQUAL":
        help_text = "write `def f(x) { ...; return y }`"
        return scene.diagnostic("G0119", "a block stands without `=`", "unexpected", help_text)
    if scene.previous in ("IN", "WHILE", "CHECKPOINT"):
        return None
    if scene.wants_operand or scene.open_brackets():
        return scene.diagnostic(
            "G0101",
            "`{` cannot stand in an expression",
            "a block starts here",
            "group with ( ), and write arrays with [ ]",
        )
    if scene.first in ("NAME", "CONST", "RBRACE") or scene.begins_line(len(scene.before)):
        return loose_block(scene.source, scene.found_span)
    return None


def foreign_heading(scene: Scene) -> Diagnostic | None:
    """`for i in range(n) {`, `function f(x) {`."""
    if len(scene.before) != 1 or scene.kind not in (*OPERAND_STARTS, "LBRACE"):
        return None
    word = token_text(scene.before[0][1])
    if word not in FOREIGN_LOOPS | FOREIGN_FUNCTIONS or scene.after_bracket() == "EQUAL":
        return None
    is_loop = word in FOREIGN_LOOPS
    return Diagnostic(
        "G0120" if is_loop else "G0119",
        f"`{word}` is not a statement",
        (Label(Span(*token_span(scene.before[0][1])), "unknown here"),),
        help=f"{LOOP_FORM}; what is kept from round to round stands behind `carry`"
        if is_loop
        else FUNCTION_FORMS,
        source=scene.source,
    )


def loose_clause(scene: Scene) -> Diagnostic | None:
    """`while x > 1 { ... }` and `with dt = 1` that belong to nothing."""
    if scene.kind not in CLAUSES or "NUMBER" in scene.accepts or scene.open_brackets():
        return None
    following = [kind for kind, _ in scene.following()][1:2]
    if following == ["EQUAL"] or (scene.before and "NAME" in scene.accepts):
        return None
    word = token_text(scene.found)
    if scene.kind == "WITH":
        return scene.diagnostic(
            "G0119",
            "`with` belongs to a function",
            "no function before this",
            "write `def f(t) = expression with dt = expression`",
        )
    help_text = "write `loop k in 100 carry x = x0 while x > 1 { ... }`; a loop has a bound, always"
    return scene.diagnostic(
        "G0120",
        f"`{word}` belongs to the heading of a loop",
        "no loop before this" if scene.first != "LOOP" else "unexpected",
        help_text if scene.kind == "WHILE" else LOOP_FORM.replace("T", f"T {word} ..."),
    )


# ---- Functions ----


def function_without_def(scene: Scene) -> Diagnostic | None:
    """`f(x) = 2*x`."""
    if len(scene.before) != 1 or scene.previous != "NAME" or scene.kind != "LPAR":
        return None
    if scene.after_bracket() not in ("EQUAL", "LBRACE"):
        return None
    name = shortened(token_text(scene.before[0][1]))
    return Diagnostic(
        "G0119",
        "a function is defined with `def`",
        (Label(Span(*token_span(scene.before[0][1])), "expected `def` before this"),),
        help=f"write `def {name}(...) = expression`",
        source=scene.source,
    )


def function_heading(scene: Scene) -> Diagnostic | None:
    """`def (x) = x`, `def f x = x`, `def f(x = 1)`, `def f(x):`."""
    if scene.first != "DEF" or not scene.before or scene.wants_operand:
        return None
    found = scene.describe_found()
    kinds = [kind for kind, _ in scene.before]
    if kinds == ["DEF"]:
        if scene.kind == "EQUAL" or found.startswith("the keyword"):
            return None
        message = f"expected the name of the function, found {found}"
        return scene.diagnostic("G0119", message, "expected a name", FUNCTION_FORMS)
    if kinds == ["DEF", "NAME"]:
        name = shortened(token_text(scene.before[1][1]))
        return scene.diagnostic(
            "G0119",
            f"expected `(` after `{name}`, found {found}",
            "expected `(`",
            f"write `def {name}(x) = expression`",
        )
    if "EQUAL" in kinds or "LBRACE" in kinds:
        return None
    if not scene.open_brackets():
        return scene.diagnostic(
            "G0119",
            f"expected `=` or `{{` after the parameters, found {found}",
            "expected `=` or `{`",
            FUNCTION_FORMS,
        )
    return _parameter(scene)


def _parameter(scene: Scene) -> Diagnostic | None:
    """What is wrong between the parentheses behind the name of a function."""
    if len(scene.open_brackets()) > 1 or scene.kind in STATEMENT_ENDS:
        return None
    if scene.kind == "EQUAL":
        help_text = "write the value in the body, or give it with every call"
        return scene.diagnostic("G0119", "a parameter has no default", "unexpected `=`", help_text)
    if scene.kind == "COLON":
        help_text = "a shape may stand in brackets: `x[3]`, `A[N, D]`"
        return scene.diagnostic("G0119", "a parameter has no type", "unexpected `:`", help_text)
    if scene.previous in ("LPAR", "COMMA") and scene.kind != "RPAR":
        if scene.describe_found().startswith("the keyword"):
            return None
        return scene.diagnostic(
            "G0119",
            f"a parameter is a name, found {scene.describe_found()}",
            "expected a name",
            "write `x`, or `x[3]` for one of a known shape",
        )
    return None


# ---- Loops ----


def loop_heading(scene: Scene) -> Diagnostic | None:
    """`loop in T`, `loop t = 0:T`, `loop t in T carry h {`, `loop t in T:`."""
    if scene.first != "LOOP" or not scene.before:
        return None
    found = scene.describe_found()
    kinds = [kind for kind, _ in scene.before]
    if kinds == ["LOOP"]:
        if scene.kind == "EQUAL" or (found.startswith("the keyword") and scene.kind != "IN"):
            return None
        message = f"expected the counter of the loop, found {found}"
        return scene.diagnostic("G0120", message, "expected a name", LOOP_FORM)
    name = shortened(token_text(scene.before[-1][1]))
    if kinds == ["LOOP", "NAME"]:
        return scene.diagnostic(
            "G0120",
            f"expected `in` after `{name}`, found {found}",
            "expected `in`",
            f"write `loop {name} in T {{ ... }}` for 0 .. T-1, or `loop {name} in a:b {{ ... }}`",
        )
    if "LBRACE" in kinds:
        return None
    if scene.previous == "NAME" and scene.accepts == {"EQUAL"}:
        if scene.kind == "LSQB":
            help_text = f"write `carry {name} = zeros(3)`, say"
            message = "a carried name has no indices"
            return scene.diagnostic("G0120", message, "unexpected `[`", help_text)
        return scene.diagnostic(
            "G0120",
            f"`{name}` is carried without a start value",
            "expected `=`",
            f"write `carry {name} = ...` with the value before the first round",
        )
    starts_body = scene.kind == "NAME" and scene.line_has_definition()
    if starts_body and "LBRACE" in (kind for kind, _ in scene.following()):
        return None
    if scene.open_brackets() or not (starts_body or scene.kind in (*STATEMENT_ENDS, "COLON")):
        return None
    if "LBRACE" in scene.accepts or scene.previous == "COLON":
        return scene.diagnostic(
            "G0120",
            f"the loop has no block, found {found}",
            "expected `{`",
            f"{LOOP_FORM}, with what is computed in each round in the braces",
        )
    return None


def missing_comma(scene: Scene) -> Diagnostic | None:
    """`carry h = h0 s = s0`, `with dt = 1 dr = 2`."""
    kinds = [kind for kind, _ in scene.before]
    in_list = "CARRY" in kinds or "WITH" in kinds
    if not in_list or "LBRACE" in kinds[kinds.index("CARRY" if "CARRY" in kinds else "WITH") :]:
        return None
    if scene.kind != "NAME" or not scene.after_operand or scene.open_brackets():
        return None
    if [kind for kind, _ in scene.following()][1:2] != ["EQUAL"]:
        return None
    return scene.diagnostic(
        "G0120" if scene.first == "LOOP" else "G0119",
        f"expected `,` before {scene.describe_found()}",
        "expected `,`",
        "separate the definitions by commas",
    )
