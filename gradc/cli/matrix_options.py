"""Options that print a matrix, or write it where a file name follows: `--jacobian [OUT]`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import click

from gradc.cli.output import files_read, refuse_sources, same_file, write_pieces
from gradc.diagnostics import Diagnostic, UsageError
from gradc.session import MatrixFile

_OPTIONS = ("--jacobian", "--hessian")
_ENDINGS = (".npy", ".csv", ".mtx", ".npz")


class MatrixCommand(click.Command):
    """A command whose options for matrices may stand without a value.

    What follows such an option is its value where it is a name of a file to write, and else what it
    would be without the option: the program, data, another option.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's, of arguments in which every such option has a value, perhaps empty."""
        return super().parse_args(ctx, list(_with_values(args)))


def _with_values(args: Sequence[str]) -> Iterable[str]:
    taken = False
    for position, word in enumerate(args):
        if taken:
            taken = False
        elif word == "--":
            yield from args[position:]
            return
        elif word in _OPTIONS:
            following = args[position + 1] if position + 1 < len(args) else ""
            taken = _names_a_file(following)
            yield f"{word}={following if taken else ''}"
        else:
            yield word


def _names_a_file(word: str) -> bool:
    """Whether a word after an option names a file to write: it ends as a matrix does, or as some
    other file that is not there."""
    if "=" in word or word.startswith("-"):
        return False
    ending = os.path.splitext(word)[1].lower()
    return ending in _ENDINGS or (ending not in ("", ".g") and not os.path.exists(word))


def check_matrix_files(paths: Sequence[str | None], source: str, specs: Sequence[str]) -> None:
    """Raise UsageError where a matrix cannot be written, before anything is computed."""
    written = [path for path in paths if path]
    if not written:
        return
    from gradc.runtime.matrix_files import format_of

    sources = files_read(source, specs)
    for position, path in enumerate(written):
        format_of(path)
        refuse_sources(path, sources)
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):
            raise UsageError(
                [Diagnostic("G0701", f"cannot write {path}: there is no folder {folder}")]
            )
        if any(same_file(path, other) for other in written[:position]):
            what = f"{path} is to hold two matrices"
            raise UsageError([Diagnostic("G0793", what, help="choose another name for one")])


def write_matrices(files: Iterable[MatrixFile], source: str) -> None:
    """Write matrices, each to its file, which is complete or not there."""
    for file in files:
        from gradc.runtime.matrix_files import content

        write_pieces(content(file.matrix, file.path), file.path, [source])
