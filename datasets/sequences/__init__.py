"""Sequences of real values that the dependencies carry, and your own."""
