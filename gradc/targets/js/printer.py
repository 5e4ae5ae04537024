"""Target trees into text: the one place that lays out emitted JavaScript.

Invariant: every statement stands in one piece of the result, so that the cost is linear in the
program, and ends in a semicolon or a brace, so that none is joined to the next.

Deliberately absent: choices about mathematics or names, and any rewriting of a tree.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradc.targets.js.declarations import UNREAD, Declarations
from gradc.targets.js.document import bracket, document, flat_document
from gradc.targets.js.lexical import block_comment, comment_text
from gradc.targets.statements.document import Doc, Line, print_document
from gradc.targets.statements.text import INDENT, LINE_WIDTH, text_width
from gradc.targets.statements.tree import (
    Assign,
    AugAssign,
    Blank,
    Break,
    Comment,
    Compare,
    Count,
    ExprStmt,
    For,
    Function,
    If,
    Marker,
    Name,
    Raise,
    Return,
    Stmt,
    TupleAssign,
)


def print_module(docstring: str | None, definitions: Iterable[str]) -> str:
    """The text of a whole file, ending in a line break."""
    head = [] if docstring is None else ["\n".join(block_comment(docstring))]
    return "\n\n".join([*head, *definitions]) + "\n"


def print_function(function: Function, exported: bool = False) -> str:
    """The text of one function, without a line break at its end."""
    out = block_comment(function.docstring) if function.docstring else []
    params: list[Doc] = []
    names: list[str] = []
    for param in function.params:
        assert not isinstance(param, Marker)
        names.append(param.name)
        default = [] if param.default is None else [" = ", document(param.default)]
        params.append([param.name, *default])
    head = f"{'export ' if exported else ''}function {function.name}"
    out.append(_laid_out([head, bracket("(", params, ")"), " {"], 0))
    body = tuple(function.body)
    _Printer(Declarations(names, body), out).block(body, INDENT)
    out.append("}")
    return "\n".join(out)


def _laid_out(doc: Doc, indent: int) -> str:
    """A document on one line if it fits, else broken."""
    line = " " * indent + flat_document(doc)
    return line if text_width(line) <= LINE_WIDTH else print_document(doc, indent)


class _Printer:
    def __init__(self, declarations: Declarations, out: list[str]) -> None:
        self.declarations = declarations
        self.out = out

    def block(self, body: Iterable[Stmt], indent: int) -> None:
        """The lines of a block."""
        for stmt in body:
            self.statement(stmt, indent)

    def statement(self, stmt: Stmt, indent: int) -> None:
        """The lines of a statement."""
        margin = " " * indent
        match stmt:
            case Blank():
                self.out.append("")
            case Comment():
                self.out.append(margin + comment_text(stmt.text))
            case Break():
                self.out.append(margin + "break;")
            case If():
                self._if(stmt, indent)
            case Count():
                self.out.append(_laid_out(_header(stmt), indent))
                self.block(stmt.body, indent + INDENT)
                self.out.append(margin + "}")
            case For():
                raise AssertionError("a loop over a range is a `Count` here")
            case Raise():
                self._simple(["throw ", document(stmt.value)], None, indent)
            case Return(None):
                self._simple("return", None, indent)
            case Return():
                assert stmt.value is not None
                self._simple(["return ", document(stmt.value)], stmt.comment, indent)
            case ExprStmt():
                self._simple(document(stmt.value), stmt.comment, indent)
            case AugAssign():
                doc = [f"{stmt.target} {stmt.op}= ", document(stmt.value)]
                self._simple(doc, stmt.comment, indent)
            case Assign():
                keyword = self.declarations.of(stmt).keyword
                doc = [f"{keyword}{stmt.target} = ", document(stmt.value)]
                self._simple(doc, stmt.comment, indent)
            case TupleAssign():
                self._several(stmt, indent)

    def _several(self, stmt: TupleAssign, indent: int) -> None:
        """`const [a, , b] = value`."""
        declaration = self.declarations.of(stmt)
        if declaration.before:
            self.out.append(f"{' ' * indent}let {', '.join(declaration.before)};")
        targets: list[Doc] = ["" if name == UNREAD else name for name in stmt.targets]
        while targets and targets[-1] == "":
            targets.pop()
        doc = [declaration.keyword, bracket("[", targets, "]"), " = ", document(stmt.value)]
        self._simple(doc, stmt.comment, indent)

    def _if(self, stmt: If, indent: int) -> None:
        margin = " " * indent
        head: Doc = ["if (", document(stmt.test), ")"]
        if stmt.body == (Break(),) and not stmt.orelse:
            self.out.append(_laid_out([head, " break;"], indent))
            return
        self.out.append(_laid_out([head, " {"], indent))
        self.block(stmt.body, indent + INDENT)
        if stmt.orelse:
            self.out.append(margin + "} else {")
            self.block(stmt.orelse, indent + INDENT)
        self.out.append(margin + "}")

    def _simple(self, doc: Doc, comment: str | None, indent: int) -> None:
        """A statement with its comment behind it where there is room, or else above it."""
        line = _laid_out([doc, ";"], indent)
        if comment is not None:
            text = comment_text(comment)
            if "\n" not in line and text_width(line) + 1 + text_width(text) <= LINE_WIDTH:
                self.out.append(f"{line} {text}")
                return
            self.out.append(" " * indent + text)
        self.out.append(line)


def _header(stmt: Count) -> Doc:
    """`for (let i = 0; i < n; i++) {`."""
    target, step = stmt.target, stmt.step
    if abs(step) == 1:
        change = f"{target}{'++' if step > 0 else '--'}"
    else:
        change = f"{target} {'+' if step > 0 else '-'}= {abs(step)}"
    first = [f"let {target} = ", document(stmt.first), ";"]
    test = [document(Compare(Name(target), (stmt.op,), (stmt.bound,))), ";"]
    return ["for (", first, Line(" "), test, Line(" "), change, ") {"]
