"""The codes of what can be wrong with the text of a program: G01.

Entries of the table in `codes`.
"""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode

SYNTAX_CODES: dict[str, ErrorCode] = {
    "G0101": ErrorCode(
        "Unexpected text",
        "Something stands where it has no meaning. The message says what could have stood "
        "there and what was found instead.",
        bad="y = x[1:9:2]",
        good="y = x[1:9]",
    ),
    "G0102": ErrorCode(
        "Unknown character",
        "A character is neither part of a name nor an operator. Often it comes from a word "
        "processor or a web page, where it looks like the operator that was meant. Names may "
        "use letters of every script; operators are those of ASCII.",
        bad="y = a \N{MINUS SIGN} b",
        good="y = a - b",
    ),
    "G0103": ErrorCode(
        "Forbidden character",
        "The text contains a control character, or one of the invisible characters that change "
        "the direction of text, with which a program can be made to read otherwise than it "
        "runs. They are forbidden everywhere, comments included.",
        bad="y = a  # \N{RIGHT-TO-LEFT OVERRIDE} hidden",
        good="y = a  # hidden",
    ),
    "G0104": ErrorCode(
        "Operator of another language",
        "The operator exists in other languages only. Conditions are joined by `and` and `or` "
        "and negated by `not`; `*`, `/` and `^` are elementwise as they stand; a name is "
        "defined once, so nothing is updated in place.",
        bad="y = 1 if a > 0 && b > 0 else 0",
        good="y = 1 if a > 0 and b > 0 else 0",
    ),
    "G0105": ErrorCode(
        "Bracket never closed",
        "A bracket is still open at the end of the file or where the next statement starts. "
        "Inside brackets a newline is white space, so the statement would go on.",
        bad="y = 3*(a + b",
        good="y = 3*(a + b)",
    ),
    "G0106": ErrorCode(
        "Wrong closing bracket",
        "A closing bracket closes nothing, or another kind of bracket than the one that is open.",
        bad="y = (a + b]",
        good="y = (a + b)",
    ),
    "G0107": ErrorCode(
        "Number out of range",
        "A number literal is beyond the largest double, about 1.8e308, or has more than 400 "
        "characters.",
        bad="y = 1e999*x",
        good="y = 1e99*x",
    ),
    "G0108": ErrorCode(
        "Missing operator",
        "Two expressions stand side by side. A product is written with `*`, always; items are "
        "separated by commas; a call has brackets.",
        bad="y = 2x",
        good="y = 2*x",
    ),
    "G0109": ErrorCode(
        "Malformed definition",
        "A definition is one name, one `=` and one expression. `==` compares. A declaration "
        "with `input` or `param` gives no values, and `output` only lists names.",
        bad="y == 2*x",
        good="y = 2*x",
    ),
    "G0110": ErrorCode(
        "Left side is not a name",
        "What stands left of `=` is the name that the value gets, perhaps with indices in "
        "brackets, and nothing else.",
        bad="2*y = x",
        good="y = x/2",
    ),
    "G0111": ErrorCode(
        "Keyword used as a name",
        "The words of the language cannot be names: dim, input, param, const, output, def, "
        "loop, carry, while, checkpoint, in, if, else, and, or, not, with, return.",
        bad="param = 3",
        good="param_ = 3",
    ),
    "G0112": ErrorCode(
        "Two statements on one line",
        "Statements end at a newline or at a `;`.",
        bad="u = b*c v = a + u",
        good="u = b*c; v = a + u",
    ),
    "G0113": ErrorCode(
        "Missing expression",
        "An operator, a `=`, a comma or a bracket wants an expression behind it. A statement "
        "goes on in the next line only inside brackets.",
        bad="y = a +\n    b",
        good="y = (a +\n    b)",
    ),
    "G0114": ErrorCode(
        "Chain of comparisons",
        "The result of a comparison is a condition, and conditions are not compared. Each pair "
        "is compared by itself.",
        bad="y = 1 if 0 < x < 2 else 0",
        good="y = 1 if 0 < x and x < 2 else 0",
    ),
    "G0115": ErrorCode(
        "Misplaced `not`",
        "`not` binds looser than arithmetic and comparisons, so it cannot follow one of their "
        "operators without brackets.",
        bad="y = 1 if a == not b else 0",
        good="y = 1 if a == (not b) else 0",
    ),
    "G0116": ErrorCode(
        "Incomplete condition",
        "A condition has both branches: `x if condition else y`. There is no `if` statement, "
        "since every name has a value always.",
        bad="y = x if x > 0",
        good="y = x if x > 0 else 0",
    ),
    "G0118": ErrorCode(
        "No equations",
        "The program is empty, or has only comments.",
        bad="# nothing yet",
        good="J = (a - b)^2",
    ),
    "G0119": ErrorCode(
        "Malformed function",
        "A function is `def name(parameters) = expression`, or a block `{ ... }` that ends with "
        "`return`. Behind it, `with` may give the author's own derivatives, each named `d` and "
        "the name of a parameter.",
        bad="def f(t) = exp(t) with dx = exp(t)\nJ = f(x)",
        good="def f(t) = exp(t) with dt = exp(t)\nJ = f(x)",
    ),
    "G0120": ErrorCode(
        "Malformed loop",
        "A loop is `loop t in T { ... }`. Before the block may stand `carry` with what is kept "
        "from round to round, and then `while` and `checkpoint`. The block is not empty.",
        bad="loop t in 3 while h < 9 carry h = a { h = 2*h }",
        good="loop t in 3 carry h = a while h < 9 { h = 2*h }",
    ),
    "G0121": ErrorCode(
        "Malformed index",
        "An index is a name, bound on the left side of a definition or in the brackets of a "
        "reduction, perhaps with a range: `i`, `i in N`, `i in a:b`. Numbers and offsets belong "
        "where an array is read.",
        bad="z[i+1] = x[i]",
        good="z[i] = x[i]",
    ),
    "G0122": ErrorCode(
        "Statement in the wrong place",
        "Declarations and functions stand outside of functions and loops. A block `{ ... }` "
        "belongs to a function or a loop.",
        bad="loop t in 3 { const k = 2; y[t] = k*x }",
        good="const k = 2\nloop t in 3 { y[t] = k*x }",
    ),
    "G0123": ErrorCode(
        "Missing or misplaced `return`",
        "The block of a function ends with its one `return`. Nothing else returns: the result of "
        "a program is its last definition or what `output` names, and a loop leaves what it "
        "carries.",
        bad="def f(t) { s = t*t }\nJ = f(x)",
        good="def f(t) { s = t*t; return s }\nJ = f(x)",
    ),
    "G0124": ErrorCode(
        "Given twice",
        "A parameter, an index, a carried name, a named argument or a part of a heading is there "
        "a second time.",
        bad="def f(t, t) = t*t\nJ = f(x, y)",
        good="def f(s, t) = s*t\nJ = f(x, y)",
    ),
}
