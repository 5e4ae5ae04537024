"""The table of primitives: one row each, serving both modes, all targets, tests and docs."""
