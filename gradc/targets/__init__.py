"""Printers: a graph into the text of one target."""
