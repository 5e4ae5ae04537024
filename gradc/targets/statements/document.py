"""Documents: text with optional line breaks, and the printer that decides which to take.

The algebra and the decisions are those of `ruff format`'s printer (a descendant of Wadler's
"A prettier printer"): a group is printed flat if it and what follows up to the next possible
break fit the line, expanded otherwise.  Three of its constructs are less common:

* `FitsExpanded` lets a bracket be measured as if broken, so that an enclosing optional pair
  of parentheses is not forced by content which can break by itself;
* `BestFitParens` adds parentheses only where that makes the content fit;
* `BestFitting` prints the first of several variants that fits.

Invariant: printing is iterative and, for documents of bounded depth, linear.  Deliberately
absent: any language; each has a file that turns its trees into documents.
"""

from __future__ import annotations

from typing import NamedTuple

from gradc.targets.statements.text import INDENT, LINE_WIDTH, text_width


class Line(NamedTuple):
    """A possible line break; flat, a space or nothing."""

    flat: str


class Indent(NamedTuple):
    """Content whose line breaks are indented one level more."""

    doc: Doc


class Group(NamedTuple):
    """Content printed flat if it fits; `expand` never tries.  `id` lets others ask the mode."""

    doc: Doc
    id: int = 0
    expand: bool = False


class GroupIfBroken(NamedTuple):
    """A group only where the group `id` is expanded; otherwise just its content."""

    doc: Doc
    id: int


class IfBroken(NamedTuple):
    """Content present only where the group `id` (0: the enclosing one) is expanded."""

    doc: Doc
    id: int = 0


class IfFlat(NamedTuple):
    """Content present only where the group `id` is flat."""

    doc: Doc
    id: int


class IndentIfBroken(NamedTuple):
    """Content indented one level more where the group `id` is expanded."""

    doc: Doc
    id: int


class FitsExpanded(NamedTuple):
    """Content measured as broken, lines of any length, while the group `id` is tried flat."""

    doc: Doc
    id: int


class BestFitParens(NamedTuple):
    """Content put between parentheses only where it fits with them and not without."""

    doc: Doc
    id: int


class BestFitting(NamedTuple):
    """The first variant that fits, or else the last, expanded."""

    variants: tuple[Doc, ...]


Doc = (
    str
    | list["Doc"]
    | Line
    | Indent
    | Group
    | GroupIfBroken
    | IfBroken
    | IfFlat
    | IndentIfBroken
    | FitsExpanded
    | BestFitParens
    | BestFitting
)

# How far a measurement goes: to the first break, over all lines, or over all lines with
# lines of any length allowed.
_FIRST_LINE, _ALL_LINES, _ANY_WIDTH = range(3)


class _Close(NamedTuple):
    """The end of the content of a `BestFitParens` that is being measured with parentheses."""


class _Frame(NamedTuple):
    """A document still to be printed or measured, and how."""

    indent: int
    flat: bool
    doc: Doc | _Close
    measure: int = _FIRST_LINE


_SOFT = Line("")


def print_document(doc: Doc, indent: int) -> str:
    """The document as text; its first line starts at `indent`, and has that indentation."""
    return _Printer(doc, indent).run()


