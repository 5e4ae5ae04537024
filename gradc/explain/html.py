"""A derivation as one HTML file: MathML that browsers show themselves, no script, nothing fetched.

Dark and light follow the reader's system.  Invariant: everything but the markup written here and
the MathML of `report.notation_mathml` is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from gradc.diagnostics.display import visible
from gradc.explain.model import (
    Block,
    Code,
    Derivation,
    Display,
    Listing,
    Math,
    Paragraph,
    Row,
    Words,
)

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1c20; --paper: #ffffff; --soft: #5f6673;
  --line: #d9dde3; --back: #f5f6f8; --number: #0b5394; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #16181c; --soft: #a0a7b4;
  --line: #353a43; --back: #1f2227; --number: #8ab4f8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; color: var(--ink);
  background: var(--paper); font: 1.0625rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.3; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; padding-top: .8rem;
  border-top: 1px solid var(--line); }
pre, code { font-family: ui-monospace, monospace; font-size: .92em; background: var(--back); }
pre { padding: .7rem 1rem; overflow-x: auto; border-radius: .3rem; }
code { padding: .1em .3em; border-radius: .2rem; }
.wide { overflow: auto hidden; margin: .6rem 0; padding-bottom: .4rem; }
table.rows { border-collapse: collapse; margin-left: 1rem; }
table.rows > tbody > tr > td { padding: .3rem .35rem; vertical-align: middle;
  white-space: nowrap; }
td.left { text-align: right; }
td.value { color: var(--number); padding-left: 1.5rem !important;
  font-variant-numeric: tabular-nums; white-space: normal !important; min-width: 7rem;
  max-width: 20rem; }
td.remark { color: var(--soft); padding-left: 1.5rem !important; font-size: .9em; }
math { font-size: 1.1em; }
mtable.cases mtd { text-align: left; padding: .1em .6em .1em 0; }
@media print { body { max-width: none; } }
"""


def html(derivation: Derivation) -> str:
    """The derivation as a page."""
    title = "".join(word for word in derivation.title if isinstance(word, str)).strip()
    body = [f"<h1>{_words(derivation.title)}</h1>"]
    for block in derivation.opening:
        body += _block(block)
    for i, step in enumerate(derivation.steps, 1):
        body.append(f"<section>\n<h2>{i}. {_words(step.title)}</h2>")
        for block in step.blocks:
            body += _block(block)
        body.append("</section>")
    lines = "\n".join(body)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(visible(title))}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{lines}\n</main>\n</body>\n</html>\n"
    )


def _words(words: Words) -> str:
    return "".join(map(_word, words))


def _word(word: str | Math | Code) -> str:
    match word:
        case Math(markup):
            return _math(markup)
        case Code(content):
            return f"<code>{escape(visible(content))}</code>"
        case _:
            return escape(visible(word))


def _math(markup: str, display: bool = False) -> str:
    style = ' displaystyle="true"' if display else ""
    return f"<math{style}><mrow>{markup}</mrow></math>"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield f"<p>{_words(words)}</p>"
        case Listing(content):
            lines = "\n".join(escape(visible(line)) for line in content.split("\n"))
            yield f"<pre>{lines}</pre>"
        case Display(rows):
            yield '<div class="wide"><table class="rows"><tbody>'
            yield from _rows(rows)
            yield "</tbody></table></div>"


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        value = f"= {escape(visible(row.value))}" if row.value else ""
        left = _math(row.left, True) if row.left else ""
        yield (
            f'<tr><td class="left">{left}</td><td>=</td><td>{_math(row.right, True)}</td>'
            f'<td class="value">{value}</td>'
            f'<td class="remark">{escape(visible(row.remark))}</td></tr>'
        )
