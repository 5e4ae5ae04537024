"""Words that are no identifiers in emitted JavaScript: those of the language, in a module, and
the globals that emitted functions use.

`_` stands for an index that nothing reads.
"""

from __future__ import annotations

import re

WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        abstract arguments as async await boolean break byte case catch char class const continue
        debugger default delete do double else enum eval export extends false final finally float
        for from function get goto if implements import in instanceof int interface let long
        native new null of package private protected public return set short static super switch
        synchronized this throw throws transient true try typeof using var void volatile while
        with yield _ Array Error Float64Array Infinity Math NaN Number undefined
        """,
    )
)
