"""The JavaScript target: emitted modules that import nothing."""
