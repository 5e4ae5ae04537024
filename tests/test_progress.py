"""The line that says how far a long request is."""

from __future__ import annotations

import io

import pytest

from gradc.cli import progress
from gradc.cli.progress import progress_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch, patience):
    """A terminal as standard error, in the test itself: pytest puts its own there before."""
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(progress, "_PATIENCE", patience)
    return stream


def test_a_long_request_says_how_far_it_is(monkeypatch):
    stream = terminal(monkeypatch, 0.0)
    with progress_line("sweep") as tell:
        assert tell is not None
        tell(120, 3000)
        tell(121, 3000)  # too soon after the other
    assert stream.getvalue() == "\rsweep 120 of 3,000\x1b[K\r\x1b[K"


def test_it_is_taken_away_when_something_goes_wrong(monkeypatch):
    stream = terminal(monkeypatch, 0.0)

    def fails() -> None:
        with progress_line("sweep") as tell:
            assert tell is not None
            tell(1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_short_request_says_nothing(monkeypatch):
    stream = terminal(monkeypatch, 1.0)
    with progress_line("sweep") as tell:
        assert tell is not None
        tell(1, 2)
    assert stream.getvalue() == ""


def test_nothing_is_written_where_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with progress_line("sweep") as tell:
        assert tell is None
