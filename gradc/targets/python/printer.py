"""Target trees into text: the one place that lays out emitted Python.

Invariant: the text is a fixed point of `ruff format` with its default settings, and every
statement stands in one piece of the result, so that the cost is linear in the program.  A
statement that fits its line is printed at once; the others go through `breaking.py`.

`breaking.py` is imported only when the first long statement comes, because few files have one
and start-up counts.

Deliberately absent: choices about mathematics or names, and any rewriting of a tree.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from gradc.targets.python.flat import flat, sequence
from gradc.targets.python.lexical import comment_text, docstring_lines
from gradc.targets.python.tree import Import, Module
from gradc.targets.statements.text import INDENT, LINE_WIDTH, printable, text_width
from gradc.targets.statements.tree import (
    Assign,
    AugAssign,
    Blank,
    Break,
    Comment,
    Expr,
    ExprStmt,
    For,
    Function,
    If,
    Marker,
    Name,
    Param,
    Raise,
    Return,
    SimpleStmt,
    Stmt,
    Tuple,
    TupleAssign,
)


def print_module(module: Module) -> str:
    """The text of a whole file, ending in a line break."""
    head = [printable(line) for line in module.header]
    head += docstring_lines(module.docstring or "", "")
    constants: list[str] = []
    _block(module.constants, 0, constants)
    sections = (head, _imports(module.imports), constants)
    text = "\n\n".join(["\n".join(lines) for lines in sections if lines])
    definitions = [
        print_function(part) if isinstance(part, Function) else part.text.strip("\n")
        for part in module.definitions
    ]
    body = "\n\n\n".join(definitions)
    if not text or not body:
        return f"{text or body}\n"
    # A constant stands one line below the imports, a function two.
    gap = "\n\n\n" if body.startswith(("def ", "@")) else "\n\n"
    return f"{text}{gap}{body}\n"


def print_function(function: Function) -> str:
    """The text of one function, without a line break at its end."""
    out = [f"@{flat(decorator)}" for decorator in function.decorators]
    out.append(_header(function))
    docstring = docstring_lines(function.docstring or "", " " * INDENT)
    if docstring:
        out += docstring
        _block(function.body, INDENT, out)
    else:
        _suite(function.body, 0, out)
    return "\n".join(out)


def print_statements(body: Iterable[Stmt], indent: int = 0) -> str:
    """The text of statements, without a line break at the end."""
    out: list[str] = []
    _block(body, indent, out)
    return "\n".join(out)


def width(expr: Expr) -> int:
    """The columns that an expression takes on one line."""
    return text_width(flat(expr))


def fits(expr: Expr, indent: int, target: str) -> bool:
    """Whether `target = expr` fits a line at an indentation, without its comment."""
    return indent + text_width(target) + 3 + width(expr) <= LINE_WIDTH


def _imports(imports: Sequence[Import]) -> list[str]:
    """The import statements, sorted; a blank line after those of the standard library."""
    standard: list[str] = []
    others: list[str] = []
    for module, alias in sorted(set(imports), key=lambda item: (item.module, item.alias or "")):
        is_standard = module.partition(".")[0] in sys.stdlib_module_names
        line = f"import {module} as {alias}" if alias else f"import {module}"
        (standard if is_standard else others).append(line)
    return [*standard, "", *others] if standard and others else standard + others


def _header(function: Function) -> str:
    returns = "" if function.returns is None else f" -> {flat(function.returns)}"
    params = ", ".join([_parameter(param) for param in function.params])
    line = f"def {function.name}({params}){returns}:"
    if text_width(line) <= LINE_WIDTH:
        return line
    from gradc.targets.python.breaking import broken_header

    return broken_header(function)


def _parameter(param: Param | Marker) -> str:
    if isinstance(param, Marker):
        return param.text
    text = param.name if param.hint is None else f"{param.name}: {flat(param.hint)}"
    if param.default is None:
        return text
    return f"{text}{'=' if param.hint is None else ' = '}{flat(param.default)}"


def _block(body: Iterable[Stmt], indent: int, out: list[str]) -> None:
    """The lines of a block; blank lines only between statements, one at a time."""
    margin = " " * indent
    blank = False
    begun = False
    for stmt in body:
        if type(stmt) is Blank:
            blank = begun
            continue
        if blank:
            out.append("")
            blank = False
        begun = True
        if type(stmt) is Assign:
            target, value, comment = stmt
            line = f"{margin}{target} = {value.id if type(value) is Name else flat(value)}"
            if len(line) > LINE_WIDTH or not line.isascii():
                line = _fitted(line, stmt, indent)
            _commented(line, comment, margin, out)
        else:
            _statement(stmt, indent, margin, out)


def _commented(line: str, comment: str | None, margin: str, out: list[str]) -> None:
    """A statement with its comment behind it where there is room, or else above it."""
    if comment is not None:
        text = comment_text(comment)
        if "\n" not in line and text_width(line) + 2 + text_width(text) <= LINE_WIDTH:
            out.append(f"{line}  {text}")
            return
        out.append(margin + text)
    out.append(line)


def _statement(stmt: Stmt, indent: int, margin: str, out: list[str]) -> None:
    """The lines of any statement but a plain assignment."""
    match stmt:
        case Comment():
            out.append(margin + comment_text(stmt.text))
        case Break():
            out.append(margin + "break")
        case If():
            _if(stmt, indent, margin, out)
        case For():
            out.append(_clause(f"for {stmt.target} in ", stmt.iterable, indent))
            _suite(stmt.body, indent, out)
        case Raise():
            out.append(_fitted(margin + _one_line(stmt), stmt, indent))
        case Assign() | TupleAssign() | AugAssign() | Return() | ExprStmt():
            _commented(_fitted(margin + _one_line(stmt), stmt, indent), stmt.comment, margin, out)
        case Blank():
            raise AssertionError("a blank line is placed by its block")


def _if(stmt: If, indent: int, margin: str, out: list[str]) -> None:
    """A conditional statement, its chain of `elif` walked in a loop."""
    keyword = "if "
    while True:
        out.append(_clause(keyword, stmt.test, indent))
        _suite(stmt.body, indent, out)
        rest = stmt.orelse
        if len(rest) == 1 and isinstance(rest[0], If):
            stmt, keyword = rest[0], "elif "
            continue
        if rest:
            out.append(margin + "else:")
            _suite(rest, indent, out)
        return


def _suite(body: Iterable[Stmt], indent: int, out: list[str]) -> None:
    """The indented block of a clause."""
    start = len(out)
    _block(body, indent + INDENT, out)
    if all(line.lstrip().startswith("#") for line in out[start:]):
        out.append(" " * (indent + INDENT) + "pass")


def _clause(before: str, value: Expr, indent: int) -> str:
    line = f"{' ' * indent}{before}{flat(value)}:"
    if text_width(line) <= LINE_WIDTH:
        return line
    from gradc.targets.python.breaking import broken_clause

    return broken_clause(before, value, indent)


def _one_line(stmt: SimpleStmt) -> str:
    """A simple statement as if lines had no end."""
    match stmt:
        case Assign():
            return f"{stmt.target} = {flat(stmt.value)}"
        case TupleAssign():
            comma = "," if len(stmt.targets) > 1 else ""
            targets = ", ".join(stmt.targets)
            return f"{targets if comma else f'({targets},)'} = {_bare_tuple(stmt.value)}"
        case AugAssign():
            return f"{stmt.target} {stmt.op}= {flat(stmt.value)}"
        case Return():
            return "return" if stmt.value is None else f"return {_bare_tuple(stmt.value)}"
        case Raise():
            return f"raise {flat(stmt.value)}"
        case ExprStmt():
            return flat(stmt.value)


def _bare_tuple(value: Expr) -> str:
    """A value whose parentheses are left out if it is a tuple of two or more."""
    if isinstance(value, Tuple) and len(value.items) > 1:
        return sequence(value.items)
    return flat(value)


def _fitted(line: str, stmt: SimpleStmt, indent: int) -> str:
    """The one line of a statement if it fits, or else the statement broken into lines."""
    if text_width(line) <= LINE_WIDTH:
        return line
    from gradc.targets.python.breaking import broken

    return broken(stmt, indent)
