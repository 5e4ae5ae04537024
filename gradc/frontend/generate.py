"""Turn the grammar into the tables that the parser runs on: `python -m gradc.frontend.generate`.

Lark reads `grammars/gradc.lark` and computes the LALR automaton; this module only rewrites the
automaton as plain tuples (see `tables.Tables` for their meaning) and writes them to
`_tables.py`.  It is the only module of gradc that imports Lark, and nothing imports it when the
tables fit the grammar.  A test fails when they do not.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import PatternStr

from gradc.frontend.tables import (
    APPEND,
    APPEND_ALL,
    LIST,
    MAKE,
    MAKE_ALL,
    MAKE_ONE,
    SAME,
    RawTables,
    checksum,
    grammar_path,
)

HEADER = '''"""The parser's tables, written by `python -m gradc.frontend.generate`.  Do not edit."""

# fmt: off
# ruff: noqa: E501
from __future__ import annotations

'''


def build_tables(grammar: str) -> RawTables:
    """The tables of a grammar given as Lark text; Lark's exceptions report a faulty grammar."""
    lark = Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=True)
    # Lark offers no public access to its automaton; these two attributes have been stable.
    parser: Any = lark.parser
    automaton = parser.parser._parse_table
    in_order = parser.lexer.terminals

    ignored = [t.pattern.to_regexp() for t in in_order if t.name in lark.ignore_tokens]
    terminals = [t for t in in_order if t.name not in lark.ignore_tokens]
    name = re.compile(next(t for t in terminals if t.name == "NAME").pattern.to_regexp())
    keywords = [
        t
        for t in terminals
        if isinstance(t.pattern, PatternStr) and name.fullmatch(t.pattern.value)
    ]
    scanned = [t for t in terminals if t not in keywords]

    alternatives = [f"({t.pattern.to_regexp()})" for t in scanned] + [r"([\s\S])"]
    blank = f"(?:{'|'.join(ignored)})*"
    scanner = f"(?:{'|'.join(alternatives)}){blank}"
    columns = ["$END", *(t.name for t in scanned), "$ERROR", *(t.name for t in keywords)]
    terminal_count = len(columns)
    columns += dict.fromkeys(str(rule.origin.name) for rule in lark.rules)
    column = {symbol: i for i, symbol in enumerate(columns)}
    rule_index = {rule: i for i, rule in enumerate(lark.rules)}

    table: dict[int, dict[int, int]] = {}
    for state, entries in automaton.states.items():
        row = table[state] = {}
        for symbol, (action, argument) in entries.items():
            reduces = action.name == "Reduce"
            row[column[symbol]] = -1 - rule_index[argument] if reduces else argument
    end = automaton.end_states["start"]
    table[end][column["$END"]] = end  # Lark stops in this state; here it takes `$END` and stays

    return RawTables(
        checksum=checksum(grammar),
        terminals=tuple(columns[:terminal_count]),
        scanner=scanner,
        blank=blank,
        keywords={t.pattern.value: column[t.name] for t in keywords},
        rows=_numbered(table, automaton.start_states["start"], len(columns)),
        rules=tuple(_encode(rule, column[rule.origin.name]) for rule in lark.rules),
    )


def _numbered(
    table: dict[int, dict[int, int]], start: int, width: int
) -> tuple[tuple[int, ...], ...]:
    """The automaton's rows, states numbered as first reached from the start state, which is 0.

    Lark's own numbers follow the order of a set, and would differ from run to run.
    """
    order = [start]
    number = {start: 0}
    for state in order:  # grows while it is read
        for _, argument in sorted(table[state].items()):
            if argument >= 0 and argument not in number:
                number[argument] = len(order)
                order.append(argument)
    rows = []
    for state in order:
        row = [0] * width
        for i, argument in table[state].items():
            row[i] = argument if argument < 0 else number[argument]
        rows.append(tuple(row))
    return tuple(rows)


def _encode(rule: Rule, column: int) -> tuple[int, int, int, tuple[int, ...], str]:
    """One rule as (column, size, how, keep, method); see `tables.Tables.rules`."""
    size = len(rule.expansion)
    keep = _kept_children(rule)
    origin = rule.origin.name
    everything = size > 0 and keep == tuple(range(-size, 0))
    if origin.startswith("__"):  # a repetition `( ... )*`, for which Lark invents a rule
        if size and rule.expansion[0].name == origin:
            return column, size, APPEND_ALL if everything else APPEND, keep[1:], ""
        return column, size, LIST, keep, ""
    if rule.options.expand1 and rule.alias is None and size == 1:
        return column, size, SAME, keep, ""
    how = MAKE
    if everything:
        how = MAKE_ONE if size == 1 else MAKE_ALL
    return column, size, how, keep, str(rule.alias or origin)


def _kept_children(rule: Rule) -> tuple[int, ...]:
    """What a rule's method receives: offsets from the top of the stack, 0 for an absent `[x]`.

    `empty_indices` has one entry for each symbol of the rule as written in the grammar file:
    True for a symbol inside a `[x]` that this expansion leaves out.
    """
    size = len(rule.expansion)
    present = rule.options.empty_indices or (False,) * size
    keep: list[int] = []
    position = -size
    for is_absent in present:
        if is_absent:
            keep.append(0)
            continue
        symbol = rule.expansion[position + size]
        if not (symbol.is_term and symbol.filter_out):  # type: ignore[attr-defined]
            keep.append(position)
        position += 1
    return tuple(keep)


def render(tables: RawTables) -> str:
    """The text of `_tables.py`."""
    parts = [f"CHECKSUM = {tables.checksum}\n", f"TERMINALS = {tables.terminals!a}\n"]
    parts += [f"SCANNER = {tables.scanner!a}\n", f"BLANK = {tables.blank!a}\n"]
    parts += [f"KEYWORDS = {tables.keywords!a}\n"]
    rules = "".join(f"    {rule!a},\n" for rule in tables.rules)
    # One string is read faster than thousands of numbers where Python keeps no compiled files.
    rows = "".join(" ".join(map(str, row)) + "\n" for row in tables.rows)
    parts += [f"RULES = (\n{rules})\n", f'ROWS = """\\\n{rows}"""\n']
    return HEADER + "".join(parts)


def main() -> None:
    """Write `_tables.py` beside this file."""
    path = grammar_path()
    if path is None:
        raise SystemExit("gradc.lark not found")
    target = Path(__file__).with_name("_tables.py")
    grammar = Path(path).read_text(encoding="utf-8")
    target.write_text(render(build_tables(grammar)), encoding="utf-8")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
