"""Synthetic sources, most with a known true model."""