class _Printer:
    """The state of one printing: the text so far and the frames still to come."""

    def __init__(self, doc: Doc, indent: int) -> None:
        self.out: list[str] = [" " * indent]
        self.column = indent
        self.break_indent: int | None = None  # a line break not yet written
        self.known_to_fit = False  # the rest of the line has been measured, flat
        self.flat_groups: dict[int, bool] = {}
        self.stack = [_Frame(indent, False, doc)]

    def run(self) -> str:
        while self.stack:
            self._print(self.stack.pop())
        return "".join(self.out)

    def _text(self, text: str) -> None:
        if self.break_indent is not None:
            self.out.append("\n" + " " * self.break_indent)
            self.column = self.break_indent
            self.break_indent = None
        self.out.append(text)
        self.column += text_width(text)

    def _break(self, indent: int) -> None:
        self.break_indent = self.column = indent
        self.known_to_fit = False

    def _print(self, frame: _Frame) -> None:
        doc, indent, flat = frame.doc, frame.indent, frame.flat
        match doc:
            case str():
                self._text(doc)
            case Line():
                if flat:
                    self._text(doc.flat)
                else:
                    self._break(indent)
            case Group():
                mode = not doc.expand and self._is_flat(frame, doc.doc, doc.id)
                self.flat_groups[doc.id] = mode
                self.stack.append(_Frame(indent, mode, doc.doc))
            case GroupIfBroken():
                if not self.flat_groups[doc.id]:
                    flat = self._is_flat(frame, doc.doc, 0)
                self.stack.append(_Frame(indent, flat, doc.doc))
            case BestFitParens():
                self._print_best_fit_parens(frame, doc)
            case BestFitting():
                self._print_best_fitting(frame, doc)
            case FitsExpanded():
                if self.flat_groups[doc.id]:
                    # It was measured broken; its own groups must now be measured again.
                    self.known_to_fit = False
                self.stack.append(_Frame(indent, flat, doc.doc))
            case _:
                self.stack.extend(self._children(frame))

    def _children(self, frame: _Frame) -> list[_Frame]:
        """The content of a document that decides nothing by itself, last part first."""
        doc, indent, flat, measure = frame.doc, frame.indent, frame.flat, frame.measure
        match doc:
            case list():
                return [_Frame(indent, flat, part, measure) for part in reversed(doc)]
            case Indent():
                return [_Frame(indent + INDENT, flat, doc.doc, measure)]
            case IndentIfBroken():
                extra = 0 if self.flat_groups[doc.id] else INDENT
                return [_Frame(indent + extra, flat, doc.doc, measure)]
            case IfBroken():
                broken = not (self.flat_groups[doc.id] if doc.id else flat)
                return [_Frame(indent, flat, doc.doc, measure)] if broken else []
            case IfFlat():
                is_flat = self.flat_groups[doc.id]
                return [_Frame(indent, flat, doc.doc, measure)] if is_flat else []
            case _:
                raise AssertionError(f"not a plain document: {doc!r}")

    def _is_flat(self, frame: _Frame, content: Doc, id: int) -> bool:
        """Whether a group fits flat; a group inside one that was measured is not measured."""
        if frame.flat and self.known_to_fit:
            return True
        self.known_to_fit = True
        self.flat_groups[id] = True
        return self._fits([_Frame(frame.indent, True, content)])

    def _print_best_fit_parens(self, frame: _Frame, doc: BestFitParens) -> None:
        indent = frame.indent
        if self._is_flat(frame, doc.doc, doc.id):
            self.flat_groups[doc.id] = True
            self.stack.append(_Frame(indent, True, doc.doc))
            return
        self.flat_groups[doc.id] = False
        content = _Frame(indent + INDENT, frame.flat, doc.doc, _ALL_LINES)
        opening = _Frame(indent + INDENT, False, ["(", _SOFT], _ALL_LINES)
        if self._fits([_Frame(indent, frame.flat, _Close()), content, opening]):
            parenthesised: Doc = ["(", Indent([_SOFT, doc.doc]), _SOFT, ")"]
            self.stack.append(_Frame(indent, False, parenthesised))
        else:
            self.flat_groups[doc.id] = True
            self.stack.append(_Frame(indent, True, doc.doc))

    def _print_best_fitting(self, frame: _Frame, doc: BestFitting) -> None:
        if frame.flat and self.known_to_fit:
            self.stack.append(_Frame(frame.indent, True, doc.variants[0]))
            return
        self.known_to_fit = True
        for variant in doc.variants[:-1]:
            candidate = _Frame(frame.indent, True, variant)
            if self._fits([candidate]):
                self.stack.append(candidate)
                return
        self.stack.append(_Frame(frame.indent, False, doc.variants[-1]))

    def _fits(self, frames: list[_Frame]) -> bool:
        """Whether the frames, then what follows them, fit up to the next break."""
        column = self.column
        following = len(self.stack)
        while True:
            if not frames:
                if not following:
                    return True
                following -= 1
                frames.append(self.stack[following])
            frame = frames.pop()
            doc, indent, flat, measure = frame.doc, frame.indent, frame.flat, frame.measure
            match doc:
                case str():
                    column += text_width(doc)
                case Line():
                    if flat:
                        column += len(doc.flat)
                    elif measure == _FIRST_LINE:
                        return True
                    else:
                        column = indent
                    continue
                case _Close():
                    column = indent + 1
                case _:
                    frames.extend(self._measured(frame))
                    continue
            if column > LINE_WIDTH and measure != _ANY_WIDTH:
                return False

    def _measured(self, frame: _Frame) -> list[_Frame]:
        """What to measure instead of a document that makes a decision when it is printed."""
        doc, indent, flat, measure = frame.doc, frame.indent, frame.flat, frame.measure
        match doc:
            case Group():
                flat = flat and not doc.expand
                self.flat_groups[doc.id] = flat
            case BestFitParens():
                self.flat_groups[doc.id] = flat
            case FitsExpanded():
                if flat and self.flat_groups[doc.id]:
                    flat, measure = False, _ANY_WIDTH
            case GroupIfBroken():
                pass
            case BestFitting():
                variant = doc.variants[0] if flat else doc.variants[-1]
                return [_Frame(indent, flat, variant, measure)]
            case _:
                return self._children(frame)
        return [_Frame(indent, flat, doc.doc, measure)]
