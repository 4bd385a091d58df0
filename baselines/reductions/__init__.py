"""Models of one task, converted to models of another task."""
