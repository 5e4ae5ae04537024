"""How a reference is registered, and the little linear algebra that several of them need."""

from __future__ import annotations

from mpmath import mpf

REFERENCES = {}  # the outputs of an example, as a function of its inputs
SECOND_WAYS = {}  # the same by another formula, to test the reference itself
DERIVATIVES = {}  # where differences do not give the derivative: {output: {input: value}}


def reference(function):
    """The reference of the example of this name."""
    REFERENCES[function.__name__] = function
    return function


def second_way(name):
    """The same outputs by an independent formula."""

    def register(function):
        SECOND_WAYS[name] = function
        return function

    return register


def derivatives(name):
    """The derivatives of the example, by formula."""

    def register(function):
        DERIVATIVES[name] = function
        return function

    return register


def dot(x, y):
    return sum((a * b for a, b in zip(x, y, strict=True)), mpf(0))


def column(a, j):
    return [row[j] for row in a]


def transposed(a):
    return [list(row) for row in zip(*a, strict=True)]


def times(a, b):
    """The product of two matrices, or of a matrix and a vector."""
    if not isinstance(b[0], list):
        return [dot(row, b) for row in a]
    return [[dot(row, other) for other in transposed(b)] for row in a]
