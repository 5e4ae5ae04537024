"""What people read: numbers, tables, explanations, diagrams."""
