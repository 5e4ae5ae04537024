"""The stable codes of diagnostics, each with its explanation.

Ranges: G01 syntax, G02 names and declarations, G03 shapes and types, G04 differentiation, G05
input data, G06 numbers, G07 usage, output and environment, G08 engines and compiled code.  A code
keeps its meaning for ever; a code no longer given is not given to anything else.  Each range has a
module `codes_<range>`; adding a code is adding one entry there.  The page `docs/diagnostics.md` is
made from this table.
"""

from __future__ import annotations

from gradc.diagnostics.codes_fit import FIT_CODES
from gradc.diagnostics.codes_input import INPUT_CODES
from gradc.diagnostics.codes_matrix import MATRIX_CODES
from gradc.diagnostics.codes_native import NATIVE_CODES
from gradc.diagnostics.codes_page import PAGE_CODES
from gradc.diagnostics.codes_program import PROGRAM_CODES
from gradc.diagnostics.codes_structure import STRUCTURE_CODES
from gradc.diagnostics.codes_syntax import SYNTAX_CODES
from gradc.diagnostics.codes_workers import WORKER_CODES
from gradc.diagnostics.errorcode import ErrorCode

__all__ = ["CODES", "ErrorCode"]

CODES: dict[str, ErrorCode] = {
    **SYNTAX_CODES,
    **PROGRAM_CODES,
    **STRUCTURE_CODES,
    **INPUT_CODES,
    **WORKER_CODES,
    **PAGE_CODES,
    **FIT_CODES,
    **MATRIX_CODES,
    **NATIVE_CODES,
}
