"""Fitting: methods that find a minimum, and the proof that they did."""
