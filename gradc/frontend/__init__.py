"""From text to graph: parse, check names and shapes, lower."""
