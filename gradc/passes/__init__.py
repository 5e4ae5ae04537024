"""Transformations of a graph into an equivalent graph."""
