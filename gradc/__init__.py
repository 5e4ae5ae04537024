"""gradc: equations in; readable gradient code, diagrams and numbers out."""
