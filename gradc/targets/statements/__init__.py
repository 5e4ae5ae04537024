"""What targets of statements have in common: a graph as functions of assignments and loops."""
