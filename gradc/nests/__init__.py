"""Graphs as loop nests, shared by the targets that emit loops."""
