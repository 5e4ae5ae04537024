"""Differentiation: graph to graph, in forward and in reverse mode, from one table.

Nothing here knows a particular primitive: a rule that is missing from a row is missing.
"""
