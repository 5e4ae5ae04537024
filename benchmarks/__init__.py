"""Measurements, reported and never asserted: `python -m benchmarks`."""
