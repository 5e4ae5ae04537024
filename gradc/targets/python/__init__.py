"""The Python target: emitted modules that need only `math` or NumPy."""
