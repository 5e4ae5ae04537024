"""Derivative programs in the language itself."""
