"""From data and emitted code to numbers: reading, binding, running, checking."""
