"""The mathematics of every example, written out again in mpmath.

A reference takes the inputs of its example by name, as `mpf` numbers in nested lists, and
returns its outputs by name.  It knows nothing of gradc: it states the formula of the cited
source, element by element.  A module holds the references of one subject.
"""

from references import basics, gradbench, learning, nested, numerics, sequences
from references.registry import DERIVATIVES, REFERENCES, SECOND_WAYS

__all__ = [
    "DERIVATIVES",
    "REFERENCES",
    "SECOND_WAYS",
    "basics",
    "gradbench",
    "learning",
    "nested",
    "numerics",
    "sequences",
]
