"""Why a token does not fit, in the author's words.

Each explanation looks at one kind of mistake and returns None where it does not apply; the first
that applies speaks.  The last one always does: it says what was expected and what was found.
"""

from __future__ import annotations

from collections.abc import Callable

from gradc.diagnostics import Diagnostic
from gradc.frontend import unexpected_blocks as blocks
from gradc.frontend import unexpected_expressions as expressions
from gradc.frontend import unexpected_indices as indices
from gradc.frontend import unexpected_statements as statements
from gradc.frontend.characters import explain_character
from gradc.frontend.scene import OPERAND_ENDS, Scene

Explanation = Callable[[Scene], Diagnostic | None]

EXPLANATIONS: tuple[Explanation, ...] = (
    expressions.unclosed_bracket,
    blocks.unclosed_block,
    expressions.wrong_closing_bracket,
    expressions.foreign_operator,
    blocks.foreign_heading,
    blocks.loose_clause,
    blocks.function_without_def,
    blocks.function_heading,
    indices.range_parts,
    indices.index_range,
    blocks.loop_heading,
    blocks.missing_comma,
    blocks.brace,
    indices.reduction,
    indices.comprehension,
    indices.second_brackets,
    statements.equal_sign,
    statements.keyword_as_name,
    statements.statement_start,
    statements.definition_start,
    expressions.conditional_without_else,
    expressions.missing_operator,
    expressions.slice_step,
    expressions.missing_expression,
    expressions.loose_word,
)

#: The terminals that a message names when they would have fitted.
EXPECTED: tuple[tuple[str, str], ...] = (
    ("EQUAL", "`=`"),
    ("COMMA", "`,`"),
    ("RPAR", "`)`"),
    ("RSQB", "`]`"),
    ("ELSE", "`else`"),
    ("COLON", "`:`"),
    ("IN", "`in`"),
    ("LBRACE", "`{`"),
    ("_NEWLINE", "the end of the statement"),
)


def explain(scene: Scene) -> Diagnostic | None:
    """The diagnostic of a scene; None where the fault has been reported already."""
    if scene.kind == "$ERROR":
        return explain_character(scene.source, scene.found, scene.previous in OPERAND_ENDS)
    for explanation in EXPLANATIONS:
        diagnostic = explanation(scene)
        if diagnostic is not None:
            return diagnostic
    return anything_else(scene)


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
    elif "LPAR" in accepts:
        expected.append("`(`")
    first = ", ".join(expected[:-1])
    text = f"{first} or {expected[-1]}" if first else expected[0]
    return scene.diagnostic(
        "G0101", f"expected {text}, found {scene.describe_found()}", f"expected {text}", None
    )
