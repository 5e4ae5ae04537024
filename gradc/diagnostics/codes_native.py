"""Codes of engines and of compiling C: what runs a program, and what keeps it from running.

Entries of the table in `codes`, which says what the fields are.
"""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode

NATIVE_CODES: dict[str, ErrorCode] = {
    "G0801": ErrorCode(
        "No C compiler",
        "`--engine c` compiles the program, and there is no compiler: neither what the variable CC "
        "names, nor `cc`, `gcc` or `clang` on the PATH, nor the package `ziglang`, which the extra "
        "`native` installs. Without `--engine c`, NumPy computes.",
        bad="gradc run f.g --inputs data.npz --engine c  # and no compiler is installed",
        good="pip install 'gradc[native]' && gradc run f.g --inputs data.npz --engine c",
    ),
    "G0802": ErrorCode(
        "The C compiler fails",
        "The compiler cannot be started, or refuses what gradc has emitted; what it said follows "
        "in full. A compiler without its headers says so here. Where `--engine c` was not asked "
        "for, this is a warning, and NumPy computes.",
        bad="CC=/usr/bin/false gradc run f.g --inputs data.npz --engine c",
        good="CC=gcc gradc run f.g --inputs data.npz --engine c",
    ),
    "G0803": ErrorCode(
        "The C compiler does not end",
        "One run of the compiler may take two minutes; then it is ended, with all that it has "
        "started. Where `--engine c` was not asked for, this is a warning, and NumPy computes.",
        bad="CC=./compiler-that-waits gradc run f.g --inputs data.npz --engine c",
        good="gradc run f.g --inputs data.npz --engine numpy",
    ),
    "G0804": ErrorCode(
        "No safe place for compiled code",
        "Compiled code is kept under the user's cache directory, where nobody else can write. "
        "Where that directory belongs to somebody else or others can write to it, a temporary "
        "one is used, and everything is compiled again by each process; this is a warning. It is "
        "an error where there is no directory for temporary files either.",
        bad="chmod 777 ~/.cache/gradc/native-1 && gradc run f.g --inputs data.npz --engine c",
        good="chmod 700 ~/.cache/gradc/native-1 && gradc run f.g --inputs data.npz --engine c",
    ),
    "G0805": ErrorCode(
        "Not an engine for this program",
        "`--engine python` runs a program of scalars; one with arrays needs NumPy or C. Rows of "
        "tables that are read in blocks are computed by NumPy.",
        bad="gradc run mean.g --inputs x=[1,2,3] --engine python",
        good="gradc run mean.g --inputs x=[1,2,3] --engine numpy",
    ),
    "G0806": ErrorCode(
        "Compiled code cannot be used",
        "The system refuses to load what was compiled, as from a file system on which nothing may "
        "be executed, or this build of Python or NumPy arranges objects in memory in another "
        "way than compiled code expects. Where `--engine c` was not asked for, this is a "
        "warning, and NumPy computes.",
        bad="XDG_CACHE_HOME=/mnt/noexec gradc run f.g --inputs data.npz --engine c",
        good="gradc run f.g --inputs data.npz --engine c",
    ),
}
