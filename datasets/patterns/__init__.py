"""Patterns to store and damaged versions of them: random ones, handwritten digits, and your own."""
