"""From a program to its derivation: `derive` makes the steps, one printer for each format."""
